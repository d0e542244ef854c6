/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See keys.h.
 */
#include "keys.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

#define WHERE "migrate.keys"
#define MISFIT "" /* in place of a parent */
#define PATIENCE_NS WEIR_SECONDS(5)

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a list of references");
}

/* ---- tables ---- */

static bool add_name(struct weir__keys_tables *names, const char *name)
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

void weir__keys_unlist(struct weir__keys_tables *tables)
{
	for (size_t i = 0; i < tables->count; i++)
		free(tables->list[i]);
	free(tables->list);
	memset(tables, 0, sizeof *tables);
}

static bool has(const struct weir__keys_tables *tables, const char *table)
{
	for (size_t i = 0; i < tables->count; i++) {
		if (strcasecmp(tables->list[i], table) == 0)
			return true;
	}
	return false;
}

static bool note_table(void *arg, const struct weir_schema_object *object)
{
	return strcmp(object->type, "table") != 0 || add_name(arg, object->name);
}

enum weir_code weir__keys_list(struct weir__keys_tables *tables,
                               const struct weir__session *session, struct weir_error *err)
{
	enum weir_code code;

	weir__keys_unlist(tables);
	code = session->schema->objects(session->conn, note_table, tables, err);
	return code == WEIR_ERR_JOB_FAILED ? no_memory(err) : code;
}

struct search {
	const struct weir__monitor *watched; /* NULL: all are involved */
	const struct weir__keys_tables *before;
	bool found;
};

static bool is_touched(const struct search *search, const char *table)
{
	return weir__monitor_touched(search->watched, table) || !has(search->before, table);
}

static bool note_parent(void *arg, const char *parent)
{
	struct search *const search = arg;

	search->found = search->found || is_touched(search, parent);
	return true;
}

static enum weir_code is_involved(const struct weir__session *session, struct search *search,
                                  const char *table, struct weir_error *err)
{
	search->found = search->watched == NULL || is_touched(search, table);
	return search->found ? WEIR_OK
	                     : session->schema->parents(session->conn, table, note_parent, search, err);
}

/* ---- reading ---- */

static struct weir__keys_pair *find(const struct weir__keys *keys, const char *table,
                                    const char *parent)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (strcasecmp(keys->pairs[i].table, table) == 0 &&
		    strcasecmp(keys->pairs[i].parent, parent) == 0)
			return &keys->pairs[i];
	}
	return NULL;
}

static bool note_violation(void *arg, const struct weir_schema_violation *violation)
{
	struct weir__keys *const keys = arg;
	struct weir__keys_pair *pair = find(keys, violation->table, violation->parent);
	void *pairs = keys->pairs;

	if (pair != NULL) {
		pair->rows++;
		return true;
	}
	if (!weir__grow(&pairs, sizeof *keys->pairs, keys->count, &keys->room))
		return false;
	keys->pairs = pairs;
	pair = &keys->pairs[keys->count];
	pair->table = strdup(violation->table);
	pair->parent = strdup(violation->parent);
	pair->rows = 1;
	pair->first = violation->row;
	keys->count++;
	return pair->table != NULL && pair->parent != NULL;
}

void weir__keys_free(struct weir__keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		free(keys->pairs[i].table);
		free(keys->pairs[i].parent);
	}
	free(keys->pairs);
	weir__keys_unlist(&keys->tables);
	memset(keys, 0, sizeof *keys);
}

/* A key that fits none of its parent's: the engine refuses to compare anything. */
static enum weir_code read_table(struct weir__keys *keys, const struct weir__session *session,
                                 const char *table, struct weir_error *err)
{
	const struct weir_schema_violation misfit = {.table = table, .row = -1, .parent = MISFIT};
	struct weir_error why = WEIR_ERROR_INIT;
	const enum weir_code code =
		session->schema->violations(session->conn, table, note_violation, keys, &why);

	if (code == WEIR_ERR_DRIVER_SQL)
		return note_violation(keys, &misfit) ? WEIR_OK : no_memory(err);
	return code == WEIR_OK ? WEIR_OK
	                       : weir_fail(err, code, why.where, why.driver_code, "%s", why.message);
}

