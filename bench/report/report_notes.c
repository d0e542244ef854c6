/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The notes of a report. See report_notes.h.
 */
#include "report_notes.h"

#include <string.h>

/* A pool is noted once, however many scenarios it ran in. */
static bool is_noted(const struct bench_results *results, unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (results->rows[i].extra_work != NULL &&
		    strcmp(results->rows[i].pool, results->rows[index].pool) == 0)
			return true;
	return false;
}

void bench_report_notes(struct bench_writer *writer, const struct bench_document *document)
{
	const struct bench_results *const results = document->results;
	bool begun = false;

	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];

		if (row->extra_work == NULL || is_noted(results, i))
			continue;
		if (!begun)
			writer->form->heading(writer, 2, "Notes");
		begun = true;
		writer->form->begin(writer, BENCH_PARAGRAPH);
		bench_write_text(writer, BENCH_STRONG, "%s", row->pool);
		bench_write_text(writer, BENCH_PLAIN, " %s, which others do not: its figures include that.",
		                 row->extra_work);
		writer->form->end(writer, BENCH_PARAGRAPH);
	}
	for (unsigned i = 0; i < document->notes_count; i++) {
		if (!begun)
			writer->form->heading(writer, 2, "Notes");
		begun = true;
		bench_write_paragraph(writer, "%s", document->notes[i]);
	}
}
