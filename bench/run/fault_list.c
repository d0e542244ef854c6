/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is wrong with a file. See fault_list.h.
 */
#include "fault_list.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <weir/config.h>

#define NAMES_MAX 64

void bench_fault_add(struct bench_faults *faults, unsigned line, const char *format, ...)
{
	struct bench_fault *const fault = &faults->list[faults->count];
	va_list arguments;

	if (faults->count++ >= BENCH_FAULTS_MAX)
		return;
	fault->line = line;
	va_start(arguments, format);
	(void)vsnprintf(fault->text, sizeof(fault->text), format, arguments);
	va_end(arguments);
	/* A terminal would take them for orders. */
	for (char *at = fault->text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '.';
}

/* Faults of one line stay in the order in which they were found. */
static void sort(struct bench_fault *list, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		const struct bench_fault moved = list[i];
		unsigned at = i;

		for (; at > 0 && list[at - 1].line > moved.line; at--)
			list[at] = list[at - 1];
		list[at] = moved;
	}
}

void bench_faults_print(FILE *out, const char *path, struct bench_faults *faults)
{
	const unsigned kept = faults->count < BENCH_FAULTS_MAX ? faults->count : BENCH_FAULTS_MAX;

	sort(faults->list, kept);
	for (unsigned i = 0; i < kept; i++)
		if (faults->list[i].line == 0)
			(void)fprintf(out, "%s: %s\n", path, faults->list[i].text);
		else
			(void)fprintf(out, "%s:%u: %s\n", path, faults->list[i].line, faults->list[i].text);
	if (faults->count > kept)
		(void)fprintf(out, "%s: and %u more faults\n", path, faults->count - kept);
}

/* What weir's own settings are looked up by; names may lie in larger structs. */
const char *bench_nearest(const char *word, const char *const *names, size_t count, size_t stride)
{
	const char *all[NAMES_MAX];

	if (count > NAMES_MAX)
		count = NAMES_MAX;
	for (size_t i = 0; i < count; i++)
		all[i] = *(const char *const *)(const void *)((const char *)names + i * stride);
	return weir_nearest(word, all, count);
}
