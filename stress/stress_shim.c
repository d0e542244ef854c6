/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_shim.h.
 */
#include "stress_shim.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of ours, and behind it, in the same memory, SQLite's own. */
struct shim_handle {
	sqlite3_file base;
	enum shim_file kind;
	const char *path;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs shim_vfs;
static struct shim_observer observer;
static _Atomic int64_t open_files;
static _Thread_local bool in_observer;

/* ---- around each call ---- */

static struct shim_verdict ask(const struct shim_event *event)
{
	struct shim_verdict verdict = {SQLITE_OK, 0, false};

	if (observer.before == NULL || in_observer)
		return verdict;
	in_observer = true;
	verdict = observer.before(observer.arg, event);
	in_observer = false;
	return verdict;
}

static int tell(const struct shim_event *event, int rc)
{
	if (rc != SQLITE_OK || observer.after == NULL || in_observer)
		return rc;
	in_observer = true;
	observer.after(observer.arg, event);
	in_observer = false;
	return rc;
}

/* Whether to go on; if not, *rc is the result. */
static bool may_go_on(const struct shim_event *event, int *rc)
{
	const struct shim_verdict verdict = ask(event);

	*rc = verdict.result == SHIM_SWALLOWED ? SQLITE_OK : verdict.result;
	return verdict.result == SQLITE_OK;
}

static struct shim_handle *of(sqlite3_file *file)
{
	return (struct shim_handle *)(void *)file;
}

static struct shim_event event_of(const struct shim_handle *file, enum shim_call call)
{
	return (struct shim_event){.call = call, .file = file->kind, .path = file->path};
}

/* ---- files ---- */

static int shim_close(sqlite3_file *file)
{
	atomic_fetch_sub(&open_files, 1);
	return of(file)->real->pMethods->xClose(of(file)->real);
}

static int shim_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_READ);

	event.offset = offset;
	event.amount = amount;

	const struct shim_verdict verdict = ask(&event);

	if (verdict.result == SQLITE_OK)
		return tell(&event, real->pMethods->xRead(real, bytes, amount, offset));
	if (verdict.partial > 0 && verdict.partial < amount) {
		(void)real->pMethods->xRead(real, bytes, verdict.partial, offset);
		memset((char *)bytes + verdict.partial, 0xa5, (size_t)(amount - verdict.partial));
	}
	return verdict.result;
}

static int shim_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_WRITE);

	event.offset = offset;
	event.amount = amount;
	event.bytes = bytes;

	const struct shim_verdict verdict = ask(&event);

	if (verdict.result == SQLITE_OK)
		return tell(&event, real->pMethods->xWrite(real, bytes, amount, offset));
	if (verdict.partial > 0)
		(void)real->pMethods->xWrite(real, bytes,
		                             verdict.partial < amount ? verdict.partial : amount, offset);
	return verdict.result == SHIM_SWALLOWED ? SQLITE_OK : verdict.result;
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_TRUNCATE);
	int rc;

	event.offset = size;
	return may_go_on(&event, &rc) ? tell(&event, real->pMethods->xTruncate(real, size)) : rc;
}

static int shim_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_SYNC);
	int rc;

	event.flags = flags;
	return may_go_on(&event, &rc) ? tell(&event, real->pMethods->xSync(real, flags)) : rc;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *const real = of(file)->real;
	const struct shim_event event = event_of(of(file), SHIM_SIZE);
	int rc;

	return may_go_on(&event, &rc) ? tell(&event, real->pMethods->xFileSize(real, size)) : rc;
}

static int shim_lock(sqlite3_file *file, int level)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_LOCK);
	int rc;

	event.flags = level;
	return may_go_on(&event, &rc) ? tell(&event, real->pMethods->xLock(real, level)) : rc;
}

