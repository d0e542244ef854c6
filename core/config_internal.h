/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How a source is applied to a configuration, and what the pool needs besides.
 *
 * A source is read into an edit: a whole copy of the caller's config, the faults
 * so far, and which settings the source has named. Only an edit without a fault
 * is written back, so a config is never half changed.
 */
#ifndef WEIR_CORE_CONFIG_INTERNAL_H
#define WEIR_CORE_CONFIG_INTERNAL_H

#include <weir/config.h>

#include "config_fault.h"
#include "settings.h"

/* Settings by slot, and after them the words "url" and "name". */
#define WEIR__WORD_URL WEIR__PLACES
#define WEIR__WORD_NAME (WEIR__PLACES + 1)

struct weir__named {
	uint64_t bits[2];
};

struct weir__edit {
	struct weir_config work;
	uint32_t size; /* how much of it the caller knows */
	enum weir_origin origin;
	bool inside_url;
	bool only_near; /* names that are close to no setting are passed over */
	const struct weir_driver *driver;
	struct weir__faults faults;
	struct weir__named named;    /* by this source, or by the URL being read */
	struct weir__named override; /* by the source around the URL: it wins */
};

/* What the public function says of itself. */
struct weir__source {
	const char *where; /* its name; static storage */
	const char *name;  /* of the source in messages */
	enum weir_origin origin;
};

/* Start an edit of config. Errors: BAD_ARGUMENT (config is NULL or was never
 * initialised, or driver is not a driver). */
enum weir_code weir__edit_begin(struct weir__edit *edit, const struct weir_config *config,
                                const struct weir_driver *driver, const struct weir__source *source,
                                const struct weir_fault_sink *sink, struct weir_error *err);

/* Write the edit back to config if there was no fault; else report the summary. */
enum weir_code weir__edit_commit(const struct weir__edit *edit, struct weir_config *config,
                                 struct weir_error *err);

/* Set one setting or word. written is its name as the source spells it. */
void weir__edit_set(struct weir__edit *edit, const char *name, const char *written,
                    const char *value);

/* Report a name that is no setting. */
void weir__edit_unknown(struct weir__edit *edit, const char *name, const char *written,
                        const char *value);

/* Store text in a field of size bytes; false, with the fault reported under the
 * name what, if text is too long or has control characters. */
bool weir__edit_text(struct weir__edit *edit, const char *what, const char *text, char *field,
                     size_t size);

/* Report that memory ran out while a source was read. */
void weir__edit_no_memory(struct weir__edit *edit);

/* config_url.c: read a whole URL. */
void weir__edit_url(struct weir__edit *edit, const char *url);

/*
 * config_ini.c: go through all sections of a file. Lines that are no settings are
 * faults as ever; what a section or a setting means is the visitor's to say, and
 * edit->faults.line is where it is. setting comes before any section for the lines
 * above the first.
 */
struct weir__ini_visitor {
	void (*section)(void *user, struct weir__edit *edit, const char *name);
	void (*setting)(void *user, struct weir__edit *edit, const char *name, const char *value);
	void *user;
};
void weir__ini_walk(struct weir__edit *edit, const char *path,
                    const struct weir__ini_visitor *visitor);

/* config_check.c: report every fault of a whole config. Faults name the origin
 * of the setting as their source. */
void weir__config_inspect(struct weir_config *config, const struct weir_driver *driver,
                          struct weir__faults *faults);

/*
 * Make *whole of the config a caller gave, which may be a shorter struct, and
 * NULL: settings it does not cover have their defaults. Errors: BAD_ARGUMENT
 * (given was never initialised, or driver is not a driver).
 */
enum weir_code weir__config_adopt(struct weir_config *whole, const struct weir_config *given,
                                  const struct weir_driver *driver, const char *where,
                                  struct weir_error *err);

/*
 * Change one setting of a running pool in a copy of its config: parse value,
 * refuse settings that are not changeable (all of a driver's), and check the
 * rules that span settings. On failure *copy is as it was. Errors: CONFIG_UNKNOWN, CONFIG_VALUE,
 * CONFIG_CONFLICT, BAD_ARGUMENT.
 */
enum weir_code weir__config_change(struct weir_config *copy, const struct weir_driver *driver,
                                   const char *name, const char *value, struct weir_error *err);

#endif
