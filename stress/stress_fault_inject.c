/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_fault_inject.h.
 *
 * Unlocks let go, and say that they failed: SQLite does not look at what they say,
 * and a lock that is held by nobody who knows of it would be one until the
 * connection is closed.
 *
 * What fails, fails with an error of its kind and never with SQLITE_BUSY: a lock
 * that nobody gives is no fault of a file, and SQLite 3.40.1 answers one on the
 * shared memory by asking for ten seconds, deaf to every timeout, and with
 * SQLITE_PROTOCOL then.
 */
#include "stress_fault_inject.h"

#include <sqlite3.h>
#include <stddef.h>

/* How a call fails of each kind; 0: it does not. */
static const int results[INJECT_KINDS][SHIM_CALLS] = {
	[INJECT_ERROR] =
		{
			[SHIM_OPEN] = SQLITE_CANTOPEN,
			[SHIM_DELETE] = SQLITE_IOERR_DELETE,
			[SHIM_ACCESS] = SQLITE_IOERR_ACCESS,
			[SHIM_READ] = SQLITE_IOERR_READ,
			[SHIM_WRITE] = SQLITE_IOERR_WRITE,
			[SHIM_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
			[SHIM_SYNC] = SQLITE_IOERR_FSYNC,
			[SHIM_SIZE] = SQLITE_IOERR_FSTAT,
			[SHIM_LOCK] = SQLITE_IOERR_LOCK,
			[SHIM_UNLOCK] = SQLITE_IOERR_UNLOCK,
			[SHIM_CHECK_LOCK] = SQLITE_IOERR_CHECKRESERVEDLOCK,
			[SHIM_SHM_MAP] = SQLITE_IOERR_SHMMAP,
			[SHIM_SHM_LOCK] = SQLITE_IOERR_SHMLOCK,
			[SHIM_SHM_UNLOCK] = SQLITE_IOERR_SHMLOCK,
		},
	[INJECT_SHORT] = {[SHIM_READ] = SQLITE_IOERR_READ, [SHIM_WRITE] = SQLITE_IOERR_WRITE},
	[INJECT_FULL] =
		{
			[SHIM_OPEN] = SQLITE_CANTOPEN,
			[SHIM_WRITE] = SQLITE_FULL,
			[SHIM_SHM_MAP] = SQLITE_IOERR_SHMSIZE,
		},
	[INJECT_FSYNC] = {[SHIM_SYNC] = SQLITE_IOERR_FSYNC},
};

static int result_of(const struct injection *injection, const struct shim_event *event)
{
	if (injection->swallow)
		return event->call == SHIM_WRITE ? SHIM_SWALLOWED : SQLITE_OK;
	/* A full disk keeps nobody from opening what is there. */
	if (injection->kind == INJECT_FULL && event->call == SHIM_OPEN &&
	    (event->flags & SQLITE_OPEN_CREATE) == 0)
		return SQLITE_OK;
	if (injection->kind == INJECT_FULL && event->call == SHIM_SHM_MAP && event->flags == 0)
		return SQLITE_OK;
	return results[injection->kind][event->call];
}

static struct shim_verdict before(void *arg, const struct shim_event *event)
{
	struct injection *const injection = arg;
	const int result = result_of(injection, event);
	const bool halfway = injection->kind == INJECT_SHORT || injection->kind == INJECT_FULL;
	struct shim_verdict verdict = {SQLITE_OK, 0, true};
	uint64_t point;

	atomic_fetch_add(&injection->calls[event->call], 1);
	if (result == SQLITE_OK)
		return verdict;
	point = atomic_fetch_add(&injection->points, 1) + 1;
	if (injection->at == 0 || point < injection->at ||
	    (point > injection->at && !injection->sticky))
		return verdict;
	if (point == injection->at) {
		injection->struck_call = event->call;
		injection->struck_file = event->file;
	}
	atomic_store(&injection->struck, true);
	verdict.result = result;
	verdict.partial = halfway ? event->amount / 2 : 0;
	return verdict;
}

void inject_begin(struct injection *injection)
{
	const struct shim_observer observer = {.before = before, .arg = injection};

	shim_observe(&observer);
}

void inject_end(void)
{
	shim_observe(NULL);
}

int inject_error_of(enum shim_call call)
{
	return results[INJECT_ERROR][call];
}

const char *inject_kind_name(enum inject_kind kind)
{
	static const char *const names[INJECT_KINDS] = {"error", "short", "full", "fsync"};

	return names[kind];
}
