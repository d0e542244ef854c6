/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The public headers in C++17: each compiles, and a scoped lease ends with its
 * block when an exception leaves it.
 */
#include <weir/base.h>
#include <weir/config.h>
#include <weir/db.h>
#include <weir/db_schema.h>
#include <weir/driver.h>
#include <weir/engine.h>
#include <weir/error.h>
#include <weir/lease.h>
#include <weir/migrate.h>
#include <weir/pool.h>
#include <weir/schema.h>
#include <weir/sql.h>
#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/version.h>
#include <weir/weir.h>

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <stdexcept>

extern "C" {
#include <cmocka.h>
}

static weir_pool *pool_of_one()
{
	weir_pool *pool = nullptr;
	weir_error err = WEIR_ERROR_INIT;

	assert_int_equal(weir_pool_open_url(&pool, weir_stub_prompt_driver(), "stub:?max_size=1", &err),
	                 WEIR_OK);
	return pool;
}

static void use_and_throw(weir_pool *pool)
{
	WEIR_SCOPED_LEASE(lease);

	if (weir_acquire(pool, &lease, nullptr) != WEIR_OK)
		return;
	throw std::runtime_error("a caller's own trouble");
}

static void an_exception_ends_a_scoped_lease(void **state)
{
	weir_pool *pool = pool_of_one();
	bool caught = false;

	(void)state;
	try {
		use_and_throw(pool);
	} catch (const std::runtime_error &) {
		caught = true;
	}
	assert_true(caught);

	weir_lease lease = {};
	assert_int_equal(weir_try_acquire(pool, &lease, nullptr), WEIR_OK);
	assert_int_equal(weir_release(&lease, nullptr), WEIR_OK);
	weir_pool_destroy(pool);
}

static void errors_and_leases_read_as_in_c(void **state)
{
	weir_pool *pool = pool_of_one();
	weir_error err = WEIR_ERROR_INIT;
	weir_lease lease = {};
	weir_lease second = {};

	(void)state;
	assert_int_equal(weir_acquire_for(pool, &lease, WEIR_SECONDS(1), &err), WEIR_OK);
	assert_true(weir_lease_held(&lease));
	assert_int_equal(weir_acquire_until(pool, &second, weir_deadline_in(1), &err),
	                 WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.reason, WEIR_WAIT_LEASED);
	assert_int_equal(err.holders_count, 1);
	assert_int_equal(weir_release(&lease, &err), WEIR_OK);
	weir_pool_destroy(pool);
}

int main()
{
	const CMUnitTest tests[] = {
		cmocka_unit_test(an_exception_ends_a_scoped_lease),
		cmocka_unit_test(errors_and_leases_read_as_in_c),
	};

	return cmocka_run_group_tests(tests, nullptr, nullptr);
}
