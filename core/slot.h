/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The slot: one place for one connection, and the word that says whose it is.
 *
 * The word
 *   bits  0..7   state, enum weir__state
 *   bits 32..63  lease generation: raised by every move into LEASED
 * The remaining bits are 0.
 *
 * States
 *   EMPTY    no connection; anybody may reserve the place
 *   OPENING  reserved; the reserver, or a helper for it, opens a connection
 *   IDLE     a connection that anybody may claim
 *   LEASED   a connection that one lease holds, or that is on its way to a waiter
 *   CHECKING a connection that maintenance looks at
 *   CLOSING  a connection that its last owner is closing
 *   SPARE    no connection; withheld, for the stead of a lease that is written off
 *            (reclaim.c)
 * EMPTY and IDLE are public: a CAS takes them. SPARE belongs to housekeeping. The
 * others have one owner, and only the owner moves them, with a store.
 *
 * Legal moves: the table weir__slot_moves, checked at every move by weir__word_move.
 *
 * Invariants
 *   S1  At any time a slot has at most one owner.
 *   S2  conn is valid exactly in IDLE, LEASED, CHECKING, and in CLOSING until
 *       the owner has closed it.
 *   S3  The generation never goes down (modulo 2^32), so a handle whose
 *       generation differs from the word's belongs to a lease that is over.
 *   S4  Owner fields (all but word) are written by the owner only; whoever
 *       reads them without owning the slot reads hints.
 *   S5  timed_ns is 0 but in a lease between its taking and its return, and there if
 *       its use is not timed: a slot is never public with it set.
 *
 * Memory order
 *   label operation               order  pairs with    breaks if weaker
 *   A1    claim: CAS out of IDLE  acq    R1, R2        the lessee sees an old conn, or the
 *                                                      last borrower's writes to it late
 *   R1    publish: store IDLE     rel    A1            as A1
 *   R2    publish: xchg IDLE      full   A1, W3        as A1; and a lost wake-up (waitq.h)
 *   O1    reserve, CAS from EMPTY acq    R3            the opener writes conn before the last
 *                                                      owner has finished with the fields
 *   R3    empty: store EMPTY      rel    O1            as O1
 * The word cancel, by which a lease is asked to stop, has its table in lease_cancel.c.
 * Progress: claim and publish are wait-free; a failed claim means that another
 * thread's claim succeeded.
 */
#ifndef WEIR_CORE_SLOT_H
#define WEIR_CORE_SLOT_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "invariant.h"
#include "platform_atomic.h"

#define WEIR__CACHE_LINE 64

/* Of a slot's leases that did not wait, one in so many reads a clock, twice. A power of
 * two. At 64, and 30 ns for a clock, that made a lease 12 percent longer; see weir-micro. */
#define WEIR__USE_SAMPLE 128

enum weir__state {
	WEIR__EMPTY = 0,
	WEIR__OPENING = 1,
	WEIR__IDLE = 2,
	WEIR__LEASED = 3,
	WEIR__CHECKING = 4,
	WEIR__CLOSING = 5,
	WEIR__SPARE = 6,
	WEIR__STATES = 7
};

/*
 * Two lines: adjacent lines travel together on the machines weir runs on, so a
 * slot of one line would slow its neighbour's owner. The first holds all that
 * an acquire and a release touch.
 */
struct weir__slot {
	alignas(2 * WEIR__CACHE_LINE) wp_u64 word; /* see above */
	void *conn;                                /* owner; S2 */
	wp_u64 leases;                             /* owner; leases given so far; read by stats */
	wp_ptr site;  /* owner; "file:line" of the last acquire; read by dumps */
	wp_u64 since; /* owner; who took the last lease, and when: weir__since_make */
	/* owner; S5; when the lease began if it stands for WEIR__USE_SAMPLE of them, that
	 * negated if it stands for itself, having waited */
	int64_t timed_ns;
	wp_u32 expected_long; /* owner; generation of the last lease that is expected to last */

	alignas(WEIR__CACHE_LINE) int64_t born_ns; /* owner; when the connection was opened */
	uint64_t seen_leases; /* CHECKING only; leases at the last maintenance pass */
	int64_t seen_ns;      /* CHECKING only; when leases was first found so */
	wp_u64 cancel;        /* the word of the lease that was last asked to stop; 0: none was */
	int64_t expires_ns;   /* owner; max_lifetime after born_ns, less its jitter; 0: never */
	int64_t sound_ns;     /* owner; when it was opened, or last found working */
	wp_u32 epoch;         /* owner; the pool's when it was opened (reset.c) */
	uint32_t watched;     /* housekeeping; generation of the lease it saw last */
	int64_t watched_ns;   /* housekeeping; since when, and what came of it: low bits (leak.c) */
};

