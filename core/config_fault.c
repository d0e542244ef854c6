/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Building the text of a fault, and guessing which name was meant.
 */
#include "config_fault.h"

#include <stdio.h>
#include <string.h>

#include "text_buffer.h"

#define FAULT_MESSAGE_MAX 1024
#define FAULT_HINT_MAX 128

static char small_letter(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static char capital_letter(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* A message ends up on terminals and in line-based logs: bytes of the input
 * must not move a cursor there or begin a line. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (byte < ' ' || byte == 0x7f)
			*text = '?';
	}
}

static void write_hint(const struct weir__faults *faults, const char *near, char *hint,
                       size_t hint_size)
{
	struct weir__text out = weir__text_make(hint, hint_size);

	if (near == NULL)
		return;
	weir__text_add(&out, "did you mean ");
	if (faults->prefix == NULL) {
		weir__text_add(&out, "%s?", near);
		return;
	}
	weir__text_add(&out, "%s", faults->prefix);
	for (; *near != '\0'; near++)
		weir__text_add(&out, "%c", capital_letter(*near));
	weir__text_add(&out, "?");
}

void weir__fault(struct weir__faults *faults, const struct weir__finding *finding,
                 const char *format, ...)
{
	char what[FAULT_MESSAGE_MAX];
	char message[FAULT_MESSAGE_MAX];
	char hint[FAULT_HINT_MAX];
	struct weir__text out = weir__text_make(message, sizeof(message));
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	write_hint(faults, finding->near, hint, sizeof(hint));

	weir__text_add(&out, "%s", faults->source);
	if (faults->line > 0)
		weir__text_add(&out, ":%d", faults->line);
	weir__text_add(&out, ": %s", what);
	if (finding->allowed != NULL)
		weir__text_add(&out, "; allowed: %s", finding->allowed);
	if (hint[0] != '\0')
		weir__text_add(&out, "; %s", hint);
	make_printable(message);

	if (faults->count++ == 0) {
		faults->code = finding->code;
		(void)snprintf(faults->first, sizeof(faults->first), "%.*s", (int)sizeof(faults->first) - 1,
		               message);
	}
	if (faults->sink == NULL || faults->sink->fault == NULL)
		return;
	faults->sink->fault(
		&(struct weir_fault){
			.code = finding->code,
			.source = faults->source,
			.line = faults->line,
			.setting = finding->setting != NULL ? finding->setting : "",
			.value = finding->value != NULL ? finding->value : "",
			.allowed = finding->allowed != NULL ? finding->allowed : "",
			.hint = hint,
			.message = message,
		},
		faults->sink->user);
}

enum weir_code weir__faults_result(const struct weir__faults *faults, struct weir_error *err)
{
	if (faults->count == 0)
		return WEIR_OK;
	if (faults->count == 1)
		return weir_fail(err, faults->code, faults->where, 0, "%s", faults->first);
	return weir_fail(err, faults->code, faults->where, 0, "%u faults, the first: %s",
	                 (unsigned)faults->count, faults->first);
}

#define NEAREST_NAME_MAX 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return a == b || small_letter(a) == small_letter(b) || (a == '-' && b == '_') ||
	       (a == '_' && b == '-');
}

/*
 * How many slips lead from a to b: a letter left out, added, replaced, or two
 * neighbours swapped (each pair of neighbours at most once). Row i of the table
 * holds the distances of a's first i letters; only three rows are alive.
 */
static size_t slips_between(const char *a, const char *b)
{
	const size_t a_length = strlen(a);
	const size_t b_length = strlen(b);
	size_t rows[3][NEAREST_NAME_MAX + 1];

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		const size_t *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			const size_t replaced = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);

			row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
			    same_letter(a[i - 2], b[j - 1]))
				row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[a_length % 3][b_length];
}

/* One slip for every three letters, three at most: "home" is not "name". */
static size_t slips_forgiven(const char *name)
{
	return least(strlen(name) / 3, 3);
}

const char *weir_nearest(const char *name, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	size_t fewest = SIZE_MAX;

	if (name == NULL || names == NULL || strlen(name) > NEAREST_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (names[i] == NULL || strlen(names[i]) > NEAREST_NAME_MAX)
			continue;

		const size_t slips = slips_between(name, names[i]);

		if (slips < fewest && slips <= slips_forgiven(names[i])) {
			nearest = names[i];
			fewest = slips;
		}
	}
	return nearest;
}
