/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The rules of expand and contract: what each finds, and what passes.
 */
#include "catalog_fixture.h"

struct change {
	const char *before;
	const char *after;
	const char *rule; /* of the only finding; NULL: there is none */
	const char *text; /* what it says, for a part */
};

static const struct change changes[] = {
	/* what programs of before survive */
	{"", "CREATE TABLE t (a NOT NULL)", NULL, NULL},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b)", NULL, NULL},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b NOT NULL DEFAULT 1)", NULL, NULL},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b NOT NULL AS (a))", NULL, NULL},
	{"CREATE TABLE t (a NOT NULL)", "CREATE TABLE t (a)", NULL, NULL},
	{"CREATE TABLE t (a, b)", "CREATE TABLE t (b, a)", NULL, NULL},
	{"CREATE TABLE t (a)", "CREATE TABLE t (A)", NULL, NULL},
	{"CREATE TABLE t (a INT)", "CREATE TABLE t (a int)", NULL, NULL},
	{"CREATE TABLE t (a DECIMAL(1,2))", "CREATE TABLE t (a DECIMAL (1, 2))", NULL, NULL},
	{"CREATE TABLE t (a)", "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a)", NULL, NULL},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a); CREATE INDEX i ON t (a)", NULL, NULL},
	{"CREATE TABLE t (a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
     "CREATE TABLE t (a)", NULL, NULL},
	{"CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t",
     "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a || '' AS a FROM t", NULL, NULL},
	{"CREATE TABLE t (a INT NOT NULL)",
     "CREATE TABLE u (a INT NOT NULL); CREATE VIEW t AS SELECT a FROM u", NULL, NULL},
	{"CREATE TABLE t (a NOT NULL DEFAULT 1)", "CREATE TABLE t (a NOT NULL DEFAULT 2)", NULL, NULL},
	/* tables */
	{"CREATE TABLE t (a)", "", "dropped_table", "table t is gone"},
	{"CREATE TABLE t (a)", "CREATE TABLE u (b)", "dropped_table", "table t is gone"},
	{"CREATE TABLE t (a INT)", "CREATE TABLE u (a TEXT)", "dropped_table", "table t is gone"},
	{"CREATE TABLE u (a); CREATE TABLE t (a)", "CREATE TABLE u (a)", "dropped_table", "table t"},
	{"CREATE TABLE t (a)", "CREATE TABLE u (a)", "renamed_table", "table t is called u now"},
	{"CREATE VIEW v AS SELECT 1 AS a", "", "dropped_table", "view v is gone"},
	{"CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW w AS SELECT 1 AS a", "renamed_table", "view v"},
	{"CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW v AS SELECT a FROM gone", "dropped_table",
     "view v cannot be read"},
	/* columns */
	{"CREATE TABLE t (a, b)", "CREATE TABLE t (a)", "dropped_column", "column t.b is gone"},
	{"CREATE TABLE t (a INT, b INT)", "CREATE TABLE t (b INT, c INT)", "dropped_column", "t.a"},
	{"CREATE TABLE t (a INT, b)", "CREATE TABLE t (c TEXT, b)", "dropped_column", "t.a"},
	{"CREATE VIEW v AS SELECT 1 AS a, 2 AS b", "CREATE VIEW v AS SELECT 1 AS a", "dropped_column",
     "v.b"},
	{"CREATE TABLE t (a INT, b)", "CREATE TABLE t (c INT, b)", "renamed_column",
     "column t.a is called c now"},
	{"CREATE TABLE t (a NOT NULL)", "CREATE TABLE t (b NOT NULL)", "renamed_column", "t.a"},
	{"CREATE TABLE t (a INT)", "CREATE TABLE t (a TEXT)", "changed_type", "column t.a"},
	/* NOT NULL */
	{"CREATE TABLE t (a)", "CREATE TABLE t (a, b NOT NULL)", "new_not_null", "column t.b is new"},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a NOT NULL)", "new_not_null", "column t.a"},
	{"CREATE TABLE t (a)", "CREATE TABLE t (a NOT NULL DEFAULT 1)", "new_not_null", "column t.a"},
	{"CREATE TABLE t (a NOT NULL DEFAULT 1)", "CREATE TABLE t (a NOT NULL)", "new_not_null",
     "no default any more"},
	/* indexes */
	{"CREATE TABLE t (a); CREATE INDEX i ON t (a)", "CREATE TABLE t (a)", "dropped_index",
     "index i is gone"},
	{"CREATE TABLE t (a); CREATE INDEX i ON t (a)", "", "dropped_table", "table t is gone"},
};

static struct weir_migrate_report *contractions(const char *before, const char *after)
{
	struct weir_migrate_report *const report = weir__report_new();
	struct weir__catalog left;
	struct weir__catalog right;

	assert_non_null(report);
	catalog_of(&left, before);
	catalog_of(&right, after);
	assert_true(weir__catalog_contractions(&left, &right, report, "7"));
	weir__catalog_free(&left);
	weir__catalog_free(&right);
	return report;
}

static void check(const struct change *change)
{
	struct weir_migrate_report *const report = contractions(change->before, change->after);
	const struct weir_migrate_finding *findings;
	const size_t count = weir_migrate_findings(report, &findings);

	if (count != (change->rule == NULL ? 0 : 1))
		fail_msg("%zu findings: %s; %s; %s", count, change->before, change->after,
		         count == 0 ? "" : findings[0].text);
	if (count == 1) {
		assert_string_equal(findings[0].rule, change->rule);
		assert_has(findings[0].text, change->text);
		assert_has(findings[0].text, "release");
		assert_string_equal(findings[0].version, "7");
		assert_int_equal(findings[0].severity, strcmp(change->rule, "dropped_index") == 0
		                                           ? WEIR_MIGRATE_NOTE
		                                           : WEIR_MIGRATE_FAILURE);
	}
	weir_migrate_report_free(report);
}

static void each_rule_finds_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		check(&changes[i]);
}

/* Two that are gone are not both called by the name of the one that is new. */
static void a_new_table_is_one_old_one_at_most(void **state)
{
	struct weir_migrate_report *const report =
		contractions("CREATE TABLE a (x); CREATE TABLE b (x)", "CREATE TABLE c (x)");

	(void)state;
	assert_int_equal(catalog_findings(report), 2);
	assert_non_null(catalog_finding(report, "renamed_table", "table a is called c"));
	assert_non_null(catalog_finding(report, "dropped_table", "table b is gone"));
	weir_migrate_report_free(report);
}

static void all_of_them_are_found(void **state)
{
	struct weir_migrate_report *const report = contractions(
		"CREATE TABLE t (a INT, b INT, c, d); CREATE TABLE u (a); CREATE INDEX i ON t (d)",
		"CREATE TABLE t (a TEXT, bb INT, c NOT NULL, d, e NOT NULL)");

	(void)state;
	assert_int_equal(catalog_findings(report), 6);
	assert_non_null(catalog_finding(report, "changed_type", "t.a"));
	assert_non_null(catalog_finding(report, "renamed_column", "t.b"));
	assert_non_null(catalog_finding(report, "new_not_null", "t.c"));
	assert_non_null(catalog_finding(report, "new_not_null", "t.e"));
	assert_non_null(catalog_finding(report, "dropped_table", "table u"));
	assert_non_null(catalog_finding(report, "dropped_index", "index i"));
	weir_migrate_report_free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_finds_its_own),
		cmocka_unit_test(a_new_table_is_one_old_one_at_most),
		cmocka_unit_test(all_of_them_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
