/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The turnstile: core/turnstile.c step by step, with the futex, the life bytes,
 * processes that are killed anywhere, and slots that are taken anew. Labels and
 * invariants are those of core/turnstile.h.
 *
 * N processes pass once each, those in AGAIN twice. Without LOOKS there is no timer
 * but the deadline of those in GIVES_UP, so that a lost wake-up shows.
 *
 * -D switches that choose a healthy variant
 *   LOOKS    waiters look at the owner: 1; also after a stall: 2
 *   KILLS    how many kills; VICTIMS: of whom
 *   REOPENS  whose slot a new process takes after a kill
 *   FORKED   who leaves a child that keeps the life byte
 *   UNMARKED who may lose the process byte, once, and live
 *   MEDDLED  whose bit somebody clears, once, without any right (P5)
 *   OWNED    process 0 is inside at the start
 *   BYPASS   count who passes process 1 while it stands in line
 *
 * Checked
 *   one owner      become_owner: nobody else that lives is inside but who was passed
 *                  by after a stall (P3); leave: whoever was not still owns
 *   order (P1)     OWNER is 0 only if WAITS is empty; whoever is given the turnstile
 *                  has the earliest ticket of all that stand in line, see below
 *   once           a waiter leaves granted or withdrawn, never both: a grant that it
 *                  does not see would be a turnstile that nobody gives on
 *   no lost wake   no waiter sleeps for ever: no invalid end state
 *   the dead       nobody that lives waits for ever behind one; no deadline is so
 *                  short that it passes by an owner that was dead before
 *
 * Time. A look may be due whenever a waiter has not looked since the owner changed
 * or somebody died. A look that was in vain is not repeated before that: so a waiter
 * that would look in vain for ever is an end state too. A stall is any time after a
 * look that saw the same ownership.
 *
 * The exception of P1. A slot that withdraws and stands in line anew while a granter
 * chooses makes word what it was, so that the granter's CAS succeeds and the slot
 * has the place that it gave up. STRICT_ORDER counts it as a fault.
 *
 * What is one step. A load and the CAS that depends on it are one where only the CAS
 * matters: one that fails is like a load that came later. A granter's load and its
 * look at the tickets are one: those of slots in line change only in the exception
 * above. TURN is not stored: turn is the set of those who loaded word since the owner
 * changed. That is the same as long as TURN does not come back, 256 changes later,
 * between a load and its CAS.
 *
 * Store buffers. All writes are locked instructions but one, the ticket's, which
 * waits in pending until the system process, or A2, brings it to memory. A thread
 * that is killed drains its buffer on the way into the kernel. Not here: what acquire
 * and release order on other machines, and data that the turnstile protects.
 */
#include "turnstile_page.pml"

/* At so, whom this process saw as the owner: look of core/turnstile.c. */
inline look()
{
	if
#ifdef LOOK_BLIND
	:: true -> skip
#else
#ifdef LIFE_UNHELD
	:: d_step { life[so] == 0 -> skip }
	   clear(so)
#else
	:: d_step { life[so] == 0 -> life[so] = me + 1 }
	   clear(so);
	   life[so] = 0
#endif
	:: d_step { life[so] != 0 ->
		if
		:: life[so] != so + 1 -> looks[me] = 0; DROP(unlooked, me) /* a looker has it */
		:: else -> skip
		fi
	   }
	   if
#ifdef STALL_IGNORES_MARK
	   :: stalled -> make_heir(so, 1)
	   :: !stalled -> skip
#else
	   :: stalled && !HAS(marked, so) -> make_heir(so, 1)
	   :: !stalled || HAS(marked, so) -> skip
#endif
	   fi
#endif
	fi;
	atomic { DROP(turn, me); so = NOBODY; stalled = 0 }
}

#define OWNS (owner == me + 1)
#define IN_LINE (owner != 0 && !OWNS && STANDS)
#ifdef JOIN_ONCE
#define STANDS (HAS(waits, me) || joined)
#else
#define STANDS HAS(waits, me)
#endif
#define DUE (looks[me] < LOOKS || (HAS(GIVES_UP, me) && !looked))

inline load_call()
{
	DROP(called, me) /* C2 */
}

/* The kernel compares call before it sleeps. A timer may fire when it has a use. */
inline sleep()
{
	d_step {
		if
#ifdef SLEEP_UNCOMPARED
		:: true -> ADD(asleep, me)
#else
		:: !HAS(called, me) -> ADD(asleep, me)
#endif
		:: else -> skip
		fi
	}
	if
	:: d_step { !HAS(asleep, me) -> skip }
	:: d_step { HAS(asleep, me) && (DUE || HAS(GIVES_UP, me)) -> DROP(asleep, me) }
	fi
}

inline draw()
{
	came[me] = tickets;
	tickets++
}

#ifdef WAITS_IGNORED
#define NONE_WAITS true
#else
#define NONE_WAITS (waits == 0)
#endif

