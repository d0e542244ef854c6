/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is the history of a pool one of slots that have one owner each?
 *
 * The slots are looked at one by one, which is enough: a set of objects is
 * linearizable if each of them is (Herlihy and Wing's locality), and what an
 * acquire does to other slots it undoes before it returns. On one slot:
 *
 *   R1  A lease (slot, generation) begins once and ends once, in that order.
 *   R2  The time for which a lease was held for sure, from the return of its
 *       acquire to the call of its release, overlaps that of no other.
 *   R3  Of two leases the later one has the higher generation.
 * With generations that are all different R1 to R3 are also sufficient: the order
 * of the generations is the legal one. The search (stress_history_search.c) finds
 * such an order without this argument.
 *
 *   R4  A try that found nothing, with no other operation beside it, had no slot
 *       that was idle all the while: one whose connection lay there before and
 *       was given out again after. With another operation beside it nothing is
 *       promised, because a scan is no snapshot.
 *
 * Generations wrap: no scenario runs for 2^31 leases of a slot.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "stress_history.h"

struct lease {
	uint32_t slot;
	uint32_t generation;
	const struct stress_event *begun; /* NULL: before the history began */
	const struct stress_event *ended; /* NULL: not in it */
};

struct checked {
	const struct stress_history *history;
	struct stress_verdict *verdict;
	struct lease *leases; /* by slot, then generation */
	uint32_t count;
};

static bool begins_lease(const struct stress_event *event)
{
	return event->op <= STRESS_OP_TRY && event->outcome == WEIR_OK &&
	       event->returned_ns != STRESS_PENDING;
}

/* One that did not return may have ended it, too. */
static bool ends_lease(const struct stress_event *event)
{
	return (event->op == STRESS_OP_RELEASE || event->op == STRESS_OP_DISCARD) &&
	       event->outcome == WEIR_OK;
}

static int by_lease(const void *a, const void *b)
{
	const struct stress_event *const one = *(const struct stress_event *const *)a;
	const struct stress_event *const other = *(const struct stress_event *const *)b;

	if (one->place != other->place)
		return one->place < other->place ? -1 : 1;
	if (one->what != other->what)
		return stress_is_later((uint32_t)other->what, (uint32_t)one->what) ? -1 : 1;
	return (int)ends_lease(one) - (int)ends_lease(other);
}

/* ---- R1 ---- */

static void add_event(struct checked *c, const struct stress_event *event)
{
	struct lease *lease = c->count > 0 ? &c->leases[c->count - 1] : NULL;
	const bool ends = ends_lease(event);

	if (lease == NULL || lease->slot != event->place || lease->generation != event->what) {
		lease = &c->leases[c->count++];
		*lease = (struct lease){.slot = event->place, .generation = (uint32_t)event->what};
	}
	if (ends && lease->ended != NULL)
		stress_verdict_accuse(c->verdict, "a lease was ended twice", lease->ended, event);
	else if (ends)
		lease->ended = event;
	else if (lease->begun != NULL)
		stress_verdict_accuse(c->verdict, "a lease was given twice", lease->begun, event);
	else
		lease->begun = event;
}

static void collect_leases(struct checked *c, const struct stress_event **sorted)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < c->history->count; i++) {
		const struct stress_event *const event = &c->history->events[i];

		if (begins_lease(event) || ends_lease(event))
			sorted[count++] = event;
	}
	qsort(sorted, count, sizeof(const struct stress_event *), by_lease);
	for (uint32_t i = 0; i < count; i++)
		add_event(c, sorted[i]);
}

static void check_lease(struct checked *c, const struct lease *lease)
{
	if (lease->begun == NULL && c->history->complete_from_ns == 0)
		stress_verdict_accuse(c->verdict, "a lease ended that nobody was given", lease->ended,
		                      NULL);
	else if (lease->begun != NULL && lease->ended != NULL &&
	         lease->ended->returned_ns < lease->begun->invoked_ns)
		stress_verdict_accuse(c->verdict, "a lease ended before it began", lease->ended,
		                      lease->begun);
}

/* ---- R2, R3 ---- */

static void check_neighbours(struct checked *c, const struct lease *one, const struct lease *next)
{
	const struct stress_event *const given = next->begun;

	if (given == NULL)
		return;
	if (one->begun != NULL && given->returned_ns < one->begun->invoked_ns)
		stress_verdict_accuse(c->verdict, "a generation went back", given, one->begun);
	else if (one->ended != NULL && given->returned_ns < one->ended->invoked_ns)
		stress_verdict_accuse(c->verdict, "a slot had two owners",
		                      one->begun != NULL ? one->begun : one->ended, given);
	/* An end that is missing would be here, had it come: each that returned later is. */
	else if (one->ended == NULL && one->begun->returned_ns > c->history->complete_from_ns)
		stress_verdict_accuse(c->verdict, "a slot was given again before its lease ended",
		                      one->begun, given);
}

/* ---- R4 ---- */

/* Whether a slot lay idle from before the event until after it; which lease left it,
 * which took it. */