enum weir_code weir__keys_read(struct weir__keys *keys, const struct weir__session *session,
                               const struct weir__monitor *watched,
                               const struct weir__keys_tables *before, struct weir_error *err)
{
	struct search search = {.watched = watched, .before = before};
	enum weir_code code;

	weir__keys_free(keys);
	code = weir__keys_list(&keys->tables, session, err);
	for (size_t i = 0; code == WEIR_OK && i < keys->tables.count; i++) {
		code = is_involved(session, &search, keys->tables.list[i], err);
		if (code == WEIR_OK && search.found)
			code = read_table(keys, session, keys->tables.list[i], err);
	}
	keys->read = code == WEIR_OK;
	return code == WEIR_ERR_JOB_FAILED ? no_memory(err) : code;
}

enum weir_code weir__keys_read_committed(struct weir__keys *keys, struct weir_db *db,
                                         struct weir_error *err)
{
	const struct weir_read_options options = {.size = sizeof options, .expected_long = true};
	const struct timespec nap = {0, 5000000};
	const int64_t until_ns = weir_now().ns + PATIENCE_NS;
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	struct weir__session session;
	enum weir_code code;

	/* Who holds the gate is not let wait for a reader: the others may wait for the gate. */
	for (;;) { /* ends: after PATIENCE_NS */
		code = weir_read_begin(db, &options, &tx, err);
		if (code != WEIR_ERR_EXHAUSTED || weir_now().ns > until_ns)
			break;
		(void)nanosleep(&nap, NULL);
	}
	if (code != WEIR_OK)
		return code;
	code = weir__session_init(&session, db, &tx, err);
	if (code == WEIR_OK)
		code = weir__keys_read(keys, &session, NULL, NULL, err);
	weir_tx_end(&tx);
	return code;
}

static enum weir_code blame(const struct weir__keys_pair *now, int64_t had, const char *version,
                            struct weir_error *err)
{
	if (strcmp(now->parent, MISFIT) == 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_KEYS, WHERE, 0,
		                 "version %s leaves %.60s with a foreign key that fits no primary key and "
		                 "no UNIQUE of its parent: make it fit",
		                 version, now->table);
	return weir_fail(err, WEIR_ERR_MIGRATE_KEYS, WHERE, 0,
	                 "version %s leaves %" PRId64 " rows of %.60s that point to nothing in "
	                 "%.60s, there were %" PRId64 " (one is row %" PRId64
	                 "): keep their keys, or delete them, too",
	                 version, now->rows, now->table, now->parent, had, now->first);
}

static bool is_renamed(const struct weir__keys *before, const struct weir__keys *after,
                       const char *from, const char *to)
{
	return !has(&after->tables, from) && !has(&before->tables, to);
}

/* How many there were of a pair, one of which may have had another name. */
static int64_t rows_before(const struct weir__keys *before, const struct weir__keys *after,
                           const struct weir__keys_pair *now)
{
	const struct weir__keys_pair *const same = find(before, now->table, now->parent);
	int64_t rows = same == NULL ? 0 : same->rows;

	for (size_t i = 0; same == NULL && i < before->count; i++) {
		const struct weir__keys_pair *const then = &before->pairs[i];
		const bool of_table = strcasecmp(then->table, now->table) == 0;
		const bool of_parent = strcasecmp(then->parent, now->parent) == 0;

		if ((of_table && is_renamed(before, after, then->parent, now->parent)) ||
		    (of_parent && is_renamed(before, after, then->table, now->table)))
			rows += then->rows;
	}
	return rows;
}

enum weir_code weir__keys_compare(const struct weir__keys *before, const struct weir__keys *after,
                                  const char *version, struct weir_error *err)
{
	for (size_t i = 0; i < after->count; i++) {
		const struct weir__keys_pair *const now = &after->pairs[i];
		const int64_t had = rows_before(before, after, now);

		if (now->rows > had)
			return blame(now, had, version, err);
	}
	return WEIR_OK;
}
