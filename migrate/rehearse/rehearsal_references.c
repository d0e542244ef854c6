/* SPDX-License-Identifier: BSD-2-Clause
 *
 * References that point to nothing: those that a migration has broken are the ones that
 * are there after it and were not before.
 */
#include "rehearsal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define TOLD_MAX 20 /* the rest is a number */

struct reading {
	struct weir__rehearsal_references *references;
	bool failed;
};

static bool add(void *arg, const struct weir_schema_violation *violation)
{
	struct reading *const reading = arg;
	struct weir__rehearsal_references *const references = reading->references;
	void *list = references->list;
	char *const table = strdup(violation->table);
	char *const parent = strdup(violation->parent != NULL ? violation->parent : "");

	if (table == NULL || parent == NULL ||
	    !weir__grow(&list, sizeof *references->list, references->count, &references->room)) {
		free(table);
		free(parent);
		reading->failed = true;
		return false;
	}
	references->list = list;
	references->list[references->count++] =
		(struct weir__rehearsal_reference){.table = table, .parent = parent, .row = violation->row};
	return true;
}

static int compare(const struct weir__rehearsal_reference *left,
                   const struct weir__rehearsal_reference *right)
{
	int order = strcmp(left->table, right->table);

	if (order == 0)
		order = strcmp(left->parent, right->parent);
	if (order == 0)
		order = left->row < right->row ? -1 : left->row > right->row;
	return order;
}

static int by_place(const void *left, const void *right)
{
	return compare(left, right);
}

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, "migrate.rehearse", 0,
	                 "no memory for a list of broken references");
}

/* An engine that cannot look at references says what is wrong with them. */
static enum weir_code read_table(const struct weir__session *session, const char *table,
                                 struct weir__rehearsal_references *references,
                                 struct weir_error *err)
{
	struct reading reading = {references, false};
	struct weir_error why = WEIR_ERROR_INIT;
	const enum weir_code code =
		session->schema->violations(session->conn, table, add, &reading, &why);
	const struct weir_schema_violation unsound = {table, -1, why.message};

	if (code == WEIR_ERR_DRIVER_SQL && add(&reading, &unsound)) {
		references->list[references->count - 1].unsound = true;
		return WEIR_OK;
	}
	if (reading.failed)
		return no_memory(err);
	if (code == WEIR_OK)
		return WEIR_OK;
	return weir_fail(err, code, why.where, why.driver_code, "%s", why.message);
}

enum weir_code weir__rehearsal_references_read(const struct weir__session *session,
                                               const struct weir__catalog *catalog,
                                               struct weir__rehearsal_references *references,
                                               struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < catalog->count; i++) {
		if (strcmp(catalog->objects[i].type, "table") == 0)
			code = read_table(session, catalog->objects[i].name, references, err);
	}
	if (code == WEIR_OK && references->count > 1)
		qsort(references->list, references->count, sizeof *references->list, by_place);
	return code;
}

static bool tell(const struct weir__rehearsal *rehearsal,
                 const struct weir__rehearsal_reference *reference)
{
	char row[32] = "";

	if (reference->unsound)
		return weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "broken_reference", "",
		                         "",
		                         "the references of table %s cannot hold, as they could before: %s",
		                         reference->table, reference->parent);
	if (reference->row >= 0)
		(void)snprintf(row, sizeof row, " %" PRId64, reference->row);
	return weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "broken_reference", "", "",
	                         "row%s of table %s points to a row of %s that is not there, and did "
	                         "not before",
	                         row, reference->table, reference->parent);
}

/* Both lists are sorted: what is in after only. */
bool weir__rehearsal_references_compare(const struct weir__rehearsal *rehearsal)
{
	const struct weir__rehearsal_references *const before = &rehearsal->before.references;
	const struct weir__rehearsal_references *const after = &rehearsal->after.references;
	size_t at = 0;
	size_t broken = 0;
	bool told = true;

	for (size_t i = 0; told && i < after->count; i++) {
		int order = 1;

		while (at < before->count && (order = compare(&before->list[at], &after->list[i])) < 0)
			at++;
		if (at < before->count && order == 0) {
			at++;
			continue;
		}
		if (++broken <= TOLD_MAX)
			told = tell(rehearsal, &after->list[i]);
	}
	if (told && broken > TOLD_MAX)
		told = weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "broken_reference", "",
		                         "", "and %zu references more", broken - TOLD_MAX);
	return told;
}

void weir__rehearsal_references_free(struct weir__rehearsal_references *references)
{
	for (size_t i = 0; i < references->count; i++) {
		free(references->list[i].table);
		free(references->list[i].parent);
	}
	free(references->list);
}
