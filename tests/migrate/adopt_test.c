/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Moving from golang-migrate, dbmate and goose to weir, and back.
 */
#include "history_fixture.h"

#include <stdlib.h>
#include <string.h>

static const char ROWS[] =
	"SELECT version || ' ' || direction FROM weir_schema_history WHERE id > 0 ORDER BY id";

struct tool {
	const char *const (*files)[2]; /* name and text of three migrations, that each make a table */
	const char *table;             /* makes it */
	const char *first_two;         /* says that two are applied */
	const char *says;              /* what it says, as a query */
	const char *of_two;            /* and its answer, with two; with three */
	const char *of_three;
	const char *third_too; /* the tool itself applies the third, or undoes it */
	const char *third_undone;
	const char *versions[3];
};

static const char *const golang_files[][2] = {
	{"1_a.up.sql", "CREATE TABLE a (x);"},
	{"1_a.down.sql", "DROP TABLE a;"},
	{"02_b.up.sql", "CREATE TABLE b (x);"},
	{"02_b.down.sql", "DROP TABLE b;"},
	{"10_c.up.sql", "CREATE TABLE c (x);"},
	{"10_c.down.sql", "DROP TABLE c;"},
	{NULL, NULL},
};

static const char *const dbmate_files[][2] = {
	{"001_a.sql", "-- migrate:up\nCREATE TABLE a (x);\n-- migrate:down\nDROP TABLE a;\n"},
	{"002_b.sql", "-- migrate:up\nCREATE TABLE b (x);\n-- migrate:down\nDROP TABLE b;\n"},
	{"003_c.sql", "-- migrate:up\nCREATE TABLE c (x);\n-- migrate:down\nDROP TABLE c;\n"},
	{NULL, NULL},
};

static const char *const goose_files[][2] = {
	{"00001_a.sql", "-- +goose Up\nCREATE TABLE a (x);\n-- +goose Down\nDROP TABLE a;\n"},
	{"00002_b.sql", "-- +goose Up\nCREATE TABLE b (x);\n-- +goose Down\nDROP TABLE b;\n"},
	{"00003_c.sql", "-- +goose Up\nCREATE TABLE c (x);\n-- +goose Down\nDROP TABLE c;\n"},
	{NULL, NULL},
};

static const struct tool tools[] = {
	{golang_files,
     GOLANG_TABLE,
     "INSERT INTO schema_migrations VALUES (2, 0)",
     "SELECT version || ' ' || dirty FROM schema_migrations",
     "2 0",
     "10 0",
     "UPDATE schema_migrations SET version = 10; CREATE TABLE c (x)",
     "UPDATE schema_migrations SET version = 2; DROP TABLE c",
     {"1", "2", "10"}},
	{dbmate_files,
     DBMATE_TABLE,
     "INSERT INTO schema_migrations VALUES ('001'), ('002')",
     "SELECT version FROM schema_migrations ORDER BY 1",
     "001,002",
     "001,002,003",
     "INSERT INTO schema_migrations VALUES ('003'); CREATE TABLE c (x)",
     "DELETE FROM schema_migrations WHERE version = '003'; DROP TABLE c",
     {"001", "002", "003"}},
	{goose_files,
     GOOSE_TABLE,
     "INSERT INTO goose_db_version (version_id, is_applied, tstamp) VALUES (1, 1, '2024-05-06 "
     "07:08:09'), (2, 1, '2024-05-07 07:08:09')",
     "SELECT version_id || ' ' || is_applied FROM goose_db_version ORDER BY id",
     "0 1,1 1,2 1",
     "0 1,1 1,2 1,3 1",
     "INSERT INTO goose_db_version (version_id, is_applied) VALUES (3, 1); CREATE TABLE c (x)",
     "DELETE FROM goose_db_version WHERE version_id = 3; DROP TABLE c",
     {"1", "2", "3"}},
};
#define TOOLS (sizeof tools / sizeof tools[0])

static struct weir_migrations *set_of_tool(struct db_fixture *fixture, const struct tool *tool)
{
	return set_of_files(fixture, tool->files);
}

static const char *two(const struct tool *tool, const char *state)
{
	static char text[128];

	(void)snprintf(text, sizeof text, "%s %s, %s %s", tool->versions[0], state, tool->versions[1],
	               state);
	return text;
}

static const char *one(const struct tool *tool, size_t index, const char *state)
{
	static char text[128];

	(void)snprintf(text, sizeof text, "%s %s", tool->versions[index], state);
	return text;
}

static const char *three(const struct tool *tool, const char *first, const char *second,
                         const char *last)
{
	static char text[128];

	(void)snprintf(text, sizeof text, "%s %s, %s %s, %s %s", tool->versions[0], first,
	               tool->versions[1], second, tool->versions[2], last);
	return text;
}

