/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The history: written, read, and refused where it is not what weir writes.
 */
#include "history_fixture.h"

#include "history.h"

#include <string.h>

struct access {
	const char *table;
	struct weir__history history;
	struct weir__history_row rows[4]; /* to add; up to the first without version */
	const char *down;
	struct weir__history_row change; /* version "": none */
};

static enum weir_code read_history(void *arg, const struct weir__session *session,
                                   struct weir_error *err)
{
	struct access *const access = arg;

	return weir__history_read(session, access->table, &access->history, err);
}

static enum weir_code write_history(void *arg, const struct weir__session *session,
                                    struct weir_error *err)
{
	struct access *const access = arg;
	enum weir_code code = read_history(arg, session, err);

	if (code == WEIR_OK)
		code = weir__history_make(session, access->table, &access->history, err);
	for (size_t i = 0; code == WEIR_OK && i < 4 && access->rows[i].version[0] != '\0'; i++)
		code = weir__history_add(session, access->table, &access->history, &access->rows[i],
		                         access->down, err);
	if (code == WEIR_OK && access->change.version[0] != '\0')
		code = weir__history_change(session, access->table, &access->change, err);
	return code;
}

static struct weir__history_row row_of(const char *version, const char *direction,
                                       const char *outcome)
{
	struct weir__history_row row;

	memset(&row, 0, sizeof row);
	(void)snprintf(row.version, sizeof row.version, "%s", version);
	(void)snprintf(row.name, sizeof row.name, "name of %s", version);
	(void)snprintf(row.direction, sizeof row.direction, "%s", direction);
	(void)snprintf(row.outcome, sizeof row.outcome, "%s", outcome);
	(void)snprintf(row.checksum, sizeof row.checksum, "sum");
	(void)snprintf(row.tag, sizeof row.tag, "tag");
	(void)snprintf(row.tool, sizeof row.tool, "weir test");
	(void)snprintf(row.done_hash, sizeof row.done_hash, "120:ab");
	(void)snprintf(row.fingerprint, sizeof row.fingerprint, "print");
	row.applied_at = 1700000000;
	row.duration_ns = INT64_C(5000000000);
	row.statements = 3;
	return row;
}

static void must_write(struct weir_db *db, struct access *access)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (in_section(db, write_history, access, true, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	weir__history_free(&access->history);
}

static void must_read(struct weir_db *db, struct access *access)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (in_section(db, read_history, access, false, &err) != WEIR_OK)
		fail_msg("%s", err.message);
}

/* Two rows, in a table of that name. */
static void write_two(struct weir_db *db, const char *table)
{
	struct access access = {.table = table, .down = "DROP TABLE t"};

	access.rows[0] = row_of("1", "up", "done");
	access.rows[1] = row_of("2", "up", "running");
	must_write(db, &access);
}

static void one_that_is_not_there_is_empty(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.table = WEIR__HISTORY_TABLE};

	must_read(db, &access);
	assert_false(access.history.there);
	assert_int_equal(access.history.count, 0);
	assert_null(weir__history_of(&access.history, "1"));
	assert_int_equal(weir__history_state(NULL), WEIR__HISTORY_ABSENT);
	weir__history_free(&access.history);
	db_end(db);
}

static void one_without_migrations_is_there(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.table = WEIR__HISTORY_TABLE};

	must_write(db, &access);
	must_read(db, &access);
	assert_true(access.history.there);
	assert_int_equal(access.history.count, 0);
	assert_int_equal(access.history.next_id, 1);
	weir__history_free(&access.history);
	db_end(db);
}

static void rows_are_read_as_they_were_written(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.table = "odd \"name\"; --"};
	struct weir__history_row wanted = row_of("2", "up", "running");

	wanted.id = 2;
	write_two(db, access.table);
	must_read(db, &access);
	assert_int_equal(access.history.count, 2);
	assert_int_equal(access.history.next_id, 3);
	assert_memory_equal(&access.history.rows[1], &wanted, sizeof wanted);
	db_assert_rows(*state, "SELECT down_script FROM \"odd \"\"name\"\"; --\" WHERE id > 0",
	               "DROP TABLE t,DROP TABLE t");
	weir__history_free(&access.history);
	db_end(db);
}

static void a_row_is_changed_in_place(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.table = WEIR__HISTORY_TABLE};

	write_two(db, access.table);
	access.change = row_of("2", "up", "done");
	access.change.id = 2;
	access.change.statements = 9;
	must_write(db, &access);
	must_read(db, &access);
	assert_int_equal(access.history.count, 2);
	assert_memory_equal(&access.history.rows[1], &access.change, sizeof access.change);
	weir__history_free(&access.history);
	db_end(db);
}

static void a_row_that_is_gone_cannot_be_changed(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.table = WEIR__HISTORY_TABLE};
	struct weir_error err = WEIR_ERROR_INIT;

	write_two(db, access.table);
	access.change = row_of("2", "up", "done");
	access.change.id = 7;
	assert_code(in_section(db, write_history, &access, true, &err), WEIR_ERR_MIGRATE_HISTORY);
	assert_says(&err, "row 7");
	weir__history_free(&access.history);
	db_end(db);
}

