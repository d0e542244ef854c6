/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who goes on, and what goes wrong.
 *
 * The thread that runs goes on until it reaches a point at which the choice is to
 * interrupt it, or until it cannot go on. Interrupting costs one preemption; what it
 * costs to choose among others when it cannot go on is nothing. Time stands still but
 * for a little with each reading of the clock, and jumps to the earliest deadline of a
 * sleeper when that fires: as an event, or because nobody can go on.
 */
#include <stdlib.h>

#include "explore_engine.h"

/* ---- what goes wrong ---- */

/* The sleeper whose deadline comes first, or NULL. */
static struct xp_thread *earliest(void)
{
	struct xp_thread *first = NULL;

	for (uint32_t set = xp.asleep; set != 0; set &= set - 1) {
		struct xp_thread *thread = &xp.threads[__builtin_ctz(set)];

		if (thread->deadline_ns != INT64_MAX &&
		    (first == NULL || thread->deadline_ns < first->deadline_ns))
			first = thread;
	}
	return first;
}

static void fire(struct xp_thread *thread)
{
	if (thread->deadline_ns > xp.now_ns)
		xp.now_ns = thread->deadline_ns;
	xp_rouse(thread, true);
}

static void kill_thread(struct xp_thread *thread)
{
	thread->status = XP_KILLED;
	xp.ready &= ~xp_bit(thread);
	xp.asleep &= ~xp_bit(thread);
	/* Its stores are the machine's by now: they arrive, at any time. */
	if (xp.limits.trace)
		(void)printf("       thread %u is killed\n", thread->number);
}

/* When nobody can go on the timer fires all by itself. */
static uint32_t timers(void)
{
	return xp.ready != 0 && xp.asleep != 0 && earliest() != NULL ? 1 : 0;
}

/* What may go wrong at a point: a timer fires, a sleeper wakes for nothing, a
 * process is killed. */
static uint32_t count_events(void)
{
	if (xp.events_left == 0)
		return 0;
	return timers() + xp_count_of(xp.asleep) +
	       (xp.one->processes == 0 ? 0 : xp_count_of((xp.ready | xp.asleep) & ~1U));
}

/* The event of that number; the thread that runs may be the one that is killed. */
static void happen(uint32_t event)
{
	xp.events_left--;
	if (event < timers()) {
		fire(earliest());
		return;
	}
	event -= timers();
	if (event < xp_count_of(xp.asleep)) {
		xp_rouse(xp_nth_of(xp.asleep, event), false);
		return;
	}
	event -= xp_count_of(xp.asleep);
	kill_thread(xp_nth_of((xp.ready | xp.asleep) & ~1U, event));
}

/* ---- who goes on ---- */

/* Time goes on because nobody else can. */
static void go_on_later(void)
{
	struct xp_thread *first = earliest();

	if (first == NULL)
		xp_fail("nobody can go on: %u threads sleep, and nobody wakes them",
		        xp_count_of(xp.asleep));
	xp.forced++;
	fire(first);
}

void xp_give_up_processor(void)
{
	while (xp.ready != 0 || xp.asleep != 0) { /* ends: each round fires a timer or is an event */
		const uint32_t ready = xp_count_of(xp.ready);
		const uint32_t events = count_events();
		const uint32_t event = events > 0 ? xp_choose(XP_KIND_EVENT, 1 + events) : 0;

		if (event > 0) {
			happen(event - 1);
		} else if (ready == 0) {
			go_on_later();
		} else {
			xp_switch_to(xp_nth_of(
				xp.ready,
				ready > 1 ? xp_choose_thread(XP_KIND_NEXT, ready, xp_wish_next(xp.ready)) : 0));
			return;
		}
	}
	xp_fiber_switch(&xp.self->fiber, &xp.home);
	abort(); /* nobody comes back from home */
}

/* Whether there was a choice. After an event another thread may go on all the same. */
static bool interrupt(const char *what, uint32_t events)
{
	const uint32_t others = xp.preemptions_left > 0 ? xp.ready & ~xp_bit(xp.self) : 0;
	const uint32_t switches = xp_count_of(others);

	if (switches + events == 0)
		return false;
	const uint32_t choice = xp_choose_thread(switches > 0 ? XP_KIND_SWITCH : XP_KIND_EVENT,
	                                         1 + switches + events, xp_wish_switch(others, events));

	if (choice == 0)
		return true;
	if (xp.limits.trace)
		(void)printf("       thread %u, before %s:\n", xp.self->number, what);
	if (choice <= switches) {
		xp.preemptions_left--;
		xp_switch_to(xp_nth_of(others, choice - 1));
		return true;
	}
	happen(choice - 1 - switches);
	if (xp.self->status == XP_KILLED)
		xp_give_up_processor();
	else
		(void)interrupt(what, 0);
	return true;
}

/* ---- points ---- */

/* Whether a waiting store arrives visibly when the buffer is emptied. */
static bool is_heard(const struct xp_thread *thread)
{
	for (uint32_t i = 0; i < thread->count; i++) {
		if (xp_shared_seen(thread->buffer[(thread->first + i) % XP_BUFFER_MAX].word))
			return true;
	}
	return false;
}

static void point(const char *what, bool visible)
{
	if (++xp.steps > XP_STEPS_MAX)
		xp_fail("the run does not end");
	xp_priorities_fall();
	/* Only an enumeration learns what is shared: else each point is one. */
	visible = visible || xp.limits.mode != XP_ENUMERATE;
	if (!visible || !interrupt(what, count_events()))
		xp.place++;
	if (visible)
		xp.self->recent = 0;
	/* Only now: whoever was let in here has changed words, too, and what this thread
	 * does next would hide what they were in between. */
	if (xp.changed && xp.one->invariant != NULL) {
		xp.changed = false;
		xp.one->invariant(xp.one);
	}
}

void xp_point(const char *what, const void *word, bool writes)
{
	const bool visible = word == NULL || xp_shared_touch(word, writes);

	point(what, visible || (writes && is_heard(xp.self)));
}

void xp_point_free(const void *block, size_t bytes)
{
	point("free", xp_shared_free(block, bytes));
}

void xp_step(const char *what)
{
	if (!xp.exploring)
		return;
	xp_point(what, NULL, true);
	if (xp.limits.trace)
		xp_trace(what, NULL, 0);
}

void xp_spin(void)
{
	const uint32_t others = xp.exploring ? xp.ready & ~xp_bit(xp.self) : 0;
	const uint32_t count = xp_count_of(others);
	/* As if the other one was interrupted before it did anything. */
	const uint32_t stays = xp.preemptions_left > 0;

	if (count == 0)
		return;
	const uint32_t choice = count + stays > 1 ? xp_choose(XP_KIND_NEXT, count + stays) : 0;

	if (choice == count) {
		xp.preemptions_left--;
		return;
	}
	/* Else its priority would bring it back before anybody has stepped. */
	if (xp.limits.mode == XP_PCT)
		xp.self->priority = 0;
	xp_switch_to(xp_nth_of(others, choice));
}

/* ---- the first thread of a run ---- */

void xp_choose_first(void)
{
	xp.self = xp_nth_of(xp.ready, 0);
	if (xp.one->threads > 1)
		xp.self = xp_nth_of(
			xp.ready, xp_choose_thread(XP_KIND_NEXT, xp.one->threads, xp_wish_next(xp.ready)));
}
