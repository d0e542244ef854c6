/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Folders: which files are in one, what they say, and which tool they are for.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scan.h"
#include "text.h"

#define FILE_MOST ((size_t)64 << 20) /* bytes of one script */

static const struct weir__format *const formats[] = {
	&weir__format_weir,
	&weir__format_golang,
	&weir__format_dbmate,
	&weir__format_goose,
};
#define FORMATS (sizeof formats / sizeof formats[0])

const struct weir__format *weir__format_of(enum weir_migrate_format format)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if (formats[i]->format == format)
			return formats[i];
	}
	return NULL;
}

const char *weir_migrate_format_name(enum weir_migrate_format format)
{
	const struct weir__format *const found = weir__format_of(format);

	return found == NULL ? "unknown" : found->name;
}

enum weir_migrate_format weir_migrate_format_named(const char *name)
{
	for (size_t i = 0; name != NULL && i < FORMATS; i++) {
		if (strcmp(formats[i]->name, name) == 0)
			return formats[i]->format;
	}
	return WEIR_MIGRATE_DETECT;
}

/* ---- files ---- */

struct folder {
	const char *path;
	struct weir__file *files; /* that one of the formats takes, by name */
	size_t count;
	size_t room;
	struct weir_error *err;
};

static void free_folder(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		weir__file_free(&folder->files[i]);
	free(folder->files);
}

static enum weir_code io_error(const char *path, const char *what, int number,
                               struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_IO, "migrate.source", number, "%s: %s: %s", path, what,
	                 strerror(number));
}

/* Whether any format takes it; format: only that one. */
static bool is_taken(const char *name, const struct weir__format *format)
{
	for (size_t i = 0; i < FORMATS; i++) {
		if ((format == NULL || format == formats[i]) && formats[i]->takes(name))
			return true;
	}
	return false;
}

static enum weir_code add_file(struct folder *folder, const char *name)
{
	struct weir__text path = {0};
	void *files = folder->files;
	struct weir__file *file;

	if (!weir__grow(&files, sizeof *folder->files, folder->count, &folder->room))
		return weir__no_memory(folder->err);
	folder->files = files;
	file = &folder->files[folder->count++];
	memset(file, 0, sizeof *file);
	weir__text_printf(&path, "%s%s%s", folder->path, weir__ends_with(folder->path, "/") ? "" : "/",
	                  name);
	file->path = path.bytes;
	file->name = strdup(name);
	if (path.failed || file->name == NULL)
		return weir__no_memory(folder->err);
	return WEIR_OK;
}

static int by_name(const void *left, const void *right)
{
	const struct weir__file *const one = left;
	const struct weir__file *const other = right;

	return strcmp(one->name, other->name);
}

static enum weir_code list_files(struct folder *folder, const struct weir__format *format)
{
	DIR *const entries = opendir(folder->path);
	enum weir_code code = WEIR_OK;

	if (entries == NULL)
		return io_error(folder->path, "the folder of migrations cannot be read", errno,
		                folder->err);
	while (code == WEIR_OK) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(entries);
		if (entry == NULL)
			break;
		if (is_taken(entry->d_name, format))
			code = add_file(folder, entry->d_name);
	}
	if (code == WEIR_OK && errno != 0)
		code =
			io_error(folder->path, "the folder of migrations cannot be read", errno, folder->err);
	(void)closedir(entries);
	if (code == WEIR_OK && folder->count > 1)
		qsort(folder->files, folder->count, sizeof *folder->files, by_name);
	return code;
}

/* A piece of a file; what is behind FILE_MOST is not read. */
static enum weir_code read_pieces(int descriptor, struct weir__file *file, struct weir_error *err)
{
	struct weir__text text = {0};
	char piece[16384];
	ssize_t got;

	weir__text_put(&text, "");
	do {
		got = read(descriptor, piece, sizeof piece);
		if (got > 0)
			weir__text_add(&text, piece, (size_t)got);
	} while ((got > 0 && text.length <= FILE_MOST && !text.failed) || (got < 0 && errno == EINTR));
	file->text = text.bytes;
	file->length = text.length;
	if (text.failed)
		return weir__no_memory(err);
	if (got < 0)
		return io_error(file->path, "cannot be read", errno, err);
	if (text.length > FILE_MOST)
		return weir__source_fault(file, 0, err, "it has more than %zu MiB: part it",
		                          FILE_MOST >> 20);
	return WEIR_OK;
}

