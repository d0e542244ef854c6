/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Litmus programs about the order in which loads and stores take effect.
 */
#include "explore_litmus.h"

/* ---- store buffering ---- */

static void store_x_load_y(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rel_32(&world->x, 1);
	saw[0] = wp_load_acq_32(&world->y);
}

static void store_y_load_x(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rel_32(&world->y, 1);
	saw[0] = wp_load_acq_32(&world->x);
}

static void store_x_fence_load_y(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->x, 1);
	wp_fence_full();
	saw[0] = wp_load_rlx_32(&world->y);
}

static void store_y_fence_load_x(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->y, 1);
	wp_fence_full();
	saw[0] = wp_load_rlx_32(&world->x);
}

static void exchange_x_load_y(struct litmus_world *world, uint32_t *saw)
{
	(void)wp_xchg_full_32(&world->x, 1);
	saw[0] = wp_load_rlx_32(&world->y);
}

static void exchange_y_load_x(struct litmus_world *world, uint32_t *saw)
{
	(void)wp_xchg_full_32(&world->y, 1);
	saw[0] = wp_load_rlx_32(&world->x);
}

static void store_x_light_load_y(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->x, 1);
	wp_barrier_light();
	saw[0] = wp_load_rlx_32(&world->y);
}

static void store_y_light_load_x(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->y, 1);
	wp_barrier_light();
	saw[0] = wp_load_rlx_32(&world->x);
}

static void store_y_heavy_load_x(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->y, 1);
	wp_barrier_heavy();
	saw[0] = wp_load_rlx_32(&world->x);
}

static bool both_saw_nothing(const struct litmus_world *world)
{
	return world->saw[0][0] == 0 && world->saw[1][0] == 0;
}

/* A locked operation on a word of its own empties the buffer for the others to see. */
static void load_x_store_y_exchange_z(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->x);
	wp_store_rlx_32(&world->y, 1);
	(void)wp_xchg_full_32(&world->z, 1);
	saw[1] = wp_load_rlx_32(&world->x);
}

/* ---- load buffering ---- */

static void load_x_store_y(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->x);
	wp_store_rlx_32(&world->y, 1);
}

static void load_y_store_x(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->y);
	wp_store_rlx_32(&world->x, 1);
}

static bool both_saw_one(const struct litmus_world *world)
{
	return world->saw[0][0] == 1 && world->saw[1][0] == 1;
}

/* ---- several stores ---- */

static void store_x_store_y(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rlx_32(&world->x, 1);
	wp_store_rlx_32(&world->y, 1);
}

static void load_y_load_x(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->y);
	saw[1] = wp_load_rlx_32(&world->x);
}

static void load_x_load_y(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->x);
	saw[1] = wp_load_rlx_32(&world->y);
}

static bool second_without_first(const struct litmus_world *world)
{
	return world->saw[1][0] == 1 && world->saw[1][1] == 0;
}

static void store_x_twice(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rlx_32(&world->x, 1);
	wp_store_rlx_32(&world->x, 2);
}

static void load_x_twice(struct litmus_world *world, uint32_t *saw)
{
	saw[0] = wp_load_rlx_32(&world->x);
	saw[1] = wp_load_rlx_32(&world->x);
}

static bool newer_before_older(const struct litmus_world *world)
{
	return world->saw[1][0] > world->saw[1][1];
}

static bool saw_the_first_go(const struct litmus_world *world)
{
	return world->saw[1][0] == 1 && world->saw[1][1] == 2;
}

/* Both write x: which of them is last, when one also saw the other's later store. */
static void store_x_load_y_after(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->x, 1);
	saw[0] = wp_load_rlx_32(&world->y);
}

static void store_two_to_x_store_y(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rlx_32(&world->x, 2);
	wp_store_rlx_32(&world->y, 1);
}

static bool saw_y_and_x_is_two(const struct litmus_world *world)
{
	return world->saw[0][0] == 1 && xp_peek(&world->x, sizeof world->x) == 2;
}

static void store_two_to_x_load_y(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->x, 2);
	saw[0] = wp_load_rlx_32(&world->y);
}

static void store_x_heavy_store_y(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rlx_32(&world->x, 1);
	wp_barrier_heavy();
	wp_store_rlx_32(&world->y, 1);
}

