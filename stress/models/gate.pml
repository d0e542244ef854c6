/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate: core/gate_*.c step by step, with the futex and wakes that come late.
 * Labels and invariants are those of core/gate_internal.h.
 *
 * N callers come once each, with a job or an exclusive entry, in any order. A
 * caller waits, and may find itself leading; those in GIVES_UP may also time out,
 * poll (leave the wait and come back), or abandon; those in NO_PROMISE queue first
 * without saying that they will wait. With KEEPER those in TICKETS
 * queue jobs and never wait for them: the keeper attends. With CLOSE somebody
 * closes the gate at some time.
 *
 * Checked
 *   one holder (A1)   nobody works while another does; a job is run once at most
 *   order (A2)        nobody is served before one that came earlier and is queued
 *   once (A5)         every entry ends once, with what became of it
 *   nothing lost      no caller sleeps for ever beside a gate that is free, and no
 *                     ticket is forgotten: no invalid end state
 *   close             nobody works, or touches an entry to wake it, once it returned
 *
 * What is one step. A critical section is one: lock.pml shows that it may be. Wakes
 * and calls that follow the unlock are steps of their own. Each word that is read
 * outside the lock (N1, N2, N3) is written before an unlock, a locked instruction,
 * so there are no store buffers here: with them a reader could at most see a word
 * as late as if it had come later, before the unlock.
 *
 * One lane: a second one only changes who is at the front.
 */
#ifndef N
#define N 3
#endif
#ifndef GIVES_UP
#define GIVES_UP 0
#endif
#ifndef TICKETS
#define TICKETS 0
#endif
#ifndef NO_PROMISE
#define NO_PROMISE 0
#endif
#ifndef TAKES
#define TAKES 2 /* jobs that a hold takes at most */
#endif

#define FREE 0
#define QUEUED 1
#define CALLED 2
#define HELD 3
#define TAKEN 4
#define DONE 5
#define LED 6

#define NOBODY 15
#define BIT(t) (1 << (t))
#define HAS(set, t) (((set) & BIT(t)) != 0)
#define ADD(set, t) set = set | BIT(t)
#define DROP(set, t) set = set & (255 - BIT(t))

byte state[N];
byte marked;   /* set: ASLEEP is in the word */
byte sleeping; /* set: the kernel has them asleep */
byte attended; /* set */
byte jobs;     /* set: kind */
byte queue[N];
byte length;
byte hold;     /* FREE, CALLED, LED, HELD */
bool asked;
bool posted;   /* the keeper was called */
bool closed;
bool close_returned;
byte waking;

/* Ghosts. */
byte inside;
byte ran;  /* set */
byte over; /* set: was ended */
byte finished;

hidden byte h_i;
hidden byte h_at;
hidden byte h_who;

inline append(who)
{
	queue[length] = who;
	length++
}

/* Take out whoever is in that place. */
inline remove_at(place)
{
	for (h_i : place .. N - 2) { queue[h_i] = queue[h_i + 1] }
	queue[N - 1] = 0;
	length--
}

inline remove(who)
{
	h_at = 0;
	do
	:: h_at < length && queue[h_at] != who -> h_at++
	:: else -> break
	od;
	assert(h_at < length);
	remove_at(h_at);
	h_at = 0
}

/* N1 */
inline end_entry(who)
{
	assert(!HAS(over, who));
	ADD(over, who);
	DROP(attended, who);
	state[who] = DONE
#ifdef DONE_CLEARS_ASLEEP
	; DROP(marked, who)
#endif
}

/* End one that is queued. */
inline end_queued(who)
{
	assert(state[who] == QUEUED || state[who] == CALLED);
	if
	:: state[who] == CALLED ->
#ifndef CALL_KEPT
		hold = FREE
#else
		skip
#endif
	:: else -> skip
	fi;
	remove(who);
	end_entry(who)
}

/* Give the gate to whoever; wake is to be woken. */
inline give(who, what)
{
	state[who] = what;
	hold = what;
#ifndef ASKED_STAYS
	asked = 0;
#endif
	if
	:: HAS(marked, who) -> wake = who
	:: else -> skip
	fi;
	DROP(marked, who)
}

/* Within a critical section. Sets wake and ask. */
inline settle()
{
	if
#ifdef HOLD_IGNORED
	:: closed -> skip
#else
	:: hold != FREE || closed -> skip
#endif
	:: else ->
		if
		:: length == 0 -> asked = 0
		:: length > 0 && !HAS(jobs, queue[0]) ->
			h_who = queue[0];
			is_next(h_who);
			remove_at(0);
			give(h_who, HELD)
		:: else ->
			h_at = 0;
			do
#ifdef CALL_ANYONE
			:: h_at < length && HAS(jobs, queue[h_at]) && false -> skip
			:: else -> break
#else
			:: h_at < length && HAS(jobs, queue[h_at]) && !HAS(attended, queue[h_at]) -> h_at++
			:: else -> break
#endif
			od;
			if
			:: h_at < length && HAS(jobs, queue[h_at]) ->
				h_who = queue[h_at];
				give(h_who, CALLED)
			:: else ->
				ask = !asked;
				asked = 1
			fi
		fi;
		h_at = 0;
		h_who = 0
	fi
}

