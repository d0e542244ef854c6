/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lock of one word, core/lock.h, step by step: what lets the other models
 * treat a critical section as one. Labels are those of lock.h.
 *
 * N threads take the lock ROUNDS times each.
 *
 * Checked: at most one thread is inside; no thread sleeps for ever; at the end the
 * word is 0. Every access to the word is a locked instruction or is followed by
 * one before anything depends on it, so there are no store buffers here.
 */
#ifndef N
#define N 3
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

byte word;
byte sleepers; /* set of threads */
byte inside;
byte finished;

#define BIT(t) (1 << (t))

/* The xchg of a thread that slept must leave 2: others may sleep still. */
#ifdef TAKE_AS_ONE
#define ANNOUNCE 1
#else
#define ANNOUNCE 2
#endif
#ifdef NO_WAKE
#define WAKE_IF 3
#else
#define WAKE_IF 2
#endif

inline sleep_on(value)
{
#ifdef SLEEP_UNCOMPARED
	d_step { sleepers = sleepers | BIT(me) }
	(sleepers & BIT(me)) == 0
#else
	if
	:: d_step { word == value -> sleepers = sleepers | BIT(me) }
	   (sleepers & BIT(me)) == 0 /* may also be woken for nothing, see waker */
	:: word != value -> skip
	fi
#endif
}

inline take()
{
	if
	:: d_step { word == 0 -> word = 1 } /* L1, within WEIR__LOCK_SPINS */
	:: true ->
		do
		:: d_step { old = word; word = ANNOUNCE } /* L1: xchg */
		   if
		   :: old == 0 -> break
		   :: old != 0 -> old = 0; sleep_on(ANNOUNCE)
		   fi
		od
	fi
}

inline free()
{
	d_step { old = word; word = 0 } /* L2 */
	if
	:: old == WAKE_IF -> /* futex wake, of any one */
		if
		:: sleepers == 0 -> skip
		:: d_step { (sleepers & 1) != 0 -> sleepers = sleepers & 254 }
		:: d_step { (sleepers & 2) != 0 -> sleepers = sleepers & 253 }
		:: d_step { (sleepers & 4) != 0 -> sleepers = sleepers & 251 }
		:: d_step { (sleepers & 8) != 0 -> sleepers = sleepers & 247 }
		fi
	:: old != WAKE_IF -> skip
	fi;
	old = 0
}

proctype thread(byte me)
{
	byte round;
	byte old;

	do
	:: round < ROUNDS ->
		take();
		inside++;
		assert(inside == 1);
		inside--;
		free();
		round++
	:: round == ROUNDS -> break
	od;
	finished++
}

/* A futex may wake for nothing: a signal, or a late wake for an earlier user. Once
 * is enough to meet every state of the sleeper. */
active proctype waker()
{
end:
	if
	:: d_step { (sleepers & 1) != 0 -> sleepers = sleepers & 254 }
	fi
}

active proctype audit()
{
end:
	d_step { finished == N -> assert(word == 0 && sleepers == 0) }
}

init
{
	byte i;

	atomic {
		for (i : 0 .. N - 1) { run thread(i) }
	}
}
