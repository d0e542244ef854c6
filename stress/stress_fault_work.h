/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Work through weir_db, on one thread, whose every write is kept in the book.
 */
#ifndef STRESS_FAULT_WORK_H
#define STRESS_FAULT_WORK_H

#include <stdatomic.h>

#include "stress_fault_book.h"

#define WORK_PATH 4096

/* Ways to break a promise on purpose, which the audit has to find. */
enum work_lie {
	WORK_LIE_NONE = 0,
	WORK_LIE_EARLY,  /* a write that did not end well was acknowledged */
	WORK_LIE_DENIED, /* one that was acknowledged is said to have failed */
	WORK_LIE_TORN,   /* half a write is committed */
};

struct work {
	struct weir_db *db; /* NULL: not open */
	struct book *book;
	const char *path;
	const char *settings; /* besides those that all work has */
	enum work_lie lie;
	/* Whether something has gone wrong: a step may fail only then. */
	const _Atomic bool *struck;
	/* Whether it is over then: the step is done again, and must end well. */
	bool recovers;
	bool keeper;           /* weir_db has a thread of its own, and is less exact to repeat */
	uint32_t failures;     /* of steps */
	enum weir_code code;   /* of the first of them */
	uint32_t again;        /* steps that were done again */
	uint64_t random;       /* for work_random */
	struct weir_error err; /* of the last call */
	struct weir_error why; /* of the first in a step that ended as it should not */
};

/* Open, make the tables, write in every way there is, read, copy the log, VACUUM. */
void work_standard(struct work *work);

/* The same in short, for where each step has a thousand points to fail at. */
void work_brief(struct work *work);

/* Open, make the tables, and so many steps drawn at random. */
void work_random(struct work *work, uint32_t steps);

/* Close and free, which must always be possible. */
void work_close(struct work *work);

#endif
