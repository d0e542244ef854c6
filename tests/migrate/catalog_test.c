/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Schemas in memory: what is read, what is left out, and when fingerprints are equal.
 */
#include "catalog_fixture.h"

#include <stdlib.h>

#include <weir/driver.h>

static void everything_is_read_in_the_order_of_making(void **state)
{
	static const char *const order[] = {"a", "b", "v", "b_x", "on_a", "on_v"};
	struct weir__catalog catalog;
	const struct weir__catalog_object *table;

	(void)state;
	catalog_of(&catalog, "CREATE TABLE b (id INTEGER PRIMARY KEY, x TEXT NOT NULL DEFAULT 'q',"
	                     " y AS (x || 'y'));"
	                     "CREATE TABLE a (n UNIQUE);"
	                     "CREATE INDEX b_x ON b (x);"
	                     "CREATE VIEW v AS SELECT x FROM b;"
	                     "CREATE TRIGGER on_v INSTEAD OF INSERT ON v BEGIN SELECT 1; END;"
	                     "CREATE TRIGGER on_a AFTER INSERT ON a BEGIN SELECT 1; END;");
	assert_int_equal(catalog.count, sizeof order / sizeof order[0]);
	for (size_t i = 0; i < catalog.count; i++)
		assert_string_equal(catalog.objects[i].name, order[i]);
	table = weir__catalog_find(&catalog, "table", "B");
	assert_non_null(table);
	assert_int_equal(table->columns_count, 3);
	assert_string_equal(table->columns[0].name, "id");
	assert_int_equal(table->columns[0].key, 1);
	assert_string_equal(table->columns[1].default_value, "'q'");
	assert_true(table->columns[1].not_null);
	assert_null(table->columns[0].default_value);
	assert_true(table->columns[2].generated);
	assert_string_equal(weir__catalog_find(&catalog, "view", "v")->columns[0].name, "x");
	assert_string_equal(weir__catalog_find(&catalog, "index", "b_x")->table, "b");
	assert_null(weir__catalog_find(&catalog, "table", "v"));
	assert_int_equal(strlen(catalog.fingerprint), 64);
	weir__catalog_free(&catalog);
	assert_int_equal(catalog.count, 0);
}

/* ---- fingerprints ---- */

static bool equal(const char *left, const char *right)
{
	struct weir__catalog a;
	struct weir__catalog b;
	bool same;

	catalog_of(&a, left);
	catalog_of(&b, right);
	same = strcmp(a.fingerprint, b.fingerprint) == 0;
	weir__catalog_free(&a);
	weir__catalog_free(&b);
	return same;
}

static void the_same_schema_has_the_same_fingerprint(void **state)
{
	(void)state;
	assert_true(equal("", ""));
	assert_true(
		equal("CREATE TABLE t(a INT,b TEXT)", "create table t ( a int, -- the first\n b text )"));
	assert_true(
		equal("CREATE TABLE t (a); CREATE TABLE u (a)", "CREATE TABLE u (a); CREATE TABLE t (a)"));
	assert_true(equal("CREATE TABLE t (a, b TEXT DEFAULT 'x')",
	                  "CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'x'"));
	assert_true(equal("CREATE TABLE t (a)", "CREATE TABLE u (a); ALTER TABLE u RENAME TO t"));
	assert_true(equal("CREATE TABLE t (a)", "CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
}

static const char *const unlike[] = {
	"",
	"CREATE TABLE t (a)",
	"CREATE TABLE t (A)",
	"CREATE TABLE t (a INT)",
	"CREATE TABLE t (a TEXT)",
	"CREATE TABLE t (a NOT NULL)",
	"CREATE TABLE t (a DEFAULT 1)",
	"CREATE TABLE t (a DEFAULT '1')",
	"CREATE TABLE t (a DEFAULT 'A')",
	"CREATE TABLE t (a DEFAULT 'a')",
	"CREATE TABLE t (a DEFAULT 'a ')",
	"CREATE TABLE t (a UNIQUE)",
	"CREATE TABLE t (a PRIMARY KEY)",
	"CREATE TABLE t (a CHECK (a > 0))",
	"CREATE TABLE t (a, b)",
	"CREATE TABLE t (b, a)",
	"CREATE TABLE t (a); CREATE INDEX i ON t (a)",
	"CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a)",
	"CREATE TABLE t (a); CREATE INDEX j ON t (a)",
	"CREATE TABLE t (a); CREATE VIEW i AS SELECT a FROM t",
	"CREATE TABLE t (a); CREATE TRIGGER i AFTER INSERT ON t BEGIN SELECT 1; END",
	"CREATE TABLE t (a); CREATE TRIGGER i AFTER INSERT ON t BEGIN SELECT 2; END",
};

static void another_schema_has_another_fingerprint(void **state)
{
	const size_t count = sizeof unlike / sizeof unlike[0];

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (equal(unlike[i], unlike[j]))
				fail_msg("the same: %s; %s", unlike[i], unlike[j]);
		}
	}
}

