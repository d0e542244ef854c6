/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A section of a markdown file. See section.h.
 */
#include "section.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKER_MAX 96

struct place {
	const char *begin; /* of the comment before; NULL: there is no section */
	const char *end;   /* after the comment behind; NULL: it is not there */
};

static void write_marker(char marker[MARKER_MAX], const char *which, const char *name)
{
	(void)snprintf(marker, MARKER_MAX, "<!-- %s: %s -->", which, name);
}

static struct place find(const char *text, const char *name)
{
	char begin[MARKER_MAX];
	char end[MARKER_MAX];
	struct place place;

	write_marker(begin, "begin", name);
	write_marker(end, "end", name);
	place.begin = strstr(text, begin);
	place.end = place.begin != NULL ? strstr(place.begin, end) : NULL;
	place.end = place.end != NULL ? place.end + strlen(end) : NULL;
	return place;
}

char *bench_section_take(const char *text, const char *name)
{
	const struct place place = find(text, name);

	return place.end != NULL ? strndup(place.begin, (size_t)(place.end - place.begin)) : NULL;
}

char *bench_section_put(const char *text, const char *name, const char *body)
{
	const struct place place = find(text, name);
	const size_t before = place.begin != NULL ? (size_t)(place.begin - text) : strlen(text);
	const char *const newline = before > 0 && text[before - 1] != '\n' ? "\n" : "";
	char begin[MARKER_MAX];
	char end[MARKER_MAX];
	char *result = NULL;
	size_t size;
	FILE *out;

	if (place.begin != NULL && place.end == NULL)
		return NULL;
	out = open_memstream(&result, &size);
	if (out == NULL)
		return NULL;
	write_marker(begin, "begin", name);
	write_marker(end, "end", name);
	(void)fwrite(text, 1, before, out);
	if (place.begin == NULL)
		(void)fprintf(out, "%s%s", newline, before > 0 ? "\n" : "");
	(void)fprintf(out, "%s\n%s%s", begin, body, end);
	(void)fputs(place.end != NULL ? place.end : "\n", out);
	if (fclose(out) == 0)
		return result;
	free(result);
	return NULL;
}
