/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Counting beneath SQLite. See sql_meter.h.
 *
 * A file of the VFS is ours, followed by the file of the VFS below it; every
 * call but xSync goes there unchanged.
 */
#include "sql_meter.h"

#include <stdatomic.h>
#include <string.h>

#include "monotonic.h"

#define VFS_NAME "weir-bench"

/* The only state that outlives a connection, since VFS and hooks belong to the
 * process. */
static struct meter {
	sqlite3_vfs vfs;
	sqlite3_vfs *below;
	_Atomic uint64_t syncs;
	_Atomic int64_t stall_ns;
} meter;

/* ---- files ---- */

struct counted_file {
	sqlite3_file base;
	sqlite3_io_methods methods;                    /* of the version that the file below has */
	_Alignas(sqlite3_int64) unsigned char below[]; /* SQLite aligns to no more */
};

static sqlite3_file *below(sqlite3_file *file)
{
	return (sqlite3_file *)(void *)((struct counted_file *)file)->below;
}

static int file_close(sqlite3_file *file)
{
	return below(file)->pMethods->xClose(below(file));
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at)
{
	return below(file)->pMethods->xRead(below(file), bytes, count, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
	return below(file)->pMethods->xWrite(below(file), bytes, count, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 length)
{
	return below(file)->pMethods->xTruncate(below(file), length);
}

static int file_sync(sqlite3_file *file, int flags)
{
	atomic_fetch_add_explicit(&meter.syncs, 1, memory_order_relaxed);
	return below(file)->pMethods->xSync(below(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *length)
{
	return below(file)->pMethods->xFileSize(below(file), length);
}

static int file_lock(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xLock(below(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
	return below(file)->pMethods->xUnlock(below(file), level);
}

static int file_reserved(sqlite3_file *file, int *reserved)
{
	return below(file)->pMethods->xCheckReservedLock(below(file), reserved);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
	return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

static int file_sector(sqlite3_file *file)
{
	return below(file)->pMethods->xSectorSize(below(file));
}

static int file_traits(sqlite3_file *file)
{
	return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int file_shm_map(sqlite3_file *file, int page, int page_size, int extend,
                        void volatile **mapped)
{
	return below(file)->pMethods->xShmMap(below(file), page, page_size, extend, mapped);
}

static int file_shm_lock(sqlite3_file *file, int first, int count, int flags)
{
	return below(file)->pMethods->xShmLock(below(file), first, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	below(file)->pMethods->xShmBarrier(below(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
	return below(file)->pMethods->xShmUnmap(below(file), remove);
}

static int file_fetch(sqlite3_file *file, sqlite3_int64 at, int count, void **mapped)
{
	return below(file)->pMethods->xFetch(below(file), at, count, mapped);
}

static int file_unfetch(sqlite3_file *file, sqlite3_int64 at, void *mapped)
{
	return below(file)->pMethods->xUnfetch(below(file), at, mapped);
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 3,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
	.xFetch = file_fetch,
	.xUnfetch = file_unfetch,
};

/* ---- the VFS ---- */

static int counted_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                        int *out_flags)
{
	struct counted_file *const counted = (struct counted_file *)file;
	const int rc = meter.below->xOpen(meter.below, name, below(file), flags, out_flags);

	(void)vfs;
	counted->base.pMethods = NULL;
	/* Methods left by a failed open mean that SQLite is to close it. */
	if (below(file)->pMethods == NULL)
		return rc;
	counted->methods = file_methods;
	if (below(file)->pMethods->iVersion < file_methods.iVersion)
		counted->methods.iVersion = below(file)->pMethods->iVersion;
	counted->base.pMethods = &counted->methods;
	return rc;
}

int bench_sql_meter_install(void)
{
	sqlite3_vfs *const found = sqlite3_vfs_find(NULL);

	if (found == NULL)
		return SQLITE_ERROR;
	if (found == &meter.vfs)
		return SQLITE_OK;
	/* All but xOpen is told which VFS it serves and needs nothing of ours: the
	 * copy passes for the one below, with larger files. */
	meter.below = found;
	meter.vfs = *found;
	meter.vfs.pNext = NULL;
	meter.vfs.zName = VFS_NAME;
	meter.vfs.szOsFile = (int)sizeof(struct counted_file) + found->szOsFile;
	meter.vfs.xOpen = counted_open;
	return sqlite3_vfs_register(&meter.vfs, 1);
}

uint64_t bench_sql_meter_syncs(void)
{
	return atomic_load_explicit(&meter.syncs, memory_order_relaxed);
}

/* ---- checkpoints ---- */

static void note_stall(int64_t ns)
{
	int64_t longest = atomic_load_explicit(&meter.stall_ns, memory_order_relaxed);

	while (ns > longest &&
	       !atomic_compare_exchange_weak_explicit(&meter.stall_ns, &longest, ns,
	                                              memory_order_relaxed, memory_order_relaxed))
		;
}

static int checkpoint_when_long(void *limit, sqlite3 *db, const char *schema, int pages)
{
	if (pages >= (int)(intptr_t)limit) {
		const int64_t start = bench_now();

		(void)sqlite3_wal_checkpoint_v2(db, schema, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		note_stall(bench_now() - start);
	}
	return SQLITE_OK;
}

void bench_sql_meter_checkpoint(sqlite3 *db, int pages)
{
	(void)sqlite3_wal_hook(db, checkpoint_when_long, (void *)(intptr_t)pages);
}

int64_t bench_sql_meter_take_stall(void)
{
	return atomic_exchange_explicit(&meter.stall_ns, 0, memory_order_relaxed);
}
