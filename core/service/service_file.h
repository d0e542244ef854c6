/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A file of databases: every section is one, by that name, with a url whose scheme says
 * which driver it is for.
 */
#ifndef WEIR_CORE_SERVICE_FILE_H
#define WEIR_CORE_SERVICE_FILE_H

#include <weir/config.h>
#include <weir/driver.h>

struct weir__plan {
	const struct weir_driver *driver;
	struct weir_config config;
};

struct weir__plans {
	uint32_t count;
	struct weir__plan *list; /* weir__plans_free */
};

/* Read the whole file; on any fault, each of which went to sink, there are no plans.
 * Errors: CONFIG_SYNTAX, _UNKNOWN, _VALUE, _CONFLICT (two sections of one name), IO,
 * NO_MEMORY, BAD_ARGUMENT. */
enum weir_code weir__plans_read(struct weir__plans *plans, const char *path,
                                const struct weir_driver *const *drivers, size_t drivers_count,
                                const struct weir_fault_sink *sink, const char *where,
                                struct weir_error *err);
void weir__plans_free(struct weir__plans *plans);

#endif
