/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The book of `weir-stress faults`, `powercut` and `memory`: forged findings, of
 * which each is to be noticed, and the sound ones are not.
 */
#include "unit_check.h"

#include <string.h>

#include "stress_fault_book.h"

static struct book book;
static struct book_found found[16];

static int set_up(void **state)
{
	(void)state;
	memset(&book, 0, sizeof book);
	memset(found, 0, sizeof found);
	return 0;
}

#define BOOK_TEST(test) cmocka_unit_test_setup(test, set_up)

static uint32_t write_once(enum weir_outcome outcome)
{
	const uint32_t n = book_begin(&book, 1);

	book_end(&book, n, outcome);
	return n;
}

/* What an audit would find. */
static void find_whole(uint32_t n)
{
	found[n].rows = 1;
	found[n].pads = book.entries[n].pads;
}

static void settle(bool in_order)
{
	book_settle(&book, found, in_order);
}

static void what_is_as_it_was_told_passes(void **state)
{
	const uint32_t committed = write_once(WEIR_COMMITTED);
	const uint32_t large = write_once(WEIR_COMMITTED);
	uint32_t kept;

	(void)state;
	(void)write_once(WEIR_FAILED);
	(void)write_once(WEIR_REJECTED);
	(void)write_once(WEIR_TIMED_OUT);
	(void)write_once(WEIR_INDETERMINATE);
	kept = write_once(WEIR_INDETERMINATE);
	book.entries[large].pads = 4;
	find_whole(committed);
	find_whole(large);
	find_whole(kept);
	settle(false);
	assert_int_equal(book.complaints, 0);
	assert_int_equal(book.lost, 0);
	assert_int_equal(book.kept, 1);
	assert_int_equal(book.gone, 1);
}

static void a_lost_write_is_noticed(void **state)
{
	(void)state;
	(void)write_once(WEIR_COMMITTED);
	settle(false);
	assert_int_equal(book.complaints, 1);
	assert_int_equal(book.lost, 1);
	assert_has(book.complaint[0], "acknowledged, and is lost");
}

static void a_failed_write_that_is_there_is_noticed(void **state)
{
	static const enum weir_outcome outcomes[] = {WEIR_FAILED, WEIR_REJECTED, WEIR_TIMED_OUT};

	for (size_t i = 0; i < 3; i++) {
		(void)set_up(state);
		find_whole(write_once(outcomes[i]));
		settle(false);
		assert_int_equal(book.complaints, 1);
		assert_has(book.complaint[0], "reported as failed, and is there");
	}
}

static void half_a_write_twice_or_other_contents_are_noticed(void **state)
{
	static const struct book_found forged[] = {
		{.rows = 2, .pads = 3},
		{.rows = 1, .pads = 2},
		{.rows = 0, .pads = 3},
		{.rows = 1, .pads = 3, .garbled = true},
	};

	for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
		for (int k = 0; k < 2; k++) {
			uint32_t n;

			(void)set_up(state);
			n = write_once(k == 0 ? WEIR_COMMITTED : WEIR_INDETERMINATE);
			book.entries[n].pads = 3;
			found[n] = forged[i];
			settle(false);
			assert_int_equal(book.complaints, 1);
			assert_has(book.complaint[0], "is not whole");
		}
	}
}

static void what_was_found_once_must_be_found_again(void **state)
{
	const uint32_t kept = write_once(WEIR_INDETERMINATE);
	const uint32_t gone = write_once(WEIR_INDETERMINATE);

	(void)state;
	find_whole(kept);
	settle(false);
	assert_int_equal(book.complaints, 0);
	found[kept].rows = 0;
	find_whole(gone);
	settle(false);
	assert_int_equal(book.complaints, 2);
}

static void a_group_stays_together(void **state)
{
	const uint32_t first = write_once(WEIR_INDETERMINATE);
	const uint32_t second = write_once(WEIR_INDETERMINATE);

	(void)state;
	book.entries[first].transaction = 1;
	book.entries[second].transaction = 1;
	find_whole(first);
	settle(false);
	assert_int_equal(book.complaints, 1);
	assert_has(book.complaint[0], "torn from its group");
}

/* After a cut at synchronous=normal. */
static void writes_are_lost_from_the_end_only(void **state)
{
	for (uint32_t gap = 0; gap < 2; gap++) {
		uint32_t n[3];

		(void)set_up(state);
		for (int i = 0; i < 3; i++)
			n[i] = write_once(WEIR_COMMITTED);
		book_loosen(&book);
		find_whole(n[0]);
		find_whole(n[1 + gap]);
		settle(true);
		assert_int_equal(book.complaints, gap);
		assert_int_equal(book.lost, 0);
		if (gap != 0)
			assert_has(book.complaint[0], "one before it is not");
	}
}

static void a_durable_write_holds_what_is_before_it(void **state)
{
	uint32_t n[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		n[i] = write_once(WEIR_COMMITTED);
	book.entries[n[1]].durable = true;
	book_loosen(&book);
	assert_int_equal(book.entries[n[0]].fate, BOOK_THERE);
	assert_int_equal(book.entries[n[1]].fate, BOOK_THERE);
	assert_int_equal(book.entries[n[2]].fate, BOOK_EITHER);
	settle(true);
	assert_int_equal(book.lost, 2);
}

static void a_write_without_an_outcome_is_noticed(void **state)
{
	(void)state;
	(void)write_once(WEIR_OUTCOME_NONE);
	assert_int_equal(book.complaints, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOOK_TEST(what_is_as_it_was_told_passes),
		BOOK_TEST(a_lost_write_is_noticed),
		BOOK_TEST(a_failed_write_that_is_there_is_noticed),
		BOOK_TEST(half_a_write_twice_or_other_contents_are_noticed),
		BOOK_TEST(what_was_found_once_must_be_found_again),
		BOOK_TEST(a_group_stays_together),
		BOOK_TEST(writes_are_lost_from_the_end_only),
		BOOK_TEST(a_durable_write_holds_what_is_before_it),
		BOOK_TEST(a_write_without_an_outcome_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
