/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Litmus programs about counters, stacks, plain memory, and memory that is freed.
 */
#include "explore_litmus.h"

/* ---- counters ---- */

static void add(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	(void)wp_add_rlx_32(&world->x, 1);
}

static void load_and_store(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rlx_32(&world->x, wp_load_rlx_32(&world->x) + 1);
}

static void add_plain(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	world->plain++;
}

static bool one_is_lost(const struct litmus_world *world)
{
	return xp_peek(&world->x, sizeof world->x) != 2;
}

/* ---- a stack without a counter: A is 1, B is 2; only its second user fills it ---- */

static uint32_t pop(struct litmus_world *world)
{
	const uint32_t head = wp_load_acq_32(&world->x);
	const uint32_t next = head == 0 ? 0 : wp_load_rlx_32(&world->next[head]);

	return head != 0 && wp_cas_acqrel_32(&world->x, head, next) ? head : 0;
}

static void push(struct litmus_world *world, uint32_t item)
{
	wp_store_rlx_32(&world->next[item], wp_load_rlx_32(&world->x));
	(void)wp_xchg_full_32(&world->x, item);
}

static void pop_one(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = pop(world);
}

/* Whoever pops A as long as both are there, and puts its next in after B has been
 * taken, brings B back. */
static void push_two_pop_two_push_one(struct litmus_world *world, uint32_t *saw)
{
	push(world, 2);
	push(world, 1);
	if (pop(world) != 1)
		return;
	saw[0] = pop(world);
	push(world, 1);
}

static bool taken_and_there(const struct litmus_world *world)
{
	return world->saw[1][0] == 2 && xp_peek(&world->x, sizeof world->x) == 2;
}

/* ---- freed memory: the box ---- */

/* The second to be done frees it, and sees what the first one did. */
static void put_then_let_go(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	world->box->plain = 1;
	wp_store_rlx_32(&world->box->word, 1);
	if (wp_add_full_32(&world->x, 1) == 1)
		wp_free(world->box);
}

static void read_then_let_go(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->box->word);
	if (wp_add_full_32(&world->x, 1) == 1)
		wp_free(world->box);
}

static void let_go_then_read(struct litmus_world *world, uint32_t *saw)
{
	if (wp_add_full_32(&world->x, 1) == 1)
		wp_free(world->box);
	else
		saw[0] = wp_load_rlx_32(&world->box->word);
}

static void mark_and_free(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	(void)wp_xchg_full_32(&world->x, 1);
	wp_free(world->box);
}

/* What it reads is of one thread alone, but for its end. */
static void read_unless_marked(struct litmus_world *world, uint32_t *saw)
{
	if (wp_load_acq_32(&world->x) == 0)
		saw[0] = wp_load_rlx_32(&world->box->word);
}

static void free_when_told(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	if (wp_load_acq_32(&world->x) == 1)
		wp_free(world->box);
}

/* Both stores wait; the second arrives when the box is gone. */
static void tell_then_write(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rel_32(&world->x, 1);
	wp_store_rlx_32(&world->box->word, 1);
}

static void free_if_unmarked(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	if (wp_load_acq_32(&world->x) == 0) {
		wp_store_rel_32(&world->x, 1);
		wp_free(world->box);
	}
}

/* ---- message passing: plain memory, and x that says that it is there ---- */

static void put_rel(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	world->plain = 1;
	wp_store_rel_32(&world->x, 1);
}

static void put_rlx(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	world->plain = 1;
	wp_store_rlx_32(&world->x, 1);
}

static void put_fence_rlx(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	world->plain = 1;
	wp_fence_full();
	wp_store_rlx_32(&world->x, 1);
}

static void get_acq(struct litmus_world *world, uint32_t *saw)
{
	if (wp_load_acq_32(&world->x) == 1)
		saw[0] = world->plain == 1 ? 1 : 2;
}

static void get_rlx(struct litmus_world *world, uint32_t *saw)
{
	if (wp_load_rlx_32(&world->x) == 1)
		saw[0] = world->plain == 1 ? 1 : 2;
}

static void get_rlx_fence(struct litmus_world *world, uint32_t *saw)
{
	if (wp_load_rlx_32(&world->x) == 0)
		return;
	wp_fence_full();
	saw[0] = world->plain == 1 ? 1 : 2;
}

static bool got_nothing(const struct litmus_world *world)
{
	return world->saw[1][0] == 2;
}

/* ---- a lock that orders nothing ---- */

static void count_by_rlx_lock(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	if (!wp_cas_rlx_32(&world->lock.word, 0, 1))
		return;
	world->plain++;
	wp_store_rel_32(&world->lock.word, 0);
}

static void count_by_lock(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	weir__lock(&world->lock);
	world->plain++;
	weir__unlock(&world->lock);
}

static const struct litmus programs[] = {
	{"two add", LITMUS_RIGHT, {add, add}, one_is_lost, .preemptions = 2},
	{"message passing", LITMUS_RIGHT, {put_rel, get_acq}, got_nothing, .preemptions = 2},
	{"message passing, fences",
     LITMUS_RIGHT,
     {put_fence_rlx, get_rlx_fence},
     got_nothing,
     .preemptions = 2},
	{"the last to let go frees",
     LITMUS_RIGHT,
     {put_then_let_go, read_then_let_go},
     NULL,
     .preemptions = 2},
	{"count under the lock", LITMUS_RIGHT, {count_by_lock, count_by_lock}, NULL, .preemptions = 2},
	{"load and store in place of add",
     LITMUS_WRONG,
     {load_and_store, add},
     one_is_lost,
     .preemptions = 1},
	{"a stack without a counter",
     LITMUS_WRONG,
     {pop_one, push_two_pop_two_push_one},
     taken_and_there,
     .preemptions = 2},
	{"let go, then read",
     LITMUS_WRONG,
     {let_go_then_read, put_then_let_go},
     NULL,
     .preemptions = 1},
	{"read what may be freed",
     LITMUS_WRONG,
     {mark_and_free, read_unless_marked},
     NULL,
     .preemptions = 1},
	{"a store arrives late",
     LITMUS_WRONG,
     {free_when_told, tell_then_write},
     NULL,
     .preemptions = 1},
	{"freed twice", LITMUS_WRONG, {free_if_unmarked, free_if_unmarked}, NULL, .preemptions = 1},
	{"message passing, rlx", LITMUS_RACES, {put_rlx, get_rlx}, got_nothing, .preemptions = 0},
	{"message passing, rlx store", LITMUS_RACES, {put_rlx, get_acq}, got_nothing, .preemptions = 0},
	{"message passing, rlx load", LITMUS_RACES, {put_rel, get_rlx}, got_nothing, .preemptions = 0},
	{"a lock that orders nothing",
     LITMUS_RACES,
     {count_by_rlx_lock, count_by_rlx_lock},
     NULL,
     .preemptions = 0},
	{"count without a lock", LITMUS_RACES, {add_plain, add_plain}, NULL, .preemptions = 0},
};

const struct litmus_list litmus_memory = {programs, sizeof programs / sizeof programs[0]};
