/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the phases of a scenario came to. See phase_table.h.
 */
#include "phase_table.h"

#include <math.h>

#include "format.h"

static void print_waits(FILE *out, const struct bench_waits *waits)
{
	const double shown[] = {waits->p50, waits->p99, waits->p999, waits->max};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		char text[BENCH_CELL_MAX];

		bench_format_ns(text, sizeof(text), shown[i]);
		(void)fprintf(out, " %9s", text);
	}
}

static void print_phase(FILE *out, const char *pool, const struct bench_timeline_phase *phase)
{
	(void)fprintf(out, "  %-14s %-14s %-4s %9llu %9llu %9llu %9llu", pool, phase->name,
	              phase->down ? "down" : "up", (unsigned long long)phase->ops,
	              (unsigned long long)phase->timeouts, (unsigned long long)phase->failures,
	              (unsigned long long)phase->unserved);
	print_waits(out, &phase->response);
	(void)fprintf(out, "\n");
}

static void print_row(FILE *out, const struct bench_row *row)
{
	const struct bench_timeline *const timeline = row->timeline;
	char late[BENCH_CELL_MAX];
	unsigned most = 0;

	for (unsigned i = 0; i < timeline->phases_count; i++)
		print_phase(out, i == 0 ? row->pool : "", &timeline->phases[i]);
	for (unsigned i = 0; i < timeline->samples_count; i++)
		most = timeline->samples[i].open > most ? timeline->samples[i].open : most;
	(void)fprintf(out, "  %-14s opened %llu (%llu failed), at most %u open at once", "",
	              (unsigned long long)timeline->opens, (unsigned long long)timeline->open_failures,
	              most);
	if (!isnan(timeline->late.p99)) {
		bench_format_ns(late, sizeof(late), timeline->late.p99);
		(void)fprintf(out, "; load generator late by %s (p99)", late);
	}
	(void)fprintf(out, "\n");
}

void bench_phase_table_print(FILE *out, const struct bench_results *results, unsigned first)
{
	bool headed = false;

	for (unsigned i = first; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];

		if (row->left_out[0] != '\0')
			(void)fprintf(out, "  left out: %s\n", row->left_out);
		if (row->timeline == NULL)
			continue;
		if (!headed)
			(void)fprintf(out,
			              "  one repetition; responses from when due to the end\n"
			              "  %-14s %-14s %-4s %9s %9s %9s %9s %9s %9s %9s %9s\n",
			              "pool", "phase", "", "done", "timeouts", "broken", "unserved", "p50",
			              "p99", "p99.9", "max");
		headed = true;
		print_row(out, row);
	}
	(void)fflush(out);
}
