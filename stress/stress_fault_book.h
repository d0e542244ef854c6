/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the writes of a run were told, and what the file must therefore hold.
 *
 * `weir-stress faults`, `powercut` and `memory` do writes one after the other, on
 * one thread, and number them from 1 on. Each stores a row with its number, and
 * counts itself in a tally, in one transaction: half a write is seen. The book
 * goes on over several lives of a file; what an audit found of a write whose fate
 * was open is from then on what must be found again.
 *
 * Parts: stress_fault_book.c (the book), _work (what is done through weir_db) and
 * _write (one write of any kind), _audit (the file, seen by plain SQLite); and of
 * `faults` _inject (which call fails), _sweep (run after run), _command.
 */
#ifndef STRESS_FAULT_BOOK_H
#define STRESS_FAULT_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/db.h>

#define BOOK_MAX 4096
#define BOOK_COMPLAINTS 16
#define BOOK_TEXT 480

enum book_fate {
	BOOK_BEGUN = 0, /* in flight */
	BOOK_THERE,     /* acknowledged: it must be found */
	BOOK_ABSENT,    /* reported as failed, or as never run: it must not be found */
	BOOK_EITHER,    /* whole, or nothing of it */
};

struct book_entry {
	enum book_fate fate;
	uint32_t transaction; /* writes that were queued as one group; 0: it stood alone */
	uint32_t pads;        /* rows that it stores beside its own */
	uint64_t checksum;
	bool durable; /* acknowledged as such: it survives a power cut */
};

struct book {
	uint32_t count; /* writes begun; entries count from 1 */
	struct book_entry entries[BOOK_MAX + 1];
	enum book_fate schema; /* whether the tables were acknowledged */
	uint32_t transactions;
	uint64_t outcomes[WEIR_INDETERMINATE + 1];
	uint64_t reads;
	uint64_t kept; /* writes of open fate that an audit found */
	uint64_t gone; /* and did not find */
	uint64_t lost; /* acknowledged writes that are not there as they should be */
	uint32_t complaints;
	char complaint[BOOK_COMPLAINTS][BOOK_TEXT];
	char where[80]; /* what complaints begin with */
};

/* Forget the writes, and not the figures and complaints. */
void book_restart(struct book *book);

/* Note a broken promise, and say it on stderr; those past the first are counted. */
void book_complain(struct book *book, const char *format, ...) WEIR_PRINTF(2, 3);

/* Begin a write; returns its number. */
uint32_t book_begin(struct book *book, uint64_t checksum);

/* It ended so. */
void book_end(struct book *book, uint32_t n, enum weir_outcome outcome);

/*
 * After a power cut: what was acknowledged behind the last durable write may be
 * lost, but only from the end backwards. What durable means is the caller's
 * affair; book_loosen opens the fate of all writes behind the last durable one.
 */
void book_loosen(struct book *book);

/* What is in a file of write n. */
struct book_found {
	uint32_t rows;
	uint32_t pads;
	bool garbled; /* its contents are not those that were given */
};

/*
 * Compare, and settle what was open. in_order: of those whose fate is open none may
 * be there if one before it is not. found: of each write, from 1 to book->count.
 */
void book_settle(struct book *book, const struct book_found *found, bool in_order);

/*
 * Compare the file with the book, and settle what was open; nothing of weir takes
 * part, and the log is left as it is. Whatever is wrong is a complaint.
 */
void book_audit(struct book *book, const char *path, bool in_order);

#endif
