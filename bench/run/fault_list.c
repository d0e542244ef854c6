/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is wrong with a file. See fault_list.h.
 */
#include "fault_list.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 48

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

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to change, add or leave out to make one word of the other. */
static size_t distance(const char *from, const char *to)
{
	const size_t from_length = strlen(from);
	const size_t to_length = strlen(to);
	size_t row[WORD_MAX + 1];

	if (from_length > WORD_MAX || to_length > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= to_length; i++)
		row[i] = i;
	for (size_t i = 1; i <= from_length; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t k = 1; k <= to_length; k++) {
			const size_t changed = corner + (from[i - 1] != to[k - 1]);

			corner = row[k];
			row[k] = smaller(changed, smaller(row[k], row[k - 1]) + 1);
		}
	}
	return row[to_length];
}

const char *bench_nearest(const char *word, const char *const *names, size_t count, size_t stride)
{
	const char *nearest = NULL;
	size_t least = strlen(word) / 3 + 1;

	for (size_t i = 0; i < count; i++) {
		const char *const name =
			*(const char *const *)(const void *)((const char *)names + i * stride);
		const size_t away = distance(word, name);

		if (away <= least && (nearest == NULL || away < least)) {
			nearest = name;
			least = away;
		}
	}
	return nearest;
}
