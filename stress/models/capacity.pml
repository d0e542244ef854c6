/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Places without a connection: reserving, opening, giving up. Labels are those of
 * core/capacity.c and core/slot.h.
 *
 * All places are EMPTY at first. USERS threads lease once each: they find an idle
 * slot, or reserve a place and open, or wait. An open may fail. A lease ends with
 * a release or with a discard. The rest of the N threads is what the switches ask
 * for. Full fences stand in for the asymmetric barrier, which wake.pml is about.
 *
 * -D switches that choose a healthy variant
 *   OPENER   thread N-1 is a helper (core/opener.c): callers never open
 *   KEEPER   thread N-1 does one pass of maintenance (core/maintain.c)
 *   STRICT   strict order: every waiter is overdue at once
 *   GIVES_UP threads that have a deadline
 *
 * Checked
 *   one owner      each lease, and each move by store
 *   no lost place  at the end every place is IDLE or EMPTY, empties counts the
 *                  EMPTY ones, and nothing is asked for
 *   no lost wake   no other end state: nobody waits beside a free place, a failed
 *                  open passes its place on, an open made for a waiter that left
 *                  serves the next or makes an idle slot
 *
 * What is one step: as in wake.pml. Moves between states that are not public are
 * part of the next step. R3, the store of EMPTY, goes through the store buffer.
 */
#if defined(OPENER) || defined(KEEPER)
#define USERS (N - 1)
#else
#define USERS N
#endif

#include "tso.pml"

#ifndef GIVES_UP
#define GIVES_UP 2
#endif

#define NO_SLOT 15

/* What to do with an owned slot next: weir__slot_pass_on. */
#define DONE 0
#define GIVE 1
#define PUBLISH 2

/* Under the lock. */
bool locked;
chan queue = [N] of { byte };
byte overdue;
bool armed;
byte arming;
byte granted[N]; /* 0: nothing, LEASE or CAPACITY + slot, FAILED */

#define LEASE 1
#define CAPACITY (1 + S)
#define FAILED (1 + 2 * S)

byte empties = S; /* modulo 256, as the real one is modulo 2^32 */
#ifdef OPENER
chan requests = [S] of { byte };
byte asked;
bool busy; /* the helper serves a request */
#define NOTHING_ASKED (asked == 0 && len(requests) == 0 && !busy)
#else
#define NOTHING_ASKED true
#endif

#ifdef KEEPER
bool keeping = 1;
#define NOTHING_KEPT (!keeping)
#else
#define NOTHING_KEPT true
#endif

#define WAITERS (len(queue))
#define MAY_KEEP (overdue == 0)
#define can_lock(t) (!locked && drained(t))

/* Ghosts. */
byte held;
byte finished;

inline unlinked(who)
{
	DROP(overdue, who);
	if
	:: WAITERS == 0 -> armed = 0
	:: else -> skip
	fi
}

/* The lock, the head of the queue, and G1. todo is PUBLISH if nobody is there. */
inline grant_head(what)
{
	if
	:: d_step { can_lock(me) && WAITERS > 0 -> locked = 1; queue?w; unlinked(w) }
	   d_step { granted[w] = what; locked = 0; w = 0; todo = DONE } /* G1 */
	:: d_step { can_lock(me) && WAITERS == 0 -> todo = PUBLISH }
	fi
}

inline take_back(s)
{
	d_step {
		if
		:: STATE(word[s]) == IDLE -> load_for_cas(me, s, word[s])
		:: else -> todo = DONE
		fi
	}
	if
	:: todo == DONE -> skip
	:: d_step { todo != DONE && unchanged(me, s) -> /* A1 */
		forget_load(me, s); write(s, LEASED)
	   }
	:: d_step { todo != DONE && !unchanged(me, s) -> forget_load(me, s); todo = DONE }
	fi
}

/* weir__slot_pass_on of an owned slot that has a connection. */
inline pass_on(s)
{
	todo = (WAITERS > 0 -> GIVE : PUBLISH);
	do
	:: todo == DONE -> break
	:: d_step { todo == GIVE -> assert(STATE(word[s]) != IDLE); write(s, LEASED) }
	   grant_head(LEASE + s)
	:: d_step { todo == PUBLISH && drained(me) ->
		assert(STATE(word[s]) != IDLE && STATE(word[s]) != EMPTY);
		write(s, IDLE) /* R2 */
	   }
	   if
	   :: d_step { WAITERS == 0 -> todo = DONE } /* X2 */
	   :: d_step { WAITERS > 0 -> todo = GIVE }
	      take_back(s)
	   fi
	od
}

/* From state to target, looking at each word once: at is the slot, or S. */
inline ring_scan(state, target)
{
	at = 0;
	do
	:: at == S -> break
	:: atomic { at < S && STATE(word[at]) != state -> at++ }
	:: atomic { at < S && STATE(word[at]) == state -> load_for_cas(me, at, word[at]) }
	   if
	   :: d_step { drained(me) && unchanged(me, at) -> /* A1, O1 */
		forget_load(me, at); write(at, target)
	      }
	      break
	   :: d_step { drained(me) && !unchanged(me, at) -> forget_load(me, at); at++ }
	   fi
	od
}

