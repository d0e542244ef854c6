/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A VFS over SQLite's own. An observer sees each call that SQLite makes to a
 * file, before it is done and after, and may have it fail.
 *
 * shim_install makes it the default, so that connections opened afterwards, the
 * driver's too, go through it; shim_remove only when they are all closed. The
 * observer is changed while nothing runs; its functions may run on any thread.
 */
#ifndef STRESS_SHIM_H
#define STRESS_SHIM_H

#include <stdbool.h>
#include <stdint.h>

/* What SQLite calls. */
enum shim_call {
	SHIM_OPEN = 0,
	SHIM_DELETE,
	SHIM_ACCESS,
	SHIM_READ,
	SHIM_WRITE,
	SHIM_TRUNCATE,
	SHIM_SYNC,
	SHIM_SIZE,
	SHIM_LOCK,
	SHIM_UNLOCK,
	SHIM_CHECK_LOCK,
	SHIM_SHM_MAP,
	SHIM_SHM_LOCK,
	SHIM_SHM_UNLOCK,
	SHIM_SHM_BARRIER, /* cannot fail */
	SHIM_FETCH,
	SHIM_UNFETCH,
	SHIM_CALLS
};

/* For which file; that of the shared memory is the database's. */
enum shim_file { SHIM_DATABASE = 0, SHIM_WAL, SHIM_JOURNAL, SHIM_OTHER, SHIM_FILES };

struct shim_event {
	enum shim_call call;
	enum shim_file file;
	const char *path;  /* NULL: a temporary file without a name */
	int64_t offset;    /* READ, WRITE, FETCH, UNFETCH; first lock of SHM_LOCK; size of TRUNCATE */
	int amount;        /* READ, WRITE, FETCH; locks of SHM_LOCK */
	int flags;         /* OPEN, SYNC, LOCK, UNLOCK, SHM_LOCK; of DELETE: sync the folder, too */
	const void *bytes; /* WRITE */
};

/* Not done, and said to be: what only a lying disk would do. */
#define SHIM_SWALLOWED (-1)

/* What becomes of a call. */
struct shim_verdict {
	int result;  /* SQLITE_OK: go on with it; SHIM_SWALLOWED; anything else is its result */
	int partial; /* a READ or WRITE that fails has moved so many bytes */
	bool done;   /* an UNLOCK or SHM_UNLOCK that fails has let go all the same */
};

struct shim_observer {
	struct shim_verdict (*before)(void *arg, const struct shim_event *event);
	void (*after)(void *arg, const struct shim_event *event); /* of one that was done well */
	void *arg;
};

void shim_install(void);
void shim_remove(void);

/* NULL: nobody looks. What the observer itself does with SQLite is not observed. */
void shim_observe(const struct shim_observer *observer);

/* Files that are open through the shim. */
int64_t shim_open_files(void);

const char *shim_call_name(enum shim_call call);
const char *shim_file_name(enum shim_file file);

/* The name of the VFS behind the shim, for who wants to go past it. */
const char *shim_plain_name(void);

#endif