/* It is stored in databases: another value would be drift for all of them. */
static void fingerprints_are_the_same_for_ever(void **state)
{
	struct weir__catalog catalog;

	(void)state;
	catalog_of(&catalog, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x');"
	                     "CREATE INDEX i ON t (a);");
	assert_string_equal(catalog.fingerprint, "37742f303ec0b54ad71d6e39f466d539"
	                                         "bd05d90733f8bef4b4f523ec9b5efb84");
	weir__catalog_free(&catalog);
}

static void tables_of_versions_are_left_out(void **state)
{
	(void)state;
	assert_true(equal("CREATE TABLE t (a)",
	                  "CREATE TABLE t (a);"
	                  "CREATE TABLE Weir_schema_history (id BIGINT);"
	                  "CREATE INDEX h ON weir_schema_history (id);"
	                  "CREATE TABLE schema_migrations (version uint64, dirty bool);"
	                  "CREATE UNIQUE INDEX version_unique ON schema_migrations (version);"));
}

/* ---- what cannot be read ---- */

static void a_view_of_nothing_is_there_all_the_same(void **state)
{
	struct weir__catalog catalog;

	(void)state;
	catalog_of(&catalog, "CREATE VIEW v AS SELECT a FROM gone");
	assert_int_equal(catalog.count, 1);
	assert_int_equal(catalog.objects[0].columns_count, 0);
	weir__catalog_free(&catalog);
}

static enum weir_code broken_objects(void *conn,
                                     bool (*each)(void *, const struct weir_schema_object *),
                                     void *arg, struct weir_error *err)
{
	static const struct weir_schema_object object = {"table", "t", "t", "CREATE TABLE t (a)"};

	(void)conn;
	assert_true(each(arg, &object));
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "test", 0, "half of it");
}

static enum weir_code one_object(void *conn,
                                 bool (*each)(void *, const struct weir_schema_object *), void *arg,
                                 struct weir_error *err)
{
	static const struct weir_schema_object object = {"table", "t", "t", "CREATE TABLE t (a)"};

	(void)conn;
	(void)err;
	return each(arg, &object) ? WEIR_OK : WEIR_ERR_JOB_FAILED;
}

static enum weir_code broken_columns(void *conn, const char *table,
                                     bool (*each)(void *, const struct weir_schema_column *),
                                     void *arg, struct weir_error *err)
{
	static const struct weir_schema_column column = {.name = "a", .type = ""};

	(void)conn;
	(void)table;
	assert_true(each(arg, &column));
	return weir_fail(err, WEIR_ERR_DRIVER_SQL, "test", 0, "half of it");
}

static void an_error_is_never_an_empty_schema(void **state)
{
	struct weir_schema schema = {.objects = broken_objects, .columns = broken_columns};
	const struct weir__session session = {.schema = &schema};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir__catalog catalog;

	(void)state;
	assert_code(weir__catalog_read(&session, CATALOG_HISTORY, &catalog, &err),
	            WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(catalog.count, 0);
	assert_null(catalog.objects);
	schema.objects = one_object;
	assert_code(weir__catalog_read(&session, CATALOG_HISTORY, &catalog, &err), WEIR_ERR_DRIVER_SQL);
	assert_has(err.message, "half of it");
	assert_null(catalog.objects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_read_in_the_order_of_making),
		cmocka_unit_test(the_same_schema_has_the_same_fingerprint),
		cmocka_unit_test(another_schema_has_another_fingerprint),
		cmocka_unit_test(fingerprints_are_the_same_for_ever),
		cmocka_unit_test(tables_of_versions_are_left_out),
		cmocka_unit_test(a_view_of_nothing_is_there_all_the_same),
		cmocka_unit_test(an_error_is_never_an_empty_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
