/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A grant against a timeout, and against close, at the queue: core/waitq.c step by
 * step, with waiters from a stock, the futex, and wakes that come late.
 *
 * WAITERS threads enter the queue ROUNDS times; all but one have a deadline.
 * GRANTERS threads have one slot each, and give it to a waiter or keep it. One
 * thread closes the queue at some time.
 *
 * With STRICT every waiter is overdue at once and has no timer but its deadline:
 * there is nothing then that would hide a lost futex wake.
 *
 * Checked
 *   exactly one    a waiter leaves granted or cancelled; G1 finds it WAITING or
 *                  PARKED; a cancelled one is never granted afterwards
 *   no lost grant  every slot that was granted is received, once
 *   close          every waiter leaves; nobody enters or is granted a slot once
 *                  close has returned
 *   order (Q1)     while somebody is overdue, only the head is granted
 *   futex          no waiter sleeps for ever: no invalid end state
 *
 * What is one step. A critical section that does nothing another thread sees
 * without the lock is one step. A grant is four: unlink, G1, unlock, futex wake.
 * Loads and stores are sequentially consistent here: all that this model touches
 * is under the lock or a locked instruction.
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef GRANTERS
#define GRANTERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

#define FREE 0
#define WAITING 1
#define PARKED 2
#define GRANTED 3

#define CLOSED_GRANT (GRANTERS + 1)
#define BIT(t) (1 << (t))
#define HAS(set, t) (((set) & BIT(t)) != 0)
#define ADD(set, t) set = set | BIT(t)
#define DROP(set, t) set = set & (255 - BIT(t))

/* Waiters: as many as threads, since a chunk more would only go unused. */
byte state[WAITERS];
byte grant[WAITERS]; /* 0: nothing, 1 .. GRANTERS: a slot, CLOSED_GRANT */
bool asleep[WAITERS]; /* a thread sleeps on state */

/* Under the lock. */
bool locked;
chan queue = [WAITERS] of { byte };
chan stock = [WAITERS] of { byte };
byte overdue;
bool closed;

/* Ghosts. */
bool close_returned;
byte given;    /* slots */
byte received; /* slots */
byte finished;

hidden byte h_i;
hidden byte h_node; /* hidden: scratch of a d_step, no part of the state */

/* weir__waitq_enter; mine stays NOBODY if the queue is closed. */
#define NOBODY 15
inline enter()
{
#ifdef ENTER_UNCHECKED
	if
	:: closed -> goto left
	:: !closed -> skip
	fi;
	atomic { !locked -> join() }
#else
	if
	:: atomic { !locked && closed -> goto left }
	:: atomic { !locked && !closed -> join() }
	fi
#endif
}

inline join()
{
	assert(!close_returned);
	stock?mine;
	assert(state[mine] == FREE);
	state[mine] = WAITING;
	grant[mine] = 0;
	queue!mine
#ifdef STRICT
	; marked = 1; ADD(overdue, mine)
#endif
}

/* One call of weir__waitq_park: ends granted, or by the timer. A timer may fire at
 * any time: first the one after which the waiter is overdue, then the deadline,
 * if there is one. */
inline park()
{
#ifdef PARK_BY_STORE
	state[mine] = PARKED;
#else
	d_step { /* G3 */
		if
		:: state[mine] == WAITING -> state[mine] = PARKED
		:: else -> skip
		fi
	}
#endif
	do
	:: state[mine] == GRANTED -> break /* G2 */
#ifdef SLEEP_UNCOMPARED
	:: state[mine] != GRANTED ->
		asleep[mine] = 1;
#else
	:: state[mine] != GRANTED ->
		d_step { /* the kernel's look before it sleeps */
			if
			:: state[mine] == PARKED -> asleep[mine] = 1
			:: else -> skip
			fi
		}
#endif
		if
		:: !asleep[mine] -> skip
		:: atomic { asleep[mine] && (!marked || gives_up) -> asleep[mine] = 0 }
		   break
		fi
	od
}

inline wait_in_queue()
{
	do
	:: true ->
		park();
		if
		:: state[mine] == GRANTED -> break
		:: state[mine] != GRANTED && !marked -> /* mark_overdue */
			d_step { !locked ->
				marked = 1;
				if
				:: state[mine] != GRANTED -> ADD(overdue, mine)
				:: else -> skip
				fi
			}
		:: state[mine] != GRANTED && gives_up -> /* cancel */
#ifdef CANCEL_BY_STORE
			state[mine] = FREE;
#endif
			d_step { !locked ->
				if
#ifdef CANCEL_UNLOCKED
				:: queue??[eval(mine)] -> queue??eval(mine)
				:: else -> skip
				fi;
				DROP(overdue, mine);
				cancelled = 1
#else
				:: state[mine] == GRANTED -> skip
				:: else ->
					assert(queue??[eval(mine)]);
					queue??eval(mine);
					DROP(overdue, mine);
					cancelled = 1
				fi
#endif
			}
			break
		fi
	od
}

