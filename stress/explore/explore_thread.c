/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The threads of a run: who goes on, who sleeps, and what time it is.
 *
 * The thread that runs goes on until it reaches a point (xp_point) at which the
 * choice is to interrupt it, or until it cannot go on. Interrupting costs one
 * preemption; what it costs to choose among others when it cannot go on is
 * nothing. Time stands still but for a little with each reading of the clock, and
 * jumps to the earliest deadline of a sleeper when that fires: as an event, or
 * because nobody can go on.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "explore_engine.h"

struct xp_engine xp;

/* ---- the end of a run ---- */

void xp_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(xp.why, sizeof xp.why, format, arguments);
	va_end(arguments);
	xp.failed = true;
	if (xp.exploring && xp.self != NULL)
		xp_fiber_switch(&xp.self->fiber, &xp.home);
	if (xp.finishing)
		longjmp(xp.after_finish, 1);
	/* Outside a run there is nothing to go back to. */
	(void)fprintf(stderr, "weir-explore: %s: %s\n", xp.one->name, xp.why);
	abort();
}

void xp_trace(const char *what, const void *word, uint64_t value)
{
	char name[64];

	(void)printf("%5llu  thread %u  %-18s", (unsigned long long)xp.steps, xp.self->number, what);
	if (word != NULL)
		(void)printf("  %-24s %#llx", xp_arena_name(word, name, sizeof name),
		             (unsigned long long)value);
	(void)putchar('\n');
}

/* ---- sets of threads ---- */

static uint32_t count_of(uint32_t set)
{
	return (uint32_t)__builtin_popcount(set);
}

/* The nth thread of a set. */
static struct xp_thread *nth_of(uint32_t set, uint32_t nth)
{
	while (nth-- > 0)
		set &= set - 1;
	return &xp.threads[__builtin_ctz(set)];
}

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

static void rouse(struct xp_thread *thread, bool timed_out)
{
	thread->status = XP_READY;
	thread->timed_out = timed_out;
	xp.asleep &= ~xp_bit(thread);
	xp.ready |= xp_bit(thread);
	if (xp.limits.trace)
		(void)printf("       thread %u wakes%s\n", thread->number, timed_out ? ", too late" : "");
}

