/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The explorer's operating system: platform_os.h over threads, time and memory
 * that the scheduler owns.
 *
 * A futex wait empties the store buffer first (the kernel takes a lock before it
 * compares), a wake does not: what relied on that would be right by luck. Who of
 * several sleepers is woken is not promised either.
 */
#include "explore_engine.h"

/* Each reading of the clock is later than the one before. */
#define CLOCK_STEP_NS 10

/* When a thread is kept from running for that long at a reading of the clock, its
 * deadlines have passed: longer than any timeout of a case. */
#define CLOCK_JUMP_NS INT64_C(60000000000)

static enum wp_wait futex_wait(wp_u32 *word, uint32_t expected, uint32_t bits, int64_t deadline_ns)
{
	/* A wake is for whoever sleeps, whether or not it touched the word. */
	xp_point("futex wait", NULL, true);
	if (xp_arena_freed(word))
		xp_fail("a thread would sleep on freed memory");
	xp_drain(xp.self);
	xp_expose(&word->word, 0);
	if (xp_peek(&word->word, sizeof word->word) != expected)
		return WP_WAIT_WOKEN;
	if (deadline_ns <= xp.now_ns)
		return WP_WAIT_TIMEOUT;
	xp.self->bits = bits;
	return xp_sleep(word, deadline_ns) ? WP_WAIT_TIMEOUT : WP_WAIT_WOKEN;
}

enum wp_wait wp_futex_wait(wp_u32 *word, uint32_t expected, int64_t deadline_ns)
{
	return futex_wait(word, expected, UINT32_MAX, deadline_ns);
}

enum wp_wait wp_futex_wait_bits(wp_u32 *word, uint32_t expected, uint32_t bits, int64_t deadline_ns)
{
	return futex_wait(word, expected, bits, deadline_ns);
}

enum wp_wait wp_futex_wait_shared(wp_u32 *word, uint32_t expected, int64_t deadline_ns)
{
	return futex_wait(word, expected, UINT32_MAX, deadline_ns);
}

void wp_futex_wake(wp_u32 *word, int count)
{
	if (!xp.exploring)
		return;
	xp_step("futex wake");
	xp_wake(word, (uint32_t)count);
}

void wp_futex_wake_bits(wp_u32 *word, uint32_t bits)
{
	if (!xp.exploring)
		return;
	xp_step("futex wake");
	xp_wake_bits(word, bits);
}

void wp_futex_wake_shared(wp_u32 *word, int count)
{
	wp_futex_wake(word, count);
}

bool wp_barrier_heavy_ready(void)
{
	return true;
}

void wp_barrier_heavy(void)
{
	if (!xp.exploring)
		return;
	xp_step("heavy barrier");
	xp_drain_others();
	if (xp.limits.races)
		xp_race_fence();
}

int64_t wp_now(void)
{
	xp.now_ns += CLOCK_STEP_NS;
	if (xp.exploring && xp_event(2) == 1)
		xp.now_ns += CLOCK_JUMP_NS;
	return xp.now_ns;
}

uint32_t wp_thread_id(void)
{
	return xp.self->number + 2; /* 0 is no thread; and the first begins at the first slot */
}

/* Two processors, so that a hand-over has waiters of either kind. */
uint32_t wp_cpu(void)
{
	return xp.self->number % 2;
}

void wp_yield(void)
{
	xp_spin();
}

void *wp_alloc(size_t alignment, size_t bytes)
{
	if (xp_event(2) == 1)
		return NULL;
	return xp_arena_alloc(alignment, bytes);
}

/* Who touches the memory at the same time is found out by the order in which it is
 * freed first. */
void wp_free(void *memory)
{
	if (xp.exploring && memory != NULL) {
		xp_point_free(memory, xp_arena_size(memory));
		if (xp.limits.races)
			xp_race_free(memory, xp_arena_size(memory));
		if (xp.limits.trace)
			xp_trace("free", memory, xp_arena_size(memory));
	}
	xp_arena_free(memory);
}

void *wp_alloc_wiped(size_t bytes)
{
	return wp_alloc(64, bytes);
}

void wp_free_wiped(void *memory, size_t bytes)
{
	(void)bytes;
	wp_free(memory);
}

uint64_t *wp_thread_storage(void)
{
	return xp.self->words;
}
