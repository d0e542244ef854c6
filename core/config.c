/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A configuration and its edits: defaults, one setting by name, and pairs. What
 * is common to all sources is here; URL, environment and file have their own.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/driver.h>

#include "config_internal.h"
#include "driver_check.h"

/* A struct that ends before its first setting is none that ever was. */
#define SIZE_LEAST (offsetof(struct weir_config, acquire_timeout) + sizeof(int64_t))
#define NAMES_MAX (WEIR__PLACES + 2)
#define ALLOWED_MAX 160

static void fill_defaults(struct weir_config *config, const struct weir_driver *driver)
{
	struct weir__place place = {0};

	memset(config, 0, sizeof(*config));
	config->size = (uint32_t)sizeof(*config);
	while (weir__place_next(&place, driver))
		*weir__place_value(config, &place) = place.setting->preset;
}

void weir_config_init_sized(struct weir_config *config, uint32_t size,
                            const struct weir_driver *driver)
{
	struct weir_config whole;

	if (config == NULL || size < SIZE_LEAST)
		return;
	fill_defaults(&whole, driver);
	/* A newer caller's struct is longer: its size says how much has meaning. */
	whole.size = size < sizeof(whole) ? size : (uint32_t)sizeof(whole);
	memcpy(config, &whole, whole.size);
}

enum weir_code weir__config_adopt(struct weir_config *whole, const struct weir_config *given,
                                  const struct weir_driver *driver, const char *where,
                                  struct weir_error *err)
{
	fill_defaults(whole, driver);
	if (driver != NULL && !weir__driver_named(driver))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the driver is of another ABI than %d, too short, or has no name",
		                 WEIR_DRIVER_ABI);
	if (given == NULL)
		return WEIR_OK;
	if (given->size < SIZE_LEAST || given->size > sizeof(*whole))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "the config has size %u: weir_config_init has not been called",
		                 (unsigned)given->size);
	memcpy(whole, given, given->size);
	whole->size = (uint32_t)sizeof(*whole);
	return WEIR_OK;
}

enum weir_code weir__edit_begin(struct weir__edit *edit, const struct weir_config *config,
                                const struct weir_driver *driver, const struct weir__source *source,
                                const struct weir_fault_sink *sink, struct weir_error *err)
{
	memset(edit, 0, sizeof(*edit));
	if (config == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source->where, 0, "config is NULL");
	edit->size = config->size;
	edit->origin = source->origin;
	edit->driver = driver;
	edit->faults.sink = sink;
	edit->faults.where = source->where;
	edit->faults.source = source->name;
	return weir__config_adopt(&edit->work, config, driver, source->where, err);
}

enum weir_code weir__edit_commit(const struct weir__edit *edit, struct weir_config *config,
                                 struct weir_error *err)
{
	const enum weir_code code = weir__faults_result(&edit->faults, err);

	if (code == WEIR_OK) {
		memcpy(config, &edit->work, edit->size);
		config->size = edit->size;
	}
	return code;
}

static bool named_has(const struct weir__named *named, uint32_t slot)
{
	return (named->bits[slot / 64] >> slot % 64 & 1) != 0;
}

static void named_add(struct weir__named *named, uint32_t slot)
{
	named->bits[slot / 64] |= UINT64_C(1) << slot % 64;
}

/* False, with the fault reported, if this source has named it before. */
static bool name_once(struct weir__edit *edit, uint32_t slot, const char *written,
                      const char *value)
{
	if (named_has(&edit->named, slot)) {
		weir__fault(&edit->faults,
		            &(struct weir__finding){
						.code = WEIR_ERR_CONFIG_SYNTAX, .setting = written, .value = value},
		            "%s is given more than once", written);
		return false;
	}
	named_add(&edit->named, slot);
	return true;
}

bool weir__edit_text(struct weir__edit *edit, const char *what, const char *text, char *field,
                     size_t size)
{
	/* Without the value: an authority may hold a password. */
	const struct weir__finding finding = {.code = WEIR_ERR_CONFIG_VALUE, .setting = what};
	const size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		const unsigned char byte = (unsigned char)text[i];

		if (byte < ' ' || byte == 0x7f) {
			weir__fault(&edit->faults, &finding, "%s has a control character (0x%02x)", what, byte);
			return false;
		}
	}
	if (length >= size) {
		weir__fault(&edit->faults, &finding, "%s is %zu bytes long; at most %zu are kept", what,
		            length, size - 1);
		return false;
	}
	memcpy(field, text, length + 1);
	return true;
}

/* The settings and words that a source may name, for hints. */
static size_t list_names(const struct weir__edit *edit, const char *names[NAMES_MAX])
{
	struct weir__place place = {0};
	size_t count = 0;

	while (weir__place_next(&place, edit->driver)) {
		if (weir__place_within(&place, edit->size))
			names[count++] = place.setting->name;
	}
	names[count++] = "name";
	if (!edit->inside_url)
		names[count++] = "url";
	return count;
}

