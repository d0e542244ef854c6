/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Passwords of many shapes, and what is none.
 */
#include "testing.h"
#include "unit_check.h"

#include <string.h>

static const struct {
	const char *text;
	const char *masked;
} cases[] = {
	{"", ""},
	{"nothing here", "nothing here"},
	{"postgresql://u:p@h:5432/db", "postgresql://u:***@h:5432/db"},
	{"postgresql://u:p@x@h/db?a=b", "postgresql://u:***@h/db?a=b"},
	{"postgresql://u:p:q@h", "postgresql://u:***@h"},
	{"two s://a:b@c and t://d:e@f.", "two s://a:***@c and t://d:***@f."},
	{"sqlite:///tmp/a:b@c.db", "sqlite:///tmp/a:b@c.db"},
	{"s://host:5432/x@y", "s://host:5432/x@y"},
	{"s://u@h:5432/", "s://u@h:5432/"},
	{"?password=abc&x=1", "?password=***&x=1"},
	{"sslPASSWORD=abc x", "sslPASSWORD=*** x"},
	{"pwd='a b' y", "pwd=*** y"},
	{"pwd='a b", "pwd=***"},
	{"token=;x", "token=;x"},
	{"my_api_key=\"k\"", "my_api_key=***"},
	{"secretary=anna", "secretary=anna"},
	{"a=password", "a=password"},
	{"://", "://"},
	{"s://:@", "s://:***@"},
	{"=", "="},
	{"postgres://u:p/w@h/db", "postgres://u:***@h/db"},
	{"postgres://u:p?w#x@h", "postgres://u:***@h"},
	{"password='a\\'b' c", "password=*** c"},
	{"password = x y", "password = *** y"},
	{"{\"password\":\"x\",\"a\":1}", "{\"password\":***,\"a\":1}"},
	{"access_key=abc", "access_key=***"},
	{"s://u:p@h,t://h2:1/x", "s://u:***@h,t://h2:1/x"},
};

static void masks(void **state)
{
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const size_t written = weir__mask_secrets(cases[i].text, out, sizeof out);

		assert_string_equal(out, cases[i].masked);
		assert_int_equal(written, strlen(out) + 1);
	}
}

/* Cut at any length there is an end, and never a secret. */
static void cuts(void **state)
{
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (size_t size = 1; size < sizeof out; size++) {
			memset(out, 'x', sizeof out);
			assert_true(weir__mask_secrets(cases[i].text, out, size) <= size);
			assert_true(strlen(out) < size);
			assert_int_equal(strncmp(out, cases[i].masked, strlen(out)), 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks),
		cmocka_unit_test(cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