static bool saw_no_y_and_x_is_two(const struct litmus_world *world)
{
	return world->saw[0][0] == 0 && xp_peek(&world->x, sizeof world->x) == 2;
}

/* ---- what is read is of one's own ---- */

static void store_x_load_both(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->x, 1);
	saw[0] = wp_load_rlx_32(&world->x);
	saw[1] = wp_load_rlx_32(&world->y);
}

static void store_y_load_both(struct litmus_world *world, uint32_t *saw)
{
	wp_store_rlx_32(&world->y, 1);
	saw[0] = wp_load_rlx_32(&world->y);
	saw[1] = wp_load_rlx_32(&world->x);
}

static bool own_before_the_others(const struct litmus_world *world)
{
	return world->saw[0][0] == 1 && world->saw[1][0] == 1 && world->saw[0][1] == 0 &&
	       world->saw[1][1] == 0;
}

static bool own_was_not_seen(const struct litmus_world *world)
{
	return world->saw[0][0] == 0 || world->saw[1][0] == 0;
}

static const struct litmus programs[] = {
	{"store buffering, fences",
     LITMUS_RIGHT,
     {store_x_fence_load_y, store_y_fence_load_x},
     both_saw_nothing,
     .preemptions = 2},
	{"store buffering, exchanges",
     LITMUS_RIGHT,
     {exchange_x_load_y, exchange_y_load_x},
     both_saw_nothing,
     .preemptions = 2},
	{"store buffering, a heavy barrier",
     LITMUS_RIGHT,
     {store_x_light_load_y, store_y_heavy_load_x},
     both_saw_nothing,
     .preemptions = 2},
	{"load buffering",
     LITMUS_RIGHT,
     {load_x_store_y, load_y_store_x},
     both_saw_one,
     .preemptions = 2},
	{"stores in order",
     LITMUS_RIGHT,
     {store_x_store_y, load_y_load_x},
     second_without_first,
     .preemptions = 2},
	{"stores to one word in order",
     LITMUS_RIGHT,
     {store_x_twice, load_x_twice},
     newer_before_older,
     .preemptions = 2},
	{"own stores are seen",
     LITMUS_RIGHT,
     {store_x_load_both, store_y_load_both},
     own_was_not_seen,
     .preemptions = 2},
	{"store buffering",
     LITMUS_WRONG,
     {store_x_load_y, store_y_load_x},
     both_saw_nothing,
     .preemptions = 0},
	{"store buffering, one fence",
     LITMUS_WRONG,
     {store_x_load_y, store_y_fence_load_x},
     both_saw_nothing,
     .preemptions = 0},
	{"store buffering, one exchange",
     LITMUS_WRONG,
     {store_x_load_y, exchange_y_load_x},
     both_saw_nothing,
     .preemptions = 0},
	{"store buffering, light barriers",
     LITMUS_WRONG,
     {store_x_light_load_y, store_y_light_load_x},
     both_saw_nothing,
     .preemptions = 0},
	{"own stores are seen first",
     LITMUS_WRONG,
     {store_x_load_both, store_y_load_both},
     own_before_the_others,
     .preemptions = 0},
	{"loads between stores",
     LITMUS_WRONG,
     {store_x_store_y, load_x_load_y},
     second_without_first,
     .preemptions = 0},
	{"loads between stores to one word",
     LITMUS_WRONG,
     {store_x_twice, load_x_twice},
     saw_the_first_go,
     .preemptions = 0},
	{"a locked operation on another word",
     LITMUS_WRONG,
     {load_x_store_y_exchange_z, exchange_x_load_y},
     both_saw_nothing,
     .preemptions = 1},
	{"an older store arrives first",
     LITMUS_WRONG,
     {store_x_load_y_after, store_two_to_x_store_y},
     saw_y_and_x_is_two,
     .preemptions = 1},
	{"two stores at a heavy barrier",
     LITMUS_WRONG,
     {store_two_to_x_load_y, store_x_heavy_store_y},
     saw_no_y_and_x_is_two,
     .preemptions = 1},
};

const struct litmus_list litmus_orders = {programs, sizeof programs / sizeof programs[0]};
