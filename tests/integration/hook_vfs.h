/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A VFS over SQLite's own, in which a test can put something of its own before
 * any call that SQLite makes to a file, have calls fail, and count them.
 *
 * hook_install makes it the default, so that connections opened afterwards, the
 * driver's too, go through it; hook_remove only when they are all closed. Hooks
 * are set while nothing runs, and faults by one thread at a time; what they do may
 * run on any.
 */
#ifndef WEIR_TESTS_HOOK_VFS_H
#define WEIR_TESTS_HOOK_VFS_H

#include <stdint.h>

/* What SQLite calls. */
enum hook_call {
	HOOK_OPEN = 0,
	HOOK_DELETE,
	HOOK_READ,
	HOOK_WRITE,
	HOOK_TRUNCATE,
	HOOK_SYNC,
	HOOK_SIZE,
	HOOK_LOCK,
	HOOK_UNLOCK,
	HOOK_SHM_MAP,
	HOOK_SHM_LOCK,
	HOOK_FETCH,
	HOOK_UNFETCH,
	HOOK_CALLS
};

/* For which file; that of the shared memory is the database's. */
enum hook_file { HOOK_DATABASE = 0, HOOK_WAL, HOOK_OTHER, HOOK_FILES };

struct hook_event {
	enum hook_call call;
	enum hook_file file;
	const char *path;
	int64_t offset; /* READ, WRITE, FETCH, UNFETCH; of SHM_LOCK the first lock; size of TRUNCATE */
	int amount;     /* READ, WRITE, FETCH; of SHM_LOCK how many locks */
	int flags;      /* OPEN, SYNC, LOCK, UNLOCK, SHM_LOCK */
};

/* Run before the call. SQLITE_OK: go on with it; anything else is its result. What
 * the hook itself does with SQLite on this thread is not hooked. */
typedef int (*hook_function)(void *arg, const struct hook_event *event);

/* A call that fails. */
struct hook_fault {
	enum hook_call call;
	enum hook_file file;
	int result;     /* SQLite's, such as SQLITE_FULL */
	uint64_t skip;  /* so many calls go well before */
	uint64_t times; /* so many fail; 0: all */
	int partial;    /* a WRITE that fails has written so many bytes */
};

#define HOOK_FAULTS_MAX 8

void hook_install(void);
void hook_remove(void);

/* At most one hook for each call; NULL: none. */
void hook_before(enum hook_call call, hook_function function, void *arg);

/* At most HOOK_FAULTS_MAX. */
void hook_fail(const struct hook_fault *fault);

/* No hooks, no faults, and counts of 0. */
void hook_clear(void);

/* Calls since the last hook_clear; those that failed, too. */
uint64_t hook_count(enum hook_call call, enum hook_file file);

#endif
