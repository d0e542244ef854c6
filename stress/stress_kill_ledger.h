/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the writers of `weir-stress kill` were told, in memory that outlives them.
 *
 * The ledger is a shared mapping made before the first fork: a SIGKILL takes a
 * process away and leaves its entries. A writer numbers its writes from 1 on,
 * over all rounds, and does one at a time, so that at most one is in flight when
 * it dies; that one may have happened or not, and all others are known.
 *
 * States of a write: BEGUN (its number is in begun, not yet in done), then one
 * of the fates, published with done. The auditor moves a write that was BEGUN
 * when its process died to COMMITTED or UNDONE, whichever it finds, and from
 * then on that must remain so.
 *
 * Invariants
 *   L1  done <= begun <= done + 1: a writer does one write at a time.
 *   L2  fate[n] and the book of n are complete before done reaches n.
 *   L3  The book of n is written over only once done has reached n + 1: whoever
 *       read done twice, and found n both times, has read the book of n.
 *
 * Memory order (C11; between processes as between threads)
 *   label operation                   order  pairs with  breaks if weaker
 *   A1    writer: store begun         rel    A2          a write nobody knows of is found
 *   A2    auditor: load begun         acq    A1          as A1
 *   A3    writer: store done          rel    A4          L2
 *   A4    anybody: load done          acq    A3          L2
 *   A5    reader of a book: fence,    acq    -           L3
 *         then load done again
 */
#ifndef STRESS_KILL_LEDGER_H
#define STRESS_KILL_LEDGER_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/db.h>

#define KILL_PROCESSES_MAX 8
#define KILL_WRITERS 16 /* of each process */
#define KILL_WRITERS_MAX (KILL_PROCESSES_MAX * KILL_WRITERS)

/* Rows that a writer keeps: each write removes what is older by so many numbers,
 * which bounds the file and has pages freed and used again. */
#define KILL_KEEP 512

/* Fates that are remembered: more than rows are kept, since writes that fail
 * take numbers, too, and a writer goes on while it is audited. */
#define KILL_RING 16384

#define KILL_TEXT 512

enum kill_fate {
	KILL_FATE_NONE = 0,
	KILL_COMMITTED = 1, /* acknowledged, or found there after a crash */
	KILL_UNDONE = 2,    /* reported as failed, or not found after a crash */
	KILL_NEVER = 3,     /* reported as never run */
};

/* A writer's books after write n: what must be in the database. */
struct kill_book {
	uint64_t count; /* writes committed so far */
	uint64_t total; /* the sum of their checksums, as kill_add adds them */
	uint64_t last;  /* the number of the last one; 0: none */
};

struct kill_writer {
	alignas(64) _Atomic uint64_t begun;
	_Atomic uint64_t done;
	struct {
		_Atomic uint64_t count;
		_Atomic uint64_t total;
		_Atomic uint64_t last;
	} books[2];
	_Atomic uint8_t fate[KILL_RING];
};

struct kill_ledger {
	_Atomic bool stop[KILL_PROCESSES_MAX]; /* that process shall end in good order */
	_Atomic uint64_t outcomes[WEIR_INDETERMINATE + 1];
	_Atomic uint64_t reads;
	_Atomic uint64_t checkpoints;
	_Atomic uint64_t reports; /* lines that weir had for an operator */
	/* The first complaint of a child; claimed by whoever sets complained. */
	_Atomic bool complained;
	char complaint[KILL_TEXT];
	struct kill_writer writers[KILL_WRITERS_MAX];
};

/* NULL without memory. */
struct kill_ledger *kill_ledger_create(void);
void kill_ledger_destroy(struct kill_ledger *ledger);

/* Say what a child found wrong; only the first is kept. */
void kill_complain(struct kill_ledger *ledger, const char *format, ...) WEIR_PRINTF(2, 3);

/* The writer: begin the next write; returns its number. */
uint64_t kill_begin(struct kill_writer *writer);

/* The writer, or the auditor for one that is dead: the write begun last has this
 * fate; checksum counts if it is COMMITTED. */
void kill_publish(struct kill_writer *writer, uint64_t n, enum kill_fate fate, uint64_t checksum);

/* Anybody: the books as of the last write that is done; returns its number. */
uint64_t kill_read_book(struct kill_writer *writer, struct kill_book *book);

enum kill_fate kill_fate_of(struct kill_writer *writer, uint64_t n);

/* Writes committed, over all writers. */
uint64_t kill_count(struct kill_ledger *ledger, uint32_t first, uint32_t writers);

/* What write n of a writer stores: bytes (the caller's, KILL_BYTES_MAX of them),
 * their length, and a checksum of them and of who wrote what. Checksums and
 * their sums stay below 2^62, so that SQL adds as C does. */
#define KILL_BYTES_MAX 9216
#define KILL_SUM_MASK ((UINT64_C(1) << 62) - 1)

struct kill_content {
	uint32_t length;
	uint64_t checksum;
	uint8_t bytes[KILL_BYTES_MAX];
};

void kill_fill(struct kill_content *content, uint32_t writer, uint64_t n);

static inline uint64_t kill_add(uint64_t total, uint64_t checksum)
{
	return (total + checksum) & KILL_SUM_MASK;
}

#endif
