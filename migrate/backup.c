/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A copy of the database before the first change, and how many of them are kept.
 *
 * Names are <database>-<UTC time>-<version>.db. The time is of one width and goes down
 * to microseconds, so that the order of names is that of age. A copy is made in a folder
 * of its own beside its place, private to its owner, and moved there whole: what has
 * the name of a backup is one. What a killed process left of a copy is swept away.
 */
#include "apply.h"
#include "database_copy.h"
#include "private_folder.h"
#include "text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WHERE "migrate.backup"
#define KEEP_DEFAULT 3
#define MODE_DEFAULT 0600
#define BACKUP ".db"
#define PART ".part" /* of the folder a copy is made in */
#define COPY "copy.db"
#define TIME_LENGTH 23 /* 20240131T235959.123456Z */
#define TIME_PATTERN "########T######.######Z"

/* All that can be in such a folder. */
static const char *const part_files[] = {COPY, COPY "-journal", COPY "-wal", COPY "-shm", NULL};

static enum weir_code io_failed(struct weir_error *err, const char *path, const char *what)
{
	return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "%s: cannot %s: %s", path, what,
	                 strerror(errno));
}

/* ---- the name ---- */

/* Now, as UTC, in TIME_LENGTH bytes. */
static void write_time(char text[TIME_LENGTH + 1])
{
	struct timespec now;
	struct tm utc;
	char seconds[16];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &utc);
	(void)strftime(seconds, sizeof seconds, "%Y%m%dT%H%M%S", &utc);
	(void)snprintf(text, TIME_LENGTH + 1, "%s.%06uZ", seconds,
	               (unsigned)(now.tv_nsec / 1000) % 1000000U);
}

static bool is_time(const char *text)
{
	static const char pattern[] = TIME_PATTERN;

	for (size_t i = 0; i < TIME_LENGTH; i++) {
		const bool fits = pattern[i] == '#' ? isdigit((unsigned char)text[i]) != 0
		                                    : text[i] == pattern[i];

		if (!fits)
			return false;
	}
	return true;
}

/* A version comes out of a table: what could be a path in it does not become one. */
static void write_version(char *text, size_t size, const char *version)
{
	size_t at = 0;

	for (; version[at] != '\0' && at + 1 < size; at++)
		text[at] = version[at];
	text[at] = '\0';
	for (char *byte = text; *byte != '\0'; byte++) {
		if (!isalnum((unsigned char)*byte))
			*byte = '_';
	}
	if (at == 0)
		(void)snprintf(text, size, "none");
}

/* Whether name is <database>-<UTC time>-<version> and end, to the last byte. */
static bool has_form(const char *name, const char *database, const char *end)
{
	const size_t length = strlen(database);
	const char *at = name + length;

	if (strncmp(name, database, length) != 0 || *at++ != '-' || !is_time(at))
		return false;
	at += TIME_LENGTH;
	if (*at++ != '-' || !isalnum((unsigned char)*at))
		return false;
	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	return strcmp(at, end) == 0;
}

static bool is_backup(const char *name, const char *database)
{
	return has_form(name, database, BACKUP);
}

/* The folder of a copy that is being made, or was when its process was killed. */
static bool is_part(const void *database, const char *name)
{
	return has_form(name, database, PART);
}

/* ---- deleting the oldest ---- */