/* What the waiter got: the fields that the granter wrote before G1. */
inline receive()
{
	if
	:: cancelled -> assert(grant[mine] == 0)
	:: else ->
		assert(grant[mine] != 0);
		if
		:: grant[mine] != CLOSED_GRANT ->
			assert(HAS(given, grant[mine]) && !HAS(received, grant[mine]));
			ADD(received, grant[mine])
		:: else -> assert(closed)
		fi
	fi
}

/* Back to the stock, the newest on top. */
inline retire()
{
	state[mine] = FREE;
	stock!mine;
	for (h_i : 2 .. len(stock)) {
		stock?h_node;
		stock!h_node
	}
}

proctype waiting(bit gives_up)
{
	byte mine = NOBODY;
	byte round;
	bit marked;
	bit cancelled;

	do
	:: round < ROUNDS ->
		enter();
		wait_in_queue();
#ifndef READ_AFTER_RETIRE
		atomic { receive() }
#endif
		skip;
		d_step { !locked -> retire() }
#ifdef READ_AFTER_RETIRE
		atomic { receive() }
#endif
		atomic { mine = NOBODY; marked = 0; cancelled = 0; round++ }
	:: round == ROUNDS -> break
	od;
left:
	finished++
}

/* Under the lock: who is granted. To the head or, while nobody is overdue, to one
 * near it. */
inline unlink_one()
{
	if
	:: queue?who
#ifdef NEAR_PASSES_OVERDUE
	:: len(queue) > 1 ->
#else
	:: len(queue) > 1 && overdue == 0 ->
#endif
		queue?head; queue?who; queue!head;
		if
		:: len(queue) == 2 -> queue?head; queue!head /* in order again */
		:: else -> skip
		fi;
		head = 0;
		assert(overdue == 0)
	fi;
	DROP(overdue, who)
}

/* grant_to, unlock, and the wake after it; who was taken from the queue. */
inline tell(what)
{
#ifdef GRANT_OUTSIDE
	locked = 0;
#endif
#ifdef GRANT_BY_STORE
	was = state[who];
	state[who] = GRANTED;
#else
	d_step { /* G1 */
		was = state[who];
		assert(was == WAITING || was == PARKED);
		state[who] = GRANTED
	}
#endif
	atomic {
#ifndef GRANT_OUTSIDE
		locked = 0;
#endif
		if
		:: was != PARKED -> who = 0; was = 0
		:: else -> skip
		fi
	}
	if
	:: d_step { was == PARKED ->
#ifndef NO_WAKE
		asleep[who] = 0;
#endif
		who = 0; was = 0
	   }
	:: was == 0 -> skip
	fi
}

proctype granter(byte slot)
{
	byte head;
	byte who;
	byte was;

	do
	:: atomic { !locked && len(queue) > 0 ->
		locked = 1;
		assert(!close_returned);
		unlink_one();
		grant[who] = slot;
		ADD(given, slot)
	   }
	   tell(slot);
	   break
	:: closed && len(queue) == 0 -> break
	od;
	finished++
}

proctype closer()
{
	byte who;
	byte was;

	d_step { !locked -> closed = 1 }
	do
	:: d_step { !locked && len(queue) > 0 ->
		locked = 1;
		queue?who;
		DROP(overdue, who);
		grant[who] = CLOSED_GRANT
	   }
	   tell(CLOSED_GRANT)
	:: d_step { !locked && len(queue) == 0 -> close_returned = 1 }
	   break
	od;
	finished++
}

active proctype audit()
{
end:
	d_step { finished == WAITERS + GRANTERS + 1 ->
		assert(len(queue) == 0 && overdue == 0 && !locked);
		assert(len(stock) == WAITERS);
		assert(given == received)
	}
}

init
{
	byte i;

	d_step {
		for (h_i : 0 .. WAITERS - 1) { stock!h_i }
	}
	atomic {
		run closer();
		for (i : 1 .. GRANTERS) { run granter(i) }
		for (i : 1 .. WAITERS) { run waiting(i > 1) }
	}
}
