/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a text is well-formed XML, as far as reports and pictures use it: tags
 * that match, attributes in quotes, no bare "<" or "&".
 */
#ifndef WEIR_TESTS_WELL_FORMED_H
#define WEIR_TESTS_WELL_FORMED_H

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define WELL_FORMED_DEPTH_MAX 64

static inline size_t xml_name(const char *at)
{
	size_t length = 0;

	while (isalnum((unsigned char)at[length]) || (at[length] != '\0' && strchr("-_:.", at[length])))
		length++;
	return length;
}

/* What comes after a reference, or NULL. */
static inline const char *after_reference(const char *at)
{
	static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(at, known[i], strlen(known[i])) == 0)
			return at + strlen(known[i]);
	return NULL;
}

/* What comes after the attributes of a tag, at its ">" or "/>"; NULL if they are
 * not as they should be. */
static inline const char *after_attributes(const char *at)
{
	for (;;) {
		char quote;

		at += strspn(at, " \t\n");
		if (*at == '>' || (at[0] == '/' && at[1] == '>'))
			return at;
		if (xml_name(at) == 0)
			return NULL;
		at += xml_name(at);
		at += strspn(at, " ");
		if (*at++ != '=')
			return NULL;
		at += strspn(at, " ");
		quote = *at++;
		if (quote != '"' && quote != '\'')
			return NULL;
		while (*at != quote) {
			if (*at == '\0' || *at == '<' || (*at == '&' && after_reference(at) == NULL))
				return NULL;
			at++;
		}
		at++;
		if (strchr(" \t\n/>", *at) == NULL || *at == '\0')
			return NULL;
	}
}

/* Where the text stops being well-formed; NULL: nowhere. */
static inline const char *find_malformed(const char *text)
{
	const char *open[WELL_FORMED_DEPTH_MAX];
	unsigned depth = 0;
	const char *at = text;

	if (strncmp(at, "<!DOCTYPE html>", 15) == 0)
		at += 15;
	while (*at != '\0') {
		const char *const begin = at;
		size_t length;

		if (*at == '&') {
			at = after_reference(at);
			if (at == NULL)
				return begin;
			continue;
		}
		if (*at != '<') {
			at++;
			continue;
		}
		if (at[1] == '/') {
			at += 2;
			length = xml_name(at);
			if (depth == 0 || length == 0 || strncmp(open[depth - 1], at, length) != 0 ||
			    xml_name(open[depth - 1]) != length || at[length] != '>')
				return begin;
			depth--;
			at += length + 1;
			continue;
		}
		if (xml_name(at + 1) == 0 || depth == WELL_FORMED_DEPTH_MAX)
			return begin;
		open[depth] = at + 1;
		at = after_attributes(at + 1 + xml_name(at + 1));
		if (at == NULL)
			return begin;
		if (*at == '>')
			depth++;
		at += *at == '>' ? 1 : 2;
	}
	return depth > 0 ? open[depth - 1] : NULL;
}

static inline void assert_well_formed(const char *text)
{
	const char *const malformed = find_malformed(text);

	if (malformed != NULL)
		fail_msg("malformed at: %.200s", malformed);
}

#endif
