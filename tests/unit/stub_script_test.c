/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The stub does to connections what its script says, and counts it.
 */
#include "stub_fixture.h"

#include <pthread.h>

/* ---- counts ---- */

static void counts_follow_connections(void **state)
{
	const struct fixture *const fixture = *state;
	void *const first = open_one(fixture);
	void *const second = open_one(fixture);

	assert_int_equal(fixture->driver->validate(first, soon(), NULL), WEIR_OK);
	assert_int_equal(fixture->driver->reset(first, soon(), NULL), WEIR_OK);
	assert_int_equal(fixture->driver->reset(second, soon(), NULL), WEIR_OK);
	fixture->driver->cancel(second);
	assert_int_equal(counts_of(fixture).live, 2);
	assert_int_equal(counts_of(fixture).resets, 2);
	fixture->driver->close(first);
	fixture->driver->close(second);

	const struct weir_stub_counts counts = counts_of(fixture);

	assert_int_equal(counts.opens, 2);
	assert_int_equal(counts.open_failures, 0);
	assert_int_equal(counts.closes, 2);
	assert_int_equal(counts.validates, 1);
	assert_int_equal(counts.resets, 2);
	assert_int_equal(counts.cancels, 1);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.live_max, 2);
	assert_int_equal(counts.hanging, 0);
	assert_int_equal(counts.misuses, 0);
}

/* ---- validate, reset, close ---- */

static void the_next_validations_and_resets_fail(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_driver *const driver = fixture->driver;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);

	set(fixture, (struct weir_stub_script){.fail_validates = 1, .fail_resets = 2});
	assert_fails(driver->validate(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN, &err);
	assert_int_equal(driver->validate(conn, soon(), NULL), WEIR_OK);
	assert_fails(driver->reset(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN, &err);
	assert_fails(driver->reset(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN, &err);
	assert_int_equal(driver->reset(conn, soon(), NULL), WEIR_OK);
	driver->close(conn);
}

static void a_connection_breaks_after_its_uses(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_driver *const driver = fixture->driver;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);

	set(fixture, (struct weir_stub_script){.break_after_uses = 3});
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(driver->validate(conn, soon(), NULL), WEIR_OK);
		assert_int_equal(driver->reset(conn, soon(), NULL), WEIR_OK);
	}
	assert_fails(driver->validate(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN, &err);

	void *const fresh = open_one(fixture);

	assert_int_equal(driver->validate(fresh, soon(), NULL), WEIR_OK);
	driver->close(fresh);
	driver->close(conn);
}

static void validate_and_reset_honour_deadlines(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_driver *const driver = fixture->driver;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);
	const struct weir_time deadline = weir_deadline_in(WEIR_MILLISECONDS(3));

	set(fixture, (struct weir_stub_script){.validate_latency_ns = WEIR_HOUR_NS,
	                                       .reset_latency_ns = WEIR_HOUR_NS});
	assert_fails(driver->validate(conn, deadline, &err), WEIR_ERR_DRIVER_DEADLINE, &err);
	assert_true(weir_now().ns >= deadline.ns);
	assert_fails(driver->reset(conn, past(), &err), WEIR_ERR_DRIVER_DEADLINE, &err);
	driver->close(conn);
}

static void validate_reset_and_close_take_their_latency(void **state)
{
	const struct fixture *const fixture = *state;
	const int64_t latency_ns = WEIR_MILLISECONDS(2);
	void *const conn = open_one(fixture);
	int64_t before = weir_now().ns;

	set(fixture, (struct weir_stub_script){.validate_latency_ns = latency_ns,
	                                       .reset_latency_ns = latency_ns,
	                                       .close_latency_ns = latency_ns});
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	assert_true(weir_now().ns - before >= latency_ns);
	before = weir_now().ns;
	assert_int_equal(fixture->driver->reset(conn, soon(), NULL), WEIR_OK);
	assert_true(weir_now().ns - before >= latency_ns);
	before = weir_now().ns;
	fixture->driver->close(conn);
	assert_true(weir_now().ns - before >= latency_ns);
}

/* ---- flapping ---- */

static void a_server_that_is_down_fails_opens_and_validations(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);
	void *refused = NULL;

	set(fixture, (struct weir_stub_script){.down_ns = WEIR_HOUR_NS, .fail_opens = 1});
	assert_fails(open_until(fixture, soon(), &refused, &err), WEIR_ERR_DRIVER_OPEN, &err);
	assert_fails(open_until(fixture, soon(), &refused, &err), WEIR_ERR_DRIVER_OPEN, &err);
	assert_fails(fixture->driver->validate(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN, &err);
	assert_int_equal(fixture->driver->reset(conn, soon(), NULL), WEIR_OK);
	fixture->driver->close(conn);
}

static void a_flapping_server_goes_down_and_comes_back(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_time deadline = soon();
	void *const conn = open_one(fixture);
	unsigned changes = 0;
	bool up = true;

	set(fixture, (struct weir_stub_script){.up_ns = WEIR_HOUR_NS, .down_ns = WEIR_HOUR_NS});
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	set(fixture,
	    (struct weir_stub_script){.up_ns = WEIR_MILLISECONDS(2), .down_ns = WEIR_MILLISECONDS(2)});
	while (changes < 4) {
		const bool is_up = fixture->driver->validate(conn, soon(), NULL) == WEIR_OK;

		changes += is_up != up;
		up = is_up;
		assert_true(weir_now().ns < deadline.ns);
	}
	fixture->driver->close(conn);
}

