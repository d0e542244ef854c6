/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Searching the executions of one case with Relacy.
 */
#ifndef WEIR_RELACY_ENGINE_H
#define WEIR_RELACY_ENGINE_H

#include <string>

#include "relacy_case.h"

enum search_mode {
	SEARCH_RANDOM = 0, /* execution n is drawn with seed n: never complete */
	SEARCH_BOUND = 1,  /* all with so many switches away from a thread that could go on */
	SEARCH_FULL = 2,   /* all */
};

struct search {
	const struct relacy_case *it;
	search_mode mode;
	unsigned bound;
	uint64_t seed;       /* SEARCH_RANDOM: of the first execution; 1 and up */
	uint64_t iterations; /* at most; 0: no limit */
	double seconds;      /* at most */
	std::string replay;  /* not empty: only this execution, and its report to stdout */
};

struct found {
	bool failed;
	bool complete;
	uint64_t iterations;
	std::string replay; /* of the execution that failed */
};

/* The report of an execution that fails goes to stdout, unless the case is wrong. */
found search_run(const search &what);

/* From a signal handler: end the search that runs. */
void search_interrupt(void);
bool search_interrupted(void);

#endif
