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
	xp.replayed = 0;
	xp.asked_step = UINT32_MAX;
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

/* XP_REPLAY: what the schedule says of this choice; the directives are in order. */
static uint32_t follow(enum xp_kind kind, uint32_t nth)
{
	const struct xp_choice *next = &xp.choices[xp.replayed];

	if (xp.replayed == xp.depth || next->step != xp.steps || next->kind != kind || next->nth != nth)
		return 0;
	xp.replayed++;
	return next->chosen;
}

static uint32_t decide(enum xp_kind kind, uint32_t nth, uint32_t count)
{
	switch (xp.limits.mode) {
	case XP_RANDOM:
	case XP_PCT:
		return draw(kind, count);
	case XP_BYTES:
		return xp.bytes_used < xp.limits.bytes_count ? xp.limits.bytes[xp.bytes_used++] % count : 0;
	case XP_REPLAY:
		return follow(kind, nth);
	default:
		return xp.at < xp.depth ? xp.choices[xp.at].chosen : 0;
	}
}

uint32_t xp_choose_nth(enum xp_kind kind, uint32_t nth, uint32_t count)
{
	const uint32_t chosen = decide(kind, nth, count);

	if (chosen >= count)
		xp_fail("the schedule belongs to another program: in step %llu it takes %u of %u",
		        (unsigned long long)xp.steps, chosen, count);
	if (xp.limits.mode == XP_REPLAY)
		return chosen; /* the choices are the schedule */
	if (xp.at == XP_CHOICES_MAX)
		xp_fail("a run makes more than %d choices", XP_CHOICES_MAX);
	xp.choices[xp.at++] = (struct xp_choice){
		.step = (uint32_t)xp.steps,
		.chosen = (uint16_t)chosen,
		.count = (uint16_t)count,
		.kind = (uint8_t)kind,
		.nth = (uint8_t)nth,
	};
	return chosen;
}

uint32_t xp_choose(enum xp_kind kind, uint32_t count)
{
	if (xp.asked_step != xp.steps) {
		memset(xp.asked, 0, sizeof xp.asked);
		xp.asked_step = (uint32_t)xp.steps;
	}
	return xp_choose_nth(kind, xp.asked[kind]++, count);
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

static const char kinds[] = "snfe";

void xp_choices_print(char *text, size_t size)
{
	const uint32_t made = xp.limits.mode == XP_REPLAY ? xp.depth : xp.at;
	const bool bounded = xp.limits.mode == XP_ENUMERATE || xp.limits.mode == XP_REPLAY;
	size_t used = (size_t)snprintf(text, size, "%u.%u", xp.limits.events,
	                               bounded ? xp.limits.preemptions : UINT32_MAX);

	for (uint32_t i = 0; i < made && used + 32 < size; i++) {
		const struct xp_choice *choice = &xp.choices[i];

		if (choice->chosen == 0)
			continue;
		used +=
			(size_t)snprintf(text + used, size - used, ".%u%c", choice->step, kinds[choice->kind]);
		if (choice->nth != 0)
			used += (size_t)snprintf(text + used, size - used, "%u", choice->nth);
		used += (size_t)snprintf(text + used, size - used, ":%u", choice->chosen);
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

/* One directive, behind its dot; NULL if it is none. */
static const char *read_choice(const char *text, struct xp_choice *choice)
{
	const char *kind;
	uint32_t nth = 0;
	uint32_t chosen;

	text = read_number(text, XP_STEPS_MAX, &choice->step);
	if (text == NULL || *text == '\0')
		return NULL;
	kind = strchr(kinds, *text++);
	if (kind == NULL)
		return NULL;
	if (*text != ':')
		text = read_number(text, UINT8_MAX, &nth);
	if (text == NULL || *text != ':')
		return NULL;
	text = read_number(text + 1, UINT16_MAX, &chosen);
	choice->kind = (uint8_t)(kind - kinds);
	choice->nth = (uint8_t)nth;
	choice->chosen = (uint16_t)chosen;
	return text;
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
	while (text != NULL && *text == '.' && xp.depth < XP_CHOICES_MAX) /* ends: reads on */
		text = read_choice(text + 1, &xp.choices[xp.depth++]);
	return text != NULL && *text == '\0';
}