static_assert(sizeof(struct weir__slot) == 2 * WEIR__CACHE_LINE, "a slot is two cache lines");
static_assert(offsetof(struct weir__slot, born_ns) == WEIR__CACHE_LINE, "hot fields: one line");

#define WEIR__TO(state) ((uint8_t)(1u << (state)))

/*
 * from      to        by whom
 * EMPTY     OPENING   whoever reserves it (O1)
 * OPENING   LEASED    the opener: the connection is there, for itself or a waiter
 * OPENING   IDLE      the opener: nobody waits
 * OPENING   EMPTY     the opener: the open failed
 * OPENING   CLOSING   the opener: the pool was closed meanwhile
 * IDLE      LEASED    a newcomer, or a waiter that scans (A1)
 * IDLE      CHECKING  maintenance, or the closing pool (A1)
 * LEASED    IDLE      the holder returns it (R1, R2)
 * LEASED    LEASED    the holder hands it to a waiter: the old handle dies
 * LEASED    CLOSING   the holder discards it
 * CHECKING  IDLE      maintenance is content
 * CHECKING  LEASED    the same, and a waiter gets it
 * CHECKING  CLOSING   maintenance retires it
 * CLOSING   EMPTY     its connection is closed (R3)
 * CLOSING   OPENING   the same, and a waiter gets the place
 * SPARE     EMPTY     housekeeping lends it (R3)
 * EMPTY     SPARE     housekeeping withdraws it (O1)
 * CLOSING   SPARE     the same of an idle one, whose connection it has closed (R3)
 */
static const uint8_t weir__slot_moves[WEIR__STATES] = {
	/* from EMPTY */ WEIR__TO(WEIR__OPENING) | WEIR__TO(WEIR__SPARE),
	/* from OPENING */ WEIR__TO(WEIR__LEASED) | WEIR__TO(WEIR__IDLE) | WEIR__TO(WEIR__EMPTY) |
		WEIR__TO(WEIR__CLOSING),
	/* from IDLE */ WEIR__TO(WEIR__LEASED) | WEIR__TO(WEIR__CHECKING),
	/* from LEASED */ WEIR__TO(WEIR__IDLE) | WEIR__TO(WEIR__LEASED) | WEIR__TO(WEIR__CLOSING),
	/* from CHECKING */ WEIR__TO(WEIR__IDLE) | WEIR__TO(WEIR__LEASED) | WEIR__TO(WEIR__CLOSING),
	/* from CLOSING */ WEIR__TO(WEIR__EMPTY) | WEIR__TO(WEIR__OPENING) | WEIR__TO(WEIR__SPARE),
	/* from SPARE */ WEIR__TO(WEIR__EMPTY),
};

static inline enum weir__state weir__word_state(uint64_t word)
{
	return (enum weir__state)(word & 0xff);
}

static inline uint32_t weir__word_generation(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static inline uint64_t weir__word_make(enum weir__state state, uint32_t generation)
{
	return (uint64_t)generation << 32 | (uint64_t)state;
}

/* The word that a legal move out of word leads to: the one door of all moves. */
static inline uint64_t weir__word_move(uint64_t word, enum weir__state target)
{
	const uint32_t raised = target == WEIR__LEASED ? 1 : 0;

	WEIR_ASSERT(weir__slot_moves[weir__word_state(word)] >> target & 1);
	return weir__word_make(target, weir__word_generation(word) + raised);
}

/* The thread that took a lease, by its kernel id, and the pool's tick at the time. */
static inline uint64_t weir__since_make(uint32_t thread, uint32_t tick)
{
	return (uint64_t)thread << 32 | tick;
}

/* A1, O1: take a public slot. word is what the caller saw; false if it is no
 * longer so. */
static inline bool weir__slot_claim(struct weir__slot *slot, uint64_t word, enum weir__state target)
{
	return wp_cas_acq_64(&slot->word, word, weir__word_move(word, target));
}

/* R1, R3 and moves between owned states: the owner's store. Returns the word. */
static inline uint64_t weir__slot_move(struct weir__slot *slot, enum weir__state target)
{
	const uint64_t next = weir__word_move(wp_load_rlx_64(&slot->word), target);

	wp_store_rel_64(&slot->word, next);
	return next;
}

/* R2: publish IDLE and order it before every later load. Returns the word. */
static inline uint64_t weir__slot_publish_full(struct weir__slot *slot)
{
	const uint64_t next = weir__word_move(wp_load_rlx_64(&slot->word), WEIR__IDLE);

	(void)wp_xchg_full_64(&slot->word, next);
	return next;
}

/* The name of a state, for messages. */
const char *weir__state_name(enum weir__state state);

#endif
