/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection of a driver with SQL, on a fresh database with one empty table
 * t (id INTEGER PRIMARY KEY, v INTEGER NOT NULL), and SQL in short form.
 */
#ifndef WEIR_TESTS_SQL_SESSION_H
#define WEIR_TESTS_SQL_SESSION_H

#include "subject.h"

struct session {
	struct place *place;
	const struct weir_driver *driver;
	const struct weir_sql *sql;
	void *conn;
};

int open_session(void **state); /* a subject before, its session after */
int close_session(void **state);
#define SESSION_TEST(test) cmocka_unit_test_setup_teardown(test, open_session, close_session)

/* These fail the test where the driver reports an error. */
void *prepare(const struct session *session, const char *text);
enum weir_sql_step step(const struct session *session, void *stmt);
struct weir_sql_value column(const struct session *session, void *stmt, uint32_t index);
void run(const struct session *session, const char *text);
int64_t ask_int64(const struct session *session, const char *text);

struct weir_sql_value of_int64(int64_t number);

#endif
