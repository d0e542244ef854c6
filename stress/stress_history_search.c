/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A search for a legal order of what was done with one slot, after Wing and Gong
 * (1993), with Lowe's memo of what was tried before (2017).
 *
 * It knows nothing of stress_history_pool.c's argument: it only has the states of
 * a slot (free, or held by a lease) and what each operation needs, and tries the
 * operations in every order that their times allow.
 *
 * The history is cut where no operation is under way, and each piece (a window) is
 * searched by itself. What has been done in a window says what state the slot is
 * in, so the set of operations done is all that the memo has to know. Windows of
 * more than WINDOW_MAX operations, or with more sets than the memo holds, are only
 * counted.
 */
#include <string.h>

#include "stress_history.h"

#define WINDOW_MAX 256
#define WORDS (WINDOW_MAX / 64)
#define MEMO_SIZE 16384 /* a power of two */

struct set {
	uint64_t words[WORDS];
};

struct slot_state {
	bool held;
	bool known;          /* it had a lease in this history */
	uint32_t generation; /* of the lease, or of the last one */
};

struct window {
	const struct stress_search_op *ops;
	uint32_t count;
	struct set done;
	struct slot_state state;
	bool full; /* the memo */
	uint32_t memo_count;
	uint32_t memo_used[MEMO_SIZE / 2]; /* its places that are taken */
	struct set memo[MEMO_SIZE];
	uint32_t order[WINDOW_MAX];           /* what was done, in this order */
	struct slot_state before[WINDOW_MAX]; /* and the state before it */
	uint32_t deepest;                     /* the most that could be done, and … */
	uint32_t stuck_at;                    /* … the first that could not be, then */
};

static bool has(const struct set *set, uint32_t at)
{
	return (set->words[at / 64] >> (at % 64) & 1) != 0;
}

static void flip(struct set *set, uint32_t at)
{
	set->words[at / 64] ^= UINT64_C(1) << (at % 64);
}

