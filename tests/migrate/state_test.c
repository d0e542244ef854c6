/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Set and history side by side, without a database.
 */
#include "history_fixture.h"

#include "state.h"

#include <string.h>

#define ROWS_MAX 200

/* A row of the log, short: checksum NULL is that of the set's migration. */
struct entry {
	const char *version;
	const char *direction;
	const char *outcome;
	const char *checksum;
};

struct table {
	struct weir_migrations *set;
	struct weir__history history;
	struct weir__history_row rows[ROWS_MAX];
	struct weir_migrate_report *report;
};

/* A set of 1, 2, 3, … count, of distinct scripts. */
static struct weir_migrations *numbers(size_t count)
{
	static char texts[ROWS_MAX][32];
	struct scripts scripts[64] = {{0}};

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "SELECT %zu", i);
		scripts[i].up = texts[i];
		scripts[i].down = i == 1 ? NULL : "SELECT 0";
	}
	return set_of(scripts);
}

static const char *checksum_of(const struct weir_migrations *set, const char *version)
{
	const size_t at = weir__set_find(set, version);

	return at == SIZE_MAX ? "gone" : set->list[at].checksum;
}

/* The states of a set and a log, which ends with an entry without version. */
static const char *lay(struct table *table, struct weir_migrations *set,
                       const struct entry *entries)
{
	size_t count = 0;

	memset(table, 0, sizeof *table);
	table->set = set;
	for (; entries[count].version != NULL; count++) {
		const struct entry *const entry = &entries[count];
		struct weir__history_row *const row = &table->rows[count];

		row->id = (int64_t)count + 1;
		(void)snprintf(row->version, sizeof row->version, "%s", entry->version);
		(void)snprintf(row->name, sizeof row->name, "old name");
		(void)snprintf(row->direction, sizeof row->direction, "%s", entry->direction);
		(void)snprintf(row->outcome, sizeof row->outcome, "%s", entry->outcome);
		(void)snprintf(row->checksum, sizeof row->checksum, "%s",
		               entry->checksum != NULL ? entry->checksum
		                                       : checksum_of(set, entry->version));
		row->applied_at = 1000 + row->id;
		row->duration_ns = 100 * row->id;
		row->statements = row->id;
	}
	table->history.there = true;
	table->history.rows = table->rows;
	table->history.count = count;
	table->report = weir__report_new();
	assert_non_null(table->report);
	assert_code(weir__state_rows(set, &table->history, table->report, NULL), WEIR_OK);
	return states_of(table->report);
}

static enum weir_code refuse(const struct table *table, enum weir_migrate_order order,
                             struct weir_error *err)
{
	return weir__state_refuse(table->report, order, err);
}

static void clear(struct table *table)
{
	weir_migrate_report_free(table->report);
	weir_migrations_free(table->set);
}

struct example {
	struct entry entries[6];
	const char *states;
	const char *version;
	enum weir_code refused;
};

/* Of a set of 1, 2, 3. */
static const struct example examples[] = {
	{{{0}}, "1 pending, 2 pending, 3 pending", "", WEIR_OK},
	{{{"1", "up", "done", NULL}, {"2", "up", "done", NULL}},
     "1 applied, 2 applied, 3 pending",
     "2",
     WEIR_OK},
	{{{"1", "up", "done", NULL}, {"1", "down", "done", NULL}},
     "1 pending, 2 pending, 3 pending",
     "",
     WEIR_OK},
	{{{"1", "baseline", "done", NULL}, {"2", "adopt", "done", ""}, {"3", "up", "done", NULL}},
     "1 applied, 2 applied, 3 applied",
     "3",
     WEIR_OK},
	{{{"1", "up", "done", "other"}, {"2", "up", "done", NULL}},
     "1 edited, 2 applied, 3 pending",
     "2",
     WEIR_ERR_MIGRATE_DRIFT},
	{{{"1", "up", "done", "other"}, {"1", "repair", "done", NULL}},
     "1 applied, 2 pending, 3 pending",
     "1",
     WEIR_OK},
	{{{"1", "up", "done", NULL}, {"15", "up", "done", "x"}, {"9", "up", "done", "x"}},
     "1 applied, 2 behind, 3 behind, 9 missing, 15 missing",
     "15",
     WEIR_ERR_MIGRATE_DRIFT},
	{{{"9", "up", "done", "x"}, {"9", "down", "done", "x"}},
     "1 pending, 2 pending, 3 pending",
     "",
     WEIR_OK},
	{{{"1", "up", "done", NULL}, {"3", "up", "done", NULL}},
     "1 applied, 2 behind, 3 applied",
     "3",
     WEIR_ERR_MIGRATE_ORDER},
	{{{"1", "up", "done", NULL}, {"3", "up", "done", NULL}, {"2", "up", "done", NULL}},
     "1 applied, 2 applied, 3 applied",
     "3",
     WEIR_OK},
	{{{"1", "up", "done", NULL}, {"2", "up", "running", NULL}},
     "1 applied, 2 interrupted, 3 pending",
     "1",
     WEIR_OK},
	{{{"2", "up", "running", NULL}},
     "1 behind, 2 interrupted, 3 pending",
     "",
     WEIR_ERR_MIGRATE_ORDER},
	{{{"1", "up", "done", NULL}, {"1", "down", "running", NULL}},
     "1 interrupted, 2 pending, 3 pending",
     "",
     WEIR_OK},
	{{{"1", "up", "running", NULL}, {"1", "repair", "done", NULL}},
     "1 applied, 2 pending, 3 pending",
     "1",
     WEIR_OK},
};

