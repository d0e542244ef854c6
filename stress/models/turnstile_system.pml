/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What happens to the processes of turnstile.pml from outside, at any time: kills,
 * stores that reach memory, a process byte that is lost, a bit that somebody clears;
 * and the audit at the end.
 */
/* What makes a look worth its while that was in vain. */
inline watch_again()
{
	for (h_i : 0 .. N - 1) { looks[h_i] = 0 };
	h_i = 0
}

/* The system gives back what the process had locked. */
inline kill(p)
{
	kills++;
	ADD(dead, p);
	DROP(asleep, p);
	DROP(inside, p);
	DROP(passed, p);
	DROP(marked, p);
	DROP(standing, p);
	DROP(unlooked, p);
	DROP(turn, p);
	ticket[p] = (pending[p] != 0 -> pending[p] : ticket[p]);
	pending[p] = 0;
	for (h_i : 0 .. N - 1) {
		if
		:: life[h_i] == p + 1 && !(h_i == p && HAS(FORKED, p)) -> life[h_i] = 0
		:: else -> skip
		fi
	};
	watch_again()
}

#define KILL(p) \
	:: d_step { kills < KILLS && HAS(VICTIMS, p) && !HAS(dead | over, p) -> kill(p) }
#define FLUSH(p) :: d_step { pending[p] != 0 -> ticket[p] = pending[p]; pending[p] = 0 }
#define UNMARK(p) \
	:: d_step { HAS(marked & unmark, p) -> DROP(marked, p); unmark = 0; watch_again() }
#define MEDDLE(p) \
	:: d_step { \
		HAS(waits & meddle, p) -> \
		DROP(waits, p); DROP(standing, p); meddle = 0; watch_again() \
	}
#if N == 2
#define EACH(what) what(0) what(1)
#elif N == 3
#define EACH(what) what(0) what(1) what(2)
#else
#define EACH(what) what(0) what(1) what(2) what(3)
#endif

proctype system()
{
	byte unmark = UNMARKED;
	byte meddle = MEDDLED;

end:
	do
	EACH(FLUSH)
	EACH(KILL)
	EACH(UNMARK)
	EACH(MEDDLE)
	:: d_step { (over | dead) == BIT(N) - 1 ->
		assert(owner == 0 || HAS(dead, owner - 1));
		assert((waits & (255 - dead)) == 0);
		assert(inside == 0 && standing == 0 && asleep == 0)
	   }
	   break
	od
}
