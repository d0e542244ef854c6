/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A case: a few threads that each carry out one operation, on a world that its family
 * makes anew for every execution. The families' tables are in relacy_*_cases.cc.
 */
#ifndef WEIR_RELACY_CASE_H
#define WEIR_RELACY_CASE_H

#include <stddef.h>

#include "relacy_machine.h"

struct relacy_case;

struct case_family {
	void (*before)(const struct relacy_case *it); /* one thread, before the others */
	void (*thread)(const struct relacy_case *it, int index);
	void (*after)(const struct relacy_case *it); /* one thread, when all have ended */
};

struct relacy_case {
	const char *name;
	const struct case_family *family;
	int threads;
	int operation[MACHINE_THREADS]; /* the family's, one a thread */
	unsigned flags;                 /* the family's */
	bool wrong;                     /* some execution must fail */
};

struct case_list {
	const struct relacy_case *cases;
	size_t count;
};

extern const struct case_list litmus_case_list;
extern const struct case_list word_case_list;
extern const struct case_list waitq_case_list;
extern const struct case_list pool_case_list;
extern const struct case_list gate_case_list;
extern const struct case_list turnstile_case_list;

#endif
