/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Figures, words, colours and tables for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "migrate_command.h"

const char *migrate_text_ns(char *text, int64_t ns)
{
	static const struct {
		double from;
		double divisor;
		const char *unit;
	} units[] = {
		{60e9, 60e9, "min"}, {1e9, 1e9, "s"}, {1e6, 1e6, "ms"}, {1e3, 1e3, "us"}, {0, 1, "ns"}};
	const double value = (double)ns;
	size_t i = 0;

	while (value < units[i].from && units[i].divisor > 1)
		i++;
	(void)snprintf(text, MIGRATE_FIGURE_MAX, "%.3g %s", value / units[i].divisor, units[i].unit);
	return text;
}

const char *migrate_text_bytes(char *text, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double value = (double)bytes;
	size_t i = 0;

	for (; value >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		value /= 1024;
	(void)snprintf(text, MIGRATE_FIGURE_MAX, "%.4g %s", value, units[i]);
	return text;
}

const char *migrate_text_time(char *text, int64_t seconds)
{
	const time_t at = (time_t)seconds;
	struct tm parts;

	text[0] = '\0';
	if (seconds > 0 && gmtime_r(&at, &parts) != NULL)
		(void)strftime(text, MIGRATE_FIGURE_MAX, "%Y-%m-%d %H:%M:%SZ", &parts);
	return text;
}

const char *migrate_state_name(enum weir_migration_state state)
{
	static const char *const names[] = {
		[WEIR_MIGRATION_PENDING] = "pending",
		[WEIR_MIGRATION_APPLIED] = "applied",
		[WEIR_MIGRATION_EDITED] = "edited",
		[WEIR_MIGRATION_MISSING] = "missing",
		[WEIR_MIGRATION_OUT_OF_ORDER] = "out_of_order",
		[WEIR_MIGRATION_REORDERED] = "reordered",
		[WEIR_MIGRATION_INTERRUPTED] = "interrupted",
	};

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}

static bool has_colours(void)
{
	const char *const never = getenv("NO_COLOR");

	return (never == NULL || *never == '\0') && isatty(STDOUT_FILENO) == 1;
}

void migrate_print_colour(int colour, const char *text)
{
	if (colour == COLOUR_NONE || !has_colours())
		(void)fputs(text, stdout);
	else
		(void)printf("\033[%dm%s\033[0m", colour, text);
}

/* The bytes that are no beginning of a character: they take no room. */
static int continuation_bytes(const char *text)
{
	int count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) == 0x80;
	return count;
}

static void print_row(const char *const *cells, size_t columns, const int *widths, int colour)
{
	char line[1024] = "";
	size_t length = 0;

	for (size_t i = 0; i < columns && length < sizeof(line); i++) {
		const int width = i + 1 < columns ? widths[i] + continuation_bytes(cells[i]) : 0;
		const int added = snprintf(line + length, sizeof(line) - length, "%s%-*s",
		                           i > 0 ? "  " : "", width, cells[i]);

		length += added > 0 ? (size_t)added : 0;
	}
	length = strlen(line);
	while (length > 0 && line[length - 1] == ' ')
		line[--length] = '\0';
	migrate_print_colour(colour, line);
	(void)putchar('\n');
}

void migrate_print_table(const char *const *headings, const char *const *cells, size_t rows,
                         size_t columns, const int *colours)
{
	int widths[16] = {0};

	for (size_t i = 0; i < (rows + 1) * columns; i++) {
		const char *const cell = i < columns ? headings[i] : cells[i - columns];
		const int width = (int)strlen(cell) - continuation_bytes(cell);

		if (width > widths[i % columns])
			widths[i % columns] = width;
	}
	print_row(headings, columns, widths, COLOUR_NONE);
	for (size_t i = 0; i < rows; i++)
		print_row(cells + i * columns, columns, widths, colours != NULL ? colours[i] : COLOUR_NONE);
}
