/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Backups: what is in them, what they are called, which are deleted, and what stops one.
 */
#include "db_fixture.h"

#include "apply.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_MAX 512

static struct weir_migrate_options options_of(const struct db_fixture *fixture, char *folder)
{
	(void)snprintf(folder, PLACE_MAX, "%s/backups", fixture->folder);
	return (struct weir_migrate_options){
		.size = sizeof(struct weir_migrate_options), .backup = folder, .backup_keep = 3};
}

static void name_copy(struct db_fixture *copy, const char *path)
{
	assert_true(strlen(path) < sizeof copy->path);
	strcpy(copy->path, path);
}

/* How many names there are in a folder. */
static unsigned entries(const char *path)
{
	DIR *const folder = opendir(path);
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count - 2;
}

static void empty(const char *path)
{
	DIR *const folder = opendir(path);

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR), 0);
	}
	(void)closedir(folder);
}

static void put(const char *folder, const char *name)
{
	char path[PLACE_MAX * 2];
	int file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(close(file), 0);
}

static bool is_there(const char *folder, const char *name)
{
	char path[PLACE_MAX * 2];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static void back_up(struct weir_db *db, const struct weir_migrate_options *options,
                    char path[PLACE_MAX])
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir__backup(db, options, path, PLACE_MAX, &err) != WEIR_OK)
		fail_msg("backup: %s", err.message);
}

static struct weir_db *make_db(struct db_fixture *fixture)
{
	struct weir_db *const db = db_make(fixture, NULL);

	db_exec(db, "CREATE TABLE t (v)");
	db_exec(db, "INSERT INTO t VALUES (1), (2), (3)");
	return db;
}

static void a_backup_holds_what_was_committed(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	const struct weir_migrate_options options = options_of(fixture, folder);
	struct db_fixture copy = *fixture;

	back_up(db, &options, path);
	db_exec(db, "DELETE FROM t");
	assert_has(path, "/backups/test.db-2");
	assert_has(path, "Z-none.db");
	assert_int_equal(entries(folder), 1);
	name_copy(&copy, path);
	assert_int_equal(db_file_number(&copy, "SELECT count(*) FROM t"), 3);
	empty(folder);
	db_end(db);
}

static void a_backup_names_the_version_that_is_applied(void **state)
{
	static const struct weir_migration_source sources[] = {
		{.version = "9", .name = "one", .up = {.sql = "CREATE TABLE a (v)"}},
		{.version = "10", .name = "two", .up = {.sql = "CREATE TABLE b (v)"}},
	};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *set;
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	const struct weir_migrate_options options = options_of(fixture, folder);

	assert_code(weir_migrations_make(&set, sources, 2, &err), WEIR_OK);
	assert_code(weir_migrate_up(db, set, NULL, NULL, NULL, &err), WEIR_OK);
	back_up(db, &options, path);
	assert_has(path, "Z-10.db");
	empty(folder);
	weir_migrations_free(set);
	db_end(db);
}

static void a_folder_is_made_for_its_owner_alone(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	const struct weir_migrate_options options = options_of(fixture, folder);
	struct stat there;

	assert_int_equal(chmod(fixture->path, 0640), 0);
	back_up(db, &options, path);
	assert_int_equal(stat(folder, &there), 0);
	assert_int_equal(there.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &there), 0);
	assert_int_equal(there.st_mode & 0777, 0640);
	empty(folder);
	db_end(db);
}

static void two_in_a_second_have_two_names(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	char folder[PLACE_MAX];
	char paths[3][PLACE_MAX];
	const struct weir_migrate_options options = options_of(fixture, folder);

	for (size_t i = 0; i < 3; i++)
		back_up(db, &options, paths[i]);
	assert_true(strcmp(paths[0], paths[1]) < 0 && strcmp(paths[1], paths[2]) < 0);
	assert_int_equal(entries(folder), 3);
	empty(folder);
	db_end(db);
}

static const char *const older[] = {
	"test.db-20200101T000000.000000Z-1.db",
	"test.db-20200101T000000.000001Z-none.db",
	"test.db-20210101T000000.000000Z-20240131_x.db",
};

/* Each looks like a backup of this database, and is none. */
static const char *const others[] = {
	"other.db-20200101T000000.000000Z-1.db",
	"test.db-20200101T000000Z-1.db",
	"test.db-20200101T000000.000000Z-1.db~",
	"test.db-20200101T000000.000000Z-.db",
	"test.db-20200101T00000x.000000Z-1.db",
	"test.db-20200101T000000.000000Z-1-2.db",
	"test.db-20200101T000000.000000Z-1.txt",
	"test.db",
	"test.db-notes.db",
	"xtest.db-20200101T000000.000000Z-1.db",
};

