/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements before and after: what breaks, what changes, and what goes on working.
 */
#include "catalog_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "manifest.h"

/* Statements from memory, between before and after. */
struct compat {
	struct catalog_db made;
	struct weir__manifest *manifest;
	struct weir_migrate_report *report;
};

static void begin(struct compat *compat, const char *schema)
{
	catalog_open(&compat->made, schema);
	compat->manifest = calloc(1, sizeof *compat->manifest);
	assert_non_null(compat->manifest);
	compat->manifest->path = strdup("app.sql");
	compat->report = weir__report_new();
	assert_non_null(compat->report);
}

static void add(struct compat *compat, const char *sql, uint32_t line)
{
	assert_true(weir__manifest_add(compat->manifest, sql, strlen(sql), line));
}

static void before(struct compat *compat)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir__manifest_before(compat->manifest, &compat->made.session, &err), WEIR_OK);
}

static void after(struct compat *compat, const char *change, const char *version)
{
	struct weir_error err = WEIR_ERROR_INIT;

	catalog_run(&compat->made, change);
	assert_code(weir__manifest_after(compat->manifest, &compat->made.session, compat->report,
	                                 version, &err),
	            WEIR_OK);
}

static void end(struct compat *compat)
{
	weir_migrate_report_free(compat->report);
	weir__manifest_free(compat->manifest);
	catalog_close(&compat->made);
}

/* ---- one change, one statement ---- */

struct change {
	const char *schema;
	const char *statement;
	const char *change;
	const char *rule; /* of the only finding; NULL: there is none */
	enum weir_migrate_severity severity;
	const char *text; /* what it says, for a part */
};

#define FAILURE WEIR_MIGRATE_FAILURE
#define WARNING WEIR_MIGRATE_WARNING
#define TABLE "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
#define INDEX TABLE "CREATE INDEX t_a ON t (a);"

static const struct change changes[] = {
	/* what goes on working */
	{TABLE, "SELECT a FROM t WHERE b = ?", "SELECT 1", NULL, 0, NULL},
	{TABLE, "SELECT a FROM t WHERE b = ?", "ALTER TABLE t ADD COLUMN c", NULL, 0, NULL},
	{TABLE, "INSERT INTO t (a) VALUES (?)", "ALTER TABLE t ADD COLUMN c", NULL, 0, NULL},
	{TABLE, "SELECT a FROM t", "CREATE TABLE u (a)", NULL, 0, NULL},
	{INDEX, "SELECT b FROM t WHERE b = ?", "DROP INDEX t_a", NULL, 0, NULL},
	{"", "CREATE TABLE IF NOT EXISTS u (a)", "CREATE TABLE u (a)", NULL, 0, NULL},
	{TABLE, "EXPLAIN SELECT a FROM t", "ALTER TABLE t ADD COLUMN c", NULL, 0, NULL},
	/* broken */
	{TABLE, "SELECT a FROM t", "ALTER TABLE t RENAME COLUMN a TO c", "broken", FAILURE,
     "no such column: a"},
	{TABLE, "UPDATE t SET a = ?", "ALTER TABLE t DROP COLUMN a", "broken", FAILURE,
     "no such column: a"},
	{TABLE, "SELECT a FROM t", "DROP TABLE t", "broken", FAILURE, "no such table: t"},
	{TABLE, "INSERT INTO t VALUES (?, ?, ?)", "ALTER TABLE t ADD COLUMN c", "broken", FAILURE,
     "has 4 columns but 3 values"},
	{"", "CREATE TABLE u (a)", "CREATE TABLE u (a)", "broken", FAILURE, "already exists"},
	/* columns */
	{TABLE, "SELECT * FROM t", "ALTER TABLE t ADD COLUMN c", "columns", WARNING,
     "Before: id, a, b; now: id, a, b, c"},
	{TABLE, "INSERT INTO t (a) VALUES (1) RETURNING *", "ALTER TABLE t ADD COLUMN c", "columns",
     WARNING, "more columns"},
	{TABLE, "SELECT * FROM t", "ALTER TABLE t DROP COLUMN b", "columns", FAILURE,
     "Before: id, a, b; now: id, a"},
	{TABLE, "SELECT * FROM t", "ALTER TABLE t RENAME COLUMN a TO c", "columns", FAILURE,
     "now: id, c, b"},
	{TABLE "CREATE VIEW v AS SELECT a, b FROM t", "SELECT * FROM v",
     "DROP VIEW v; CREATE VIEW v AS SELECT b, a FROM t", "columns", FAILURE, "now: b, a"},
	{TABLE "CREATE TABLE u (c)", "SELECT * FROM t, u", "ALTER TABLE t ADD COLUMN d", "columns",
     FAILURE, "now: id, a, b, d, c"},
	/* plans */
	{INDEX, "SELECT b FROM t WHERE a = ?", "DROP INDEX t_a", "dropped_index", FAILURE, "t_a"},
	{INDEX, "SELECT b FROM t WHERE a = ?", "DROP INDEX t_a; CREATE INDEX t_a_b ON t (a, b)",
     "dropped_index", FAILURE, "t_a"},
	{INDEX, "SELECT b FROM t WHERE a = ?", "CREATE INDEX t_a_b ON t (a, b)", "plan", WARNING,
     "t_a_b"},
	{TABLE, "SELECT b FROM t WHERE a = ?", "CREATE INDEX t_a ON t (a)", "plan", WARNING,
     "Before:\nSCAN"},
	{INDEX "CREATE INDEX t_a_b ON t (a, b);", "SELECT b FROM t WHERE a = ?", "DROP INDEX t_a", NULL,
     0, NULL},
	/* what did not work before */
	{TABLE, "SELECT c FROM t", "ALTER TABLE t ADD COLUMN c", "broken", WARNING,
     "no such column: c"},
	{TABLE, "SELECT 1; SELECT a FROM t", "DROP TABLE t", "broken", WARNING,
     "not exactly one statement"},
};