/* weir__capacity_reserve: at is the place, or S. */
inline reserve()
{
	if
	:: empties == 0 -> at = S /* C2 */
	:: empties != 0 ->
		ring_scan(EMPTY, OPENING);
		if
		:: at < S -> empties-- /* a locked add, with nothing buffered */
		:: at == S -> skip
		fi
	fi
}

/* Offer the owned place to the queue; todo is PUBLISH if nobody waits. */
inline offer()
{
#ifdef OPENER
	if
	:: atomic { WAITERS > 0 -> asked++; requests!place; todo = DONE }
	:: WAITERS == 0 -> todo = PUBLISH
	fi
#else
	grant_head(CAPACITY + place)
#endif
}

/* weir__capacity_give of place. */
inline give()
{
	todo = (WAITERS > 0 -> GIVE : PUBLISH);
	do
	:: todo == DONE -> break
	:: todo == GIVE ->
		d_step {
			assert(STATE(word[place]) != IDLE && STATE(word[place]) != EMPTY);
			write(place, OPENING)
		}
		offer()
	:: todo == PUBLISH ->
#ifdef COUNT_FIRST
		d_step { drained(me) -> empties++ }
#endif
		d_step {
			assert(STATE(word[place]) != IDLE && STATE(word[place]) != EMPTY);
			buffer_store(me, place, EMPTY) /* R3 */
		}
#ifndef COUNT_FIRST
#ifdef COUNT_PLAINLY
		empties++;
#else
#ifndef COUNT_LATE
		d_step { drained(me) -> empties++ } /* C1 */
#endif
#endif
#endif
		if
#ifdef NO_RECHECK
		:: todo = DONE
#else
		:: d_step { WAITERS == 0 -> todo = DONE }
		:: d_step { WAITERS > 0 -> todo = GIVE }
#endif
		fi;
#ifdef COUNT_LATE
		d_step { drained(me) -> empties++ }
#endif
		if
		:: todo == GIVE ->
			reserve();
			atomic {
				if
				:: at < S -> place = at; todo = (WAITERS > 0 -> GIVE : PUBLISH)
				:: else -> todo = DONE
				fi
			}
		:: todo == DONE -> skip
		fi
	od;
	atomic { place = NO_SLOT; at = 0 }
}

/* weir__pool_scan. */
inline scan(slots, asks)
{
	ask = asks;
	do
	:: WAITERS == 0 -> break
	:: WAITERS > 0 ->
		at = S;
		if
		:: slots -> ring_scan(IDLE, LEASED) /* W3 */
		:: !slots -> skip
		fi;
		if
		:: at < S -> pass_on(at); at = 0
		:: at == S && ask ->
			reserve();
			if
			:: at == S -> at = 0; break
			:: at < S ->
#ifdef OPENER
				ask = 0;
#endif
				place = at;
				give()
			fi
		:: at == S && !ask -> at = 0; break
		fi
	od;
	ask = 0
}

/* weir__waitq_enter, and the scan that follows. */
inline enter()
{
#ifdef RESERVE_FIRST
	scan(1, 1);
	skip;
#endif
	atomic { can_lock(me) ->
		if
		:: WAITERS == 0 -> arming = BIT(me)
		:: WAITERS > 0 && !armed -> ADD(arming, me)
		:: else -> skip
		fi;
		queue!me; /* W1 */
#ifdef STRICT
		ADD(overdue, me);
#endif
		scans = (!armed || overdue != 0)
	}
	if
	:: d_step { HAS(arming, me) && can_lock(me) -> /* W2, a fence */
		if
		:: WAITERS > 0 -> armed = 1
		:: else -> skip
		fi;
		arming = 0
	   }
	:: !HAS(arming, me) -> skip
	fi;
#ifndef RESERVE_FIRST
#ifdef OPENER
	scan(scans, 1);
#else
	if
	:: scans -> scan(1, 1)
	:: !scans -> skip
	fi;
#endif
#endif
	scans = 0
}

#ifdef OPENER
#define MAY_ASK (asked == 0)
#else
#define MAY_ASK 1
#endif

inline wait_in_queue()
{
	do
	:: granted[me] != 0 -> break
#ifndef STRICT
	:: d_step { granted[me] == 0 && !marked && can_lock(me) -> marked = 1; ADD(overdue, me) }
	   scan(1, MAY_ASK)
#endif
	:: d_step { HAS(GIVES_UP, me) && granted[me] == 0 && can_lock(me) ->
		queue??eval(me);
		unlinked(me)
	   }
	   break
	od;
	marked = 0
}

