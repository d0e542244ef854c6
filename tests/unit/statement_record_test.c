/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The texts that are remembered: each once, in the order they came, up to a number; and
 * from many threads at once.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_thread.h"

#include <stdlib.h>
#include <string.h>

static void add(struct weir__record *record, const char *text)
{
	weir__record_add(record, text, strlen(text));
}

static void each_text_is_kept_once_in_order(void **state)
{
	struct weir__record *record = weir__record_make(8);

	(void)state;
	assert_non_null(record);
	add(record, "SELECT 2");
	add(record, "SELECT 1");
	add(record, "SELECT 2");
	add(record, "");
	assert_int_equal(weir__record_count(record), 3);
	assert_string_equal(weir__record_at(record, 0), "SELECT 2");
	assert_string_equal(weir__record_at(record, 1), "SELECT 1");
	assert_string_equal(weir__record_at(record, 2), "");
	weir__record_free(record);
}

static void no_more_are_kept_than_there_is_room_for(void **state)
{
	struct weir__record *record = weir__record_make(3);
	char text[32];

	(void)state;
	assert_non_null(record);
	for (int i = 0; i < 10; i++) {
		(void)snprintf(text, sizeof text, "SELECT %d", i);
		add(record, text);
	}
	assert_int_equal(weir__record_count(record), 3);
	assert_string_equal(weir__record_at(record, 2), "SELECT 2");
	weir__record_free(record);
	record = weir__record_make(1);
	add(record, "a");
	add(record, "a");
	add(record, "b");
	assert_int_equal(weir__record_count(record), 1);
	weir__record_free(record);
}

static void a_text_that_is_too_long_is_not_kept(void **state)
{
	struct weir__record *record = weir__record_make(3);
	char *text = malloc(WEIR__RECORD_TEXT_MAX + 2);

	(void)state;
	assert_non_null(record);
	assert_non_null(text);
	memset(text, 'x', WEIR__RECORD_TEXT_MAX + 1);
	text[WEIR__RECORD_TEXT_MAX + 1] = '\0';
	add(record, text);
	assert_int_equal(weir__record_count(record), 0);
	text[WEIR__RECORD_TEXT_MAX] = '\0';
	add(record, text);
	assert_int_equal(weir__record_count(record), 1);
	free(text);
	weir__record_free(record);
}

static void without_a_record_nothing_is_kept(void **state)
{
	(void)state;
	weir__record_add(NULL, "SELECT 1", 8);
	weir__record_free(NULL);
}

#define THREADS 4
#define TEXTS 200

struct adder {
	struct unit_thread thread;
	struct weir__record *record;
};

static void add_all(void *arg)
{
	const struct adder *const adder = arg;
	char text[32];

	for (int i = 0; i < TEXTS; i++) {
		(void)snprintf(text, sizeof text, "SELECT %d", i);
		add(adder->record, text);
		(void)weir__record_at(adder->record, weir__record_count(adder->record) - 1);
	}
}

static void many_threads_keep_each_text_once(void **state)
{
	struct weir__record *record = weir__record_make(TEXTS + 1);
	struct adder adders[THREADS];

	(void)state;
	assert_non_null(record);
	for (int i = 0; i < THREADS; i++) {
		adders[i].record = record;
		unit_start(&adders[i].thread, add_all, &adders[i]);
	}
	for (int i = 0; i < THREADS; i++)
		unit_join(&adders[i].thread);
	assert_int_equal(weir__record_count(record), TEXTS);
	weir__record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_is_kept_once_in_order),
		cmocka_unit_test(no_more_are_kept_than_there_is_room_for),
		cmocka_unit_test(a_text_that_is_too_long_is_not_kept),
		cmocka_unit_test(without_a_record_nothing_is_kept),
		cmocka_unit_test(many_threads_keep_each_text_once),
	};

	return cmocka_run_group_tests_name("statement_record", tests, NULL, NULL);
}