static int shim_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_UNLOCK);

	event.flags = level;

	const struct shim_verdict verdict = ask(&event);

	if (verdict.result == SQLITE_OK)
		return tell(&event, real->pMethods->xUnlock(real, level));
	if (verdict.done)
		(void)real->pMethods->xUnlock(real, level);
	return verdict.result;
}

static int shim_check_lock(sqlite3_file *file, int *reserved)
{
	sqlite3_file *const real = of(file)->real;
	const struct shim_event event = event_of(of(file), SHIM_CHECK_LOCK);
	int rc;

	return may_go_on(&event, &rc) ? tell(&event, real->pMethods->xCheckReservedLock(real, reserved))
	                              : rc;
}

static int shim_control(sqlite3_file *file, int op, void *arg)
{
	return of(file)->real->pMethods->xFileControl(of(file)->real, op, arg);
}

static int shim_sector_size(sqlite3_file *file)
{
	return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int shim_characteristics(sqlite3_file *file)
{
	return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

/* ---- shared memory ---- */

static int shim_shm_map(sqlite3_file *file, int region, int size, int extend,
                        void volatile **memory)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_SHM_MAP);
	int rc;

	event.offset = region;
	event.amount = size;
	event.flags = extend;
	return may_go_on(&event, &rc)
	           ? tell(&event, real->pMethods->xShmMap(real, region, size, extend, memory))
	           : rc;
}

static int shim_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event =
		event_of(of(file), (flags & SQLITE_SHM_UNLOCK) != 0 ? SHIM_SHM_UNLOCK : SHIM_SHM_LOCK);

	event.offset = first;
	event.amount = count;
	event.flags = flags;

	const struct shim_verdict verdict = ask(&event);

	if (verdict.result == SQLITE_OK)
		return tell(&event, real->pMethods->xShmLock(real, first, count, flags));
	if (verdict.done && event.call == SHIM_SHM_UNLOCK)
		(void)real->pMethods->xShmLock(real, first, count, flags);
	return verdict.result;
}

static void shim_shm_barrier(sqlite3_file *file)
{
	const struct shim_event event = event_of(of(file), SHIM_SHM_BARRIER);

	(void)ask(&event);
	of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int shim_shm_unmap(sqlite3_file *file, int erase)
{
	return of(file)->real->pMethods->xShmUnmap(of(file)->real, erase);
}

static int shim_fetch(sqlite3_file *file, sqlite3_int64 offset, int amount, void **memory)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_FETCH);
	int rc;

	event.offset = offset;
	event.amount = amount;
	return may_go_on(&event, &rc)
	           ? tell(&event, real->pMethods->xFetch(real, offset, amount, memory))
	           : rc;
}

static int shim_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *memory)
{
	sqlite3_file *const real = of(file)->real;
	struct shim_event event = event_of(of(file), SHIM_UNFETCH);
	int rc;

	event.offset = offset;
	return may_go_on(&event, &rc) ? tell(&event, real->pMethods->xUnfetch(real, offset, memory))
	                              : rc;
}

static const sqlite3_io_methods shim_methods = {
	.iVersion = 3,
	.xClose = shim_close,
	.xRead = shim_read,
	.xWrite = shim_write,
	.xTruncate = shim_truncate,
	.xSync = shim_sync,
	.xFileSize = shim_size,
	.xLock = shim_lock,
	.xUnlock = shim_unlock,
	.xCheckReservedLock = shim_check_lock,
	.xFileControl = shim_control,
	.xSectorSize = shim_sector_size,
	.xDeviceCharacteristics = shim_characteristics,
	.xShmMap = shim_shm_map,
	.xShmLock = shim_shm_lock,
	.xShmBarrier = shim_shm_barrier,
	.xShmUnmap = shim_shm_unmap,
	.xFetch = shim_fetch,
	.xUnfetch = shim_unfetch,
};

/* ---- the VFS ---- */

static enum shim_file kind_of(int flags)
{
	if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
		return SHIM_DATABASE;
	if ((flags & SQLITE_OPEN_WAL) != 0)
		return SHIM_WAL;
	return (flags & SQLITE_OPEN_MAIN_JOURNAL) != 0 ? SHIM_JOURNAL : SHIM_OTHER;
}