static bool was_idle(const struct checked *c, uint32_t at, const struct stress_event *during)
{
	const struct lease *const left = &c->leases[at];
	const struct lease *const took = left + 1;

	if (at + 1 >= c->count || took->slot != left->slot || left->ended == NULL ||
	    took->begun == NULL || left->ended->op != STRESS_OP_RELEASE)
		return false;
	return left->ended->returned_ns < during->invoked_ns &&
	       took->begun->invoked_ns > during->returned_ns &&
	       left->ended->detail == took->begun->detail;
}

/* The last lease of the slot that begins at first which was called for before that
 * moment; or the first of all. */
static uint32_t lease_before(const struct checked *c, uint32_t first, uint32_t end, int64_t ns)
{
	uint32_t low = first;
	uint32_t high = end;

	while (high - low > 1) {
		const uint32_t middle = low + (high - low) / 2;
		const struct stress_event *const begun = c->leases[middle].begun;

		if (begun == NULL || begun->invoked_ns <= ns)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* One past the last lease of the slot that begins at first. */
static uint32_t end_of_slot(const struct checked *c, uint32_t first)
{
	uint32_t low = first;
	uint32_t high = c->count;

	while (high - low > 1) {
		const uint32_t middle = low + (high - low) / 2;

		if (c->leases[middle].slot == c->leases[first].slot)
			low = middle;
		else
			high = middle;
	}
	return high;
}

static void check_exhausted(struct checked *c, const struct stress_event *event)
{
	uint32_t end = 0;

	c->verdict->exhausted_alone++;
	for (uint32_t first = 0; first < c->count; first = end) { /* ends: a slot has a lease */
		end = end_of_slot(c, first);
		const uint32_t at = lease_before(c, first, end, event->invoked_ns);

		if (!was_idle(c, at, event))
			continue;
		stress_verdict_accuse(c->verdict,
		                      "a try found nothing beside an idle slot, and nobody else was busy",
		                      event, c->leases[at].ended);
		return;
	}
}

static void check_tries(struct checked *c)
{
	const struct stress_history *const history = c->history;
	int64_t busy_until_ns = history->complete_from_ns;

	for (uint32_t i = 0; i < history->count; i++) {
		const struct stress_event *const event = &history->events[i];
		const bool alone =
			event->invoked_ns > busy_until_ns &&
			(i + 1 == history->count || history->events[i + 1].invoked_ns > event->returned_ns);

		if (event->op == STRESS_OP_TRY && event->outcome == WEIR_ERR_EXHAUSTED &&
		    event->returned_ns != STRESS_PENDING) {
			c->verdict->exhausted++;
			if (alone)
				check_exhausted(c, event);
		}
		if (event->returned_ns > busy_until_ns)
			busy_until_ns = event->returned_ns;
	}
}

/* ---- the second opinion ---- */

static int by_call(const void *a, const void *b)
{
	const struct stress_search_op *const one = a;
	const struct stress_search_op *const other = b;

	return (one->invoked_ns > other->invoked_ns) - (one->invoked_ns < other->invoked_ns);
}

static uint32_t add_search_ops(const struct lease *lease, struct stress_search_op *ops)
{
	const struct stress_event *const events[] = {lease->begun, lease->ended};
	uint32_t count = 0;

	for (int ends = 0; ends < 2; ends++) {
		if (events[ends] == NULL)
			continue;
		ops[count++] = (struct stress_search_op){
			.event = events[ends],
			.invoked_ns = events[ends]->invoked_ns,
			.returned_ns = events[ends]->returned_ns,
			.generation = lease->generation,
			.ends = ends == 1,
		};
	}
	return count;
}

/* Leases of which half is missing are left out: a legal order without them is legal. */
static void search_slots(struct checked *c)
{
	struct stress_search_op *const ops = calloc(2 * (size_t)c->count + 1, sizeof *ops);

	for (uint32_t at = 0; ops != NULL && at < c->count;) { /* ends: a slot has a lease */
		const uint32_t slot = c->leases[at].slot;
		uint32_t count = 0;

		for (; at < c->count && c->leases[at].slot == slot; at++) {
			const struct lease *const lease = &c->leases[at];
			const bool last = at + 1 == c->count || c->leases[at + 1].slot != slot;

			if (lease->begun != NULL && (lease->ended != NULL || last))
				count += add_search_ops(lease, &ops[count]);
		}
		qsort(ops, count, sizeof *ops, by_call);
		stress_history_search(ops, count, slot, c->verdict);
	}
	free(ops);
}

void stress_history_check_pool(const struct stress_history *history, struct stress_verdict *verdict)
{
	const size_t room = (size_t)history->count + 1;
	const struct stress_event **const sorted =
		(const struct stress_event **)calloc(room, sizeof(const struct stress_event *));
	struct checked c = {.history = history, .verdict = verdict};

	c.leases = calloc(room, sizeof *c.leases);
	if (sorted != NULL && c.leases != NULL) {
		verdict->operations += history->count;
		collect_leases(&c, sorted);
		for (uint32_t i = 0; i < c.count; i++) {
			check_lease(&c, &c.leases[i]);
			if (i + 1 < c.count && c.leases[i].slot == c.leases[i + 1].slot)
				check_neighbours(&c, &c.leases[i], &c.leases[i + 1]);
		}
		check_tries(&c);
		search_slots(&c);
	} else {
		stress_verdict_add(verdict, "the history was not checked: out of memory");
	}
	free(c.leases);
	free((void *)sorted);
}
