/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pools that take part in scenarios without a database. See entrants.h.
 */
#include "entrants.h"

#include <stdio.h>
#include <stdlib.h>

#include "peer_child.h"
#include "plugin.h"
#include "runner.h"
#include "sql_variant.h"
#include "variant.h"

#define ADDED_MAX 16

static const struct pool_under_test *const built_in[] = {
	&bench_variant_weir,       &bench_variant_mutex_lifo, &bench_variant_fifo_handoff,
	&bench_variant_sem_cas,    &bench_variant_ck_ring,    &bench_variant_none,
	&bench_variant_mutex_grow,
};

#define BUILT_IN_COUNT (sizeof(built_in) / sizeof(built_in[0]))

/* What the command line adds, once, before the first pass. The fields are constant
 * tables that are asked from everywhere, so there is no other place to keep it. */
static struct {
	struct bench_entrant all[ADDED_MAX];
	size_t count;
} added;

static enum bench_standing standing_of(const struct pool_under_test *pool)
{
	if (pool == &bench_variant_weir)
		return BENCH_STANDING_WEIR;
	return pool == &bench_variant_none ? BENCH_STANDING_LIMIT : BENCH_STANDING_BASELINE;
}

static struct bench_entrant entrant_of(const struct pool_under_test *pool,
                                       enum bench_standing standing)
{
	return (struct bench_entrant){
		.pool = pool,
		.name = pool->name,
		.doc = pool->doc,
		.extra_work = pool->extra_work,
		.standing = standing,
	};
}

size_t bench_entrants_count(void)
{
	return BUILT_IN_COUNT + added.count;
}

struct bench_entrant bench_entrants_at(size_t index)
{
	if (index >= BUILT_IN_COUNT)
		return added.all[index - BUILT_IN_COUNT];
	return entrant_of(built_in[index], standing_of(built_in[index]));
}

bool bench_entrants_have_room(void)
{
	return added.count < ADDED_MAX;
}

void bench_entrants_add(const struct bench_entrant *entrant)
{
	if (bench_entrants_have_room())
		added.all[added.count++] = *entrant;
}

bool bench_entrants_load(const char *path, enum bench_standing standing, char *problem,
                         size_t problem_size)
{
	struct bench_entrant entrant;
	struct pool_under_test *pool;

	if (!bench_entrants_have_room()) {
		(void)snprintf(problem, problem_size, "there are too many pools; run a few at a time");
		return false;
	}
	pool = bench_plugin_load(path, problem, problem_size);
	if (pool == NULL)
		return false;
	if (bench_pool_exists(pool->name)) {
		(void)snprintf(problem, problem_size,
		               "there is another pool named %s; give it another name", pool->name);
		free(pool);
		return false;
	}
	entrant = entrant_of(pool, standing);
	if (pool->execute != NULL && !bench_sql_variant_add(pool, standing)) {
		(void)snprintf(problem, problem_size, "there are too many pools; run a few at a time");
		free(pool);
		return false;
	}
	bench_entrants_add(&entrant);
	return true;
}

void bench_entrants_clear(void)
{
	bench_sql_variants_clear();
	while (added.count > 0) {
		const struct bench_entrant *const last = &added.all[--added.count];

		bench_peer_child_end(last->child);
		free((void *)(uintptr_t)last->pool);
	}
}