static bool has_ending(const char *path, const char *ending)
{
	const size_t length = strlen(path);
	const size_t wanted = strlen(ending);

	return length >= wanted && strcmp(path + length - wanted, ending) == 0;
}

static enum shim_file kind_by_name(const char *path)
{
	if (has_ending(path, "-wal"))
		return SHIM_WAL;
	return has_ending(path, "-journal") ? SHIM_JOURNAL : SHIM_OTHER;
}

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                     int *out_flags)
{
	struct shim_handle *const file = of(base);
	const struct shim_event event = {
		.call = SHIM_OPEN, .file = kind_of(flags), .path = path, .flags = flags};
	int rc;

	(void)vfs;
	base->pMethods = NULL;
	if (!may_go_on(&event, &rc))
		return rc;
	file->kind = event.file;
	file->path = path;
	file->real = (sqlite3_file *)(void *)(file + 1);
	file->real->pMethods = NULL;
	rc = real_vfs->xOpen(real_vfs, path, file->real, flags, out_flags);
	if (file->real->pMethods == NULL)
		return rc;
	if (file->real->pMethods->iVersion < 3)
		abort(); /* no VFS of SQLite's for this system is that old */
	base->pMethods = &shim_methods;
	atomic_fetch_add(&open_files, 1);
	return tell(&event, rc);
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	const struct shim_event event = {
		.call = SHIM_DELETE, .file = kind_by_name(path), .path = path, .flags = sync};
	int rc;

	(void)vfs;
	return may_go_on(&event, &rc) ? tell(&event, real_vfs->xDelete(real_vfs, path, sync)) : rc;
}

static int shim_access(sqlite3_vfs *vfs, const char *path, int flags, int *answer)
{
	const struct shim_event event = {
		.call = SHIM_ACCESS, .file = kind_by_name(path), .path = path, .flags = flags};
	int rc;

	(void)vfs;
	return may_go_on(&event, &rc) ? tell(&event, real_vfs->xAccess(real_vfs, path, flags, answer))
	                              : rc;
}

void shim_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	if (real_vfs == NULL || real_vfs == &shim_vfs)
		abort(); /* installed twice: every call would be its own real one */
	/* What is not replaced works on the real one's data, which pAppData is. */
	shim_vfs = *real_vfs;
	shim_vfs.pNext = NULL;
	shim_vfs.zName = "weir-shim";
	shim_vfs.szOsFile = (int)sizeof(struct shim_handle) + real_vfs->szOsFile;
	shim_vfs.xOpen = shim_open;
	shim_vfs.xDelete = shim_delete;
	shim_vfs.xAccess = shim_access;
	shim_observe(NULL);
	(void)sqlite3_vfs_register(&shim_vfs, 1);
}

void shim_remove(void)
{
	shim_observe(NULL);
	(void)sqlite3_vfs_unregister(&shim_vfs);
	(void)sqlite3_vfs_register(real_vfs, 1);
}

void shim_observe(const struct shim_observer *wanted)
{
	observer = wanted != NULL ? *wanted : (struct shim_observer){0};
}

int64_t shim_open_files(void)
{
	return atomic_load(&open_files);
}

const char *shim_plain_name(void)
{
	return real_vfs->zName;
}

const char *shim_call_name(enum shim_call call)
{
	static const char *const names[SHIM_CALLS] = {
		"open",     "delete",     "access",      "read",   "write",      "truncate",
		"sync",     "size",       "lock",        "unlock", "check_lock", "shm_map",
		"shm_lock", "shm_unlock", "shm_barrier", "fetch",  "unfetch",
	};

	return names[call];
}

const char *shim_file_name(enum shim_file file)
{
	static const char *const names[SHIM_FILES] = {"database", "log", "journal", "other"};

	return names[file];
}
