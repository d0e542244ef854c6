/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Atomic words under total store order. What is left out of the enumeration, and
 * why that loses nothing, is in explore_engine.h.
 */
#include <string.h>

#include "explore_engine.h"

static uint64_t read_word(const void *word, uint32_t size)
{
	switch (size) {
	case 1:
		return *(const uint8_t *)word;
	case 4:
		return *(const uint32_t *)word;
	default:
		return *(const uint64_t *)word;
	}
}

static void write_word(void *word, uint32_t size, uint64_t value)
{
	xp.changed = true;
	switch (size) {
	case 1:
		*(uint8_t *)word = (uint8_t)value;
		break;
	case 4:
		*(uint32_t *)word = (uint32_t)value;
		break;
	default:
		*(uint64_t *)word = value;
		break;
	}
}

uint64_t xp_peek(const void *word, uint32_t size)
{
	return read_word(word, size);
}

static void check_alive(const void *word)
{
	if (xp_arena_freed(word))
		xp_fail("a word of freed memory is used");
}

/* The oldest waiting store of thread arrives. */
static void arrive(struct xp_thread *thread)
{
	struct xp_pending *pending = &thread->buffer[thread->first % XP_BUFFER_MAX];

	thread->first++;
	thread->count--;
	if (thread->count == 0)
		xp.pending &= ~xp_bit(thread);
	check_alive(pending->word);
	write_word(pending->word, pending->size, pending->value);
	if (xp.limits.races)
		xp_race_arrive(pending);
	if (xp.limits.trace)
		xp_trace(thread == xp.self ? "arrives" : "arrives, of another", pending->word,
		         pending->value);
}

/* How many stores of thread must arrive for its oldest one to word to do so; 0: it has
 * none. */
static uint32_t reach(const struct xp_thread *thread, const void *word)
{
	for (uint32_t i = 0; i < thread->count; i++) {
		if (thread->buffer[(thread->first + i) % XP_BUFFER_MAX].word == word)
			return i + 1;
	}
	return 0;
}

/* The threads with a store to word that waits. */
static uint32_t waiting_for(const void *word, uint32_t threads)
{
	uint32_t waiting = 0;

	for (; threads != 0; threads &= threads - 1) {
		const struct xp_thread *thread = xp_nth_of(threads, 0);

		if (reach(thread, word) != 0)
			waiting |= xp_bit(thread);
	}
	return waiting;
}

/* Stores of thread arrive up to that number. Before each others to its word may: but
 * not those of the threads that are busy, which arrive after this one for a reason. */
static void arrive_until(struct xp_thread *thread, uint32_t number, uint32_t busy)
{
	busy |= xp_bit(thread);
	while (thread->first != number) { /* ends: each round is one arrival */
		xp_expose(thread->buffer[thread->first % XP_BUFFER_MAX].word, busy);
		arrive(thread);
	}
}

/* One thread's oldest store to word at a time, so that no two ways are the same. Calls
 * itself, with one more busy thread each time. */
void xp_expose(const void *word, uint32_t busy)
{
	if ((xp.pending & ~busy) == 0 || !xp.exploring)
		return;
	for (;;) { /* ends: each further round let a store arrive */
		const uint32_t waiting = waiting_for(word, xp.pending & ~busy);
		const uint32_t choice = waiting == 0 ? 0
		                                     : xp_choose(XP_KIND_FLUSH, 1 + xp_count_of(waiting));

		if (choice == 0)
			return;
		struct xp_thread *thread = xp_nth_of(waiting, choice - 1);

		arrive_until(thread, thread->first + reach(thread, word), busy);
	}
}

void xp_drain(struct xp_thread *thread)
{
	arrive_until(thread, thread->first + thread->count, 0);
}

void xp_drain_all(void)
{
	for (uint32_t i = 0; i < xp.threads_count; i++)
		xp_drain(&xp.threads[i]);
}

/* How many stores of thread the heavy barrier leaves behind: as if the thread had been
 * interrupted before it made them. */
static uint32_t left_behind(const struct xp_thread *thread)
{
	/* A replay has points that the enumeration left out. */
	const uint32_t most = xp.limits.mode == XP_REPLAY ? thread->count : thread->recent;
	const uint32_t recent = most < thread->count ? most : thread->count;

	if (recent > 0)
		return xp_choose(XP_KIND_FLUSH, recent + 1);
	if (thread->count > 0)
		xp.place++; /* a choice in a replay */
	return 0;
}

