/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A whole INI file, as weir_service_add_ini reads it: every section is a database.
 */
#ifndef WEIR_CLI_CONFIG_FILE_H
#define WEIR_CLI_CONFIG_FILE_H

#include "config_sources.h"

#define FILE_SECTIONS_MAX 256 /* as in a service */

struct file_database {
	char name[WEIR_NAME_MAX];
	char scheme[16]; /* of its url; "" without one */
	int line;        /* of its header */
	const struct weir_driver *driver;
	struct weir_config config;
};

struct config_file {
	size_t count;
	struct file_database *list; /* config_file_free */
};

/* Whether path can be read and has a section. */
bool config_file_has_sections(const char *path);

/* Read and check all sections; false if there was a fault, which is in log. */
bool config_file_read(struct config_file *file, const char *path,
                      const struct weir_driver *const *drivers, struct fault_log *log);
void config_file_free(struct config_file *file);

#endif
