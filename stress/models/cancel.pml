/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Asking the holder of a lease to stop. Labels are those of core/lease_cancel.c
 * and of core/slot.h.
 *
 * One slot, whose holder has LEASES leases one after the other and looks at any
 * time whether it is asked to stop. N cancellers have a copy of any lease that has
 * begun, however long ago it ended, and ask ROUNDS times each.
 *
 * The holder's release is a plain store, and goes through its store buffer; all
 * that a canceller writes is written by a locked instruction.
 *
 * Checked
 *   nobody else   a holder sees itself asked only if somebody had its own lease
 *   nothing lost  a holder sees what a canceller was told had been asked of it
 */
#ifndef N
#define N 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef LEASES
#define LEASES 3
#endif

/* A word: generation * 2, and 1 while it is LEASED. */
#define LEASED(g) ((g)*2 + 1)
#define IDLE(g) ((g)*2)

byte word;
byte cancel;
byte pending; /* the holder's store buffer: the word of a release; 0: nothing */
byte begun;   /* leases so far */

bool wanted[LEASES + 1]; /* ghost: somebody began to ask for that lease */
bool told[LEASES + 1];   /* ghost: and was told that it is asked */

#ifdef NO_GENERATION
#define REQUEST(g) 1
#define IS_ASKED(g) (cancel == 1)
#else
#define REQUEST(g) LEASED(g)
#define IS_ASKED(g) (cancel == LEASED(g)) /* L4, L5: the holder sees its own word */
#endif

active proctype holder()
{
	do
	:: begun < LEASES ->
		pending == 0; /* A1 is a locked instruction */
		d_step { begun++; word = LEASED(begun) }
		do
		:: d_step {
			assert(!IS_ASKED(begun) || wanted[begun]);
			assert(!told[begun] || IS_ASKED(begun))
		   }
		:: break
		od;
		pending = IDLE(begun) /* R1 */
	:: begun == LEASES -> break
	od
}

active proctype buffer()
{
end:
	do
	:: d_step { pending != 0 -> word = pending; pending = 0 }
	od
}

inline load_cancel()
{
	seen = cancel /* L1 */
}

inline ask()
{
	do
	::
#ifdef WORD_FIRST
		is_over = (word != LEASED(mine));
		load_cancel();
#else
		load_cancel();
		is_over = (word != LEASED(mine)); /* L2 */
#endif
#ifndef NO_LOOK
		if
		:: is_over -> break
		:: else
		fi;
#endif
		if
		:: atomic { seen == REQUEST(mine) -> told[mine] = true }; break
		:: seen != REQUEST(mine) ->
			if
#ifdef STORE
			:: atomic { cancel = REQUEST(mine); told[mine] = true }; break
#else
			:: atomic { cancel == seen -> cancel = REQUEST(mine); told[mine] = true }; /* L3 */
			   break
			:: cancel != seen -> skip
#endif
			fi
		fi
	od
}

active[N] proctype canceller()
{
	byte round;
	byte mine;
	byte seen;
	bool is_over;

	do
	:: round < ROUNDS ->
		begun > 0;
		mine = 1;
		do
		:: mine < begun -> mine++
		:: break
		od;
		wanted[mine] = true;
		ask();
		skip; /* spin does not let a break lead into a d_step */
		d_step { round++; mine = 0; seen = 0; is_over = false }
	:: round == ROUNDS -> break
	od
}
