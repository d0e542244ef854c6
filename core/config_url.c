/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Configuration from a URL:
 *
 *     scheme "://" authority ["/" path] ["?" name "=" value {"&" name "=" value}]
 *     scheme ":" path                   ["?" …]
 *
 * Parts are told apart first and percent-decoded after, so that an escaped "&"
 * or "/" is data. No fault repeats the authority: it may hold a password.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/driver.h>

#include "config_internal.h"
#include "text_buffer.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define SCHEME_BYTES LETTERS "0123456789+-."
#define URL_HINT_MAX 96

/* Bytes that must not stand in a URL as they are. A space is mostly a stray
 * one at the end of a variable, and "#" would end the path in other readers.
 * (A control character is refused by the part it is in.) */
static void check_bytes(struct weir__edit *edit, const char *url)
{
	const size_t at = strcspn(url, " #");

	if (url[at] == '\0')
		return;
	weir__fault(&edit->faults,
	            &(struct weir__finding){.code = WEIR_ERR_CONFIG_SYNTAX,
	                                    .setting = "url",
	                                    .allowed = "%20 for a space, %23 for \"#\""},
	            "byte %zu of the URL is a bare %s", at + 1, url[at] == ' ' ? "space" : "\"#\"");
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)((at - digits) % 16) : -1;
}

static void bad_escape(struct weir__edit *edit, const char *part, const char *at, const char *what)
{
	char escape[4];

	(void)snprintf(escape, sizeof(escape), "%.3s", at);
	weir__fault(&edit->faults,
	            &(struct weir__finding){.code = WEIR_ERR_CONFIG_SYNTAX,
	                                    .setting = part,
	                                    .value = escape,
	                                    .allowed = "% and two hexadecimal digits, not 00"},
	            "the %s has \"%s\", which is %s", part, escape, what);
}

/* Decode text in place; false, with the fault reported, if an escape is wrong. */
static bool decode(struct weir__edit *edit, const char *part, char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from != '%') {
			*to++ = *from;
			continue;
		}

		const int high = hex_digit(from[1]);
		const int low = high < 0 ? -1 : hex_digit(from[2]);

		if (low < 0) {
			bad_escape(edit, part, from, "no escape");
			return false;
		}
		if (high == 0 && low == 0) {
			bad_escape(edit, part, from, "a NUL byte");
			return false;
		}
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return true;
}

/* The name of the scheme that is wanted, or NULL where any is. */
static const char *wanted_scheme(const struct weir__edit *edit)
{
	return edit->driver != NULL ? edit->driver->name : NULL;
}

static void no_scheme(struct weir__edit *edit, const char *head)
{
	const char *wanted = wanted_scheme(edit);
	char hint[URL_HINT_MAX];
	struct weir__text out = weir__text_make(hint, sizeof(hint));
	const bool speakable = wanted != NULL && *head != '\0' && strchr(head, '@') == NULL;

	if (speakable)
		weir__text_add(&out, "%s:%s%s", wanted, *head == '/' ? "//" : "", head);
	weir__fault(
		&edit->faults,
		&(struct weir__finding){.code = WEIR_ERR_CONFIG_SYNTAX,
	                            .setting = "url",
	                            .value = speakable ? head : NULL,
	                            .allowed = "scheme://authority/path or scheme:path",
	                            .near = speakable && out.length < sizeof(hint) ? hint : NULL},
		"the URL does not begin with a scheme");
}