static enum weir_code read_text(struct weir__file *file, bool *is_file, struct weir_error *err)
{
	/* O_NONBLOCK: of a pipe, which is then refused, no writer is waited for. */
	const int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	enum weir_code code;
	struct stat status;

	if (descriptor < 0)
		return io_error(file->path, "cannot be opened", errno, err);
	*is_file = true;
	if (fstat(descriptor, &status) != 0) {
		code = io_error(file->path, "cannot be read", errno, err);
	} else if (S_ISDIR(status.st_mode)) {
		*is_file = false;
		code = WEIR_OK;
	} else if (!S_ISREG(status.st_mode)) {
		code = weir__source_fault(file, 0, err, "it is neither a file nor a folder");
	} else {
		code = read_pieces(descriptor, file, err);
	}
	(void)close(descriptor);
	return code;
}

static enum weir_code check_text(const struct weir__file *file, struct weir_error *err)
{
	const uint32_t line = weir__bad_text_line(file->text, file->length);

	if (weir__bad_text_line(file->name, strlen(file->name)) != 0)
		return weir__source_fault(file, 0, err, "its name is not UTF-8: rename it");
	if (line == 0)
		return WEIR_OK;
	if (memchr(file->text, '\0', file->length) != NULL)
		return weir__source_fault(
			file, line, err,
			"a byte 0, or one that is not UTF-8; if it is UTF-16, save it as UTF-8");
	return weir__source_fault(file, line, err, "it is not UTF-8: save it as UTF-8");
}

static void cut_mark(struct weir__file *file)
{
	if (file->length < 3 || memcmp(file->text, "\xEF\xBB\xBF", 3) != 0)
		return;
	file->length -= 3;
	memmove(file->text, file->text + 3, file->length + 1);
}

/* Read them all; subfolders leave the list. */
static enum weir_code read_files(struct folder *folder)
{
	size_t kept = 0;

	for (size_t i = 0; i < folder->count; i++) {
		struct weir__file *const file = &folder->files[i];
		bool is_file = true;
		enum weir_code code = read_text(file, &is_file, folder->err);

		if (code == WEIR_OK && is_file && weir__ends_with(file->name, ".sql"))
			code = check_text(file, folder->err);
		if (code != WEIR_OK)
			return code;
		if (!is_file) {
			weir__file_free(file);
			continue;
		}
		cut_mark(file);
		if (kept != i) {
			folder->files[kept] = *file;
			memset(file, 0, sizeof *file);
		}
		kept++;
	}
	folder->count = kept;
	return WEIR_OK;
}

/* ---- which tool they are for ---- */

static enum weir_code refuse_unknown(const struct folder *folder)
{
	struct weir__text text = {0};
	enum weir_code code;

	for (size_t i = 0; i < FORMATS; i++)
		weir__text_printf(&text, "%s%s", i == 0 ? "" : ", ", formats[i]->marks);
	code = weir_fail(folder->err, WEIR_ERR_MIGRATE_SOURCE, "migrate.source", 0,
	                 "%s: no known format in its %zu files; looked for: %s; name the format if it "
	                 "is one of these",
	                 folder->path, folder->count, text.failed ? "" : text.bytes);
	weir__text_free(&text);
	return code;
}

static enum weir_code refuse_several(const struct folder *folder,
                                     const struct weir__file *const found[FORMATS])
{
	struct weir__text text = {0};
	enum weir_code code;

	for (size_t i = 0; i < FORMATS; i++) {
		if (found[i] != NULL)
			weir__text_printf(&text, "%s%s of %s", text.length == 0 ? "" : ", ", found[i]->name,
			                  formats[i]->name);
	}
	code = weir_fail(folder->err, WEIR_ERR_MIGRATE_SOURCE, "migrate.source", 0,
	                 "%s: migrations of several formats: %s; keep one, or name the format",
	                 folder->path, text.failed ? "" : text.bytes);
	weir__text_free(&text);
	return code;
}