/* ---- bad and border input ---- */

static void a_shorter_script_is_read_to_its_size(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_stub_script script = {
		.size = offsetof(struct weir_stub_script, fail_validates),
		.fail_opens = 1,
		.fail_validates = UINT32_MAX,
	};
	void *conn = NULL;

	weir_stub_set(fixture->stub, &script);
	assert_int_equal(open_until(fixture, soon(), &conn, NULL), WEIR_ERR_DRIVER_OPEN);
	conn = open_one(fixture);
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_OK);
	script.size = 0;
	weir_stub_set(fixture->stub, &script);
	assert_int_equal(fixture->driver->validate(conn, soon(), NULL), WEIR_ERR_DRIVER_BROKEN);
	fixture->driver->close(conn);
}

static void absurd_durations_do_no_harm(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_driver *const driver = fixture->driver;
	void *const conn = open_one(fixture);

	set(fixture, (struct weir_stub_script){.open_latency_ns = -1,
	                                       .validate_latency_ns = INT64_MAX,
	                                       .reset_latency_ns = INT64_MIN,
	                                       .up_ns = INT64_MAX,
	                                       .down_ns = INT64_MAX});
	driver->close(open_one(fixture));
	assert_int_equal(driver->validate(conn, past(), NULL), WEIR_ERR_DRIVER_DEADLINE);
	assert_int_equal(driver->reset(conn, past(), NULL), WEIR_OK);
	driver->close(conn);
}

static void destroy_takes_what_is_left(void **state)
{
	const struct fixture *const fixture = *state;

	weir_stub_destroy(NULL);
	(void)open_one(fixture);
	(void)open_one(fixture); /* both freed by drop_fixture; the leak check tells */
}

/* ---- settings ---- */

static void a_url_sets_latencies(void **state)
{
	struct fixture *const fixture = *state;
	const struct weir_driver *const driver = fixture->driver;
	struct weir_stub *const stub = fixture->stub;
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	if (weir_config_apply_url(&fixture->config, driver,
	                          "stub:?open_latency=2ms&validate_latency=1h&reset_latency=1h"
	                          "&close_latency=2ms",
	                          NULL, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	/* Without a server, then with one. */
	for (size_t i = 0; i < 2; i++) {
		int64_t before = weir_now().ns;

		fixture->stub = i == 0 ? NULL : stub;
		conn = open_one(fixture);
		assert_true(weir_now().ns - before >= WEIR_MILLISECONDS(2));
		assert_int_equal(driver->validate(conn, past(), NULL), WEIR_ERR_DRIVER_DEADLINE);
		assert_int_equal(driver->reset(conn, past(), NULL), WEIR_ERR_DRIVER_DEADLINE);
		driver->cancel(conn);
		before = weir_now().ns;
		driver->close(conn);
		assert_true(weir_now().ns - before >= WEIR_MILLISECONDS(2));
	}
}

static void the_bare_driver_is_bare(void **state)
{
	struct fixture *const fixture = *state;

	fixture->driver = weir_stub_bare_driver();
	assert_null(fixture->driver->validate);
	assert_null(fixture->driver->reset);
	assert_null(fixture->driver->cancel);
	fixture->driver->close(open_one(fixture));
	assert_int_equal(counts_of(fixture).opens, 1);
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS 500

static void *use_connections(void *argument)
{
	const struct fixture *const fixture = argument;

	for (size_t i = 0; i < ROUNDS; i++) {
		void *conn = NULL;

		if (open_until(fixture, soon(), &conn, NULL) != WEIR_OK)
			continue;
		(void)fixture->driver->validate(conn, soon(), NULL);
		(void)fixture->driver->reset(conn, soon(), NULL);
		fixture->driver->close(conn);
	}
	return NULL;
}

static void counts_add_up_over_threads(void **state)
{
	struct fixture *const fixture = *state;
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_connections, fixture), 0);
	for (uint32_t i = 0; i < 100; i++) { /* change and read while they run */
		set(fixture, (struct weir_stub_script){.fail_opens = i % 3, .fail_resets = i % 2});
		(void)counts_of(fixture);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	const struct weir_stub_counts counts = counts_of(fixture);

	assert_int_equal(counts.opens + counts.open_failures, THREADS * ROUNDS);
	assert_int_equal(counts.closes, counts.opens);
	assert_int_equal(counts.validates, counts.opens);
	assert_int_equal(counts.resets, counts.opens);
	assert_int_equal(counts.live, 0);
	assert_in_range(counts.live_max, 1, THREADS);
	assert_int_equal(counts.misuses, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(counts_follow_connections),
		PLAIN(the_next_validations_and_resets_fail),
		PLAIN(a_connection_breaks_after_its_uses),
		PLAIN(validate_and_reset_honour_deadlines),
		PLAIN(validate_reset_and_close_take_their_latency),
		PLAIN(a_server_that_is_down_fails_opens_and_validations),
		PLAIN(a_flapping_server_goes_down_and_comes_back),
		PLAIN(a_shorter_script_is_read_to_its_size),
		PLAIN(absurd_durations_do_no_harm),
		PLAIN(destroy_takes_what_is_left),
		PLAIN(a_url_sets_latencies),
		PLAIN(the_bare_driver_is_bare),
		PLAIN(counts_add_up_over_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
