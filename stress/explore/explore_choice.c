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
 * steps the priority of the running thread falls below all others. What the
 * priorities say is recorded as a choice, so that such a run can be replayed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explore_engine.h"

/* In random runs: one switch or event in so many points. */
#define SWITCH_ONE_IN 5
#define EVENT_ONE_IN 24

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
	for (int i = 0; i < XP_PCT_CHANGES; i++)
		xp.change_at[i] = xp.length == 0 ? 0 : xp_draw() % xp.length;
}

void xp_choices_begin(void)
{
	xp.at = 0;
	xp.place = 0;
	xp.astray = false;
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

/* What the schedule prescribes at this place: 0 unless it says otherwise. */
static uint32_t obey(uint32_t place, uint32_t count)
{
	if (xp.at == xp.depth || xp.choices[xp.at].place > place)
		return 0;
	if (xp.choices[xp.at].place == place && xp.choices[xp.at].chosen < count)
		return xp.choices[xp.at++].chosen;
	xp.astray = true;
	xp_fail("the schedule is that of another program");
}

static void record(uint32_t place, uint32_t chosen, uint32_t count)
{
	struct xp_choice *choice = &xp.choices[xp.at++];

	choice->place = place;
	choice->chosen = (uint16_t)chosen;
	choice->count = (uint16_t)count;
}

static uint32_t choose(enum xp_kind kind, uint32_t count, const uint32_t *wish)
{
	const uint32_t place = xp.place++;
	uint32_t chosen = 0;

	if (xp.limits.mode == XP_REPLAY)
		return obey(place, count);
	if (xp.at == XP_CHOICES_MAX)
		xp_fail("a run makes more than %d choices", XP_CHOICES_MAX);
	if (xp.at < xp.depth)
		chosen = xp.choices[xp.at].chosen;
	else if (xp.limits.mode == XP_PCT && wish != NULL)
		chosen = *wish;
	else if (xp.limits.mode == XP_RANDOM || xp.limits.mode == XP_PCT)
		chosen = draw(kind, count);
	else if (xp.limits.mode == XP_BYTES && xp.bytes_used < xp.limits.bytes_count)
		chosen = xp.limits.bytes[xp.bytes_used++] % count;
	record(place, chosen, count);
	return chosen;
}

uint32_t xp_choose(enum xp_kind kind, uint32_t count)
{
	return choose(kind, count, NULL);
}

uint32_t xp_choose_thread(enum xp_kind kind, uint32_t count, uint32_t wish)
{
	return choose(kind, count, &wish);
}

static uint32_t highest(uint32_t set)
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

/* Which of the set it is. */
static uint32_t rank(uint32_t set, uint32_t number)
{
	return xp_count_of(set & ((UINT32_C(1) << number) - 1));
}

uint32_t xp_wish_next(uint32_t set)
{
	return xp.limits.mode == XP_PCT ? rank(set, highest(set)) : 0;
}

uint32_t xp_wish_switch(uint32_t others, uint32_t events)
{
	if (xp.limits.mode != XP_PCT)
		return 0;
	/* Something goes wrong whatever the priorities are. */
	if (events > 0 && xp_draw() % EVENT_ONE_IN == 0)
		return 1 + xp_count_of(others) + (uint32_t)(xp_draw() % events);
	const uint32_t best = highest(others | xp_bit(xp.self));

	return best == xp.self->number ? 0 : 1 + rank(others, best);
}

void xp_priorities_fall(void)
{
	for (uint32_t i = 0; i < XP_PCT_CHANGES; i++) {
		if (xp.limits.mode == XP_PCT && xp.change_at[i] == xp.steps)
			xp.self->priority = i;
	}
}

void xp_choices_print(char *text, size_t size)
{
	const bool bounded = xp.limits.mode == XP_ENUMERATE ||
	                     (xp.limits.mode == XP_REPLAY && xp.limits.preemptions != UINT32_MAX);
	size_t used = (size_t)snprintf(text, size, "%u.%u", xp.limits.events,
	                               bounded ? xp.limits.preemptions : UINT32_MAX);

	for (uint32_t i = 0; i < xp.at && used + 24 < size; i++) {
		if (xp.choices[i].chosen != 0)
			used += (size_t)snprintf(text + used, size - used, ".%u:%u", xp.choices[i].place,
			                         xp.choices[i].chosen);
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
	text = read_number(text, 1000, &events);
	if (text == NULL || *text++ != '.')
		return false;
	text = read_number(text, UINT32_MAX, &preemptions);
	xp.limits.events = events;
	xp.limits.preemptions = preemptions;
	while (text != NULL && *text == '.') { /* ends: each round reads on */
		struct xp_choice *choice = &xp.choices[xp.depth];
		uint32_t chosen;

		if (xp.depth == XP_CHOICES_MAX)
			return false;
		text = read_number(text + 1, XP_STEPS_MAX + XP_CHOICES_MAX, &choice->place);
		if (text == NULL || *text != ':' || (xp.depth > 0 && choice->place <= choice[-1].place))
			return false;
		text = read_number(text + 1, UINT16_MAX, &chosen);
		choice->chosen = (uint16_t)chosen;
		xp.depth++;
	}
	return text != NULL && *text == '\0';
}