static void states_come_of_the_newest_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
		const struct example *const example = &examples[i];
		struct table table;

		assert_string_equal(lay(&table, numbers(3), example->entries), example->states);
		assert_string_equal(weir_migrate_version(table.report), example->version);
		assert_code(refuse(&table, WEIR_MIGRATE_ORDER_REFUSE, NULL), example->refused);
		clear(&table);
	}
}

static void a_script_under_another_version_is_reordered(void **state)
{
	struct weir_migrations *const set = numbers(3);
	const struct entry entries[] = {{"1", "up", "done", checksum_of(set, "2")},
	                                {"2", "up", "done", checksum_of(set, "1")},
	                                {0}};
	struct weir_error err = WEIR_ERROR_INIT;
	struct table table;

	(void)state;
	assert_string_equal(lay(&table, set, entries), "1 reordered, 2 reordered, 3 pending");
	assert_code(refuse(&table, WEIR_MIGRATE_ORDER_REFUSE, &err), WEIR_ERR_MIGRATE_DRIFT);
	assert_says(&err, "applied under another version: 1, 2.");
	clear(&table);
}

static void order_is_a_matter_of_policy(void **state)
{
	const struct entry entries[] = {{"2", "up", "done", NULL}, {0}};
	struct weir_error err = WEIR_ERROR_INIT;
	struct table table;

	(void)state;
	(void)lay(&table, numbers(3), entries);
	assert_code(refuse(&table, WEIR_MIGRATE_ORDER_APPLY, NULL), WEIR_OK);
	assert_code(refuse(&table, WEIR_MIGRATE_ORDER_IGNORE, NULL), WEIR_OK);
	assert_code(refuse(&table, WEIR_MIGRATE_ORDER_REFUSE, &err), WEIR_ERR_MIGRATE_ORDER);
	assert_says(&err, "pending below 2, which is applied: 1.");
	assert_says(&err, "--allow-out-of-order");
	clear(&table);
}

static void all_of_the_drift_is_listed(void **state)
{
	const struct entry entries[] = {{"1", "up", "done", "other"},
	                                {"2", "up", "done", "other"},
	                                {"3", "up", "done", NULL},
	                                {"7", "up", "done", "x"},
	                                {0}};
	struct weir_error err = WEIR_ERROR_INIT;
	struct table table;

	(void)state;
	(void)lay(&table, numbers(3), entries);
	assert_code(refuse(&table, WEIR_MIGRATE_ORDER_IGNORE, &err), WEIR_ERR_MIGRATE_DRIFT);
	assert_says(&err, "edited since applied: 1, 2; applied, but not in the set: 7.");
	assert_says(&err, "weir migrate repair, with VERSION for one that is gone");
	clear(&table);
}

/* However long the versions are, the advice is still there. */
static void a_long_list_is_cut_and_counted(void **state)
{
	struct entry entries[101] = {{0}};
	char versions[100][40];
	struct weir_error err = WEIR_ERROR_INIT;
	struct table table;

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		(void)snprintf(versions[i], sizeof versions[i], "20240101%06zu", i);
		entries[i] = (struct entry){versions[i], "up", "done", "x"};
	}
	entries[99].version = "1";
	(void)lay(&table, numbers(1), entries);
	assert_code(refuse(&table, WEIR_MIGRATE_ORDER_REFUSE, &err), WEIR_ERR_MIGRATE_DRIFT);
	assert_says(&err, "edited since applied: 1;");
	assert_says(&err, "20240101000000 and 98 more");
	assert_says(&err, "weir migrate repair");
	clear(&table);
}

static void dbmate_goes_by_names(void **state)
{
	const struct entry entries[] = {{"10", "up", "done", "x"}, {"2", "up", "done", "x"}, {0}};
	struct weir_migrations *const set = numbers(0);
	struct table table;

	(void)state;
	set->format = WEIR_MIGRATE_DBMATE;
	assert_string_equal(lay(&table, set, entries), "10 missing, 2 missing");
	clear(&table);
}

static void a_row_tells_what_is_known(void **state)
{
	const struct entry entries[] = {{"1", "up", "done", "other"},
	                                {"2", "up", "running", NULL},
	                                {"8", "up", "done", "x"},
	                                {"1", "repair", "done", NULL},
	                                {0}};
	const struct weir_migrate_row *rows;
	struct table table;

	(void)state;
	(void)lay(&table, numbers(3), entries);
	assert_int_equal(weir_migrate_rows(table.report, &rows), 4);
	assert_string_equal(rows[0].name, "step");
	assert_int_equal(rows[0].applied_at, 1001); /* of up, not of the repair */
	assert_int_equal(rows[0].duration_ns, 100);
	assert_true(rows[0].has_down);
	assert_int_equal(rows[1].resume_at, 2);
	assert_int_equal(rows[1].applied_at, 0);
	assert_false(rows[1].has_down);
	assert_int_equal(rows[2].applied_at, 0);
	assert_string_equal(rows[3].name, "old name");
	assert_int_equal(rows[3].applied_at, 1003);
	clear(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_come_of_the_newest_row),
		cmocka_unit_test(a_script_under_another_version_is_reordered),
		cmocka_unit_test(order_is_a_matter_of_policy),
		cmocka_unit_test(all_of_the_drift_is_listed),
		cmocka_unit_test(a_long_list_is_cut_and_counted),
		cmocka_unit_test(dbmate_goes_by_names),
		cmocka_unit_test(a_row_tells_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
