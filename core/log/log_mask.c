/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See log_mask.h.
 */
#include "log_mask.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char mask[] = "***";

/* Text on its way, cut to fit. */
struct copy {
	char *out;
	size_t size;
	size_t length;
};

static void add(struct copy *copy, const char *text, size_t length)
{
	const size_t room = copy->size - 1 - copy->length;
	const size_t fits = length < room ? length : room;

	memcpy(copy->out + copy->length, text, fits);
	copy->length += fits;
}

/*
 * The length of a URL's authority at text. A password may hold what ends one, unescaped:
 * so if an '@' follows a ':' before white space or a quote, it reaches to that '@' and on.
 */
static size_t authority_length(const char *text)
{
	const size_t whole = strcspn(text, " \t\r\n\"'<>,");
	const size_t plain = strcspn(text, "/?# \t\r\n\"'<>,");
	size_t at = whole;

	if (memchr(text, '@', plain) != NULL || memchr(text, ':', plain) == NULL)
		return plain;
	while (at > plain && text[at - 1] != '@')
		at--;
	/* host:5432/x@y has a port, and no password: digits up to the end of the authority. */
	const char *colon = (const char *)memchr(text, ':', plain);

	if (at == plain || strspn(colon + 1, "0123456789") == (size_t)(text + plain - colon) - 1)
		return plain;
	return at + strcspn(text + at, "/?# \t\r\n\"'<>,");
}

/* Copy an authority; its password is masked. */
static void add_authority(struct copy *copy, const char *text, size_t length)
{
	const char *at = NULL;
	const char *colon = memchr(text, ':', length);

	for (size_t i = 0; i < length; i++)
		at = text[i] == '@' ? text + i : at;
	if (at == NULL || colon == NULL || colon > at) {
		add(copy, text, length);
		return;
	}
	add(copy, text, (size_t)(colon - text) + 1);
	add(copy, mask, sizeof mask - 1);
	add(copy, at, length - (size_t)(at - text));
}

/* Whether a key of that kind stands before key_end, which may have white space and, as in
 * JSON, a quote between. */
static bool ends_with_secret(const char *key_end, const char *begin)
{
	static const char *const keys[] = {"password", "passwd", "pwd",     "secret",
	                                   "token",    "apikey", "api_key", "access_key"};

	while (key_end > begin && strchr(" \t\"'", key_end[-1]) != NULL)
		key_end--;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const size_t length = strlen(keys[i]);

		if ((size_t)(key_end - begin) >= length &&
		    strncasecmp(key_end - length, keys[i], length) == 0)
			return true;
	}
	return false;
}

/* The length of the value at text: quoted to its quote, else to what ends values. */
static size_t value_length(const char *text)
{
	if (*text == '\'' || *text == '"') {
		const char *end = text + 1;

		while (*end != '\0' && *end != *text) /* ends: at the quote, or the text's end */
			end += *end == '\\' && end[1] != '\0' ? 2 : 1;
		return (size_t)(end - text) + (*end != '\0');
	}
	return strcspn(text, "&;, \t\r\n'\")]}");
}

size_t weir__mask_secrets(const char *text, char *out, size_t size)
{
	struct copy copy = {out, size, 0};
	const char *begin = text;

	while (*text != '\0') { /* ends: every round goes on */
		if (strncmp(text, "://", 3) == 0) {
			const size_t length = authority_length(text + 3);

			add(&copy, text, 3);
			add_authority(&copy, text + 3, length);
			text += 3 + length;
		} else if ((*text == '=' || *text == ':') && ends_with_secret(text, begin)) {
			const size_t blank = 1 + strspn(text + 1, " \t");
			const size_t length = value_length(text + blank);

			add(&copy, text, blank);
			if (length > 0)
				add(&copy, mask, sizeof mask - 1);
			text += blank + length;
		} else {
			add(&copy, text++, 1);
		}
	}
	out[copy.length] = '\0';
	return copy.length + 1;
}
