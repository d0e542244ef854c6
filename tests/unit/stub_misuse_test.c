/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The stub notices a pool that breaks the rules of weir/driver.h.
 */
#include "stub_fixture.h"

#include <pthread.h>
#include <sched.h>

static void calls_on_a_closed_connection(void **state)
{
	const struct fixture *const fixture = *state;
	const struct weir_driver *const driver = fixture->driver;
	struct weir_error err = WEIR_ERROR_INIT;
	void *const conn = open_one(fixture);

	driver->close(conn);
	assert_int_equal(counts_of(fixture).misuses, 0);
	assert_int_equal(driver->validate(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(counts_of(fixture).misuses, 1);
	assert_string_equal(err.where, "stub.validate");
	assert_int_equal(driver->reset(conn, soon(), &err), WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(counts_of(fixture).misuses, 2);
	assert_string_equal(err.where, "stub.reset");
	driver->cancel(conn);
	assert_int_equal(counts_of(fixture).misuses, 3);
	driver->close(conn);

	const struct weir_stub_counts counts = counts_of(fixture);

	assert_int_equal(counts.misuses, 4);
	assert_int_equal(counts.closes, 1);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.cancels, 0);
}

struct caller {
	const struct weir_driver *driver;
	void *conn;
	pthread_t thread;
};

static void *reset_in_thread(void *argument)
{
	const struct caller *const caller = argument;

	(void)caller->driver->reset(caller->conn, soon(), NULL);
	return NULL;
}

/* A reset that takes long enough to be met in the middle. */
static struct caller begin_slow_reset(const struct fixture *fixture)
{
	const struct weir_stub_script script = {.size = sizeof(script),
	                                        .reset_latency_ns = WEIR_MILLISECONDS(500)};
	struct caller caller = {.driver = fixture->driver, .conn = open_one(fixture)};

	weir_stub_set(fixture->stub, &script);
	return caller;
}

static void await_reset(const struct fixture *fixture)
{
	const struct weir_time deadline = soon();

	while (counts_of(fixture).resets == 0) {
		assert_true(weir_now().ns < deadline.ns);
		sched_yield();
	}
}

static void two_calls_at_once(void **state)
{
	const struct fixture *const fixture = *state;
	struct caller caller = begin_slow_reset(fixture);

	assert_int_equal(pthread_create(&caller.thread, NULL, reset_in_thread, &caller), 0);
	await_reset(fixture);
	assert_int_equal(fixture->driver->validate(caller.conn, soon(), NULL), WEIR_ERR_DRIVER_BROKEN);
	pthread_join(caller.thread, NULL);
	assert_int_equal(counts_of(fixture).misuses, 1);
	/* The first call went on undisturbed, and the connection still works. */
	assert_int_equal(fixture->driver->validate(caller.conn, soon(), NULL), WEIR_OK);
	fixture->driver->close(caller.conn);
	assert_int_equal(counts_of(fixture).misuses, 1);
}

static void close_during_a_call(void **state)
{
	const struct fixture *const fixture = *state;
	struct caller caller = begin_slow_reset(fixture);

	assert_int_equal(pthread_create(&caller.thread, NULL, reset_in_thread, &caller), 0);
	await_reset(fixture);
	fixture->driver->close(caller.conn);
	pthread_join(caller.thread, NULL);
	/* Both notice: the close finds a call, the call finds its ticket gone. */
	assert_int_equal(counts_of(fixture).misuses, 2);
	assert_int_equal(counts_of(fixture).closes, 1);
	assert_int_equal(fixture->driver->validate(caller.conn, soon(), NULL), WEIR_ERR_DRIVER_BROKEN);
}

static void cancel_during_a_call_is_what_it_is_for(void **state)
{
	const struct fixture *const fixture = *state;
	struct caller caller = begin_slow_reset(fixture);

	assert_int_equal(pthread_create(&caller.thread, NULL, reset_in_thread, &caller), 0);
	await_reset(fixture);
	fixture->driver->cancel(caller.conn);
	pthread_join(caller.thread, NULL);
	fixture->driver->close(caller.conn);
	assert_int_equal(counts_of(fixture).misuses, 0);
	assert_int_equal(counts_of(fixture).cancels, 1);
}

/* More connections than are kept: the old ones go, the last is still noticed. */
static void closed_connections_are_kept_for_a_while(void **state)
{
	const struct fixture *const fixture = *state;
	void *conn = NULL;

	for (size_t i = 0; i < 10000; i++) {
		conn = open_one(fixture);
		fixture->driver->close(conn);
	}
	fixture->driver->close(conn);
	assert_int_equal(counts_of(fixture).misuses, 1);
	assert_int_equal(counts_of(fixture).closes, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(calls_on_a_closed_connection),
		PLAIN(two_calls_at_once),
		PLAIN(close_during_a_call),
		PLAIN(cancel_during_a_call_is_what_it_is_for),
		PLAIN(closed_connections_are_kept_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
