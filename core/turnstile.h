/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The turnstile: writers of several processes, one after the other.
 *
 * The database's own lock decides who writes; the turnstile decides who asks next.
 * A wrong step here costs fairness, or a wait of some milliseconds, never data: so
 * a process that cannot take part goes without, and one that died is passed.
 *
 * All of it is a page of memory that the processes share, the sidecar file (its
 * layout is in turnstile_file.h). Each handle owns one of 48 slots for as long as
 * it is open. Ownership, and the set of those who wait, are one word, so that every
 * move is one CAS:
 *
 *   word    bits 0..47   WAITS     one for each slot that waits
 *           bits 48..55  OWNER     slot + 1 of who has passed, 0: nobody
 *           bits 56..63  TURN      counts changes of the owner
 *   ticket  of a slot: its place in the line, drawn from one counter
 *   call    of a slot: futex, counts the grants to it
 *
 * States of a slot: OUT (neither), WAITS (its bit), OWNS (OWNER names it).
 * Legal moves of a slot
 *   OUT→OWNS     its process, if nobody owns
 *   OUT→WAITS    its process, after drawing a ticket
 *   WAITS→OWNS   the owner, as it leaves; a heir-maker, see below
 *   WAITS→OUT    its process, at its deadline; whoever holds its life byte
 *   OWNS→OUT     its process, as it leaves; a heir-maker
 * In one step the owner becomes OUT and the waiter with the lowest ticket OWNS.
 *
 * Life. Byte i of the file's life bytes is locked (an OFD lock, which the kernel
 * drops with the last descriptor of the handle) from before slot i is first used
 * until the handle is closed. Whoever gets that lock knows that the process of the
 * slot is gone and, while he has it, that nobody can take the slot: he may make
 * the moves that are left to do for it. A waiter looks in that way at the owner,
 * every WEIR__PASS_LOOK_NS; if it is dead, the waiter makes the heir: the lowest
 * ticket whose process lives. Waiters that died are not looked for: they cost the
 * look after the grant that reaches them. A process that takes a slot ends what
 * the dead one before it left.
 *
 * Forks. A child that lives on without exec has the parent's descriptor, so that a
 * parent that was killed seems to live. Therefore a second lock, of the kind that a
 * fork does not hand down (POSIX): it says whether the process lives. It is worth
 * less, since the process drops it when it closes any handle of the same file, and
 * so it only counts after WEIR__PASS_STALL_NS without any change of the owner: then
 * an owner without it is passed by. Its process, if it lived after all, shares the
 * database's lock with the heir until it leaves, and its leaving changes nothing.
 * Until the child ends, the slot of the killed parent is lost to others.
 *
 * Invariants
 *   P1  OWNER is 0 only if WAITS is empty: a newcomer takes the turnstile only when
 *       nobody waits, so nobody is overtaken but by tickets drawn before. Except: a
 *       slot that withdraws and waits again while a granter chooses makes word what
 *       it was, and gets the place that it had.
 *   P2  Bit i is set only by slot i's process; OWNER becomes i + 1 only by that
 *       process, or while bit i is set.
 *   P3  Slot i is taken from OWNER by its process, by whoever holds life byte i, or
 *       after a stall; the last compares TURN, so that it passes only the ownership
 *       that it watched.
 *   P4  Nobody sleeps longer than WEIR__PASS_LOOK_NS without looking at word, so
 *       that a granter that dies between the grant and the call costs that time.
 *   P5  A waiter whose bit somebody cleared sets it again, and keeps its ticket.
 *
 * Memory order
 *   label operation                        order   pairs with  breaks if weaker
 *   A1    enter: CAS word, nobody→own      acq     D2          the owner does not see what the
 *                                                              one before it did; in line,
 *                                                              nothing: A3 read that value
 *   A2    wait: CAS word, set own bit      acqrel  D1          a granter reads the slot's old
 *                                                              ticket: order of arrival
 *   A3    waiter: load word                acq     D2          as A1
 *   A4    withdraw: CAS word, clear a bit  acqrel  none         rlx would do: it tells nobody
 *                                                              anything else
 *   C1    granter: add 1 to call           full    C2          the waiter sees the call and not
 *                                                              the grant: a look's time lost
 *   C2    waiter: load call, before A3     acq     C1          as C1
 *   D1    leave, heir: load word           acq     A2          as A2
 *   D2    leave, heir: CAS word            acqrel  A1, A3      as A1
 * Progress: enter and leave without others are one CAS each and no system call;
 * enter blocks to its deadline. Two handles of one process are like two processes.
 */
#ifndef WEIR_CORE_TURNSTILE_H
#define WEIR_CORE_TURNSTILE_H

#include <weir/base.h>
#include <weir/error.h>

/* The sidecar file is the database's path and this; turnstile_file.h says what is in it.
 * A byte of it is not the turnstile's: of migrations that run outside a transaction. */
#define WEIR__PASS_SUFFIX "-weir"
#define WEIR__PASS_BYTE_MIGRATE 4288

struct weir__turnstile;

/* How often a waiter looks whether the owner is alive. */
#define WEIR__PASS_LOOK_NS WEIR_MILLISECONDS(10)

/* How long an owner without the second lock may stay, while somebody watches. */
#define WEIR__PASS_STALL_NS WEIR_SECONDS(2)

enum weir__pass {
	WEIR__PASS_ENTERED = 0,
	WEIR__PASS_TIMED_OUT = 1,
	WEIR__PASS_BROKEN = 2, /* it cannot be trusted, or this is a forked child: go without */
};

/*
 * Open the turnstile of the database at db_path (absolute; the file must be there),
 * "<db_path>-weir", making it with the mode and owner of the database. It never
 * opens the database itself: closing a descriptor of it would drop its locks. May
 * take up to a second while another process is making the file. Errors, after which
 * the caller goes without: IO, NO_MEMORY. Owner.
 */
WEIR_API enum weir_code weir__turnstile_open(struct weir__turnstile **turnstile,
                                             const char *db_path, struct weir_error *err);

/* Not while a thread waits in enter. NULL is accepted. In a forked child it lets go
 * of what the child inherited, and the parent's stays as it is. */
WEIR_API void weir__turnstile_close(struct weir__turnstile *turnstile);

/* Wait in the order of arrival over all processes until deadline_ns (monotonic;
 * INT64_MAX: none); one thread of the handle at a time. A deadline that has passed
 * still enters if nobody is there. Without others it makes no system call. Blocks. */
WEIR_API enum weir__pass weir__turnstile_enter(struct weir__turnstile *turnstile,
                                               int64_t deadline_ns);

/* Let the next one in. Any thread of the process. */
WEIR_API void weir__turnstile_leave(struct weir__turnstile *turnstile);

/* Handles that are open in all processes, this one counted; 0 in a forked child.
 * Any thread. One system call a slot. */
WEIR_API uint32_t weir__turnstile_processes(struct weir__turnstile *turnstile);

#endif
