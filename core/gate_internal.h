/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The inside of the gate: its protocol, and what its files call of each other.
 *
 *   gate.c        making, closing and freeing one; its figures
 *   gate_enter.c  one's own entry: queue, wait, poll, collect, abandon
 *   gate_lead.c   holding the gate: attend, take, finish, leave
 *   gate_queue.c  lanes, who is next, what an entry takes
 *
 * One short lock guards the queue and every word of an entry. It is never held
 * across a callback or a system call other than its own.
 *
 * States of the gate (gate->hold)
 *   FREE    nobody has it
 *   CALLED  the thread of a queued job has been told to lead, and has not come
 *   LED     a thread leads
 *   HELD    an exclusive entry has it, whose thread may not have come yet
 * Legal moves: FREE→CALLED, FREE→HELD (settle), CALLED→LED (its thread, in wait),
 * FREE→LED (attend), CALLED→FREE (its thread abandons, or close), LED→FREE,
 * HELD→FREE (leave).
 *
 * States of an entry
 *   FREE    in the stock
 *   QUEUED  in its lane
 *   CALLED  in its lane; a job whose thread is told to lead
 *   HELD    out of the lane; exclusive, and the gate is its
 *   TAKEN   out of the lane; a job that a leader is carrying out
 *   DONE    out of the lane; code says what came of it
 * and the bit ASLEEP: its thread sleeps on the word, or is about to.
 * Legal moves: FREE→QUEUED (queue), QUEUED→CALLED and QUEUED→HELD (settle),
 * CALLED→QUEUED (its thread, which leads from then on), QUEUED→TAKEN (take),
 * TAKEN→DONE (finish, leave), HELD→DONE (leave), QUEUED→DONE (its deadline, or
 * close), CALLED→DONE (close), QUEUED|CALLED|DONE→FREE (abandon), DONE→FREE
 * (collect). To lead is the part of a thread: its own job is taken in its order,
 * by itself or by another.
 *
 * Who leads. An entry is *attended* while its thread is inside weir_gate_wait, or
 * has promised to call it next (request.waits). When the gate is free and a job is
 * next, the first attended job of the run of jobs at the front of that lane is
 * called, in whatever place of the run. If there is none, the gate stays free and
 * the unattended callback is called, once until it has been held or emptied; then
 * whoever first waits for a job of the run leads, or whoever attends.
 *
 * Invariants
 *   A1  One holder: hold leaves FREE, and returns to it, under the lock only.
 *   A2  Within a lane nobody passes anybody: entries leave it from the front, but
 *       for those that give up.
 *   A3  When the lock is let go, a gate that is FREE and open has nothing queued,
 *       or a job is next whose run has no attended entry. So whatever can change
 *       that (queue, a wait that begins, an entry that gives up, leave) settles
 *       before it unlocks.
 *   A4  Who is CALLED was attended, so its thread looks at the word under the lock
 *       before it leaves wait: a call is never lost to a timer that fires beside it.
 *   A5  Every entry that was queued ends exactly once: each move to DONE, and each
 *       cancel, is made under the lock from a state that it can be made from.
 *   A6  Memory of entries is freed with the gate only, so that a late futex wake
 *       can at worst wake a thread once too often.
 *   A7  An entry that a leader or the queue ends because of its deadline needs no
 *       wake: its thread sleeps until that deadline at the latest.
 *   A8  A thread that looks at entries after the unlock is counted in waking, and
 *       close waits for it.
 *   A9  All sleepers sleep on one word, the bell, each with one of 32 bits, so that
 *       the members of a group are woken by one call: woken one by one, the last
 *       would wait for as many calls, each about as long as a job. Whoever makes a
 *       sleeper's state change changes the bell under the lock, and wakes its bit
 *       after the unlock: a thread that is not asleep yet finds another bell than
 *       it read under the lock. One that shares a bit with another entry may be
 *       woken for nothing, and looks again.
 *
 * Memory order
 *   label operation                     order  pairs with  breaks if weaker
 *   N1    end an entry: store DONE      rel    N2          its thread returns without the lock
 *                                                          and reads an old code or payload
 *   N2    wait, poll, collect: load     acq    N1          as N1
 *         state
 *   N3    announce: store ASLEEP, then  full   N3          (lock) whoever ends, calls or hands
 *         unlock L2                                        over to it later reads ASLEEP; one
 *                                                          that came earlier made the futex
 *                                                          compare fail
 *   N4    holder: store by the holder   rlx    itself      nothing: each thread looks only for
 *         itself, when it begins and                       its own name there, which nobody
 *         when it leaves                                   else writes
 *   N5    lengths: store under the lock rlx    -           nothing: a hint
 *   N6    progress: add, then wake      full   N7          nothing: added, and looked at, under
 *                                                          the lock. Left out, or after the
 *                                                          wake: close sleeps beside a gate
 *                                                          that was let go just before
 *   N7    close: load progress, then    acq    N6          nothing: as N6. After the look: as
 *         look under the lock, then sleep                  N6 left out
 * No word is published without the lock or a locked instruction after it, so store
 * buffers add nothing to what interleavings can do; see stress/models/gate.pml.
 *
 * Forks. The gate lives in memory that is wiped in a forked child, entries do not:
 * they lead to a gate without its magic, and nothing is touched.
 */
