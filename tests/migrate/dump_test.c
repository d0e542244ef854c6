/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Dumps, and what comes of them when they are run on an empty database; and the one
 * function of weir_migrate that writes a script for a table.
 */
#include "catalog_fixture.h"

#include <stdlib.h>

static const char schema[] =
	"CREATE TABLE zoo (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'it''s; -- so',"
	" keeper REFERENCES keeper (id));\n"
	"CREATE TABLE keeper (id INTEGER PRIMARY KEY, name UNIQUE);\n"
	"CREATE INDEX zoo_name ON zoo (name);\n"
	"CREATE VIEW all_names AS SELECT name FROM zoo UNION SELECT name FROM keeper;\n"
	"CREATE VIEW keepers AS SELECT name FROM keeper -- and nobody else\n;\n"
	"CREATE TRIGGER seen INSTEAD OF INSERT ON all_names BEGIN\n"
	" INSERT INTO keeper (name) VALUES (CASE WHEN NEW.name = ';' THEN 'x' END);\nEND;\n";

static const char history[] =
	"CREATE TABLE weir_schema_history (id BIGINT, version TEXT, name TEXT, direction TEXT,"
	" outcome TEXT, checksum TEXT, applied_at BIGINT, duration_ns BIGINT, tool TEXT, tag TEXT,"
	" statements BIGINT, done_hash TEXT, fingerprint TEXT, down_script TEXT);\n"
	"INSERT INTO weir_schema_history (id, version) VALUES (0, '1');\n"
	"INSERT INTO weir_schema_history VALUES (1, '001', 'it''s', 'up', 'done', 'ab', 1700000000,"
	" -5, 'weir', '', 2, '', '', 'DROP TABLE \"t\";\n-- it''s gone\n');\n";

static void dump(struct catalog_db *made, bool with_history, struct catalog_sink *sink)
{
	const struct weir_writer writer = catalog_writer(sink);
	struct weir_error err = WEIR_ERROR_INIT;

	catalog_let_go(made);
	assert_code(weir_migrate_dump(made->db, NULL, with_history, &writer, &err), WEIR_OK);
	catalog_hold(made);
}

static void a_dump_makes_the_same_schema(void **state)
{
	struct catalog_sink first;
	struct catalog_sink second;
	struct weir__catalog before;
	struct weir__catalog after;
	struct catalog_db made;

	(void)state;
	catalog_open(&made, schema);
	assert_code(weir__catalog_read(&made.session, CATALOG_HISTORY, &before, NULL), WEIR_OK);
	dump(&made, false, &first);
	catalog_close(&made);
	assert_has(first.text, before.fingerprint);
	assert_has(first.text, weir_version());

	catalog_open(&made, first.text);
	assert_code(weir__catalog_read(&made.session, CATALOG_HISTORY, &after, NULL), WEIR_OK);
	dump(&made, false, &second);
	catalog_close(&made);
	assert_string_equal(before.fingerprint, after.fingerprint);
	assert_string_equal(first.text, second.text);
	weir__catalog_free(&before);
	weir__catalog_free(&after);
}

static void the_history_comes_only_when_asked_for(void **state)
{
	struct catalog_sink sink;
	struct catalog_sink again;
	struct catalog_db made;

	(void)state;
	catalog_open(&made, history);
	dump(&made, false, &sink);
	assert_null(strstr(sink.text, "weir_schema_history"));
	dump(&made, true, &sink);
	catalog_close(&made);
	assert_has(sink.text, "CREATE TABLE weir_schema_history");
	assert_has(sink.text, "VALUES (0, '1', NULL, NULL,");
	assert_has(sink.text, "VALUES (1, '001', 'it''s', 'up', 'done', 'ab', 1700000000, -5, 'weir', "
	                      "'', 2, '', '', 'DROP TABLE \"t\";\n-- it''s gone\n');\n");
	catalog_open(&made, sink.text);
	dump(&made, true, &again);
	catalog_close(&made);
	assert_string_equal(sink.text, again.text);
}

static void a_database_without_history_is_dumped_without(void **state)
{
	struct catalog_sink with;
	struct catalog_sink without;
	struct catalog_db made;

	(void)state;
	catalog_open(&made, schema);
	dump(&made, true, &with);
	dump(&made, false, &without);
	catalog_close(&made);
	assert_string_equal(with.text, without.text);
}

