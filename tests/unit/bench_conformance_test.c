/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The checks that a pool has to pass: every pool that is built in passes them, and
 * each mistake that they are there for is found, by the check that is there for it.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conformance.h"
#include "monotonic.h"
#include "variant.h"

#define PATIENCE_NS INT64_C(60000000000)
#define SHORT_PATIENCE_NS INT64_C(600000000)

/* ---- a pool with a mistake of our choice ---- */

enum mistake {
	MISTAKE_NONE,
	MISTAKE_TWO_OWNERS,    /* the connection below the top of the stack is leased twice */
	MISTAKE_NO_TIMEOUT,    /* waits on */
	MISTAKE_NO_WAIT,       /* gives up at once */
	MISTAKE_NO_WAKE,       /* a release wakes nobody */
	MISTAKE_LEAK,          /* destroy leaves one open */
	MISTAKE_FAILED_LEAK,   /* a create that fails leaves what it opened */
	MISTAKE_FAILED_SILENT, /* and says nothing */
	MISTAKE_FEWER,         /* create opens one less */
	MISTAKE_KEEPS_BROKEN,  /* leases broken ones again */
	MISTAKE_CLOSES_TWICE,
	MISTAKE_LEAVES_CONN, /* release leaves lease->conn */
	MISTAKE_NO_GROWTH,
	MISTAKE_NO_HEALING, /* a broken one is closed, and that is all */
};

static enum mistake mistake;

struct pool {
	pthread_mutex_t mutex;
	pthread_cond_t returned;
	const struct pool_setup *setup;
	unsigned idle_count;
	unsigned open_count;
	void *idle[16];
};

static void pool_destroy(void *opaque)
{
	struct pool *const pool = opaque;

	if (pool == NULL)
		return;
	for (unsigned i = mistake == MISTAKE_LEAK ? 1 : 0; i < pool->idle_count; i++)
		pool->setup->source->close(pool->idle[i]);
	if (mistake == MISTAKE_CLOSES_TWICE && pool->idle_count > 0)
		pool->setup->source->close(pool->idle[0]);
	free(pool);
}

static int pool_create(void **out, const struct pool_setup *setup, char *problem,
                       size_t problem_size)
{
	struct pool *const pool = calloc(1, sizeof(*pool));
	const unsigned count = setup->conns_min - (mistake == MISTAKE_FEWER ? 1 : 0);

	assert_non_null(pool);
	(void)pthread_mutex_init(&pool->mutex, NULL);
	bench_cond_init(&pool->returned);
	pool->setup = setup;
	for (; pool->idle_count < count; pool->idle_count++)
		if (setup->source->open(setup->source->self, bench_now() + setup->open_timeout_ns,
		                        &pool->idle[pool->idle_count]) != 0) {
			if (mistake != MISTAKE_FAILED_SILENT)
				(void)snprintf(problem, problem_size, "the server is down");
			if (mistake == MISTAKE_FAILED_LEAK)
				free(pool);
			else
				pool_destroy(pool);
			*out = NULL;
			return -1;
		}
	pool->open_count = count;
	*out = pool;
	return 0;
}

/* Open one more if there may be one more; holds the mutex, which is no mistake. */
static void grow_locked(struct pool *pool)
{
	void *conn;

	if (mistake == MISTAKE_NO_GROWTH || mistake == MISTAKE_NO_HEALING ||
	    pool->open_count == pool->setup->conns_max ||
	    pool->setup->source->open(pool->setup->source->self, INT64_MAX, &conn) != 0)
		return;
	pool->open_count++;
	pool->idle[pool->idle_count++] = conn;
}