#ifndef WEIR_CORE_GATE_INTERNAL_H
#define WEIR_CORE_GATE_INTERNAL_H

#include <weir/gate.h>

#include "lock.h"
#include "slot.h"

#define WEIR__GATE_MAGIC UINT32_C(0x77676174)

#define WEIR__ENTRY_FREE UINT32_C(0)
#define WEIR__ENTRY_QUEUED UINT32_C(1)
#define WEIR__ENTRY_CALLED UINT32_C(2)
#define WEIR__ENTRY_HELD UINT32_C(3)
#define WEIR__ENTRY_TAKEN UINT32_C(4)
#define WEIR__ENTRY_DONE UINT32_C(5)
#define WEIR__ENTRY_STATE UINT32_C(15)
#define WEIR__ENTRY_ASLEEP UINT32_C(16)

enum weir__hold {
	WEIR__HOLD_FREE = 0,
	WEIR__HOLD_CALLED = 1,
	WEIR__HOLD_LED = 2,
	WEIR__HOLD_HELD = 3,
};

struct weir_gate_entry {
	alignas(WEIR__CACHE_LINE) wp_u32 state; /* futex; written under the lock */
	enum weir_gate_kind kind;               /* r/o while queued, as is what was requested */
	enum weir_lane lane;
	enum weir_code code; /* before N1 */
	struct weir_gate *gate;
	int64_t deadline_ns;
	int64_t since_ns;
	const char *site;
	void *payload;
	struct weir_gate_entry *prev; /* under the lock; towards the front */
	struct weir_gate_entry *next; /* under the lock; or the next in the stock */
	bool attended;                /* under the lock */
	uint32_t bit;                 /* r/o while queued; its share of the bell (A9) */
};

struct weir__gate_lane {
	struct weir_gate_entry *head;
	struct weir_gate_entry *tail;
	wp_u32 length;     /* N5 */
	uint32_t attended; /* jobs among them that are */
};

struct weir__gate_chunk;

struct weir_gate {
	uint32_t magic;
	uint64_t id;   /* r/o; for seats */
	wp_ptr holder; /* storage of the thread that holds it, once it has come; N4 */
	wp_u32 holder_thread;
	struct weir_gate_config config; /* r/o, without zeroes */
	const char *name;               /* r/o in use; of the db it is of, for probes; "": of none */

	alignas(WEIR__CACHE_LINE) struct weir__lock lock;
	wp_u32 progress; /* futex; N6 */
	wp_u32 bell;     /* futex; A9 */

	/* Under the lock from here on. */
	enum weir__hold hold WP_GUARDED_BY(lock);
	enum weir_lane lane WP_GUARDED_BY(lock); /* of this hold, or of the last */
	bool closed WP_GUARDED_BY(lock);
	bool asked WP_GUARDED_BY(lock);        /* the unattended callback was called; see above */
	uint32_t waking WP_GUARDED_BY(lock);   /* threads that still wake the entries they ended */
	uint32_t served WP_GUARDED_BY(lock);   /* entries in this hold */
	uint32_t measured WP_GUARDED_BY(lock); /* holds in entry_ns, up to WEIR__GATE_MEASURED */
	struct weir_gate_entry *entry WP_GUARDED_BY(lock); /* CALLED, HELD: whose */
	int64_t since_ns WP_GUARDED_BY(lock);              /* of this hold */
	int64_t entry_ns WP_GUARDED_BY(lock);              /* what one entry takes */
	const char *site WP_GUARDED_BY(lock);              /* of the holder */
	wp_hint shown_since_ns;                            /* since_ns for dumps; 0: nobody holds it */
	wp_hint shown_site;                                /* site for dumps */
	struct weir__gate_lane lanes[WEIR_LANES] WP_GUARDED_BY(lock);
	uint32_t next_bit WP_GUARDED_BY(lock);
	struct weir_gate_entry *stock WP_GUARDED_BY(lock);
	struct weir__gate_chunk *chunks WP_GUARDED_BY(lock);
	struct weir_gate_stats counts WP_GUARDED_BY(lock); /* gauges are added on the way out */
};

