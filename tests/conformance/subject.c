/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The drivers that the conformance suites run on.
 */
#include "subject.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/sqlite.h>
#include <weir/stub.h>

#define STUB_CODE 7001
#define SQLITE_CANTOPEN_CODE 14

/* ---- stub ---- */

static void arrange_stub(struct place *place)
{
	place->driver_data = weir_stub_create();
	assert_non_null(place->driver_data);
}

static void arrange_nothing(struct place *place)
{
	place->driver_data = NULL;
}

static void make_stub_unreachable(struct place *place)
{
	const struct weir_stub_script script = {
		.size = sizeof(script), .fail_opens = UINT32_MAX, .driver_code = STUB_CODE};

	weir_stub_set(place->driver_data, &script);
}

static void sever_stub(struct place *place)
{
	const struct weir_stub_script script = {
		.size = sizeof(script), .fail_validates = UINT32_MAX, .driver_code = STUB_CODE};

	weir_stub_set(place->driver_data, &script);
}

static void clear_stub(struct place *place)
{
	struct weir_stub_counts counts;

	weir_stub_read(place->driver_data, &counts);
	weir_stub_destroy(place->driver_data);
	assert_int_equal(counts.misuses, 0);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.opens, counts.closes);
}

static void clear_nothing(struct place *place)
{
	assert_null(place->driver_data);
}

/* ---- sqlite ---- */

static void arrange_sqlite(struct place *place)
{
	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/weir-conformance-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	(void)snprintf(place->config.path, sizeof(place->config.path), "%s/test.db", place->folder);
}

static void make_sqlite_unreachable(struct place *place)
{
	(void)snprintf(place->config.path, sizeof(place->config.path), "%s/missing/test.db",
	               place->folder);
}

static void sever_sqlite(struct place *place)
{
	assert_int_equal(unlink(place->config.path), 0);
}

static void clear_sqlite(struct place *place)
{
	DIR *const folder = opendir(place->folder);

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
	}
	closedir(folder);
	assert_int_equal(rmdir(place->folder), 0);
}

static const struct subject subjects[] = {
	{"stub", weir_stub_driver, arrange_stub, make_stub_unreachable, STUB_CODE, sever_stub,
     clear_stub},
	{"stub-prompt", weir_stub_prompt_driver, arrange_stub, make_stub_unreachable, STUB_CODE,
     sever_stub, clear_stub},
	{"stub-bare", weir_stub_bare_driver, arrange_stub, make_stub_unreachable, STUB_CODE, NULL,
     clear_stub},
	{"stub-alone", weir_stub_driver, arrange_nothing, NULL, 0, NULL, clear_nothing},
	{"sqlite", weir_sqlite_driver, arrange_sqlite, make_sqlite_unreachable, SQLITE_CANTOPEN_CODE,
     sever_sqlite, clear_sqlite},
};

#define SUBJECTS_COUNT (sizeof(subjects) / sizeof(subjects[0]))

int arrange_place(void **state)
{
	struct place *const place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->subject = *state;
	place->driver = place->subject->driver();
	weir_config_init(&place->config, place->driver);
	place->subject->arrange(place);
	*state = place;
	return 0;
}

int clear_place(void **state)
{
	struct place *const place = *state;

	place->subject->clear_away(place);
	free(place);
	return 0;
}

int run_on_subjects(const struct CMUnitTest *cases, size_t count, bool with_sql)
{
	struct CMUnitTest *const tests = calloc(count, sizeof(*tests));
	int failures = 0;

	if (tests == NULL)
		return 1;
	for (size_t i = 0; i < SUBJECTS_COUNT; i++) {
		struct subject subject = subjects[i];

		if (with_sql && subject.driver()->sql == NULL)
			continue;
		memcpy(tests, cases, count * sizeof(*tests));
		for (size_t j = 0; j < count; j++) {
			tests[j].initial_state = &subject;
			if (tests[j].setup_func == NULL) {
				tests[j].setup_func = arrange_place;
				tests[j].teardown_func = clear_place;
			}
		}
		failures += _cmocka_run_group_tests(subject.name, tests, count, NULL, NULL);
	}
	free(tests);
	return failures == 0 ? 0 : 1;
}

enum weir_code open_until(struct place *place, struct weir_time deadline, void **conn,
                          struct weir_error *err)
{
	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &place->config,
		.deadline = deadline,
		.driver_data = place->driver_data,
	};

	return place->driver->open(&request, conn, err);
}

void *open_one(struct place *place)
{
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	if (open_until(place, soon(), &conn, &err) != WEIR_OK)
		fail_msg("open: %s", err.message);
	assert_non_null(conn);
	return conn;
}

size_t count_files(const char *path)
{
	size_t count = 0;

	if (path[0] == '\0')
		return 0;

	DIR *const folder = opendir(path);

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

size_t count_descriptors(void)
{
	return count_files("/proc/self/fd");
}

struct weir_time soon(void)
{
	return weir_deadline_in(WEIR_SECONDS(30));
}

struct weir_time past(void)
{
	return (struct weir_time){weir_now().ns - 1};
}
