/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Words and plain data of the machine: their histories, which Relacy judges by.
 *
 * A word's values are kept here, the order of its stores and who has seen which by
 * Relacy. That is what rl::atomic does; it is not used, because core's words come and
 * go with their memory and are zero at first, and because its CAS never fails on an
 * old value.
 */
#include "relacy_inside.h"

#define WORDS 2048 /* a power of two; far more than a case touches */

struct word {
	const void *address;
	rl::atomic_data *data; /* NULL: plain data */
	rl::var_data *plain;   /* NULL: a word */
	block *in;
	uint64_t values[rl::atomic_history_size];
	uint64_t newest;
};

/* The load a thread made last, if it spins on it (wp_spin_hint). */
struct spin {
	const void *word;
	uint64_t value;
	int left;
};

static word table[WORDS];
static word *used[WORDS];
static int used_count;
static spin spins[MACHINE_THREADS];
static void (*mark_unseen)(void *data);

/* More than the longest spin of core. */
#define SPIN_STEPS 64

void words_begin(void (*unseen)(void *data))
{
	/* A failed execution leaves its words behind; what Relacy had of them is gone. */
	for (int i = 0; i < used_count; i++)
		used[i]->address = NULL;
	used_count = 0;
	memset(spins, 0, sizeof spins);
	mark_unseen = unseen;
}

void words_end(void)
{
	for (int i = 0; i < used_count; i++) {
		if (used[i]->data != NULL)
			rl::ctx().atomic_dtor(used[i]->data);
		if (used[i]->plain != NULL)
			rl::ctx().var_dtor(used[i]->plain);
		used[i]->address = NULL;
	}
	used_count = 0;
}

static word *find(const void *address)
{
	size_t at = ((uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15)) >> 53;

	while (table[at].address != NULL && table[at].address != address)
		at = (at + 1) % WORDS;
	return &table[at];
}

static word *claim(word *it, const void *address)
{
	if (used_count == WORDS / 2)
		machine_fail("the case touches more words than the machine has room for");
	used[used_count++] = it;
	it->address = address;
	it->data = NULL;
	it->plain = NULL;
	it->in = block_of(address);
	return it;
}

/* What core's own struct holds, before the word is first touched. */
static uint64_t value_of(const void *address, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, address, bytes); /* little-endian, as all machines that Relacy runs on */
	return value;
}

static word *word_at(const void *address, size_t bytes, const rl::debug_info &info)
{
	word *it = find(address);

	if (it->address == NULL) {
		(void)claim(it, address);
		it->data = rl::ctx().atomic_ctor(it);
		/* Visible to all threads, as zeroed memory is to whoever gets it. */
		it->newest = value_of(address, bytes);
		it->values[rl::ctx().threadx_->atomic_init(it->data)] = it->newest;
		mark_unseen(it->data);
	}
	if (it->in != NULL)
		block_touch(it->in, info);
	return it;
}

/* The thread does something else than spin. */
static spin *end_spin(void)
{
	spin *mine = &spins[machine_thread()];

	mine->word = NULL;
	mine->left = 0;
	return mine;
}

uint64_t wp_word_load(const void *address, size_t bytes, wp_order order, const wp_place &place)
{
	spin *mine = &spins[machine_thread()];

	if (mine->left > 0 && mine->word == address) {
		mine->left--;
		return mine->value;
	}

	const rl::debug_info info = info_of(place);
	rl::context &c = rl::ctx();

	c.sched();
	word *it = word_at(address, bytes, info);
	const unsigned index = order == WP_RLX ? c.threadx_->atomic_load_relaxed(it->data)
	                                       : c.threadx_->atomic_load_acquire(it->data);
	const uint64_t value = it->values[index];

	note(info, value == it->newest ? "load" : "load [NOT CURRENT]", address, value);
	mine->word = address;
	mine->value = value;
	mine->left = 0;
	return value;
}

void wp_word_store(const void *address, size_t bytes, uint64_t value, wp_order order,
                   const wp_place &place)
{
	const rl::debug_info info = info_of(place);
	rl::context &c = rl::ctx();

	c.sched();
	(void)end_spin();
	word *it = word_at(address, bytes, info);
	const unsigned index = order == WP_RLX ? c.threadx_->atomic_store_relaxed(it->data)
	                                       : c.threadx_->atomic_store_release(it->data);

	it->values[index] = value;
	it->newest = value;
	note(info, order == WP_RLX ? "store rlx" : "store rel", address, value);
}

