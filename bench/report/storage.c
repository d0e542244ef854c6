/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The storage that SQL scenarios run on. See storage.h.
 */
#include "storage.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bench_histogram.h"
#include "monotonic.h"

#define FSYNC_CALLS 64
#define FSYNC_BYTES 4096

/* Not in linux/magic.h of every kernel that weir supports. */
#define MAGIC_XFS 0x58465342
#define MAGIC_ZFS 0x2FC12FC1

static const struct {
	unsigned long magic;
	const char *name;
	bool in_memory;
} file_systems[] = {
	{EXT4_SUPER_MAGIC, "ext4", false},
	{BTRFS_SUPER_MAGIC, "btrfs", false},
	{MAGIC_XFS, "xfs", false},
	{MAGIC_ZFS, "zfs", false},
	{F2FS_SUPER_MAGIC, "f2fs", false},
	{NFS_SUPER_MAGIC, "nfs", false},
	{OVERLAYFS_SUPER_MAGIC, "overlayfs", false},
	{V9FS_MAGIC, "9p", false},
	{TMPFS_MAGIC, "tmpfs", true},
	{RAMFS_MAGIC, "ramfs", true},
};

bool bench_storage_read(struct bench_storage *storage, const char *dir)
{
	struct statfs fs;

	*storage = (struct bench_storage){.fsync_ns_p50 = NAN, .fsync_ns_p99 = NAN};
	if (statfs(dir, &fs) != 0)
		return false;
	(void)snprintf(storage->file_system, BENCH_FILE_SYSTEM_MAX, "type 0x%lx",
	               (unsigned long)fs.f_type);
	for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++)
		if (file_systems[i].magic == (unsigned long)fs.f_type) {
			(void)snprintf(storage->file_system, BENCH_FILE_SYSTEM_MAX, "%s", file_systems[i].name);
			storage->in_memory = file_systems[i].in_memory;
		}
	return true;
}

void bench_storage_measure(struct bench_storage *storage, const char *dir)
{
	const char block[FSYNC_BYTES] = {1};
	struct bench_histogram *times = calloc(1, sizeof(*times));
	char path[4096];
	int fd = -1;

	if (times != NULL && snprintf(path, sizeof(path), "%s/fsync-probe", dir) < (int)sizeof(path))
		fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd >= 0) {
		for (int i = 0; i < FSYNC_CALLS; i++) {
			const int64_t start = bench_now();

			if (write(fd, block, sizeof(block)) != FSYNC_BYTES || fdatasync(fd) != 0)
				break;
			bench_histogram_record(times, bench_now() - start);
		}
		(void)close(fd);
		(void)unlink(path);
	}
	if (times != NULL && times->count > 0) {
		storage->fsync_ns_p50 = (double)bench_histogram_quantile(times, 0.5);
		storage->fsync_ns_p99 = (double)bench_histogram_quantile(times, 0.99);
	}
	free(times);
}
