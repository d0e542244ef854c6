/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See hook_vfs.h.
 */
#include "hook_vfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct hook {
	hook_function function;
	void *arg;
};

struct fault {
	struct hook_fault fault;
	atomic_uint_fast64_t met;
};

/* A file of ours, and behind it, in the same memory, SQLite's own. */
struct hooked_file {
	sqlite3_file base;
	enum hook_file kind;
	const char *path;
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs hooked_vfs;
static struct hook hooks[HOOK_CALLS];
static struct fault faults[HOOK_FAULTS_MAX];
static atomic_uint faults_count; /* those before it are whole */
static atomic_uint_fast64_t counts[HOOK_CALLS][HOOK_FILES];
static _Thread_local bool in_hook;

/* ---- before each call ---- */

static int meet_faults(const struct hook_event *event, int *partial)
{
	const unsigned count = atomic_load(&faults_count);

	for (unsigned i = 0; i < count; i++) {
		const struct hook_fault *const fault = &faults[i].fault;

		if (fault->call != event->call || fault->file != event->file)
			continue;

		const uint64_t met = atomic_fetch_add(&faults[i].met, 1);

		if (met < fault->skip || (fault->times != 0 && met - fault->skip >= fault->times))
			continue;
		*partial = fault->partial;
		return fault->result;
	}
	return SQLITE_OK;
}

static int before_partial(const struct hook_event *event, int *partial)
{
	const struct hook *const hook = &hooks[event->call];
	int rc = SQLITE_OK;

	*partial = 0;
	if (in_hook)
		return SQLITE_OK;
	atomic_fetch_add(&counts[event->call][event->file], 1);
	if (hook->function != NULL) {
		in_hook = true;
		rc = hook->function(hook->arg, event);
		in_hook = false;
	}
	return rc == SQLITE_OK ? meet_faults(event, partial) : rc;
}

static int before(const struct hook_event *event)
{
	int partial;

	return before_partial(event, &partial);
}

static struct hooked_file *of(sqlite3_file *file)
{
	return (struct hooked_file *)(void *)file;
}

static struct hook_event event_of(const struct hooked_file *file, enum hook_call call)
{
	return (struct hook_event){.call = call, .file = file->kind, .path = file->path};
}

/* ---- files ---- */

static int hooked_close(sqlite3_file *file)
{
	return of(file)->real->pMethods->xClose(of(file)->real);
}

static int hooked_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_READ);

	event.offset = offset;
	event.amount = amount;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xRead(real, bytes, amount, offset);
}

static int hooked_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_WRITE);
	int partial;

	event.offset = offset;
	event.amount = amount;

	const int rc = before_partial(&event, &partial);

	if (rc != SQLITE_OK && partial > 0)
		(void)real->pMethods->xWrite(real, bytes, partial < amount ? partial : amount, offset);
	return rc != SQLITE_OK ? rc : real->pMethods->xWrite(real, bytes, amount, offset);
}

static int hooked_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_TRUNCATE);

	event.offset = size;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xTruncate(real, size);
}

static int hooked_sync(sqlite3_file *file, int flags)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_SYNC);

	event.flags = flags;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xSync(real, flags);
}

static int hooked_size(sqlite3_file *file, sqlite3_int64 *size)
{
	sqlite3_file *const real = of(file)->real;
	const struct hook_event event = event_of(of(file), HOOK_SIZE);
	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xFileSize(real, size);
}

static int hooked_lock(sqlite3_file *file, int level)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_LOCK);

	event.flags = level;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xLock(real, level);
}

static int hooked_unlock(sqlite3_file *file, int level)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_UNLOCK);

	event.flags = level;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xUnlock(real, level);
}

static int hooked_check_lock(sqlite3_file *file, int *reserved)
{
	return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, reserved);
}

static int hooked_control(sqlite3_file *file, int op, void *arg)
{
	return of(file)->real->pMethods->xFileControl(of(file)->real, op, arg);
}

static int hooked_sector_size(sqlite3_file *file)
{
	return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int hooked_characteristics(sqlite3_file *file)
{
	return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int hooked_shm_map(sqlite3_file *file, int region, int size, int extend,
                          void volatile **memory)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_SHM_MAP);

	event.offset = region;
	event.amount = size;
	event.flags = extend;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xShmMap(real, region, size, extend, memory);
}

