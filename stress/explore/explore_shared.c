/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which words of the arena several threads touch, and one of them writes; and which
 * locks all their writers held.
 */
#include <string.h>

#include "explore_engine.h"

#define WORD_BYTES 4
#define WORDS (XP_ARENA_BYTES / WORD_BYTES)
#define LOCKS_MAX 4

/* What all runs so far did with a word. */
struct touched {
	uint8_t threads; /* a bit for each that touched it */
	uint8_t guards;  /* if it was written: a bit for each lock that every writer held */
	bool written;
	bool shared;
};

static struct touched words[WORDS];
static size_t words_end;
static bool grown;
static const void *locks[LOCKS_MAX];
static uint32_t locks_count;
static uint32_t broken; /* a bit for each lock that was freed by who did not hold it */

void xp_shared_reset(void)
{
	memset(words, 0, words_end * sizeof words[0]);
	words_end = 0;
	grown = false;
	locks_count = 0;
	broken = 0;
}

void xp_lock_word(const void *word)
{
	if (locks_count < LOCKS_MAX)
		locks[locks_count++] = word;
}

void xp_shared_lock(const void *word, uint64_t old, uint64_t value)
{
	for (uint32_t i = 0; i < locks_count; i++) {
		const uint32_t lock = 1U << i;

		if (locks[i] != word)
			continue;
		if (value == 0) {
			/* Who holds it is not alone any more: it guards nothing. */
			grown = grown || ((xp.self->locks | broken) & lock) == 0;
			broken |= ~xp.self->locks & lock;
			xp.self->locks &= ~lock;
		} else if (old == 0) {
			xp.self->locks |= lock;
		}
	}
}

static void note_write(struct touched *touched)
{
	const uint8_t guards = touched->written ? touched->guards & (uint8_t)xp.self->locks
	                                        : (uint8_t)xp.self->locks;

	/* Points that were left out for a guard's sake are needed now. */
	if (touched->shared && (!touched->written || guards != touched->guards))
		grown = true;
	touched->guards = guards;
	touched->written = true;
}

bool xp_shared_touch(const void *word, bool writes)
{
	const size_t at = xp_arena_has(word) ? xp_arena_offset(word) / WORD_BYTES : 0;
	struct touched *touched = &words[at];

	if (at == 0)
		return true; /* no word of the case's: take no chances */
	if (at >= words_end)
		words_end = at + 1;
	touched->threads |= (uint8_t)(1U << xp.self->number);
	if (writes)
		note_write(touched);
	if (!touched->shared && touched->written && (touched->threads & (touched->threads - 1)) != 0) {
		touched->shared = true;
		grown = true;
	}
	return touched->shared && (writes || (touched->guards & xp.self->locks & ~broken) == 0);
}

bool xp_shared_free(const void *block, size_t bytes)
{
	bool shared = false;

	for (size_t at = 0; at < bytes; at += WORD_BYTES)
		shared = xp_shared_touch((const char *)block + at, true) || shared;
	return shared;
}

bool xp_shared_seen(const void *word)
{
	return !xp_arena_has(word) || words[xp_arena_offset(word) / WORD_BYTES].shared;
}

bool xp_shared_grown(void)
{
	const bool answer = grown;

	grown = false;
	return answer;
}
