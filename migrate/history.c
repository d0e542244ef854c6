/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a history. See history.h.
 *
 * Whatever is not as it must be is an error: a history that cannot be read and is taken
 * for an empty one would have everything applied again.
 */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define WHERE "migrate.history"

struct weir__history_column {
	const char *name;
	size_t offset;
	size_t size; /* of text; 0: a number */
};

#define TEXT_COLUMN(field)                                                                         \
	{                                                                                              \
#field, offsetof(struct weir__history_row, field),                                         \
			sizeof(((struct weir__history_row *)0)->field)                                         \
	}
#define NUMBER_COLUMN(field)                                                                       \
	{                                                                                              \
#field, offsetof(struct weir__history_row, field), 0                                       \
	}

static const struct weir__history_column columns[] = {
	NUMBER_COLUMN(id),         TEXT_COLUMN(version),       TEXT_COLUMN(name),
	TEXT_COLUMN(direction),    TEXT_COLUMN(outcome),       TEXT_COLUMN(checksum),
	NUMBER_COLUMN(applied_at), NUMBER_COLUMN(duration_ns), TEXT_COLUMN(tool),
	TEXT_COLUMN(tag),          NUMBER_COLUMN(statements),  TEXT_COLUMN(done_hash),
	TEXT_COLUMN(fingerprint),
};
#define COLUMNS (sizeof columns / sizeof columns[0])

struct reading {
	const char *table;
	struct weir__history *history;
	char format[32];
	bool has_format;
	bool seen[COLUMNS + 1]; /* the last: down_script, which is not read */
};

static const char *const directions[] = {"up", "down", "baseline", "adopt", "repair", NULL};
static const char *const outcomes[] = {"done", "running", NULL};

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words != NULL && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

/* ---- the table ---- */

static bool see_column(void *arg, const struct weir_schema_column *column)
{
	struct reading *const reading = arg;

	for (size_t i = 0; i < COLUMNS; i++) {
		if (strcasecmp(columns[i].name, column->name) == 0)
			reading->seen[i] = true;
	}
	if (strcasecmp(column->name, "down_script") == 0)
		reading->seen[COLUMNS] = true;
	return true;
}

static enum weir_code lacks(const struct reading *reading, const char *column,
                            struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_HISTORY, WHERE, 0,
	                 "table %.60s has no column %s: it is no history of weir's, or was changed by "
	                 "hand. Name another table, or mend it",
	                 reading->table, column);
}

static enum weir_code take_format(void *arg, const struct weir_sql_value *row, uint32_t count,
                                  struct weir_error *err)
{
	struct reading *const reading = arg;

	(void)count;
	(void)err;
	reading->has_format = true;
	weir__value_text(&row[0], reading->format, sizeof reading->format);
	return WEIR_OK;
}

/* Which format the table has: looked at first, since another one has other columns. */
static enum weir_code check_format(const struct weir__session *session, struct reading *reading,
                                   struct weir_error *err)
{
	char quoted[WEIR__QUOTED_MAX];
	char sql[WEIR__QUOTED_MAX + 64];
	enum weir_code code;

	if (!reading->seen[0] || !reading->seen[1])
		return lacks(reading, reading->seen[0] ? "version" : "id", err);
	(void)snprintf(sql, sizeof sql, "SELECT version FROM %s WHERE id = 0",
	               weir__quote(reading->table, quoted));
	code = weir__session_query(session, sql, NULL, 0, take_format, reading, err);
	if (code != WEIR_OK)
		return code;
	if (!reading->has_format)
		return weir_fail(err, WEIR_ERR_MIGRATE_HISTORY, WHERE, 0,
		                 "table %.60s has no row 0, which says what format it has: restore it, or "
		                 "name another table",
		                 reading->table);
	if (strcmp(reading->format, WEIR__HISTORY_FORMAT) != 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_HISTORY, WHERE, 0,
		                 "table %.60s was written by a newer weir, format %s: this one knows "
		                 "%s. Use that one",
		                 reading->table, reading->format, WEIR__HISTORY_FORMAT);
	return WEIR_OK;
}

static enum weir_code check_columns(const struct reading *reading, struct weir_error *err)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!reading->seen[i])
			return lacks(reading, columns[i].name, err);
	}
	return reading->seen[COLUMNS] ? WEIR_OK : lacks(reading, "down_script", err);
}

/* ---- its rows ---- */

static enum weir_code bad_value(const struct reading *reading, int64_t id, const char *column,
                                const char *what, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_HISTORY, WHERE, 0,
	                 "table %.60s, row %" PRId64 ": %s %s. It was not written by weir: mend it",
	                 reading->table, id, column, what);
}

/* What is the matter with a value, or NULL. */
static const char *fault(const struct weir__history_column *column,
                         const struct weir_sql_value *value)
{
	if (value->type == WEIR_SQL_NULL)
		return "is NULL";
	if (column->size == 0) {
		if (value->type != WEIR_SQL_INT64)
			return "is no whole number";
		return value->as.int64 < 0 ? "is negative" : NULL;
	}
	if (value->type != WEIR_SQL_TEXT)
		return "is no text";
	if (value->as.data.length >= column->size)
		return "is too long";
	if (value->as.data.length != 0 &&
	    memchr(value->as.data.bytes, '\0', value->as.data.length) != NULL)
		return "has a NUL in it";
	return NULL;
}

