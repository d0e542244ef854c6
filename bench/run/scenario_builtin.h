/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The files of bench/scenarios/, which the build puts into the program.
 */
#ifndef BENCH_SCENARIO_BUILTIN_H
#define BENCH_SCENARIO_BUILTIN_H

#include <stddef.h>

struct bench_embedded {
	const char *file; /* its name; NULL: the end of the list */
	const char *text;
	size_t length;
};

extern const struct bench_embedded bench_embedded_scenarios[];

#endif
