/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See hook_vfs.h. The calls come from the shim of weir-stress, which has an
 * observer for them.
 */
#include "hook_vfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "stress_shim.h"

struct hook {
	hook_function function;
	void *arg;
};

struct fault {
	struct hook_fault fault;
	atomic_uint_fast64_t met;
};

static struct hook hooks[HOOK_CALLS];
static struct fault faults[HOOK_FAULTS_MAX];
static atomic_uint faults_count; /* those before it are whole */
static atomic_uint_fast64_t counts[HOOK_CALLS][HOOK_FILES];

/* ---- what the shim sees ---- */

/* HOOK_CALLS: not hooked. */
static const enum hook_call calls[SHIM_CALLS] = {
	[SHIM_OPEN] = HOOK_OPEN,         [SHIM_DELETE] = HOOK_DELETE,
	[SHIM_ACCESS] = HOOK_CALLS,      [SHIM_READ] = HOOK_READ,
	[SHIM_WRITE] = HOOK_WRITE,       [SHIM_TRUNCATE] = HOOK_TRUNCATE,
	[SHIM_SYNC] = HOOK_SYNC,         [SHIM_SIZE] = HOOK_SIZE,
	[SHIM_LOCK] = HOOK_LOCK,         [SHIM_UNLOCK] = HOOK_UNLOCK,
	[SHIM_CHECK_LOCK] = HOOK_CALLS,  [SHIM_SHM_MAP] = HOOK_SHM_MAP,
	[SHIM_SHM_LOCK] = HOOK_SHM_LOCK, [SHIM_SHM_UNLOCK] = HOOK_SHM_LOCK,
	[SHIM_SHM_BARRIER] = HOOK_CALLS, [SHIM_FETCH] = HOOK_FETCH,
	[SHIM_UNFETCH] = HOOK_UNFETCH,
};

static const enum hook_file files[SHIM_FILES] = {
	[SHIM_DATABASE] = HOOK_DATABASE,
	[SHIM_WAL] = HOOK_WAL,
	[SHIM_JOURNAL] = HOOK_OTHER,
	[SHIM_OTHER] = HOOK_OTHER,
};

static struct shim_verdict meet_faults(const struct hook_event *event)
{
	const unsigned count = atomic_load(&faults_count);

	for (unsigned i = 0; i < count; i++) {
		const struct hook_fault *const fault = &faults[i].fault;

		if (fault->call != event->call || fault->file != event->file)
			continue;

		const uint64_t met = atomic_fetch_add(&faults[i].met, 1);

		if (met >= fault->skip && (fault->times == 0 || met - fault->skip < fault->times))
			return (struct shim_verdict){.result = fault->result, .partial = fault->partial};
	}
	return (struct shim_verdict){.result = SQLITE_OK};
}

static struct shim_verdict before(void *arg, const struct shim_event *seen)
{
	const struct hook_event event = {
		.call = calls[seen->call],
		.file = files[seen->file],
		.path = seen->path,
		.offset = seen->offset,
		.amount = seen->amount,
		.flags = seen->flags,
	};
	int rc = SQLITE_OK;

	(void)arg;
	if (event.call == HOOK_CALLS)
		return (struct shim_verdict){.result = SQLITE_OK};
	atomic_fetch_add(&counts[event.call][event.file], 1);
	if (hooks[event.call].function != NULL)
		rc = hooks[event.call].function(hooks[event.call].arg, &event);
	if (rc == SQLITE_OK)
		return meet_faults(&event);
	return (struct shim_verdict){.result = rc};
}

/* ---- for tests ---- */

void hook_install(void)
{
	const struct shim_observer observer = {.before = before};

	shim_install();
	hook_clear();
	shim_observe(&observer);
}

void hook_remove(void)
{
	hook_clear();
	shim_remove();
}

void hook_before(enum hook_call call, hook_function function, void *arg)
{
	hooks[call] = (struct hook){function, arg};
}

void hook_fail(const struct hook_fault *fault)
{
	const unsigned count = atomic_load(&faults_count);

	assert(count < HOOK_FAULTS_MAX);
	faults[count].fault = *fault;
	atomic_store(&faults[count].met, 0);
	atomic_store(&faults_count, count + 1);
}

void hook_clear(void)
{
	memset(hooks, 0, sizeof(hooks));
	atomic_store(&faults_count, 0);
	for (int call = 0; call < HOOK_CALLS; call++) {
		for (int file = 0; file < HOOK_FILES; file++)
			atomic_store(&counts[call][file], 0);
	}
}

uint64_t hook_count(enum hook_call call, enum hook_file file)
{
	return atomic_load(&counts[call][file]);
}
