/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which of several continuations a run takes.
 *
 * To enumerate, the choices of the last run are kept as a path in a tree: the next
 * run takes the same path to the last choice that has an alternative left, takes
 * that, and the first alternative everywhere after it. When none is left, every
 * interleaving within the bounds has been run once.
 *
 * Probabilistic concurrency testing (PCT) is from S. Burckhardt et al., "A
 * Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (2010): each
 * thread has a random priority, the highest that can runs, and at d - 1 random
 * steps the priority of the running thread falls below all others.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explore_engine.h"

/* In random runs: one switch or event in so many points. */
#define SWITCH_ONE_IN 5
#define EVENT_ONE_IN 24

#define PCT_CHANGES 2 /* d = 3 */

static uint64_t mix(uint64_t value)
{
	value += UINT64_C(0x9e3779b97f4a7c15);
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

uint64_t xp_draw(void)
{
	xp.random = xp.random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return mix(xp.random);
}

static void draw_priorities(void)
{
	for (uint32_t i = 0; i < XP_THREADS_MAX; i++)
		xp.threads[i].priority = 1000 + (uint32_t)(xp_draw() % 1000000);
	for (int i = 0; i < PCT_CHANGES; i++)
		xp.change_at[i] = xp.length == 0 ? 0 : xp_draw() % xp.length;
}

void xp_choices_begin(void)
{
	xp.at = 0;
	xp.preemptions_left = xp.limits.preemptions;
	xp.events_left = xp.limits.events;
	xp.bytes_used = 0;
	if (xp.limits.mode == XP_BYTES)
		xp.preemptions_left = UINT32_MAX;
	if (xp.limits.mode == XP_RANDOM || xp.limits.mode == XP_PCT) {
		xp.preemptions_left = UINT32_MAX;
		xp.random = xp.run_seed;
		draw_priorities();
	}
}

bool xp_choices_next(void)
{
	uint32_t at = xp.at;

	xp.run_seed = mix(xp.run_seed);
	if (xp.limits.mode != XP_ENUMERATE)
		return xp.limits.mode != XP_REPLAY;
	while (at > 0 && xp.choices[at - 1].chosen + 1 >= xp.choices[at - 1].count)
		at--;
	if (at == 0)
		return false;
	xp.choices[at - 1].chosen++;
	xp.depth = at;
	return true;
}

static uint32_t draw(enum xp_kind kind, uint32_t count)
{
	const uint32_t rare = kind == XP_KIND_SWITCH ? SWITCH_ONE_IN : EVENT_ONE_IN;

	if (kind == XP_KIND_NEXT || kind == XP_KIND_FLUSH)
		return (uint32_t)(xp_draw() % count);
	return xp_draw() % rare != 0 ? 0 : 1 + (uint32_t)(xp_draw() % (count - 1));
}

uint32_t xp_choose(enum xp_kind kind, uint32_t count)
{
	const uint32_t at = xp.at;
	uint32_t chosen = 0;

	if (at == XP_CHOICES_MAX)
		xp_fail("a run makes more than %d choices", XP_CHOICES_MAX);
	if (at < xp.depth)
		chosen = xp.choices[at].chosen;
	else if (xp.limits.mode == XP_RANDOM || xp.limits.mode == XP_PCT)
		chosen = draw(kind, count);
	else if (xp.limits.mode == XP_BYTES && xp.bytes_used < xp.limits.bytes_count)
		chosen = xp.limits.bytes[xp.bytes_used++] % count;
	if (chosen >= count)
		xp_fail("choice %u is %u of %u: the schedule belongs to another program", at, chosen,
		        count);
	xp.choices[at].chosen = (uint16_t)chosen;
	xp.choices[at].count = (uint16_t)count;
	xp.at = at + 1;
	return chosen;
}

uint32_t xp_highest(uint32_t set)
{
	uint32_t best = 0;
	uint32_t priority = 0;

	for (uint32_t i = 0; i < XP_THREADS_MAX; i++) {
		if ((set >> i & 1) != 0 && xp.threads[i].priority >= priority) {
			best = i;
			priority = xp.threads[i].priority;
		}
	}
	return best;
}

void xp_choices_print(char *text, size_t size)
{
	const bool bounded = xp.limits.mode == XP_ENUMERATE ||
	                     (xp.limits.mode == XP_REPLAY && xp.limits.preemptions != UINT32_MAX);
	size_t used = (size_t)snprintf(text, size, "%u.%u", xp.limits.events,
	                               bounded ? xp.limits.preemptions : UINT32_MAX);

	for (uint32_t i = 0; i < xp.at && used + 24 < size; i++) {
		if (xp.choices[i].chosen != 0)
			used += (size_t)snprintf(text + used, size - used, ".%u:%u", i, xp.choices[i].chosen);
	}
}

/* One number of a schedule; NULL if there is none. */
static const char *read_number(const char *text, uint32_t max, uint32_t *number)
{
	char *end;
	const unsigned long long value = strtoull(text, &end, 10);

	*number = (uint32_t)value;
	return text[0] < '0' || text[0] > '9' || value > max ? NULL : end;
}

bool xp_choices_parse(const char *text)
{
	uint32_t events;
	uint32_t preemptions;

	xp.depth = 0;
	memset(xp.choices, 0, sizeof xp.choices);
	text = read_number(text, 1000, &events);
	if (text == NULL || *text++ != '.')
		return false;
	text = read_number(text, UINT32_MAX, &preemptions);
	xp.limits.events = events;
	xp.limits.preemptions = preemptions;
	while (text != NULL && *text == '.') { /* ends: each round reads on */
		uint32_t at;
		uint32_t chosen;

		text = read_number(text + 1, XP_CHOICES_MAX - 1, &at);
		if (text == NULL || *text != ':' || at < xp.depth)
			return false;
		text = read_number(text + 1, UINT16_MAX, &chosen);
		xp.choices[at].chosen = (uint16_t)chosen;
		xp.depth = at + 1;
	}
	return text != NULL && *text == '\0';
}
