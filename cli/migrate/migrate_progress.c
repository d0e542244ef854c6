/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is going on, as one line on a terminal that is written over.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "migrate_command.h"

#define LINE_MAX_BYTES 256

/* Append to line, which has LINE_MAX_BYTES. */
__attribute__((format(printf, 2, 3))) static void add(char *line, const char *format, ...)
{
	const size_t length = strlen(line);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line + length, LINE_MAX_BYTES - length, format, args);
	va_end(args);
}

static void describe(const struct weir_migrate_progress *progress, char *line)
{
	char elapsed[MIGRATE_FIGURE_MAX];
	char expected[MIGRATE_FIGURE_MAX];

	line[0] = '\0';
	add(line, "%s", progress->phase != NULL ? progress->phase : "");
	if (progress->steps > 0)
		add(line, " %u/%u", progress->step, progress->steps);
	if (progress->version != NULL && *progress->version != '\0')
		add(line, "  %.20s %.40s", progress->version, progress->name != NULL ? progress->name : "");
	if (progress->statement > 0)
		add(line, "  statement %u (line %u)", progress->statement, progress->line);
	if (progress->percent >= 0)
		add(line, "  %.0f %%", progress->percent);
	add(line, "  %s", migrate_text_ns(elapsed, progress->elapsed_ns));
	if (progress->expected_ns > 0)
		add(line, " of about %s", migrate_text_ns(expected, progress->expected_ns));
}

static void show(struct migrate_watch *watch, const struct weir_migrate_progress *progress)
{
	char line[LINE_MAX_BYTES];
	size_t length;

	describe(progress, line);
	length = strlen(line);
	(void)fprintf(stderr, "\r%s%*s", line, (int)(watch->width > length ? watch->width - length : 0),
	              "");
	(void)fflush(stderr);
	watch->width = length;
}

static bool on_progress(void *arg, const struct weir_migrate_progress *progress)
{
	struct migrate_watch *const watch = arg;
	const bool waits = progress->phase != NULL && strcmp(progress->phase, "waiting") == 0;

	if (watch->shows)
		show(watch, progress);
	return !migrate_stop_asked(&watch->stop, waits, watch->width > 0);
}

void migrate_watch_begin(struct migrate_watch *watch, struct migrate_call *call)
{
	memset(watch, 0, sizeof(*watch));
	watch->shows = !call->request->quiet && isatty(STDERR_FILENO) == 1;
	migrate_stop_begin(&watch->stop, call->request);
	call->options.on_progress = on_progress;
	call->options.progress_arg = watch;
}

void migrate_watch_end(struct migrate_watch *watch)
{
	migrate_stop_end(&watch->stop);
	if (watch->width > 0)
		(void)fprintf(stderr, "\r%*s\r", (int)watch->width, "");
}
