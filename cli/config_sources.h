/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `weir config` was asked to read, and the faults that it found there.
 */
#ifndef WEIR_CLI_CONFIG_SOURCES_H
#define WEIR_CLI_CONFIG_SOURCES_H

#include <stdbool.h>

#include <weir/config.h>
#include <weir/driver.h>

#include "command.h"

#define DRIVERS_COUNT 2
#define FAULTS_TOLD_MAX 256
#define CONFIG_WHERE_MAX (WEIR_PATH_MAX + WEIR_NAME_MAX + 32)

struct config_source {
	int option; /* 'u', 'e', 'i' or 's' */
	const char *text;
};

struct config_request {
	const char *title;
	const char *driver_name;
	const char *section; /* NULL: not said */
	bool json;
	bool reference;
	struct config_source *sources;
	size_t sources_count;
};

/* Faults go to stderr one a line, or into an array. */
struct fault_log {
	const char *title;
	const char *file;    /* where faults without a place belong, in a whole file; or NULL */
	const char *section; /* the section being read; or NULL */
	int line;            /* of its header */
	size_t count;
	json_t *faults;                 /* NULL: stderr */
	uint64_t told[FAULTS_TOLD_MAX]; /* sums of a file's messages: each section reads it whole */
};

/* For a struct weir_fault_sink whose user is a fault_log. */
void fault_log_take(const struct weir_fault *fault, void *user);
/* Add a fault that is a sentence alone, at the log's place. */
void fault_log_say(struct fault_log *log, const char *message);

/* The driver of that name; NULL: there is none. */
const struct weir_driver *find_driver(const struct weir_driver *const *drivers, const char *name,
                                      size_t length);

/* The driver asked for; NULL, with a message, if there is none of that name. */
const struct weir_driver *choose_driver(const struct config_request *request,
                                        const struct weir_driver *const *drivers);

/* Apply and check all sources; false if there was a fault, which is in log. */
bool apply_all(const struct config_request *request, struct weir_config *config,
               const struct weir_driver *driver, struct fault_log *log);

#endif
