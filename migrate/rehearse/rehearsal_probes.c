/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether views and triggers still can be used. A view on a table that has changed, or a
 * trigger that names a column that is gone, stays in the schema and fails whoever uses
 * it: so each is prepared, which compiles it, and not run.
 */
#include "rehearsal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define WHERE "migrate.rehearse"

/* ---- preparing ---- */

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a list of statements");
}

/* Prepare sql; *failure is what is the matter with it, or NULL. */
static enum weir_code prepare(const struct weir__session *session, const char *sql, char **failure,
                              struct weir_error *err)
{
	struct weir_error problem = WEIR_ERROR_INIT;
	void *stmt = NULL;
	size_t tail = 0;
	const enum weir_code code =
		session->sql->prepare(session->conn, sql, strlen(sql), &stmt, &tail, &problem);

	*failure = NULL;
	session->sql->finalize(stmt);
	if (code == WEIR_OK)
		return WEIR_OK;
	if (code != WEIR_ERR_DRIVER_SQL)
		return weir_fail(err, code, WHERE, problem.driver_code, "%s", problem.message);
	*failure = strdup(problem.message);
	return *failure != NULL ? WEIR_OK : no_memory(err);
}

/* Takes over about. must: a failure is one even if there was none to compare with. */
static enum weir_code probe(const struct weir__session *session, const char *sql,
                            struct weir__text *about, bool must,
                            struct weir__rehearsal_probes *probes, struct weir_error *err)
{
	void *list = probes->list;
	struct weir__rehearsal_probe *made;

	if (about->failed || sql == NULL ||
	    !weir__grow(&list, sizeof *probes->list, probes->count, &probes->room)) {
		weir__text_free(about);
		return no_memory(err);
	}
	probes->list = list;
	made = &probes->list[probes->count++];
	*made = (struct weir__rehearsal_probe){.about = about->bytes, .must = must};
	made->sql = strdup(sql);
	if (made->sql == NULL)
		return no_memory(err);
	return prepare(session, sql, &made->failure, err);
}

static enum weir_code probe_view(const struct weir__session *session, const char *name,
                                 struct weir__rehearsal_probes *probes, struct weir_error *err)
{
	char quoted[WEIR__QUOTED_MAX];
	char sql[WEIR__QUOTED_MAX + 32];
	struct weir__text about = {0};

	weir__text_printf(&about, "view %s", name);
	(void)snprintf(sql, sizeof sql, "SELECT * FROM %s LIMIT 0", weir__quote(name, quoted));
	return probe(session, sql, &about, true, probes, err);
}

/* ---- triggers ---- */

static void write_insert(struct weir__text *sql, const struct weir__catalog_object *object,
                         const char *quoted)
{
	(void)object;
	weir__text_printf(sql, "INSERT INTO %s DEFAULT VALUES", quoted);
}

/* Of all columns, since triggers may be of one. */
static void write_update(struct weir__text *sql, const struct weir__catalog_object *object,
                         const char *quoted)
{
	const char *between = "";

	weir__text_printf(sql, "UPDATE %s SET ", quoted);
	for (size_t i = 0; i < object->columns_count; i++) {
		char column[WEIR__QUOTED_MAX];

		if (object->columns[i].generated)
			continue;
		(void)weir__quote(object->columns[i].name, column);
		weir__text_printf(sql, "%s%s = %s", between, column, column);
		between = ", ";
	}
	weir__text_put(sql, " WHERE 0");
}

static void write_delete(struct weir__text *sql, const struct weir__catalog_object *object,
                         const char *quoted)
{
	(void)object;
	weir__text_printf(sql, "DELETE FROM %s WHERE 0", quoted);
}

static const struct {
	const char *name;
	void (*write)(struct weir__text *sql, const struct weir__catalog_object *object,
	              const char *quoted);
} events[] = {{"INSERT", write_insert}, {"UPDATE", write_update}, {"DELETE", write_delete}};

/* A view need not have a trigger for each event: what fails there counts only if it did
 * not before. */
static enum weir_code probe_triggers(const struct weir__session *session,
                                     const struct weir__catalog_object *object,
                                     struct weir__rehearsal_probes *probes, struct weir_error *err)
{
	const bool must = strcmp(object->type, "table") == 0;
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < sizeof events / sizeof events[0]; i++) {
		char quoted[WEIR__QUOTED_MAX];
		struct weir__text sql = {0};
		struct weir__text about = {0};

		events[i].write(&sql, object, weir__quote(object->name, quoted));
		weir__text_printf(&about, "a trigger of %s on %s", events[i].name, object->name);
		code = probe(session, sql.failed ? NULL : sql.bytes, &about, must, probes, err);
		weir__text_free(&sql);
	}
	return code;
}

/* A trigger has the name of its table as it was written there. */
static bool has_trigger(const struct weir__catalog *catalog, const char *name)
{
	for (size_t i = 0; i < catalog->count; i++) {
		if (strcmp(catalog->objects[i].type, "trigger") == 0 &&
		    strcasecmp(catalog->objects[i].table, name) == 0)
			return true;
	}
	return false;
}

enum weir_code weir__rehearsal_probes_run(const struct weir__session *session,
                                          const struct weir__catalog *catalog,
                                          struct weir__rehearsal_probes *probes,
                                          struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < catalog->count; i++) {
		const struct weir__catalog_object *const object = &catalog->objects[i];
		const bool is_view = strcmp(object->type, "view") == 0;

		if (is_view)
			code = probe_view(session, object->name, probes, err);
		if (code == WEIR_OK && (is_view || strcmp(object->type, "table") == 0) &&
		    has_trigger(catalog, object->name))
			code = probe_triggers(session, object, probes, err);
	}
	return code;
}

void weir__rehearsal_probes_free(struct weir__rehearsal_probes *probes)
{
	for (size_t i = 0; i < probes->count; i++) {
		free(probes->list[i].sql);
		free(probes->list[i].about);
		free(probes->list[i].failure);
	}
	free(probes->list);
}

/* ---- comparing ---- */

static const struct weir__rehearsal_probe *find(const struct weir__rehearsal_probes *probes,
                                                const char *about)
{
	for (size_t i = 0; i < probes->count; i++) {
		if (strcmp(probes->list[i].about, about) == 0)
			return &probes->list[i];
	}
	return NULL;
}

bool weir__rehearsal_probes_compare(const struct weir__rehearsal *rehearsal)
{
	const struct weir__rehearsal_probes *const after = &rehearsal->after.probes;
	bool told = true;

	for (size_t i = 0; told && i < after->count; i++) {
		const struct weir__rehearsal_probe *const is = &after->list[i];
		const struct weir__rehearsal_probe *const was = find(&rehearsal->before.probes, is->about);
		const bool worked = was != NULL && was->failure == NULL;

		if (is->failure == NULL || (!is->must && !worked))
			continue;
		if (was != NULL && !worked)
			told = weir__report_find(rehearsal->report, WEIR_MIGRATE_WARNING, "unusable", "",
			                         is->sql, "%s cannot be used, nor could it before: %s",
			                         is->about, is->failure);
		else
			told = weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "unusable", "",
			                         is->sql, "%s cannot be used: %s", is->about, is->failure);
	}
	return told;
}
