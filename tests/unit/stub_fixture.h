/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pretended server and a configuration for the tests of the stub.
 */
#ifndef WEIR_TESTS_STUB_FIXTURE_H
#define WEIR_TESTS_STUB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka needs the headers above to be there first. */
#include <cmocka.h>

#include <weir/stub.h>

/* What every scripted failure reports. */
#define CODE 4711

struct fixture {
	const struct weir_driver *driver;
	struct weir_stub *stub;
	struct weir_config config;
};

static inline struct weir_time soon(void)
{
	return weir_deadline_in(WEIR_SECONDS(30));
}

static inline struct weir_time past(void)
{
	return (struct weir_time){weir_now().ns - 1};
}

static inline int make_fixture(void **state, const struct weir_driver *driver)
{
	struct fixture *const fixture = calloc(1, sizeof(*fixture));

	if (fixture == NULL)
		return -1;
	fixture->driver = driver;
	fixture->stub = weir_stub_create();
	weir_config_init(&fixture->config, driver);
	*state = fixture;
	return fixture->stub == NULL ? -1 : 0;
}

static inline int make_plain(void **state)
{
	return make_fixture(state, weir_stub_driver());
}

static inline int make_prompt(void **state)
{
	return make_fixture(state, weir_stub_prompt_driver());
}

static inline int drop_fixture(void **state)
{
	struct fixture *const fixture = *state;

	weir_stub_destroy(fixture->stub);
	free(fixture);
	return 0;
}

static inline enum weir_code open_until(const struct fixture *fixture, struct weir_time deadline,
                                        void **conn, struct weir_error *err)
{
	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &fixture->config,
		.deadline = deadline,
		.driver_data = fixture->stub,
	};

	return fixture->driver->open(&request, conn, err);
}

static inline void *open_one(const struct fixture *fixture)
{
	void *conn = NULL;

	assert_int_equal(open_until(fixture, soon(), &conn, NULL), WEIR_OK);
	assert_non_null(conn);
	return conn;
}

static inline struct weir_stub_counts counts_of(const struct fixture *fixture)
{
	struct weir_stub_counts counts;

	weir_stub_read(fixture->stub, &counts);
	return counts;
}

static inline void set(const struct fixture *fixture, struct weir_stub_script script)
{
	script.size = sizeof(script);
	script.driver_code = CODE;
	weir_stub_set(fixture->stub, &script);
}

static inline void assert_fails(enum weir_code code, enum weir_code expected,
                                const struct weir_error *err)
{
	assert_int_equal(code, expected);
	assert_int_equal(err->code, expected);
	assert_int_equal(err->driver_code, CODE);
	assert_non_null(err->where);
	assert_true(err->message[0] != '\0');
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, make_plain, drop_fixture)
#define PROMPT(test) cmocka_unit_test_setup_teardown(test, make_prompt, drop_fixture)

#endif