static void must_adopt(struct weir_db *db, const struct weir_migrations *set,
                       const struct weir_migrate_options *options, const char *states,
                       const char *version)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_migrate_adopt(db, set, options, &report, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_string_equal(states_of(report), states);
	assert_string_equal(weir_migrate_version(report), version);
	weir_migrate_report_free(report);
}

static void refuse_adopt(struct weir_db *db, const struct weir_migrations *set,
                         const struct weir_migrate_options *options, enum weir_code code,
                         const char *part)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_migrate_adopt(db, set, options, NULL, &err), code);
	assert_says(&err, part);
}

/* A db on which the tool has applied two of three. */
static struct weir_db *two_of_three(struct db_fixture *fixture, const struct tool *tool)
{
	struct weir_db *const db = db_make(fixture, NULL);

	beside(fixture, tool->table);
	beside(fixture, tool->first_two);
	beside(fixture, "CREATE TABLE a (x); CREATE TABLE b (x)");
	return db;
}

/* Each of the tools in a folder of its own. */
static void for_each_tool(void (*test)(struct db_fixture *, const struct tool *))
{
	for (size_t i = 0; i < TOOLS; i++) {
		void *state = NULL;

		assert_int_equal(db_set_up(&state), 0);
		test(state, &tools[i]);
		assert_int_equal(db_tear_down(&state), 0);
	}
}

static void go_on(struct db_fixture *fixture, const struct tool *tool)
{
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = two_of_three(fixture, tool);

	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_FOREIGN, "weir migrate adopt");
	must_adopt(db, set, NULL, two(tool, "pending*"), tool->versions[1]);
	assert_string_equal(status_of(db, set), three(tool, "applied", "applied", "pending"));
	assert_int_equal(must_up(db, set, NULL), 1);
	assert_string_equal(status_of(db, set), three(tool, "applied", "applied", "applied"));
	db_assert_rows(fixture, tool->says, tool->of_two); /* its table is left alone */
	assert_int_equal(must_down(db, set, "0"), 3);
	db_end(db);
	weir_migrations_free(set);
}

static void weir_goes_on_where_they_stopped(void **state)
{
	(void)state;
	for_each_tool(go_on);
}

static void keep(struct db_fixture *fixture, const struct tool *tool)
{
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .foreign = WEIR_MIGRATE_FOREIGN_KEEP};
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = two_of_three(fixture, tool);

	must_adopt(db, set, &options, two(tool, "pending*"), tool->versions[1]);
	assert_code(weir_migrate_up(db, set, NULL, &options, NULL, NULL), WEIR_OK);
	db_assert_rows(fixture, tool->says, tool->of_three);
	assert_code(weir_migrate_down(db, set, NULL, &options, NULL, NULL), WEIR_OK);
	db_assert_rows(fixture, tool->says, tool->of_two);
	db_end(db);
	weir_migrations_free(set);
}

static void their_tables_are_kept_on_demand(void **state)
{
	(void)state;
	for_each_tool(keep);
}

static void go_back(struct db_fixture *fixture, const struct tool *tool)
{
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = two_of_three(fixture, tool);
	struct weir_migrate_report *report = NULL;

	must_adopt(db, set, NULL, two(tool, "pending*"), tool->versions[1]);
	beside(fixture, tool->third_too);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_FOREIGN, "since its table");
	assert_code(weir_migrate_down(db, set, NULL, NULL, NULL, NULL), WEIR_ERR_MIGRATE_FOREIGN);
	assert_code(weir_migrate_status(db, set, NULL, &report, NULL), WEIR_OK);
	assert_non_null(finding_of(report, "foreign_differs"));
	weir_migrate_report_free(report);
	must_adopt(db, set, NULL, one(tool, 2, "pending*"), tool->versions[2]);
	must_adopt(db, set, NULL, "", tool->versions[2]);
	beside(fixture, tool->third_undone);
	must_adopt(db, set, NULL, one(tool, 2, "applied*"), tool->versions[1]);
	assert_int_equal(must_up(db, set, NULL), 1);
	db_end(db);
	weir_migrations_free(set);
}

static void what_they_do_meanwhile_is_adopted_again(void **state)
{
	(void)state;
	for_each_tool(go_back);
}

/* What weir does with the table left alone, the table does not know: it is not believed,
 * unless the caller says that it was kept. */
