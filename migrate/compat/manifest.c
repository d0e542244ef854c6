/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where statements that must go on working come from: a file, and what a db has recorded.
 * See catalog.h.
 *
 * A script is taken apart by the engine. Where it refuses a statement, and so cannot say
 * where it ends, that is behind the next semicolon outside of quotes and comments.
 */
#include "manifest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql_piece.h"
#include "scan.h"

#define WHERE "migrate.manifest"
#define FILE_MAX ((size_t)64 << 20)

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for statements");
}

/* ---- items ---- */

bool weir__manifest_is_setting(const char *sql)
{
	static const char word[] = "PRAGMA";

	sql += weir__sql_begin(sql);
	if (strncasecmp(sql, word, sizeof word - 1) != 0)
		return false;
	sql += sizeof word - 1;
	return weir__sql_begin(sql) != 0 || strchr("\"`[", *sql) != NULL;
}

bool weir__manifest_add(struct weir__manifest *manifest, const char *sql, size_t length,
                        uint32_t line)
{
	void *items = manifest->items;
	char *text;

	while (length > 0 && strchr(" \t\r\n;", sql[length - 1]) != NULL)
		length--;
	text = strndup(sql, length);
	if (text == NULL)
		return false;
	if (text[weir__sql_begin(text)] == '\0' || weir__manifest_is_setting(text)) {
		free(text);
		return true;
	}
	if (!weir__grow(&items, sizeof *manifest->items, manifest->count, &manifest->room)) {
		free(text);
		return false;
	}
	manifest->items = items;
	manifest->items[manifest->count] =
		(struct weir__manifest_item){.sql = text, .line = line, .place = manifest->count};
	manifest->count++;
	return true;
}

static int by_place(const void *left, const void *right)
{
	const struct weir__manifest_item *const a = left;
	const struct weir__manifest_item *const b = right;

	return (a->place > b->place) - (a->place < b->place);
}

static int by_text(const void *left, const void *right)
{
	const struct weir__manifest_item *const a = left;
	const struct weir__manifest_item *const b = right;
	const int order = strcmp(a->sql, b->sql);

	return order == 0 ? by_place(a, b) : order;
}

/* One finding is enough for a statement that is there twice; those of the file come first,
 * since a place in it is better than none. */
static void drop_doubles(struct weir__manifest *manifest)
{
	struct weir__manifest_item *const items = manifest->items;
	size_t kept = 0;

	if (manifest->count == 0)
		return;
	qsort(items, manifest->count, sizeof *items, by_text);
	for (size_t i = 1; i < manifest->count; i++) {
		if (strcmp(items[kept].sql, items[i].sql) == 0)
			free(items[i].sql);
		else
			items[++kept] = items[i];
	}
	manifest->count = kept + 1;
	qsort(items, manifest->count, sizeof *items, by_place);
}

/* ---- a script ---- */

/* How long the statement is that text begins with. */
static enum weir_code measure(const struct weir__session *session, const char *text, size_t *length,
                              struct weir_error *err)
{
	struct weir_error refused = WEIR_ERROR_INIT;
	void *stmt = NULL;
	enum weir_code code;

	*length = 0;
	if (!weir__manifest_is_setting(text)) {
		code = session->sql->prepare(session->conn, text, strlen(text), &stmt, length, &refused);
		if (code == WEIR_OK)
			session->sql->finalize(stmt);
		else if (code != WEIR_ERR_DRIVER_SQL)
			return weir_fail(err, code, WHERE, refused.driver_code, "%s", refused.message);
		else
			*length = 0;
	}
	if (*length == 0)
		*length = weir__sql_end(text);
	return WEIR_OK;
}

static uint32_t lines_in(const char *text, size_t length)
{
	uint32_t lines = 0;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n' ? 1 : 0;
	return lines;
}

static enum weir_code split(struct weir__manifest *manifest, const struct weir__session *session,
                            const char *text, struct weir_error *err)
{
	uint32_t line = 1;
	size_t length = weir__sql_begin(text);
	enum weir_code code;

	for (;;) { /* ends: each turn goes on in text, which does */
		line += lines_in(text, length);
		text += length;
		if (*text == '\0')
			return WEIR_OK;
		code = measure(session, text, &length, err);
		if (code != WEIR_OK)
			return code;
		if (!weir__manifest_add(manifest, text, length, line))
			return no_memory(err);
		length += weir__sql_begin(text + length);
	}
}

