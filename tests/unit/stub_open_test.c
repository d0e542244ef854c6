/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Opens of the stub: failing, slow, hanging, and drained.
 */
#include "stub_fixture.h"

#include <pthread.h>
#include <sched.h>

static void the_next_opens_fail(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	set(fixture, (struct weir_stub_script){.fail_opens = 2});
	assert_fails(open_until(fixture, soon(), &conn, &err), WEIR_ERR_DRIVER_OPEN, &err);
	assert_fails(open_until(fixture, soon(), &conn, &err), WEIR_ERR_DRIVER_OPEN, &err);
	assert_null(conn);
	fixture->driver->close(open_one(fixture));
	assert_int_equal(counts_of(fixture).open_failures, 2);
}

static void all_opens_fail_until_the_script_changes(void **state)
{
	const struct fixture *const fixture = *state;
	void *conn = NULL;

	set(fixture, (struct weir_stub_script){.fail_opens = UINT32_MAX});
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(open_until(fixture, soon(), &conn, NULL), WEIR_ERR_DRIVER_OPEN);
	weir_stub_set(fixture->stub, NULL);
	fixture->driver->close(open_one(fixture));
}

static void an_open_takes_its_latency(void **state)
{
	struct fixture *const fixture = *state;
	const int64_t before = weir_now().ns;

	set(fixture, (struct weir_stub_script){.open_latency_ns = WEIR_MILLISECONDS(5)});
	fixture->driver->close(open_one(fixture));
	assert_true(weir_now().ns - before >= WEIR_MILLISECONDS(5));
}

static void plain_opens_know_no_deadline(void **state)
{
	const struct fixture *const fixture = *state;
	void *conn = NULL;

	set(fixture, (struct weir_stub_script){.open_latency_ns = WEIR_MILLISECONDS(2)});
	assert_int_equal(open_until(fixture, past(), &conn, NULL), WEIR_OK);
	fixture->driver->close(conn);
}

static void prompt_opens_end_at_their_deadline(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_time deadline = weir_deadline_in(WEIR_MILLISECONDS(5));
	void *conn = NULL;

	set(fixture, (struct weir_stub_script){.open_latency_ns = WEIR_HOUR_NS});
	assert_fails(open_until(fixture, deadline, &conn, &err), WEIR_ERR_DRIVER_DEADLINE, &err);
	assert_true(weir_now().ns >= deadline.ns);
	weir_stub_set(fixture->stub, NULL);
	assert_int_equal(open_until(fixture, past(), &conn, NULL), WEIR_ERR_DRIVER_DEADLINE);
	assert_null(conn);
	assert_int_equal(counts_of(fixture).open_failures, 2);
	fixture->driver->close(open_one(fixture));
}

/* ---- hanging ---- */

struct opener {
	const struct fixture *fixture;
	pthread_t thread;
	void *conn;
	enum weir_code code;
};

static void *open_in_thread(void *argument)
{
	struct opener *const opener = argument;

	opener->code = open_until(opener->fixture, soon(), &opener->conn, NULL);
	return NULL;
}

static void await_hanging(const struct fixture *fixture, uint64_t hanging)
{
	const struct weir_time deadline = soon();

	while (counts_of(fixture).hanging != hanging) {
		assert_true(weir_now().ns < deadline.ns);
		sched_yield();
	}
}

static void opens_hang_until_unhang(void **state)
{
	const struct fixture *const fixture = *state;
	struct opener openers[3];

	set(fixture, (struct weir_stub_script){.hang_opens = 3});
	for (size_t i = 0; i < 3; i++) {
		openers[i] = (struct opener){.fixture = fixture, .code = WEIR_ERR_DRIVER};
		assert_int_equal(pthread_create(&openers[i].thread, NULL, open_in_thread, &openers[i]), 0);
	}
	await_hanging(fixture, 3);
	fixture->driver->close(open_one(fixture)); /* the fourth does not hang */
	assert_false(weir_stub_drain(fixture->stub, past()));
	weir_stub_unhang(fixture->stub);
	for (size_t i = 0; i < 3; i++) {
		pthread_join(openers[i].thread, NULL);
		assert_int_equal(openers[i].code, WEIR_OK);
	}
	assert_int_equal(counts_of(fixture).hanging, 0);
	assert_int_equal(counts_of(fixture).live, 3);
	assert_false(weir_stub_drain(fixture->stub, weir_deadline_in(WEIR_MILLISECONDS(1))));
	for (size_t i = 0; i < 3; i++)
		fixture->driver->close(openers[i].conn);
	assert_true(weir_stub_drain(fixture->stub, past()));
}

static void a_prompt_open_hangs_to_its_deadline(void **state)
{
	const struct fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	set(fixture, (struct weir_stub_script){.hang_opens = UINT32_MAX});
	assert_fails(open_until(fixture, weir_deadline_in(WEIR_MILLISECONDS(2)), &conn, &err),
	             WEIR_ERR_DRIVER_DEADLINE, &err);
	assert_fails(open_until(fixture, past(), &conn, &err), WEIR_ERR_DRIVER_DEADLINE, &err);
	assert_fails(open_until(fixture, (struct weir_time){-1}, &conn, &err), WEIR_ERR_DRIVER_DEADLINE,
	             &err);
	assert_int_equal(counts_of(fixture).hanging, 0);
	assert_true(weir_stub_drain(fixture->stub, past()));
}

static void *drain_in_thread(void *argument)
{
	const struct fixture *const fixture = argument;

	return weir_stub_drain(fixture->stub, soon()) ? argument : NULL;
}

static void drain_waits_for_the_last_close(void **state)
{
	struct fixture *const fixture = *state;
	void *const conn = open_one(fixture);
	pthread_t thread;
	void *drained = NULL;

	assert_int_equal(pthread_create(&thread, NULL, drain_in_thread, fixture), 0);
	fixture->driver->close(conn);
	pthread_join(thread, &drained);
	assert_non_null(drained);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAIN(the_next_opens_fail),
		PLAIN(all_opens_fail_until_the_script_changes),
		PLAIN(an_open_takes_its_latency),
		PLAIN(plain_opens_know_no_deadline),
		PROMPT(prompt_opens_end_at_their_deadline),
		PLAIN(opens_hang_until_unhang),
		PROMPT(opens_hang_until_unhang),
		PROMPT(a_prompt_open_hangs_to_its_deadline),
		PLAIN(drain_waits_for_the_last_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