static int pool_acquire(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct pool *const pool = opaque;
	const int64_t timeout_ns = mistake == MISTAKE_NO_TIMEOUT ? INT64_MAX / 4
	                                                         : pool->setup->acquire_timeout_ns;
	const struct timespec deadline = bench_deadline_in(timeout_ns);
	int rc = mistake == MISTAKE_NO_WAIT ? ETIMEDOUT : 0;

	(void)thread;
	(void)pthread_mutex_lock(&pool->mutex);
	if (pool->idle_count == 0)
		grow_locked(pool);
	while (pool->idle_count == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&pool->returned, &pool->mutex, &deadline);
	if (pool->idle_count > 0) {
		lease->conn = pool->idle[pool->idle_count - 1];
		if (mistake != MISTAKE_TWO_OWNERS || pool->idle_count == 1)
			pool->idle_count--;
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	return lease->conn != NULL ? 0 : -1;
}

static void pool_release(void *opaque, unsigned thread, struct pool_lease *lease)
{
	struct pool *const pool = opaque;

	(void)thread;
	(void)pthread_mutex_lock(&pool->mutex);
	if (lease->broken && mistake != MISTAKE_KEEPS_BROKEN) {
		pool->setup->source->close(lease->conn);
		pool->open_count--;
	} else if (pool->idle_count < pool->setup->conns_max) {
		pool->idle[pool->idle_count++] = lease->conn;
	}
	(void)pthread_mutex_unlock(&pool->mutex);
	if (mistake != MISTAKE_LEAVES_CONN)
		lease->conn = NULL;
	if (mistake != MISTAKE_NO_WAKE)
		(void)pthread_cond_signal(&pool->returned);
}

static const struct pool_under_test pool = {
	.size = sizeof(pool),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "with-mistakes",
	.abilities = POOL_GROWS | POOL_HEALS,
	.create = pool_create,
	.destroy = pool_destroy,
	.acquire = pool_acquire,
	.release = pool_release,
};

static const struct bench_conformance_check *find_check(const char *name)
{
	size_t count;
	const struct bench_conformance_check *const checks = bench_conformance_checks(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(checks[i].name, name) == 0)
			return &checks[i];
	fail_msg("no check %s", name);
	return NULL;
}

static void assert_passes_all(const struct pool_under_test *subject)
{
	size_t count;
	const struct bench_conformance_check *const checks = bench_conformance_checks(&count);

	for (size_t i = 0; i < count; i++) {
		char problem[BENCH_CONFORMANCE_PROBLEM_MAX];
		const enum bench_conformance_result result =
			bench_conformance_run(subject, &checks[i], PATIENCE_NS, problem);

		if ((subject->abilities & checks[i].abilities) != checks[i].abilities)
			assert_int_equal(result, BENCH_CONFORMANCE_SKIPPED);
		else if (result != BENCH_CONFORMS)
			fail_msg("%s: %s: %s", subject->name, checks[i].name, problem);
	}
}

static void test_pools_that_are_built_in_pass(void **state)
{
	static const struct pool_under_test *const pools[] = {
		&bench_variant_weir,    &bench_variant_mutex_lifo, &bench_variant_fifo_handoff,
		&bench_variant_sem_cas, &bench_variant_ck_ring,    &bench_variant_mutex_grow,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
		assert_passes_all(pools[i]);
}

static void test_mistakes_are_found(void **state)
{
	static const struct {
		enum mistake mistake;
		const char *check;
		const char *says;
	} cases[] = {
		{MISTAKE_TWO_OWNERS, "exclusive", "two callers"},
		{MISTAKE_TWO_OWNERS, "exhausted", "two callers"},
		{MISTAKE_NO_WAIT, "exhausted", "gave up after"},
		{MISTAKE_NO_WAIT, "wakes", "an acquire failed"},
		{MISTAKE_NO_WAKE, "wakes", "not woken"},
		{MISTAKE_LEAK, "opens", "left 1 connections open"},
		{MISTAKE_FAILED_LEAK, "create-fails", "left 1 connections open"},
		{MISTAKE_FAILED_SILENT, "create-fails", "problem empty"},
		{MISTAKE_FEWER, "opens", "opened 2 connections"},
		{MISTAKE_KEEPS_BROKEN, "heals", "leased again"},
		{MISTAKE_CLOSES_TWICE, "opens", "closed twice"},
		{MISTAKE_LEAVES_CONN, "exhausted", "lease->conn"},
		{MISTAKE_NO_GROWTH, "grows", "an acquire failed"},
		{MISTAKE_NO_HEALING, "heals", "never replaced"},
	};

	(void)state;
	mistake = MISTAKE_NONE;
	assert_passes_all(&pool);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char problem[BENCH_CONFORMANCE_PROBLEM_MAX];

		mistake = cases[i].mistake;
		if (bench_conformance_run(&pool, find_check(cases[i].check), SHORT_PATIENCE_NS, problem) !=
		    BENCH_CONFORMS_NOT)
			fail_msg("case %zu: %s did not see it", i, cases[i].check);
		if (strstr(problem, cases[i].says) == NULL)
			fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].says, problem);
	}
}

/* Last: its thread stays in the pool for good. */
static void test_a_hang_is_said(void **state)
{
	char problem[BENCH_CONFORMANCE_PROBLEM_MAX];

	(void)state;
	mistake = MISTAKE_NO_TIMEOUT;
	assert_int_equal(
		bench_conformance_run(&pool, find_check("exhausted"), SHORT_PATIENCE_NS, problem),
		BENCH_CONFORMANCE_HANGS);
	assert_non_null(strstr(problem, "did not return"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pools_that_are_built_in_pass),
		cmocka_unit_test(test_mistakes_are_found),
		cmocka_unit_test(test_a_hang_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
