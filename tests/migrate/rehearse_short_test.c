/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rehearsals and backups without memory: an allocation fails, and the call says so, leaves
 * no copy behind, and can be made again.
 */
#include "migrate_fixture.h"

#include "apply.h"
#include "refused_memory.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct call {
	struct weir_db *db;
	struct weir_migrations *set;
	struct weir_migrate_options options;
	struct weir_rehearse_options wishes;
};

static enum weir_code rehearse(const struct call *call, struct weir_error *err)
{
	struct weir_migrate_report *report = NULL;
	const enum weir_code code = weir_migrate_rehearse(call->db, call->set, NULL, &call->options,
	                                                  &call->wishes, &report, err);

	weir_migrate_report_free(report);
	return code;
}

static enum weir_code back_up(const struct call *call, struct weir_error *err)
{
	char path[512];

	return weir__backup(call->db, &call->options, path, sizeof path, err);
}

static unsigned names_with(const char *path, const char *part)
{
	DIR *const folder = opendir(path);
	unsigned count = 0;

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		count += strstr(entry->d_name, part) != NULL ? 1 : 0;
	(void)closedir(folder);
	return count;
}

static void empty(const char *path)
{
	DIR *const folder = opendir(path);

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (entry->d_name[0] != '.')
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, 0), 0);
	}
	(void)closedir(folder);
}

/* The nth allocation fails, for each n up to many and some of those behind it. */
static void sweep(enum weir_code (*run)(const struct call *call, struct weir_error *err),
                  const struct call *call, const char *folder, const char *part)
{
	enum weir_code code;
	size_t failed = 0;
	bool struck = true;

	for (size_t nth = 1; struck; nth += nth < 100 ? 1 : 1 + nth / 50) { /* ends: none is left */
		struct weir_error err = WEIR_ERROR_INIT;

		until_failure = nth;
		code = run(call, &err);
		struck = until_failure == 0;
		until_failure = 0;
		/* A connection of the copy that has none is OPEN_FAILED, and says why. */
		if (code != WEIR_OK && strstr(err.message, "memory") == NULL)
			fail_msg("allocation %zu: %s, %s", nth, weir_error_name(code), err.message);
		failed += code != WEIR_OK ? 1 : 0;
		if (names_with(folder, part) != 0)
			fail_msg("allocation %zu: something is left", nth);
	}
	assert_code(code, WEIR_OK);
	assert_true(failed > 10);
}

static void a_rehearsal_without_memory_leaves_nothing(void **state)
{
	static const char *const invariant = "SELECT 1 WHERE 0";
	static const char *const all = "*";
	struct db_fixture *const fixture = *state;
	struct call call = {
		.db = db_make(fixture, NULL),
		.set = set_of(library),
		.options = {.size = sizeof call.options},
		.wishes = {.size = sizeof call.wishes,
	               .invariants = &invariant,
	               .invariants_count = 1,
	               .same_rows = &all,
	               .same_rows_count = 1},
	};

	assert_int_equal(must_up(call.db, call.set, "3"), 3);
	sweep(rehearse, &call, fixture->folder, "db-rehearsal-");
	weir_migrations_free(call.set);
	db_end(call.db);
}

static void a_backup_without_memory_leaves_nothing(void **state)
{
	struct db_fixture *const fixture = *state;
	char folder[256];
	struct call call = {
		.db = db_make(fixture, NULL),
		.set = set_of(library),
		.options = {.size = sizeof call.options, .backup = folder, .backup_keep = 2},
	};

	make_folder(fixture, "backups", folder);
	assert_int_equal(must_up(call.db, call.set, "3"), 3);
	sweep(back_up, &call, folder, ".part");
	assert_int_equal(names_with(folder, "-3.db"), 2);
	empty(folder);
	weir_migrations_free(call.set);
	db_end(call.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_rehearsal_without_memory_leaves_nothing),
		DB_TEST(a_backup_without_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