struct names {
	char **list;
	size_t count;
	size_t room;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static bool keep_name(struct names *names, const char *name)
{
	void *list = names->list;
	char *const copy = strdup(name);

	if (copy == NULL || !weir__grow(&list, sizeof *names->list, names->count, &names->room)) {
		free(copy);
		return false;
	}
	names->list = list;
	names->list[names->count++] = copy;
	return true;
}

static enum weir_code list_backups(DIR *folder, const char *path, const char *database,
                                   struct names *names, struct weir_error *err)
{
	for (;;) { /* ends: at the folder's end */
		const struct dirent *entry;
		struct stat there;

		errno = 0;
		entry = readdir(folder);
		if (entry == NULL)
			return errno == 0 ? WEIR_OK : io_failed(err, path, "be read");
		if (!is_backup(entry->d_name, database) ||
		    fstatat(dirfd(folder), entry->d_name, &there, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(there.st_mode))
			continue;
		if (!keep_name(names, entry->d_name))
			return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for names in %s", path);
	}
}

static int by_name(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static enum weir_code delete_oldest(const char *path, const char *database, uint32_t keep,
                                    struct weir_error *err)
{
	struct names names = {0};
	DIR *const folder = opendir(path);
	enum weir_code code;

	if (folder == NULL)
		return io_failed(err, path, "be read");
	code = list_backups(folder, path, database, &names, err);
	if (code == WEIR_OK && names.count > 1)
		qsort(names.list, names.count, sizeof *names.list, by_name);
	for (size_t i = 0; code == WEIR_OK && i + keep < names.count; i++) {
		/* Another process may delete the same ones. */
		if (unlinkat(dirfd(folder), names.list[i], 0) != 0 && errno != ENOENT)
			code = io_failed(err, names.list[i], "delete this old backup");
	}
	free_names(&names);
	(void)closedir(folder);
	return code;
}

/* ---- making one ---- */

/* Whoever may not read the database shall not read its copies. */
static mode_t mode_of_database(struct weir_db *db)
{
	struct stat there;

	if (weir__database_is_private(db) || stat(weir_db_config(db)->path, &there) != 0)
		return MODE_DEFAULT;
	return there.st_mode & 0666;
}

static enum weir_code sync_folder(const char *path, struct weir_error *err)
{
	const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum weir_code code = WEIR_OK;

	if (folder < 0 || fsync(folder) != 0)
		code = io_failed(err, path, "be synced");
	if (folder >= 0)
		(void)close(folder);
	return code;
}

static enum weir_code read_version(struct weir_db *db, const struct weir_migrate_options *options,
                                   char version[WEIR_MIGRATE_VERSION_MAX], struct weir_error *err)
{
	const struct weir_read_options read = {.size = sizeof read,
	                                       .timeout_ns = weir__read_timeout(options)};
	struct weir__session session;
	struct weir_tx tx = {0};
	enum weir_code code = weir_read_begin(db, &read, &tx, err);

	if (code == WEIR_OK)
		code = weir__session_init(&session, db, &tx, err);
	if (code == WEIR_OK)
		code = weir__database_version(&session, options->table, NULL, version, err);
	weir_tx_end(&tx);
	return code;
}

/* Copy to part, which is in a folder of its own, and move it to path. */
static enum weir_code copy_and_move(struct weir_db *db, const struct weir_migrate_options *options,
                                    const char *part, const char *path, struct weir_error *err)
{
	struct weir__database_copy copy = {
		.db = db, .options = options, .path = part, .phase = "backup", .times = 1};
	enum weir_code code = weir__database_copy(&copy, err);

	if (code != WEIR_OK)
		return code;
	if (chmod(part, mode_of_database(db)) != 0 || rename(part, path) != 0)
		return io_failed(err, path, "be made");
	return sync_folder(options->backup, err);
}

/* A name that nobody has, and a folder to make the copy in. Two in one microsecond, and
 * the second waits for the next. */
static enum weir_code reserve(struct weir_db *db, const char *folder, const char *version,
                              char *path, char *part, int *lock, struct weir_error *err)
{
	const char *const name = weir__database_name(db);
	char moment[TIME_LENGTH + 1];
	char end[WEIR_MIGRATE_VERSION_MAX];

	write_version(end, sizeof end, version);
	for (;;) { /* ends: the clock goes on */
		write_time(moment);
		(void)snprintf(path, WEIR__PATH_MAX, "%s/%s-%s-%s" BACKUP, folder, name, moment, end);
		if (snprintf(part, WEIR__PATH_MAX, "%s/%s-%s-%s" PART, folder, name, moment, end) >=
		    WEIR__PATH_MAX - (int)sizeof COPY)
			return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
			                 "the path of the folder for backups is too long: %.100s", folder);
		if (access(path, F_OK) == 0)
			continue;
		switch (weir__folder_make(part, lock)) {
		case WEIR__FOLDER_MADE:
			return WEIR_OK;
		case WEIR__FOLDER_TAKEN:
			break;
		case WEIR__FOLDER_FAILED:
			return io_failed(err, part, "be made");
		}
	}
}

static enum weir_code make_backup(struct weir_db *db, const struct weir_migrate_options *options,
                                  const char *version, char *path, size_t size,
                                  struct weir_error *err)
{
	char place[WEIR__PATH_MAX];
	char part[WEIR__PATH_MAX];
	char copy[WEIR__PATH_MAX + sizeof COPY];
	int lock = -1;
	enum weir_code code = reserve(db, options->backup, version, place, part, &lock, err);

	if (code != WEIR_OK)
		return code;
	(void)snprintf(copy, sizeof copy, "%s/" COPY, part);
	code = copy_and_move(db, options, copy, place, err);
	if (!weir__folder_remove(part, part_files) && code == WEIR_OK)
		code = io_failed(err, part, "be removed");
	(void)close(lock);
	if (code == WEIR_OK)
		(void)snprintf(path, size, "%s", place);
	return code;
}

enum weir_code weir__backup(struct weir_db *db, const struct weir_migrate_options *options,
                            char *path, size_t size, struct weir_error *err)
{
	const uint32_t keep = options->backup_keep == 0 ? KEEP_DEFAULT : options->backup_keep;
	char version[WEIR_MIGRATE_VERSION_MAX];
	enum weir_code code = weir__session_check(db, err);

	if (code != WEIR_OK)
		return code;
	if (options->backup == NULL || options->backup[0] == '\0')
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "no folder for backups is named");
	if (mkdir(options->backup, 0700) != 0 && errno != EEXIST)
		return io_failed(err, options->backup, "be made");
	weir__folder_sweep(options->backup, is_part, weir__database_name(db), part_files);
	code = read_version(db, options, version, err);
	if (code == WEIR_OK)
		code = make_backup(db, options, version, path, size, err);
	if (code == WEIR_OK)
		code = delete_oldest(options->backup, weir__database_name(db), keep, err);
	return code;
}
