/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Atomic words under total store order. What is left out of the enumeration, and
 * why that loses nothing, is in explore_engine.h.
 */
#include <string.h>

#include "explore_engine.h"

/* Choices at the heavy barrier, one a thread: beyond those of words. */
#define XP_BARRIER_NTH 128

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
	write_word(pending->word, pending->size, pending->value);
	if (xp.limits.races)
		xp_race_arrive(pending);
	if (xp.limits.trace)
		xp_trace(thread == xp.self ? "arrives" : "arrives, of another", pending->word,
		         pending->value);
}

/* How many stores of thread must arrive for the nth one to word to do so; 0: it has
 * not so many. */
static uint32_t reach(const struct xp_thread *thread, const void *word, uint32_t nth)
{
	for (uint32_t i = 0; i < thread->count; i++) {
		if (thread->buffer[(thread->first + i) % XP_BUFFER_MAX].word == word && nth-- == 0)
			return i + 1;
	}
	return 0;
}

/* The choice-th store to word that waits with a thread other than self: let it, and
 * those before it, arrive; false if choice is beyond. */
static bool let_arrive(const void *word, uint32_t choice)
{
	for (uint32_t i = 0; i < xp.threads_count; i++) {
		struct xp_thread *other = &xp.threads[i];
		uint32_t nth = 0;
		uint32_t stores;

		if (other == xp.self)
			continue;
		while ((stores = reach(other, word, nth)) != 0) { /* ends: nth grows */
			if (choice-- == 0) {
				while (stores-- > 0)
					arrive(other);
				return true;
			}
			nth++;
		}
	}
	return false;
}

static uint32_t count_waiting(const void *word)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < xp.threads_count; i++) {
		const struct xp_thread *other = &xp.threads[i];

		if (other == xp.self)
			continue;
		for (uint32_t nth = 0; reach(other, word, nth) != 0; nth++)
			count++;
	}
	return count;
}

void xp_expose(const void *word)
{
	if ((xp.pending & ~xp_bit(xp.self)) == 0 || !xp.exploring)
		return;
	for (;;) { /* ends: each further round let a store arrive */
		const uint32_t waiting = count_waiting(word);

		if (waiting == 0)
			return;
		const uint32_t choice = xp_choose(XP_KIND_FLUSH, 1 + waiting);

		if (choice == 0 || !let_arrive(word, choice - 1))
			return;
	}
}

void xp_drain(struct xp_thread *thread)
{
	while (thread->count > 0) { /* ends: each round empties the buffer by one */
		if (thread == xp.self)
			xp_expose(thread->buffer[thread->first % XP_BUFFER_MAX].word);
		arrive(thread);
	}
}

void xp_drain_all(void)
{
	for (uint32_t i = 0; i < xp.threads_count; i++)
		xp_drain(&xp.threads[i]);
}

void xp_drain_others(void)
{
	xp_drain(xp.self);
	for (uint32_t i = 0; i < xp.threads_count; i++) {
		struct xp_thread *other = &xp.threads[i];
		/* A replay has points that the enumeration left out. */
		const uint32_t most = xp.limits.mode == XP_REPLAY ? other->count : other->recent;
		const uint32_t recent = most < other->count ? most : other->count;
		const uint32_t left =
			recent > 0 ? xp_choose_nth(XP_KIND_FLUSH, XP_BARRIER_NTH + i, recent + 1) : 0;

		while (other->count > left) /* ends: each round empties the buffer by one */
			arrive(other);
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
		xp_expose(word);
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
		xp_expose(self->buffer[self->first % XP_BUFFER_MAX].word);
		arrive(self);
	}
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
	xp_expose(word);
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