static void check(const struct change *change)
{
	const struct weir_migrate_finding *findings;
	struct compat compat;
	size_t count;

	begin(&compat, change->schema);
	add(&compat, change->statement, 12);
	before(&compat);
	after(&compat, change->change, "7");
	count = weir_migrate_findings(compat.report, &findings);
	if (count != (change->rule == NULL ? 0 : 1))
		fail_msg("%zu findings: %s; %s; %s", count, change->statement, change->change,
		         count == 0 ? "" : findings[0].text);
	if (count == 1) {
		assert_string_equal(findings[0].rule, change->rule);
		assert_has(findings[0].text, change->text);
		assert_has(findings[0].text, "at app.sql:12 ");
		assert_int_equal(findings[0].severity, change->severity);
		assert_string_equal(findings[0].sql, change->statement);
		assert_string_equal(findings[0].version, "7");
	}
	end(&compat);
}

static void each_change_is_found_for_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		check(&changes[i]);
}

/* ---- several ---- */

static void a_statement_is_told_of_with_the_first_migration_that_breaks_it(void **state)
{
	struct compat compat;

	(void)state;
	begin(&compat, TABLE "CREATE TABLE u (a)");
	add(&compat, "SELECT a FROM t", 1);
	add(&compat, "SELECT a FROM u", 0);
	before(&compat);
	after(&compat, "ALTER TABLE t DROP COLUMN a", "1");
	after(&compat, "ALTER TABLE t DROP COLUMN b", "2");
	after(&compat, "DROP TABLE u", "3");
	assert_int_equal(catalog_findings(compat.report), 2);
	assert_string_equal(catalog_finding(compat.report, "broken", "app.sql:1")->version, "1");
	assert_string_equal(catalog_finding(compat.report, "broken", "recorded")->version, "3");
	assert_true(weir__report_failed(compat.report));
	end(&compat);
}

static void before_is_what_it_was_last(void **state)
{
	struct compat compat;

	(void)state;
	begin(&compat, TABLE);
	add(&compat, "SELECT c FROM t", 1);
	before(&compat);
	catalog_run(&compat.made, "ALTER TABLE t ADD COLUMN c");
	before(&compat);
	after(&compat, "SELECT 1", "1");
	assert_int_equal(catalog_findings(compat.report), 0);
	end(&compat);
}

