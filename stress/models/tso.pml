/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory of the x86 kind, for the models: slot words, a store buffer for each
 * thread, and the asymmetric barrier.
 *
 *   plain store     goes to the thread's own buffer (buffer_store)
 *   load            sees the thread's own newest buffered store, else memory
 *   locked, fence   can run only when the thread's own buffer is empty (drained)
 *   flush           any buffer may write its oldest store to memory at any time
 *   heavy barrier   ends once every buffer was empty at some moment since it
 *                   began; it may see them empty at different moments
 *
 * The last line is what membarrier promises: each running thread executes a fence
 * at some time during the call. barrier_begin notes whose buffer holds something;
 * each flush that empties one crosses it off; the caller goes on when nobody is
 * left. No schedule of the real call is lost by that, and none is added.
 *
 * A buffer that is full ends the run with an assertion, so DEPTH is not a limit
 * put on the hardware: that it holds proves that no thread of the model ever has
 * more stores pending.
 *
 * Generations. A word is generation * 8 + state. With GENERATIONS they count, as
 * in slot.h, and a CAS compares whole words. Without, all are 0 and a CAS succeeds
 * if nobody wrote the word since it was loaded (linked). That is the same as long
 * as generations never come back, which the variant with GENERATIONS checks; and
 * it leaves out of the state how many leases there were.
 */
#ifndef N
#define N 3 /* threads; buffer t belongs to thread t */
#endif
#ifndef S
#define S 1 /* slots */
#endif
#ifndef DEPTH
#define DEPTH 1
#endif

#define EMPTY 0
#define OPENING 1
#define IDLE 2
#define LEASED 3
#define CHECKING 4
#define CLOSING 5

#define BIT(t) (1 << (t))
#define HAS(set, t) (((set) & BIT(t)) != 0)
#define ADD(set, t) set = set | BIT(t)
#define DROP(set, t) set = set & (255 - BIT(t))

#define STATE(word) ((word) & 7)
#define GENERATION(word) ((word) >> 3)
#define MOVED(word, state) (((word) & 248) | (state))
#ifdef GENERATIONS
#define RAISED(word) (MOVED(word, LEASED) + 8)
#else
#define RAISED(word) LEASED
#endif

byte word[S];
chan buffer[N] = [DEPTH] of { byte, byte };
byte behind[N]; /* threads whose fence the barrier of this thread still lacks */

/* Scratch of a d_step, which hides it from the state. */
hidden byte h_slot;
hidden byte h_word;
hidden byte h_i;

#define drained(t) (len(buffer[t]) == 0)

inline buffer_store(t, s, value)
{
	assert(len(buffer[t]) < DEPTH);
	buffer[t]!s,value
}

#ifdef GENERATIONS
byte seen[N]; /* the word that this thread loaded */

inline write(s, value)
{
	assert(GENERATION(value) < 31);
	word[s] = value
}

/* Thread t loaded value from slot s, and is about to compare and swap. */
inline load_for_cas(t, s, value) { seen[t] = value }
inline forget_load(t, s) { seen[t] = 0 }
#define unchanged(t, s) (word[s] == seen[t])
#else
byte linked[S]; /* threads whose loaded word is still there */

inline write(s, value)
{
	word[s] = value;
	linked[s] = 0
}

inline load_for_cas(t, s, value) { ADD(linked[s], t) }
inline forget_load(t, s) { DROP(linked[s], t) }
#define unchanged(t, s) HAS(linked[s], t)
#endif

/* The oldest store of buffer t reaches memory. A load that was forwarded from it
 * remains good. */
inline flush(t)
{
	buffer[t]?h_slot,h_word;
	word[h_slot] = h_word;
#ifndef GENERATIONS
	linked[h_slot] = linked[h_slot] & BIT(t);
#endif
	if
	:: drained(t) ->
		for (h_i : 0 .. N - 1) {
			DROP(behind[h_i], t)
		}
	:: else -> skip
	fi
}

inline barrier_begin(t)
{
	behind[t] = 0;
	for (h_i : 0 .. N - 1) {
		if
		:: !drained(h_i) -> ADD(behind[t], h_i)
		:: else -> skip
		fi
	}
}

#define barrier_ended(t) (behind[t] == 0)

/* Options of a do loop: one for each buffer. */
#define FLUSHES(t) :: d_step { len(buffer[t]) > 0 -> flush(t) }
#if N == 2
#define ALL_FLUSHES FLUSHES(0) FLUSHES(1)
#define ALL_DRAINED (drained(0) && drained(1))
#elif N == 3
#define ALL_FLUSHES FLUSHES(0) FLUSHES(1) FLUSHES(2)
#define ALL_DRAINED (drained(0) && drained(1) && drained(2))
#else
#define ALL_FLUSHES FLUSHES(0) FLUSHES(1) FLUSHES(2) FLUSHES(3)
#define ALL_DRAINED (drained(0) && drained(1) && drained(2) && drained(3))
#endif
