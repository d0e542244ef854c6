/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pools that take part in scenarios without a database: those built in, those
 * loaded from shared objects, and other projects' pools in processes of their own.
 */
#ifndef BENCH_ENTRANTS_H
#define BENCH_ENTRANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "pool_under_test.h"
#include "standing.h"

struct bench_peer_child;

struct bench_entrant {
	const struct pool_under_test *pool; /* NULL: a child */
	struct bench_peer_child *child;     /* NULL: in this process */
	const char *name;
	const char *doc;
	const char *extra_work; /* NULL: none */
	enum bench_standing standing;
};

size_t bench_entrants_count(void);
struct bench_entrant bench_entrants_at(size_t index);

/* Whether there is room for one more. */
bool bench_entrants_have_room(void);

/* Add one, which keeps what it points to until bench_entrants_clear. Its pool,
 * for free() to take back, and its child go with it. */
void bench_entrants_add(const struct bench_entrant *entrant);

/* Load the shared object at path and add its pool; false: problem says what is
 * wrong. */
bool bench_entrants_load(const char *path, enum bench_standing standing, char *problem,
                         size_t problem_size);

/* Forget all that were added, and end the children among them. */
void bench_entrants_clear(void);

#endif
