/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Leases, the queue, the wake word and closing: no wake-up is lost although a
 * release is one plain store. Labels are those of core/slot.h and core/waitq.h.
 *
 * N threads lease S slots: once each, those in AGAIN twice. GIVES_UP are the
 * threads (bit t for thread t) that have a deadline; the others wait for ever, so
 * that a lost wake-up shows as an end state in which one of them still sleeps.
 *
 * -D switches that choose a healthy variant
 *   STRICT      strict order: every waiter is overdue at once
 *   FENCE       full fences in place of the asymmetric barrier
 *   LOOK        a waiter may also scan before its time
 *   CLOSE       thread N-1 closes the pool (close.pml)
 *   BYPASS      count the newcomers that pass thread 0 while it is overdue
 *   CONTRACT    check what weir__waitq_enter promises when it returns
 *   GENERATIONS count them, and check handles
 * The switches that break it are explained in variants.txt.
 *
 * Checked
 *   one owner      lease_begins: nobody else holds the slot. Each move by store
 *                  asserts that the slot is in a state its owner may move
 *   no lost slot   at the end every slot is public (EMPTY after closing); nothing
 *                  is queued, locked or buffered
 *   no lost wake   no end state but that one
 *   handles        each lease of a slot has a higher generation than any before,
 *                  and the word equals a handle only while that lease is held
 *   Q2, Q3         check_queue
 *
 * What is one step. A critical section whose only effect seen without the lock is
 * the store of wake is one step at that store. A grant has two such effects (W1,
 * then G1), and so two steps with the lock held between them. A move LEASED→LEASED
 * is part of the locked instruction that follows it: nobody acts on the word of a
 * slot in that state. wake itself is not stored: in every state it is what
 * update_wake makes of the fields it summarises.
 */
#include "tso.pml"

#ifndef AGAIN
#define AGAIN 0
#endif
#ifndef GIVES_UP
#define GIVES_UP 2
#endif
#ifndef PASSES_MAX
#define PASSES_MAX S
#endif

#define NO_SLOT 15

/* What to do with an owned slot next: weir__slot_pass_on. */
#define DONE 0
#define GIVE 1
#define PUBLISH 2
#define RETIRE 3

/* Under the lock. */
bool locked;
chan queue = [N] of { byte };
byte overdue; /* waiters that are marked */
bool armed;
byte arming;     /* threads whose number of the arming is the current one */
byte granted[N]; /* 0: nothing, 1 .. S: slot + 1, CLOSED_GRANT */

#define CLOSED_GRANT (S + 1)
#define WAITERS (len(queue))
#define NONE (WAITERS == 0 && !closed)
#define MAY_KEEP (overdue == 0 && !closed)
#define can_lock(t) (!locked && drained(t))

/* Ghosts. */
byte held; /* slots */
byte finished;
#ifdef GENERATIONS
byte issued[S]; /* generation of the last lease */
#endif
#ifdef CONTRACT
byte unaware; /* threads whose X1 has read NONE, since their last R1 */
#endif
#ifdef BYPASS
byte passes;
byte late; /* threads that began to acquire while thread 0 was overdue */
#endif

#ifdef CLOSE
#define USERS (N - 1)
#else
#define USERS N
#define closed false
#endif

inline check_queue()
{
	assert(overdue == 0 || WAITERS > 0); /* Q3 */
	assert(!armed || WAITERS > 0) /* Q2 */
}

/* Under the lock: who was taken from the queue. */
inline unlinked(who)
{
#ifdef OVERDUE_FORGOTTEN
	overdue = 0;
#else
	DROP(overdue, who);
#endif
	if
	:: WAITERS == 0 -> armed = 0
	:: else -> skip
	fi;
#ifdef BYPASS
	if
	:: who == 0 -> passes = 0; late = 0
	:: else -> skip
	fi;
#endif
	check_queue()
}

inline queue_up()
{
	if
	:: WAITERS == 0 ->
		arming = BIT(me)
#ifdef ARMED_AT_ONCE
		; armed = 1
#endif
	:: WAITERS > 0 && !armed -> ADD(arming, me)
	:: else -> skip
	fi;
	queue!me;
#ifdef STRICT
	ADD(overdue, me);
#endif
	check_queue()
}

inline claim(s)
{
	assert(STATE(word[s]) == IDLE);
	write(s, RAISED(word[s]))
}

/* The owner's private move, LEASED→LEASED. */
inline raise(s)
{
	assert(STATE(word[s]) == LEASED);
#ifndef SAME_GENERATION
	write(s, RAISED(word[s]))
#endif
}

