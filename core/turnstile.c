/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The turnstile between processes. The protocol is in turnstile.h.
 */
#include "turnstile_file.h"

#define NOBODY UINT32_MAX

static uint64_t bit_of(uint32_t slot)
{
	return UINT64_C(1) << slot;
}

/* OWNER and TURN: what distinguishes one ownership from the next. */
static uint64_t turn_of(uint64_t word)
{
	return word >> WEIR__PASS_OWNER_SHIFT;
}

static uint32_t owner_of(uint64_t word)
{
	return (uint32_t)(turn_of(word) & 0xff) - 1; /* NOBODY if OWNER is 0 */
}

static bool is_free(uint64_t word)
{
	return (word & ~(UINT64_MAX << WEIR__PASS_TURN_SHIFT)) == 0;
}

/* The word after slot, or NOBODY, has become the owner. */
static uint64_t owned_by(uint64_t word, uint32_t slot)
{
	const uint64_t turn = (word >> WEIR__PASS_TURN_SHIFT) + 1;
	const uint64_t waits = word & WEIR__PASS_WAITS & (slot == NOBODY ? UINT64_MAX : ~bit_of(slot));

	return turn << WEIR__PASS_TURN_SHIFT | (uint64_t)(slot + 1) << WEIR__PASS_OWNER_SHIFT | waits;
}

/* The waiter with the lowest ticket, or NOBODY. */
static uint32_t first_of(const struct weir__pass_page *page, uint64_t word)
{
	uint64_t first_ticket = UINT64_MAX;
	uint32_t first = NOBODY;

	for (uint32_t slot = 0; slot < WEIR__PASS_SLOTS; slot++) {
		if ((word & bit_of(slot)) == 0)
			continue;
		const uint64_t ticket = wp_load_rlx_64(&page->slots[slot].ticket);

		if (first == NOBODY || ticket < first_ticket) {
			first_ticket = ticket;
			first = slot;
		}
	}
	return first;
}

static void call(struct weir__pass_page *page, uint32_t slot)
{
	(void)wp_add_full_32(&page->slots[slot].call, 1); /* C1 */
	wp_futex_wake_shared(&page->slots[slot].call, 1);
}

/* D2: give what word's owner has to slot, or to nobody; false if word is old. */
static bool pass_on(struct weir__pass_page *page, uint64_t word, uint32_t slot)
{
	if (!wp_cas_acqrel_64(&page->word, word, owned_by(word, slot)))
		return false;
	if (slot != NOBODY)
		call(page, slot);
	return true;
}

/* Take a slot out of the line; false if it owns by now. */
static bool withdraw(struct weir__pass_page *page, uint32_t slot)
{
	for (;;) { /* ends: a CAS fails only if another process has moved */
		const uint64_t word = wp_load_acq_64(&page->word); /* A3 */

		if (owner_of(word) == slot)
			return false;
		if ((word & bit_of(slot)) == 0)
			return true;
		if (wp_cas_acqrel_64(&page->word, word, word & ~bit_of(slot))) /* A4 */
			return true;
	}
}

/* If the process of a waiting slot is gone, take the slot out of the line. */
static bool bury(const struct weir__turnstile *turnstile, uint32_t slot)
{
	if (slot == turnstile->slot || weir__pass_take_life(turnstile, slot) != WEIR__PASS_DEAD)
		return false;
	(void)withdraw(turnstile->page, slot);
	weir__pass_give_life(turnstile, slot);
	return true;
}

/* End one ownership on behalf of its owner: the first in line that lives is heir. */
static void make_heir(const struct weir__turnstile *turnstile, uint64_t turn)
{
	struct weir__pass_page *page = turnstile->page;

	for (;;) { /* ends: each round buries one, or finds that another process has moved */
		const uint64_t word = wp_load_acq_64(&page->word); /* D1 */

		if (turn_of(word) != turn)
			return;
		const uint32_t heir = first_of(page, word);

		if (heir != NOBODY && bury(turnstile, heir))
			continue;
		if (pass_on(page, word, heir))
			return;
	}
}

void weir__pass_clear(const struct weir__turnstile *turnstile, uint32_t slot)
{
	struct weir__pass_page *page = turnstile->page;

	while (!withdraw(page, slot)) { /* ends: the slot cannot stand in line again */
		const uint64_t word = wp_load_acq_64(&page->word); /* D1 */

		if (owner_of(word) == slot)
			make_heir(turnstile, turn_of(word));
	}
}

/* Look whether the owner of word lives, and pass it if it does not. False if the
 * system does not say. */
