/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The inside of weir_service: its parts, and what they call of each other.
 *
 *   service_life.c    life, start, figures
 *   service_table.c   names: get and put, adding, replacing, removing
 *   service_keeper.c  upkeep of all, and the end of what was removed
 *   service_ini.c     databases from a file, and the file read again
 *   service_state.c   suspending, draining, settings
 *   service_report.c  JSON, health          service_dump.c  what a signal handler may ask
 *
 * The table of names is an array sorted by name, replaced as a whole under lock and
 * read in an RCU section or while counted in as a dump (dump_guard.h).
 *
 * States of an entry
 *   LISTED   in the table; the table has one of its references
 *   ENDED    out of the table, in the list of ended ones; the reference is still there
 *   DROPPED  no reader and no dump can come to it any more; the reference is given back
 *   FREED    nobody had it, its db is closed
 * Legal moves: LISTED→ENDED (remove, replace, under lock), ENDED→DROPPED (the keeper,
 * after synchronize, with no dump looking), DROPPED→FREED (the keeper, refs 0).
 *
 * Invariants
 *   I1  refs of a LISTED or ENDED entry is at least 1.
 *   I2  An entry's refs goes from 0 nowhere: get takes one only from a table, inside a
 *       section, and the table's own is given back after synchronize.
 *   I3  Tables and entries are freed by whoever ticks, one thread at a time, or by
 *       destroy.
 *   I4  Databases are ticked while they are LISTED, ENDED or DROPPED: who still has one
 *       may use it.
 *
 * Memory order
 *   label operation                     order  pairs with  breaks if weaker
 *   V1    publish a table: D1, then     full   J1          see dump_guard.h
 *         a fence (J2)
 *   V2    get: CAS refs+1               acqrel V3          the keeper frees what is being
 *                                                          used
 *   V3    put: add -1; keeper: load     full   V2          the last user's accesses come
 *         refs                          acq                after the close
 *
 * No callback, no driver and nothing of a db's is called under the lock. Forks: the
 * struct lives in memory that is wiped in a forked child.
 */
#ifndef WEIR_CORE_SERVICE_INTERNAL_H
#define WEIR_CORE_SERVICE_INTERNAL_H

#include <weir/service.h>

#include "db_internal.h"
#include "gate_internal.h"
#include "log_internal.h"
#include "lock.h"
#include "platform_rcu.h"
#include "ticker.h"

#define WEIR__SERVICE_MAGIC UINT32_C(0x77737663)

struct weir__entry {
	wp_u32 refs;
	wp_u32 state; /* enum weir_service_state */
	uint64_t id;  /* counts entries: a dump goes on behind it */
	struct weir_db *db;
	const struct weir_driver *driver;
	void *driver_data;
	int64_t min_idle; /* once the service has started */
	bool from_file;
	bool dropped;             /* the keeper's */
	struct weir__entry *next; /* under the lock, while ended; then the keeper's */
	char name[WEIR_NAME_MAX];
};

struct weir__table {
	struct weir__table *next; /* under the lock, once it was replaced */
	uint32_t count;
	struct weir__entry *entries[];
};

struct weir_service {
	uint32_t magic;
	wp_u32 closing;
	struct wp_rcu_ptr table; /* struct weir__table; never NULL */
	struct weir__lock lock;
	struct weir__table *old_tables; /* under the lock */
	struct weir__entry *ended;      /* under the lock */
	bool started;                   /* under the lock */
	uint64_t next_id;               /* under the lock */
	wp_u32 ticking;                 /* manual: 1 while a thread ticks */
	struct weir__entry *dropped;    /* who ticks */
	struct weir__entry **walk;      /* who ticks: what it walks */
	uint32_t walk_count;
	uint32_t walk_room;
	struct weir__ticker ticker;
	int64_t began_ns;
	struct weir_service_options options;
};

static inline bool weir__service_ours(const struct weir_service *service)
{
	return service->magic == WEIR__SERVICE_MAGIC;
}

/* service_life.c: whether service may be used: BAD_ARGUMENT, FORKED, CLOSED. */
enum weir_code weir__service_check(const struct weir_service *service, const char *where,
                                   struct weir_error *err);
/* One line about a database, or about the service (name NULL). */
void weir__service_say(struct weir_service *service, enum weir_log_event event, const char *name,
                       const char *message);

/* ---- service_table.c ---- */

/* Make an entry with its db opened; NULL on failure. */
struct weir__entry *weir__entry_open(struct weir_service *service, const struct weir_driver *driver,
                                     void *driver_data, const struct weir_config *config,
                                     struct weir_error *err);
/* Close its db without waiting and free it; nobody has it. */
void weir__entry_free(struct weir__entry *entry);

/* What a change of the table wants: to add entries, and to end those that are named
 * like one of them (replace), or that are in removed. */
struct weir__table_change {
	struct weir__entry *const *added;
	size_t added_count;
	bool replace; /* a name that is taken is replaced; else it is a conflict */
	struct weir__entry *const *removed;
	size_t removed_count;
};

/* All or nothing; on failure the entries are still the caller's. Errors:
 * CONFIG_CONFLICT (the name is taken), CONFIG_UNKNOWN (replace: it is not), NO_MEMORY,
 * CLOSED. */
enum weir_code weir__table_apply(struct weir_service *service,
                                 const struct weir__table_change *change, const char *where,
                                 struct weir_error *err);

/* A held copy of what is listed, sorted by name; weir__entries_put gives it back. name:
 * only that one; NULL: all. Errors: CONFIG_UNKNOWN, NO_MEMORY. */
struct weir__entries {
	uint32_t count;
	struct weir__entry **list;
};
enum weir_code weir__entries_get(struct weir_service *service, const char *name,
                                 struct weir__entries *entries, const char *where,
                                 struct weir_error *err);
void weir__entries_put(struct weir_service *service, struct weir__entries *entries);
struct weir__entry *weir__table_find(const struct weir__table *table, const char *name);
void weir__entry_put(struct weir_service *service, struct weir__entry *entry);

/* service_keeper.c: free what was dropped and is nobody's; at the end everything. */
void weir__service_reap(struct weir_service *service, bool at_end);
struct weir_time weir__service_tick_all(void *service, struct weir_time now);

/* service_state.c: have min_idle opened, now that the service runs. */
enum weir_code weir__entry_begin(struct weir__entry *entry, struct weir_error *err);

/* service_dump.c: dump when that signal comes. Errors: CONFIG_CONFLICT, BAD_ARGUMENT. */
enum weir_code weir__dump_on_signal(struct weir_service *service, int number,
                                    struct weir_error *err);
void weir__dump_off_signal(struct weir_service *service);

#endif