/* A statement is only looked at. */
static void nothing_is_run(void **state)
{
	struct compat compat;

	(void)state;
	begin(&compat, TABLE "INSERT INTO t (a) VALUES ('x')");
	add(&compat, "DELETE FROM t", 1);
	add(&compat, "DROP TABLE t", 2);
	before(&compat);
	after(&compat, "SELECT a FROM t", "1");
	assert_int_equal(catalog_findings(compat.report), 0);
	catalog_let_go(&compat.made);
	assert_code(weir_db_exec(compat.made.db, "INSERT INTO t (id) VALUES (1)", NULL, 0, NULL, NULL),
	            WEIR_ERR_DRIVER_SQL);
	end(&compat);
}

/* ---- an engine that fails, and one that tells less ---- */

static enum weir_code broken_prepare(void *conn, const char *text, size_t length, void **stmt,
                                     size_t *tail, struct weir_error *err)
{
	(void)conn;
	(void)text;
	(void)length;
	(void)stmt;
	(void)tail;
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "test", 5, "gone away");
}

static void a_broken_connection_is_no_broken_statement(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir__session odd;
	struct weir_sql sql;
	struct compat compat;

	(void)state;
	begin(&compat, TABLE);
	add(&compat, "SELECT a FROM t", 1);
	before(&compat);
	odd = compat.made.session;
	sql = *odd.sql;
	sql.prepare = broken_prepare;
	odd.sql = &sql;
	assert_code(weir__manifest_after(compat.manifest, &odd, compat.report, "1", &err),
	            WEIR_ERR_DRIVER_BROKEN);
	assert_has(err.message, "gone away");
	assert_int_equal(err.driver_code, 5);
	assert_code(weir__manifest_before(compat.manifest, &odd, NULL), WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(catalog_findings(compat.report), 0);
	end(&compat);
}

static uint32_t more_parameters(void *stmt)
{
	(void)stmt;
	return 7;
}

static void another_number_of_parameters_is_a_failure(void **state)
{
	struct weir__session odd;
	struct weir_sql sql;
	struct compat compat;

	(void)state;
	begin(&compat, TABLE);
	add(&compat, "SELECT a FROM t WHERE b = ?", 1);
	before(&compat);
	odd = compat.made.session;
	sql = *odd.sql;
	sql.parameters = more_parameters;
	odd.sql = &sql;
	assert_code(weir__manifest_after(compat.manifest, &odd, compat.report, "1", NULL), WEIR_OK);
	assert_int_equal(catalog_findings(compat.report), 1);
	assert_has(catalog_finding(compat.report, "parameters", "")->text, "Before: 1; now: 7");
	end(&compat);
}

static void an_engine_may_explain_nothing(void **state)
{
	struct weir_schema schema;
	struct weir_sql sql;
	struct compat compat;

	(void)state;
	begin(&compat, INDEX);
	add(&compat, "SELECT b FROM t WHERE a = ?", 1);
	schema = *compat.made.session.schema;
	schema.explain_prefix = NULL;
	compat.made.session.schema = &schema;
	sql = *compat.made.session.sql;
	sql.size = offsetof(struct weir_sql, parameters);
	compat.made.session.sql = &sql;
	before(&compat);
	after(&compat, "DROP INDEX t_a", "1");
	assert_int_equal(catalog_findings(compat.report), 0);
	schema.explain_prefix = "NONSENSE";
	before(&compat);
	assert_string_equal(compat.manifest->items[0].before.plan, "");
	end(&compat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_is_found_for_what_it_is),
		cmocka_unit_test(a_statement_is_told_of_with_the_first_migration_that_breaks_it),
		cmocka_unit_test(before_is_what_it_was_last),
		cmocka_unit_test(nothing_is_run),
		cmocka_unit_test(a_broken_connection_is_no_broken_statement),
		cmocka_unit_test(another_number_of_parameters_is_a_failure),
		cmocka_unit_test(an_engine_may_explain_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
