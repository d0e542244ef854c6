/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Progress of a run. See progress.h.
 */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monotonic.h"

#define BAR_CELLS 24
#define REDRAW_NS INT64_C(250000000)
#define CLEAR_LINE "\r\033[K"

void bench_progress_start(struct bench_progress *progress, double total_s)
{
	*progress = (struct bench_progress){
		.terminal = isatty(STDERR_FILENO) == 1,
		.started_ns = bench_now(),
		.total_s = total_s,
	};
}

static void draw(struct bench_progress *progress)
{
	static const char full_cells[] = "########################";
	static const char empty_cells[] = "........................";
	const double step_s = (double)(bench_now() - progress->step_started_ns) / 1e9;
	const double done_s = fmin(progress->done_s + step_s, progress->total_s);
	const double share = progress->total_s > 0.0 ? done_s / progress->total_s : 1.0;
	const int full = (int)(share * BAR_CELLS);
	const long left_s = lround(progress->total_s - done_s);

	progress->drawn_ns = bench_now();
	(void)fprintf(stderr, CLEAR_LINE "[%.*s%.*s] %3.0f %%  %ld:%02ld left  %s", full, full_cells,
	              BAR_CELLS - full, empty_cells, share * 100.0, left_s / 60, left_s % 60,
	              progress->step);
	(void)fflush(stderr);
}

void bench_progress_show(struct bench_progress *progress, const char *scenario, const char *pool,
                         unsigned rep, unsigned reps)
{
	progress->step_started_ns = bench_now();
	(void)snprintf(progress->step, sizeof(progress->step), "%s: %s, %u of %u", scenario, pool, rep,
	               reps);
	if (progress->terminal) {
		draw(progress);
	} else if (rep == 1 && strcmp(progress->scenario, scenario) != 0) {
		const long elapsed_s = lround((double)(bench_now() - progress->started_ns) / 1e9);

		(void)fprintf(stderr, "%ld:%02ld %s\n", elapsed_s / 60, elapsed_s % 60, scenario);
	}
	(void)snprintf(progress->scenario, sizeof(progress->scenario), "%s", scenario);
}

void bench_progress_add(struct bench_progress *progress, double planned_s)
{
	progress->done_s += planned_s;
}

void bench_progress_tick(void *progress_context)
{
	struct bench_progress *progress = progress_context;

	if (progress->terminal && bench_now() - progress->drawn_ns >= REDRAW_NS)
		draw(progress);
}

void bench_progress_clear(struct bench_progress *progress)
{
	if (progress->terminal)
		(void)fputs(CLEAR_LINE, stderr);
}