static void the_newest_are_kept_and_nothing_else_is_touched(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	char decoy[PLACE_MAX + 64];
	struct weir_migrate_options options = options_of(fixture, folder);

	assert_int_equal(mkdir(folder, 0755), 0);
	for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
		put(folder, older[i]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		put(folder, others[i]);
	(void)snprintf(decoy, sizeof decoy, "%s/test.db-20190101T000000.000000Z-1.db", folder);
	assert_int_equal(mkdir(decoy, 0700), 0);
	options.backup_keep = 2;
	back_up(db, &options, path);
	assert_int_equal(access(path, F_OK), 0);
	assert_false(is_there(folder, older[0]));
	assert_false(is_there(folder, older[1]));
	assert_true(is_there(folder, older[2]));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_true(is_there(folder, others[i]));
	assert_int_equal(access(decoy, F_OK), 0);
	empty(folder);
	db_end(db);
}

static void a_backup_that_was_killed_is_swept_away(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	char part[PLACE_MAX + 64];
	const struct weir_migrate_options options = options_of(fixture, folder);

	assert_int_equal(mkdir(folder, 0700), 0);
	(void)snprintf(part, sizeof part, "%s/test.db-20200101T000000.000000Z-1.part", folder);
	assert_int_equal(mkdir(part, 0700), 0);
	put(part, "copy.db");
	put(part, "copy.db-journal");
	back_up(db, &options, path);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(entries(folder), 1);
	empty(folder);
	db_end(db);
}

struct watcher {
	unsigned calls;
	unsigned stop_at; /* 0: never */
	char phase[32];
};

static bool watch(void *arg, const struct weir_migrate_progress *progress)
{
	struct watcher *const watcher = arg;

	(void)snprintf(watcher->phase, sizeof watcher->phase, "%s", progress->phase);
	return ++watcher->calls != watcher->stop_at;
}

static void a_backup_is_watched(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	struct watcher watcher = {0};
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	struct weir_migrate_options options = options_of(fixture, folder);

	options.on_progress = watch;
	options.progress_arg = &watcher;
	back_up(db, &options, path);
	assert_true(watcher.calls >= 2);
	assert_string_equal(watcher.phase, "backup");
	empty(folder);
	db_end(db);
}

static void a_stopped_backup_leaves_nothing(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	struct weir_migrate_options options = options_of(fixture, folder);

	options.on_progress = watch;
	for (unsigned at = 1; at <= 2; at++) {
		struct watcher watcher = {.stop_at = at};

		options.progress_arg = &watcher;
		assert_code(weir__backup(db, &options, path, sizeof path, &err), WEIR_ERR_DRIVER_CANCELLED);
		assert_int_equal(entries(folder), 0);
	}
	db_end(db);
}

static void no_room_is_said_before(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	struct weir_migrate_options options = options_of(fixture, folder);

	options.disk_reserve = UINT64_MAX;
	assert_code(weir__backup(db, &options, path, sizeof path, &err), WEIR_ERR_DRIVER_FULL);
	assert_has(err.message, "18446744073709551615 bytes are needed");
	assert_has(err.message, " are free");
	assert_int_equal(entries(folder), 0);
	db_end(db);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(fixture);
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	struct weir_migrate_options options = options_of(fixture, folder);

	options.backup = "/dev/null/backups";
	assert_code(weir__backup(db, &options, path, sizeof path, &err), WEIR_ERR_IO);
	assert_has(err.message, "/dev/null/backups: cannot be made");
	options.backup = fixture->path; /* a file */
	assert_code(weir__backup(db, &options, path, sizeof path, &err), WEIR_ERR_IO);
	options.backup = NULL;
	assert_code(weir__backup(db, &options, path, sizeof path, &err), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
}

static void a_private_database_can_be_backed_up(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *db = NULL;
	char folder[PLACE_MAX];
	char path[PLACE_MAX];
	const struct weir_migrate_options options = options_of(fixture, folder);
	struct db_fixture copy = *fixture;

	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", NULL), WEIR_OK);
	db_exec(db, "CREATE TABLE t (v)");
	back_up(db, &options, path);
	assert_has(path, "/memory-2");
	name_copy(&copy, path);
	assert_int_equal(db_file_number(&copy, "SELECT count(*) FROM t"), 0);
	empty(folder);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_backup_holds_what_was_committed),
		DB_TEST(a_backup_names_the_version_that_is_applied),
		DB_TEST(a_folder_is_made_for_its_owner_alone),
		DB_TEST(two_in_a_second_have_two_names),
		DB_TEST(the_newest_are_kept_and_nothing_else_is_touched),
		DB_TEST(a_backup_that_was_killed_is_swept_away),
		DB_TEST(a_backup_is_watched),
		DB_TEST(a_stopped_backup_leaves_nothing),
		DB_TEST(no_room_is_said_before),
		DB_TEST(a_folder_that_cannot_be_made_is_named),
		DB_TEST(a_private_database_can_be_backed_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
