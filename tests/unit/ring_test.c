/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding slots: with and without hints, around the ring's end, and what the
 * hints lost.
 */
#include "testing.h"
#include "unit_check.h"

static const uint32_t sizes[] = {1, 2, 16, 17, 63, 64, 65, 128, 1000, 4096};

#define SIZES_COUNT (sizeof sizes / sizeof sizes[0])

static struct weir__ring ring_of(uint32_t count, enum weir__state state)
{
	struct weir__ring ring;

	assert_true(weir__ring_init(&ring, count));
	for (uint32_t i = 0; i < count; i++)
		wp_store_rlx_64(&ring.slots[i].word, weir__word_make(state, 0));
	return ring;
}

static enum weir__state state_at(const struct weir__ring *ring, uint32_t index)
{
	return weir__word_state(wp_load_rlx_64(&ring->slots[index].word));
}

/* What a release does to an idle slot's summary. */
static void put_back(struct weir__ring *ring, uint32_t index)
{
	weir__ring_note(ring, index);
	wp_store_rlx_64(&ring->slots[index].word, weir__word_make(WEIR__IDLE, 0));
}

static void a_new_ring_is_empty_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES_COUNT; i++) {
		struct weir__ring ring;

		assert_true(weir__ring_init(&ring, sizes[i]));
		assert_int_equal(ring.count, sizes[i]);
		assert_int_equal(ring.hints == NULL, sizes[i] <= WEIR__RING_PLAIN);
		assert_int_equal((uintptr_t)ring.slots % (2 * WEIR__CACHE_LINE), 0);
		for (uint32_t s = 0; s < sizes[i]; s++)
			assert_int_equal(state_at(&ring, s), WEIR__EMPTY);
		assert_int_equal(weir__ring_search(&ring, 0), WEIR__RING_NONE);
		weir__ring_free(&ring);
	}
}

static void a_scan_takes_every_slot_once_from_any_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES_COUNT; i++) {
		struct weir__ring ring = ring_of(sizes[i], WEIR__EMPTY);
		const uint32_t start = sizes[i] - 1;

		for (uint32_t taken = 0; taken < sizes[i]; taken++) {
			const uint32_t index = weir__ring_scan(&ring, start, WEIR__EMPTY, WEIR__OPENING);

			assert_int_equal(index, (start + taken) % sizes[i]);
			assert_int_equal(state_at(&ring, index), WEIR__OPENING);
		}
		assert_int_equal(weir__ring_scan(&ring, start, WEIR__EMPTY, WEIR__OPENING),
		                 WEIR__RING_NONE);
		weir__ring_free(&ring);
	}
}

static void a_scan_takes_only_the_state_it_was_asked_for(void **state)
{
	struct weir__ring ring = ring_of(4, WEIR__LEASED);

	(void)state;
	wp_store_rlx_64(&ring.slots[1].word, weir__word_make(WEIR__EMPTY, 0));
	wp_store_rlx_64(&ring.slots[2].word, weir__word_make(WEIR__CHECKING, 0));
	wp_store_rlx_64(&ring.slots[3].word, weir__word_make(WEIR__IDLE, 9));
	assert_int_equal(weir__ring_scan(&ring, 0, WEIR__IDLE, WEIR__LEASED), 3);
	assert_int_equal(weir__word_generation(wp_load_rlx_64(&ring.slots[3].word)), 10);
	assert_int_equal(weir__ring_scan(&ring, 0, WEIR__IDLE, WEIR__LEASED), WEIR__RING_NONE);
	assert_int_equal(weir__ring_scan(&ring, 3, WEIR__EMPTY, WEIR__OPENING), 1);
	weir__ring_free(&ring);
}

static void a_start_past_the_ring_counts_as_the_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES_COUNT; i++) {
		struct weir__ring ring = ring_of(sizes[i], WEIR__LEASED);

		put_back(&ring, 0);
		assert_int_equal(weir__ring_search(&ring, sizes[i]), 0);
		put_back(&ring, 0);
		assert_int_equal(weir__ring_scan(&ring, UINT32_MAX, WEIR__IDLE, WEIR__LEASED), 0);
		weir__ring_free(&ring);
	}
}

