/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Values of settings as text: reading, writing, and saying what is accepted.
 *
 * Numbers are digits and a unit, nothing else: no sign, no space, no fraction.
 * A duration or size without its unit is refused, because 30 is a second to one
 * reader and a millisecond to the next; 0 needs none. Writing picks the
 * largest unit that divides the value, so that reading it gives the same value.
 */
#include <inttypes.h>
#include <string.h>

#include <weir/config.h>

#include "text_buffer.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Ascending; the first has factor 1. */
static const struct unit count_units[] = {{"", 1}};
static const struct unit duration_units[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000 * 1000},
	{"s", 1000 * 1000 * 1000},
	{"m", INT64_C(60) * 1000 * 1000 * 1000},
	{"h", INT64_C(3600) * 1000 * 1000 * 1000},
};
static const struct unit size_units[] = {
	{"B", 1},
	{"KiB", INT64_C(1) << 10},
	{"MiB", INT64_C(1) << 20},
	{"GiB", INT64_C(1) << 30},
};

/* Even places mean false, odd ones true; the first of each is what is written. */
static const char bool_words[] = "false|true|off|on|no|yes|0|1";

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A type is numbers with units, or else words. */
struct value_type {
	const struct unit *units;
	size_t units_count;
	const char *example; /* of a number with its unit, or NULL */
	const char *words;   /* NULL: the choices of the setting */
	int64_t values;      /* how many values the words stand for, in turn */
};

static const struct value_type types[] = {
	[WEIR_SETTING_COUNT] = {count_units, ARRAY_LENGTH(count_units), NULL, NULL, 0},
	[WEIR_SETTING_DURATION] = {duration_units, ARRAY_LENGTH(duration_units), "250ms", NULL, 0},
	[WEIR_SETTING_SIZE] = {size_units, ARRAY_LENGTH(size_units), "64MiB", NULL, 0},
	[WEIR_SETTING_BOOL] = {NULL, 0, NULL, bool_words, 2},
	[WEIR_SETTING_CHOICE] = {NULL, 0, NULL, NULL, INT64_MAX},
};

/* NULL for no setting, or one of a type that this build does not know. */
static const struct value_type *type_of(const struct weir_setting *setting)
{
	if (setting == NULL || (size_t)setting->type >= ARRAY_LENGTH(types))
		return NULL;
	return &types[setting->type];
}

static bool number_parse(const struct value_type *type, const char *text, int64_t *value)
{
	const size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;
	int64_t number = 0;

	if (digits == 0)
		return false;
	for (size_t i = 0; i < digits; i++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, text[i] - '0', &number))
			return false;
	}
	if (number == 0 && *unit == '\0') {
		*value = 0;
		return true;
	}
	for (size_t i = 0; i < type->units_count; i++) {
		if (strcmp(unit, type->units[i].name) == 0)
			return !__builtin_mul_overflow(number, type->units[i].factor, value);
	}
	return false;
}

static void number_format(const struct value_type *type, int64_t value, struct weir__text *out)
{
	size_t i = type->units_count - 1;

	if (value == 0) {
		weir__text_add(out, "0");
		return;
	}
	while (i > 0 && value % type->units[i].factor != 0)
		i--;
	weir__text_add(out, "%" PRId64 "%s", value / type->units[i].factor, type->units[i].name);
}

static void number_allowed(const struct value_type *type, const struct weir_setting *setting,
                           struct weir__text *out)
{
	number_format(type, setting->min, out);
	weir__text_add(out, " to ");
	number_format(type, setting->max, out);
	if (type->example != NULL)
		weir__text_add(out, ", as in %s", type->example);
}

static const char *words_of(const struct value_type *type, const struct weir_setting *setting)
{
	if (type->words != NULL)
		return type->words;
	return setting->choices != NULL ? setting->choices : "";
}

/* Step through "bounded|fifo": the length of the next word, *rest moved past it.
 * 0 at the end, and at an empty word, so that a faulty table ends the walk too. */
static size_t next_word(const char **rest, const char **word)
{
	const size_t length = strcspn(*rest, "|");

	*word = *rest;
	*rest += length + ((*rest)[length] == '|' ? 1 : 0);
	return length;
}

static bool word_parse(const struct value_type *type, const struct weir_setting *setting,
                       const char *text, int64_t *value)
{
	const char *rest = words_of(type, setting);
	const char *word;
	size_t length;

	for (int64_t i = 0; (length = next_word(&rest, &word)) > 0; i++) {
		if (strlen(text) == length && memcmp(text, word, length) == 0) {
			*value = i % type->values;
			return true;
		}
	}
	return false;
}

static void word_format(const struct value_type *type, const struct weir_setting *setting,
                        int64_t value, struct weir__text *out)
{
	const char *rest = words_of(type, setting);
	const char *word;
	size_t length;

	for (int64_t i = 0; i < type->values && (length = next_word(&rest, &word)) > 0; i++) {
		if (i == value) {
			weir__text_add(out, "%.*s", (int)length, word);
			return;
		}
	}
	weir__text_add(out, "%" PRId64, value);
}

static void word_allowed(const struct value_type *type, const struct weir_setting *setting,
                         struct weir__text *out)
{
	const char *rest = words_of(type, setting);
	const char *separator = "";
	const char *word;
	size_t length;

	while ((length = next_word(&rest, &word)) > 0) {
		weir__text_add(out, "%s%.*s", separator, (int)length, word);
		separator = strchr(rest, '|') != NULL ? ", " : " or ";
	}
}

static bool parse(const struct weir_setting *setting, const char *text, int64_t *value)
{
	const struct value_type *type = type_of(setting);
	int64_t parsed;

	if (type == NULL || text == NULL)
		return false;
	if (type->units != NULL ? !number_parse(type, text, &parsed)
	                        : !word_parse(type, setting, text, &parsed))
		return false;
	if (parsed < setting->min || parsed > setting->max)
		return false;
	*value = parsed;
	return true;
}

bool weir_setting_parse(const struct weir_setting *setting, const char *text, int64_t *value,
                        char *allowed, size_t allowed_size)
{
	if (value != NULL && parse(setting, text, value))
		return true;
	(void)weir_setting_allowed(setting, allowed, allowed_size);
	return false;
}

size_t weir_setting_format(const struct weir_setting *setting, int64_t value, char *text,
                           size_t text_size)
{
	const struct value_type *type = type_of(setting);
	struct weir__text out = weir__text_make(text, text_size);

	if (type == NULL)
		return 0;
	if (type->units != NULL)
		number_format(type, value, &out);
	else
		word_format(type, setting, value, &out);
	return out.length;
}

size_t weir_setting_allowed(const struct weir_setting *setting, char *text, size_t text_size)
{
	const struct value_type *type = type_of(setting);
	struct weir__text out = weir__text_make(text, text_size);

	if (type == NULL)
		return 0;
	if (type->units != NULL)
		number_allowed(type, setting, &out);
	else
		word_allowed(type, setting, &out);
	return out.length;
}
