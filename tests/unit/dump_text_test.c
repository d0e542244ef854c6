/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines of dumps: numbers, times, what does not print, and what does not fit.
 */
#include "testing.h"
#include "unit_check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void expect(struct weir__dump_line *line, const char *text)
{
	line->bytes[line->length] = '\0';
	assert_string_equal(line->bytes, text);
	weir__dump_begin(line);
}

static void writes_numbers_and_times(void **state)
{
	struct weir__dump_line line;

	(void)state;
	weir__dump_begin(&line);
	weir__dump_add_number(&line, 0);
	weir__dump_add_named(&line, "most", UINT64_MAX);
	expect(&line, "0 most=18446744073709551615");
	weir__dump_add_time(&line, 1234567890);
	weir__dump_add(&line, " ");
	weir__dump_add_time(&line, 5600000);
	weir__dump_add(&line, " ");
	weir__dump_add_time(&line, 78999);
	weir__dump_add(&line, " ");
	weir__dump_add_time(&line, -5);
	expect(&line, "1.234s 5.600ms 78us 0us");
	weir__dump_add(&line, "ab  ");
	weir__dump_add(&line, NULL);
	weir__dump_add(&line, "a\nb\x7f\x01");
	expect(&line, "ab  a?b??");
}

static void cuts_what_does_not_fit(void **state)
{
	struct weir__dump_line line;
	char text[2000];
	char read_back[1024];
	FILE *file = tmpfile();
	size_t length;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	weir__dump_begin(&line);
	weir__dump_add(&line, text);
	weir__dump_add(&line, "y");
	assert_int_equal(line.length, WEIR__DUMP_LINE_MAX - 1);
	assert_true(weir__dump_write(&line, fileno(file)));
	rewind(file);
	length = fread(read_back, 1, sizeof read_back, file);
	assert_int_equal(length, WEIR__DUMP_LINE_MAX);
	assert_int_equal(read_back[length - 1], '\n');
	(void)fclose(file);
	weir__dump_begin(&line);
	assert_false(weir__dump_write(&line, -1));
}

static void names_threads(void **state)
{
	struct weir__dump_line line;

	(void)state;
	weir__dump_begin(&line);
	weir__dump_add_thread(&line, wp_thread_id());
	expect(&line, "dump_text_test");
	weir__dump_add_thread(&line, 4294967295);
	expect(&line, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_numbers_and_times),
		cmocka_unit_test(cuts_what_does_not_fit),
		cmocka_unit_test(names_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
