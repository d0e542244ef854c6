/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See service_file.h. The file is read once for its sections and their schemes, and
 * then section by section as weir_config_apply_ini does, so that a section means the
 * same here and there. Every fault of every section is reported.
 */
#include "service_file.h"

#include <string.h>
#include <strings.h>

#include "config_internal.h"
#include "platform_os.h"
#include "text_buffer.h"

#define SECTIONS_MAX 256
#define SCHEME_MAX 16

struct section {
	char name[WEIR_NAME_MAX];
	char scheme[SCHEME_MAX]; /* "": it has no url */
	int line;
};

struct reading {
	struct section *sections;
	uint32_t count;
	bool passed_over; /* the present section, which is a fault as a whole */
};

static void on_section(void *user, struct weir__edit *edit, const char *name)
{
	struct reading *reading = (struct reading *)user;

	reading->passed_over = true;
	for (uint32_t i = 0; i < reading->count; i++) {
		if (strcmp(reading->sections[i].name, name) != 0)
			continue;
		weir__fault(&edit->faults,
		            &(struct weir__finding){.code = WEIR_ERR_CONFIG_CONFLICT, .value = name},
		            "the section [%.60s] was there before, in line %d: names are unique", name,
		            reading->sections[i].line);
		return;
	}
	if (*name == '\0' || reading->count == SECTIONS_MAX) {
		weir__fault(&edit->faults,
		            &(struct weir__finding){.code = WEIR_ERR_CONFIG_VALUE, .value = name},
		            *name == '\0' ? "the section has no name" : "there are more than 256 sections");
		return;
	}
	struct section *section = &reading->sections[reading->count++];

	reading->passed_over = false;
	memset(section, 0, sizeof *section);
	memcpy(section->name, name, strnlen(name, sizeof section->name - 1));
	section->line = edit->faults.line;
}

static void on_setting(void *user, struct weir__edit *edit, const char *name, const char *value)
{
	struct reading *reading = (struct reading *)user;
	const size_t length = strcspn(value, ":");

	if (reading->passed_over)
		return;
	if (reading->count == 0) {
		weir__fault(&edit->faults,
		            &(struct weir__finding){
						.code = WEIR_ERR_CONFIG_SYNTAX, .setting = name, .value = value},
		            "%.60s stands before the first [section]: it belongs to no database", name);
		return;
	}
	struct section *section = &reading->sections[reading->count - 1];

	if (strcmp(name, "url") == 0 && section->scheme[0] == '\0')
		memcpy(section->scheme, value, length < SCHEME_MAX ? length : SCHEME_MAX - 1);
}

static const struct weir_driver *find_driver(const struct weir_driver *const *drivers, size_t count,
                                             const char *scheme)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(drivers[i]->name, scheme) == 0)
			return drivers[i];
	}
	return NULL;
}

#define DRIVERS_MAX 16

/* The driver of a section; NULL, with the fault reported. */
static const struct weir_driver *driver_of(struct weir__edit *edit, const struct section *section,
                                           const struct weir_driver *const *drivers, size_t count)
{
	const struct weir_driver *driver = find_driver(drivers, count, section->scheme);
	const char *names[DRIVERS_MAX];
	char listed[DRIVERS_MAX * SCHEME_MAX];
	struct weir__text out = weir__text_make(listed, sizeof listed);

	if (driver != NULL)
		return driver;
	for (size_t i = 0; i < count; i++) {
		names[i] = drivers[i]->name;
		weir__text_add(&out, "%s%s:…", i > 0 ? ", " : "", names[i]);
	}
	edit->faults.line = section->line;
	weir__fault(&edit->faults,
	            &(struct weir__finding){
					.code = WEIR_ERR_CONFIG_VALUE,
					.setting = "url",
					.value = section->scheme,
					.allowed = listed,
					.near = weir_nearest(section->scheme, names, count),
				},
	            section->scheme[0] == '\0' ? "[%.60s] has no url"
	                                       : "[%.60s]: no driver has that scheme",
	            section->name);
	return NULL;
}

/* One section as a plan; false if it has faults, which have been reported. */
static bool plan(struct weir__plan *plan, const char *path, const struct section *section,
                 const struct weir_fault_sink *sink, struct weir_error *err)
{
	weir_config_init(&plan->config, plan->driver);
	return weir_config_apply_ini(&plan->config, plan->driver, path, section->name, sink, err) ==
	           WEIR_OK &&
	       weir_config_check(&plan->config, plan->driver, sink, err) == WEIR_OK;
}

/* All sections, each with all its faults; the first error is kept. */
static enum weir_code plan_all(struct weir__plans *plans, struct weir__edit *edit,
                               const struct reading *reading, const char *path,
                               const struct weir_driver *const *drivers, size_t drivers_count,
                               struct weir_error *err)
{
	struct weir_error first = WEIR_ERROR_INIT;
	struct weir_error why = WEIR_ERROR_INIT;

	for (uint32_t i = 0; i < reading->count; i++) {
		struct weir__plan *next = &plans->list[plans->count];

		next->driver = driver_of(edit, &reading->sections[i], drivers, drivers_count);
		if (next->driver == NULL)
			continue;
		if (plan(next, path, &reading->sections[i], edit->faults.sink, &why))
			plans->count++;
		else if (first.code == WEIR_OK)
			first = why;
	}
	const enum weir_code code = weir__faults_result(&edit->faults, err);

	if (code != WEIR_OK || first.code == WEIR_OK)
		return code;
	return weir_fail(err, first.code, first.where, 0, "%s", first.message);
}

enum weir_code weir__plans_read(struct weir__plans *plans, const char *path,
                                const struct weir_driver *const *drivers, size_t drivers_count,
                                const struct weir_fault_sink *sink, const char *where,
                                struct weir_error *err)
{
	const struct weir__source source = {where, path, WEIR_ORIGIN_INI};
	struct weir_config none;
	struct weir__edit edit;
	struct reading reading = {NULL, 0, false};
	const struct weir__ini_visitor visitor = {on_section, on_setting, &reading};
	enum weir_code code;

	plans->count = 0;
	plans->list = NULL;
	if (path == NULL || drivers == NULL || drivers_count == 0 || drivers_count > DRIVERS_MAX)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 path == NULL ? "path is NULL" : "give 1 to %d drivers", DRIVERS_MAX);
	weir_config_init(&none, NULL);
	code = weir__edit_begin(&edit, &none, NULL, &source, sink, err);
	if (code != WEIR_OK)
		return code;
	reading.sections =
		(struct section *)wp_alloc(sizeof(void *), SECTIONS_MAX * sizeof(struct section));
	if (reading.sections == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for the file's sections");
	weir__ini_walk(&edit, path, &visitor);
	plans->list = (struct weir__plan *)wp_alloc(sizeof(void *),
	                                            (reading.count + 1) * sizeof(struct weir__plan));
	if (plans->list == NULL)
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, where, 0, "no memory for the file's databases");
	else
		code = plan_all(plans, &edit, &reading, path, drivers, drivers_count, err);
	wp_free(reading.sections);
	if (code != WEIR_OK)
		weir__plans_free(plans);
	return code;
}

void weir__plans_free(struct weir__plans *plans)
{
	wp_free(plans->list);
	plans->list = NULL;
	plans->count = 0;
}