struct standing {
	const char *direction;
	const char *outcome;
	enum weir__history_state state;
};

static void the_newest_row_says_where_a_version_stands(void **state)
{
	static const struct standing standings[] = {
		{"up", "done", WEIR__HISTORY_DONE},         {"down", "done", WEIR__HISTORY_ABSENT},
		{"baseline", "done", WEIR__HISTORY_DONE},   {"adopt", "done", WEIR__HISTORY_DONE},
		{"repair", "done", WEIR__HISTORY_DONE},     {"up", "running", WEIR__HISTORY_RUNNING},
		{"down", "running", WEIR__HISTORY_RUNNING},
	};
	struct weir_db *const db = db_make(*state, NULL);
	struct access access = {.table = WEIR__HISTORY_TABLE};

	for (size_t i = 0; i < sizeof standings / sizeof standings[0]; i++) {
		access.rows[0] = row_of("1", standings[i].direction, standings[i].outcome);
		access.rows[1] = row_of("2", "up", "done");
		must_write(db, &access);
		must_read(db, &access);
		assert_int_equal(weir__history_state(weir__history_of(&access.history, "1")),
		                 standings[i].state);
		weir__history_free(&access.history);
	}
	db_end(db);
}

struct damage {
	const char *sql;
	const char *says;
};

/* After the table was copied to one without constraints. */
static const struct damage damages[] = {
	{"DELETE FROM weir_schema_history", "has no row 0"},
	{"DELETE FROM weir_schema_history WHERE id = 0", "has no row 0"},
	{"UPDATE weir_schema_history SET version = '2' WHERE id = 0",
     "written by a newer weir, format 2: this one knows 1"},
	{"UPDATE weir_schema_history SET version = NULL WHERE id = 0", "format : this one"},
	{"ALTER TABLE weir_schema_history DROP COLUMN id", "no column id"},
	{"ALTER TABLE weir_schema_history RENAME COLUMN version TO v", "no column version"},
	{"ALTER TABLE weir_schema_history DROP COLUMN tag", "no column tag"},
	{"ALTER TABLE weir_schema_history DROP COLUMN down_script", "no column down_script"},
	{"DROP TABLE weir_schema_history; CREATE TABLE weir_schema_history (a)", "no column id"},
	{"UPDATE weir_schema_history SET id = NULL WHERE id = 1", "id is NULL"},
	{"UPDATE weir_schema_history SET id = -1 WHERE id = 1", "id is negative"},
	{"UPDATE weir_schema_history SET id = 2", "has no row 0"},
	{"UPDATE weir_schema_history SET id = 1 WHERE id = 2", "row 1: id is not its own"},
	{"UPDATE weir_schema_history SET version = '' WHERE id = 1", "version is empty"},
	{"UPDATE weir_schema_history SET version = NULL WHERE id = 1", "row 1: version is NULL"},
	{"UPDATE weir_schema_history SET version = printf('%070d', 1) WHERE id = 1",
     "version is too long"},
	{"UPDATE weir_schema_history SET name = x'00' WHERE id = 1", "name is no text"},
	{"UPDATE weir_schema_history SET direction = 'sideways' WHERE id = 2",
     "row 2: direction is a word"},
	{"UPDATE weir_schema_history SET outcome = 'failed' WHERE id = 2", "outcome is a word"},
	{"UPDATE weir_schema_history SET direction = 'adopt' WHERE id = 2", "outcome cannot be"},
	{"UPDATE weir_schema_history SET applied_at = 'then'", "applied_at is no whole number"},
	{"UPDATE weir_schema_history SET duration_ns = -1", "duration_ns is negative"},
	{"UPDATE weir_schema_history SET statements = 5000000000", "statements is too large"},
	{"UPDATE weir_schema_history SET done_hash = NULL", "done_hash is NULL"},
	{"UPDATE weir_schema_history SET fingerprint = NULL", "fingerprint is NULL"},
};

static void what_weir_does_not_write_is_refused(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		struct access access = {.table = WEIR__HISTORY_TABLE};
		struct weir_error err = WEIR_ERROR_INIT;

		write_two(db, access.table);
		beside(*state, "CREATE TABLE loose AS SELECT * FROM weir_schema_history;"
		               "DROP TABLE weir_schema_history;"
		               "ALTER TABLE loose RENAME TO weir_schema_history");
		beside(*state, damages[i].sql);
		assert_code(in_section(db, read_history, &access, false, &err), WEIR_ERR_MIGRATE_HISTORY);
		assert_says(&err, damages[i].says);
		assert_null(access.history.rows);
		beside(*state, "DROP TABLE weir_schema_history");
	}
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(one_that_is_not_there_is_empty),
		DB_TEST(one_without_migrations_is_there),
		DB_TEST(rows_are_read_as_they_were_written),
		DB_TEST(a_row_is_changed_in_place),
		DB_TEST(a_row_that_is_gone_cannot_be_changed),
		DB_TEST(the_newest_row_says_where_a_version_stands),
		DB_TEST(what_weir_does_not_write_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
