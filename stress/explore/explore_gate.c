/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Setting a gate up, and every combination of operations at it.
 */
#include <stdio.h>

#include "explore_cases.h"
#include "explore_gate.h"

#define CASES_MAX 2048

/* Memory of the cases, which live as long as the program. */
static struct gate_case made[CASES_MAX];
static uint32_t made_count;

static void set_up(const struct xp_case *self)
{
	struct gate_world *world = (struct gate_world *)wp_alloc(64, sizeof *world);
	struct weir_gate *gate;

	(void)self;
	xp_keep(world);
	XP_ASSERT(weir_gate_create(&world->gate, NULL, NULL) == WEIR_OK);
	gate = world->gate;
	/* Counters begin just below their wrap, so that every case has it. */
	wp_store_rlx_32(&gate->bell, UINT32_MAX - 1);
	wp_store_rlx_32(&gate->progress, UINT32_MAX - 1);
	gate->next_bit = UINT32_MAX - 1;
	xp_lock_word(&gate->lock.word);
	xp_name(gate, sizeof *gate, "gate", 0);
	xp_name(&gate->lock, sizeof gate->lock, "lock", 0);
	xp_name(&gate->bell, sizeof gate->bell, "bell", 0);
	xp_name(&gate->progress, sizeof gate->progress, "progress", 0);
	xp_name(&gate->holder, sizeof gate->holder, "holder", 0);
}

static void run_operation(const struct xp_case *self, uint32_t number)
{
	const struct gate_case *what = (const struct gate_case *)self->argument;

	what->operations[number]->run(number);
}

static void make(const struct gate_case *what, struct xp_case *one)
{
	int used = snprintf(one->name, sizeof one->name, "gate/entries/");

	for (uint32_t i = 0; i < what->count; i++)
		used += snprintf(one->name + used, sizeof one->name - (size_t)used, "%s%s",
		                 i == 0 ? "" : "+", what->operations[i]->name);
	made[made_count] = *what;
	one->argument = &made[made_count++];
	one->threads = what->count;
	one->setup = set_up;
	one->thread = run_operation;
	one->invariant = gate_invariant;
	one->finish = gate_finish;
}

static uint32_t combine(struct gate_case *what, uint32_t from, uint32_t threads,
                        struct xp_case *cases, uint32_t max)
{
	uint32_t operations;
	const struct gate_operation *all = gate_operations(&operations);
	uint32_t count = 0;

	if (what->count == threads) {
		xp_check_room(made_count < CASES_MAX && max > 0);
		make(what, &cases[0]);
		return 1;
	}
	for (uint32_t i = from; i < operations; i++) {
		what->operations[what->count++] = &all[i];
		count += combine(what, i, threads, cases + count, max - count);
		what->count--;
	}
	return count;
}

uint32_t gate_cases(uint32_t threads, struct xp_case *cases, uint32_t max)
{
	struct gate_case what = {.count = 0};

	return combine(&what, 0, threads, cases, max);
}
