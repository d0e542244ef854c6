/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is kept of a rehearsal beside the database: written and read, refused, replaced.
 */
#include "db_fixture.h"

#include "rehearse_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct weir__memory some = {
	.from = "3", .to = "20240131235959", .blocked_ns = 1234567, .duration_ns = 2345678};

static void place_of(const struct db_fixture *fixture, char place[256])
{
	(void)snprintf(place, 256, "%s-weir-rehearsal", fixture->path);
}

static void put(const struct db_fixture *fixture, const char *text)
{
	char place[256];
	FILE *file;

	place_of(fixture, place);
	file = fopen(place, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void get(const struct db_fixture *fixture, char *text, size_t size)
{
	char place[256];
	FILE *file;

	place_of(fixture, place);
	file = fopen(place, "re");
	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	assert_int_equal(fclose(file), 0);
}

/* Write memory with a report of one row; the report is the caller's. */
static struct weir_migrate_report *remember(struct weir_db *db, const struct weir__memory *memory)
{
	struct weir_migrate_report *const report = weir__report_new();
	struct weir_migrate_row *row;

	assert_non_null(report);
	row = weir__report_row(report);
	assert_non_null(row);
	row->done = true;
	row->blocked_ns = 77;
	(void)snprintf(row->version, sizeof row->version, "%s", memory->to);
	assert_true(weir__memory_write(db, memory, report));
	return report;
}

static void what_was_written_is_read(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrate_report *const report = remember(db, &some);
	struct weir__memory memory;
	int64_t format;
	char text[1024];

	assert_int_equal(weir_migrate_findings(report, &(const struct weir_migrate_finding *){NULL}),
	                 0);
	assert_int_equal(weir__memory_read(db, &memory, &format), WEIR__MEMORY_THERE);
	assert_int_equal(format, 1);
	assert_string_equal(memory.from, some.from);
	assert_string_equal(memory.to, some.to);
	assert_int_equal(memory.blocked_ns, some.blocked_ns);
	assert_int_equal(memory.duration_ns, some.duration_ns);
	get(fixture, text, sizeof text);
	assert_has(text, "{\"version\": \"20240131235959\", \"duration_ns\": 0, \"blocked_ns\": 77}");
	weir_migrate_report_free(report);
	db_end(db);
}

static void only_the_same_way_is_known(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);

	assert_int_equal(weir__rehearsed_ns(db, some.from, some.to), 0);
	weir_migrate_report_free(remember(db, &some));
	assert_int_equal(weir__rehearsed_ns(db, some.from, some.to), some.blocked_ns);
	assert_int_equal(weir__rehearsed_ns(db, "2", some.to), 0);
	assert_int_equal(weir__rehearsed_ns(db, some.from, "4"), 0);
	assert_int_equal(weir__rehearsed_ns(db, "", ""), 0);
	db_end(db);
}

static void the_last_replaces_the_one_before(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir__memory other = some;

	weir_migrate_report_free(remember(db, &some));
	other.from[0] = '\0';
	other.blocked_ns = 5;
	weir_migrate_report_free(remember(db, &other));
	assert_int_equal(weir__rehearsed_ns(db, "", some.to), 5);
	assert_int_equal(weir__rehearsed_ns(db, some.from, some.to), 0);
	db_end(db);
}

static void another_format_is_unknown_and_stays(void **state)
{
	static const char newer[] = "{\n\"format\": 2,\n\"from\": [\"3\"]\n}\n";
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	const struct weir_migrate_finding *findings;
	struct weir_migrate_report *report;
	char text[256];

	put(fixture, newer);
	assert_int_equal(weir__rehearsed_ns(db, "3", "4"), 0);
	report = remember(db, &some);
	assert_int_equal(weir_migrate_findings(report, &findings), 1);
	assert_int_equal(findings[0].severity, WEIR_MIGRATE_NOTE);
	assert_has(findings[0].text, "-weir-rehearsal is of format 2");
	assert_has(findings[0].text, "delete it");
	get(fixture, text, sizeof text);
	assert_string_equal(text, newer);
	weir_migrate_report_free(report);
	db_end(db);
}

static const char *const broken[] = {
	"",
	"{",
	"nonsense",
	"{\"format\": -1,",
	"{\"format\": 99999999999999999999,",
	"{\"format\": 1, \"from\": \"3",
	"{\"format\": 1, \"from\": \"3\", \"to\": 4,",
	"{\"format\": 1, \"from\": \"3\", \"to\": \"4\", \"blocked_ns\": x,",
	"{\"format\": 1, \"from\": \"3\", \"to\": \"4\", \"blocked_ns\": -4, \"duration_ns\": 5,",
	"{\"format\": 1, \"from\": "
	"\"33333333333333333333333333333333333333333333333333333333333333333333333333\", "
	"\"to\": \"4\", \"blocked_ns\": 4, \"duration_ns\": 5,",
};

static void a_broken_file_is_unknown_and_replaced(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);

	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct weir__memory memory;
		int64_t format;

		put(fixture, broken[i]);
		assert_int_equal(weir__memory_read(db, &memory, &format), WEIR__MEMORY_BROKEN);
		assert_int_equal(weir__rehearsed_ns(db, "3", "4"), 0);
		weir_migrate_report_free(remember(db, &some));
		assert_int_equal(weir__rehearsed_ns(db, some.from, some.to), some.blocked_ns);
	}
	db_end(db);
}

/* A folder in its place: neither readable nor replaceable, also by root. */
static void a_file_that_cannot_be_written_is_a_warning(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	const struct weir_migrate_finding *findings;
	struct weir_migrate_report *report;
	char place[256];

	place_of(fixture, place);
	assert_int_equal(mkdir(place, 0700), 0);
	assert_int_equal(weir__rehearsed_ns(db, "3", "4"), 0);
	report = remember(db, &some);
	assert_int_equal(weir_migrate_findings(report, &findings), 1);
	assert_int_equal(findings[0].severity, WEIR_MIGRATE_WARNING);
	assert_has(findings[0].text, "is not remembered");
	weir_migrate_report_free(report);
	db_end(db);
}

static void a_version_that_would_break_the_file_is_not_written(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir__memory odd = some;
	struct weir__memory memory;
	int64_t format;

	(void)snprintf(odd.to, sizeof odd.to, "4\", \"blocked_ns\": 1");
	weir_migrate_report_free(remember(db, &odd));
	assert_int_equal(weir__memory_read(db, &memory, &format), WEIR__MEMORY_NONE);
	db_end(db);
}

static void a_private_database_has_no_memory(void **state)
{
	struct weir_db *db = NULL;
	struct weir__memory memory;
	int64_t format;

	(void)state;
	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", NULL), WEIR_OK);
	weir_migrate_report_free(remember(db, &some));
	assert_int_equal(weir__memory_read(db, &memory, &format), WEIR__MEMORY_NONE);
	assert_int_equal(weir__rehearsed_ns(db, some.from, some.to), 0);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(what_was_written_is_read),
		DB_TEST(only_the_same_way_is_known),
		DB_TEST(the_last_replaces_the_one_before),
		DB_TEST(another_format_is_unknown_and_stays),
		DB_TEST(a_broken_file_is_unknown_and_replaced),
		DB_TEST(a_file_that_cannot_be_written_is_a_warning),
		DB_TEST(a_version_that_would_break_the_file_is_not_written),
		DB_TEST(a_private_database_has_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
