/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The cases of the turnstile: each thread is a process, with a handle of its own on
 * one shared page, and may be killed at any step but for the first. The locks on the
 * bytes of the file (turnstile_file.c) are pretended.
 */
#include <stdio.h>

#include "explore_cases.h"
#include "testing.h"

#define PROCESSES_MAX 4
#define SHORT_NS WEIR_MICROSECONDS(50)
#define NOBODY UINT32_MAX

struct pass_operation {
	const char *name;
	bool timed;
	void (*run)(uint32_t self);
};

struct pass_config {
	const char *name;
	bool killed;  /* processes may be killed */
	bool orphans; /* a killed process has a child that keeps its life byte */
};

struct pass_case {
	const struct pass_config *config;
	const struct pass_operation *operations[PROCESSES_MAX];
	uint32_t count;
};

struct pass_world {
	const struct pass_case *self;
	struct weir__pass_page page;
	struct weir__turnstile handles[PROCESSES_MAX];
	wp_u32 here;
	uint32_t life[PROCESSES_MAX];   /* who holds the byte in the owner's place; NOBODY */
	uint32_t inside[PROCESSES_MAX]; /* ghost */
	uint64_t word;                  /* ghost: as it was before the last step */
	uint64_t used;                  /* plain on purpose, in cases without kills */
};

static struct pass_world *pass_world(void)
{
	return (struct pass_world *)xp_kept();
}

/* ---- the bytes of the file ---- */

XP_GHOST enum weir__pass_life weir__pass_take_life(const struct weir__turnstile *turnstile,
                                                   uint32_t slot)
{
	struct pass_world *world = pass_world();

	xp_step("take life byte");
	if (slot == turnstile->slot || slot >= PROCESSES_MAX)
		return WEIR__PASS_ALIVE;
	if (world->life[slot] != NOBODY && !xp_killed(world->life[slot]))
		return WEIR__PASS_ALIVE;
	if (!xp_killed(slot) || world->self->config->orphans)
		return WEIR__PASS_ALIVE;
	world->life[slot] = turnstile->slot;
	return WEIR__PASS_DEAD;
}

XP_GHOST void weir__pass_give_life(const struct weir__turnstile *turnstile, uint32_t slot)
{
	struct pass_world *world = pass_world();

	xp_step("give life byte");
	XP_ASSERT(world->life[slot] == turnstile->slot);
	world->life[slot] = NOBODY;
}

void weir__pass_mark_process(const struct weir__turnstile *turnstile)
{
	(void)turnstile;
}

bool weir__pass_process_lives(const struct weir__turnstile *turnstile, uint32_t slot)
{
	(void)turnstile;
	xp_step("process byte");
	return !xp_killed(slot);
}

/* ---- operations ---- */

/* Alone, but for processes that were killed inside. */
XP_GHOST static void set_inside(struct pass_world *world, uint32_t self, uint32_t inside)
{
	for (uint32_t i = 0; i < world->self->count; i++)
		XP_ASSERT(i == self || world->inside[i] == 0 || xp_killed(i));
	world->inside[self] = inside;
}

static void pass(uint32_t self)
{
	struct pass_world *world = pass_world();

	set_inside(world, self, 1);
	/* Whoever was killed here has not passed anything on in order. */
	if (!world->self->config->killed)
		world->used++;
	xp_step("inside");
	set_inside(world, self, 0);
	weir__turnstile_leave(&world->handles[self]);
}

static void enter_for(uint32_t self, int64_t timeout_ns)
{
	struct pass_world *world = pass_world();
	const int64_t deadline_ns = timeout_ns == INT64_MAX ? INT64_MAX : wp_now() + timeout_ns;
	const enum weir__pass passed = weir__turnstile_enter(&world->handles[self], deadline_ns);

	XP_ASSERT(passed != WEIR__PASS_BROKEN);
	XP_ASSERT(passed == WEIR__PASS_ENTERED || timeout_ns != INT64_MAX);
	if (passed == WEIR__PASS_ENTERED)
		pass(self);
	else
		XP_ASSERT(wp_now() >= deadline_ns);
}

static void run_enter(uint32_t self)
{
	enter_for(self, INT64_MAX);
}

static void run_timeout(uint32_t self)
{
	enter_for(self, SHORT_NS);
}

static void run_twice(uint32_t self)
{
	enter_for(self, INT64_MAX);
	enter_for(self, INT64_MAX);
}

static const struct pass_operation operations[] = {
	{"enter", false, run_enter},
	{"timeout", true, run_timeout},
	{"twice", false, run_twice},
};

static const struct pass_config configs[] = {
	{"living", false, false},
	{"killed", true, false},
	{"orphans", true, true},
};

/* ---- what is asserted ---- */

static uint32_t owner_of(uint64_t word)
{
	return (uint32_t)(word >> WEIR__PASS_OWNER_SHIFT & 0xff) - 1;
}

