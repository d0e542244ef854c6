/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The page and the locks of turnstile.pml, and the moves of word: who becomes the
 * owner, what a granter and a heir-maker do, and what is checked at each change.
 * turnstile.pml says what is checked, and what is one step.
 */
#ifndef N
#define N 3
#endif
#ifndef AGAIN
#define AGAIN 0
#endif
#ifndef GIVES_UP
#define GIVES_UP 0
#endif
#ifndef LOOKS
#define LOOKS 0
#endif
#ifndef KILLS
#define KILLS 0
#endif
#ifndef VICTIMS
#define VICTIMS 255
#endif
#ifndef REOPENS
#define REOPENS 0
#endif
#ifndef FORKED
#define FORKED 0
#endif
#ifndef UNMARKED
#define UNMARKED 0
#endif
#ifndef MEDDLED
#define MEDDLED 0
#endif
#ifndef PASSES_MAX
#define PASSES_MAX (N - 2)
#endif

#define NOBODY 15
#define BIT(t) (1 << (t))
#define HAS(set, t) (((set) & BIT(t)) != 0)
#define ADD(set, t) set = set | BIT(t)
#define DROP(set, t) set = set & (255 - BIT(t))

/* The page. */
byte waits;       /* WAITS, a set */
byte owner;       /* OWNER: 0, or slot + 1 */
byte turn;        /* set: what they loaded has the present TURN */
byte tickets = 1;
byte ticket[N];
byte pending[N];  /* store buffer of a process: its ticket; 0: nothing */
byte called;      /* set: call has changed since its process loaded it */
byte asleep;      /* set: the kernel has them asleep on call */

/* The locks of the file. */
byte life[N];     /* 0, or process + 1 */
byte marked;      /* set: process bytes */

/* What a process remembers of the owner. */
byte looks[N];

/* Ghosts. */
byte inside;      /* set: from entered to leave */
byte passed;      /* set: passed by after a stall, and not yet out */
byte standing;    /* set: in line, as they saw it, and not out again */
byte came[N];     /* the ticket drawn */
byte choosing;    /* set: between D1 and D2 */
byte anew[N];     /* sets: stood in line since that one's D1 */
byte unlooked;    /* set: an owner was dead when they began to wait, and owns still */
byte dead;
byte kills;
byte over;        /* set: done */
#ifdef BYPASS
byte passes;
#endif

hidden byte h_i;
hidden byte h_first;

/* The owner changes; who: slot or NOBODY. */
inline become_owner(who)
{
	DROP(waits, who);
	owner = (who == NOBODY -> 0 : who + 1);
	assert(owner != 0 || waits == 0); /* P1 */
#ifdef BYPASS
	passes = (who != 1 && HAS(standing, 1) -> passes + 1 : 0);
	assert(passes <= PASSES_MAX);
#endif
	DROP(standing, who);
	for (h_i : 0 .. N - 1) {
		assert(who == NOBODY || !HAS(standing, h_i) || came[who] < came[h_i]
#ifndef STRICT_ORDER
			|| HAS(anew[me], who)
#endif
		);
		looks[h_i] = 0
	}
	turn = 0;
	unlooked = 0
}

inline enters()
{
	assert((inside & (255 - passed)) == 0);
	ADD(inside, me)
}

inline first_of()
{
	heir = NOBODY;
	h_first = 255;
	for (h_i : 0 .. N - 1) {
		if
#ifdef FIRST_BY_SLOT
		:: HAS(seen, h_i) && heir == NOBODY ->
#else
		:: HAS(seen, h_i) && ticket[h_i] < h_first ->
#endif
			heir = h_i; h_first = ticket[h_i]
		:: else -> skip
		fi
	}
	h_first = 0
}

/* D1, and the tickets. */
inline choose()
{
	seen = waits;
	ADD(choosing, me);
	anew[me] = 0;
	first_of()
}

inline chosen()
{
	DROP(choosing, me);
	anew[me] = 0;
	seen = 0
}

#ifdef CAS_BY_STORE
#define UNCHANGED true
#elif defined(HEIR_ANY_TURN)
#define UNCHANGED (waits == seen)
#else
#define UNCHANGED (HAS(turn, me) && waits == seen)
#endif

/* C1, and the futex wake. */
inline call()
{
	if
	:: d_step { heir != NOBODY -> /* C1 */
#ifndef NO_CALL
		ADD(called, heir)
#endif
	   }
	   d_step {
#ifndef NO_WAKE
		DROP(asleep, heir);
#endif
		heir = NOBODY
	   }
	:: heir == NOBODY -> skip
	fi
}

/* From slot to heir: afterwards given says whether word was as it was. */
inline pass_on(slot, stalled)
{
#ifdef CALL_FIRST
	if
	:: d_step { heir != NOBODY -> ADD(called, heir) }
	   d_step { DROP(asleep, heir) }
	:: heir == NOBODY -> skip
	fi;
#endif
	d_step { /* D2 */
		given = UNCHANGED;
		if
		:: given ->
#ifdef CAS_BY_STORE
			waits = seen;
#endif
			if
			:: stalled && HAS(turn, me) && HAS(inside, slot) && !HAS(marked, slot) ->
				ADD(passed, slot)
			:: else -> skip
			fi;
#ifdef LEAVE_TO_NOBODY
			become_owner(NOBODY)
#else
			become_owner(heir)
#endif
		:: else -> heir = NOBODY
		fi;
		chosen()
	}
#ifdef CALL_FIRST
	heir = NOBODY
#else
	call()
#endif
}

/* One step of withdraw that ends it: whether slot owns by now. */
inline withdraw(slot, owns)
{
	owns = (owner == slot + 1);
	DROP(waits, slot)
}

/* A waiting slot whose process is gone; buried says whether it was. */
inline bury()
{
	if
	:: heir == NOBODY || heir == me -> skip
#if defined(BURY_ANY)
	:: d_step { heir != NOBODY && heir != me -> DROP(waits, heir); buried = 1; heir = NOBODY }
#elif defined(NO_BURY)
	:: heir != NOBODY && heir != me -> skip
#else
	:: d_step { heir != NOBODY && heir != me && life[heir] == 0 -> life[heir] = me + 1 }
	   d_step { withdraw(heir, buried) }
	   d_step { life[heir] = 0; heir = NOBODY; buried = 1 }
	:: heir != NOBODY && heir != me && life[heir] != 0 -> skip
#endif
	fi
}

/* End the ownership of slot whose TURN this process has seen; stalled: it may live. */
inline make_heir(slot, stalled)
{
	do
#ifdef HEIR_ANY_TURN
	:: owner != slot + 1 -> break
	:: atomic { owner == slot + 1 -> choose() } /* D1 */
#else
	:: !HAS(turn, me) -> break
	:: atomic { HAS(turn, me) -> choose() } /* D1 */
#endif
	   bury();
	   if
	   :: d_step { buried -> buried = 0; chosen() }
	   :: !buried ->
	      pass_on(slot, stalled);
	      if
	      :: atomic { given -> given = 0 }
	         break
	      :: !given -> skip
	      fi
	   fi
	od
}

/* weir__pass_clear; the life byte of slot is this process's. */
inline clear(slot)
{
	do
	:: atomic { withdraw(slot, given) }
	   if
	   :: d_step { given && owner == slot + 1 -> given = 0; ADD(turn, me) } /* D1 */
	      make_heir(slot, 0)
	   :: given && owner != slot + 1 -> given = 0
	   :: !given -> break
	   fi
	od
}