inline lease_begins(s)
{
	assert(!HAS(held, s) && STATE(word[s]) == LEASED);
#ifdef GENERATIONS
	assert(GENERATION(word[s]) > issued[s]);
	issued[s] = GENERATION(word[s]);
#endif
#ifdef CLOSE
	assert(!closed_empty);
#ifdef NO_LATE_LEASE
	assert(!began_late);
#endif
#endif
	ADD(held, s)
}

/* is_held of weir_release: the handle still names this lease. */
inline lease_ends(s)
{
	assert(HAS(held, s) && STATE(word[s]) == LEASED);
#ifdef GENERATIONS
	assert(GENERATION(word[s]) == issued[s]);
#endif
	DROP(held, s)
}

inline newcomer_claims(s)
{
	claim(s);
	slot = s;
#ifdef BYPASS
	if
	:: HAS(overdue, 0) ->
		passes++;
		assert(passes <= PASSES_MAX);
#ifdef STRICT
		assert(!HAS(late, me))
#endif
	:: else -> skip
	fi
#endif
}

/* What to do with an owned slot, from one load of wake. */
inline decide()
{
	if
	:: closed -> todo = RETIRE
	:: !closed && WAITERS > 0 -> todo = GIVE
	:: !closed && WAITERS == 0 -> todo = PUBLISH
	fi
}

/* take_back: todo is not DONE; afterwards it is, if the slot is gone. The load
 * sees the thread's own buffered store, if that is not in memory yet. */
inline take_back(s)
{
	d_step {
		if
		:: !drained(me) -> load_for_cas(me, s, MOVED(word[s], IDLE))
		:: drained(me) && STATE(word[s]) == IDLE -> load_for_cas(me, s, word[s])
		:: else -> todo = DONE
		fi
	}
	if
	:: todo == DONE -> skip
	:: d_step { todo != DONE && drained(me) ->
		if /* A1 */
		:: unchanged(me, s) -> forget_load(me, s); claim(s)
#ifdef TAKE_BACK_BY_STORE
		:: !unchanged(me, s) -> forget_load(me, s); write(s, RAISED(word[s]))
#else
		:: else -> forget_load(me, s); todo = DONE
#endif
		fi
	   }
	fi
}

/* The lock, the head of the queue, and G1; PUBLISH if nobody is there. */
inline grant_head(s)
{
	if
	:: d_step { can_lock(me) && WAITERS > 0 ->
		raise(s); locked = 1; queue?w; unlinked(w)
	   }
	   d_step { granted[w] = s + 1; locked = 0; w = 0; todo = DONE } /* G1 */
	:: d_step { can_lock(me) && WAITERS == 0 -> raise(s); todo = PUBLISH }
	fi
}

/* weir__slot_retire, of which only EMPTY is seen by others, and P1. */
inline retire(s)
{
#ifdef CLOSE
#ifdef PROGRESS_FIRST
	d_step { drained(me) -> progress++ }
#endif
	d_step { drained(me) ->
		assert(STATE(word[s]) == LEASED || STATE(word[s]) == CHECKING);
		write(s, MOVED(word[s], EMPTY))
	}
#ifndef PROGRESS_FIRST
	progress++;
#endif
#endif
	todo = DONE
}

/* weir__slot_pass_on, after its first load of wake. */
inline pass_on(s)
{
	do
	:: todo == DONE -> break
	:: todo == GIVE -> grant_head(s)
	:: todo == RETIRE -> retire(s)
	:: d_step { todo == PUBLISH && drained(me) ->
		assert(STATE(word[s]) == LEASED);
		write(s, MOVED(word[s], IDLE)) /* R2 */
	   }
	   if
	   :: d_step { NONE -> todo = DONE } /* X2 */
	   :: d_step { !NONE -> decide() }
	      take_back(s)
	   fi
	od
}

/* weir__pool_scan: W3, and whatever is found goes to the queue. */
inline scan()
{
	do
	:: WAITERS == 0 -> break
	:: WAITERS > 0 ->
		do
		:: atomic { at < S && STATE(word[at]) != IDLE -> at++ }
		:: atomic { at < S && STATE(word[at]) == IDLE -> load_for_cas(me, at, word[at]) }
		   if
		   :: d_step { drained(me) && unchanged(me, at) -> /* A1 */
			forget_load(me, at); claim(at); todo = GIVE
		      }
		      break
		   :: d_step { drained(me) && !unchanged(me, at) -> forget_load(me, at); at++ }
		   fi
		:: at == S -> break
		od;
		if
		:: atomic { todo == DONE -> at = 0 }
		   break
		:: todo == GIVE ->
			d_step { decide() }
			pass_on(at);
			at = 0
		fi
	od
}

