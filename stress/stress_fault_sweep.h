/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress faults`: the same work again and again, of which the first call to
 * a file fails, then the second, and so on, until a run passes in which none did.
 */
#ifndef STRESS_FAULT_SWEEP_H
#define STRESS_FAULT_SWEEP_H

#include "stress_fault_inject.h"
#include "stress_fault_work.h"

struct fault_plan {
	char path[WORK_PATH]; /* of the database */
	uint64_t seed;        /* of the rest of the log that a run begins with */
	uint64_t from;        /* the first call that fails, from 1 on */
	uint64_t to;          /* the last one; 0: until a run passes untouched */
	enum work_lie lie;
	bool swallow; /* a lie: a write is not done, and said to be */
};

/* What came of one kind. */
struct fault_sweep {
	enum inject_kind kind;
	bool sticky;
	uint64_t calls;  /* of the work, when nothing fails */
	uint64_t points; /* of these, that can fail so */
	uint64_t call_points[SHIM_CALLS];
	uint64_t hit;
	uint64_t runs;
	uint64_t acknowledged; /* writes, over all runs */
	uint64_t denied;       /* that ended otherwise */
	uint64_t indeterminate;
	uint64_t lost;
	uint64_t again; /* steps that were done again after the fault */
	uint64_t reads;
	uint64_t failed; /* runs */
};

/* Run after run. The book has what was wrong. */
void fault_sweep(const struct fault_plan *plan, struct fault_sweep *sweep, struct book *book);

/* The subcommand, argv[0] being what messages begin with; returns the exit code. */
int fault_command(int argc, char **argv);

#endif
