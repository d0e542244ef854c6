/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A folder of its own for each test of weir_db, a db in it, a plain connection
 * of SQLite's to see what is in the file, and jobs and tickets in short form.
 */
#ifndef WEIR_TESTS_DB_FIXTURE_H
#define WEIR_TESTS_DB_FIXTURE_H

#include "unit_check.h"
#include "unit_thread.h"

#include <sqlite3.h>
#include <weir/sqlite.h>
#include <weir/weir.h>

/* Longer than anything that works takes, on a busy machine and under a sanitizer. */
#define DB_PATIENCE_NS WEIR_SECONDS(30)

#define DB_SETTINGS "max_size=4&write_timeout=30s&acquire_timeout=30s&close_timeout=30s"

struct db_fixture {
	const struct weir_driver *driver; /* SQLite's, unless a test puts another here */
	char folder[64];
	char path[128]; /* of the database, in folder; it does not exist yet */
	pthread_mutex_t lock;
	struct weir_log *log; /* manual; from WARN */
	char lines[8192];     /* (lock) what was reported, a line each */
	uint32_t lines_count;
};

int db_set_up(void **state);
int db_tear_down(void **state);
#define DB_TEST(test) cmocka_unit_test_setup_teardown(test, db_set_up, db_tear_down)

/* A db in the fixture's folder. DB_SETTINGS, then settings as in a URL's query
 * (NULL: none). What it reports goes to the fixture. */
struct weir_db *db_make(struct db_fixture *fixture, const char *settings);
enum weir_code db_try_make(struct db_fixture *fixture, const char *settings, struct weir_db **db,
                           struct weir_error *err);

/* Close it, which must succeed, and destroy it. */
void db_end(struct weir_db *db);

struct weir_db_stats db_stats(struct weir_db *db);
struct weir_time db_soon(void);

/* What was reported so far has the part. */
bool db_was_told(struct db_fixture *fixture, const char *part);
uint32_t db_lines(struct db_fixture *fixture);

/* ---- through the db ---- */

/* One statement that must be committed, or a number that must be there. */
void db_exec(struct weir_db *db, const char *sql);
int64_t db_number(struct weir_db *db, const char *sql);

/* The same on a tx; the code of what failed. */
enum weir_code db_tx_number(struct weir_tx *tx, const char *sql, int64_t *number,
                            struct weir_error *err);
void db_tx_exec(struct weir_tx *tx, const char *sql);

/* ---- beside it, as another program would ---- */

sqlite3 *db_foreign(const struct db_fixture *fixture);
void db_foreign_exec(sqlite3 *foreign, const char *sql);

/* A number, and the rows of one column joined by commas, from the file. */
int64_t db_file_number(const struct db_fixture *fixture, const char *sql);
void db_assert_rows(const struct db_fixture *fixture, const char *sql, const char *rows);

/* ---- jobs ---- */

#define DB_STATEMENTS_MAX 4

/* A job that runs statements, and returns their first failure as 1. */
struct db_script {
	const char *sql[DB_STATEMENTS_MAX]; /* up to the first NULL */
	int returns;                        /* if none failed */
	bool careless;                      /* goes on after a failure, and forgets it */
	void (*before)(void *arg);          /* called first, with arg; may be NULL */
	void *arg;
	_Atomic uint32_t calls;
};

int db_run_script(struct weir_tx *tx, void *script);

/* A job that waits until another thread has looked, and one that looks. */
struct db_meeting {
	_Atomic bool arrived;
	_Atomic bool may_go;
};

void db_meet(void *meeting);
void db_await_arrival(struct db_meeting *meeting);
void db_let_go(struct db_meeting *meeting);

/* Another thread that holds the writer, by a write lease, until it is let go; then
 * it rolls back. hold returns when it is there. */
struct db_holder {
	struct unit_thread thread;
	struct weir_db *db;
	struct db_meeting meeting;
	enum weir_code code;
};

void db_hold(struct db_holder *holder, struct weir_db *db);
void db_end_hold(struct db_holder *holder);

/* A ticket, with what is known of it in the end. */
struct db_asked {
	struct weir_ticket *ticket;
	enum weir_code code;
	struct weir_write_result result;
	struct weir_error err;
};

void db_submit(struct weir_db *db, struct db_script *script,
               const struct weir_write_options *options, struct db_asked *asked);
void db_collect(struct db_asked *asked);

struct weir_write_options db_options(void);

/* Wait until so many entries are queued at the gate. */
void db_await_queue(struct weir_db *db, uint32_t length);

/* Let other threads run for a moment, inside a loop that waits for a condition. */
void db_pause(void);

#endif
