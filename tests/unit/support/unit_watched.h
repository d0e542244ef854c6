/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A driver for tests of exclusion: its connections know who uses them. Every use
 * also writes a plain field, so that a sanitizer sees a hand-over that does not
 * order memory.
 */
#ifndef WEIR_UNIT_WATCHED_H
#define WEIR_UNIT_WATCHED_H

#include <stdatomic.h>

#include <weir/driver.h>

/* What to pass as driver_data; zero before the first use. */
struct unit_watched {
	_Atomic uint64_t opens;
	_Atomic uint64_t closes;
	_Atomic uint64_t overlaps;    /* a connection was used by two at once */
	_Atomic uint32_t fail_every;  /* every n-th open fails; 0: none */
	_Atomic uint32_t reset_fails; /* so many of the next resets fail */
	_Atomic uint64_t tries;
};

/* Opens honour deadlines, or are left to helper threads. */
const struct weir_driver *unit_watched_prompt(void);
const struct weir_driver *unit_watched_plain(void);

/* The same with a reset. */
const struct weir_driver *unit_watched_resets(void);

/* Use a connection for spins rounds; an overlap is counted. */
void unit_watched_use(void *conn, uint32_t spins);

#endif
