/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The threads of a run: how they begin, sleep, wake and end. Who of them goes on is
 * for explore_schedule.c to say.
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
	if (xp.at_home)
		longjmp(xp.after_failure, 1);
	if (xp.exploring)
		xp_fiber_switch(&xp.self->fiber, &xp.home);
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

/* ---- switching ---- */

void xp_rouse(struct xp_thread *thread, bool timed_out)
{
	thread->status = XP_READY;
	thread->timed_out = timed_out;
	xp.asleep &= ~xp_bit(thread);
	xp.ready |= xp_bit(thread);
	if (xp.limits.trace)
		(void)printf("       thread %u wakes%s\n", thread->number, timed_out ? ", too late" : "");
}

void xp_switch_to(struct xp_thread *thread)
{
	struct xp_thread *from = xp.self;

	if (thread == from)
		return;
	xp.self = thread;
	xp_fiber_switch(&from->fiber, &thread->fiber);
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
	xp_give_up_processor();
	return self->timed_out;
}

/* Which of several sleep longest is not promised. */
static void wake(const void *address, uint32_t count, uint32_t bits)
{
	uint32_t set = 0;

	for (uint32_t i = 0; i < xp.threads_count; i++) {
		const struct xp_thread *thread = &xp.threads[i];

		if (thread->status == XP_BLOCKED && thread->sleeps_on == address &&
		    (thread->bits & bits) != 0)
			set |= xp_bit(thread);
	}
	for (; set != 0 && count > 0; count--) {
		const uint32_t sleepers = xp_count_of(set);
		struct xp_thread *thread =
			xp_nth_of(set, sleepers > count ? xp_choose(XP_KIND_NEXT, sleepers) : 0);

		xp_rouse(thread, false);
		set &= ~xp_bit(thread);
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
	xp_give_up_processor();
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
	xp_fiber_switch(&xp.home, &xp.self->fiber);
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

uint32_t xp_events_used(void)
{
	return xp.limits.events - xp.events_left;
}

uint32_t xp_forced(void)
{
	return xp.forced;
}
