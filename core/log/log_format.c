/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See log_format.h.
 */
#include "log_format.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "json_text.h"

static const struct weir__log_kind kinds[] = {
#define KIND(id, name, level, per_second, doc) {name, WEIR_LOG_##level, per_second},
	WEIR_LOG_EVENTS(KIND)
#undef KIND
};

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};

const struct weir__log_kind *weir__log_kind(enum weir_log_event event)
{
	return &kinds[event];
}

/* RFC 3339, in UTC, with microseconds. */
static void add_time(struct weir__text *out, int64_t wall_ns)
{
	const time_t seconds = (time_t)(wall_ns / WEIR_SECONDS(1));
	const int micros = (int)(wall_ns % WEIR_SECONDS(1) / 1000);
	struct tm parts;

	memset(&parts, 0, sizeof parts);
	(void)gmtime_r(&seconds, &parts);
	weir__text_add(out, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
	               parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
	               micros);
}

static void add_number(struct weir__text *out, const struct weir__field *field)
{
	const int64_t number = field->number;
	const char *sign = number < 0 ? "-" : "";
	const uint64_t size = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;

	if (field->type == WEIR__FIELD_INT)
		weir__text_add(out, "%" PRId64, number);
	else
		weir__text_add(out, "%s%" PRIu64 ".%09" PRIu64, sign, size / 1000000000, size % 1000000000);
}

/* Whether logfmt can have text without quotes. */
static bool is_bare(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		const unsigned char byte = (unsigned char)*text;

		if (byte <= ' ' || byte == '"' || byte == '=' || byte == '\\' || byte >= 0x7f)
			return false;
	}
	return true;
}

static void add_logfmt(struct weir__text *out, const struct weir__log_line *line)
{
	const struct weir__log_kind *kind = weir__log_kind(line->event);

	weir__text_add(out, "ts=");
	add_time(out, line->wall_ns);
	weir__text_add(out, " level=%s event=%s", level_names[kind->level], kind->name);
	for (uint32_t i = 0; i < line->count; i++) {
		const struct weir__field *field = &line->fields[i];

		weir__text_add(out, " %s=", field->name);
		if (field->type != WEIR__FIELD_TEXT)
			add_number(out, field);
		else if (field->text != NULL && is_bare(field->text))
			weir__text_add(out, "%s", field->text);
		else /* a JSON string is what readers of logfmt take between quotes */
			weir__json_string(out, field->text != NULL ? field->text : "");
	}
	if (line->suppressed > 0)
		weir__text_add(out, " suppressed=%" PRIu64, line->suppressed);
}

static void add_json(struct weir__text *out, const struct weir__log_line *line)
{
	const struct weir__log_kind *kind = weir__log_kind(line->event);

	weir__text_add(out, "{\"ts\":\"");
	add_time(out, line->wall_ns);
	weir__text_add(out, "\",\"level\":\"%s\",\"event\":\"%s\"", level_names[kind->level],
	               kind->name);
	for (uint32_t i = 0; i < line->count; i++) {
		const struct weir__field *field = &line->fields[i];

		weir__text_add(out, ",\"%s\":", field->name);
		if (field->type == WEIR__FIELD_TEXT)
			weir__json_string(out, field->text);
		else
			add_number(out, field);
	}
	if (line->suppressed > 0)
		weir__text_add(out, ",\"suppressed\":%" PRIu64, line->suppressed);
	weir__text_add(out, "}");
}

size_t weir__log_format(const struct weir__log_line *line, enum weir_log_format format, char *out,
                        size_t size)
{
	struct weir__text text = weir__text_make(out, size - 1);

	if (format == WEIR_LOG_JSON)
		add_json(&text, line);
	else
		add_logfmt(&text, line);
	const size_t length = text.length < size - 2 ? text.length : size - 2;

	out[length] = '\n';
	out[length + 1] = '\0';
	return length + 1;
}
