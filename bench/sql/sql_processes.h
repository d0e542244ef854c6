/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A repetition in several processes: this program started again, so many times,
 * as `weir-bench worker`, each with threads and a pool of its own on one file.
 *
 * They speak through a socket, which is the worker's standard input:
 *   worker <- order    what to run, and the scenario's file behind it
 *   worker -> ready    one byte: its pool is open
 *   worker <- go       one byte, to all at once: begin the throughput pass
 *   worker -> report   what came of it
 *   worker <- go       the wait pass
 *   worker -> report
 * Both ends are the same program, so structs go as they are.
 */
#ifndef BENCH_SQL_PROCESSES_H
#define BENCH_SQL_PROCESSES_H

#include "field.h"
#include "sql_file.h"
#include "sql_load.h"

#define BENCH_ORDER_MAGIC 0x72656977u

struct bench_sql_order {
	uint32_t magic;
	uint32_t size;
	unsigned pool; /* index of the variant */
	uint32_t text_length;
	unsigned threads;
	unsigned conns;
	double seconds;
	double wait_seconds;
	uint64_t seed;
	char path[BENCH_SQL_PATH_MAX];
	char scenario[BENCH_SQL_PATH_MAX]; /* the path of the scenario's file */
};

struct bench_sql_report {
	enum bench_outcome outcome;
	enum weir_code code; /* FAILED: what went wrong */
	char message[WEIR_ERROR_MESSAGE_MAX];
	struct bench_sample sample;
	struct bench_sql_window window;
	struct bench_histogram waits[BENCH_ROLES];
};

/* Send or receive so many bytes; false if the other end is gone. */
bool bench_sql_send(int fd, const void *bytes, size_t count);
bool bench_sql_receive(int fd, void *bytes, size_t count);

/* One repetition of a selection with processes: both passes. */
enum bench_outcome bench_sql_processes_run(const struct bench_rep_spec *spec,
                                           const struct bench_sql_file *file, struct bench_rep *rep,
                                           struct weir_error *err);

#endif
