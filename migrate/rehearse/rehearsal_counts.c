/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How many rows tables have, before and after: what a rebuilt table loses is otherwise
 * seen by nobody.
 */
#include "rehearsal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define WHERE "migrate.rehearse"

/* ---- which tables ---- */

static bool is_all(const char *name)
{
	return strcmp(name, "*") == 0;
}

static bool is_named(const struct weir_rehearse_options *wishes, const char *table)
{
	for (size_t i = 0; i < wishes->same_rows_count; i++) {
		if (strcasecmp(wishes->same_rows[i], table) == 0)
			return true;
	}
	return false;
}

static bool wants_all(const struct weir_rehearse_options *wishes)
{
	return is_named(wishes, "*");
}

static bool has_table(const struct weir__catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->count; i++) {
		if (strcmp(catalog->objects[i].type, "table") == 0 &&
		    strcasecmp(catalog->objects[i].name, name) == 0)
			return true;
	}
	return false;
}

static enum weir_code check_names(const struct weir_rehearse_options *wishes,
                                  const struct weir__catalog *catalog, struct weir_error *err)
{
	for (size_t i = 0; i < wishes->same_rows_count; i++) {
		if (!is_all(wishes->same_rows[i]) && !has_table(catalog, wishes->same_rows[i]))
			return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
			                 "same_rows: there is no table %s", wishes->same_rows[i]);
	}
	return WEIR_OK;
}

/* ---- counting ---- */

static enum weir_code take(void *arg, const struct weir_sql_value *row, uint32_t columns,
                           struct weir_error *err)
{
	(void)columns;
	(void)err;
	*(int64_t *)arg = weir__value_int64(&row[0]);
	return WEIR_OK;
}

static enum weir_code count(const struct weir__session *session, const char *table, bool named,
                            struct weir__rehearsal_counts *counts, struct weir_error *err)
{
	char quoted[WEIR__QUOTED_MAX];
	char sql[WEIR__QUOTED_MAX + 32];
	void *list = counts->list;
	int64_t rows = 0;
	enum weir_code code;

	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", weir__quote(table, quoted));
	code = weir__session_query(session, sql, NULL, 0, take, &rows, err);
	if (code != WEIR_OK)
		return code;
	if (!weir__grow(&list, sizeof *counts->list, counts->count, &counts->room))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a list of tables");
	counts->list = list;
	counts->list[counts->count].table = strdup(table);
	if (counts->list[counts->count].table == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a list of tables");
	counts->list[counts->count].named = named;
	counts->list[counts->count++].rows = rows;
	return WEIR_OK;
}

enum weir_code weir__rehearsal_counts_read(const struct weir__rehearsal *rehearsal,
                                           const struct weir__session *session,
                                           const struct weir__catalog *catalog, bool first,
                                           struct weir__rehearsal_counts *counts,
                                           struct weir_error *err)
{
	const struct weir_rehearse_options *const wishes = &rehearsal->wishes;
	enum weir_code code = first ? check_names(wishes, catalog, err) : WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < catalog->count; i++) {
		const struct weir__catalog_object *const object = &catalog->objects[i];
		const bool named = is_named(wishes, object->name);

		if (strcmp(object->type, "table") == 0 && (named || wants_all(wishes)))
			code = count(session, object->name, named, counts, err);
	}
	return code;
}

void weir__rehearsal_counts_free(struct weir__rehearsal_counts *counts)
{
	for (size_t i = 0; i < counts->count; i++)
		free(counts->list[i].table);
	free(counts->list);
}

/* ---- comparing ---- */

static const struct weir__rehearsal_count *find(const struct weir__rehearsal_counts *counts,
                                                const char *table)
{
	for (size_t i = 0; i < counts->count; i++) {
		if (strcasecmp(counts->list[i].table, table) == 0)
			return &counts->list[i];
	}
	return NULL;
}

bool weir__rehearsal_counts_compare(const struct weir__rehearsal *rehearsal)
{
	const struct weir__rehearsal_counts *const before = &rehearsal->before.counts;
	bool told = true;

	for (size_t i = 0; told && i < before->count; i++) {
		const struct weir__rehearsal_count *const was = &before->list[i];
		const struct weir__rehearsal_count *const is = find(&rehearsal->after.counts, was->table);
		const enum weir_migrate_severity severity = was->named ? WEIR_MIGRATE_FAILURE
		                                                       : WEIR_MIGRATE_WARNING;

		if (is == NULL)
			told = weir__report_find(rehearsal->report, severity, "same_rows", "", "",
			                         "table %s had %" PRId64 " rows, and is gone", was->table,
			                         was->rows);
		else if (is->rows != was->rows)
			told = weir__report_find(rehearsal->report, severity, "same_rows", "", "",
			                         "table %s had %" PRId64 " rows, and has %" PRId64, was->table,
			                         was->rows, is->rows);
	}
	return told;
}