static uint64_t hash(const struct set *set)
{
	uint64_t sum = 0;

	for (int i = 0; i < WORDS; i++)
		sum = (sum ^ set->words[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

/* Remember what has been done; false if that was there already, or there is no room. */
static bool is_new(struct window *w)
{
	uint64_t at = hash(&w->done);
	static const struct set nothing;

	if (w->memo_count == MEMO_SIZE / 2) {
		w->full = true;
		return false;
	}
	for (;; at++) { /* ends: half of the memo is empty */
		const uint32_t index = (uint32_t)at & (MEMO_SIZE - 1);
		struct set *const place = &w->memo[index];

		if (memcmp(place, &w->done, sizeof w->done) == 0)
			return false;
		if (memcmp(place, &nothing, sizeof nothing) != 0)
			continue;
		*place = w->done;
		w->memo_used[w->memo_count++] = index;
		return true;
	}
}

static bool is_legal(const struct slot_state *state, const struct stress_search_op *op)
{
	if (op->ends)
		return state->held && state->generation == op->generation;
	return !state->held && (!state->known || stress_is_later(op->generation, state->generation));
}

/* Up to when all that is not done was called: what returned before another's call
 * comes before it. */
static int64_t horizon(const struct window *w)
{
	int64_t first_ns = INT64_MAX;

	for (uint32_t i = 0; i < w->count; i++) {
		if (w->ops[i].invoked_ns > first_ns)
			break;
		if (!has(&w->done, i) && w->ops[i].returned_ns < first_ns)
			first_ns = w->ops[i].returned_ns;
	}
	return first_ns;
}

/* The first operation from there on that may be the next; count if none may. */
static uint32_t find_next(const struct window *w, uint32_t from)
{
	const int64_t limit_ns = horizon(w);

	for (uint32_t i = from; i < w->count && w->ops[i].invoked_ns <= limit_ns; i++) {
		if (!has(&w->done, i) && is_legal(&w->state, &w->ops[i]))
			return i;
	}
	return w->count;
}

/* Who has not returned need not have done anything. */
static bool is_complete(const struct window *w)
{
	for (uint32_t i = 0; i < w->count; i++) {
		if (!has(&w->done, i) && w->ops[i].returned_ns != STRESS_PENDING)
			return false;
	}
	return true;
}

static void note_depth(struct window *w, uint32_t depth)
{
	uint32_t at = 0;

	if (depth < w->deepest)
		return;
	while (at < w->count && has(&w->done, at))
		at++;
	w->deepest = depth;
	w->stuck_at = at;
}

/* Try the orders; true if one is legal. state is then the one after it. */
static bool search(struct window *w)
{
	uint32_t depth = 0;
	uint32_t from = 0;

	for (;;) { /* ends: each set of operations is entered once */
		const uint32_t next = find_next(w, from);

		if (next < w->count) {
			w->order[depth] = next;
			w->before[depth] = w->state;
			flip(&w->done, next);
			w->state = (struct slot_state){!w->ops[next].ends, true, w->ops[next].generation};
			if (is_new(w)) {
				depth++;
				from = 0;
				continue;
			}
		} else {
			if (is_complete(w))
				return true;
			note_depth(w, depth);
			if (depth == 0)
				return false;
			depth--;
		}
		/* Undo the last step, and try what comes after it. */
		flip(&w->done, w->order[depth]);
		w->state = w->before[depth];
		from = w->order[depth] + 1;
	}
}

static void report(const struct window *w, uint32_t slot, struct stress_verdict *verdict)
{
	char text[160];

	stress_event_describe(w->ops[w->stuck_at].event, text, sizeof text);
	stress_verdict_add(verdict,
	                   "slot %u: no order of %u operations is legal; the longest that is has %u, "
	                   "and then cannot go on with %s",
	                   slot, w->count, w->deepest, text);
}

/* How many operations from here on lie before a moment at which none is under way. */
static uint32_t window_length(const struct stress_search_op *ops, uint32_t count)
{
	int64_t busy_until_ns = ops[0].returned_ns;
	uint32_t length = 1;

	while (length < count && ops[length].invoked_ns <= busy_until_ns) {
		if (ops[length].returned_ns > busy_until_ns)
			busy_until_ns = ops[length].returned_ns;
		length++;
	}
	return length;
}

/* The state after a window that was not searched. */
static struct slot_state skip(const struct stress_search_op *ops, uint32_t count,
                              struct slot_state state)
{
	for (uint32_t i = 0; i < count; i++) {
		const bool newer = !ops[i].ends &&
		                   (!state.known || stress_is_later(ops[i].generation, state.generation));
		const bool ends = ops[i].ends && ops[i].generation == state.generation;

		if (newer)
			state = (struct slot_state){true, true, ops[i].generation};
		else if (ends)
			state.held = false;
	}
	return state;
}

static void begin_window(struct window *w, const struct stress_search_op *ops, uint32_t count,
                         struct slot_state state)
{
	for (uint32_t i = 0; i < w->memo_count; i++)
		memset(&w->memo[w->memo_used[i]], 0, sizeof w->memo[0]);
	memset(&w->done, 0, sizeof w->done);
	w->memo_count = 0;
	w->full = false;
	w->deepest = 0;
	w->stuck_at = 0;
	w->ops = ops;
	w->count = count;
	w->state = state;
}

void stress_history_search(const struct stress_search_op *ops, uint32_t count, uint32_t slot,
                           struct stress_verdict *verdict)
{
	static struct window w; /* large; histories are checked on one thread */
	struct slot_state state = {false, false, 0};

	for (uint32_t at = 0; at < count;) { /* ends: a window has an operation */
		const uint32_t length = window_length(&ops[at], count - at);

		if (length > WINDOW_MAX) {
			verdict->windows_large++;
			state = skip(&ops[at], length, state);
			at += length;
			continue;
		}
		begin_window(&w, &ops[at], length, state);
		if (!search(&w) && !w.full) {
			report(&w, slot, verdict);
			return;
		}
		verdict->windows_large += w.full;
		verdict->windows += !w.full;
		state = w.full ? skip(w.ops, length, state) : w.state;
		at += length;
	}
}