/* Expectations are believed once so many holds were measured. */
#define WEIR__GATE_MEASURED 16

/* What is to be done after the unlock. */
struct weir__gate_then {
	uint32_t wake; /* bits of the bell; 0: nobody */
	bool ask;      /* call the unattended callback */
};

static inline bool weir__gate_ours(const struct weir_gate *gate)
{
	return gate->magic == WEIR__GATE_MAGIC;
}

/* Whether somebody has it, or is told to: a hint. */
static inline bool weir__gate_is_held(const struct weir_gate *gate)
{
	return wp_hint_read(&gate->shown_since_ns) != 0;
}

static inline uint32_t weir__entry_state(uint32_t word)
{
	return word & WEIR__ENTRY_STATE;
}

/* ---- gate_queue.c; all but the first two under the lock ---- */

/* Add a chunk to the stock; false without memory. */
bool weir__gate_grow(struct weir_gate *gate) WP_EXCLUDES(gate->lock);
void weir__gate_free_stock(struct weir_gate *gate) WP_UNCHECKED;

void weir__gate_link(struct weir_gate *gate, struct weir_gate_entry *entry) WP_REQUIRES(gate->lock);
void weir__gate_unlink(struct weir_gate *gate, struct weir_gate_entry *entry)
	WP_REQUIRES(gate->lock);
void weir__gate_retire(struct weir_gate *gate, struct weir_gate_entry *entry)
	WP_REQUIRES(gate->lock);
void weir__gate_attend_to(struct weir_gate *gate, struct weir_gate_entry *entry, bool attended)
	WP_REQUIRES(gate->lock);

/* Move an entry that is in no lane on, keeping ASLEEP; true if its thread sleeps. */
bool weir__gate_move(struct weir_gate_entry *entry, uint32_t state);

/* End an entry that is queued, before it began; true if its thread sleeps. */
bool weir__gate_end(struct weir_gate *gate, struct weir_gate_entry *entry, enum weir_code code)
	WP_REQUIRES(gate->lock);

/* The entry at the front of the lane whose turn it is, having ended those whose
 * deadline has passed; NULL if nothing is queued. */
struct weir_gate_entry *weir__gate_front(struct weir_gate *gate, int64_t now_ns)
	WP_REQUIRES(gate->lock);

/* Begin a hold. entry: CALLED, HELD. */
void weir__gate_begin(struct weir_gate *gate, enum weir__hold hold, enum weir_lane lane,
                      struct weir_gate_entry *entry, const char *site, int64_t now_ns)
	WP_REQUIRES(gate->lock);

/* Let the next through if the gate is free (A3). */
void weir__gate_settle(struct weir_gate *gate, int64_t now_ns, struct weir__gate_then *then)
	WP_REQUIRES(gate->lock);

/* The hold ends: what did an entry take? */
void weir__gate_measure(struct weir_gate *gate, int64_t now_ns) WP_REQUIRES(gate->lock);

/* Whether an entry that queues in lane now is not expected to begin in time. */
bool weir__gate_too_late(const struct weir_gate *gate, enum weir_lane lane, int64_t now_ns,
                         int64_t deadline_ns) WP_REQUIRES(gate->lock);

/* ---- gate_lead.c ---- */

/* The calling thread has the gate from now on, or no more. */
void weir__gate_come(struct weir_gate *gate);

/* Under the lock: the thread of entry is to be woken; its bit (A9). */
static inline uint32_t weir__gate_ring(struct weir_gate *gate, const struct weir_gate_entry *entry)
	WP_REQUIRES(gate->lock)
{
	wp_store_rlx_32(&gate->bell, wp_load_rlx_32(&gate->bell) + 1);
	return entry->bit;
}
void weir__gate_go(struct weir_gate *gate);

/* Unlock, and do then what is to be done. */
void weir__gate_unlock(struct weir_gate *gate, const struct weir__gate_then *then)
	WP_RELEASE(gate->lock);

#endif
