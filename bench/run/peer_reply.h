/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a child program says, as the harness's own figures. Every reply is checked:
 * a figure that is not there, or cannot be, is a problem, never a zero.
 */
#ifndef BENCH_PEER_REPLY_H
#define BENCH_PEER_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench_histogram.h"
#include "pass.h"

#define BENCH_PEER_PROTOCOL 1
#define BENCH_PEER_WORD_MAX 32
#define BENCH_PEER_TEXT_MAX 200

struct bench_peer_hello {
	char pool[BENCH_PEER_WORD_MAX];
	char version[BENCH_PEER_WORD_MAX];
	char runtime[BENCH_PEER_TEXT_MAX];
	char extra_work[BENCH_PEER_TEXT_MAX]; /* "": none */
	double warm_s;                        /* that a first pass has to run before it is measured */
	unsigned abilities;
};

/* A line as an object; NULL, with a problem: it is none, or it is an error's. */
json_t *bench_peer_reply_read(const char *line, char *problem, size_t problem_size);

bool bench_peer_reply_hello(const json_t *reply, struct bench_peer_hello *hello, char *problem,
                            size_t problem_size);

/* The sample of a pass of so many threads, and its waits, if it was timed; waits
 * NULL: it was not. */
bool bench_peer_reply_pass(const json_t *reply, unsigned threads, struct bench_histogram *waits,
                           struct bench_sample *sample, char *problem, size_t problem_size);

/* A histogram from [[bucket, count], ...] and the longest value. */
bool bench_peer_reply_histogram(const json_t *buckets, const json_t *max,
                                struct bench_histogram *histogram);

/* A whole number of 0 or more. */
bool bench_peer_reply_count(const json_t *value, uint64_t *count);

#endif
