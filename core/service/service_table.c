/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of names: see service_internal.h.
 */
#include "service_internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- entries ---- */

struct weir__entry *weir__entry_open(struct weir_service *service, const struct weir_driver *driver,
                                     void *driver_data, const struct weir_config *config,
                                     struct weir_error *err)
{
	struct weir__entry *entry =
		(struct weir__entry *)wp_alloc(alignof(struct weir__entry), sizeof *entry);
	struct weir_config *own =
		(struct weir_config *)wp_alloc(alignof(struct weir_config), sizeof *own);
	struct weir_db_options options;
	enum weir_code code;

	if (entry == NULL || own == NULL) {
		wp_free(own);
		wp_free(entry);
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "service.add", 0, "no memory for a database");
		return NULL;
	}
	*own = *config;
	own->keeper = WEIR_KEEPER_MANUAL;
	entry->min_idle = own->min_idle;
	own->min_idle = 0; /* what start does is start's */
	memset(&options, 0, sizeof options);
	options.size = (uint32_t)sizeof options;
	options.driver_data = driver_data;
	options.log = service->options.log;
	options.on_leak = service->options.on_leak;
	options.leak_arg = service->options.leak_arg;
	code = weir_db_create(&entry->db, driver, own, &options, err);
	wp_free(own);
	if (code != WEIR_OK) {
		wp_free(entry);
		return NULL;
	}
	wp_store_rlx_32(&entry->refs, 1);
	entry->driver = driver;
	entry->driver_data = driver_data;
	memcpy(entry->name, config->name, sizeof entry->name);
	entry->db->entry = entry;
	weir__db_attend_by(entry->db, &service->ticker);
	return entry;
}

void weir__entry_free(struct weir__entry *entry)
{
	weir_db_destroy(entry->db);
	wp_free(entry);
}

void weir__entry_put(struct weir_service *service, struct weir__entry *entry)
{
	/* The last one of an entry that is out of the table: the keeper ends it. */
	if (wp_add_full_32(&entry->refs, UINT32_MAX) == 1) /* V3 */
		weir__ticker_call(&service->ticker);
}

/* V2, in a section: false if nobody may have it any more. */
static bool take(struct weir__entry *entry)
{
	uint32_t refs = wp_load_rlx_32(&entry->refs);

	while (refs != 0) { /* ends: each further round, another thread took or put it */
		if (wp_cas_acqrel_32(&entry->refs, refs, refs + 1))
			return true;
		refs = wp_load_rlx_32(&entry->refs);
	}
	return false;
}

/* ---- looking ---- */

struct weir__entry *weir__table_find(const struct weir__table *table, const char *name)
{
	uint32_t low = 0;
	uint32_t high = table->count;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		const int order = strcmp(name, table->entries[middle]->name);

		if (order == 0)
			return table->entries[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Names are copied out: the entries may go once the section is over. */
#define NAMES_MAX 32

static enum weir_code unknown(struct weir_service *service, const char *name, const char *where,
                              struct weir_error *err)
{
	char copies[NAMES_MAX][WEIR_NAME_MAX];
	const char *names[NAMES_MAX];
	const uint32_t section = wp_rcu_read_begin();
	const struct weir__table *table = (const struct weir__table *)wp_rcu_follow(&service->table);
	const uint32_t count = table->count < NAMES_MAX ? table->count : NAMES_MAX;

	for (uint32_t i = 0; i < count; i++) {
		memcpy(copies[i], table->entries[i]->name, WEIR_NAME_MAX);
		names[i] = copies[i];
	}
	wp_rcu_read_end(section);
	const char *near = weir_nearest(name, names, count);

	if (near != NULL)
		return weir_fail(err, WEIR_ERR_CONFIG_UNKNOWN, where, 0,
		                 "there is no database \"%.60s\"; did you mean \"%.60s\"?", name, near);
	return weir_fail(err, WEIR_ERR_CONFIG_UNKNOWN, where, 0,
	                 "there is no database \"%.60s\" among the %u of this service", name, count);
}

struct weir_db *weir_service_get(struct weir_service *service, const char *name,
                                 struct weir_error *err)
{
	struct weir__entry *entry;
	uint32_t section;
	bool taken;

	if (weir__service_check(service, "service.get", err) != WEIR_OK)
		return NULL;
	if (name == NULL) {
		(void)weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "service.get", 0, "name is NULL");
		return NULL;
	}
	section = wp_rcu_read_begin();
	entry = weir__table_find((const struct weir__table *)wp_rcu_follow(&service->table), name);
	taken = entry != NULL && take(entry);
	wp_rcu_read_end(section);
	if (taken)
		return entry->db;
	(void)unknown(service, name, "service.get", err);
	return NULL;
}

void weir_service_put(struct weir_service *service, struct weir_db *db)
{
	if (service == NULL || db == NULL || !weir__service_ours(service) || !weir__db_ours(db) ||
	    db->entry == NULL)
		return;
	weir__entry_put(service, db->entry);
}

enum weir_code weir__entries_get(struct weir_service *service, const char *name,
                                 struct weir__entries *entries, const char *where,
                                 struct weir_error *err)
{
	/* Under the lock nothing is freed: a table or entry is taken off by it first. */
	weir__lock(&service->lock);
	const struct weir__table *table = (const struct weir__table *)wp_rcu_follow(&service->table);
	const size_t room = table->count > 0 ? table->count : 1;
	bool found = name == NULL;

