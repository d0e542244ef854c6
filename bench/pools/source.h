/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A source of connections that do nothing: what the scenarios without a database
 * open. How long an open and a ping take and whether the server is up are the
 * scenario's to say, also while the pool runs; how many connections there are is
 * counted here, where every pool has to pass, so that no pool is asked about
 * itself.
 *
 * A connection that was open when the server went down stays broken for good,
 * as a socket does.
 */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include <stdbool.h>

#include "pool_under_test.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bench_source;

/* So far; open_now: connections that are open at this moment. */
struct bench_source_counts {
	unsigned open_now;
	uint64_t opens;
	uint64_t open_failures;
};

/* A source whose server is up; open_ns and ping_ns: what an open and a ping take.
 * NULL without memory. Destroy it when every connection is closed. */
struct bench_source *bench_source_create(int64_t open_ns, int64_t ping_ns);
void bench_source_destroy(struct bench_source *source);

/* What pools are given. */
const struct pool_source *bench_source_for_pool(const struct bench_source *source);

/* Take the server down, or bring it back. Any thread. */
void bench_source_set_down(struct bench_source *source, bool down);

/* Whether a connection of such a source works: what using it, too, finds out. Any
 * thread that holds conn. */
bool bench_source_works(const void *conn);

/* Any thread; the counts are of about the same moment. */
struct bench_source_counts bench_source_read(const struct bench_source *source);

#ifdef __cplusplus
}
#endif

#endif
