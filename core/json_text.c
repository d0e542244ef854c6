/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing JSON strings: see json_text.h.
 */
#include "json_text.h"

#include <string.h>

static void add_bytes(struct weir__text *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (out->length + 1 < out->size) {
			out->bytes[out->length] = bytes[i];
			out->bytes[out->length + 1] = '\0';
		}
		out->length++;
	}
}

/* Bytes of the well-formed UTF-8 character at text; 0 if there is none. */
static size_t utf8_length(const unsigned char *text)
{
	const unsigned char lead = text[0];
	const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Longer than need be, surrogates, and past U+10FFFF. */
	if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xed && text[1] > 0x9f) ||
	    (lead == 0xf0 && text[1] < 0x90) || (lead == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static void add_escaped(struct weir__text *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	static const char letters[] = "btn?fr"; /* from 8 on; 11 has none */
	char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

	if (byte >= 8 && byte <= 13 && byte != 11) {
		escape[1] = letters[byte - 8];
		add_bytes(out, escape, 2);
		return;
	}
	add_bytes(out, escape, sizeof escape);
}

void weir__json_string(struct weir__text *out, const char *text)
{
	if (text == NULL) {
		add_bytes(out, "null", 4);
		return;
	}
	add_bytes(out, "\"", 1);
	while (*text != '\0') {
		const unsigned char byte = (unsigned char)*text;
		const size_t length = utf8_length((const unsigned char *)text);

		if (byte < 0x20 || byte == 0x7f) {
			add_escaped(out, byte);
		} else if (byte == '"' || byte == '\\') {
			add_bytes(out, "\\", 1);
			add_bytes(out, text, 1);
		} else if (length == 0) {
			add_bytes(out, "\xef\xbf\xbd", 3);
		} else {
			add_bytes(out, text, length);
		}
		text += length == 0 ? 1 : length;
	}
	add_bytes(out, "\"", 1);
}
