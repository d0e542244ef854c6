/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQLite's own allocator, with refusals in front of it.
 */
#include "stress_memory.h"

#include <sqlite3.h>

static sqlite3_mem_methods plain;
static _Atomic bool armed;
static _Atomic bool struck;
static _Atomic bool refuses_on;
static _Atomic uint64_t refused_at;
static _Atomic uint64_t calls;

static bool refuses(void)
{
	const uint64_t at = atomic_load(&refused_at);
	uint64_t call;

	if (!atomic_load(&armed))
		return false;
	call = atomic_fetch_add(&calls, 1) + 1;
	if (at == 0 || call < at || (call > at && !atomic_load(&refuses_on)))
		return false;
	atomic_store(&struck, true);
	return true;
}

static void *get(int bytes)
{
	return refuses() ? NULL : plain.xMalloc(bytes);
}

static void *resize(void *memory, int bytes)
{
	return refuses() ? NULL : plain.xRealloc(memory, bytes);
}

bool memory_take_sqlite(void)
{
	sqlite3_mem_methods ours;

	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain) != SQLITE_OK)
		return false;
	ours = plain;
	ours.xMalloc = get;
	ours.xRealloc = resize;
	return sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) == SQLITE_OK;
}

void memory_arm_sqlite(uint64_t at, bool sticky)
{
	atomic_store(&calls, 0);
	atomic_store(&struck, false);
	atomic_store(&refused_at, at);
	atomic_store(&refuses_on, sticky);
	atomic_store(&armed, true);
}

uint64_t memory_disarm_sqlite(void)
{
	atomic_store(&armed, false);
	return atomic_load(&calls);
}

const _Atomic bool *memory_struck_sqlite(void)
{
	return &struck;
}
