/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How long syncs take: a VFS of one connection's own, over the one that is the default
 * when it is opened, which hands every call on as it is, and takes the time of xSync.
 *
 * What does it is the VFS beneath, in every respect: locks, shared memory and files are
 * its, so that connections through this and without it are equals. SQLite finds a VFS by
 * name only, so this one is registered while the connection is being opened. After that
 * it is not, and has the name of the one beneath, by which SQLite opens what is attached
 * later: nobody else can come upon it.
 *
 * Lives until its last file is closed: a connection that a borrower's backup still reads
 * from is closed by SQLite after the driver has let go of it. Nobody is told of syncs by
 * then.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct weir__sqlite_timed {
	sqlite3_vfs vfs; /* first: what SQLite hands back */
	sqlite3_vfs *base;
	void (*synced)(void *arg, int64_t took_ns);
	void *arg;
	atomic_bool quiet;  /* the connection is closed */
	atomic_uint owners; /* the connection, and files that are open */
	char name[32];
};

/* A file, and behind it, in the same memory, that of the VFS beneath. */
struct timed_file {
	sqlite3_file file; /* first: what SQLite hands back */
	struct weir__sqlite_timed *timed;
	bool told; /* of a database or its log */
	sqlite3_file *real;
	sqlite3_io_methods methods; /* as many of ours as the file beneath has */
};

static struct timed_file *of(sqlite3_file *file)
{
	return (struct timed_file *)(void *)file;
}

static sqlite3_vfs *beneath(sqlite3_vfs *vfs)
{
	return ((struct weir__sqlite_timed *)(void *)vfs)->base;
}

static void let_go(struct weir__sqlite_timed *timed)
{
	if (atomic_fetch_sub_explicit(&timed->owners, 1, memory_order_acq_rel) == 1)
		free(timed);
}

/* ---- files ---- */

static int timed_sync(sqlite3_file *file, int flags)
{
	const struct timed_file *const own = of(file);
	const struct weir__sqlite_timed *const timed = own->timed;
	const int64_t began_ns = weir_now().ns;
	const int rc = own->real->pMethods->xSync(own->real, flags);

	if (rc == SQLITE_OK && own->told && !atomic_load_explicit(&timed->quiet, memory_order_acquire))
		timed->synced(timed->arg, weir_now().ns - began_ns);
	return rc;
}

static int timed_close(sqlite3_file *file)
{
	const struct timed_file *const own = of(file);
	const int rc = own->real->pMethods->xClose(own->real);

	let_go(own->timed);
	return rc;
}

static int timed_read(sqlite3_file *file, void *bytes, int amount, sqlite3_int64 offset)
{
	return of(file)->real->pMethods->xRead(of(file)->real, bytes, amount, offset);
}

static int timed_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset)
{
	return of(file)->real->pMethods->xWrite(of(file)->real, bytes, amount, offset);
}

static int timed_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return of(file)->real->pMethods->xTruncate(of(file)->real, size);
}

static int timed_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return of(file)->real->pMethods->xFileSize(of(file)->real, size);
}

static int timed_lock(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int timed_unlock(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int timed_check_lock(sqlite3_file *file, int *locked)
{
	return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, locked);
}

static int timed_control(sqlite3_file *file, int op, void *arg)
{
	return of(file)->real->pMethods->xFileControl(of(file)->real, op, arg);
}

static int timed_sector_size(sqlite3_file *file)
{
	return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int timed_characteristics(sqlite3_file *file)
{
	return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int timed_shm_map(sqlite3_file *file, int region, int size, int extend,
                         void volatile **memory)
{
	return of(file)->real->pMethods->xShmMap(of(file)->real, region, size, extend, memory);
}

static int timed_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
	return of(file)->real->pMethods->xShmLock(of(file)->real, first, count, flags);
}

static void timed_shm_barrier(sqlite3_file *file)
{
	of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int timed_shm_unmap(sqlite3_file *file, int erase)
{
	return of(file)->real->pMethods->xShmUnmap(of(file)->real, erase);
}

static int timed_fetch(sqlite3_file *file, sqlite3_int64 offset, int amount, void **memory)
{
	return of(file)->real->pMethods->xFetch(of(file)->real, offset, amount, memory);
}

static int timed_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *memory)
{
	return of(file)->real->pMethods->xUnfetch(of(file)->real, offset, memory);
}

/* Methods of this version are known here; what a file beneath has beyond, SQLite asks
 * for by the version, and does without. */
#define METHODS_KNOWN 3

static const sqlite3_io_methods all_methods = {
	.iVersion = METHODS_KNOWN,
	.xClose = timed_close,
	.xRead = timed_read,
	.xWrite = timed_write,
	.xTruncate = timed_truncate,
	.xSync = timed_sync,
	.xFileSize = timed_size,
	.xLock = timed_lock,
	.xUnlock = timed_unlock,
	.xCheckReservedLock = timed_check_lock,
	.xFileControl = timed_control,
	.xSectorSize = timed_sector_size,
	.xDeviceCharacteristics = timed_characteristics,
	.xShmMap = timed_shm_map,
	.xShmLock = timed_shm_lock,
	.xShmBarrier = timed_shm_barrier,
	.xShmUnmap = timed_shm_unmap,
	.xFetch = timed_fetch,
	.xUnfetch = timed_unfetch,
};

/* ---- the VFS ---- */

static int timed_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                      int *out_flags)
{
	struct weir__sqlite_timed *const timed = (struct weir__sqlite_timed *)(void *)vfs;
	const int durable = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
	struct timed_file *const own = of(file);
	sqlite3_file *const real = (sqlite3_file *)(void *)(own + 1);

	file->pMethods = NULL;
	real->pMethods = NULL;

	const int rc = timed->base->xOpen(timed->base, path, real, flags, out_flags);

	if (real->pMethods == NULL)
		return rc; /* SQLite will not close it */
	own->timed = timed;
	own->told = (flags & durable) != 0;
	own->real = real;
	own->methods = all_methods;
	if (real->pMethods->iVersion < METHODS_KNOWN)
		own->methods.iVersion = real->pMethods->iVersion;
	/* By this SQLite sees whether a file can have a WAL. */
	if (real->pMethods->iVersion < 2 || real->pMethods->xShmMap == NULL)
		own->methods.xShmMap = NULL;
	file->pMethods = &own->methods;
	atomic_fetch_add_explicit(&timed->owners, 1, memory_order_relaxed);
	return rc;
}

static int timed_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	return beneath(vfs)->xDelete(beneath(vfs), path, sync);
}

