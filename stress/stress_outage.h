/* SPDX-License-Identifier: BSD-2-Clause
 *
 * An outage under many callers, and what each of them, the database and the log see of it.
 */
#ifndef STRESS_OUTAGE_H
#define STRESS_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

#define OUTAGE_CALLERS_MAX 1000
#define OUTAGE_STATES_MAX 64

/* How the database is out. */
enum outage_kind {
	OUTAGE_REFUSES = 0, /* opens fail at once */
	OUTAGE_SILENT = 1,  /* opens are accepted, and never answered */
	OUTAGE_FLAPS = 2,   /* up and down by turns */
	OUTAGE_SLOW = 3,    /* opens fail at once, and afterwards take their time */
};

struct outage_plan {
	enum outage_kind kind;
	uint32_t callers; /* one half waits for better times, the other fails fast */
	int64_t outage_ns;
	int64_t timeout_ns; /* of each acquire */
};

struct outage_result {
	/* While the database was out. */
	uint64_t opens;     /* that were begun */
	uint64_t opens_max; /* that may be, by the settings; 0: no bound */
	uint64_t calls;
	uint64_t served; /* by connections that were still good */
	uint64_t failed_fast;
	uint64_t timed_out;

	/* Of all calls that ended after their deadline. */
	uint64_t late;
	int64_t late_max_ns;

	/* Afterwards. */
	int64_t first_ns;     /* until a caller had a connection again */
	int64_t closed_ns;    /* until the breaker was closed */
	uint32_t opening_max; /* opens at once in slow start */

	/* The breaker's states, as the log told them. */
	uint32_t lines;
	uint32_t states[OUTAGE_STATES_MAX];
	uint64_t trips;

	char broken[256]; /* what did not hold; "" if all did */
};

/* False, with broken saying why, if a promise did not hold. */
bool outage_run(const struct outage_plan *plan, struct outage_result *result);

int outage_command(int argc, char **argv);

#endif