static enum weir_code check_words(const struct reading *reading,
                                  const struct weir__history_row *row, struct weir_error *err)
{
	const bool steps = strcmp(row->direction, "up") == 0 || strcmp(row->direction, "down") == 0;

	if (row->version[0] == '\0')
		return bad_value(reading, row->id, "version", "is empty", err);
	if (!is_one_of(row->direction, directions))
		return bad_value(reading, row->id, "direction", "is a word this weir does not know", err);
	if (!is_one_of(row->outcome, outcomes))
		return bad_value(reading, row->id, "outcome", "is a word this weir does not know", err);
	if (!steps && strcmp(row->outcome, "done") != 0)
		return bad_value(reading, row->id, "outcome", "cannot be of that direction", err);
	if (row->statements > UINT32_MAX)
		return bad_value(reading, row->id, "statements", "is too large", err);
	return WEIR_OK;
}

static enum weir_code take_row(void *arg, const struct weir_sql_value *values, uint32_t count,
                               struct weir_error *err)
{
	struct reading *const reading = arg;
	struct weir__history *const history = reading->history;
	void *rows = history->rows;
	struct weir__history_row *row;
	const int64_t id = weir__value_int64(&values[0]);
	enum weir_code code;

	(void)count;
	if (!weir__grow(&rows, sizeof *history->rows, history->count, &history->room))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the history");
	history->rows = rows;
	row = &history->rows[history->count];
	memset(row, 0, sizeof *row);
	for (size_t i = 0; i < COLUMNS; i++) {
		char *const place = (char *)row + columns[i].offset;
		const char *const what = fault(&columns[i], &values[i]);

		if (what != NULL)
			return bad_value(reading, id, columns[i].name, what, err);
		if (columns[i].size == 0)
			memcpy(place, &values[i].as.int64, sizeof values[i].as.int64);
		else
			weir__value_text(&values[i], place, columns[i].size);
	}
	if (row->id == INT64_MAX || row->id < history->next_id)
		return bad_value(reading, row->id, "id", "is not its own", err);
	code = check_words(reading, row, err);
	if (code != WEIR_OK)
		return code;
	history->next_id = row->id + 1;
	history->count++;
	return WEIR_OK;
}

/* Every row but that of the format, found by what it is not: a NULL must not hide. */
static enum weir_code read_rows(const struct weir__session *session, struct reading *reading,
                                struct weir_error *err)
{
	struct weir__text sql = {0};
	char quoted[WEIR__QUOTED_MAX];
	enum weir_code code;

	for (size_t i = 0; i < COLUMNS; i++)
		weir__text_printf(&sql, "%s%s", i == 0 ? "SELECT " : ", ", columns[i].name);
	weir__text_printf(&sql, " FROM %s WHERE id IS NULL OR id <> 0 ORDER BY id",
	                  weir__quote(reading->table, quoted));
	reading->history->next_id = 1;
	if (sql.failed)
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the history");
	else
		code = weir__session_query(session, sql.bytes, NULL, 0, take_row, reading, err);
	weir__text_free(&sql);
	return code;
}

enum weir_code weir__history_read(const struct weir__session *session, const char *table,
                                  struct weir__history *history, struct weir_error *err)
{
	struct reading reading = {.table = table, .history = history};
	enum weir_code code;

	memset(history, 0, sizeof *history);
	history->next_id = 1;
	code = weir__session_has_table(session, table, &history->there, err);
	if (code != WEIR_OK || !history->there)
		return code;
	code = session->schema->columns(session->conn, table, see_column, &reading, err);
	if (code == WEIR_OK)
		code = check_format(session, &reading, err);
	if (code == WEIR_OK)
		code = check_columns(&reading, err);
	if (code == WEIR_OK)
		code = read_rows(session, &reading, err);
	if (code != WEIR_OK)
		weir__history_free(history);
	return code;
}

void weir__history_free(struct weir__history *history)
{
	free(history->rows);
	memset(history, 0, sizeof *history);
}

/* ---- what it says ---- */

const struct weir__history_row *weir__history_of(const struct weir__history *history,
                                                 const char *version)
{
	for (size_t i = history->count; i > 0; i--) {
		if (strcmp(history->rows[i - 1].version, version) == 0)
			return &history->rows[i - 1];
	}
	return NULL;
}

enum weir__history_state weir__history_state(const struct weir__history_row *row)
{
	if (row == NULL)
		return WEIR__HISTORY_ABSENT;
	if (strcmp(row->outcome, "running") == 0)
		return WEIR__HISTORY_RUNNING;
	return strcmp(row->direction, "down") == 0 ? WEIR__HISTORY_ABSENT : WEIR__HISTORY_DONE;
}
