/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The word of a slot: which moves are legal, what each does to the generation,
 * and that every other move ends the process.
 */
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_child.h"

/* The table of slot.h once more, in another form: an "x" for a legal move, rows
 * from, columns to, both in the order EMPTY OPENING IDLE LEASED CHECKING CLOSING
 * SPARE. */
static const char *const legal[WEIR__STATES] = {
	".x....x", "x.xx.x.", "...xx..", "..xx.x.", "..xx.x.", "xx....x", "x......",
};

static bool is_legal(int from, int to)
{
	return legal[from][to] == 'x';
}

struct move {
	enum weir__state from;
	enum weir__state to;
};

static void make_move(void *argument)
{
	const struct move *move = argument;

	(void)weir__word_move(weir__word_make(move->from, 1), move->to);
}

static void every_legal_move_gives_the_target(void **state)
{
	(void)state;
	for (int from = 0; from < WEIR__STATES; from++) {
		for (int to = 0; to < WEIR__STATES; to++) {
			if (!is_legal(from, to))
				continue;
			const uint64_t word = weir__word_make((enum weir__state)from, 41);
			const uint64_t next = weir__word_move(word, (enum weir__state)to);

			assert_int_equal(weir__word_state(next), to);
			assert_int_equal(weir__word_generation(next), to == WEIR__LEASED ? 42 : 41);
		}
	}
}

static void every_other_move_aborts(void **state)
{
	unsigned aborted = 0;

	(void)state;
	for (int from = 0; from < WEIR__STATES; from++) {
		for (int to = 0; to < WEIR__STATES; to++) {
			struct move move = {(enum weir__state)from, (enum weir__state)to};

			if (is_legal(from, to))
				continue;
			if (!unit_child_aborts(make_move, &move))
				print_error("%s to %s did not abort\n", weir__state_name(move.from),
				            weir__state_name(move.to));
			else
				aborted++;
		}
	}
	assert_int_equal(aborted, 7 * 7 - 18);
}

static void generation_wraps_around(void **state)
{
	const uint64_t last = weir__word_make(WEIR__IDLE, UINT32_MAX);
	const uint64_t next = weir__word_move(last, WEIR__LEASED);

	(void)state;
	assert_int_equal(weir__word_generation(next), 0);
	assert_int_equal(weir__word_state(next), WEIR__LEASED);
}

static void claim_fails_when_the_word_has_changed(void **state)
{
	struct weir__slot slot;
	const uint64_t seen = weir__word_make(WEIR__IDLE, 7);

	(void)state;
	memset(&slot, 0, sizeof slot);
	wp_store_rlx_64(&slot.word, weir__word_make(WEIR__IDLE, 8));
	assert_false(weir__slot_claim(&slot, seen, WEIR__LEASED));
	assert_int_equal(wp_load_rlx_64(&slot.word), weir__word_make(WEIR__IDLE, 8));
	assert_true(weir__slot_claim(&slot, weir__word_make(WEIR__IDLE, 8), WEIR__LEASED));
	assert_int_equal(wp_load_rlx_64(&slot.word), weir__word_make(WEIR__LEASED, 9));
}

static void a_lease_and_its_return_raise_the_generation_once(void **state)
{
	struct weir__slot slot;

	(void)state;
	memset(&slot, 0, sizeof slot);
	assert_int_equal(weir__slot_move(&slot, WEIR__OPENING), weir__word_make(WEIR__OPENING, 0));
	assert_int_equal(weir__slot_move(&slot, WEIR__LEASED), weir__word_make(WEIR__LEASED, 1));
	assert_int_equal(weir__slot_publish_full(&slot), weir__word_make(WEIR__IDLE, 1));
	assert_int_equal(wp_load_rlx_64(&slot.word), weir__word_make(WEIR__IDLE, 1));
}

static void a_hand_over_kills_the_old_handle(void **state)
{
	struct weir__slot slot;

	(void)state;
	memset(&slot, 0, sizeof slot);
	wp_store_rlx_64(&slot.word, weir__word_make(WEIR__LEASED, 5));
	assert_int_equal(weir__slot_move(&slot, WEIR__LEASED), weir__word_make(WEIR__LEASED, 6));
}

static void states_have_names(void **state)
{
	(void)state;
	assert_string_equal(weir__state_name(WEIR__EMPTY), "EMPTY");
	assert_string_equal(weir__state_name(WEIR__CLOSING), "CLOSING");
	assert_string_equal(weir__state_name(WEIR__STATES), "?");
	assert_string_equal(weir__state_name((enum weir__state)255), "?");
}

static void since_keeps_thread_and_tick_apart(void **state)
{
	const uint64_t since = weir__since_make(UINT32_MAX, 3);

	(void)state;
	assert_int_equal(since >> 32, UINT32_MAX);
	assert_int_equal((uint32_t)since, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_legal_move_gives_the_target),
		cmocka_unit_test(every_other_move_aborts),
		cmocka_unit_test(generation_wraps_around),
		cmocka_unit_test(claim_fails_when_the_word_has_changed),
		cmocka_unit_test(a_lease_and_its_return_raise_the_generation_once),
		cmocka_unit_test(a_hand_over_kills_the_old_handle),
		cmocka_unit_test(states_have_names),
		cmocka_unit_test(since_keeps_thread_and_tick_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