/* weir__waitq_enter and the scan after it. w says what the entry found: 0 not
 * armed; 1 armed, no need to scan (Q5); 2 armed, scan; 3 closed. */
inline enter()
{
#ifdef SCAN_FIRST
	scan();
	skip;
#endif
	d_step { can_lock(me) ->
		if
		:: closed -> w = 3
		:: else ->
			queue_up(); /* W1 */
			if
			:: !armed -> w = 0
#if !defined(FENCE) && !defined(NO_BARRIER)
				; barrier_begin(me)
#endif
#ifdef ARMED_SKIPS_SCAN
			:: armed -> w = 1
#else
			:: armed && overdue == 0 -> w = 1
#endif
			:: else -> w = 2
			fi
		fi
	}
	if
	:: d_step { w == 0 && barrier_ended(me) && can_lock(me) -> /* W2 */
		if
#ifdef STALE_ARMED
		:: WAITERS > 0 -> armed = 1
#else
		:: WAITERS > 0 && HAS(arming, me) -> armed = 1
#endif
		:: else -> skip
		fi;
		arming = (armed -> 0 : arming & (255 - BIT(me)));
		w = 2;
		check_queue()
	   }
	:: w == 1 -> skip
	:: w == 1 -> w = 2 /* every WEIR__SCAN_EVERY-th scans all the same */
	:: w == 2 -> skip
	:: atomic { w == 3 -> w = 0 }
	   goto ended
	fi;
#ifdef CONTRACT
	d_step { /* a waiter that is out of the queue already has no use for it */
		if
		:: queue??[eval(me)] ->
			for (h_i : 0 .. N - 1) {
				assert(h_i == me || drained(h_i) || !HAS(unaware, h_i))
			}
		:: else -> skip
		fi
	}
#endif
#if defined(SCAN_FIRST) || defined(NO_ENTER_SCAN)
	w = 0
#else
	if
	:: w == 2 -> w = 0; scan()
	:: w == 1 -> w = 0
	fi
#endif
}

/* Sleep until granted, or out of the queue by the deadline. A timer may fire at
 * any time while it is set: no time is modelled. */
inline wait_in_queue()
{
	do
	:: granted[me] != 0 -> break
#ifndef STRICT
#ifdef LOOK
	:: d_step { granted[me] == 0 && looks == 0 -> looks = 1 }
	   scan()
#endif
#ifdef SCAN_THEN_MARK
	:: atomic { granted[me] == 0 && looks < 2 -> looks = 2 }
	   scan();
	   skip;
	   d_step { can_lock(me) ->
		if
		:: granted[me] == 0 -> ADD(overdue, me)
		:: else -> skip
		fi
	   }
#else
	:: d_step { granted[me] == 0 && looks < 2 && can_lock(me) ->
		looks = 2
#ifndef NO_MARK
		; ADD(overdue, me) /* W1 */
#endif
	   }
#ifndef NO_LAST_SCAN
	   scan()
#endif
#endif
#endif
	:: d_step { HAS(GIVES_UP, me) && granted[me] == 0 && can_lock(me) ->
		queue??eval(me);
		unlinked(me)
	   }
	   break
	od;
	looks = 0
}

inline acquire()
{
#ifdef BYPASS
	d_step {
		if
		:: HAS(overdue, 0) -> ADD(late, me)
		:: else -> DROP(late, me)
		fi
	}
#endif
#ifdef CLOSE
	began_late = close_returned;
	/* Step 1, which looks at no flag but the one that is there for it. */
	if
#ifdef OWN_CHECKED
	:: !closed -> goto own
#else
	:: goto own
#endif
	:: true -> skip
	fi;
	if
	:: closed -> goto ended
	:: !closed -> skip
	fi;
	/* Step 3, and an open that succeeds. */
	if
	:: d_step { drained(me) && STATE(word[0]) == EMPTY ->
		slot = 0; write(0, MOVED(word[0], LEASED))
	   }
	   goto obtained
	:: true -> skip
	fi;
#endif
	/* Steps 1 and 2. A search may miss what is there, for hints are lossy, and a
	 * thread whose turn is over does not search. */
#ifdef STRICT
	if
	:: NONE -> skip
	:: true -> goto queueing
	fi;
#endif
	if
	:: d_step { drained(me) && STATE(word[0]) == IDLE -> newcomer_claims(0) }
	   goto obtained
#if S > 1
	:: d_step { drained(me) && STATE(word[1]) == IDLE -> newcomer_claims(1) }
	   goto obtained
#endif
	:: true -> skip
	fi;
queueing:
	enter();
	wait_in_queue();
	atomic {
		if
		:: granted[me] > 0 && granted[me] <= S -> slot = granted[me] - 1; granted[me] = 0
		:: else -> granted[me] = 0; goto ended
		fi
	}
obtained:
#ifdef CLOSE
	if
	:: closed -> retire(slot); goto ended
	:: !closed -> goto leased
	fi;
own:
	if
	:: d_step { drained(me) && STATE(word[0]) == IDLE -> newcomer_claims(0) }
	:: STATE(word[0]) != IDLE -> goto ended
	fi
#else
	skip
#endif
}

