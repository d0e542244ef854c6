/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How two schemas differ, and that the SQL of the findings makes one of the other.
 */
#include "catalog_fixture.h"

#include <stdlib.h>

static struct weir_migrate_report *differences(const char *wanted, const char *is)
{
	struct weir_migrate_report *const report = weir__report_new();
	struct weir__catalog left;
	struct weir__catalog right;

	assert_non_null(report);
	catalog_of(&left, wanted);
	catalog_of(&right, is);
	assert_true(weir__catalog_differences(&left, &right, report));
	weir__catalog_free(&left);
	weir__catalog_free(&right);
	return report;
}

static void the_same_has_no_differences(void **state)
{
	struct weir_migrate_report *const report =
		differences("CREATE TABLE t (a, b); CREATE INDEX i ON t (a)",
	                "CREATE TABLE t(a, -- one\n b); CREATE INDEX i ON t(a)");

	(void)state;
	assert_int_equal(catalog_findings(report), 0);
	weir_migrate_report_free(report);
}

/* ---- the SQL mends ---- */

static const struct {
	const char *wanted;
	const char *is;
} mendable[] = {
	{"CREATE TABLE t (a)", ""},
	{"", "CREATE TABLE t (a)"},
	{"",
     "CREATE TABLE t (a UNIQUE); CREATE INDEX i ON t (a);"
     "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIEW v AS SELECT a FROM t"},
	{"CREATE TABLE t (a UNIQUE); CREATE INDEX i ON t (a);"
     "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIEW v AS SELECT a FROM t;"
     "CREATE TRIGGER s INSTEAD OF INSERT ON v BEGIN SELECT 1; END;",
     ""},
	{"CREATE TABLE t (a); CREATE INDEX i ON t (a)",
     "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a)"},
	{"CREATE TABLE t (a); CREATE VIEW v AS SELECT 1",
     "CREATE TABLE t (a); CREATE VIEW v AS SELECT 2"},
	{"CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
     "CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 2; END"},
	{"CREATE TABLE \"a \"\" b\" (a)", "CREATE VIEW \"a \"\" b\" AS SELECT 1"},
	/* columns at the end, less or more */
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, \"B b\" TEXT NOT NULL DEFAULT 'x,y)', c)"},
	{"CREATE TABLE t (a INT, CHECK (a > 0)) STRICT",
     "CREATE TABLE t (a INT, b TEXT, CHECK (a > 0)) STRICT; CREATE INDEX i ON t (b)"},
	{"CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t",
     "CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; ALTER TABLE t ADD COLUMN b"},
	{"CREATE TABLE t (a, b)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b TEXT NOT NULL DEFAULT 'x,y)', c, d REFERENCES t (a))",
     "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, B COLLATE NOCASE CHECK (B IN (1, 2)), PRIMARY KEY (a))",
     "CREATE TABLE t (a, PRIMARY KEY (a))"},
	{"CREATE TABLE t (a, fx INT, FOREIGN KEY (a) REFERENCES t (a))",
     "CREATE TABLE t (a, FOREIGN KEY (a) REFERENCES t (a))"},
	{"CREATE TABLE t (a, aa, ab)", "CREATE TABLE t (a, aa)"},
	{"CREATE TABLE t (a PRIMARY KEY, b DECIMAL(10, 2)) WITHOUT ROWID",
     "CREATE TABLE t (a PRIMARY KEY) WITHOUT ROWID"},
};

/* Run the findings' SQL on a database made by `is`, and look what it is then. */
static void mend(const char *wanted, const char *is)
{
	struct weir_migrate_report *const report = differences(wanted, is);
	const struct weir_migrate_finding *findings;
	const size_t count = weir_migrate_findings(report, &findings);
	struct weir__catalog mended;
	struct weir__catalog left;
	struct catalog_db made;

	assert_true(count > 0);
	catalog_of(&left, wanted);
	catalog_open(&made, is);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(findings[i].severity, WEIR_MIGRATE_FAILURE);
		assert_string_equal(findings[i].version, "");
		catalog_run(&made, findings[i].sql);
	}
	assert_code(weir__catalog_read(&made.session, CATALOG_HISTORY, &mended, NULL), WEIR_OK);
	if (strcmp(mended.fingerprint, left.fingerprint) != 0)
		fail_msg("not mended: %s; first: %s", wanted, findings[0].sql);
	catalog_close(&made);
	weir__catalog_free(&mended);
	weir__catalog_free(&left);
	weir_migrate_report_free(report);
}

static void the_sql_of_the_findings_makes_one_of_the_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mendable / sizeof mendable[0]; i++)
		mend(mendable[i].wanted, mendable[i].is);
}

/* ---- what SQL cannot mend ---- */

static const struct {
	const char *wanted;
	const char *is;
} rebuilds[] = {
	{"CREATE TABLE t (b)", "CREATE TABLE t (a, b)"},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b UNIQUE)"},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b PRIMARY KEY)"},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b REFERENCES t (a))"},
	{"CREATE TABLE t (a, b DEFAULT 1 REFERENCES t (a))", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b, CHECK (a > b))"},
	{"CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)"},
	{"CREATE TABLE t (b, a)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b)", "CREATE TABLE t (A)"},
	{"CREATE TABLE t (a, b NOT NULL)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b UNIQUE)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b PRIMARY KEY)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b AS (a) STORED)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b DEFAULT CURRENT_TIMESTAMP)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b DEFAULT (1 + 1))", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a, b, CHECK (a > b))", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a CHECK (a > 0), b)", "CREATE TABLE t (a)"},
	{"CREATE TABLE t (a CHECK (a > 0))", "CREATE TABLE t (a)"},
};

static void other_changes_of_a_table_need_a_rebuild(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rebuilds / sizeof rebuilds[0]; i++) {
		struct weir_migrate_report *const report = differences(rebuilds[i].wanted, rebuilds[i].is);
		const struct weir_migrate_finding *finding = catalog_finding(report, "changed", "table t ");

		assert_int_equal(catalog_findings(report), 1);
		assert_non_null(finding);
		if (strncmp(finding->sql, "-- weir migrate rebuild t,", 26) != 0)
			fail_msg("%s: %s", rebuilds[i].wanted, finding->sql);
		assert_has(finding->text, "weir migrate rebuild");
		weir_migrate_report_free(report);
	}
}

static void a_rebuild_is_only_a_comment(void **state)
{
	struct weir_migrate_report *const report =
		differences("CREATE TABLE t (a,\n  b DEFAULT '\n;')", "CREATE TABLE t (b)");

	(void)state;
	assert_string_equal(catalog_finding(report, "changed", "")->sql,
	                    "-- weir migrate rebuild t, to become:\n"
	                    "-- CREATE TABLE t (a,\n--   b DEFAULT '\n-- ;')");
	weir_migrate_report_free(report);
}

static void what_goes_with_its_table_needs_no_sql(void **state)
{
	struct weir_migrate_report *const report =
		differences("", "CREATE TABLE t (a); CREATE INDEX i ON t (a)");

	(void)state;
	assert_string_equal(catalog_finding(report, "unexpected", "index i")->sql, "");
	assert_string_equal(catalog_finding(report, "unexpected", "table t")->sql, "DROP TABLE \"t\";");
	weir_migrate_report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_has_no_differences),
		cmocka_unit_test(the_sql_of_the_findings_makes_one_of_the_other),
		cmocka_unit_test(other_changes_of_a_table_need_a_rebuild),
		cmocka_unit_test(a_rebuild_is_only_a_comment),
		cmocka_unit_test(what_goes_with_its_table_needs_no_sql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
