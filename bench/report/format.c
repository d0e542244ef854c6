/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers for people. See format.h.
 */
#include "format.h"

#include <math.h>
#include <stdio.h>

struct unit {
	double above;
	const char *text;
};

static void format_scaled(char *text, size_t text_size, double value, const struct unit *units)
{
	int digits;

	if (isnan(value)) {
		(void)snprintf(text, text_size, "-");
		return;
	}
	while (units->above > 0.0 && value < units->above)
		units++;
	value /= units->above > 0.0 ? units->above : 1.0;
	digits = value < 10.0 ? 2 : value < 100.0 ? 1 : 0;
	/* Counts below a thousand that are whole need no digits to say so. */
	if (units->text[0] == '\0' && value == floor(value))
		digits = 0;
	(void)snprintf(text, text_size, "%.*f%s", digits, value, units->text);
}

void bench_format_count(char *text, size_t text_size, double value)
{
	static const struct unit units[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}, {0.0, ""}};

	format_scaled(text, text_size, value, units);
}

void bench_format_ns(char *text, size_t text_size, double ns)
{
	static const struct unit units[] = {{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {0.0, " ns"}};

	format_scaled(text, text_size, ns, units);
}

void bench_format_plain(char *text, size_t text_size, double value, int digits)
{
	if (isnan(value))
		(void)snprintf(text, text_size, "-");
	else
		(void)snprintf(text, text_size, "%.*f", digits, value);
}
