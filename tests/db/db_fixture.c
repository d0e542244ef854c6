/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See db_fixture.h.
 */
#include "db_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the folder ---- */

static bool keep_line(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	struct db_fixture *const fixture = arg;

	(void)level;
	(void)length;
	(void)pthread_mutex_lock(&fixture->lock);
	const size_t used = strlen(fixture->lines);

	(void)snprintf(fixture->lines + used, sizeof fixture->lines - used, "%s", line);
	fixture->lines_count++;
	(void)pthread_mutex_unlock(&fixture->lock);
	return true;
}

int db_set_up(void **state)
{
	struct db_fixture *const fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	assert_int_equal(pthread_mutex_init(&fixture->lock, NULL), 0);
	const struct weir_log_options options = {.size = sizeof options,
	                                         .level = WEIR_LOG_WARN,
	                                         .sink = keep_line,
	                                         .sink_arg = fixture,
	                                         .manual = true};

	assert_code(weir_log_create(&fixture->log, &options, NULL), WEIR_OK);
	fixture->driver = weir_sqlite_driver();
	(void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/weir-db-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof fixture->path, "%s/test.db", fixture->folder);
	*state = fixture;
	return 0;
}

int db_tear_down(void **state)
{
	struct db_fixture *const fixture = *state;
	DIR *const folder = opendir(fixture->folder);

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR), 0);
	}
	(void)closedir(folder);
	assert_int_equal(rmdir(fixture->folder), 0);
	weir_log_destroy(fixture->log);
	(void)pthread_mutex_destroy(&fixture->lock);
	free(fixture);
	return 0;
}

/* ---- the db ---- */

bool db_was_told(struct db_fixture *fixture, const char *part)
{
	(void)weir_log_flush(fixture->log, db_soon());
	(void)pthread_mutex_lock(&fixture->lock);
	const bool told = strstr(fixture->lines, part) != NULL;

	(void)pthread_mutex_unlock(&fixture->lock);
	return told;
}

uint32_t db_lines(struct db_fixture *fixture)
{
	(void)weir_log_flush(fixture->log, db_soon());
	(void)pthread_mutex_lock(&fixture->lock);
	const uint32_t count = fixture->lines_count;

	(void)pthread_mutex_unlock(&fixture->lock);
	return count;
}

enum weir_code db_try_make(struct db_fixture *fixture, const char *settings, struct weir_db **db,
                           struct weir_error *err)
{
	const struct weir_driver *const driver = fixture->driver;
	const struct weir_db_options options = {.size = sizeof options, .log = fixture->log};
	struct weir_config config;
	char url[512];
	enum weir_code code;

	weir_config_init(&config, driver);
	(void)snprintf(url, sizeof url, "sqlite://%s?" DB_SETTINGS, fixture->path);
	code = weir_config_apply_url(&config, driver, url, NULL, err);
	(void)snprintf(url, sizeof url, "sqlite://%s?%s", fixture->path,
	               settings != NULL ? settings : "");
	if (code == WEIR_OK)
		code = weir_config_apply_url(&config, driver, url, NULL, err);
	return code == WEIR_OK ? weir_db_create(db, driver, &config, &options, err) : code;
}

struct weir_db *db_make(struct db_fixture *fixture, const char *settings)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;

	if (db_try_make(fixture, settings, &db, &err) != WEIR_OK)
		fail_msg("create: %s", err.message);
	assert_non_null(db);
	return db;
}

struct weir_time db_soon(void)
{
	return weir_deadline_in(DB_PATIENCE_NS);
}

void db_end(struct weir_db *db)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_db_close_until(db, db_soon(), &err) != WEIR_OK)
		fail_msg("close: %s", err.message);
	weir_db_destroy(db);
}

struct weir_db_stats db_stats(struct weir_db *db)
{
	struct weir_db_stats stats;

	memset(&stats, 0, sizeof stats);
	stats.size = sizeof stats;
	assert_code(weir_db_read_stats(db, &stats), WEIR_OK);
	return stats;
}

/* ---- statements ---- */

void db_exec(struct weir_db *db, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_db_exec(db, sql, NULL, 0, NULL, &err) != WEIR_OK)
		fail_msg("%s: %s", sql, err.message);
}

void db_tx_exec(struct weir_tx *tx, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_tx_exec(tx, sql, NULL, 0, NULL, &err) != WEIR_OK)
		fail_msg("%s: %s", sql, err.message);
}

enum weir_code db_tx_number(struct weir_tx *tx, const char *sql, int64_t *number,
                            struct weir_error *err)
{
	struct weir_rows rows;
	struct weir_sql_value value = weir_null();
	enum weir_code code = weir_tx_query(tx, sql, NULL, 0, &rows, err);

	if (code == WEIR_OK && weir_rows_next(&rows, &code, err))
		code = weir_rows_value(&rows, 0, &value, err);
	weir_rows_end(&rows);
	if (code == WEIR_OK)
		*number = value.type == WEIR_SQL_INT64 ? value.as.int64 : INT64_MIN;
	return code;
}

