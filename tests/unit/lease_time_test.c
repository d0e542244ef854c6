/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is recorded of leases: waits, uses and opens, of each what happened and no more;
 * nothing with metrics=false; and the counts of many threads add up.
 */
#include "testing.h"
#include "unit_pool.h"
#include "unit_thread.h"
#include "unit_watched.h"

#include <string.h>

#define SAMPLE WEIR__USE_SAMPLE

static struct weir_histogram read_of(struct weir_pool *pool, enum weir_histogram_id id)
{
	const struct weir_metrics_source source = {.pool = pool};
	struct weir_histogram copy;

	copy.size = sizeof copy;
	assert_code(weir_metrics_histogram(&source, id, &copy), WEIR_OK);
	return copy;
}

static void expect_count(struct weir_pool *pool, enum weir_histogram_id id, uint64_t count)
{
	const struct weir_histogram copy = read_of(pool, id);
	uint64_t sum = 0;

	for (size_t i = 0; i < WEIR_HISTOGRAM_BUCKETS; i++)
		sum += copy.buckets[i];
	assert_int_equal(copy.count, sum);
	assert_int_equal(copy.count, count);
}

static int64_t timed_of(const struct weir_lease *lease)
{
	struct weir_pool *pool = lease->pool;

	return weir__pool_slot(pool, lease->slot)->timed_ns;
}

static void take_and_return(struct weir_pool *pool, uint32_t times)
{
	for (uint32_t i = 0; i < times; i++) {
		struct weir_lease lease = unit_acquire(pool);

		unit_release(&lease);
	}
}

/* A pool of one connection that is there already: no lease waits. */
static struct weir_pool *ready_pool(const struct weir_driver *driver, const char *more)
{
	char pairs[64] = "max_size=1 min_idle=1 ";

	strncat(pairs, more, sizeof pairs - strlen(pairs) - 1);
	return unit_pool(driver, NULL, pairs);
}

/* ---- one thread ---- */

static void who_does_not_wait_counts_as_zero(void **state)
{
	struct weir_pool *pool = ready_pool(weir_stub_bare_driver(), "");

	(void)state;
	take_and_return(pool, 100);
	const struct weir_histogram waits = read_of(pool, WEIR_HISTOGRAM_WAIT);

	assert_int_equal(waits.buckets[0], 100);
	assert_int_equal(waits.sum, 0);
	assert_int_equal(waits.max, 0);
	expect_count(pool, WEIR_HISTOGRAM_WAIT, 100);
	unit_pool_end(pool, NULL);
}

/* On the shortest way back, and on that by the driver's reset. */
static void one_use_in_many_is_timed_for_all(void **state)
{
	const struct weir_driver *drivers[] = {weir_stub_bare_driver(), weir_stub_prompt_driver()};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct weir_pool *pool = ready_pool(drivers[i], "");

		for (uint32_t lease_number = 1; lease_number <= 10 * SAMPLE; lease_number++) {
			struct weir_lease lease = unit_acquire(pool);

			assert_int_equal(timed_of(&lease) > 0, lease_number % SAMPLE == 0);
			assert_true(timed_of(&lease) >= 0);
			unit_release(&lease);
			assert_int_equal(weir__pool_slot(pool, 0)->timed_ns, 0);
		}
		expect_count(pool, WEIR_HISTOGRAM_USE, UINT64_C(10) * SAMPLE);
		unit_pool_end(pool, NULL);
	}
}

static void a_use_is_as_long_as_the_lease(void **state)
{
	struct weir_pool *pool = ready_pool(weir_stub_bare_driver(), "");

	(void)state;
	take_and_return(pool, SAMPLE - 1);
	struct weir_lease lease = unit_acquire(pool);
	const int64_t began_ns = wp_now();

	while (wp_now() - began_ns < WEIR_MILLISECONDS(3))
		unit_pause();
	const int64_t least_ns = wp_now() - began_ns;

	unit_release(&lease);
	const struct weir_histogram uses = read_of(pool, WEIR_HISTOGRAM_USE);

	assert_int_equal(uses.count, SAMPLE);
	assert_true(uses.max >= (uint64_t)least_ns);
	assert_int_equal(uses.sum, SAMPLE * uses.max);
	assert_int_equal(uses.buckets[weir_histogram_bucket(uses.max)], SAMPLE);
	unit_pool_end(pool, NULL);
}

static void an_open_is_a_wait_and_a_creation(void **state)
{
	const struct weir_stub_script script = {.size = sizeof script,
	                                        .open_latency_ns = WEIR_MILLISECONDS(4)};
	struct weir_stub *stub = unit_stub(&script);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=2");
	struct weir_lease lease = unit_acquire(pool);

	(void)state;
	assert_true(timed_of(&lease) < 0);
	unit_release(&lease);
	take_and_return(pool, 1);
	const struct weir_histogram waits = read_of(pool, WEIR_HISTOGRAM_WAIT);
	const struct weir_histogram creates = read_of(pool, WEIR_HISTOGRAM_CREATE);

	assert_int_equal(waits.count, 2);
	assert_int_equal(waits.buckets[0], 1);
	assert_true(waits.max >= (uint64_t)WEIR_MILLISECONDS(4));
	assert_int_equal(waits.sum, waits.max);
	assert_int_equal(creates.count, 1);
	assert_true(creates.max >= (uint64_t)WEIR_MILLISECONDS(4));
	expect_count(pool, WEIR_HISTOGRAM_USE, 1); /* the one that waited */
	unit_pool_end(pool, stub);
}