static int hooked_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_SHM_LOCK);

	event.offset = first;
	event.amount = count;
	event.flags = flags;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xShmLock(real, first, count, flags);
}

static void hooked_shm_barrier(sqlite3_file *file)
{
	of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int hooked_shm_unmap(sqlite3_file *file, int erase)
{
	return of(file)->real->pMethods->xShmUnmap(of(file)->real, erase);
}

static int hooked_fetch(sqlite3_file *file, sqlite3_int64 offset, int amount, void **memory)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_FETCH);

	event.offset = offset;
	event.amount = amount;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xFetch(real, offset, amount, memory);
}

static int hooked_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *memory)
{
	sqlite3_file *const real = of(file)->real;
	struct hook_event event = event_of(of(file), HOOK_UNFETCH);

	event.offset = offset;

	const int rc = before(&event);

	return rc != SQLITE_OK ? rc : real->pMethods->xUnfetch(real, offset, memory);
}

static const sqlite3_io_methods hooked_methods = {
	.iVersion = 3,
	.xClose = hooked_close,
	.xRead = hooked_read,
	.xWrite = hooked_write,
	.xTruncate = hooked_truncate,
	.xSync = hooked_sync,
	.xFileSize = hooked_size,
	.xLock = hooked_lock,
	.xUnlock = hooked_unlock,
	.xCheckReservedLock = hooked_check_lock,
	.xFileControl = hooked_control,
	.xSectorSize = hooked_sector_size,
	.xDeviceCharacteristics = hooked_characteristics,
	.xShmMap = hooked_shm_map,
	.xShmLock = hooked_shm_lock,
	.xShmBarrier = hooked_shm_barrier,
	.xShmUnmap = hooked_shm_unmap,
	.xFetch = hooked_fetch,
	.xUnfetch = hooked_unfetch,
};

/* ---- the VFS ---- */

static enum hook_file kind_of(int flags)
{
	if ((flags & SQLITE_OPEN_MAIN_DB) != 0)
		return HOOK_DATABASE;
	return (flags & SQLITE_OPEN_WAL) != 0 ? HOOK_WAL : HOOK_OTHER;
}

static int hooked_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                       int *out_flags)
{
	struct hooked_file *const file = of(base);
	const struct hook_event event = {
		.call = HOOK_OPEN, .file = kind_of(flags), .path = path, .flags = flags};
	int rc = before(&event);

	(void)vfs;
	base->pMethods = NULL;
	if (rc != SQLITE_OK)
		return rc;
	file->kind = event.file;
	file->path = path;
	file->real = (sqlite3_file *)(void *)(file + 1);
	file->real->pMethods = NULL;
	rc = real_vfs->xOpen(real_vfs, path, file->real, flags, out_flags);
	if (file->real->pMethods != NULL) {
		assert(file->real->pMethods->iVersion >= 3);
		base->pMethods = &hooked_methods;
	}
	return rc;
}

static int hooked_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	const char *const wal = strstr(path, "-wal");
	const struct hook_event event = {
		.call = HOOK_DELETE,
		.file = wal != NULL && wal[4] == '\0' ? HOOK_WAL : HOOK_OTHER,
		.path = path,
	};
	const int rc = before(&event);

	(void)vfs;
	return rc != SQLITE_OK ? rc : real_vfs->xDelete(real_vfs, path, sync);
}

void hook_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	assert(real_vfs != NULL && real_vfs != &hooked_vfs);
	/* What is not replaced works on the real one's data, which pAppData is. */
	hooked_vfs = *real_vfs;
	hooked_vfs.pNext = NULL;
	hooked_vfs.zName = "weir-hook";
	hooked_vfs.szOsFile = (int)sizeof(struct hooked_file) + real_vfs->szOsFile;
	hooked_vfs.xOpen = hooked_open;
	hooked_vfs.xDelete = hooked_delete;
	hook_clear();
	(void)sqlite3_vfs_register(&hooked_vfs, 1);
}

void hook_remove(void)
{
	hook_clear();
	(void)sqlite3_vfs_unregister(&hooked_vfs);
	(void)sqlite3_vfs_register(real_vfs, 1);
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
