/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which of other projects' pools took no part in a run, or not to its end, and why:
 * a sentence each.
 */
#ifndef BENCH_PEER_NOTES_H
#define BENCH_PEER_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "result.h"

#define BENCH_PEER_NOTES_MAX 16
#define BENCH_PEER_NOTE_MAX 300

struct bench_peer_notes {
	unsigned count;
	char notes[BENCH_PEER_NOTES_MAX][BENCH_PEER_NOTE_MAX];
	bool failed; /* one of them is not just missing */
};

/* It was not built: packages are Debian's names of what it lacks. */
void bench_peer_notes_missing(struct bench_peer_notes *notes, const char *name,
                              const char *packages);

/* It could not be loaded or started. */
void bench_peer_notes_failed(struct bench_peer_notes *notes, const char *name, const char *why);

/* Those that dropped out of a run, by its rows. */
void bench_peer_notes_dropped(struct bench_peer_notes *notes, const struct bench_results *results);

#endif