static bool look(const struct weir__turnstile *turnstile, uint64_t word, bool stalled)
{
	const uint32_t owner = owner_of(word);

	switch (weir__pass_take_life(turnstile, owner)) {
	case WEIR__PASS_DEAD:
		/* It may have died long after word was read, out of the turnstile. */
		weir__pass_clear(turnstile, owner);
		weir__pass_give_life(turnstile, owner);
		return true;
	case WEIR__PASS_ALIVE:
		if (stalled && !weir__pass_process_lives(turnstile, owner))
			make_heir(turnstile, turn_of(word)); /* P3 */
		return true;
	case WEIR__PASS_UNKNOWN:
		break;
	}
	return false;
}

/* Remember since when nothing has changed, and look at the owner. */
static bool watch_owner(struct weir__turnstile *turnstile, uint64_t word, int64_t now_ns)
{
	if (turn_of(word) != turnstile->seen_turn) {
		turnstile->seen_turn = turn_of(word);
		turnstile->seen_ns = now_ns;
	}
	return look(turnstile, word, now_ns - turnstile->seen_ns >= turnstile->stall_ns);
}

/* One try to own (A1) or to stand in line (A2); true if it owns. */
static bool advance(struct weir__pass_page *page, uint64_t word, uint32_t slot)
{
	if (owner_of(word) == slot)
		return true;
	if (owner_of(word) == NOBODY)
		return wp_cas_acq_64(&page->word, word, owned_by(word, slot)); /* A1 */
	if ((word & bit_of(slot)) == 0)
		(void)wp_cas_acqrel_64(&page->word, word, word | bit_of(slot)); /* A2, P5 */
	return false;
}

static enum weir__pass give_up(struct weir__pass_page *page, uint32_t slot, enum weir__pass why)
{
	return withdraw(page, slot) ? why : WEIR__PASS_ENTERED;
}

static enum weir__pass wait_in_line(struct weir__turnstile *turnstile, int64_t deadline_ns)
{
	struct weir__pass_page *page = turnstile->page;
	struct weir__pass_slot *mine = &page->slots[turnstile->slot];
	int64_t look_ns = wp_now() + turnstile->look_ns;
	bool looked = false; /* once at least, or short deadlines would never pass the dead */

	wp_store_rlx_64(&mine->ticket, wp_add_rlx_64(&page->tickets, 1));
	weir__pass_mark_process(turnstile);
	for (;;) { /* ends: by a grant, the deadline, or an owner that is no slot */
		const uint32_t calls = wp_load_acq_32(&mine->call); /* C2 */
		const uint64_t word = wp_load_acq_64(&page->word);  /* A3 */
		const int64_t now_ns = wp_now();

		if (advance(page, word, turnstile->slot))
			return WEIR__PASS_ENTERED;
		if (now_ns >= deadline_ns && looked)
			return give_up(page, turnstile->slot, WEIR__PASS_TIMED_OUT);
		if ((word & bit_of(turnstile->slot)) == 0)
			continue; /* not in line yet, or the word was old */
		if (owner_of(word) >= WEIR__PASS_SLOTS)
			return give_up(page, turnstile->slot, WEIR__PASS_BROKEN);
		if (now_ns >= look_ns || now_ns >= deadline_ns) {
			if (!watch_owner(turnstile, word, now_ns))
				return give_up(page, turnstile->slot, WEIR__PASS_BROKEN);
			look_ns = now_ns + turnstile->look_ns;
			looked = true;
			continue; /* what it did is in word */
		}
		(void)wp_futex_wait_shared(&mine->call, calls,
		                           deadline_ns < look_ns ? deadline_ns : look_ns);
	}
}

enum weir__pass weir__turnstile_enter(struct weir__turnstile *turnstile, int64_t deadline_ns)
{
	if (wp_load_rlx_32(turnstile->here) == 0)
		return WEIR__PASS_BROKEN;
	struct weir__pass_page *page = turnstile->page;
	const uint64_t word = wp_load_rlx_64(&page->word);

	if (is_free(word) && wp_cas_acq_64(&page->word, word, owned_by(word, turnstile->slot))) /* A1 */
		return WEIR__PASS_ENTERED;
	return wait_in_line(turnstile, deadline_ns);
}

void weir__turnstile_leave(struct weir__turnstile *turnstile)
{
	if (wp_load_rlx_32(turnstile->here) == 0)
		return;
	struct weir__pass_page *page = turnstile->page;

	for (;;) { /* ends: a CAS fails only if another process has moved */
		const uint64_t word = wp_load_acq_64(&page->word); /* D1 */

		/* It has been passed by, if it is not the owner. */
		if (owner_of(word) != turnstile->slot || pass_on(page, word, first_of(page, word)))
			return;
	}
}
