/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The storage that SQL scenarios run on: the file system and what a sync costs.
 */
#ifndef BENCH_STORAGE_H
#define BENCH_STORAGE_H

#include <stdbool.h>

#define BENCH_FILE_SYSTEM_MAX 32

struct bench_storage {
	char file_system[BENCH_FILE_SYSTEM_MAX];
	bool in_memory;      /* tmpfs and its like: nothing is ever durable */
	double fsync_ns_p50; /* a 4 KiB append and fdatasync; NAN if it could not be measured */
	double fsync_ns_p99;
};

/* Look at the file system of a directory; false, with errno, if it cannot be. */
bool bench_storage_read(struct bench_storage *storage, const char *dir);

/* Measure its fdatasync with a file that is removed again: some tens of calls. */
void bench_storage_measure(struct bench_storage *storage, const char *dir);

#endif
