/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of waiters alone. What goes with a grant are fields of the waiter: plain
 * data beside it stands for them, since core's own fields are not watched.
 */
#include <string.h>

#include "pool_internal.h"
#include "relacy_case.h"

enum waitq_operation {
	WAIT,        /* until granted */
	WAIT_A_TIME, /* until granted, or the deadline */
	GRANT,       /* until every WAIT was served */
	GRANT_MAYBE, /* once, if somebody waits */
	CLOSE,
	READ_TICK, /* as dumps do, while others enter and begin ticks */
};

#define STRICT 1u
#define FENCE 2u

static struct {
	struct weir__waitq q;
	int grants;
	int given;
	int waiting;                   /* threads in WAIT that were not served yet */
	int payloads[MACHINE_THREADS]; /* what goes with each grant; one thread grants */
} world;

static void make(const relacy_case *it)
{
	memset((void *)&world, 0, sizeof world);
	weir__waitq_init(&world.q, (it->flags & STRICT) != 0, (it->flags & FENCE) != 0, wp_now());
	for (int i = 0; i < it->threads; i++)
		world.waiting += it->operation[i] == WAIT;
}

static void wait_for_grant(int64_t deadline_ns)
{
	weir__waiter *waiter = NULL;

	if (weir__waitq_enter(&world.q, wp_now(), 100, false, &waiter) != WEIR__ENTERED)
		return;
	if (!weir__waitq_park(waiter, deadline_ns) && weir__waitq_cancel(&world.q, waiter)) {
		weir__waitq_retire(&world.q, waiter);
		return;
	}
	if (waiter->grant == WEIR__GRANT_LEASE) {
		machine_read(&world.payloads[waiter->slot]);
		world.grants++;
	}
	weir__waitq_retire(&world.q, waiter);
}

static bool grant(void)
{
	machine_write(&world.payloads[world.given]);
	if (!weir__waitq_grant(&world.q, WEIR__GRANT_LEASE, (uint32_t)world.given))
		return false;
	world.given++;
	return true;
}

/* T2: a tick that can be seen has its time. In this world no time is 0. */
static void read_tick(void)
{
	const uint32_t tick = wp_load_acq_32(&world.q.tick);

	MACHINE_CHECK(wp_load_rlx_64(&world.q.tick_ns[tick % WEIR__TICKS]) != 0);
}

static void run(const relacy_case *it, int index)
{
	switch ((enum waitq_operation)it->operation[index]) {
	case WAIT:
		wait_for_grant(INT64_MAX);
		world.waiting--;
		break;
	case WAIT_A_TIME:
		wait_for_grant(wp_now() + 1000);
		break;
	case GRANT:
		while (world.waiting > 0) { /* ends: each comes, and is served */
			if (!grant())
				wp_yield();
		}
		break;
	case GRANT_MAYBE:
		(void)grant();
		break;
	case CLOSE:
		weir__waitq_close(&world.q);
		break;
	case READ_TICK:
		read_tick();
		break;
	}
}

static void check(const relacy_case *)
{
	MACHINE_CHECK(world.grants == world.given);
	MACHINE_CHECK(world.q.length == 0 && world.q.overdue == 0);
	weir__waitq_free(&world.q);
}

static const case_family family = {make, run, check};

static const relacy_case cases[] = {
	{"waitq/wait+grant", &family, 2, {WAIT, GRANT, 0}, STRICT, false},
	{"waitq/timeout+grant", &family, 2, {WAIT_A_TIME, GRANT_MAYBE, 0}, STRICT, false},
	{"waitq/wait+close", &family, 2, {WAIT, CLOSE, 0}, FENCE, false},
	{"waitq/timeout+tick", &family, 2, {WAIT_A_TIME, READ_TICK, 0}, 0, false},
	{"waitq/timeout+wait+grant", &family, 3, {WAIT_A_TIME, WAIT, GRANT}, STRICT, false},
};

const struct case_list waitq_case_list = {cases, sizeof cases / sizeof cases[0]};
