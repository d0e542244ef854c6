/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The closing thread of wake.pml: weir_pool_close_until of core/close.c. Labels
 * P1 and P2 are explained there. No capacity comes back but by a newcomer that
 * was on its way when the pool was closed.
 *
 * Checked, besides what wake.pml checks
 *   every waiter leaves with CLOSED or with a lease that it was granted before
 *   once close has returned OK, no lease begins (closed_empty), and nobody enters
 *   with NO_LATE_LEASE: an acquire that begins after close has returned, even with
 *   CLOSE_TIMEOUT, gets no lease
 *   close without a deadline ends: every slot becomes EMPTY, and it is told so
 */
bool closed;
bool close_returned;
bool closed_empty; /* close has returned OK */
byte progress;

/* ring_scan, IDLE→CHECKING, and the retire of what it finds. */
inline sweep()
{
	do
	:: at == S -> break
	:: atomic { at < S && STATE(word[at]) != IDLE -> at++ }
	:: atomic { at < S && STATE(word[at]) == IDLE -> load_for_cas(me, at, word[at]) }
	   if
	   :: d_step { unchanged(me, at) -> /* A1 */
		forget_load(me, at); write(at, MOVED(word[at], CHECKING))
	      }
	      retire(at);
	      at = 0
	   :: d_step { !unchanged(me, at) -> forget_load(me, at); at++ }
	   fi
	od;
	at = 0
}

proctype closer(byte me)
{
	byte at;
	byte w;
	byte todo;
	byte seen;

	d_step { can_lock(me) ->
		closed = 1;
#if !defined(FENCE) && !defined(CLOSE_NO_BARRIER)
		barrier_begin(me)
#endif
	}
	barrier_ended(me);
	do
	:: d_step { can_lock(me) && WAITERS > 0 -> locked = 1; queue?w; unlinked(w) }
	   d_step { granted[w] = CLOSED_GRANT; locked = 0; w = 0 } /* G1 */
	:: d_step { can_lock(me) && WAITERS == 0 -> skip }
	   break
	od;
#ifndef NO_SWEEP
	sweep();
#endif
	do
	:: true ->
		seen = progress; /* P2 */
		do
		:: atomic { at < S && STATE(word[at]) == EMPTY -> at++ }
		:: at < S && STATE(word[at]) != EMPTY -> break
		:: at == S -> break
		od;
		if
		:: atomic { at == S -> closed_empty = 1; at = 0 }
		   break
		:: atomic { at < S && HAS(GIVES_UP, me) -> at = 0 }
		   break
		:: atomic { at < S && progress != seen -> at = 0 }
		fi
	od;
	atomic { close_returned = 1; seen = 0; finished++ }
}