void weir__edit_unknown(struct weir__edit *edit, const char *name, const char *written,
                        const char *value)
{
	const char *names[NAMES_MAX];
	const size_t count = list_names(edit, names);
	const char *near = weir_nearest(name, names, count);

	if (near == NULL && edit->only_near)
		return;
	weir__fault(
		&edit->faults,
		&(struct weir__finding){
			.code = WEIR_ERR_CONFIG_UNKNOWN, .setting = written, .value = value, .near = near},
		"there is no setting \"%.80s\"", written);
}

/* The whole URL counts as less than the settings beside it, wherever it stands
 * among them: so both orders mean the same. */
static void set_url(struct weir__edit *edit, const char *value)
{
	const struct weir__named around = edit->named;

	edit->override = around;
	memset(&edit->named, 0, sizeof(edit->named));
	weir__edit_url(edit, value);
	edit->named = around;
	memset(&edit->override, 0, sizeof(edit->override));
}

static void set_name(struct weir__edit *edit, const char *written, const char *value)
{
	char name[WEIR_NAME_MAX];

	if (weir__edit_text(edit, written, value, name, sizeof(name)) &&
	    !named_has(&edit->override, WEIR__WORD_NAME))
		memcpy(edit->work.name, name, sizeof(name));
}

static void set_place(struct weir__edit *edit, const struct weir__place *place, const char *written,
                      const char *value)
{
	char allowed[ALLOWED_MAX];
	int64_t parsed;

	if (!weir_setting_parse(place->setting, value, &parsed, allowed, sizeof(allowed))) {
		weir__fault(&edit->faults,
		            &(struct weir__finding){.code = WEIR_ERR_CONFIG_VALUE,
		                                    .setting = written,
		                                    .value = value,
		                                    .allowed = allowed},
		            "%s cannot be \"%.80s\"", written, value);
		return;
	}
	if (named_has(&edit->override, place->slot))
		return;
	*weir__place_value(&edit->work, place) = parsed;
	*weir__place_origin(&edit->work, place) = (uint8_t)edit->origin;
}

void weir__edit_set(struct weir__edit *edit, const char *name, const char *written,
                    const char *value)
{
	struct weir__place place;

	if (weir__place_find(&place, edit->driver, name) && weir__place_within(&place, edit->size)) {
		if (name_once(edit, place.slot, written, value))
			set_place(edit, &place, written, value);
	} else if (strcmp(name, "name") == 0) {
		if (name_once(edit, WEIR__WORD_NAME, written, value))
			set_name(edit, written, value);
	} else if (strcmp(name, "url") == 0 && !edit->inside_url) {
		if (name_once(edit, WEIR__WORD_URL, written, value))
			set_url(edit, value);
	} else {
		weir__edit_unknown(edit, name, written, value);
	}
}

void weir__edit_no_memory(struct weir__edit *edit)
{
	weir__fault(&edit->faults, &(struct weir__finding){.code = WEIR_ERR_NO_MEMORY},
	            "no memory to read it");
}

enum weir_code weir_config_apply_setting(struct weir_config *config,
                                         const struct weir_driver *driver, const char *name,
                                         const char *value, const struct weir_fault_sink *sink,
                                         struct weir_error *err)
{
	static const struct weir__source source = {
		.where = "config.setting",
		.name = "program",
		.origin = WEIR_ORIGIN_CODE,
	};
	struct weir__edit edit;
	const enum weir_code code = weir__edit_begin(&edit, config, driver, &source, sink, err);

	if (code != WEIR_OK)
		return code;
	if (name == NULL || value == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0, "name or value is NULL");
	weir__edit_set(&edit, name, name, value);
	return weir__edit_commit(&edit, config, err);
}

static void set_pair(struct weir__edit *edit, char *pair)
{
	char *equals = strchr(pair, '=');

	if (equals == NULL || equals == pair) {
		weir__fault(&edit->faults,
		            &(struct weir__finding){.code = WEIR_ERR_CONFIG_SYNTAX,
		                                    .value = pair,
		                                    .allowed = "name=value, without spaces"},
		            "\"%.80s\" is not a pair", pair);
		return;
	}
	*equals = '\0';
	weir__edit_set(edit, pair, pair, equals + 1);
}

enum weir_code weir_config_apply_pairs(struct weir_config *config, const struct weir_driver *driver,
                                       const char *pairs, const struct weir_fault_sink *sink,
                                       struct weir_error *err)
{
	static const struct weir__source source = {
		.where = "config.pairs",
		.name = "pairs",
		.origin = WEIR_ORIGIN_PAIR,
	};
	struct weir__edit edit;
	const enum weir_code code = weir__edit_begin(&edit, config, driver, &source, sink, err);

	if (code != WEIR_OK)
		return code;
	if (pairs == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, source.where, 0, "pairs is NULL");

	char *copy = strdup(pairs);

	if (copy == NULL)
		weir__edit_no_memory(&edit);
	for (char *rest = copy; rest != NULL;) {
		char *pair = strsep(&rest, " \t\r\n\v\f,;");

		if (*pair != '\0')
			set_pair(&edit, pair);
	}
	free(copy);
	return weir__edit_commit(&edit, config, err);
}