static enum weir_code read_script(struct weir__manifest *manifest, struct weir_db *db,
                                  const char *text, struct weir_error *err)
{
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	struct weir__session session;
	enum weir_code code = weir_read_begin(db, NULL, &tx, err);

	if (code == WEIR_OK)
		code = weir__session_init(&session, db, &tx, err);
	if (code == WEIR_OK)
		code = split(manifest, &session, text, err);
	weir_tx_end(&tx);
	return code;
}

/* ---- a file ---- */

static enum weir_code read_bytes(FILE *file, const char *path, struct weir__text *text,
                                 struct weir_error *err)
{
	char part[4096];
	size_t length;
	uint32_t line;

	weir__text_put(text, "");
	while ((length = fread(part, 1, sizeof part, file)) != 0) {
		weir__text_add(text, part, length);
		if (text->length > FILE_MAX)
			return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0, "%s: longer than 64 MiB",
			                 path);
	}
	if (ferror(file))
		return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "cannot read %s: %s", path,
		                 strerror(errno));
	if (text->failed)
		return no_memory(err);
	line = weir__bad_text_line(text->bytes, text->length);
	if (line != 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "%s:%u: a byte that is not UTF-8, or a NUL: save it as UTF-8", path, line);
	return WEIR_OK;
}

static enum weir_code read_file(struct weir__manifest *manifest, struct weir_db *db,
                                struct weir_error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	FILE *const file = fopen(manifest->path, "rb");
	struct weir__text text = {0};
	const char *begin;
	enum weir_code code;

	if (file == NULL)
		return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "cannot read the statements in %s: %s",
		                 manifest->path, strerror(errno));
	code = read_bytes(file, manifest->path, &text, err);
	(void)fclose(file);
	if (code == WEIR_OK) {
		begin = text.bytes + (strncmp(text.bytes, mark, 3) == 0 ? 3 : 0);
		if (begin[strspn(begin, " \t\r\n")] == '{') /* no statement begins so */
			code = weir__manifest_json(manifest, begin, err);
		else
			code = read_script(manifest, db, begin, err);
	}
	weir__text_free(&text);
	return code;
}

/* ---- both ---- */

struct recording {
	struct weir__manifest *manifest;
	bool failed;
};

static bool record(void *arg, const char *sql)
{
	struct recording *const recording = arg;

	recording->failed = !weir__manifest_add(recording->manifest, sql, strlen(sql), 0);
	return !recording->failed;
}

static enum weir_code read_all(struct weir__manifest *manifest, struct weir_db *db,
                               struct weir_error *err)
{
	struct recording recording = {.manifest = manifest};
	enum weir_code code = WEIR_OK;

	if (manifest->path[0] != '\0')
		code = read_file(manifest, db, err);
	if (code == WEIR_OK)
		code = weir_db_statements(db, record, &recording, err);
	if (recording.failed)
		return no_memory(err);
	if (code == WEIR_OK)
		drop_doubles(manifest);
	return code;
}

enum weir_code weir__manifest_read(struct weir__manifest **manifest, struct weir_db *db,
                                   const char *path, struct weir_error *err)
{
	enum weir_code code = weir__session_check(db, err);

	*manifest = NULL;
	if (code != WEIR_OK)
		return code;
	*manifest = calloc(1, sizeof **manifest);
	if (*manifest == NULL)
		return no_memory(err);
	(*manifest)->path = strdup(path == NULL ? "" : path);
	code = (*manifest)->path == NULL ? no_memory(err) : read_all(*manifest, db, err);
	if (code != WEIR_OK) {
		weir__manifest_free(*manifest);
		*manifest = NULL;
	}
	return code;
}

void weir__manifest_free(struct weir__manifest *manifest)
{
	if (manifest == NULL)
		return;
	for (size_t i = 0; i < manifest->count; i++) {
		free(manifest->items[i].sql);
		weir__shape_free(&manifest->items[i].before);
	}
	free(manifest->items);
	weir__names_free(&manifest->indexes);
	free(manifest->path);
	free(manifest);
}

size_t weir__manifest_count(const struct weir__manifest *manifest)
{
	return manifest == NULL ? 0 : manifest->count;
}