inline release()
{
	if
#ifndef FENCE
	:: d_step { NONE -> lease_ends(slot) }
	   d_step {
		buffer_store(me, slot, MOVED(word[slot], IDLE)) /* R1 */
#ifdef CONTRACT
		; DROP(unaware, me)
#endif
	   }
	   if
#ifdef NO_X1
	   :: goto ended
#endif
	   :: d_step { NONE -> /* X1 */
#ifdef CONTRACT
		ADD(unaware, me)
#else
		skip
#endif
	      }
	      goto ended
	   :: d_step { !NONE -> todo = GIVE }
	      take_back(slot);
	      goto passing
	   fi
	:: d_step { !NONE -> lease_ends(slot) }
#else
	:: d_step { lease_ends(slot) }
#endif
	fi;
	/* release_slow, which loads wake again. */
	if
	:: closed ->
		todo = GIVE;
		goto passing
	:: !closed && WAITERS > 0 ->
		/* Hand over: to the head or, while nobody is overdue, to one near it.
		 * Finding none near is the same as keeping. */
		if
		:: d_step { can_lock(me) && WAITERS > 0 ->
			raise(slot); locked = 1; queue?w; unlinked(w)
		   }
		:: d_step { can_lock(me) && WAITERS > 1 && overdue == 0 ->
			raise(slot); locked = 1;
			queue?h_i; queue?w; queue!h_i; /* the second, and back in order */
			if
			:: WAITERS == 2 -> queue?h_i; queue!h_i
			:: else -> skip
			fi;
			unlinked(w)
		   }
		:: d_step { can_lock(me) && WAITERS == 0 -> raise(slot); todo = PUBLISH }
		fi;
		if
		:: d_step { todo == DONE -> granted[w] = slot + 1; locked = 0; w = 0 } /* G1 */
		   goto ended
		:: todo == PUBLISH -> skip
		fi
#ifdef KEEP_OVERDUE
	:: !closed -> skip
#else
	:: MAY_KEEP -> skip /* turn.h keeps, or nobody waits */
#endif
	fi;
#ifdef PLAIN_KEEP
	d_step { buffer_store(me, slot, MOVED(word[slot], IDLE)) }
#else
	d_step { drained(me) ->
		assert(STATE(word[slot]) == LEASED);
		write(slot, MOVED(word[slot], IDLE)); /* R2 */
		todo = DONE
	}
#endif
#ifdef KEEP_UNSEEN
	goto ended;
#endif
	if
	:: d_step { NONE || MAY_KEEP -> todo = DONE } /* X2 */
	   goto ended
	:: d_step { !NONE && !MAY_KEEP -> todo = GIVE }
	   take_back(slot)
	fi;
passing:
	if
	:: d_step { todo != DONE -> decide() }
	   pass_on(slot)
	:: todo == DONE -> skip
	fi
}

#ifdef CLOSE
#include "close.pml"
#endif

proctype thread(byte me)
{
	bit again = HAS(AGAIN, me);
	byte slot = NO_SLOT;
	byte at;
	byte w;
	byte todo;
	byte looks;
#ifdef CLOSE
	bit began_late;
#endif

	do
	:: true ->
		acquire();
leased:
		atomic { lease_begins(slot) }
		release();
ended:
		slot = NO_SLOT;
		if
		:: again -> again = 0
		:: else -> break
		fi
	od;
	finished++
}

active proctype memory()
{
end:
	do
	ALL_FLUSHES
	:: d_step { finished == N && ALL_DRAINED ->
		assert(WAITERS == 0 && !locked && held == 0);
		for (h_i : 0 .. S - 1) { assert(STATE(word[h_i]) == (closed -> EMPTY : IDLE)) }
	   }
	   break
	od
}

init
{
	byte i;

	d_step {
		for (h_i : 0 .. S - 1) { word[h_i] = IDLE }
	}
	atomic {
		for (i : 0 .. USERS - 1) { run thread(i) }
#ifdef CLOSE
		; run closer(N - 1)
#endif
	}
}
