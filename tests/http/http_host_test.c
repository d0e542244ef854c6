/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which Host headers a loopback server answers to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_host.h"

static void local_names_are_accepted(void **state)
{
	static const char *const good[] = {"localhost", "LocalHost:80", "127.0.0.1", "127.0.0.1:65535",
	                                   "[::1]",     "[::1]:8080",   "localhost:"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(weir__http_host_is_local(good[i], "127.0.0.1"));
	assert_true(weir__http_host_is_local(NULL, "127.0.0.1"));
	assert_true(weir__http_host_is_local("127.0.0.9:1", "127.0.0.9"));
	assert_true(weir__http_host_is_local("[0::1]:1", "0::1"));
}

static void others_are_not(void **state)
{
	static const char *const bad[] = {"",
	                                  ":80",
	                                  "evil.example",
	                                  "localhost.evil.example",
	                                  "localhos",
	                                  "localhost:80x",
	                                  "localhost:80:80",
	                                  "127.0.0.1.evil.example:80",
	                                  "127.0.0.2",
	                                  "[::1",
	                                  "[::1]x",
	                                  "[::2]",
	                                  "[]",
	                                  "::1",
	                                  "localhost@evil.example"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(weir__http_host_is_local(bad[i], "127.0.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(local_names_are_accepted),
		cmocka_unit_test(others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