static void tables_behind_a_virtual_one_are_its_own(void **state)
{
	struct catalog_sink sink;
	struct catalog_db made;

	(void)state;
	catalog_open(&made, "CREATE VIRTUAL TABLE words USING fts5 (word)");
	dump(&made, false, &sink);
	catalog_close(&made);
	catalog_open(&made, sink.text);
	catalog_run(&made, "INSERT INTO words VALUES ('weir')");
	catalog_close(&made);
}

static void a_writer_that_gives_up_ends_the_dump(void **state)
{
	struct catalog_sink sink;
	const struct weir_writer writer = catalog_writer(&sink);
	const struct weir_writer none = {NULL, NULL};
	struct weir_error err = WEIR_ERROR_INIT;
	struct catalog_db made;

	(void)state;
	catalog_open(&made, schema);
	catalog_let_go(&made);
	for (sink.room = 0; sink.room < 600; sink.room += 50) {
		sink.length = 0;
		assert_code(weir_migrate_dump(made.db, NULL, true, &writer, &err), WEIR_ERR_IO);
	}
	assert_code(weir_migrate_dump(made.db, NULL, true, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_dump(made.db, NULL, true, &none, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_dump(NULL, NULL, true, &writer, &err), WEIR_ERR_BAD_ARGUMENT);
	catalog_close(&made);
}

/* ---- rebuild ---- */

static void a_rebuild_is_written_by_the_driver(void **state)
{
	const struct weir_schema_rebuild request = {
		.size = sizeof request, .table = "t", .sql = "CREATE TABLE t (a INT NOT NULL)"};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir__catalog catalog;
	struct catalog_db made;
	char *script = NULL;

	(void)state;
	catalog_open(&made, "CREATE TABLE t (a INT); INSERT INTO t VALUES (5)");
	catalog_let_go(&made);
	assert_code(weir_migrate_rebuild(made.db, &request, &script, &err), WEIR_OK);
	catalog_hold(&made);
	catalog_run(&made, script);
	assert_code(weir__catalog_read(&made.session, CATALOG_HISTORY, &catalog, &err), WEIR_OK);
	assert_int_equal(catalog.count, 1);
	assert_true(catalog.objects[0].columns[0].not_null);
	weir__catalog_free(&catalog);
	free(script);
	catalog_close(&made);
}

static void a_rebuild_of_nothing_is_refused(void **state)
{
	static const char *const name = "a";
	const struct weir_schema_rebuild requests[] = {
		{.size = sizeof requests[0], .table = "t"},
		{.size = sizeof requests[0], .sql = "CREATE TABLE t (a)"},
		{.size = 8, .table = "t", .sql = "CREATE TABLE t (a)"},
		{.size = sizeof requests[0],
	     .table = "t",
	     .sql = "CREATE TABLE t (a)",
	     .columns = &name,
	     .columns_count = 1},
	};
	const struct weir_schema_rebuild gone = {
		.size = sizeof gone, .table = "gone", .sql = "CREATE TABLE gone (a)"};
	struct weir_error err = WEIR_ERROR_INIT;
	struct catalog_db made;
	char *script = NULL;

	(void)state;
	catalog_open(&made, "CREATE TABLE t (a INT)");
	catalog_let_go(&made);
	for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
		assert_code(weir_migrate_rebuild(made.db, &requests[i], &script, &err),
		            WEIR_ERR_BAD_ARGUMENT);
		assert_null(script);
	}
	assert_code(weir_migrate_rebuild(made.db, NULL, &script, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_rebuild(made.db, &gone, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_rebuild(made.db, &gone, &script, &err), WEIR_ERR_DRIVER_SQL);
	assert_null(script);
	catalog_close(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_makes_the_same_schema),
		cmocka_unit_test(the_history_comes_only_when_asked_for),
		cmocka_unit_test(a_database_without_history_is_dumped_without),
		cmocka_unit_test(tables_behind_a_virtual_one_are_its_own),
		cmocka_unit_test(a_writer_that_gives_up_ends_the_dump),
		cmocka_unit_test(a_rebuild_is_written_by_the_driver),
		cmocka_unit_test(a_rebuild_of_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
