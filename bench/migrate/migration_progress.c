/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Progress of `weir-bench migrate`, on stderr: a line that is drawn anew on a terminal,
 * and one for each part of the run anywhere else.
 */
#include "migration_bench.h"

#include <unistd.h>

#include "cancel.h"
#include "monotonic.h"

#define LIMIT_NS (INT64_C(3600) * BENCH_NS_PER_S)
#define DRAW_EVERY_NS (BENCH_NS_PER_S / 10)
#define SLEEP_NS (BENCH_NS_PER_S / 20)

void bench_migration_progress_start(struct bench_migration_progress *progress)
{
	*progress = (struct bench_migration_progress){
		.terminal = isatty(STDERR_FILENO) != 0,
		.end_ns = bench_now() + LIMIT_NS,
		.what = "",
	};
	bench_cancel_prepare();
}

static void draw(struct bench_migration_progress *progress, double percent)
{
	progress->drawn_ns = bench_now();
	if (percent >= 0.0)
		(void)fprintf(stderr, "\r%s: %.0f %%\033[K", progress->what, percent);
	else
		(void)fprintf(stderr, "\r%s\033[K", progress->what);
}

void bench_migration_progress_begin(struct bench_migration_progress *progress, const char *what)
{
	progress->what = what;
	if (progress->terminal)
		draw(progress, -1.0);
	else
		(void)fprintf(stderr, "weir-bench: %s\n", what);
}

static bool goes_on(struct bench_migration_progress *progress)
{
	if (bench_now() > progress->end_ns)
		progress->too_long = true;
	return !progress->stopped && !progress->too_long;
}

bool bench_migration_progress_tell(struct bench_migration_progress *progress, double percent)
{
	if (progress->terminal && bench_now() - progress->drawn_ns > DRAW_EVERY_NS)
		draw(progress, percent);
	if (bench_cancel_wait(0))
		progress->stopped = true;
	return goes_on(progress);
}

bool bench_migration_progress_sleep(struct bench_migration_progress *progress, double seconds)
{
	const int64_t begun = bench_now();
	const int64_t ns = (int64_t)(seconds * (double)BENCH_NS_PER_S);

	while (goes_on(progress) && bench_now() - begun < ns) {
		const int64_t left = ns - (bench_now() - begun);

		if (bench_cancel_wait(left < SLEEP_NS ? left : SLEEP_NS))
			progress->stopped = true;
		if (progress->terminal)
			draw(progress, 100.0 * (double)(bench_now() - begun) / (double)ns);
	}
	return goes_on(progress);
}

void bench_migration_progress_clear(struct bench_migration_progress *progress)
{
	if (progress->terminal)
		(void)fprintf(stderr, "\r\033[K");
}
