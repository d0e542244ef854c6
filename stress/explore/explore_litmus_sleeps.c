/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Litmus programs about sleeping and waking, and about locks.
 */
#include "explore_litmus.h"

/* ---- waiting for x ---- */

static void wait_for_x(struct litmus_world *world, uint32_t *saw)
{
	while (wp_load_acq_32(&world->x) == 0) /* ends: the other one sets it */
		(void)wp_futex_wait(&world->x, 0, INT64_MAX);
	saw[0] = 1;
}

static void set_x_and_wake(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	(void)wp_xchg_full_32(&world->x, 1);
	wp_futex_wake(&world->x, 1);
}

static void store_x_and_wake(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rel_32(&world->x, 1);
	wp_futex_wake(&world->x, 1);
}

static void wait_once_for_x(struct litmus_world *world, uint32_t *saw)
{
	if (wp_load_acq_32(&world->x) == 0)
		(void)wp_futex_wait(&world->x, 0, INT64_MAX);
	saw[0] = wp_load_acq_32(&world->x);
}

static bool saw_nothing(const struct litmus_world *world)
{
	return world->saw[0][0] == 0;
}

/* Compares with what the word is by now, and not with what it decided by. */
static void wait_for_a_later_x(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	if (wp_load_acq_32(&world->x) == 0)
		(void)wp_futex_wait(&world->x, wp_load_acq_32(&world->x), INT64_MAX);
}

/* ---- telling the other one that somebody waits: x is what is waited for, y says
 * that somebody does, z is slept on ---- */

static void announce_look_sleep(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	(void)wp_xchg_full_32(&world->y, 1);
	if (wp_load_acq_32(&world->x) == 0)
		(void)wp_futex_wait(&world->z, 0, INT64_MAX);
}

static void announce_barrier_look_sleep(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rlx_32(&world->y, 1);
	wp_barrier_heavy();
	if (wp_load_acq_32(&world->x) == 0)
		(void)wp_futex_wait(&world->z, 0, INT64_MAX);
}

static void look_announce_sleep(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	if (wp_load_acq_32(&world->x) != 0)
		return;
	(void)wp_xchg_full_32(&world->y, 1);
	(void)wp_futex_wait(&world->z, 0, INT64_MAX);
}

static void wake_who_waits(struct litmus_world *world)
{
	if (wp_load_rlx_32(&world->y) == 0)
		return;
	(void)wp_xchg_full_32(&world->z, 1);
	wp_futex_wake(&world->z, 1);
}

static void exchange_x_wake(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	(void)wp_xchg_full_32(&world->x, 1);
	wake_who_waits(world);
}

static void store_x_wake(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	wp_store_rel_32(&world->x, 1);
	wp_barrier_light();
	wake_who_waits(world);
}

/* ---- locks ---- */

static void write_twice(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	weir__lock(&world->lock);
	wp_store_rlx_32(&world->x, wp_load_rlx_32(&world->x) + 1);
	wp_store_rlx_32(&world->y, wp_load_rlx_32(&world->y) + 1);
	weir__unlock(&world->lock);
}

static void read_locked(struct litmus_world *world, uint32_t *saw)
{
	weir__lock(&world->lock);
	saw[0] = wp_load_rlx_32(&world->x);
	saw[1] = wp_load_rlx_32(&world->x);
	wp_store_rlx_32(&world->x, saw[1]);
	weir__unlock(&world->lock);
}

static bool changed_while_read(const struct litmus_world *world)
{
	return world->saw[1][0] != world->saw[1][1];
}

static void read_unlocked(struct litmus_world *world, uint32_t *saw)
{
	weir__lock(&world->lock);
	weir__unlock(&world->lock);
	saw[0] = wp_load_rlx_32(&world->x);
	saw[1] = wp_load_rlx_32(&world->y);
}