void xp_drain_others(void)
{
	xp_drain(xp.self);
	for (uint32_t i = 0; i < xp.threads_count; i++) {
		struct xp_thread *other = &xp.threads[i];
		const uint32_t left = left_behind(other);

		arrive_until(other, other->first + other->count - left, 0);
	}
}

/* The youngest of its own stores to word that waits, or NULL. */
static const struct xp_pending *own(const struct xp_thread *thread, const void *word)
{
	for (uint32_t i = thread->count; i-- > 0;) {
		const struct xp_pending *pending = &thread->buffer[(thread->first + i) % XP_BUFFER_MAX];

		if (pending->word == word)
			return pending;
	}
	return NULL;
}

uint64_t xp_load(const void *word, uint32_t size, enum xp_order order)
{
	const struct xp_pending *mine;
	uint64_t value;

	if (!xp.exploring)
		return read_word(word, size);
	xp_point("load", word, false);
	check_alive(word);
	mine = xp.self->count > 0 ? own(xp.self, word) : NULL;
	if (mine != NULL) {
		value = mine->value;
	} else {
		xp_expose(word, 0);
		value = read_word(word, size);
		if (xp.limits.races)
			xp_race_load(word, order);
	}
	if (xp.limits.trace)
		xp_trace(order == XP_RLX ? "load rlx" : "load acq", word, value);
	return value;
}

void xp_store(void *word, uint32_t size, uint64_t value, enum xp_order order)
{
	struct xp_thread *self = xp.self;
	struct xp_pending *pending;

	if (!xp.exploring) {
		write_word(word, size, value);
		return;
	}
	check_alive(word);
	(void)xp_shared_touch(word, true);
	if (self->count == XP_BUFFER_MAX) {
		xp_point("store", NULL, true);
		arrive_until(self, self->first + 1, 0);
	}
	if (value == 0) /* it may free a lock; it takes none */
		xp_shared_lock(word, UINT64_MAX, value);
	pending = &self->buffer[(self->first + self->count) % XP_BUFFER_MAX];
	pending->word = word;
	pending->value = value;
	pending->size = size;
	pending->order = order;
	if (xp.limits.races)
		xp_race_publish(pending);
	self->count++;
	self->recent++;
	xp.pending |= xp_bit(self);
	if (xp.limits.trace)
		xp_trace(order == XP_RLX ? "store rlx" : "store rel", word, value);
}

/* What every locked operation begins with; returns the word's value. */
static uint64_t lock_word(const char *what, const void *word, uint32_t size)
{
	xp_point(what, word, true);
	check_alive(word);
	xp_drain(xp.self);
	xp_expose(word, 0);
	return read_word(word, size);
}

bool xp_cas(void *word, uint32_t size, uint64_t expected, uint64_t desired, enum xp_order order)
{
	const uint64_t old = xp.exploring ? lock_word("cas", word, size) : read_word(word, size);
	const bool won = old == expected;

	if (won)
		write_word(word, size, desired);
	if (!xp.exploring)
		return won;
	if (won)
		xp_shared_lock(word, old, desired);
	if (xp.limits.races) {
		if (won)
			xp_race_exchange(word, order);
		else
			xp_race_load(word, XP_RLX);
	}
	if (xp.limits.trace)
		xp_trace(won ? "cas, won" : "cas, lost", word, won ? desired : old);
	return won;
}

static uint64_t replace(const char *what, void *word, uint32_t size, uint64_t value, bool adds,
                        enum xp_order order)
{
	const uint64_t old = xp.exploring ? lock_word(what, word, size) : read_word(word, size);
	const uint64_t next = adds ? old + value : value;

	write_word(word, size, next);
	if (!xp.exploring)
		return old;
	xp_shared_lock(word, old, next);
	if (xp.limits.races)
		xp_race_exchange(word, order);
	if (xp.limits.trace)
		xp_trace(what, word, read_word(word, size));
	return old;
}

uint64_t xp_exchange(void *word, uint32_t size, uint64_t value, enum xp_order order)
{
	return replace("exchange", word, size, value, false, order);
}

uint64_t xp_add(void *word, uint32_t size, uint64_t value, enum xp_order order)
{
	return replace("add", word, size, value, true, order);
}

void xp_fence(void)
{
	if (!xp.exploring)
		return;
	xp_point("fence", NULL, true);
	xp_drain(xp.self);
	if (xp.limits.races)
		xp_race_fence();
	if (xp.limits.trace)
		xp_trace("fence", NULL, 0);
}