inline acquire()
{
	if
	:: d_step { STATE(word[0]) == IDLE && drained(me) -> write(0, LEASED); slot = 0 }
	   goto leased
#if S > 1
	:: d_step { STATE(word[1]) == IDLE && drained(me) -> write(1, LEASED); slot = 1 }
	   goto leased
#endif
	:: true -> skip /* misses it, or lets others go first */
	fi;
#ifndef OPENER
	if
	:: true ->
		reserve();
		if
		:: atomic { at < S -> slot = at; at = 0 }
		   goto opening
		:: at == S -> at = 0
		fi
	:: true -> skip
	fi;
#endif
	enter();
	wait_in_queue();
	atomic {
		if
		:: granted[me] == 0 || granted[me] == FAILED -> granted[me] = 0; goto ended
		:: granted[me] >= CAPACITY && granted[me] != FAILED ->
			slot = granted[me] - CAPACITY; granted[me] = 0; goto opening
		:: else -> slot = granted[me] - LEASE; granted[me] = 0; goto leased
		fi
	}
}

inline release()
{
	if
	:: d_step { MAY_KEEP || WAITERS == 0 -> todo = PUBLISH }
	:: WAITERS > 0 -> grant_head(LEASE + slot)
	fi;
	if
	:: todo == DONE -> skip
	:: d_step { todo == PUBLISH && drained(me) -> write(slot, IDLE) } /* R2 */
	   if
	   :: d_step { WAITERS == 0 || MAY_KEEP -> todo = DONE } /* X2 */
	   :: d_step { WAITERS > 0 && !MAY_KEEP -> todo = GIVE }
	      take_back(slot);
	      if
	      :: todo == GIVE -> pass_on(slot)
	      :: todo == DONE -> skip
	      fi
	   fi
	fi
}

proctype user(byte me)
{
	byte slot = NO_SLOT;
	byte place = NO_SLOT;
	byte at;
	byte w;
	byte todo;
	bit marked;
	bit scans;
	bit ask;

	acquire();
opening:
	/* open_here */
	if
	:: d_step { true -> assert(STATE(word[slot]) == OPENING); write(slot, LEASED) }
	:: atomic { true -> place = slot; slot = NO_SLOT } /* fails */
#ifdef FAILURE_KEEPS
	   goto ended
#else
	   give();
	   goto ended
#endif
	fi;
leased:
	atomic {
		assert(STATE(word[slot]) == LEASED && !HAS(held, slot));
		ADD(held, slot)
	}
	d_step { DROP(held, slot); assert(STATE(word[slot]) == LEASED) }
	if
	:: true -> release()
	:: true -> place = slot; give() /* weir_discard */
	fi;
ended:
	atomic { slot = NO_SLOT; finished++ }
}

#ifdef OPENER
/* serve, for each request; more helpers than one would only share them. */
proctype helper(byte me)
{
	byte place = NO_SLOT;
	byte at;
	byte w;
	byte todo;

end:
	do
	:: atomic { requests?place -> busy = 1 }
		if
		:: WAITERS == 0 -> /* whoever asked was served meanwhile, or left */
			asked--;
#ifdef HELPER_ABANDONS
			d_step { drained(me) -> write(place, EMPTY); empties++; place = NO_SLOT }
#else
			give()
#endif
		:: WAITERS > 0 ->
			if
			:: true ->
				asked--;
				pass_on(place);
				place = NO_SLOT
			:: true -> /* the open fails */
				asked--;
				grant_head(FAILED);
				todo = DONE;
#ifdef FAILURE_KEEPS
				place = NO_SLOT
#else
				give()
#endif
			fi
		fi;
		busy = 0
	od
}
#endif

#ifdef KEEPER
proctype keeper(byte me)
{
	byte place = NO_SLOT;
	byte at;
	byte w;
	byte todo;

	ring_scan(IDLE, CHECKING);
	if
	:: at == S -> skip
	:: at < S -> pass_on(at)
	:: atomic { at < S -> place = at }
#ifdef RETIRED_UNOFFERED
	   d_step { drained(me) -> write(place, EMPTY); empties++ }
#else
	   give()
#endif
	fi;
	keeping = 0
}
#endif

active proctype memory()
{
end:
	do
	ALL_FLUSHES
	:: d_step { finished == USERS && NOTHING_KEPT && ALL_DRAINED && NOTHING_ASKED ->
		assert(WAITERS == 0 && !locked && held == 0);
		h_word = 0;
		for (h_i : 0 .. S - 1) {
			assert(STATE(word[h_i]) == IDLE || STATE(word[h_i]) == EMPTY);
			h_word = h_word + (STATE(word[h_i]) == EMPTY -> 1 : 0)
		}
		assert(empties == h_word);
		h_word = 0
	   }
	   break
	od
}

init
{
	byte i;

	atomic {
		for (i : 0 .. USERS - 1) { run user(i) }
#ifdef OPENER
		; run helper(N - 1)
#endif
#ifdef KEEPER
		; run keeper(N - 1)
#endif
	}
}