/* One step of a read-modify-write. */
static void change(word *it, uint64_t value, wp_order order)
{
	rl::context &c = rl::ctx();
	bool unused;
	unsigned index = 0;

	switch (order) {
	case WP_RLX:
		index = c.threadx_->atomic_rmw_relaxed(it->data, unused);
		break;
	case WP_ACQ:
		index = c.threadx_->atomic_rmw_acquire(it->data, unused);
		break;
	case WP_REL:
	case WP_ACQREL:
		index = c.threadx_->atomic_rmw_acq_rel(it->data, unused);
		break;
	case WP_FULL:
		c.disable_preemption();
		c.atomic_thread_fence_seq_cst();
		index = c.threadx_->atomic_rmw_seq_cst(it->data, unused);
		c.atomic_thread_fence_seq_cst();
		c.enable_preemption();
		break;
	}
	it->values[index] = value;
	it->newest = value;
}

bool wp_word_cas(const void *address, size_t bytes, uint64_t expected, uint64_t desired,
                 wp_order order, const wp_place &place)
{
	const rl::debug_info info = info_of(place);
	rl::context &c = rl::ctx();

	c.sched();
	(void)end_spin();
	word *it = word_at(address, bytes, info);
	const uint64_t seen = it->values[c.threadx_->atomic_load_relaxed(it->data)];

	if (seen != expected) {
		note(info, seen == it->newest ? "CAS fails" : "CAS fails [NOT CURRENT]", address, seen);
		return false;
	}
	if (it->newest != expected) {
		(void)c.threadx_->atomic_load_relaxed_rmw(it->data);
		note(info, "CAS fails", address, it->newest);
		return false;
	}
	change(it, desired, order);
	note(info, "CAS succeeds", address, desired);
	return true;
}

uint64_t wp_word_change(const void *address, size_t bytes, wp_change kind, uint64_t operand,
                        wp_order order, const wp_place &place)
{
	const rl::debug_info info = info_of(place);

	rl::ctx().sched();
	(void)end_spin();
	word *it = word_at(address, bytes, info);
	const uint64_t old = it->newest;

	change(it, kind == WP_XCHG ? operand : (old + operand) & (UINT64_MAX >> (64 - 8 * bytes)),
	       order);
	note(info, kind == WP_ADD ? "add" : "xchg", address, it->newest);
	return old;
}

void wp_fence(const wp_place &place)
{
	(void)end_spin();
	rl::ctx().atomic_thread_fence_seq_cst();
	note(info_of(place), "fence seq_cst", NULL, 0);
}

void wp_spin(const wp_place &)
{
	spin *mine = &spins[machine_thread()];

	if (mine->word != NULL && mine->left == 0)
		mine->left = SPIN_STEPS;
}

uint64_t word_newest(const wp_u32 *word, const rl::debug_info &info)
{
	return word_at(word, sizeof word->word, info)->newest;
}

uint64_t machine_peek(const void *address)
{
	const word *it = find(address);

	MACHINE_CHECK(it->address != NULL);
	return it->newest;
}

void word_see_newest(const wp_u32 *word, const rl::debug_info &info)
{
	(void)end_spin();
	(void)rl::ctx().threadx_->atomic_load_relaxed_rmw(word_at(word, sizeof word->word, info)->data);
}

static word *plain_at(const void *address, const rl::debug_info &info)
{
	word *it = find(address);

	if (it->address == NULL)
		claim(it, address)->plain = rl::ctx().var_ctor();
	if (it->in != NULL)
		block_touch(it->in, info);
	return it;
}

void plain_touch(const void *address, bool writes, const rl::debug_info &info)
{
	rl::thread_info_base &me = *rl::ctx().threadx_;
	rl::var_data *plain = plain_at(address, info)->plain;

	note(info, writes ? "plain write" : "plain read", address, 0);
	MACHINE_CHECK(plain != NULL);
	if (!(writes ? plain->store(me) : plain->load(me)))
		rl::ctx().fail_test("plain data", rl::test_result_data_race, info);
}

void machine_read(const void *plain, const wp_place &place)
{
	plain_touch(plain, false, info_of(place));
}

void machine_write(const void *plain, const wp_place &place)
{
	plain_touch(plain, true, info_of(place));
}
