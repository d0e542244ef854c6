/* SPDX-License-Identifier: BSD-2-Clause
 *
 * New scripts: the name and the version they get, and the files themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "scan.h"
#include "text.h"

#define NAME_MOST 100
#define VERSION_ROOM (WEIR_MIGRATE_VERSION_MAX + 1)

/* Digits of the first version in a folder that is numbered. */
static const struct width {
	enum weir_migrate_format format;
	int digits;
} widths[] = {
	{WEIR_MIGRATE_WEIR, 3},
	{WEIR_MIGRATE_GOLANG, 6},
	{WEIR_MIGRATE_DBMATE, 3},
	{WEIR_MIGRATE_GOOSE, 5},
};

static enum weir_code refuse(struct weir_error *err, const char *folder, const char *what)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.new", 0, "%s: %s", folder, what);
}

static enum weir_code io_error(const char *path, const char *what, int number,
                               struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_IO, "migrate.new", number, "%s: %s: %s", path, what,
	                 strerror(number));
}

/* Small letters, digits and single "_"; false: nothing is left. */
static bool clean_name(const char *name, char clean[NAME_MOST + 1])
{
	size_t length = 0;

	for (; *name != '\0' && length < NAME_MOST; name++) {
		const bool capital = *name >= 'A' && *name <= 'Z';
		const char byte = capital ? (char)(*name - 'A' + 'a') : *name;

		if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
			clean[length++] = byte;
		else if (length > 0 && clean[length - 1] != '_')
			clean[length++] = '_';
	}
	while (length > 0 && clean[length - 1] == '_')
		length--;
	clean[length] = '\0';
	return length > 0;
}

/* ---- what is there ---- */

/* What folder holds; one that is not there holds nothing. format: DETECT becomes the
 * folder's. */
static enum weir_code look(const char *folder, enum weir_migrate_format *format,
                           struct weir_migrations **set, struct weir_error *err)
{
	const struct weir_migrations_options named = {.size = (uint32_t)sizeof named,
	                                              .format = *format};
	struct stat status;
	enum weir_code code;

	if (stat(folder, &status) != 0 && errno == ENOENT) {
		if (*format == WEIR_MIGRATE_DETECT)
			*format = WEIR_MIGRATE_WEIR;
		return weir_migrations_make(set, NULL, 0, err);
	}
	code = weir_migrations_read(set, folder, NULL, *format == WEIR_MIGRATE_DETECT ? err : NULL);
	if (code != WEIR_OK && *format != WEIR_MIGRATE_DETECT)
		return weir_migrations_read(set, folder, &named, err);
	if (code != WEIR_OK)
		return code;
	if (*format == WEIR_MIGRATE_DETECT)
		*format = weir_migrations_format(*set);
	if (weir_migrations_count(*set) > 0 && weir_migrations_format(*set) != *format)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.new", 0,
		                 "%s: the migrations in it are of %s, and not of %s", folder,
		                 weir_migrate_format_name(weir_migrations_format(*set)),
		                 weir_migrate_format_name(*format));
	return WEIR_OK;
}

/* The highest version, which is not always the last; NULL: there is none. */
static const struct weir__migration *newest_of(const struct weir_migrations *set)
{
	const struct weir__migration *newest = NULL;

	for (size_t i = 0; i < set->count; i++) {
		if (newest == NULL || weir__version_compare(set->list[i].version, newest->version) > 0)
			newest = &set->list[i];
	}
	return newest;
}

/* ---- the version ---- */

/* The number after that in digits, of as many digits or, if that overflows, one more. */
static void count_up(const char *digits, size_t length, char next[VERSION_ROOM])
{
	size_t at = length;

	memcpy(next, digits, length);
	next[length] = '\0';
	while (at > 0 && next[at - 1] == '9')
		next[--at] = '0';
	if (at > 0) {
		next[at - 1]++;
	} else {
		memmove(next + 1, next, length + 1);
		next[0] = '1';
	}
}

static void number_after(const struct weir__migration *newest, enum weir_migrate_format format,
                         char version[VERSION_ROOM])
{
	const char *const path = newest == NULL ? "" : newest->up.path;
	const char *const slash = strrchr(path, '/');
	const char *const name = slash == NULL ? path : slash + 1;

	for (size_t i = 0; newest == NULL && i < sizeof widths / sizeof widths[0]; i++) {
		if (widths[i].format == format)
			(void)snprintf(version, VERSION_ROOM, "%0*d", widths[i].digits, 1);
	}
	if (newest == NULL)
		return;
	/* The name has its leading zeros. Those of a long one are not worth their room. */
	if (weir__digits(name) < WEIR_MIGRATE_VERSION_MAX)
		count_up(name, weir__digits(name), version);
	else
		count_up(newest->version, strlen(newest->version), version);
}

/* Never one that is there, or is below: of two in a second the later is one more. */
static enum weir_code choose_version(const struct weir__migration *newest,
                                     enum weir_migrate_format format, bool sequential,
                                     char version[VERSION_ROOM], struct weir_error *err)
{
	const time_t now = time(NULL);
	struct tm utc;

	if (sequential) {
		number_after(newest, format, version);
		return WEIR_OK;
	}
	if (now == (time_t)-1 || gmtime_r(&now, &utc) == NULL ||
	    strftime(version, VERSION_ROOM, "%Y%m%d%H%M%S", &utc) == 0)
		return weir_fail(err, WEIR_ERR_IO, "migrate.new", errno, "the time cannot be told");
	if (newest != NULL && weir__version_compare(newest->version, version) >= 0)
		number_after(newest, format, version);
	return WEIR_OK;
}