static void disbelieve(struct db_fixture *fixture, const struct tool *tool)
{
	const struct weir_migrate_options kept = {.size = sizeof kept,
	                                          .foreign = WEIR_MIGRATE_FOREIGN_KEEP};
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = two_of_three(fixture, tool);

	must_adopt(db, set, NULL, two(tool, "pending*"), tool->versions[1]);
	(void)must_up(db, set, NULL);
	must_adopt(db, set, NULL, "", tool->versions[2]);
	(void)must_down(db, set, "-2");
	must_adopt(db, set, NULL, "", tool->versions[0]);
	assert_string_equal(status_of(db, set), three(tool, "applied", "pending", "pending"));
	beside(fixture, "CREATE TABLE b (x)");
	must_adopt(db, set, &kept, one(tool, 1, "pending*"), tool->versions[1]);
	db_end(db);
	weir_migrations_free(set);
}

static void a_table_that_was_left_alone_is_not_believed(void **state)
{
	(void)state;
	for_each_tool(disbelieve);
}

/* What weir undid without telling the table is in it when weir does it again. */
static void keep_again(struct db_fixture *fixture, const struct tool *tool)
{
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .foreign = WEIR_MIGRATE_FOREIGN_KEEP};
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = two_of_three(fixture, tool);
	struct weir_error err = WEIR_ERROR_INIT;

	must_adopt(db, set, NULL, two(tool, "pending*"), tool->versions[1]);
	assert_int_equal(must_down(db, set, NULL), 1);
	if (weir_migrate_up(db, set, NULL, &options, NULL, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	db_assert_rows(fixture, tool->says, tool->of_three);
	db_end(db);
	weir_migrations_free(set);
}

static void what_the_table_has_already_is_no_matter(void **state)
{
	(void)state;
	for_each_tool(keep_again);
}

static void begin_empty(struct db_fixture *fixture, const struct tool *tool)
{
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = db_make(fixture, NULL);

	beside(fixture, tool->table);
	must_adopt(db, set, NULL, "", "");
	assert_int_equal(must_up(db, set, NULL), 3);
	db_end(db);
	weir_migrations_free(set);
}

static void a_table_with_nothing_in_it_is_adopted(void **state)
{
	(void)state;
	for_each_tool(begin_empty);
}

static void rehearse_it(struct db_fixture *fixture, const struct tool *tool)
{
	const struct weir_migrate_options options = {.size = sizeof options, .dry_run = true};
	struct weir_migrations *const set = set_of_tool(fixture, tool);
	struct weir_db *const db = two_of_three(fixture, tool);
	char *const before = contents(fixture);
	char *after;

	must_adopt(db, set, &options, two(tool, "pending"), tool->versions[1]);
	after = contents(fixture);
	assert_string_equal(after, before);
	free(after);
	free(before);
	db_end(db);
	weir_migrations_free(set);
}

static void a_dry_run_changes_nothing(void **state)
{
	(void)state;
	for_each_tool(rehearse_it);
}

static void goose_tells_when_and_in_which_order(void **state)
{
	struct weir_migrations *const set = set_of_tool(*state, &tools[2]);
	struct weir_db *const db = db_make(*state, NULL);

	beside(*state, GOOSE_TABLE "INSERT INTO goose_db_version (version_id, is_applied, tstamp) "
	                           "VALUES (2, 1, '2024-05-06 07:08:09'), (1, 1, NULL)");
	must_adopt(db, set, NULL, "2 pending*, 1 pending*", "2");
	db_assert_rows(*state, ROWS, "2 adopt,1 adopt");
	db_assert_rows(*state, "SELECT applied_at FROM weir_schema_history WHERE version = '2'",
	               "1714979289");
	db_assert_rows(
		*state,
		"SELECT applied_at > 1714979289 FROM weir_schema_history WHERE version = '1' AND "
		"id > 0",
		"1");
	db_end(db);
	weir_migrations_free(set);
}

static void what_was_never_run_stays_so(void **state)
{
	struct weir_migrations *const set = set_of_tool(*state, &tools[0]);
	struct weir_db *const db = two_of_three(*state, &tools[0]);

	must_adopt(db, set, NULL, "1 pending*, 2 pending*", "2");
	/* A late one, below the newest, as golang-migrate would not run it. */
	beside(*state, "INSERT INTO weir_schema_history SELECT 9, version, name, 'down', outcome, "
	               "checksum, applied_at, duration_ns, tool, tag, statements, done_hash, "
	               "fingerprint, down_script FROM weir_schema_history WHERE id = 1");
	beside(*state, tools[0].third_too);
	must_adopt(db, set, NULL, "10 pending*", "10");
	assert_string_equal(status_of(db, set), "1 behind, 2 applied, 10 applied");
	db_end(db);
	weir_migrations_free(set);
}

static void a_version_without_script_is_told(void **state)
{
	struct weir_migrations *const set = set_of_tool(*state, &tools[1]);
	struct weir_db *const db = two_of_three(*state, &tools[1]);
	struct weir_migrate_report *report = NULL;

	beside(*state, "INSERT INTO schema_migrations VALUES ('0009')");
	assert_code(weir_migrate_adopt(db, set, NULL, &report, NULL), WEIR_OK);
	assert_string_equal(finding_of(report, "unknown_version")->version, "0009");
	weir_migrate_report_free(report);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_DRIFT, "not in the set: 0009");
	assert_code(weir_migrate_repair(db, set, "0009", false, NULL, NULL, NULL), WEIR_OK);
	assert_int_equal(must_up(db, set, NULL), 1);
	db_end(db);
	weir_migrations_free(set);
}

