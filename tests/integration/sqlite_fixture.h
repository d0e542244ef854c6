/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A folder of its own for each test of the SQLite driver, and the driver's calls
 * in short form.
 */
#ifndef WEIR_TESTS_SQLITE_FIXTURE_H
#define WEIR_TESTS_SQLITE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above to be there first. */
#include <cmocka.h>

#include <pthread.h>
#include <sqlite3.h>
#include <weir/sqlite.h>
#include <weir/weir.h>

struct fixture {
	const struct weir_driver *driver;
	char folder[64];
	char path[128]; /* of the database, in folder; it does not exist yet */
	struct weir_config config;
};

int make_fixture(void **state);
int drop_fixture(void **state);
#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, make_fixture, drop_fixture)

struct weir_time soon(void);
struct weir_time past(void);

/* The driver's open, by the fixture's config. */
enum weir_code open_until(const struct fixture *fixture, struct weir_time deadline, void **conn,
                          struct weir_error *err);
void *open_one(const struct fixture *fixture);
enum weir_code try_open_role(const struct fixture *fixture, enum weir_role role, void **conn,
                             struct weir_error *err);
void *open_role(const struct fixture *fixture, enum weir_role role);

/* The driver's reset, which must succeed. */
void reset(const struct fixture *fixture, void *conn);

/* The same for a setting of the driver's by name and text. */
void set(struct fixture *fixture, const char *name, const char *value);

/* Run SQL through the driver; the code and err of the step that failed. */
enum weir_code try_run(const struct fixture *fixture, void *conn, const char *sql,
                       struct weir_error *err);
void run(const struct fixture *fixture, void *conn, const char *sql);
int64_t ask(const struct fixture *fixture, void *conn, const char *sql);

/* The handle behind a connection that no pool leased, which counts as exposed. */
sqlite3 *handle_of(void *conn);

/* A connection of the test's own, as another program would have one. */
sqlite3 *open_foreign(const struct fixture *fixture);
void run_foreign(sqlite3 *db, const char *sql);

/* Write a file in the fixture's folder. */
void write_file(const struct fixture *fixture, const char *name, const void *bytes, size_t length);

size_t count_descriptors(void);
/* Files in folder and the bytes in them: what a failed open must not change. */
struct contents {
	size_t files;
	size_t bytes;
};
struct contents contents_of(const char *folder);

#endif