static void a_search_finds_every_slot_that_was_noted(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES_COUNT; i++) {
		struct weir__ring ring = ring_of(sizes[i], WEIR__LEASED);

		for (uint32_t s = 0; s < sizes[i]; s++)
			put_back(&ring, s);
		for (uint32_t taken = 0; taken < sizes[i]; taken++) {
			const uint32_t index = weir__ring_search(&ring, taken);

			assert_true(index < sizes[i]);
			assert_int_equal(state_at(&ring, index), WEIR__LEASED);
		}
		assert_int_equal(weir__ring_search(&ring, 0), WEIR__RING_NONE);
		weir__ring_free(&ring);
	}
}

static void one_idle_slot_is_found_from_everywhere(void **state)
{
	struct weir__ring ring = ring_of(1000, WEIR__LEASED);

	(void)state;
	for (uint32_t s = 0; s < 1000; s += 37) {
		put_back(&ring, s);
		assert_int_equal(weir__ring_search(&ring, (s + 500) % 1000), s);
	}
	weir__ring_free(&ring);
}

static void a_lost_hint_hides_a_slot_from_searches_only(void **state)
{
	struct weir__ring ring = ring_of(100, WEIR__LEASED);

	(void)state;
	put_back(&ring, 77);
	wp_store_rlx_8(&ring.hints[77], 0);
	assert_int_equal(wp_load_rlx_8(&ring.hints[77]), 0);
	assert_int_equal(weir__ring_search(&ring, 77), WEIR__RING_NONE);
	assert_int_equal(weir__ring_scan(&ring, 0, WEIR__IDLE, WEIR__LEASED), 77);

	put_back(&ring, 99);
	wp_store_rlx_8(&ring.groups[99 / WEIR__RING_GROUP], 0);
	assert_int_equal(weir__ring_search(&ring, 99), WEIR__RING_NONE);
	assert_int_equal(weir__ring_scan(&ring, 0, WEIR__IDLE, WEIR__LEASED), 99);
	weir__ring_free(&ring);
}

static void the_next_return_finds_its_way_after_a_lost_hint(void **state)
{
	struct weir__ring ring = ring_of(100, WEIR__LEASED);

	(void)state;
	put_back(&ring, 3);
	wp_store_rlx_8(&ring.hints[3], 0);
	assert_int_equal(weir__ring_scan(&ring, 0, WEIR__IDLE, WEIR__LEASED), 3);
	put_back(&ring, 3);
	assert_int_equal(weir__ring_search(&ring, 50), 3);
	weir__ring_free(&ring);
}

static void a_false_hint_leads_nowhere_and_is_cleared(void **state)
{
	struct weir__ring ring = ring_of(100, WEIR__LEASED);

	(void)state;
	weir__ring_hint(&ring, 5);
	weir__ring_hint(&ring, 70);
	assert_int_equal(weir__ring_search(&ring, 0), WEIR__RING_NONE);
	assert_int_equal(wp_load_rlx_8(&ring.hints[5]), 0);
	assert_int_equal(wp_load_rlx_8(&ring.hints[70]), 0);
	assert_int_equal(wp_load_rlx_8(&ring.groups[0]), 0);
	assert_int_equal(wp_load_rlx_8(&ring.groups[1]), 0);
	weir__ring_free(&ring);
}

static void a_plain_ring_needs_no_notes(void **state)
{
	struct weir__ring ring = ring_of(WEIR__RING_PLAIN, WEIR__LEASED);

	(void)state;
	weir__ring_note(&ring, 0);
	wp_store_rlx_64(&ring.slots[9].word, weir__word_make(WEIR__IDLE, 0));
	assert_int_equal(weir__ring_search(&ring, 12), 9);
	weir__ring_free(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_ring_is_empty_places),
		cmocka_unit_test(a_scan_takes_every_slot_once_from_any_start),
		cmocka_unit_test(a_scan_takes_only_the_state_it_was_asked_for),
		cmocka_unit_test(a_start_past_the_ring_counts_as_the_first),
		cmocka_unit_test(a_search_finds_every_slot_that_was_noted),
		cmocka_unit_test(one_idle_slot_is_found_from_everywhere),
		cmocka_unit_test(a_lost_hint_hides_a_slot_from_searches_only),
		cmocka_unit_test(the_next_return_finds_its_way_after_a_lost_hint),
		cmocka_unit_test(a_false_hint_leads_nowhere_and_is_cleared),
		cmocka_unit_test(a_plain_ring_needs_no_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