/* In order at first, and without the lock later. */
static void write_locked_then_not(struct litmus_world *world, uint32_t *saw)
{
	write_twice(world, saw);
	wp_store_rlx_32(&world->x, 7);
}

static void unlock_twice_write(struct litmus_world *world, uint32_t *saw)
{
	write_twice(world, saw);
	weir__unlock(&world->lock);
	write_twice(world, saw);
}

/* Looks first whether it is 2, and misses who begins to sleep in between. */
static void unlock_by_look(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	weir__lock(&world->lock);
	if (wp_load_rlx_32(&world->lock.word) == 2) {
		weir__unlock(&world->lock);
		return;
	}
	(void)wp_xchg_full_32(&world->lock.word, 0);
}

static void lock_unlock(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	weir__lock(&world->lock);
	weir__unlock(&world->lock);
}

/* Whoever spins may go on before the other one has done anything. */
static void hold_x_for_a_moment(struct litmus_world *world, uint32_t *saw)
{
	(void)saw;
	(void)wp_xchg_full_32(&world->x, 1);
	(void)wp_xchg_full_32(&world->x, 0);
}

static void spin_once(struct litmus_world *world, uint32_t *saw)
{
	if (wp_load_rlx_32(&world->x) == 0)
		return;
	wp_spin_hint();
	saw[0] = wp_xchg_full_32(&world->x, 2);
}

static bool saw_it_held(const struct litmus_world *world)
{
	return world->saw[1][0] == 1;
}

static const struct litmus programs[] = {
	{"wait in a loop",
     LITMUS_RIGHT,
     {wait_for_x, set_x_and_wake},
     NULL,
     .preemptions = 2,
     .events = 1},
	{"announce, look, sleep",
     LITMUS_RIGHT,
     {announce_look_sleep, exchange_x_wake},
     NULL,
     .preemptions = 2,
     .events = 1},
	{"announce, heavy barrier, look, sleep",
     LITMUS_RIGHT,
     {announce_barrier_look_sleep, store_x_wake},
     NULL,
     .preemptions = 2,
     .events = 1},
	{"read under the lock",
     LITMUS_RIGHT,
     {write_twice, read_locked},
     changed_while_read,
     .preemptions = 2,
     .tells_lock = true},
	{"if in place of while",
     LITMUS_WRONG,
     {wait_once_for_x, set_x_and_wake},
     saw_nothing,
     .preemptions = 0,
     .events = 1},
	{"a wake is no barrier", LITMUS_WRONG, {wait_for_x, store_x_and_wake}, NULL, .preemptions = 0},
	{"compare with a later value",
     LITMUS_WRONG,
     {wait_for_a_later_x, set_x_and_wake},
     NULL,
     .preemptions = 1},
	{"look, announce, sleep",
     LITMUS_WRONG,
     {look_announce_sleep, exchange_x_wake},
     NULL,
     .preemptions = 1},
	{"announce by exchange alone",
     LITMUS_WRONG,
     {announce_look_sleep, store_x_wake},
     NULL,
     .preemptions = 0},
	{"unlock by a look", LITMUS_WRONG, {unlock_by_look, lock_unlock}, NULL, .preemptions = 2},
	{"unlock twice",
     LITMUS_WRONG,
     {unlock_twice_write, read_locked},
     changed_while_read,
     .preemptions = 2,
     .tells_lock = true},
	{"read without the lock",
     LITMUS_WRONG,
     {write_twice, read_unlocked},
     changed_while_read,
     .preemptions = 2,
     .tells_lock = true},
	{"written without the lock",
     LITMUS_WRONG,
     {write_locked_then_not, read_locked},
     changed_while_read,
     .preemptions = 2,
     .tells_lock = true},
	{"a spin that saw nothing new",
     LITMUS_WRONG,
     {hold_x_for_a_moment, spin_once},
     saw_it_held,
     .preemptions = 2},
};

const struct litmus_list litmus_sleeps = {programs, sizeof programs / sizeof programs[0]};