static void fire(struct xp_thread *thread)
{
	if (thread->deadline_ns > xp.now_ns)
		xp.now_ns = thread->deadline_ns;
	rouse(thread, true);
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

/* ---- switching ---- */

static void switch_to(struct xp_thread *thread)
{
	struct xp_thread *from = xp.self;

	if (thread == from)
		return;
	xp.self = thread;
	xp_fiber_switch(&from->fiber, &thread->fiber);
}

/* What may go wrong at a point: a timer fires, a sleeper wakes for nothing, a
 * process is killed. */
static uint32_t count_events(void)
{
	if (xp.events_left == 0)
		return 0;
	return (xp.asleep == 0 ? 0 : (earliest() != NULL) + count_of(xp.asleep)) +
	       (xp.one->processes == 0 ? 0 : count_of((xp.ready | xp.asleep) & ~1U));
}

/* The event of that number; the thread that runs may be the one that is killed. */
static void happen(uint32_t event)
{
	xp.events_left--;
	if (xp.asleep != 0) {
		struct xp_thread *first = earliest();

		if (first != NULL && event-- == 0) {
			fire(first);
			return;
		}
		if (event < count_of(xp.asleep)) {
			rouse(nth_of(xp.asleep, event), false);
			return;
		}
		event -= count_of(xp.asleep);
	}
	kill_thread(nth_of((xp.ready | xp.asleep) & ~1U, event));
}

/* The thread that runs cannot go on. */
static void give_up_processor(void)
{
	for (;;) { /* ends: each further round fires a timer or is an event */
		const uint32_t ready = count_of(xp.ready);
		const uint32_t events = count_events();

		if (ready == 0 && xp.asleep == 0) {
			struct xp_thread *from = xp.self;

			xp_fiber_switch(&from->fiber, &xp.home);
			abort(); /* nobody comes back from home */
		}
		if (ready == 0) {
			struct xp_thread *first = earliest();

			if (first == NULL)
				xp_fail("nobody can go on: %u threads sleep, and nobody wakes them",
				        count_of(xp.asleep));
			xp.forced++;
			fire(first);
			continue;
		}
		uint32_t choice = 0;

		if (xp.limits.mode == XP_PCT && events == 0) {
			switch_to(&xp.threads[xp_highest(xp.ready)]);
			return;
		}
		if (ready > 1)
			choice = xp_choose(XP_KIND_NEXT, ready);
		if (events > 0) {
			const uint32_t event = xp_choose(XP_KIND_EVENT, 1 + events);

			if (event > 0) {
				happen(event - 1);
				continue;
			}
		}
		switch_to(nth_of(xp.ready, choice));
		return;
	}
}

/* PCT: the thread that runs is the one with the highest priority. */
static void obey_priorities(void)
{
	for (int i = 0; i < 2; i++) {
		if (xp.change_at[i] == xp.steps)
			xp.self->priority = (uint32_t)i;
	}
	const uint32_t best = xp_highest(xp.ready);

	if (best != xp.self->number)
		switch_to(&xp.threads[best]);
}

static void interrupt(const char *what)
{
	const uint32_t others = xp.ready & ~xp_bit(xp.self);
	const uint32_t switches = xp.preemptions_left > 0 ? count_of(others) : 0;
	const uint32_t events = count_events();

	if (switches + events == 0)
		return;
	const uint32_t choice =
		xp_choose(switches > 0 ? XP_KIND_SWITCH : XP_KIND_EVENT, 1 + switches + events);

	if (choice == 0)
		return;
	if (xp.limits.trace)
		(void)printf("       thread %u, before %s:\n", xp.self->number, what);
	if (choice <= switches) {
		xp.preemptions_left--;
		switch_to(nth_of(others, choice - 1));
		return;
	}
	happen(choice - 1 - switches);
	if (xp.self->status == XP_KILLED)
		give_up_processor();
}

void xp_point(const char *what, const void *word, bool writes)
{
	if (++xp.steps > XP_STEPS_MAX)
		xp_fail("the run does not end");
	if (xp.changed && xp.one->invariant != NULL) {
		xp.changed = false;
		xp.one->invariant(xp.one);
	}
	if (xp.limits.mode == XP_PCT)
		obey_priorities();
	else if (word == NULL || xp_shared_touch(word, writes) || xp.limits.mode != XP_ENUMERATE)
		interrupt(what);
	else
		return; /* nobody was let in here: what it stored before may still come later */
	xp.self->recent = 0;
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

	if (others == 0)
		return;
	/* Else its priority would bring it back before anybody has stepped. */
	if (xp.limits.mode == XP_PCT)
		xp.self->priority = 0;
	switch_to(nth_of(others, count_of(others) > 1 ? xp_choose(XP_KIND_NEXT, count_of(others)) : 0));
}

/* ---- sleeping ---- */

bool xp_sleep(const void *address, int64_t deadline_ns)
{
	struct xp_thread *self = xp.self;

	if (!xp.exploring)
		xp_fail("setup would sleep");
	self->sleeps_on = address;
	self->deadline_ns = deadline_ns;
	self->timed_out = false;
	self->status = XP_BLOCKED;
	xp.ready &= ~xp_bit(self);
	xp.asleep |= xp_bit(self);
	if (xp.limits.trace)
		xp_trace("sleeps", address, 0);
	give_up_processor();
	return self->timed_out;
}

static void wake(const void *address, uint32_t count, uint32_t bits)
{
	for (uint32_t i = 0; i < xp.threads_count && count > 0; i++) {
		struct xp_thread *thread = &xp.threads[i];

		if (thread->status != XP_BLOCKED || thread->sleeps_on != address ||
		    (thread->bits & bits) == 0)
			continue;
		rouse(thread, false);
		count--;
	}
}

void xp_wake(const void *address, uint32_t count)
{
	wake(address, count, UINT32_MAX);
}

void xp_wake_bits(const void *address, uint32_t bits)
{
	wake(address, UINT32_MAX, bits);
}

/* ---- the life of a thread ---- */

static void run_thread(void)
{
	struct xp_thread *self = xp.self;

	if (self->entry != NULL)
		self->entry(self->argument);
	else
		xp.one->thread(xp.one, self->number);
	self->status = XP_DONE;
	xp.ready &= ~xp_bit(self);
	if (xp.limits.trace)
		xp_trace("ends", NULL, 0);
	give_up_processor();
}

static void begin(uint32_t number, void (*entry)(void *argument), void *argument)
{
	struct xp_thread *thread = &xp.threads[number];

	if (thread->stack == NULL) {
		thread->stack = malloc(XP_STACK_BYTES);
		if (thread->stack == NULL)
			xp_fail("no memory for a stack");
	}
	thread->number = number;
	thread->status = XP_READY;
	thread->first = 0;
	thread->count = 0;
	thread->recent = 0;
	thread->locks = 0;
	thread->bits = UINT32_MAX;
	thread->entry = entry;
	thread->argument = argument;
	xp_fiber_prepare(&thread->fiber, thread->stack, XP_STACK_BYTES, run_thread);
	xp.ready |= UINT32_C(1) << number;
}

bool xp_spawn(void (*entry)(void *argument), void *argument)
{
	const uint32_t number = xp.threads_count;

	if (number == XP_THREADS_MAX)
		return false;
	xp.threads_count++;
	memset(xp.threads[number].words, 0, WP_THREAD_WORDS * sizeof(uint64_t));
	if (xp.limits.races)
		xp_race_spawn(xp.self->number, number);
	begin(number, entry, argument);
	return true;
}

void xp_threads_begin(void)
{
	xp.threads_count = xp.one->threads;
	xp.ready = 0;
	xp.asleep = 0;
	xp.pending = 0;
	xp.steps = 0;
	xp.changed = true;
	xp.forced = 0;
	xp.failed = false;
	for (uint32_t i = 0; i < xp.threads_count; i++)
		begin(i, NULL, NULL);
}

void xp_run_threads(void)
{
	uint32_t first = 0;

	xp.exploring = true;
	if (xp.limits.mode == XP_PCT)
		first = xp_highest(xp.ready);
	else if (xp.one->threads > 1)
		first = xp_choose(XP_KIND_NEXT, xp.one->threads);
	xp.self = &xp.threads[first];
	xp_fiber_switch(&xp.home, &xp.self->fiber);
	if (!xp.failed)
		xp_drain_all();
	xp.exploring = false;
}

/* ---- what cases ask ---- */

uint32_t xp_self(void)
{
	return xp.self->number;
}

void xp_act_as(uint32_t number)
{
	xp.self = &xp.threads[number];
	xp.self->number = number;
}

uint32_t xp_event(uint32_t count)
{
	if (!xp.exploring || xp.events_left == 0 || count < 2)
		return 0;
	const uint32_t outcome = xp_choose(XP_KIND_EVENT, count);

	xp.events_left -= outcome != 0;
	return outcome;
}

bool xp_killed(uint32_t number)
{
	return xp.threads[number].status == XP_KILLED;
}

bool xp_ended(uint32_t number)
{
	return xp.threads[number].status == XP_KILLED || xp.threads[number].status == XP_DONE;
}

uint32_t xp_events_used(void)
{
	return xp.limits.events - xp.events_left;
}

uint32_t xp_forced(void)
{
	return xp.forced;
}

uint64_t xp_steps(void)
{
	return xp.steps;
}
