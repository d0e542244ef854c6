/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lock: one holder at a time, sleepers are woken, the word says what it should.
 */
#include <sched.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_thread.h"

#define THREADS 8
#define ROUNDS 20000

struct guarded {
	struct weir__lock lock;
	uint64_t count; /* plain on purpose: the lock is all that protects it */
	uint32_t inside;
	uint32_t overlaps;
};

static void count_up(void *argument)
{
	struct guarded *guarded = argument;

	for (int i = 0; i < ROUNDS; i++) {
		weir__lock(&guarded->lock);
		guarded->overlaps += guarded->inside != 0;
		guarded->inside = 1;
		guarded->count++;
		if (i % 64 == 0)
			(void)sched_yield(); /* so that others come while it is held, and sleep */
		guarded->inside = 0;
		weir__unlock(&guarded->lock);
	}
}

static void one_thread_at_a_time(void **state)
{
	struct guarded guarded = {0};
	struct unit_thread threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		unit_start(&threads[i], count_up, &guarded);
	for (int i = 0; i < THREADS; i++)
		unit_join(&threads[i]);
	assert_int_equal(guarded.count, THREADS * ROUNDS);
	assert_int_equal(guarded.overlaps, 0);
	assert_int_equal(wp_load_rlx_32(&guarded.lock.word), 0);
}

static void word_says_held_and_free(void **state)
{
	struct weir__lock lock = {0};

	(void)state;
	weir__lock(&lock);
	assert_int_equal(wp_load_rlx_32(&lock.word), 1);
	weir__unlock(&lock);
	assert_int_equal(wp_load_rlx_32(&lock.word), 0);
}

static void take_once(void *argument)
{
	struct guarded *guarded = argument;

	weir__lock(&guarded->lock);
	guarded->count++;
	weir__unlock(&guarded->lock);
}

static void a_sleeper_announces_itself_and_is_woken(void **state)
{
	struct guarded guarded = {0};
	struct unit_thread thread;

	(void)state;
	weir__lock(&guarded.lock);
	unit_start(&thread, take_once, &guarded);
	while (wp_load_rlx_32(&guarded.lock.word) != 2) /* ends: its spins are finite */
		(void)sched_yield();
	assert_int_equal(guarded.count, 0);
	weir__unlock(&guarded.lock);
	unit_join(&thread);
	assert_int_equal(guarded.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_at_a_time),
		cmocka_unit_test(word_says_held_and_free),
		cmocka_unit_test(a_sleeper_announces_itself_and_is_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
