/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A configuration as text and as JSON.
 */
#include "config_report.h"

#include <stdio.h>
#include <string.h>

#include "config_rows.h"

/* An authority as it may be shown: host and user, not the password. */
static const char *without_password(const char *authority, char *text, size_t size)
{
	const char *at = strrchr(authority, '@');
	const char *colon = strchr(authority, ':');

	if (at == NULL || colon == NULL || colon > at)
		(void)snprintf(text, size, "%s", authority);
	else
		(void)snprintf(text, size, "%.*s:***%s", (int)(colon - authority), authority, at);
	return text;
}

/* What a URL tells beside the settings, and the name. */
struct identity {
	const char *label;
	const char *text;
};

#define IDENTITY_COUNT 4
#define AUTHORITY_MAX 264

static void identify(struct identity parts[IDENTITY_COUNT], const struct weir_config *config,
                     const struct weir_driver *driver, char authority[AUTHORITY_MAX])
{
	parts[0] = (struct identity){"driver", driver->name};
	parts[1] = (struct identity){"name", config->name};
	parts[2] = (struct identity){"authority",
	                             without_password(config->authority, authority, AUTHORITY_MAX)};
	parts[3] = (struct identity){"path", config->path};
}

#define COLUMNS 7

static void row_cells(const struct config_row *row, const char *cells[COLUMNS])
{
	cells[0] = row->setting->name;
	cells[1] = row->value;
	cells[2] = row->origin;
	cells[3] = row->preset;
	cells[4] = row->type;
	cells[5] = row->setting->changeable ? "yes" : "no";
	cells[6] = row->allowed;
}

static void print_cells(const char *const cells[COLUMNS], const int widths[COLUMNS])
{
	/* The last is not padded: lines would end in white space. */
	for (size_t i = 0; i + 1 < COLUMNS; i++)
		(void)printf("%-*s  ", widths[i], cells[i]);
	(void)printf("%s\n", cells[COLUMNS - 1]);
}

enum exit_code report_text(struct weir_config *config, const struct weir_driver *driver)
{
	static const char *const head[COLUMNS] = {"SETTING", "VALUE", "ORIGIN", "DEFAULT",
	                                          "TYPE",    "LIVE",  "ALLOWED"};
	struct config_row rows[ROWS_MAX];
	const size_t count = config_rows(rows, config, driver);
	struct identity parts[IDENTITY_COUNT];
	char authority[AUTHORITY_MAX];
	const char *cells[COLUMNS];
	int widths[COLUMNS];

	identify(parts, config, driver, authority);
	for (size_t i = 0; i < IDENTITY_COUNT; i++) {
		if (*parts[i].text != '\0')
			(void)printf("%-9s  %s\n", parts[i].label, parts[i].text);
	}
	for (size_t i = 0; i < COLUMNS; i++)
		widths[i] = (int)strlen(head[i]);
	for (size_t row = 0; row < count; row++) {
		row_cells(&rows[row], cells);
		for (size_t i = 0; i < COLUMNS; i++) {
			const int width = (int)strlen(cells[i]);

			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
	(void)putchar('\n');
	print_cells(head, widths);
	for (size_t row = 0; row < count; row++) {
		row_cells(&rows[row], cells);
		print_cells(cells, widths);
	}
	return EXIT_DONE;
}

/* The unit that a value is kept in, and that "number" counts; null for words. */
static json_t *kept_unit(enum weir_setting_type type)
{
	switch (type) {
	case WEIR_SETTING_DURATION:
		return json_string("ns");
	case WEIR_SETTING_SIZE:
		return json_string("B");
	case WEIR_SETTING_COUNT:
		return json_string("1");
	case WEIR_SETTING_BOOL:
	case WEIR_SETTING_CHOICE:
		break;
	}
	return json_null();
}

json_t *row_json(const struct config_row *row)
{
	const struct weir_setting *setting = row->setting;

	return json_pack("{s:s,s:s,s:s,s:I,s:s,s:s,s:s,s:o,s:s,s:I,s:I,s:b,s:s}", "name", setting->name,
	                 "owner", row->owner, "value", row->value, "number", (json_int_t)row->number,
	                 "origin", row->origin, "default", row->preset, "type", row->type, "unit",
	                 kept_unit(setting->type), "allowed", row->allowed, "min",
	                 (json_int_t)setting->min, "max", (json_int_t)setting->max, "changeable",
	                 (int)setting->changeable, "doc", setting->doc);
}

json_t *config_json(struct weir_config *config, const struct weir_driver *driver)
{
	struct config_row rows[ROWS_MAX];
	const size_t count = config_rows(rows, config, driver);
	struct identity parts[IDENTITY_COUNT];
	char authority[AUTHORITY_MAX];
	json_t *settings = json_array();
	json_t *root = json_pack("{s:i}", "schema", 1);
	int failed = 0;

	identify(parts, config, driver, authority);
	for (size_t i = 0; i < IDENTITY_COUNT; i++)
		failed |= json_object_set_new(root, parts[i].label, json_text(parts[i].text));
	for (size_t i = 0; i < count; i++)
		failed |= json_array_append_new(settings, row_json(&rows[i]));
	failed |= json_object_set_new(root, "settings", settings);
	if (failed != 0) {
		json_decref(root);
		return NULL;
	}
	return root;
}

enum exit_code report_json(struct weir_config *config, const struct weir_driver *driver)
{
	return print_json(config_json(config, driver));
}

void report_section(struct weir_config *config, const struct weir_driver *driver, const char *name,
                    bool first)
{
	(void)printf("%s[%s]\n", first ? "" : "\n", name);
	(void)report_text(config, driver);
}
