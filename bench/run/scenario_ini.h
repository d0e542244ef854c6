/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An INI file, line by line: libinih decides what a line means, and this says which
 * line it was, since libinih's handler is not told in the usual build, and finds
 * every line that means nothing, since libinih reports the first alone.
 */
#ifndef BENCH_SCENARIO_INI_H
#define BENCH_SCENARIO_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "fault_list.h"

struct bench_ini_sink {
	void *self;

	/* A section begins. NULL: its header is faulty, and what follows is nobody's. */
	void (*section)(void *self, unsigned line, const char *name);

	/* A setting; true: indented lines below may continue its value. */
	bool (*setting)(void *self, unsigned line, const char *name, const char *value);

	/* More of the value above. */
	void (*more)(void *self, unsigned line, const char *value);

	struct bench_faults *faults;
};

void bench_ini_read(const char *text, size_t length, const struct bench_ini_sink *sink);

#endif
