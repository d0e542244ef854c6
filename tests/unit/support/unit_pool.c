/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_pool.h.
 */
#include "unit_pool.h"

#include <time.h>

void unit_pause(void)
{
	const struct timespec moment = {.tv_nsec = 200000};

	(void)nanosleep(&moment, NULL);
}

struct weir_stub *unit_stub(const struct weir_stub_script *script)
{
	struct weir_stub *stub = weir_stub_create();

	assert_non_null(stub);
	weir_stub_set(stub, script);
	return stub;
}

struct weir_pool *unit_pool(const struct weir_driver *driver, void *driver_data, const char *pairs)
{
	struct weir_config config;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool *pool = NULL;

	weir_config_init(&config, driver);
	if (pairs != NULL)
		assert_code(weir_config_apply_pairs(&config, driver, pairs, NULL, &err), WEIR_OK);
	assert_code(weir_pool_create(&pool, driver, driver_data, &config, &err), WEIR_OK);
	assert_non_null(pool);
	return pool;
}

struct weir_pool *unit_pool_prompt(struct weir_stub *stub, const char *pairs)
{
	return unit_pool(weir_stub_prompt_driver(), stub, pairs);
}

void unit_stub_end(struct weir_stub *stub)
{
	if (stub == NULL)
		return;
	weir_stub_unhang(stub);
	assert_true(weir_stub_drain(stub, weir_deadline_in(UNIT_PATIENCE_NS)));

	const struct weir_stub_counts counts = unit_counts(stub);

	assert_int_equal(counts.misuses, 0);
	assert_int_equal(counts.opens, counts.closes);
	weir_stub_destroy(stub);
}

void unit_pool_end(struct weir_pool *pool, struct weir_stub *stub)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_time deadline = weir_deadline_in(UNIT_PATIENCE_NS);

	if (stub != NULL)
		weir_stub_unhang(stub);
	assert_code(weir_pool_close_until(pool, deadline, &err), WEIR_OK);
	weir_pool_destroy(pool);
	unit_stub_end(stub);
}

struct weir_lease unit_acquire(struct weir_pool *pool)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_lease lease = {0};

	assert_code(weir_acquire_for(pool, &lease, UNIT_PATIENCE_NS, &err), WEIR_OK);
	assert_true(weir_lease_held(&lease));
	assert_ptr_equal(lease.pool, pool);
	return lease;
}

void unit_release(struct weir_lease *lease)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_release(lease, &err), WEIR_OK);
	assert_false(weir_lease_held(lease));
}

void unit_discard(struct weir_lease *lease)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_discard(lease, &err), WEIR_OK);
	assert_false(weir_lease_held(lease));
}

struct weir_pool_stats unit_stats(struct weir_pool *pool)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	assert_code(weir_pool_read_stats(pool, &stats), WEIR_OK);
	return stats;
}

struct weir_stub_counts unit_counts(struct weir_stub *stub)
{
	struct weir_stub_counts counts;

	weir_stub_read(stub, &counts);
	return counts;
}

void unit_await_waiters(struct weir_pool *pool, uint32_t waiters)
{
	const int64_t until_ns = weir_now().ns + UNIT_PATIENCE_NS;

	while (unit_stats(pool).waiters != waiters && weir_now().ns < until_ns)
		unit_pause();
	assert_int_equal(unit_stats(pool).waiters, waiters);
}

void unit_await_idle(struct weir_pool *pool, uint32_t idle)
{
	const int64_t until_ns = weir_now().ns + UNIT_PATIENCE_NS;

	while (unit_stats(pool).idle != idle && weir_now().ns < until_ns)
		unit_pause();
	assert_int_equal(unit_stats(pool).idle, idle);
}

void unit_await_hanging(struct weir_stub *stub, uint64_t hanging)
{
	const int64_t until_ns = weir_now().ns + UNIT_PATIENCE_NS;

	while (unit_counts(stub).hanging != hanging && weir_now().ns < until_ns)
		unit_pause();
	assert_int_equal(unit_counts(stub).hanging, hanging);
}

void unit_make_hang(struct weir_pool *pool, struct weir_stub *stub, struct weir_error *err)
{
	const int64_t until_ns = weir_now().ns + UNIT_PATIENCE_NS;

	do {
		struct weir_lease lease = {0};

		assert_code(weir_acquire_for(pool, &lease, WEIR_MILLISECONDS(5), err),
		            WEIR_ERR_ACQUIRE_TIMEOUT);
		assert_null(lease.conn);
	} while (unit_counts(stub).hanging == 0 && weir_now().ns < until_ns);
	assert_int_equal(unit_counts(stub).hanging, 1);
}