static int timed_access(sqlite3_vfs *vfs, const char *path, int flags, int *answer)
{
	return beneath(vfs)->xAccess(beneath(vfs), path, flags, answer);
}

static int timed_full_path(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
	return beneath(vfs)->xFullPathname(beneath(vfs), path, size, full);
}

static void *timed_dl_open(sqlite3_vfs *vfs, const char *path)
{
	return beneath(vfs)->xDlOpen(beneath(vfs), path);
}

static void timed_dl_error(sqlite3_vfs *vfs, int size, char *text)
{
	beneath(vfs)->xDlError(beneath(vfs), size, text);
}

static void (*timed_dl_symbol(sqlite3_vfs *vfs, void *library, const char *symbol))(void)
{
	return beneath(vfs)->xDlSym(beneath(vfs), library, symbol);
}

static void timed_dl_close(sqlite3_vfs *vfs, void *library)
{
	beneath(vfs)->xDlClose(beneath(vfs), library);
}

static int timed_random(sqlite3_vfs *vfs, int size, char *bytes)
{
	return beneath(vfs)->xRandomness(beneath(vfs), size, bytes);
}

static int timed_sleep(sqlite3_vfs *vfs, int microseconds)
{
	return beneath(vfs)->xSleep(beneath(vfs), microseconds);
}

static int timed_day(sqlite3_vfs *vfs, double *day)
{
	return beneath(vfs)->xCurrentTime(beneath(vfs), day);
}

static int timed_last_error(sqlite3_vfs *vfs, int size, char *text)
{
	return beneath(vfs)->xGetLastError(beneath(vfs), size, text);
}

static int timed_milliseconds(sqlite3_vfs *vfs, sqlite3_int64 *milliseconds)
{
	return beneath(vfs)->xCurrentTimeInt64(beneath(vfs), milliseconds);
}

/* Version 3 replaces system calls, which is done on the one beneath. */
#define VFS_KNOWN 2

struct weir__sqlite_timed *weir__sqlite_timed_begin(const struct weir_open_request *request)
{
	sqlite3_vfs *const base = sqlite3_vfs_find(NULL);
	struct weir__sqlite_timed *const timed = malloc(sizeof(*timed));

	if (timed == NULL || base == NULL) {
		free(timed);
		return NULL;
	}
	*timed = (struct weir__sqlite_timed){
		.vfs =
			{
				.iVersion = base->iVersion < VFS_KNOWN ? base->iVersion : VFS_KNOWN,
				.szOsFile = (int)sizeof(struct timed_file) + base->szOsFile,
				.mxPathname = base->mxPathname,
				.zName = timed->name,
				.xOpen = timed_open,
				.xDelete = timed_delete,
				.xAccess = timed_access,
				.xFullPathname = timed_full_path,
				.xDlOpen = timed_dl_open,
				.xDlError = timed_dl_error,
				.xDlSym = timed_dl_symbol,
				.xDlClose = timed_dl_close,
				.xRandomness = timed_random,
				.xSleep = timed_sleep,
				.xCurrentTime = timed_day,
				.xGetLastError = timed_last_error,
				.xCurrentTimeInt64 = timed_milliseconds,
			},
		.base = base,
		.synced = request->synced,
		.arg = request->synced_arg,
		.owners = 1,
	};
	(void)snprintf(timed->name, sizeof(timed->name), "weir-%p", (void *)timed);
	if (sqlite3_vfs_register(&timed->vfs, 0) == SQLITE_OK)
		return timed;
	free(timed);
	return NULL;
}

const char *weir__sqlite_timed_name(const struct weir__sqlite_timed *timed)
{
	return timed != NULL ? timed->name : NULL;
}

void weir__sqlite_timed_opened(struct weir__sqlite_timed *timed)
{
	if (timed == NULL)
		return;
	(void)sqlite3_vfs_unregister(&timed->vfs);
	timed->vfs.zName = timed->base->zName;
}

void weir__sqlite_timed_end(struct weir__sqlite_timed *timed)
{
	if (timed == NULL)
		return;
	atomic_store_explicit(&timed->quiet, true, memory_order_release);
	let_go(timed);
}