static void a_failed_open_is_a_creation_and_no_wait(void **state)
{
	const struct weir_stub_script script = {.size = sizeof script, .fail_opens = 1};
	struct weir_stub *stub = unit_stub(&script);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = {0};

	(void)state;
	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, NULL), WEIR_ERR_OPEN_FAILED);
	expect_count(pool, WEIR_HISTOGRAM_CREATE, 1);
	expect_count(pool, WEIR_HISTOGRAM_WAIT, 0);
	take_and_return(pool, 1);
	expect_count(pool, WEIR_HISTOGRAM_CREATE, 2);
	expect_count(pool, WEIR_HISTOGRAM_WAIT, 1);
	unit_pool_end(pool, stub);
}

/* By a helper thread, for a caller that waits in the queue. */
static void a_helpers_open_is_a_creation(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool(weir_stub_driver(), stub, "max_size=1");

	(void)state;
	take_and_return(pool, 1);
	expect_count(pool, WEIR_HISTOGRAM_CREATE, 1);
	assert_int_equal(read_of(pool, WEIR_HISTOGRAM_WAIT).buckets[0], 0);
	expect_count(pool, WEIR_HISTOGRAM_WAIT, 1);
	unit_pool_end(pool, stub);
}

static void a_discarded_lease_was_used(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = unit_acquire(pool); /* waited for the open */

	(void)state;
	unit_discard(&lease);
	expect_count(pool, WEIR_HISTOGRAM_USE, 1);
	take_and_return(pool, SAMPLE - 2); /* the first of them waits for an open */
	expect_count(pool, WEIR_HISTOGRAM_USE, 2);
	lease = unit_acquire(pool); /* the one that stands for all */
	assert_true(timed_of(&lease) > 0);
	unit_discard(&lease);
	assert_int_equal(weir__pool_slot(pool, 0)->timed_ns, 0);
	expect_count(pool, WEIR_HISTOGRAM_USE, 2 + SAMPLE);
	unit_pool_end(pool, stub);
}

/* What ends on the detour's other ways counts, too: reset fails, and the pool is reset. */
static void a_retired_lease_was_used(void **state)
{
	const struct weir_stub_script script = {.size = sizeof script, .fail_resets = 1};
	struct weir_stub *stub = unit_stub(&script);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");

	(void)state;
	take_and_return(pool, 1);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_RESET], 1);
	expect_count(pool, WEIR_HISTOGRAM_USE, 1);
	struct weir_lease lease = unit_acquire(pool);

	assert_code(weir_pool_reset(pool, "test", NULL), WEIR_OK);
	unit_release(&lease);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_STALE], 1);
	expect_count(pool, WEIR_HISTOGRAM_USE, 2);
	unit_pool_end(pool, stub);
}

static void without_metrics_nothing_is_timed(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 metrics=false");

	(void)state;
	assert_null(pool->waits);
	assert_null(pool->uses);
	assert_null(pool->creates);
	for (int i = 0; i < 2 * SAMPLE; i++) {
		struct weir_lease lease = unit_acquire(pool);

		assert_int_equal(timed_of(&lease), 0);
		unit_release(&lease);
	}
	for (int id = 0; id < WEIR_HISTOGRAMS_COUNT; id++) {
		const struct weir_histogram copy = read_of(pool, (enum weir_histogram_id)id);
		const struct weir_histogram empty = {.size = sizeof empty};

		assert_memory_equal(&copy, &empty, sizeof copy);
	}
	unit_pool_end(pool, stub);
}

/* ---- several threads ---- */

static void time_in_the_queue_is_a_wait(void **state)
{
	struct weir_pool *pool = ready_pool(weir_stub_bare_driver(), "");
	struct weir_lease lease = unit_acquire(pool);
	struct unit_caller caller;

	(void)state;
	unit_call(&caller, pool, UNIT_PATIENCE_NS);
	unit_await_waiters(pool, 1);
	const int64_t queued_ns = wp_now();

	while (wp_now() - queued_ns < WEIR_MILLISECONDS(3))
		unit_pause();
	const int64_t least_ns = wp_now() - queued_ns;

	unit_release(&lease);
	assert_code(unit_answer(&caller), WEIR_OK);
	assert_true(timed_of(&caller.lease) < 0);
	unit_release(&caller.lease);
	const struct weir_histogram waits = read_of(pool, WEIR_HISTOGRAM_WAIT);

	assert_int_equal(waits.count, 2);
	assert_int_equal(waits.buckets[0], 1);
	assert_true(waits.max >= (uint64_t)least_ns);
	expect_count(pool, WEIR_HISTOGRAM_USE, 1);
	unit_pool_end(pool, NULL);
}