inline enter()
{
	if
#ifdef OWNED
	:: atomic { HAS(inside, me) -> skip } /* from the start */
	   goto entered
	:: !HAS(inside, me) -> skip
	fi;
	if
#endif
#ifdef ENTER_BY_STORE
	:: owner == 0 && waits == 0 ->
		d_step { become_owner(me); enters() }
#else
	:: d_step { owner == 0 && NONE_WAITS -> become_owner(me); enters() } /* A1 */
#endif
	   goto entered
	:: true -> skip
	fi;
	d_step {
#ifndef TICKET_LATE
		draw();
		pending[me] = came[me];
#endif
		ADD(marked, me);
		if
		:: owner != 0 && life[owner - 1] == 0 -> ADD(unlooked, me)
		:: else -> skip
		fi
	}
	do
	::
#ifndef CALL_READ_LATE
		load_call();
#endif
		if /* A3 */
		:: d_step { OWNS -> enters() }
		   goto entered
		:: d_step { owner == 0 -> become_owner(me); enters() } /* A1 */
		   goto entered
		:: d_step { owner != 0 && !OWNS && !STANDS -> /* A2, P5 */
#ifdef TICKET_LATE
			draw();
#elif defined(TICKET_ANEW)
			ticket[me] = (joined -> tickets : came[me]);
			pending[me] = 0;
			tickets++;
#elif !defined(JOIN_UNFENCED)
			if
			:: pending[me] != 0 -> ticket[me] = pending[me]; pending[me] = 0
			:: else -> skip
			fi;
#endif
			ADD(waits, me);
#if defined(JOIN_ONCE) || defined(TICKET_ANEW)
			joined = 1;
#endif
			ADD(standing, me);
			for (h_i : 0 .. N - 1) {
				if
				:: HAS(choosing, h_i) -> ADD(anew[h_i], me)
				:: else -> skip
				fi
			}
		   }
#ifdef TICKET_LATE
		   ticket[me] = came[me]
#endif
		:: atomic { IN_LINE -> ADD(standing, me) }
#ifdef CALL_READ_LATE
			load_call();
#endif
			sleep()
		:: d_step { IN_LINE && DUE ->
			so = owner - 1;
			ADD(turn, me);
			stalled = (looks[me] > 0 && LOOKS > 1);
			looks[me] = (looks[me] < LOOKS -> looks[me] + 1 : looks[me]);
			looked = 1
		   }
		   look()
#ifdef DEADLINE_UNLOOKED
		:: !OWNS && owner != 0 && HAS(GIVES_UP, me) -> break
#else
		:: !OWNS && owner != 0 && HAS(GIVES_UP, me) && looked -> break
#endif
		fi
	od;
	/* give_up */
#ifdef WITHDRAW_BY_STORE
	atomic { !OWNS -> so = owner; seen = waits }
	d_step {
		owner = so; waits = seen; withdraw(me, given); DROP(standing, me);
		so = NOBODY; seen = 0
	}
#else
	atomic { withdraw(me, given); DROP(standing, me) } /* A4 */
#endif
	if
#ifdef GIVE_UP_BLIND
	:: d_step { true -> given = 0 }
	   goto ended
#else
	:: d_step { given -> given = 0; enters() }
	:: d_step { !given -> assert(!HAS(unlooked, me)) }
	   goto ended
#endif
	fi
}

inline leave()
{
	do
#ifdef LEAVE_UNCHECKED
	:: atomic { owner == 0 -> DROP(inside, me) }
	   break
	:: atomic { owner != 0 -> DROP(inside, me); ADD(turn, me); choose() } /* D1 */
#else
	:: atomic { !OWNS -> assert(HAS(passed, me) || !HAS(inside, me)); DROP(inside, me) }
	   break
	:: atomic { OWNS -> DROP(inside, me); ADD(turn, me); choose() } /* D1 */
#endif
	   pass_on(me, 0);
	   if
	   :: atomic { given -> given = 0 }
	      break
	   :: !given -> skip
	   fi
	od;
	DROP(passed, me)
}

proctype process(byte me)
{
	byte seen;
	byte heir = NOBODY;
	byte so = NOBODY;
	bit again = HAS(AGAIN, me);
	bit opens;
	bit given;
	bit buried;
	bit looked;
	bit stalled;
#if defined(JOIN_ONCE) || defined(TICKET_ANEW)
	bit joined;
#endif

open:
	{
		if
		:: opens ->
#ifndef OPEN_UNCLEARED
			clear(me);
#endif
			opens = 0;
			if
			:: true -> skip
			:: goto closed /* it never asks for the turnstile */
			fi
		:: !opens -> skip
		fi;
		do
		:: true ->
			enter();
entered:
			leave();
ended:
			atomic {
				looked = 0;
				came[me] = 0;
				DROP(called, me);
				if
				:: again -> again = 0
				:: else -> break
				fi
			}
		od;
closed:
		ADD(over, me)
	} unless { HAS(dead, me) }
	d_step {
		chosen();
		heir = NOBODY; so = NOBODY; opens = 1;
		given = 0; buried = 0; looked = 0; stalled = 0
	}
	if
	:: HAS(dead & REOPENS, me) ->
end:
		d_step {
			life[me] == 0 ->
			life[me] = me + 1; ADD(marked, me); DROP(dead, me);
			unlooked = 0 /* it lives again, and is about to clear */
		}
		goto open
	:: !HAS(dead & REOPENS, me) -> skip
	fi
}

#include "turnstile_system.pml"

init
{
	byte i;

	d_step {
		for (h_i : 0 .. N - 1) { life[h_i] = h_i + 1; ADD(marked, h_i) }
#ifdef OWNED
		owner = 1;
		inside = BIT(0)
#endif
	}
	atomic {
		run system();
		for (i : 0 .. N - 1) { run process(i) }
	}
}