static enum weir_code detect(const struct folder *folder, const struct weir__format **format)
{
	const struct weir__file *found[FORMATS] = {NULL};
	size_t kinds = 0;

	for (size_t i = 0; i < FORMATS; i++) {
		for (size_t j = 0; j < folder->count && found[i] == NULL; j++) {
			if (formats[i]->claims(&folder->files[j]))
				found[i] = &folder->files[j];
		}
		if (found[i] != NULL) {
			*format = formats[i];
			kinds++;
		}
	}
	if (kinds > 1)
		return refuse_several(folder, found);
	if (kinds == 1)
		return WEIR_OK;
	if (folder->count > 0)
		return refuse_unknown(folder);
	*format = &weir__format_weir;
	return WEIR_OK;
}

/* ---- the set ---- */

static enum weir_code refuse_code(const struct folder *folder, const struct weir__format *format)
{
	struct weir__text names = {0};
	enum weir_code code = WEIR_OK;
	size_t count = 0;

	for (size_t i = 0; format->code != NULL && i < folder->count; i++) {
		const char *const name = folder->files[i].name;

		if (!weir__ends_with(name, format->code))
			continue;
		count++;
		if (names.length + strlen(name) < 80 || count == 1)
			weir__text_printf(&names, "%s%s", count == 1 ? "" : ", ", name);
	}
	if (count > 0)
		code = weir_fail(folder->err, WEIR_ERR_MIGRATE_SOURCE, "migrate.source", 0,
		                 "%zu migrations need code, which only %s can run: %s, in %s", count,
		                 format->name, names.failed ? "" : names.bytes, folder->path);
	weir__text_free(&names);
	return code;
}

static enum weir_code fill(struct weir_migrations *set, const struct folder *folder,
                           const struct weir__format *format,
                           const struct weir_migrations_options *options)
{
	enum weir_code code = refuse_code(folder, format);

	for (size_t i = 0; i < folder->count && code == WEIR_OK; i++) {
		const struct weir__file *const file = &folder->files[i];

		if (!format->takes(file->name))
			continue;
		code = check_text(file, folder->err);
		if (code == WEIR_OK)
			code = format->read(set, file, options, folder->err);
	}
	set->format = format->format;
	return code == WEIR_OK ? weir__set_finish(set, folder->err) : code;
}

static enum weir_code take_options(const struct weir_migrations_options *given,
                                   struct weir_migrations_options *options, struct weir_error *err)
{
	memset(options, 0, sizeof *options);
	if (given == NULL)
		return WEIR_OK;
	if (given->size < offsetof(struct weir_migrations_options, no_wrap))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.source", 0,
		                 "size of struct weir_migrations_options is not set");
	memcpy(options, given, given->size < sizeof *options ? given->size : sizeof *options);
	if (options->format != WEIR_MIGRATE_DETECT && weir__format_of(options->format) == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.source", 0, "there is no format %d",
		                 (int)options->format);
	return WEIR_OK;
}

enum weir_code weir_migrations_read(struct weir_migrations **set, const char *path,
                                    const struct weir_migrations_options *given,
                                    struct weir_error *err)
{
	struct folder folder = {.path = path, .err = err};
	struct weir_migrations_options options;
	const struct weir__format *format;
	struct weir_migrations *made;
	enum weir_code code;

	if (set != NULL)
		*set = NULL;
	if (set == NULL || path == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate.source", 0,
		                 "weir_migrations_read needs a place for the set, and a folder");
	code = take_options(given, &options, err);
	if (code != WEIR_OK)
		return code;
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return weir__no_memory(err);
	format = weir__format_of(options.format);
	code = list_files(&folder, format);
	if (code == WEIR_OK)
		code = read_files(&folder);
	if (code == WEIR_OK && format == NULL)
		code = detect(&folder, &format);
	if (code == WEIR_OK)
		code = fill(made, &folder, format, &options);
	free_folder(&folder);
	if (code == WEIR_OK)
		*set = made;
	else
		weir_migrations_free(made);
	return code;
}