struct unfit {
	const char *sql;
	const char *table;
	enum weir_code code;
	const char *part;
};

/* For golang-migrate's folder. */
static const struct unfit unfits[] = {
	{"", NULL, WEIR_ERR_MIGRATE_FOREIGN, "no table of golang-migrate"},
	{"", "nowhere", WEIR_ERR_MIGRATE_FOREIGN, "no table nowhere"},
	{DBMATE_TABLE, NULL, WEIR_ERR_MIGRATE_FOREIGN, "that of dbmate, but the scripts are those of"},
	{GOLANG_TABLE GOOSE_TABLE, NULL, WEIR_ERR_MIGRATE_FOREIGN, "tables of two tools"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (5, 0)", NULL, WEIR_ERR_MIGRATE_FOREIGN,
     "version 5, of which the folder has no script"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 1); CREATE TABLE a (x)", NULL,
     WEIR_ERR_MIGRATE_OPERATOR, "dirty at version 2; the schema is that of 1"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 1); CREATE TABLE a (x);"
                  "CREATE TABLE b (x)",
     NULL, WEIR_ERR_MIGRATE_OPERATOR, "dirty at version 2; the schema is that of 2"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 1); CREATE TABLE a (x);"
                  "CREATE TABLE b (x); CREATE TABLE c (x)",
     NULL, WEIR_ERR_MIGRATE_OPERATOR, "the schema is that of 10"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (1, 1)", NULL, WEIR_ERR_MIGRATE_OPERATOR,
     "the schema is that of no version: look at the rows, then set it (migrate force -1)"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (-1, 1); CREATE TABLE a (x)", NULL,
     WEIR_ERR_MIGRATE_OPERATOR, "dirty at version none; the schema is that of 1"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (2, 1); CREATE TABLE b (x)", NULL,
     WEIR_ERR_MIGRATE_OPERATOR, "neither its nor that of the versions beside it"},
	{GOLANG_TABLE "INSERT INTO schema_migrations VALUES (5, 1)", NULL, WEIR_ERR_MIGRATE_OPERATOR,
     "not to be compared"},
};

static void what_does_not_fit_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof unfits / sizeof unfits[0]; i++) {
		const struct weir_migrate_options options = {.size = sizeof options,
		                                             .foreign_table = unfits[i].table};
		void *fixture = NULL;
		struct weir_migrations *set;
		struct weir_db *db;

		assert_int_equal(db_set_up(&fixture), 0);
		set = set_of_tool(fixture, &tools[0]);
		db = db_make(fixture, NULL);
		beside(fixture, unfits[i].sql);
		refuse_adopt(db, set, &options, unfits[i].code, unfits[i].part);
		db_assert_rows(fixture, "SELECT name FROM sqlite_schema WHERE name LIKE 'weir%'", "");
		db_end(db);
		weir_migrations_free(set);
		assert_int_equal(db_tear_down(&fixture), 0);
	}
}

static void an_interrupted_one_comes_first(void **state)
{
	struct weir_migrations *const set = set_of_tool(*state, &tools[1]);
	struct weir_db *const db = two_of_three(*state, &tools[1]);

	must_adopt(db, set, NULL, "001 pending*, 002 pending*", "002");
	beside(*state, "UPDATE weir_schema_history SET direction = 'up', outcome = 'running' WHERE "
	               "version = '002'");
	refuse_adopt(db, set, NULL, WEIR_ERR_MIGRATE_OPERATOR, "version 002 was interrupted");
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weir_goes_on_where_they_stopped),
		cmocka_unit_test(their_tables_are_kept_on_demand),
		cmocka_unit_test(what_they_do_meanwhile_is_adopted_again),
		cmocka_unit_test(a_table_that_was_left_alone_is_not_believed),
		cmocka_unit_test(what_the_table_has_already_is_no_matter),
		cmocka_unit_test(a_table_with_nothing_in_it_is_adopted),
		cmocka_unit_test(a_dry_run_changes_nothing),
		DB_TEST(goose_tells_when_and_in_which_order),
		DB_TEST(what_was_never_run_stays_so),
		DB_TEST(a_version_without_script_is_told),
		cmocka_unit_test(what_does_not_fit_is_refused),
		DB_TEST(an_interrupted_one_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
