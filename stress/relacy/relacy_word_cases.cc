/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The small parts alone: lock, slot, ring, and a lease that is asked to stop. Plain
 * data stands for what a word's order protects.
 */
#include <string.h>

#include "lock.h"
#include "pool_internal.h"
#include "relacy_case.h"

static struct {
	struct weir__lock lock;
	struct weir__ring ring;
	int guarded;
	int conns[20];
	int leases;
	uint64_t words[MACHINE_THREADS];
} world;

static void clear(const relacy_case *)
{
	memset((void *)&world, 0, sizeof world);
}

/* ---- lock: operation is how often it is taken ---- */

static void take_lock(const relacy_case *it, int index)
{
	for (int round = 0; round < it->operation[index]; round++) {
		weir__lock(&world.lock);
		machine_write(&world.guarded);
		world.guarded++;
		weir__unlock(&world.lock);
	}
}

static void count_lock(const relacy_case *it)
{
	int sum = 0;

	for (int i = 0; i < it->threads; i++)
		sum += it->operation[i];
	MACHINE_CHECK(world.guarded == sum);
	MACHINE_CHECK(wp_load_rlx_32(&world.lock.word) == 0);
}

/* ---- ring and slots ---- */

enum ring_operation {
	SEARCH_AND_RETURN, /* by the hints; R1 */
	SCAN_AND_PUBLISH,  /* every word; R2 */
	RETIRE_AND_REOPEN, /* R3, O1 */
};

/* flags: the number of slots. */
static void make_ring(const relacy_case *it)
{
	clear(it);
	MACHINE_CHECK(weir__ring_init(&world.ring, it->flags));
	for (uint32_t i = 0; i < it->flags; i++) {
		machine_write(&world.conns[i]);
		world.ring.slots[i].conn = &world.conns[i];
		wp_store_rlx_64(&world.ring.slots[i].word, weir__word_make(WEIR__IDLE, UINT32_MAX));
		weir__ring_note(&world.ring, i);
	}
}

static void own(weir__slot *slot)
{
	machine_write(slot->conn);
	MACHINE_CHECK(++*(int *)slot->conn == 1);
	machine_pause();
	--*(int *)slot->conn;
}

static void retire_and_reopen(void)
{
	uint32_t index = weir__ring_scan(&world.ring, 0, WEIR__IDLE, WEIR__CHECKING);

	if (index != WEIR__RING_NONE) {
		weir__slot *slot = &world.ring.slots[index];

		own(slot);
		(void)weir__slot_move(slot, WEIR__CLOSING);
		machine_write(&slot->conn);
		(void)weir__slot_move(slot, WEIR__EMPTY); /* R3 */
	}
	index = weir__ring_scan(&world.ring, 0, WEIR__EMPTY, WEIR__OPENING); /* O1 */
	if (index != WEIR__RING_NONE) {
		weir__slot *slot = &world.ring.slots[index];

		machine_write(&slot->conn);
		own(slot);
		(void)weir__slot_move(slot, WEIR__IDLE); /* R1 */
		weir__ring_note(&world.ring, index);
	}
}

static void use_ring(const relacy_case *it, int index)
{
	const bool search = it->operation[index] == SEARCH_AND_RETURN;
	uint32_t found;

	if (it->operation[index] == RETIRE_AND_REOPEN) {
		retire_and_reopen();
		return;
	}
	found = search ? weir__ring_search(&world.ring, (uint32_t)index)
	               : weir__ring_scan(&world.ring, 0, WEIR__IDLE, WEIR__LEASED);
	if (found == WEIR__RING_NONE)
		return;
	weir__slot *slot = &world.ring.slots[found];

	own(slot);
	weir__ring_note(&world.ring, found);
	if (search)
		(void)weir__slot_move(slot, WEIR__IDLE); /* R1 */
	else
		(void)weir__slot_publish_full(slot); /* R2 */
}

static void free_ring(const relacy_case *it)
{
	for (uint32_t i = 0; i < it->flags; i++) {
		const weir__state state = weir__word_state(wp_load_rlx_64(&world.ring.slots[i].word));

		MACHINE_CHECK(state == WEIR__IDLE || state == WEIR__EMPTY);
	}
	weir__ring_free(&world.ring);
}

static const case_family lock_family = {clear, take_lock, count_lock};
static const case_family ring_family = {make_ring, use_ring, free_ring};

static const relacy_case cases[] = {
	{"lock/two", &lock_family, 2, {1, 1, 0}, 0, false},
	{"lock/two-twice", &lock_family, 2, {2, 2, 0}, 0, false},
	{"lock/three", &lock_family, 3, {1, 1, 1}, 0, false},
	{"ring/search+search", &ring_family, 2, {SEARCH_AND_RETURN, SEARCH_AND_RETURN, 0}, 1, false},
	{"ring/search+publish", &ring_family, 2, {SEARCH_AND_RETURN, SCAN_AND_PUBLISH, 0}, 1, false},
	{"ring/search+reopen", &ring_family, 2, {SEARCH_AND_RETURN, RETIRE_AND_REOPEN, 0}, 1, false},
	{"ring/reopen+reopen", &ring_family, 2, {RETIRE_AND_REOPEN, RETIRE_AND_REOPEN, 0}, 1, false},
	{"ring/hints", &ring_family, 2, {SEARCH_AND_RETURN, SEARCH_AND_RETURN, 0}, 17, false},
	{"ring/three",
     &ring_family,
     3,
     {SEARCH_AND_RETURN, SCAN_AND_PUBLISH, RETIRE_AND_REOPEN},
     1,
     false},
};

const struct case_list word_case_list = {cases, sizeof cases / sizeof cases[0]};