/* Check and store the scheme, the first length bytes of head. */
static void set_scheme(struct weir__edit *edit, const char *head, size_t length)
{
	const char *wanted = wanted_scheme(edit);
	char scheme[sizeof(edit->work.scheme)] = "";

	if (length < sizeof(scheme)) {
		memcpy(scheme, head, length);
		for (char *at = scheme; *at != '\0'; at++)
			*at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
	}
	if (scheme[0] != '\0' && (wanted == NULL || strcmp(scheme, wanted) == 0)) {
		memcpy(edit->work.scheme, scheme, sizeof(scheme));
		return;
	}

	char written[64];

	(void)snprintf(written, sizeof(written), "%.*s", (int)(length < 63 ? length : 63), head);
	weir__fault(&edit->faults,
	            &(struct weir__finding){.code = WEIR_ERR_CONFIG_VALUE,
	                                    .setting = "scheme",
	                                    .value = written,
	                                    .allowed = wanted != NULL ? wanted : "15 bytes or less",
	                                    .near = weir_nearest(written, &wanted, 1)},
	            "\"%s\" is not the scheme of the driver", written);
}

/* Read what stands before the "?". head is changed by decoding. */
static void set_head(struct weir__edit *edit, char *head)
{
	const size_t length = strspn(head, SCHEME_BYTES);

	if (length == 0 || head[length] != ':' || strchr(LETTERS, head[0]) == NULL) {
		no_scheme(edit, head);
		return;
	}
	set_scheme(edit, head, length);

	char *path = head + length + 1;
	char authority[sizeof(edit->work.authority)] = "";

	if (path[0] == '/' && path[1] == '/') {
		char *begin = path + 2;
		char *end = strchrnul(begin, '/');
		const char after = *end;

		*end = '\0';
		if (decode(edit, "authority", begin))
			(void)weir__edit_text(edit, "authority", begin, authority, sizeof(authority));
		*end = after;
		path = end;
	}
	memcpy(edit->work.authority, authority, sizeof(authority));
	if (decode(edit, "path", path))
		(void)weir__edit_text(edit, "path", path, edit->work.path, sizeof(edit->work.path));
}

static void set_query_pair(struct weir__edit *edit, char *pair)
{
	char *equals = strchr(pair, '=');
	char *value = equals != NULL ? equals + 1 : NULL;

	if (equals != NULL)
		*equals = '\0';
	if (!decode(edit, "query", pair) || (value != NULL && !decode(edit, "query", value)))
		return;
	if (value == NULL || *pair == '\0') {
		weir__fault(&edit->faults,
		            &(struct weir__finding){.code = WEIR_ERR_CONFIG_SYNTAX,
		                                    .setting = pair,
		                                    .value = value,
		                                    .allowed = "name=value"},
		            "the query has \"%.80s\" without a %s", value == NULL ? pair : value,
		            value == NULL ? "value" : "name");
		return;
	}
	weir__edit_set(edit, pair, pair, value);
}

void weir__edit_url(struct weir__edit *edit, const char *url)
{
	const char *const prefix = edit->faults.prefix;
	const bool only_near = edit->only_near;
	char *copy = strdup(url);

	if (copy == NULL) {
		weir__edit_no_memory(edit);
		return;
	}
	edit->inside_url = true;
	edit->only_near = false;
	edit->faults.prefix = NULL;
	check_bytes(edit, copy);

	char *query = strchr(copy, '?');

	if (query != NULL)
		*query++ = '\0';
	set_head(edit, copy);
	while (query != NULL) {
		char *pair = strsep(&query, "&");

		if (*pair != '\0')
			set_query_pair(edit, pair);
	}
	edit->faults.prefix = prefix;
	edit->only_near = only_near;
	edit->inside_url = false;
	free(copy);
}

enum weir_code weir_config_apply_url(struct weir_config *config, const struct weir_driver *driver,
                                     const char *url, const struct weir_fault_sink *sink,
                                     struct weir_error *err)
{
	static const struct weir__source source = {
		.where = "config.url",
		.name = "URL",
		.origin = WEIR_ORIGIN_URL,
	};
	struct weir__edit edit;
	const enum weir_code code = weir__edit_begin(&edit, config, driver, &source, sink, err);

	if (code != WEIR_OK)
		return code;
	if (url == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0, "url is NULL");
	weir__edit_url(&edit, url);
	return weir__edit_commit(&edit, config, err);
}
