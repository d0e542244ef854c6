/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Upkeep of every database of a service, and the end of those that were removed. One
 * thread at a time ticks; a second one finds nothing to do.
 */
#include "dump_guard.h"
#include "service_internal.h"

/* How soon the end of a database is tried again: while somebody still has it, or
 * leases of it are out. */
#define AGAIN_NS WEIR_MILLISECONDS(20)

static int64_t sooner(int64_t a_ns, int64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* ---- the end of what was removed ---- */

/* What was unlinked, once nobody can come to it any more. */
static void drop_unlinked(struct weir_service *service)
{
	weir__lock(&service->lock);
	struct weir__table *tables = service->old_tables;
	struct weir__entry *ended = service->ended;

	service->old_tables = NULL;
	service->ended = NULL;
	weir__unlock(&service->lock);
	if (tables == NULL && ended == NULL)
		return;
	wp_rcu_synchronize(); /* D3 */
	weir__dump_await();   /* J2 */
	while (tables != NULL) {
		struct weir__table *table = tables;

		tables = table->next;
		wp_free(table);
	}
	while (ended != NULL) {
		struct weir__entry *entry = ended;

		ended = entry->next;
		entry->next = service->dropped;
		service->dropped = entry;
		weir__service_say(service, WEIR_LOG_POOL_EVENT, entry->name, "removed");
		(void)wp_add_full_32(&entry->refs, UINT32_MAX); /* the table's own */
	}
}

/* Whether an entry nobody has is closed, or must be given up. */
static bool is_closed(struct weir__entry *entry, bool at_end)
{
	const struct weir_time at_once = {0};

	if (wp_load_acq_32(&entry->refs) != 0 && !at_end) /* V3 */
		return false;
	return weir_db_close_until(entry->db, at_once, NULL) == WEIR_OK || at_end;
}

void weir__service_reap(struct weir_service *service, bool at_end)
{
	struct weir__entry **link = &service->dropped;

	drop_unlinked(service);
	while (*link != NULL) {
		struct weir__entry *entry = *link;

		if (is_closed(entry, at_end)) {
			*link = entry->next;
			weir__entry_free(entry);
		} else {
			link = &entry->next;
		}
	}
}

/* ---- the tick ---- */

/*
 * What is listed, in memory of the service's: entries are freed by this thread alone
 * (I3), so none is held, and a job that ends the thread in the middle leaves nothing
 * behind. False without memory.
 */
static bool copy_listed(struct weir_service *service)
{
	bool fits = true;

	weir__lock(&service->lock);
	const struct weir__table *table = (const struct weir__table *)wp_rcu_follow(&service->table);

	if (table->count > service->walk_room) {
		const size_t room = (size_t)table->count * 2;

		wp_free(service->walk);
		service->walk = (struct weir__entry **)wp_alloc(sizeof(void *), room * sizeof(void *));
		service->walk_room = service->walk != NULL ? (uint32_t)room : 0;
		fits = service->walk != NULL;
	}
	service->walk_count = fits ? table->count : 0;
	for (uint32_t i = 0; i < service->walk_count; i++)
		service->walk[i] = table->entries[i];
	weir__unlock(&service->lock);
	return fits;
}

static int64_t tick_listed(struct weir_service *service, struct weir_time now)
{
	int64_t next_ns = INT64_MAX;

	if (!copy_listed(service))
		return weir__add_ns(now.ns, AGAIN_NS);
	for (uint32_t i = 0; i < service->walk_count; i++)
		next_ns = sooner(next_ns, weir_db_tick(service->walk[i]->db, now).ns);
	return next_ns;
}

struct weir_time weir__service_tick_all(void *arg, struct weir_time now)
{
	struct weir_service *service = (struct weir_service *)arg;
	struct weir_time next = {INT64_MAX};

	next.ns = tick_listed(service, now);
	weir__service_reap(service, false);
	for (struct weir__entry *entry = service->dropped; entry != NULL; entry = entry->next)
		next.ns = sooner(next.ns, weir_db_tick(entry->db, now).ns);
	if (service->dropped != NULL)
		next.ns = sooner(next.ns, weir__add_ns(now.ns, AGAIN_NS));
	return next;
}

struct weir_time weir_service_tick(struct weir_service *service, struct weir_time now)
{
	struct weir_time next = {INT64_MAX};

	if (service == NULL || !weir__service_ours(service) || !service->options.manual)
		return next;
	if (!wp_cas_acq_32(&service->ticking, 0, 1))
		return now; /* another thread does, or a callback of this tick asks */
	next = weir__service_tick_all(service, now);
	wp_store_rel_32(&service->ticking, 0);
	return next;
}
