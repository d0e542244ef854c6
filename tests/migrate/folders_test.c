/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The folders in the formats of four tools: up to every version and down again, and the
 * same schema at the end of each.
 */
#include "migrate_fixture.h"

#include <stdlib.h>
#include <string.h>

#define VERSIONS_MAX 16

/* The lowest that can be gone down to: above the newest without a way down. */
static size_t lowest(const struct weir_migrations *set, struct weir_migration *migrations)
{
	const size_t count = weir_migrations_count(set);
	size_t low = 0;

	for (size_t i = 0; i < count; i++) {
		assert_true(weir_migrations_at(set, i, &migrations[i]));
		if (!migrations[i].has_down)
			low = i + 1;
	}
	return low;
}

static void through(struct db_fixture *fixture, const char *name)
{
	struct weir_migrations *const set = folder_set(name);
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migration migrations[VERSIONS_MAX];
	char *before;
	char *after;
	const size_t count = weir_migrations_count(set);
	const size_t low = lowest(set, migrations);

	assert_in_range(count, 5, VERSIONS_MAX);
	assert_string_equal(weir_migrate_format_name(weir_migrations_format(set)),
	                    strcmp(name, "golang") == 0 ? "golang-migrate" : name);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(must_up(db, set, migrations[i].version), 1);
	before = contents_but_history(fixture);
	for (size_t i = count; i > low; i--)
		assert_int_equal(must_down(db, set, NULL), 1);
	assert_int_equal(must_up(db, set, NULL), count - low);
	after = contents_but_history(fixture);
	assert_string_equal(after, before);
	if (low == 0)
		assert_int_equal(must_down(db, set, "0"), count);
	db_end(db);
	remove_database(fixture);
	free(before);
	free(after);
	weir_migrations_free(set);
}

static void up_to_every_version_and_down_again(void **state)
{
	for (size_t i = 0; i < FOLDERS_COUNT; i++)
		through(*state, folders[i]);
}

/* Down leaves the rows alone that were there before, and takes the schema back. */
static void down_takes_back_what_up_has_made(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_migrations *const set = folder_set("weir");
	struct weir_db *const db = db_make(fixture, NULL);

	must_up(db, set, NULL);
	must_down(db, set, "0");
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE tbl_name NOT IN "
	                               "('weir_schema_history', 'sqlite_sequence')"),
	                 0);
	db_end(db);
	weir_migrations_free(set);
}

static char *fingerprint_at_head(struct db_fixture *fixture, const char *name)
{
	struct weir_migrations *const set = folder_set(name);
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrate_report *report = NULL;
	char *fingerprint;

	assert_code(weir_migrate_up(db, set, NULL, NULL, &report, NULL), WEIR_OK);
	fingerprint = strdup(weir_migrate_fingerprint(report));
	weir_migrate_report_free(report);
	db_end(db);
	remove_database(fixture);
	weir_migrations_free(set);
	return fingerprint;
}

static void all_arrive_at_the_same_schema(void **state)
{
	char *const wanted = fingerprint_at_head(*state, folders[0]);

	assert_int_equal(strlen(wanted), 64);
	for (size_t i = 1; i < FOLDERS_COUNT; i++) {
		char *const found = fingerprint_at_head(*state, folders[i]);

		assert_string_equal(found, wanted);
		free(found);
	}
	free(wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(up_to_every_version_and_down_again),
		DB_TEST(down_takes_back_what_up_has_made),
		DB_TEST(all_arrive_at_the_same_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
