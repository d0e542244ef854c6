/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Text from outside made harmless. See escape.h.
 */
#include "escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How many bytes the character at text has; 0: it is not well-formed UTF-8. */
static size_t character_length(const char *text)
{
	static const struct {
		unsigned char mask;
		unsigned char lead;
		uint32_t least; /* below it the form is too long for its character */
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char *const bytes = (const unsigned char *)text;

	for (size_t form = 0; form < COUNT(forms); form++) {
		uint32_t character;

		if ((bytes[0] & forms[form].mask) != forms[form].lead)
			continue;
		character = bytes[0] & (unsigned char)~forms[form].mask;
		for (size_t i = 1; i <= form; i++) {
			if ((bytes[i] & 0xc0) != 0x80)
				return 0;
			character = character << 6 | (bytes[i] & 0x3fu);
		}
		/* Surrogates and the last two of the first plane are no characters of XML. */
		if (character < forms[form].least || character > 0x10ffff ||
		    (character >= 0xd800 && character <= 0xdfff) || character == 0xfffe ||
		    character == 0xffff)
			return 0;
		return form + 1;
	}
	return 0;
}

/* The next character of *text, clean, and what comes after it. */
static size_t next_character(const char **text, const char **character)
{
	static const char space[] = " ";
	static const char unknown[] = "?";
	const size_t length = character_length(*text);
	const unsigned char first = (unsigned char)**text;

	*character = *text;
	if (length == 0)
		*character = unknown;
	else if (first < 0x20 || first == 0x7f)
		*character = space;
	*text += length > 0 ? length : 1;
	return length > 0 ? length : 1;
}

void bench_clean_text(char *clean, size_t clean_size, const char *text)
{
	size_t used = 0;

	while (*text != '\0') {
		const char *character;
		const size_t length = next_character(&text, &character);

		if (used + length >= clean_size)
			break;
		memcpy(clean + used, character, length);
		used += length;
	}
	clean[used] = '\0';
}

struct replacement {
	char from;
	const char *to;
};

static void escape(FILE *out, const char *text, const struct replacement *replacements,
                   size_t count)
{
	while (*text != '\0') {
		const char *character;
		const size_t length = next_character(&text, &character);
		bool replaced = false;

		for (size_t i = 0; i < count && !replaced; i++)
			if (length == 1 && *character == replacements[i].from) {
				(void)fputs(replacements[i].to, out);
				replaced = true;
			}
		if (!replaced)
			(void)fwrite(character, 1, length, out);
	}
}

void bench_escape_xml(FILE *out, const char *text)
{
	static const struct replacement replacements[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
	};

	escape(out, text, replacements, COUNT(replacements));
}

void bench_escape_markdown(FILE *out, const char *text)
{
	static const struct replacement replacements[] = {
		{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\\', "\\\\"}, {'`', "\\`"}, {'*', "\\*"},
		{'_', "\\_"},   {'[', "\\["},  {']', "\\]"},  {'|', "\\|"},   {'~', "\\~"},
	};

	escape(out, text, replacements, COUNT(replacements));
}

void bench_escape_gnuplot(FILE *out, const char *text)
{
	static const struct replacement replacements[] = {{'\'', "''"}};

	escape(out, text, replacements, COUNT(replacements));
}

size_t bench_text_width(const char *text)
{
	size_t width = 0;

	while (*text != '\0') {
		const char *character;

		(void)next_character(&text, &character);
		width++;
	}
	return width;
}
