/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON strings: what must be escaped is, and what is no UTF-8 is replaced.
 */
#include "testing.h"
#include "unit_check.h"

#include <string.h>

static void expect(const char *text, const char *json)
{
	char bytes[128];
	struct weir__text out = weir__text_make(bytes, sizeof bytes);

	weir__json_string(&out, text);
	assert_string_equal(bytes, json);
	assert_int_equal(out.length, strlen(json));
}

static void escapes(void **state)
{
	(void)state;
	expect(NULL, "null");
	expect("", "\"\"");
	expect("a\"b\\c", "\"a\\\"b\\\\c\"");
	expect("\b\t\n\v\f\r\x01\x7f", "\"\\b\\t\\n\\u000b\\f\\r\\u0001\\u007f\"");
}

static void keeps_utf8_and_replaces_the_rest(void **state)
{
	(void)state;
	expect("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	expect("\xff", "\"\xef\xbf\xbd\"");
	expect("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	expect("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect("\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void cuts_but_counts(void **state)
{
	char bytes[4];
	struct weir__text out = weir__text_make(bytes, sizeof bytes);

	(void)state;
	weir__json_string(&out, "abcdef");
	assert_string_equal(bytes, "\"ab");
	assert_int_equal(out.length, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(keeps_utf8_and_replaces_the_rest),
		cmocka_unit_test(cuts_but_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
