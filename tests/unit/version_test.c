/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The version that is linked, and the numbers beside its text.
 */
#include <weir/version.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void linked_version_is_the_header_s(void **state)
{
	(void)state;
	assert_string_equal(weir_version(), WEIR_VERSION_STRING);
}

static void text_agrees_with_the_numbers(void **state)
{
	char text[32];

	(void)state;
	(void)snprintf(text, sizeof text, "%d.%d.%d", WEIR_VERSION_MAJOR, WEIR_VERSION_MINOR,
	               WEIR_VERSION_PATCH);
	assert_string_equal(WEIR_VERSION_STRING, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(linked_version_is_the_header_s),
		cmocka_unit_test(text_agrees_with_the_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