int64_t db_number(struct weir_db *db, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	int64_t number = 0;
	enum weir_code code = weir_read_begin(db, NULL, &tx, &err);

	if (code == WEIR_OK)
		code = db_tx_number(&tx, sql, &number, &err);
	weir_tx_end(&tx);
	if (code != WEIR_OK)
		fail_msg("%s: %s", sql, err.message);
	return number;
}

/* ---- the file ---- */

sqlite3 *db_foreign(const struct db_fixture *fixture)
{
	sqlite3 *foreign = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &foreign), SQLITE_OK);
	(void)sqlite3_busy_timeout(foreign, 20000);
	return foreign;
}

void db_foreign_exec(sqlite3 *foreign, const char *sql)
{
	if (sqlite3_exec(foreign, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(foreign));
}

/* The rows of one column, joined by commas. */
static void join_rows(const struct db_fixture *fixture, const char *sql, char *text, size_t size)
{
	sqlite3 *const foreign = db_foreign(fixture);
	sqlite3_stmt *stmt = NULL;
	size_t used = 0;

	text[0] = '\0';
	if (sqlite3_prepare_v2(foreign, sql, -1, &stmt, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(foreign));
	while (sqlite3_step(stmt) == SQLITE_ROW && used < size) {
		const char *const value = (const char *)sqlite3_column_text(stmt, 0);

		used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? "," : "",
		                         value != NULL ? value : "NULL");
	}
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
}

int64_t db_file_number(const struct db_fixture *fixture, const char *sql)
{
	char text[64];

	join_rows(fixture, sql, text, sizeof text);
	return strtoll(text, NULL, 10);
}

void db_assert_rows(const struct db_fixture *fixture, const char *sql, const char *rows)
{
	char text[2048];

	join_rows(fixture, sql, text, sizeof text);
	assert_string_equal(text, rows);
}

/* ---- jobs ---- */

int db_run_script(struct weir_tx *tx, void *arg)
{
	struct db_script *const script = arg;

	script->calls++;
	if (script->before != NULL)
		script->before(script->arg);
	for (size_t i = 0; i < DB_STATEMENTS_MAX && script->sql[i] != NULL; i++) {
		if (weir_tx_exec(tx, script->sql[i], NULL, 0, NULL, NULL) != WEIR_OK && !script->careless)
			return 1;
	}
	return script->returns;
}

void db_pause(void)
{
	const struct timespec moment = {0, 200000};

	(void)nanosleep(&moment, NULL);
}

void db_meet(void *arg)
{
	struct db_meeting *const meeting = arg;

	atomic_store(&meeting->arrived, true);
	while (!atomic_load(&meeting->may_go))
		db_pause();
}

void db_await_arrival(struct db_meeting *meeting)
{
	while (!atomic_load(&meeting->arrived))
		db_pause();
}

void db_let_go(struct db_meeting *meeting)
{
	atomic_store(&meeting->may_go, true);
}

static void hold(void *arg)
{
	struct db_holder *const holder = arg;
	struct weir_tx tx = {0};

	holder->code = weir_write_begin(holder->db, NULL, &tx, NULL);
	db_meet(&holder->meeting);
	weir_tx_end(&tx);
}

void db_hold(struct db_holder *holder, struct weir_db *db)
{
	memset(holder, 0, sizeof *holder);
	holder->db = db;
	unit_start(&holder->thread, hold, holder);
	db_await_arrival(&holder->meeting);
	assert_code(holder->code, WEIR_OK);
}

void db_end_hold(struct db_holder *holder)
{
	db_let_go(&holder->meeting);
	unit_join(&holder->thread);
}

struct weir_write_options db_options(void)
{
	return (struct weir_write_options){.size = sizeof(struct weir_write_options)};
}

void db_submit(struct weir_db *db, struct db_script *script,
               const struct weir_write_options *options, struct db_asked *asked)
{
	memset(asked, 0, sizeof *asked);
	weir_error_init(&asked->err);
	asked->result.size = sizeof asked->result;
	if (weir_db_submit(db, db_run_script, script, options, &asked->ticket, &asked->err) != WEIR_OK)
		fail_msg("submit: %s", asked->err.message);
}

void db_collect(struct db_asked *asked)
{
	asked->code = weir_ticket_collect(asked->ticket, db_soon(), &asked->result, &asked->err);
	if (asked->code == WEIR_ERR_TICKET_PENDING)
		fail_msg("a ticket had no outcome after %d s", (int)(DB_PATIENCE_NS / WEIR_SECONDS(1)));
	asked->ticket = NULL;
}

void db_await_queue(struct weir_db *db, uint32_t length)
{
	const struct weir_time until = db_soon();

	for (;;) { /* ends: the queue has that length, or patience is out */
		const struct weir_db_stats stats = db_stats(db);

		if (stats.gate.length[WEIR_LANE_NORMAL] + stats.gate.length[WEIR_LANE_BULK] >= length)
			return;
		if (weir_now().ns > until.ns)
			fail_msg("the queue did not become %u long", length);
		db_pause();
	}
}
