/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Checking a whole configuration: ranges, because a program may store values by
 * itself, and the rules that span two settings.
 *
 * A rule is here only if breaking it is surely a mistake. Not here: max_opening
 * above max_size (it is just never reached) and fairness_window above
 * acquire_timeout (then a waiter times out before it is favoured, which a short
 * timeout makes likely and harmless).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <weir/driver.h>

#include "config_internal.h"

#define VALUE_MAX 48
#define ALLOWED_MAX 160

struct rule {
	enum weir_setting_id low;
	enum weir_setting_id high;
	bool strict;        /* low < high; else low <= high */
	bool zero_is_never; /* 0 in either switches it off, so nothing is compared */
	const char *allowed;
	const char *why;
};

static const struct rule rules[] = {
	{
		.low = WEIR_SET_min_idle,
		.high = WEIR_SET_max_size,
		.allowed = "min_idle <= max_size",
		.why = "the pool can never keep that many ready",
	},
	{
		.low = WEIR_SET_idle_timeout,
		.high = WEIR_SET_max_lifetime,
		.strict = true,
		.zero_is_never = true,
		.allowed = "idle_timeout < max_lifetime, or 0 for either",
		.why = "no connection lives long enough to be retired as idle",
	},
};

static bool rule_holds(const struct rule *rule, int64_t low, int64_t high)
{
	if (rule->zero_is_never && (low == 0 || high == 0))
		return true;
	return rule->strict ? low < high : low <= high;
}

static void check_rule(const struct rule *rule, struct weir_config *config,
                       struct weir__faults *faults)
{
	const int64_t low = *weir_config_value(config, rule->low);
	const int64_t high = *weir_config_value(config, rule->high);
	const struct weir_setting *table = weir_settings(NULL);
	char low_text[VALUE_MAX];
	char high_text[VALUE_MAX];

	if (rule_holds(rule, low, high))
		return;
	(void)weir_setting_format(&table[rule->low], low, low_text, sizeof(low_text));
	(void)weir_setting_format(&table[rule->high], high, high_text, sizeof(high_text));
	faults->source = "configuration";
	weir__fault(faults,
	            &(struct weir__finding){.code = WEIR_ERR_CONFIG_CONFLICT,
	                                    .setting = table[rule->low].name,
	                                    .value = low_text,
	                                    .allowed = rule->allowed},
	            "%s is %s (%s) but %s is %s (%s): %s", table[rule->low].name, low_text,
	            weir_origin_name((enum weir_origin)config->origin[rule->low]),
	            table[rule->high].name, high_text,
	            weir_origin_name((enum weir_origin)config->origin[rule->high]), rule->why);
}

static void check_range(const struct weir__place *place, struct weir_config *config,
                        struct weir__faults *faults)
{
	const struct weir_setting *setting = place->setting;
	const int64_t value = *weir__place_value(config, place);
	const uint8_t origin = *weir__place_origin(config, place);
	char text[VALUE_MAX];
	char allowed[ALLOWED_MAX];

	if (value >= setting->min && value <= setting->max)
		return;
	(void)weir_setting_format(setting, value, text, sizeof(text));
	(void)weir_setting_allowed(setting, allowed, sizeof(allowed));
	faults->source = weir_origin_name((enum weir_origin)origin);
	weir__fault(faults,
	            &(struct weir__finding){.code = WEIR_ERR_CONFIG_VALUE,
	                                    .setting = setting->name,
	                                    .value = text,
	                                    .allowed = allowed},
	            "%s cannot be %s", setting->name, text);
}

/* Texts that a program stored without their end would be read past it. */
static void check_texts(const struct weir_config *config, struct weir__faults *faults)
{
	const struct {
		const char *name;
		const char *text;
		size_t size;
	} texts[] = {
		{"name", config->name, sizeof(config->name)},
		{"scheme", config->scheme, sizeof(config->scheme)},
		{"authority", config->authority, sizeof(config->authority)},
		{"path", config->path, sizeof(config->path)},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (memchr(texts[i].text, '\0', texts[i].size) != NULL)
			continue;
		faults->source = "configuration";
		weir__fault(
			faults,
			&(struct weir__finding){.code = WEIR_ERR_CONFIG_VALUE, .setting = texts[i].name},
			"%s is not terminated within its %zu bytes", texts[i].name, texts[i].size);
	}
}

static void check_scheme(const struct weir_config *config, const struct weir_driver *driver,
                         struct weir__faults *faults)
{
	char scheme[sizeof(config->scheme) + 1] = "";

	memcpy(scheme, config->scheme, sizeof(config->scheme));
	if (scheme[0] == '\0' || driver == NULL || strcmp(scheme, driver->name) == 0)
		return;
	faults->source = "configuration";
	weir__fault(faults,
	            &(struct weir__finding){.code = WEIR_ERR_CONFIG_CONFLICT,
	                                    .setting = "scheme",
	                                    .value = scheme,
	                                    .allowed = driver->name},
	            "the URL is for \"%s\" but the driver is \"%s\"", scheme, driver->name);
}

void weir__config_inspect(struct weir_config *config, const struct weir_driver *driver,
                          struct weir__faults *faults)
{
	struct weir__place place = {0};

	check_texts(config, faults);
	check_scheme(config, driver, faults);
	while (weir__place_next(&place, driver))
		check_range(&place, config, faults);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		check_rule(&rules[i], config, faults);
}

enum weir_code weir_config_check(const struct weir_config *config, const struct weir_driver *driver,
                                 const struct weir_fault_sink *sink, struct weir_error *err)
{
	struct weir__faults faults = {.sink = sink, .where = "config.check"};
	struct weir_config whole;

	if (config == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, faults.where, 0, "config is NULL");

	const enum weir_code code = weir__config_adopt(&whole, config, driver, faults.where, err);

	if (code != WEIR_OK)
		return code;
	weir__config_inspect(&whole, driver, &faults);
	return weir__faults_result(&faults, err);
}
