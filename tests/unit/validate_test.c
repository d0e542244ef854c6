/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who is asked whether it works, and when not: the bypass, and what ends it; keepalive,
 * ages and idleness on an invented clock.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_pool.h"

static struct weir_pool_stats stats_of(struct weir_pool *pool)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	assert_code(weir_pool_read_stats(pool, &stats), WEIR_OK);
	return stats;
}

static struct weir_time in(int64_t ns)
{
	const struct weir_time time = {weir_now().ns + ns};

	return time;
}

static void use(struct weir_pool *pool)
{
	struct weir_lease lease = unit_acquire(pool);

	unit_release(&lease);
}

static void what_was_just_opened_is_not_asked(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool =
		unit_pool_prompt(stub, "max_size=1 validate_on_acquire=on validate_bypass=1h");

	(void)state;
	use(pool);
	use(pool);
	assert_int_equal(unit_counts(stub).validates, 0);
	assert_code(weir_pool_set(pool, "validate_bypass", "0", NULL), WEIR_OK);
	use(pool);
	assert_int_equal(unit_counts(stub).validates, 1);
	assert_int_equal(stats_of(pool).validations, 1);
	unit_pool_end(pool, stub);
}

/* One that does not work makes all the others suspect. */
static void a_failure_ends_the_bypass(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	const struct weir_stub_script once = {.fail_validates = 1};
	struct weir_pool *pool =
		unit_pool_prompt(stub, "max_size=2 min_idle=2 validate_on_acquire=on validate_bypass=0");

	(void)state;
	weir_stub_set(stub, &once);
	use(pool);
	assert_int_equal(stats_of(pool).validate_failures, 1);
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_VALIDATE], 1);
	const uint64_t before = unit_counts(stub).validates;

	assert_code(weir_pool_set(pool, "validate_bypass", "1h", NULL), WEIR_OK);
	for (uint32_t i = 0; i < pool->ring.count; i++)
		pool->ring.slots[i].sound_ns = (int64_t)wp_load_rlx_64(&pool->suspect_ns) - 1;
	use(pool);
	assert_int_equal(unit_counts(stub).validates, before + 1);
	use(pool);
	assert_int_equal(unit_counts(stub).validates, before + 1);
	unit_pool_end(pool, stub);
}

static void idle_ones_are_kept_alive(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	const struct weir_stub_script once = {.fail_validates = 1};
	struct weir_pool *pool =
		unit_pool_prompt(stub, "max_size=3 min_idle=3 keepalive=10s idle_timeout=0 max_lifetime=0");

	(void)state;
	(void)weir_pool_tick(pool, in(0));
	assert_int_equal(stats_of(pool).keepalives, 0);
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(8)));
	assert_int_equal(stats_of(pool).keepalives, 0);
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(11)));
	assert_int_equal(stats_of(pool).keepalives, 3);
	weir_stub_set(stub, &once);
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(22)));
	assert_int_equal(stats_of(pool).keepalives, 6);
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_VALIDATE], 1);
	assert_int_equal(stats_of(pool).idle, 3); /* and one is opened in its place */
	unit_pool_end(pool, stub);
}

/* A database that accepts and never answers costs one limit in a pass, not one for each
 * connection. */
static void one_that_does_not_answer_ends_the_asking(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	const struct weir_stub_script dead = {.validate_latency_ns = WEIR_SECONDS(60)};
	struct weir_pool *pool = unit_pool_prompt(
		stub, "max_size=3 min_idle=3 keepalive=10s validate_timeout=5ms idle_timeout=0");

	(void)state;
	weir_stub_set(stub, &dead);
	(void)weir_pool_tick(pool, in(0));
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(11)));
	assert_int_equal(stats_of(pool).keepalives, 1);
	weir_stub_set(stub, NULL);
	unit_pool_end(pool, stub);
}

static void those_of_one_age_do_not_end_together(void **state)
{
	struct weir_pool *pool =
		unit_pool_prompt(NULL, "max_size=100 min_idle=100 max_lifetime=100s lifetime_jitter=50 "
	                           "idle_timeout=0 keepalive=0");
	uint64_t most = 0;
	uint64_t before = 0;

	(void)state;
	/* What is opened in their place is born by the real clock. */
	assert_code(weir_pool_set(pool, "min_idle", "0", NULL), WEIR_OK);
	for (int i = 0; i <= 100; i++) {
		(void)weir_pool_tick(pool, in(i * WEIR_SECONDS(1)));
		const uint64_t closed = stats_of(pool).closed[WEIR_CLOSE_LIFETIME];

		if (i < 50)
			assert_int_equal(closed, 0);
		most = closed - before > most ? closed - before : most;
		before = closed;
	}
	assert_int_equal(before, 100);
	assert_true(most <= 20);
	unit_pool_end(pool, NULL);
}

/* Whatever their ages: a quarter of the pool, and one, in a pass. */
static void few_go_in_one_pass(void **state)
{
	struct weir_pool *pool =
		unit_pool_prompt(NULL, "max_size=8 min_idle=8 max_lifetime=100s lifetime_jitter=0 "
	                           "idle_timeout=0 keepalive=0");

	(void)state;
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(101)));
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_LIFETIME], 3);
	unit_pool_end(pool, NULL);
}

static void idleness_stops_at_min_idle(void **state)
{
	struct weir_pool *pool =
		unit_pool_prompt(NULL, "max_size=4 min_idle=4 idle_timeout=10s max_lifetime=0 keepalive=0");

	(void)state;
	(void)weir_pool_tick(pool, in(0));
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(11)));
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_IDLE], 0);
	assert_code(weir_pool_set(pool, "min_idle", "1", NULL), WEIR_OK);
	(void)weir_pool_tick(pool, in(WEIR_SECONDS(22)));
	assert_int_equal(stats_of(pool).closed[WEIR_CLOSE_IDLE], 3);
	assert_int_equal(stats_of(pool).idle, 1);
	unit_pool_end(pool, NULL);
}

/* A pass began before a failure that an acquire met: what the pass notes does not make
 * the others sound again. */
static void a_failure_is_never_taken_back(void **state)
{
	const struct weir_stub_script failing = {.fail_validates = 1};
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1 keepalive=1s min_idle=1");
	struct weir_time began = weir_now();
	uint64_t suspect_ns;

	(void)state;
	suspect_ns = (uint64_t)weir_now().ns;
	wp_store_rlx_64(&pool->suspect_ns, suspect_ns);
	began.ns = (int64_t)suspect_ns - WEIR_SECONDS(1);
	pool->ring.slots[0].sound_ns = began.ns - WEIR_HOUR_NS;
	pool->ring.slots[0].seen_ns = began.ns - WEIR_HOUR_NS;
	pool->ring.slots[0].seen_leases = wp_load_rlx_64(&pool->ring.slots[0].leases);
	weir_stub_set(stub, &failing);
	(void)weir_pool_tick(pool, began);
	assert_int_equal(unit_stats(pool).closed[WEIR_CLOSE_VALIDATE], 1);
	assert_true(wp_load_rlx_64(&pool->suspect_ns) >= suspect_ns);
	unit_pool_end(pool, stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_just_opened_is_not_asked),
		cmocka_unit_test(a_failure_ends_the_bypass),
		cmocka_unit_test(idle_ones_are_kept_alive),
		cmocka_unit_test(one_that_does_not_answer_ends_the_asking),
		cmocka_unit_test(those_of_one_age_do_not_end_together),
		cmocka_unit_test(few_go_in_one_pass),
		cmocka_unit_test(idleness_stops_at_min_idle),
		cmocka_unit_test(a_failure_is_never_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
