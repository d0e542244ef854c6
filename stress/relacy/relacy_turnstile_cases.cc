/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pairs and triples of what processes do at a turnstile. Each thread stands for a
 * process with a handle of its own; who has passed writes plain data.
 */
#include <string.h>

#include "relacy_case.h"
#include "relacy_stand_ins.h"
#include "turnstile_file.h"

enum turnstile_operation {
	ENTER, /* wait for ever */
	ENTER_TWICE,
	TIMED,
	DIE,          /* pass, and be gone without leaving */
	LEAVE_TO_TWO, /* have passed from the start, and leave when two stand in line */
};

static struct {
	weir__pass_page *page;
	weir__turnstile handles[MACHINE_THREADS];
	wp_u32 here;
	int resource;
	int owners;
	int expected; /* who must enter first, of two in line; < 0: no matter */
} world;

static void make(const relacy_case *it)
{
	memset((void *)&world, 0, sizeof world);
	stand_in_dead = 0;
	world.page = (weir__pass_page *)wp_alloc(4096, sizeof *world.page);
	wp_store_rlx_64(&world.page->tickets, 1000);
	wp_store_rlx_64(&world.page->word, 0);
	wp_store_rlx_32(&world.here, 1);
	world.expected = -1;
	for (uint32_t i = 0; i < (uint32_t)it->threads; i++) {
		weir__turnstile *handle = &world.handles[i];

		handle->page = world.page;
		handle->here = &world.here;
		handle->look_ns = WEIR__PASS_LOOK_NS;
		handle->stall_ns = WEIR__PASS_STALL_NS;
		handle->slot = i;
		wp_store_rlx_64(&world.page->slots[i].ticket, 0);
		if (it->operation[i] == LEAVE_TO_TWO)
			MACHINE_CHECK(weir__turnstile_enter(handle, INT64_MAX) == WEIR__PASS_ENTERED);
	}
}

static void pass(weir__turnstile *handle, int64_t deadline_ns)
{
	const weir__pass passed = weir__turnstile_enter(handle, deadline_ns);

	if (passed != WEIR__PASS_ENTERED) {
		MACHINE_CHECK(passed == WEIR__PASS_TIMED_OUT && deadline_ns != INT64_MAX);
		return;
	}
	MACHINE_CHECK(world.expected < 0 || world.expected == (int)handle->slot);
	world.expected = -1;
	MACHINE_CHECK(++world.owners == 1);
	machine_write(&world.resource);
	machine_pause();
	--world.owners;
	weir__turnstile_leave(handle);
}

/* What died leaves behind is ordered by the system, which drops its lock. */
static void die(weir__turnstile *handle)
{
	if (weir__turnstile_enter(handle, INT64_MAX) == WEIR__PASS_ENTERED)
		stand_in_dead |= 1u << handle->slot;
}

static void leave_to_two(weir__turnstile *handle)
{
	const uint64_t both = 6; /* slots 1 and 2 */
	uint64_t tickets[2];

	while ((machine_peek(&world.page->word) & both) != both) /* ends: both come to wait */
		wp_yield();
	for (int i = 0; i < 2; i++)
		tickets[i] = machine_peek(&world.page->slots[i + 1].ticket);
	world.expected = tickets[0] < tickets[1] ? 1 : 2;
	weir__turnstile_leave(handle);
}

static void run(const relacy_case *it, int index)
{
	weir__turnstile *handle = &world.handles[index];

	switch ((enum turnstile_operation)it->operation[index]) {
	case ENTER_TWICE:
		pass(handle, INT64_MAX);
		pass(handle, INT64_MAX);
		break;
	case ENTER:
		pass(handle, INT64_MAX);
		break;
	case TIMED:
		pass(handle, wp_now() + 1000);
		break;
	case DIE:
		die(handle);
		break;
	case LEAVE_TO_TWO:
		leave_to_two(handle);
		break;
	}
}

static void check(const relacy_case *)
{
	const uint64_t word = machine_peek(&world.page->word);
	const uint32_t owner = (uint32_t)(word >> WEIR__PASS_OWNER_SHIFT) & 0xff;

	MACHINE_CHECK((word & WEIR__PASS_WAITS) == 0);
	MACHINE_CHECK(owner == 0 || (stand_in_dead >> (owner - 1) & 1) != 0);
	wp_free(world.page);
}

static const case_family family = {make, run, check};

static const relacy_case cases[] = {
	{"turnstile/enter+enter", &family, 2, {ENTER, ENTER, 0}, 0, false},
	{"turnstile/enter-twice", &family, 2, {ENTER_TWICE, ENTER, 0}, 0, false},
	{"turnstile/enter+timed", &family, 2, {ENTER, TIMED, 0}, 0, false},
	{"turnstile/enter+die", &family, 2, {ENTER, DIE, 0}, 0, false},
	{"turnstile/three", &family, 3, {ENTER, ENTER, ENTER}, 0, false},
	{"turnstile/enter+timed+die", &family, 3, {ENTER, TIMED, DIE}, 0, false},
	{"turnstile/order", &family, 3, {LEAVE_TO_TWO, ENTER, ENTER}, 0, false},
};

const struct case_list turnstile_case_list = {cases, sizeof cases / sizeof cases[0]};
