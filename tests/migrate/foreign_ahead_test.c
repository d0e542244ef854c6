/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Another tool that has gone on behind weir's back.
 */
#include "history_fixture.h"

#include "foreign_ahead.h"

static const char *const goose_files[][2] = {
	{"1_a.sql", "-- +goose Up\nCREATE TABLE a (x);\n"},
	{"2_b.sql", "-- +goose Up\nCREATE TABLE b (x);\n-- +goose Down\nDROP TABLE b;\n"},
	{"3_c.sql", "-- +goose Up\nCREATE TABLE c (x);\n"},
	{NULL, NULL},
};

static const char *const golang_files[][2] = {
	{"1_a.up.sql", "CREATE TABLE a (x);"},
	{"2_b.up.sql", "CREATE TABLE b (x);"},
	{"2_b.down.sql", "DROP TABLE b;"},
	{"3_c.up.sql", "CREATE TABLE c (x);"},
	{NULL, NULL},
};

static enum weir_code look(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct weir__history history;
	enum weir_code code = weir__history_read(session, WEIR__HISTORY_TABLE, &history, err);

	if (code == WEIR_OK)
		code = weir__foreign_ahead(session, NULL, arg, &history, err);
	weir__history_free(&history);
	return code;
}

static enum weir_code ahead(struct weir_db *db, struct weir_migrations *set)
{
	return in_section(db, look, set, false, NULL);
}

static void what_goose_has_applied_since_is_seen(void **state)
{
	struct weir_migrations *const set = set_of_files(*state, goose_files);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES "
	                           "(1, 1), (2, 1); CREATE TABLE a (x); CREATE TABLE b (x)");
	assert_code(weir_migrate_adopt(db, set, NULL, NULL, NULL), WEIR_OK);
	assert_code(ahead(db, set), WEIR_OK);
	beside(*state, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (3, 1)");
	assert_code(ahead(db, set), WEIR_ERR_MIGRATE_FOREIGN);
	assert_code(weir_migrate_adopt(db, set, NULL, NULL, NULL), WEIR_OK);
	assert_code(ahead(db, set), WEIR_OK);
	db_end(db);
	weir_migrations_free(set);
}

static void what_golang_migrate_has_applied_since_is_seen(void **state)
{
	struct weir_migrations *const set = set_of_files(*state, golang_files);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 0);"
	                            "CREATE TABLE a (x); CREATE TABLE b (x)");
	assert_code(weir_migrate_adopt(db, set, NULL, NULL, NULL), WEIR_OK);
	assert_code(ahead(db, set), WEIR_OK);
	beside(*state, "UPDATE schema_migrations SET version = 3");
	assert_code(ahead(db, set), WEIR_ERR_MIGRATE_FOREIGN);
	/* What is pending below the newest was not run by it. */
	beside(*state, "DELETE FROM weir_schema_history WHERE version = '1' AND id > 0;"
	               "UPDATE schema_migrations SET version = 2");
	assert_code(ahead(db, set), WEIR_OK);
	db_end(db);
	weir_migrations_free(set);
}

/* It may have stopped on its way down, or in a version that weir once undid. */
static void a_table_that_became_dirty_is_seen(void **state)
{
	struct weir_migrations *const set = set_of_files(*state, golang_files);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 0);"
	                            "CREATE TABLE a (x); CREATE TABLE b (x)");
	assert_code(weir_migrate_adopt(db, set, NULL, NULL, NULL), WEIR_OK);
	beside(*state, "UPDATE schema_migrations SET version = 1, dirty = 1");
	assert_code(ahead(db, set), WEIR_ERR_MIGRATE_OPERATOR);
	beside(*state, "UPDATE schema_migrations SET version = 2, dirty = 0");
	assert_code(ahead(db, set), WEIR_OK);
	db_end(db);
	weir_migrations_free(set);
}

static void a_table_that_was_left_alone_is_no_news(void **state)
{
	struct weir_migrations *const set = set_of_files(*state, goose_files);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES "
	                           "(1, 1), (2, 1); CREATE TABLE a (x); CREATE TABLE b (x)");
	assert_code(weir_migrate_adopt(db, set, NULL, NULL, NULL), WEIR_OK);
	assert_int_equal(must_down(db, set, NULL), 1);
	assert_code(ahead(db, set), WEIR_OK);
	assert_int_equal(must_up(db, set, NULL), 2);
	assert_code(ahead(db, set), WEIR_OK);
	db_end(db);
	weir_migrations_free(set);
}

static void tables_of_others_are_not_looked_at(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	(void)must_up(db, set, "1");
	beside(*state, GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied) VALUES "
	                           "(3, 1)");
	assert_code(ahead(db, set), WEIR_OK);
	beside(*state, "CREATE TABLE schema_migrations (version INTEGER)");
	assert_code(ahead(db, set), WEIR_OK);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(what_goose_has_applied_since_is_seen),
		DB_TEST(what_golang_migrate_has_applied_since_is_seen),
		DB_TEST(a_table_that_became_dirty_is_seen),
		DB_TEST(a_table_that_was_left_alone_is_no_news),
		DB_TEST(tables_of_others_are_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
