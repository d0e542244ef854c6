/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which of other projects' pools took no part in a run. See peer_notes.h.
 */
#include "peer_notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void add(struct bench_peer_notes *notes,
                                                      const char *format, ...)
{
	va_list arguments;

	if (notes->count == BENCH_PEER_NOTES_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(notes->notes[notes->count++], BENCH_PEER_NOTE_MAX, format, arguments);
	va_end(arguments);
}

void bench_peer_notes_missing(struct bench_peer_notes *notes, const char *name,
                              const char *packages)
{
	add(notes, "%s is missing: it needs the packages %s, and then a build.", name, packages);
}

void bench_peer_notes_failed(struct bench_peer_notes *notes, const char *name, const char *why)
{
	notes->failed = true;
	add(notes, "%s could not take part: %s.", name, why);
}

/* A pool that dropped out has a row in every scenario from then on: the first
 * says where. */
static bool drops_first(const struct bench_results *results, unsigned index)
{
	if (results->rows[index].failure[0] == '\0')
		return false;
	for (unsigned i = 0; i < index; i++)
		if (results->rows[i].failure[0] != '\0' &&
		    strcmp(results->rows[i].pool, results->rows[index].pool) == 0)
			return false;
	return true;
}

void bench_peer_notes_dropped(struct bench_peer_notes *notes, const struct bench_results *results)
{
	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];

		if (!drops_first(results, i))
			continue;
		notes->failed = true;
		add(notes, "%s dropped out in %s: %s.", row->pool, row->scenario, row->failure);
	}
}