XP_GHOST static void invariant(const struct xp_case *self)
{
	struct pass_world *world = pass_world();
	const uint64_t word = xp_peek(&world->page.word, sizeof word);
	const uint32_t owner = owner_of(word);
	const uint64_t stayed = word & world->word & WEIR__PASS_WAITS;

	(void)self;
	/* P1 */
	XP_ASSERT(owner != NOBODY || (word & WEIR__PASS_WAITS) == 0);
	if (owner != NOBODY && owner != owner_of(world->word)) {
		const uint64_t mine = xp_peek(&world->page.slots[owner].ticket, sizeof mine);

		XP_ASSERT((word >> owner & 1) == 0);
		/* In the order of tickets, over those that stood in line already. */
		for (uint32_t i = 0; i < world->self->count; i++) {
			if ((stayed >> i & 1) != 0)
				XP_ASSERT(xp_peek(&world->page.slots[i].ticket, sizeof mine) > mine ||
				          (world->word >> owner & 1) == 0);
		}
	}
	world->word = word;
}

XP_GHOST static void finish(const struct xp_case *self)
{
	struct pass_world *world = pass_world();
	const uint64_t word = xp_peek(&world->page.word, sizeof word);
	const uint32_t owner = owner_of(word);
	bool timed = false;

	invariant(self);
	/* What is left belongs to the dead: nobody has looked since. */
	XP_ASSERT(owner == NOBODY || xp_killed(owner));
	for (uint32_t i = 0; i < world->self->count; i++) {
		XP_ASSERT((word >> i & 1) == 0 || xp_killed(i));
		timed = timed || world->self->operations[i]->timed;
	}
	/* Whoever is called wakes by the call, and not by its look at the owner. */
	XP_ASSERT(timed || xp_events_used() > 0 || xp_forced() == 0);
}

/* ---- set up ---- */

static void set_up(const struct xp_case *self)
{
	struct pass_world *world = (struct pass_world *)wp_alloc(64, sizeof *world);

	xp_keep(world);
	world->self = (const struct pass_case *)self->argument;
	wp_store_rlx_32(&world->here, 1);
	/* Counters begin just below their wrap, so that every case has it. Tickets have 64
	 * bits and cannot come to theirs: they begin where 32 bits would end. */
	wp_store_rlx_64(&world->page.word, UINT64_C(0xfe) << WEIR__PASS_TURN_SHIFT);
	wp_store_rlx_64(&world->page.tickets, UINT32_MAX - 1);
	world->word = UINT64_C(0xfe) << WEIR__PASS_TURN_SHIFT;
	for (uint32_t i = 0; i < PROCESSES_MAX; i++) {
		struct weir__turnstile *handle = &world->handles[i];

		handle->page = &world->page;
		handle->here = &world->here;
		handle->look_ns = WEIR__PASS_LOOK_NS;
		handle->stall_ns = 3 * WEIR__PASS_LOOK_NS; /* as two seconds, in fewer looks */
		handle->slot = i;
		handle->fd = -1;
		handle->seen_turn = UINT64_MAX;
		world->life[i] = NOBODY;
		wp_store_rlx_32(&world->page.slots[i].call, UINT32_MAX - 1);
		xp_name(&world->page.slots[i], sizeof world->page.slots[i], "slot", i);
	}
	xp_name(&world->page.word, sizeof world->page.word, "word", 0);
	xp_name(&world->page.tickets, sizeof world->page.tickets, "tickets", 0);
}

static void run_operation(const struct xp_case *self, uint32_t number)
{
	const struct pass_case *what = (const struct pass_case *)self->argument;

	what->operations[number]->run(number);
}

#define CASES_MAX 256

/* Memory of the cases, which live as long as the program. */
static struct pass_case made[CASES_MAX];
static uint32_t made_count;

static void make(const struct pass_case *what, struct xp_case *one)
{
	int used = snprintf(one->name, sizeof one->name, "turnstile/%s/", what->config->name);

	for (uint32_t i = 0; i < what->count; i++)
		used += snprintf(one->name + used, sizeof one->name - (size_t)used, "%s%s",
		                 i == 0 ? "" : "+", what->operations[i]->name);
	made[made_count] = *what;
	one->argument = &made[made_count++];
	one->threads = what->count;
	one->processes = what->config->killed ? what->count : 0;
	one->setup = set_up;
	one->thread = run_operation;
	one->invariant = invariant;
	one->finish = finish;
}

static uint32_t combine(struct pass_case *what, uint32_t from, uint32_t threads,
                        struct xp_case *cases, uint32_t max)
{
	uint32_t count = 0;

	if (what->count == threads) {
		xp_check_room(made_count < CASES_MAX && max > 0);
		make(what, &cases[0]);
		return 1;
	}
	for (uint32_t i = from; i < sizeof operations / sizeof operations[0]; i++) {
		what->operations[what->count++] = &operations[i];
		count += combine(what, i, threads, cases + count, max - count);
		what->count--;
	}
	return count;
}

uint32_t turnstile_cases(uint32_t threads, struct xp_case *cases, uint32_t max)
{
	uint32_t count = 0;

	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		struct pass_case what = {.config = &configs[i]};

		count += combine(&what, 0, threads, cases + count, max - count);
	}
	return count;
}