	entries->count = 0;
	entries->list = (struct weir__entry **)wp_alloc(sizeof(void *), room * sizeof(void *));
	for (uint32_t i = 0; entries->list != NULL && i < table->count; i++) {
		struct weir__entry *entry = table->entries[i];

		if (name != NULL && strcmp(name, entry->name) != 0)
			continue;
		found = true;
		if (take(entry))
			entries->list[entries->count++] = entry;
	}
	weir__unlock(&service->lock);
	if (entries->list == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for a list of databases");
	if (found)
		return WEIR_OK;
	weir__entries_put(service, entries);
	return unknown(service, name, where, err);
}

void weir__entries_put(struct weir_service *service, struct weir__entries *entries)
{
	for (uint32_t i = 0; i < entries->count; i++)
		weir__entry_put(service, entries->list[i]);
	wp_free(entries->list);
	entries->list = NULL;
	entries->count = 0;
}

/* ---- changing ---- */

static bool is_among(const struct weir__entry *entry, struct weir__entry *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == entry)
			return true;
	}
	return false;
}

static const struct weir__entry *named_alike(const struct weir__table_change *change,
                                             const char *name, size_t before)
{
	for (size_t i = 0; i < before; i++) {
		if (strcmp(change->added[i]->name, name) == 0)
			return change->added[i];
	}
	return NULL;
}

/* Under the lock: whether the change may be made. */
static enum weir_code check(const struct weir__table *table,
                            const struct weir__table_change *change, const char *where,
                            struct weir_error *err)
{
	for (size_t i = 0; i < change->added_count; i++) {
		const char *name = change->added[i]->name;
		const struct weir__entry *present = weir__table_find(table, name);

		if (named_alike(change, name, i) != NULL || (present != NULL && !change->replace))
			return weir_fail(err, WEIR_ERR_CONFIG_CONFLICT, where, 0,
			                 "there is a database \"%.60s\" already: names are unique", name);
	}
	return WEIR_OK;
}

static int by_name(const void *left, const void *right)
{
	const struct weir__entry *const *a = (const struct weir__entry *const *)left;
	const struct weir__entry *const *b = (const struct weir__entry *const *)right;

	return strcmp((*a)->name, (*b)->name);
}

/* Under the lock: the next table, and the end of the one before. */
static void publish(struct weir_service *service, struct weir__table *before,
                    struct weir__table *next, const struct weir__table_change *change)
{
	for (uint32_t i = 0; i < before->count; i++) {
		struct weir__entry *entry = before->entries[i];

		if (is_among(entry, change->removed, change->removed_count) ||
		    named_alike(change, entry->name, change->added_count) != NULL) {
			entry->next = service->ended;
			service->ended = entry;
		} else {
			next->entries[next->count++] = entry;
		}
	}
	for (size_t i = 0; i < change->added_count; i++) {
		change->added[i]->id = ++service->next_id;
		next->entries[next->count++] = change->added[i];
	}
	qsort(next->entries, next->count, sizeof(struct weir__entry *), by_name);
	wp_rcu_publish(&service->table, next); /* V1 */
	before->next = service->old_tables;
	service->old_tables = before;
}

enum weir_code weir__table_apply(struct weir_service *service,
                                 const struct weir__table_change *change, const char *where,
                                 struct weir_error *err)
{
	enum weir_code code;

	weir__lock(&service->lock);
	struct weir__table *before = (struct weir__table *)wp_rcu_follow(&service->table);
	const size_t room = before->count + change->added_count;
	struct weir__table *next = (struct weir__table *)wp_alloc(
		alignof(struct weir__table), sizeof *next + room * sizeof(struct weir__entry *));

	if (next == NULL)
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for the table of names");
	else if (wp_load_acq_32(&service->closing) != 0)
		code = weir_fail(err, WEIR_ERR_CLOSED, where, 0, "the service is closed");
	else
		code = check(before, change, where, err);
	if (code == WEIR_OK)
		publish(service, before, next, change);
	weir__unlock(&service->lock);
	if (code != WEIR_OK)
		wp_free(next);
	else
		weir__ticker_call(&service->ticker);
	return code;
}
