/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A child program that is spoken to in lines: orders on its standard input, a
 * reply for each on its standard output. It never outlives this process.
 */
#ifndef BENCH_PEER_PROCESS_H
#define BENCH_PEER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What it ends with if it cannot be executed. */
#define BENCH_PEER_NO_PROGRAM 127

struct bench_peer_process {
	pid_t pid;    /* of it and of its process group; 0: none */
	int fd;       /* both its streams */
	char *buffer; /* what it has said; the first line_size bytes were handed out */
	size_t used;
	size_t size;
	size_t line_size;
};

enum bench_peer_line {
	BENCH_PEER_LINE = 0,
	BENCH_PEER_ENDED = 1, /* it is gone, or said more than anybody reads */
	BENCH_PEER_LATE = 2,
	BENCH_PEER_CANCELLED = 3, /* the user asked to stop */
};

/* Start program; 0, or an errno. */
int bench_peer_process_start(struct bench_peer_process *process, const char *program);

/* End it, whatever it does. One that is not there is accepted. Its wait status;
 * -1: none. */
int bench_peer_process_end(struct bench_peer_process *process);

/* Say a line, to which the end of line is added; false: nobody listens. */
bool bench_peer_process_say(const struct bench_peer_process *process, const char *line);

/* Hear the next line, by deadline_ns, without its end; valid until the next. tick
 * (may be NULL) is called some ten times a second. */
enum bench_peer_line bench_peer_process_hear(struct bench_peer_process *process,
                                             int64_t deadline_ns, void (*tick)(void *tick_context),
                                             void *tick_context, const char **line);

#endif
