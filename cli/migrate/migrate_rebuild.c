/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate rebuild`: the script that gives a table another definition, on standard
 * output or as a new migration. It has no way back that could be told beforehand.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/schema.h>

#include "migrate_files.h"

static const char where[] = "rebuild";

/* How a script of each format begins and ends whose text may hold triggers. */
static const struct {
	const char *before;
	const char *after;
} frames[] = {
	[WEIR_MIGRATE_WEIR] = {"-- weir:up\n", ""},
	[WEIR_MIGRATE_GOLANG] = {"", ""},
	[WEIR_MIGRATE_DBMATE] = {"-- migrate:up\n", "\n-- migrate:down\n"},
	[WEIR_MIGRATE_GOOSE] = {"-- +goose Up\n-- +goose StatementBegin\n", "-- +goose StatementEnd\n"},
};

/* The names and expressions of --column NAME=EXPR, or none of NAME, which may go; names
 * are copied into storage. */
struct columns {
	const char **names;
	const char **expressions;
	char *storage;
};

static void columns_free(struct columns *columns)
{
	free(columns->names);
	free(columns->expressions);
	free(columns->storage);
}

static enum weir_code columns_read(const struct migrate_list *list, struct columns *columns,
                                   struct weir_error *err)
{
	size_t bytes = 1;
	char *to;

	for (size_t i = 0; i < list->count; i++) {
		const char *const item = list->items[i];
		const size_t length = strcspn(item, "=");

		if (length == 0 || strcmp(item + length, "=") == 0)
			return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
			                 "--column cannot be '%s': write NAME=EXPRESSION, or NAME alone for a "
			                 "column that may go",
			                 item);
		bytes += length + 1;
	}
	columns->names = calloc(list->count + 1, sizeof(*columns->names));
	columns->expressions = calloc(list->count + 1, sizeof(*columns->expressions));
	columns->storage = malloc(bytes);
	if (columns->names == NULL || columns->expressions == NULL || columns->storage == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for columns");
	to = columns->storage;
	for (size_t i = 0; i < list->count; i++) {
		const char *const item = list->items[i];
		const size_t length = strcspn(item, "=");

		memcpy(to, item, length);
		to[length] = '\0';
		columns->names[i] = to;
		columns->expressions[i] = item[length] == '=' ? item + length + 1 : NULL;
		to += length + 1;
	}
	return WEIR_OK;
}

static enum weir_code make_script(struct migrate_call *call, struct columns *columns,
                                  const char *sql, struct weir_error *err)
{
	const struct weir_schema_rebuild request = {
		.size = sizeof(request),
		.table = call->request->word,
		.sql = sql,
		.columns = columns->names,
		.expressions = columns->expressions,
		.columns_count = (uint32_t)call->request->columns.count,
	};

	return weir_migrate_rebuild(call->db, &request, &call->text, err);
}

/* The format of the folder, which may be empty. */
static enum weir_migrate_format folder_format(const struct migrate_call *call)
{
	const struct weir_migrations_options options = {.size = sizeof(options)};
	struct weir_migrations *set = NULL;
	enum weir_migrate_format format = WEIR_MIGRATE_WEIR;

	if (call->format != WEIR_MIGRATE_DETECT)
		return call->format;
	if (weir_migrations_read(&set, call->folder, &options, NULL) == WEIR_OK)
		format = weir_migrations_format(set);
	weir_migrations_free(set);
	return format;
}

/* An empty down script, which golang-migrate has in a file of its own, would say that
 * there is nothing to undo. */
static void drop_way_back(const char *path)
{
	static const char up[] = ".up.sql";
	const size_t length = strlen(path);
	const size_t stem = length - (sizeof(up) - 1);
	char other[WEIR_PATH_MAX + 8];

	if (length < sizeof(up) || strcmp(path + stem, up) != 0)
		return;
	(void)snprintf(other, sizeof(other), "%.*s.down.sql", (int)stem, path);
	(void)unlink(other);
}

/* Put the script into the empty one that `new` makes. */
static enum weir_code write_migration(struct migrate_call *call, struct weir_error *err)
{
	const enum weir_migrate_format format = folder_format(call);
	struct migrate_memory memory = {0};
	const struct weir_writer writer = migrate_memory_writer(&memory);
	const char *const parts[] = {frames[format].before, call->text, frames[format].after};
	char name[WEIR_MIGRATE_NAME_MAX];
	enum weir_code code;

	(void)snprintf(name, sizeof(name), "rebuild_%.100s", call->request->word);
	code = weir_migrate_new(call->folder, format, name, call->request->sequential,
	                        call->request->dry_run, call->made, sizeof(call->made), err);
	if (code != WEIR_OK || call->request->dry_run)
		return code;
	drop_way_back(call->made);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && code == WEIR_OK; i++) {
		if (!writer.write(writer.arg, parts[i], strlen(parts[i])))
			code = weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for a script");
	}
	if (code == WEIR_OK)
		code = migrate_write_file(call->made, memory.text, err);
	free(memory.text);
	return code;
}

enum weir_code migrate_run_rebuild(struct migrate_call *call, struct weir_error *err)
{
	const struct migrate_request *const request = call->request;
	struct columns columns = {0};
	char *sql = NULL;
	enum weir_code code = columns_read(&request->columns, &columns, err);

	if (code == WEIR_OK)
		code = migrate_read_file(request->sql, &sql, err);
	if (code == WEIR_OK)
		code = make_script(call, &columns, sql, err);
	free(sql);
	columns_free(&columns);
	if (code != WEIR_OK || !request->write)
		return code;
	code = migrate_find_folder(call, err);
	return code == WEIR_OK ? write_migration(call, err) : code;
}
