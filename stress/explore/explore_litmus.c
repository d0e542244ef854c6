/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Small programs that test the explorer itself: what total store order allows must be
 * seen, and what it forbids must not. Wrong programs must be refuted; some are wrong
 * only by the C memory model, and so for the build that looks for races alone.
 *
 * Each is two threads. What a thread saw it keeps for itself until both have ended.
 */
#include "explore_litmus.h"

#include <stdio.h>

#include "explore_cases.h"

#define THREADS 2

static const struct litmus_list *const lists[] = {&litmus_orders, &litmus_sleeps, &litmus_memory};

struct litmus_world *litmus_world(void)
{
	return (struct litmus_world *)xp_kept();
}

static const struct litmus *program_of(const struct xp_case *self)
{
	return (const struct litmus *)self->argument;
}

static void set_up(const struct xp_case *self)
{
	static const char *const names[] = {"x", "y", "z"};
	struct litmus_world *world = (struct litmus_world *)wp_alloc(64, sizeof *world);
	wp_u32 *const words[] = {&world->x, &world->y, &world->z};

	xp_keep(world);
	world->box = (struct litmus_box *)wp_alloc(64, sizeof *world->box);
	for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++)
		xp_name(words[i], sizeof *words[i], names[i], 0);
	xp_name(&world->lock, sizeof world->lock, "lock", 0);
	xp_name(world->box, sizeof *world->box, "box", 0);
	if (program_of(self)->tells_lock)
		xp_lock_word(&world->lock.word);
}

static void run_thread(const struct xp_case *self, uint32_t number)
{
	program_of(self)->threads[number](litmus_world(), litmus_world()->saw[number]);
}

static void finish(const struct xp_case *self)
{
	const struct litmus *program = program_of(self);
	const struct litmus_world *world = litmus_world();

	if (program->wrongly != NULL && program->wrongly(world))
		xp_fail("thread 0 saw %u and %u, thread 1 saw %u and %u, and x is %u", world->saw[0][0],
		        world->saw[0][1], world->saw[1][0], world->saw[1][1],
		        (uint32_t)xp_peek(&world->x, sizeof world->x));
}

static void make(const struct litmus *program, struct xp_case *one)
{
	(void)snprintf(one->name, sizeof one->name, "litmus/%s/%s",
	               program->kind == LITMUS_RIGHT ? "right" : "wrong", program->name);
	one->threads = THREADS;
	one->argument = program;
	one->refuted = program->kind != LITMUS_RIGHT;
	one->least_preemptions = program->preemptions;
	one->least_events = program->events;
	one->setup = set_up;
	one->thread = run_thread;
	one->finish = finish;
}

static uint32_t make_kinds(bool right, struct xp_case *cases, uint32_t max)
{
	uint32_t count = 0;

	for (size_t list = 0; list < sizeof lists / sizeof lists[0]; list++) {
		for (uint32_t i = 0; i < lists[list]->count && count < max; i++) {
			const struct litmus *program = &lists[list]->programs[i];

			if ((program->kind == LITMUS_RIGHT) == right &&
			    (program->kind != LITMUS_RACES || xp_races_looked_for()))
				make(program, &cases[count++]);
		}
	}
	return count;
}

uint32_t litmus_cases(uint32_t threads, struct xp_case *cases, uint32_t max)
{
	uint32_t count = 0;

	if (threads != THREADS)
		return 0;
	count += make_kinds(true, cases, max);
	count += make_kinds(false, cases + count, max - count);
	return count;
}