/* What follows the unlock. */
inline then()
{
	if
	:: d_step { wake != NOBODY ->
#ifndef NO_WAKE
		DROP(sleeping, wake);
#endif
		wake = NOBODY
	   }
	:: wake == NOBODY -> skip
	fi;
	if
	:: d_step { ask -> posted = 1; ask = 0 }
	:: !ask -> skip
	fi
}

inline work_on(who)
{
	assert(!HAS(ran, who) && !close_returned);
	ADD(ran, who)
}

/* About to be served: nobody that came earlier is queued, since append is at the end. */
inline is_next(who) { assert(length > 0 && queue[0] == who) }

inline come_in() { assert(inside == 0); inside = 1 }
inline go_out() { assert(inside == 1); inside = 0 }

inline take(who)
{
	assert(state[who] == QUEUED);
	DROP(attended, who);
	state[who] = TAKEN;
	work_on(who);
	ADD(mine, who)
}

/* From LED to the end of leave; mine: set of jobs taken. */
inline lead()
{
	come_in();
	/* weir_gate_take, or not at all: its own job then comes later */
	d_step {
#ifdef OWN_FIRST
		is_next(me);
		remove(me);
		take(me);
#endif
		h_at = 0;
		do
		:: h_at < TAKES && length > 0 && HAS(jobs, queue[0]) ->
			h_who = queue[0];
			is_next(h_who);
			remove_at(0);
			take(h_who);
			h_at++
		:: else -> break
		od;
		h_at = 0;
		h_who = 0
	}
	go_out();
	d_step { /* weir_gate_leave */
		assert(hold == LED);
		hold = FREE;
		for (h_at : 0 .. N - 1) {
			if
			:: HAS(mine, h_at) ->
				assert(state[h_at] == TAKEN);
				end_entry(h_at);
				if
				:: HAS(marked, h_at) -> asleep = 1
				:: else -> skip
				fi
			:: else -> skip
			fi
		}
		h_at = 0;
#ifndef UNCOUNTED
		waking = waking + asleep;
#endif
#ifndef LEAVE_UNSETTLED
		settle()
#endif
	}
	then();
	/* wake_ended: one after the other, each as its word reads by then */
	if
	:: asleep ->
		do
		:: d_step { mine != 0 ->
			h_who = (HAS(mine, 0) -> 0 : (HAS(mine, 1) -> 1 : (HAS(mine, 2) -> 2 : 3)));
			assert(!close_returned);
#ifndef NO_WAKE_ENDED
			if
			:: state[h_who] == DONE && HAS(marked, h_who) -> DROP(sleeping, h_who)
			:: else -> skip
			fi;
#endif
			DROP(mine, h_who);
			h_who = 0
		   }
		:: mine == 0 -> break
		od;
		true; /* spin allows no jump into a d_step */
#ifndef UNCOUNTED
		d_step { waking--; asleep = 0 }
#else
		asleep = 0
#endif
	:: !asleep -> mine = 0
	fi
}

/* Sleep as the word was. The timer may fire at any time for who gives up. */
inline sleep()
{
#ifdef ASLEEP_LATE
	d_step { state[me] = seen; ADD(marked, me) }
#endif
#ifdef SLEEP_UNCOMPARED
	ADD(sleeping, me);
#else
	d_step {
		if
		:: state[me] == seen && HAS(marked, me) -> ADD(sleeping, me)
		:: else -> skip
		fi
	}
#endif
	if
	:: !HAS(sleeping, me) -> skip
	:: d_step { HAS(sleeping, me) && HAS(GIVES_UP, me) -> DROP(sleeping, me); late = 1 }
	fi
}