/* ---- the files ---- */

static enum weir_code make_folder(const char *folder, struct weir_error *err)
{
	char *const path = strdup(folder);
	enum weir_code code = WEIR_OK;

	if (path == NULL)
		return weir__no_memory(err);
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			code = io_error(path, "the folder cannot be made", errno, err);
		if (slash == NULL || code != WEIR_OK)
			break;
		*slash = '/';
	}
	free(path);
	return code;
}

static enum weir_code write_file(const struct weir__file *file, struct weir_error *err)
{
	const int descriptor = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	size_t written = 0;
	int failure = 0;

	if (descriptor < 0 && errno == EEXIST)
		return refuse(err, file->path, "it is there already, and left as it is");
	if (descriptor < 0)
		return io_error(file->path, "cannot be made", errno, err);
	while (failure == 0 && written < file->length) {
		const ssize_t put = write(descriptor, file->text + written, file->length - written);

		if (put >= 0)
			written += (size_t)put;
		else if (errno != EINTR)
			failure = errno;
	}
	if (close(descriptor) != 0 && failure == 0)
		failure = errno;
	if (failure == 0)
		return WEIR_OK;
	(void)unlink(file->path);
	return io_error(file->path, "cannot be written", failure, err);
}

static enum weir_code write_files(const char *folder, const struct weir__file *files, size_t count,
                                  struct weir_error *err)
{
	enum weir_code code = make_folder(folder, err);
	size_t made = 0;

	while (code == WEIR_OK && made < count) {
		code = write_file(&files[made], err);
		made += code == WEIR_OK;
	}
	while (code != WEIR_OK && made > 0)
		(void)unlink(files[--made].path);
	return code;
}

/* Whether the folder can be read with them in it, and applies them last. */
static enum weir_code try_files(const struct weir_migrations *set,
                                const struct weir__format *format, const struct weir__file *files,
                                size_t count, struct weir_error *err)
{
	const struct weir_migrations_options options = {.size = (uint32_t)sizeof options};
	const char *const last = set->count == 0 ? "" : set->list[set->count - 1].order;
	struct weir_migrations *scratch;
	enum weir_code code = weir_migrations_make(&scratch, NULL, 0, err);

	if (code != WEIR_OK)
		return code;
	for (size_t i = 0; i < count && code == WEIR_OK; i++)
		code = format->read(scratch, &files[i], &options, err);
	weir_migrations_free(scratch);
	if (code == WEIR_OK && strcmp(last, files[0].name) > 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.new", 0,
		                 "%s: dbmate goes by the names of files, and this one would come before "
		                 "%s: make one whose version has as many digits",
		                 files[0].path, last);
	return code;
}

static enum weir_code make_files(const char *folder, const struct weir_migrations *set,
                                 const struct weir__format *format, struct weir__file *files,
                                 size_t count, bool dry_run, char *path, size_t size,
                                 struct weir_error *err)
{
	enum weir_code code = count == 0 ? weir__no_memory(err) : WEIR_OK;

	for (size_t i = 0; i < count && code == WEIR_OK; i++) {
		struct weir__text text = {0};

		weir__text_printf(&text, "%s%s%s", folder, weir__ends_with(folder, "/") ? "" : "/",
		                  files[i].name);
		files[i].path = text.bytes;
		if (text.failed)
			code = weir__no_memory(err);
	}
	if (code != WEIR_OK)
		return code;
	if (strlen(files[0].path) >= size)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.new", 0,
		                 "%zu bytes are too few for the path %s", size, files[0].path);
	code = try_files(set, format, files, count, err);
	if (code == WEIR_OK && !dry_run)
		code = write_files(folder, files, count, err);
	if (code == WEIR_OK)
		memcpy(path, files[0].path, strlen(files[0].path) + 1);
	return code;
}

enum weir_code weir_migrate_new(const char *folder, enum weir_migrate_format kind, const char *name,
                                bool sequential, bool dry_run, char *path, size_t size,
                                struct weir_error *err)
{
	struct weir_migrations *set = NULL;
	struct weir__file files[2];
	char version[VERSION_ROOM];
	char clean[NAME_MOST + 1];
	enum weir_code code;

	if (folder == NULL || folder[0] == '\0' || name == NULL || path == NULL ||
	    (kind != WEIR_MIGRATE_DETECT && weir__format_of(kind) == NULL))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.new", 0,
		                 "weir_migrate_new needs a folder, a known format, a name, and a place "
		                 "for the path");
	memset(files, 0, sizeof files);
	if (!clean_name(name, clean))
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "migrate.new", 0,
		                 "the name \"%.80s\" has neither a letter of a to z nor a digit", name);
	code = look(folder, &kind, &set, err);
	if (code == WEIR_OK)
		code = choose_version(newest_of(set), kind, sequential, version, err);
	if (code == WEIR_OK) {
		const struct weir__format *const format = weir__format_of(kind);

		code = make_files(folder, set, format, files, format->blank(version, clean, files), dry_run,
		                  path, size, err);
	}
	weir__file_free(&files[0]);
	weir__file_free(&files[1]);
	weir_migrations_free(set);
	return code;
}
