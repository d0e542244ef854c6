/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Linux back end: futex, barrier, identity, memory that forks wipe.
 */
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_child.h"
#include "unit_pool.h"
#include "unit_thread.h"

static void a_futex_wait_ends_at_its_deadline(void **state)
{
	wp_u32 word = {0};
	const int64_t deadline_ns = wp_now() + WEIR_MILLISECONDS(3);

	(void)state;
	while (wp_futex_wait(&word, 0, deadline_ns) != WP_WAIT_TIMEOUT)
		continue; /* ends: at the deadline; a signal may come before */
	assert_true(wp_now() >= deadline_ns);
	assert_int_equal(wp_futex_wait(&word, 0, 1), WP_WAIT_TIMEOUT);
}

static void a_futex_wait_on_another_value_returns(void **state)
{
	wp_u32 word = {0};

	(void)state;
	wp_store_rlx_32(&word, 5);
	assert_int_equal(wp_futex_wait(&word, 4, INT64_MAX), WP_WAIT_WOKEN);
}

struct sleeper {
	wp_u32 word;
	_Atomic uint32_t woken;
};

static void sleep_until_woken(void *argument)
{
	struct sleeper *sleeper = argument;

	while (wp_load_acq_32(&sleeper->word) == 0)
		(void)wp_futex_wait(&sleeper->word, 0, INT64_MAX);
	atomic_fetch_add(&sleeper->woken, 1);
}

static void a_futex_wake_wakes_as_many_as_asked(void **state)
{
	struct sleeper sleeper = {.woken = 0};
	struct unit_thread threads[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		unit_start(&threads[i], sleep_until_woken, &sleeper);
	wp_store_rel_32(&sleeper.word, 1);
	wp_futex_wake(&sleeper.word, INT32_MAX);
	for (int i = 0; i < 3; i++)
		unit_join(&threads[i]);
	assert_int_equal(atomic_load(&sleeper.woken), 3);
	wp_futex_wake(&sleeper.word, 1); /* nobody sleeps: nothing happens */
}

/* The release's half of the asymmetric barrier, and the waiter's. */
struct dekker {
	wp_u32 published;
	wp_u32 waiting;
	_Atomic uint32_t turn;
	_Atomic uint32_t saw_nobody;
};

#define DEKKER_ROUNDS 2000

static void publish_and_look(void *argument)
{
	struct dekker *dekker = argument;

	for (uint32_t round = 1; round <= DEKKER_ROUNDS; round++) {
		while (atomic_load_explicit(&dekker->turn, memory_order_acquire) != round)
			(void)sched_yield(); /* ends: the other thread begins each round */
		wp_store_rel_32(&dekker->published, round);
		wp_barrier_light();
		const bool nobody = wp_load_rlx_32(&dekker->waiting) != round;

		atomic_store(&dekker->saw_nobody, nobody ? round : 0);
		atomic_store_explicit(&dekker->turn, 0, memory_order_release);
	}
}

static void the_heavy_barrier_pairs_with_the_light_one(void **state)
{
	struct dekker dekker = {.turn = 0};
	struct unit_thread thread;
	uint32_t missed = 0;

	(void)state;
	assert_true(wp_barrier_heavy_ready());
	unit_start(&thread, publish_and_look, &dekker);
	for (uint32_t round = 1; round <= DEKKER_ROUNDS; round++) {
		atomic_store_explicit(&dekker.turn, round, memory_order_release);
		wp_store_rlx_32(&dekker.waiting, round);
		wp_barrier_heavy();
		const bool nothing = wp_load_rlx_32(&dekker.published) != round;

		while (atomic_load_explicit(&dekker.turn, memory_order_acquire) != 0)
			(void)sched_yield(); /* ends: the other thread ends each round */
		missed += nothing && atomic_load(&dekker.saw_nobody) == round;
	}
	unit_join(&thread);
	assert_int_equal(missed, 0);
}

static void the_barrier_can_be_asked_for_again(void **state)
{
	(void)state;
	assert_true(wp_barrier_heavy_ready());
	assert_true(wp_barrier_heavy_ready());
	wp_barrier_heavy();
}

static void note_thread(void *argument)
{
	uint32_t *id = argument;

	*id = wp_thread_id();
}

static void threads_have_ids_of_their_own(void **state)
{
	struct unit_thread thread;
	uint32_t other = 0;

	(void)state;
	assert_int_equal(wp_thread_id(), wp_thread_id());
	assert_int_equal(wp_thread_id(), getpid());
	unit_start(&thread, note_thread, &other);
	unit_join(&thread);
	assert_true(other != 0);
	assert_int_not_equal(other, wp_thread_id());
	(void)wp_cpu();
}

static void memory_is_zeroed_and_aligned(void **state)
{
	static const size_t alignments[] = {64, 128, 4096};
	static const size_t sizes[] = {1, 64, 100, 8192};

	(void)state;
	for (int a = 0; a < 3; a++) {
		for (int s = 0; s < 4; s++) {
			unsigned char *memory = wp_alloc(alignments[a], sizes[s]);

			assert_non_null(memory);
			assert_int_equal((uintptr_t)memory % alignments[a], 0);
			for (size_t i = 0; i < sizes[s]; i++)
				assert_int_equal(memory[i], 0);
			memset(memory, 0xff, sizes[s]);
			wp_free(memory);
		}
	}
	wp_free(NULL);
}

struct seen {
	const uint64_t *words;
	size_t count;
	uint64_t *sum;
};

static void add_up(void *argument)
{
	const struct seen *seen = argument;

	for (size_t i = 0; i < seen->count; i++)
		*seen->sum += seen->words[i];
}

static void a_fork_wipes_the_childs_copy_only(void **state)
{
	const size_t count = 3000; /* more than one page */
	uint64_t *words = wp_alloc_wiped(count * sizeof *words);
	uint64_t *sum = unit_shared(sizeof *sum);
	struct seen seen = {words, count, sum};

	(void)state;
	assert_non_null(words);
	assert_non_null(sum);
	add_up(&seen);
	assert_int_equal(*sum, 0);
	for (size_t i = 0; i < count; i++)
		words[i] = 1;
	assert_true(unit_child_ends(add_up, &seen));
	assert_int_equal(*sum, 0);
	add_up(&seen);
	assert_int_equal(*sum, count);
	unit_shared_free(sum, sizeof *sum);
	wp_free_wiped(words, count * sizeof *words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_futex_wait_ends_at_its_deadline),
		cmocka_unit_test(a_futex_wait_on_another_value_returns),
		cmocka_unit_test(a_futex_wake_wakes_as_many_as_asked),
		cmocka_unit_test(the_heavy_barrier_pairs_with_the_light_one),
		cmocka_unit_test(the_barrier_can_be_asked_for_again),
		cmocka_unit_test(threads_have_ids_of_their_own),
		cmocka_unit_test(memory_is_zeroed_and_aligned),
		cmocka_unit_test(a_fork_wipes_the_childs_copy_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
