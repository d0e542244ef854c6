/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Running a command of the user's: /bin/sh -c, in a process group of its own, with
 * what it prints collected. The whole group, and what left it, ends with the command,
 * on a timeout, and when the user stops the gate; the group also when the gate is
 * killed.
 */
#ifndef BENCH_CHILD_RUN_H
#define BENCH_CHILD_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_CHILD_TAIL 2048

enum bench_child_end {
	BENCH_CHILD_EXITED,
	BENCH_CHILD_SIGNALLED,
	BENCH_CHILD_TIMED_OUT,
	BENCH_CHILD_TOO_LONG, /* its output: 64 MiB and more */
	BENCH_CHILD_CANCELLED,
	BENCH_CHILD_NOT_STARTED,
};

struct bench_child {
	enum bench_child_end end;
	int code; /* exit code, signal or errno */
	char *out;
	size_t out_length;
	size_t out_size;                 /* room in out */
	char tail[BENCH_CHILD_TAIL + 1]; /* the end of what it said on stderr */
	size_t tail_length;
	int64_t took_ns;
};

/* Run a command to its end, for timeout_ns at most. bench_cancel_prepare was
 * called before, and this process has no other children: they would be ended too. */
void bench_child_run(struct bench_child *child, const char *command, int64_t timeout_ns);

void bench_child_free(struct bench_child *child);

/* "exited with code 3": how it ended. */
void bench_child_describe(const struct bench_child *child, char *text, size_t text_size);

#endif