/* weir_gate_wait until DONE, or until it gives up. */
inline wait_for_it()
{
	do
	:: state[me] == DONE -> break /* N2 */
	:: state[me] != DONE && !gone ->
#ifdef TIMER_TRUSTED
		if
		:: late -> break
		:: !late -> skip
		fi;
#endif
		d_step { /* look_under_lock */
			act = FREE;
#ifndef WAIT_UNSETTLED
			if
			:: state[me] == QUEUED && !late ->
				if
				:: HAS(jobs, me) -> ADD(attended, me)
				:: else -> skip
				fi;
				settle()
			:: else -> skip
			fi;
#else
			if
			:: state[me] == QUEUED && HAS(jobs, me) -> ADD(attended, me)
			:: else -> skip
			fi;
#endif
			seen = state[me];
			if
			:: seen == CALLED ->
				DROP(attended, me);
				DROP(marked, me);
				state[me] = QUEUED;
				hold = LED;
				act = LED
			:: seen == HELD -> act = HELD
			:: seen == QUEUED && late ->
				end_queued(me);
				act = DONE
#ifndef TIMEOUT_UNSETTLED
				; settle()
#endif
			:: seen == TAKEN || (seen == QUEUED && !late) ->
				act = QUEUED;
#ifndef ASLEEP_LATE
				ADD(marked, me)
#endif
			:: seen == DONE -> act = DONE
			fi
		}
		then();
		if
		:: act == LED -> lead()
		:: act == HELD ->
			come_in();
			work_on(me);
			go_out();
			d_step { /* weir_gate_leave */
				assert(hold == HELD);
				end_entry(me);
				hold = FREE;
				settle()
			}
			then()
		:: act == DONE -> skip
		:: act == QUEUED ->
			if
			:: true -> sleep()
			:: HAS(GIVES_UP, me) -> poll()
			fi
		fi
	od
}

/* until has passed: wait returns QUEUED or TAKEN. Then the caller comes back, or
 * abandons; or only looks from then on, if there is a keeper. */
inline poll()
{
	d_step {
		if
		:: state[me] == QUEUED || state[me] == TAKEN ->
			DROP(marked, me);
#ifndef STAYS_ATTENDED
			DROP(attended, me)
#endif
		:: else -> skip /* another look will show */
		fi
	}
	if
	:: true -> skip
	:: true -> late = 1 /* its deadline passed meanwhile */
#ifdef KEEPER
	:: HAS(jobs, me) && state[me] != CALLED -> gone = 1
#endif
	:: state[me] == QUEUED || state[me] == CALLED ->
		d_step {
			if
			:: state[me] == QUEUED || state[me] == CALLED ->
				end_queued(me)
#ifndef ABANDON_UNSETTLED
				; settle()
#endif
			:: else -> skip
			fi
		}
		then()
	fi
}

proctype caller(byte me)
{
	byte act;
	byte seen;
	byte mine;
	byte wake = NOBODY;
	bit ask;
	bit late;
	bit gone;
	bit asleep;

	if
	:: ADD(jobs, me)
	:: !HAS(TICKETS, me) -> skip
	fi;
	d_step { /* weir_gate_queue */
		if
		:: closed -> ADD(over, me); state[me] = DONE
		:: else ->
			assert(!close_returned);
			state[me] = QUEUED;
			append(me);
			if
			:: HAS(jobs, me) && !HAS(TICKETS | NO_PROMISE, me) -> ADD(attended, me)
			:: else -> skip
			fi;
			settle()
		fi
	}
	then();
	if
	:: !HAS(TICKETS, me) -> wait_for_it()
	:: HAS(TICKETS, me) -> state[me] == DONE
	fi;
	true;
	d_step { /* collect */
		assert(state[me] == DONE && HAS(over, me));
		state[me] = FREE;
		DROP(marked, me);
		finished++
	}
}

#ifdef KEEPER
proctype keeper()
{
	byte mine;
	byte wake = NOBODY;
	bit ask;
	bit asleep;
	bit leads;

end:
	do
	:: d_step { posted -> posted = 0 }
	   do
	   :: d_step { /* weir_gate_attend */
		leads = 0;
		settle();
		leads = hold == FREE && !closed && length > 0;
		if
		:: leads ->
			ask = 0;
#ifndef ASKED_STAYS
			asked = 0;
#endif
			hold = LED
		:: else -> skip
		fi
	      }
	      then();
	      if
	      :: leads -> lead()
	      :: !leads -> break
	      fi
	   od
	od
}
#endif

#ifdef CLOSE
proctype closer()
{
	byte sleepers;
	byte who;

	d_step {
		closed = 1;
		do
		:: length > 0 ->
			h_who = queue[0];
			end_queued(h_who);
			if
			:: HAS(marked, h_who) -> ADD(sleepers, h_who)
			:: else -> skip
			fi
		:: else -> break
		od;
		h_who = 0
	}
#ifndef CLOSE_WAKES_NONE
	do
	:: d_step { who < N ->
		if
		:: HAS(sleepers, who) -> DROP(sleeping, who)
		:: else -> skip
		fi;
		who++
	   }
	:: who == N -> break
	od;
#endif
	true;
	d_step { hold == FREE && waking == 0 -> close_returned = 1 }
}
#endif

active proctype audit()
{
	d_step { finished == N && hold == FREE && inside == 0 -> /* the keeper may leave last */
		assert(length == 0 && over == BIT(N) - 1);
		assert(attended == 0 && sleeping == 0)
	}
}

init
{
	byte i;

	atomic {
#ifdef KEEPER
		run keeper();
#endif
#ifdef CLOSE
		run closer();
#endif
		for (i : 0 .. N - 1) { run caller(i) }
	}
}
