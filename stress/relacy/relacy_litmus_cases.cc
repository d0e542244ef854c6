/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is the machine able to see anything? Small programs that are known to be wrong, each
 * in one way, which must be refuted; and their right twins, which must hold.
 */
#include <string.h>

#include "relacy_case.h"

enum litmus_operation {
	WRITE_RLX, /* data, then the flag */
	WRITE_REL,
	READ,            /* the flag, then the data */
	STORE_THEN_LOOK, /* a store of one's own, then a load of the other's */
	STORE_FENCE_LOOK,
	STORE_CAS_LOOK, /* looks by a CAS that fails */
	SLEEP,          /* until the flag is 1 */
	SET_ONLY,       /* the flag, and no wake */
	SET_WAKE,
	SLEEP_AND_READ, /* the data, after a wake that orders nothing */
	WRITE_WAKE,     /* the data, then a flag without order, then the wake */
	USE_MEMORY,
	FREE_MEMORY,
};

static struct {
	wp_u32 words[2];
	int data;
	int saw[2];
	wp_u32 *memory;
} world;

static void make(const relacy_case *)
{
	memset((void *)&world, 0, sizeof world);
	world.memory = (wp_u32 *)wp_alloc(64, sizeof *world.memory);
}

static void write_data(bool ordered)
{
	machine_write(&world.data);
	if (ordered)
		wp_store_rel_32(&world.words[0], 1);
	else
		wp_store_rlx_32(&world.words[0], 1);
}

static void read_data(void)
{
	if (wp_load_acq_32(&world.words[0]) == 1)
		machine_read(&world.data);
}

static void sleep_until_set(void)
{
	while (wp_load_rlx_32(&world.words[0]) == 0) /* ends: the other sets it */
		(void)wp_futex_wait(&world.words[0], 0, INT64_MAX);
}

/* 1 if the other's store was seen. */
static int look_at_other(int operation, int index)
{
	wp_store_rlx_32(&world.words[index], 1);
	if (operation == STORE_FENCE_LOOK)
		wp_fence_full();
	if (operation == STORE_CAS_LOOK)
		return wp_cas_acqrel_32(&world.words[1 - index], 1, 1);
	return (int)wp_load_rlx_32(&world.words[1 - index]);
}

static void run(const relacy_case *it, int index)
{
	const int operation = it->operation[index];

	switch ((enum litmus_operation)operation) {
	case WRITE_RLX:
	case WRITE_REL:
		write_data(operation == WRITE_REL);
		break;
	case READ:
		read_data();
		break;
	case STORE_THEN_LOOK:
	case STORE_FENCE_LOOK:
	case STORE_CAS_LOOK:
		world.saw[index] = look_at_other(operation, index);
		break;
	case SLEEP:
		sleep_until_set();
		break;
	case SLEEP_AND_READ:
		sleep_until_set();
		machine_read(&world.data);
		break;
	case SET_ONLY:
		wp_store_rlx_32(&world.words[0], 1);
		break;
	case SET_WAKE:
		wp_store_rlx_32(&world.words[0], 1);
		wp_futex_wake(&world.words[0], 1);
		break;
	case WRITE_WAKE:
		write_data(false);
		wp_futex_wake(&world.words[0], 1);
		break;
	case USE_MEMORY:
		wp_store_rlx_32(world.memory, 1);
		break;
	case FREE_MEMORY:
		wp_free(world.memory);
		break;
	}
}

static void check(const relacy_case *it)
{
	const int operation = it->operation[0];

	if (operation == STORE_THEN_LOOK || operation == STORE_FENCE_LOOK ||
	    operation == STORE_CAS_LOOK)
		MACHINE_CHECK(world.saw[0] != 0 || world.saw[1] != 0);
}

static const case_family family = {make, run, check};

static const relacy_case cases[] = {
	{"litmus/message-rlx", &family, 2, {WRITE_RLX, READ, 0}, 0, true},
	{"litmus/message-rel", &family, 2, {WRITE_REL, READ, 0}, 0, false},
	{"litmus/look", &family, 2, {STORE_THEN_LOOK, STORE_THEN_LOOK, 0}, 0, true},
	{"litmus/look-by-cas", &family, 2, {STORE_CAS_LOOK, STORE_CAS_LOOK, 0}, 0, true},
	{"litmus/look-fenced", &family, 2, {STORE_FENCE_LOOK, STORE_FENCE_LOOK, 0}, 0, false},
	{"litmus/lost-wake", &family, 2, {SLEEP, SET_ONLY, 0}, 0, true},
	{"litmus/wake", &family, 2, {SLEEP, SET_WAKE, 0}, 0, false},
	{"litmus/wake-is-no-order", &family, 2, {SLEEP_AND_READ, WRITE_WAKE, 0}, 0, true},
	{"litmus/freed-memory", &family, 2, {USE_MEMORY, FREE_MEMORY, 0}, 0, true},
};

const struct case_list litmus_case_list = {cases, sizeof cases / sizeof cases[0]};