#define THREADS 6
#define ROUNDS 4000

struct member {
	struct unit_thread thread;
	struct weir_pool *pool;
	uint64_t random;
	uint64_t waited;  /* leases whose slot said so */
	uint64_t sampled; /* those that stand for others */
	uint64_t wrong;
	_Atomic uint64_t unwaited;
	_Atomic bool done;
};

static void take_turns(void *argument)
{
	struct member *m = argument;

	for (int round = 0; round < ROUNDS; round++) {
		const uint64_t drawn = unit_random(&m->random) % 64;
		struct weir_lease lease = {0};

		if (weir_acquire_for(m->pool, &lease,
		                     drawn < 8 ? 1 + 1000 * (int64_t)drawn : UNIT_PATIENCE_NS,
		                     NULL) != WEIR_OK)
			continue;
		m->waited += timed_of(&lease) < 0;
		m->sampled += timed_of(&lease) > 0;
		m->unwaited += timed_of(&lease) >= 0;
		unit_watched_use(lease.conn, drawn % 8 == 0 ? 3 : 0);
		m->wrong += (drawn == 63 ? weir_discard(&lease, NULL) : weir_release(&lease, NULL)) !=
		            WEIR_OK;
	}
	m->done = true;
}

/* What a reader sees meanwhile never shrinks, and is never more than was. */
static void look_at_waits(struct weir_pool *pool, struct member *members,
                          struct weir_histogram *seen)
{
	const struct weir_histogram waits = read_of(pool, WEIR_HISTOGRAM_WAIT);
	uint64_t unwaited = THREADS; /* each may have one that it has not told of */

	for (uint32_t i = 0; i < THREADS; i++)
		unwaited += members[i].unwaited;
	assert_true(waits.buckets[0] >= seen->buckets[0]);
	assert_true(waits.buckets[0] <= unwaited);
	assert_true(waits.count >= seen->count);
	*seen = waits;
}

static bool all_done(struct member *members)
{
	bool done = true;

	for (uint32_t i = 0; i < THREADS; i++)
		done = done && members[i].done;
	return done;
}

static void counts_of_many_threads_add_up(void **state)
{
	struct unit_watched server = {0};
	struct weir_pool *pool = unit_pool(unit_watched_prompt(), &server, "max_size=3 min_idle=1");
	static struct member members[THREADS];
	struct weir_histogram seen = {.size = sizeof seen};
	const int64_t began_ns = wp_now();
	uint64_t random = unit_seed();
	uint64_t leases = 0;
	uint64_t waited = 0;
	uint64_t sampled = 0;
	uint64_t wrong = 0;

	(void)state;
	for (uint32_t i = 0; i < THREADS; i++) {
		members[i].pool = pool;
		members[i].random = unit_random(&random);
		unit_start(&members[i].thread, take_turns, &members[i]);
	}
	while (!all_done(members))
		look_at_waits(pool, members, &seen);
	for (uint32_t i = 0; i < THREADS; i++) {
		unit_join(&members[i].thread);
		leases += members[i].waited + members[i].unwaited;
		waited += members[i].waited;
		sampled += members[i].sampled;
		wrong += members[i].wrong;
	}
	look_at_waits(pool, members, &seen);
	const uint64_t took_ns = (uint64_t)(wp_now() - began_ns);
	const struct weir_histogram uses = read_of(pool, WEIR_HISTOGRAM_USE);

	assert_int_equal(wrong, 0);
	assert_int_equal(unit_stats(pool).acquires, leases);
	assert_int_equal(seen.count, leases);
	assert_int_equal(seen.count - seen.buckets[0], waited);
	assert_int_equal(uses.count, waited + SAMPLE * sampled);
	assert_true(seen.max <= took_ns && uses.max <= took_ns);
	expect_count(pool, WEIR_HISTOGRAM_CREATE, server.opens);
	unit_pool_end(pool, NULL);
	assert_int_equal(server.overlaps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_does_not_wait_counts_as_zero),
		cmocka_unit_test(one_use_in_many_is_timed_for_all),
		cmocka_unit_test(a_use_is_as_long_as_the_lease),
		cmocka_unit_test(an_open_is_a_wait_and_a_creation),
		cmocka_unit_test(a_failed_open_is_a_creation_and_no_wait),
		cmocka_unit_test(a_helpers_open_is_a_creation),
		cmocka_unit_test(a_discarded_lease_was_used),
		cmocka_unit_test(a_retired_lease_was_used),
		cmocka_unit_test(without_metrics_nothing_is_timed),
		cmocka_unit_test(time_in_the_queue_is_a_wait),
		cmocka_unit_test(counts_of_many_threads_add_up),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
