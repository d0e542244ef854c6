/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A configuration, or the tables behind it, as text, JSON and reference page.
 */
#ifndef WEIR_CLI_CONFIG_REPORT_H
#define WEIR_CLI_CONFIG_REPORT_H

#include <weir/config.h>
#include <weir/driver.h>

#include "command.h"
#include "config_rows.h"

/* Print config, which has passed weir_config_check. */
enum exit_code report_text(struct weir_config *config, const struct weir_driver *driver);
enum exit_code report_json(struct weir_config *config, const struct weir_driver *driver);

/* One of several: its name as a heading, with a line before it unless it is the first. */
void report_section(struct weir_config *config, const struct weir_driver *driver, const char *name,
                    bool first);
/* What report_json prints; NULL without memory. */
json_t *config_json(struct weir_config *config, const struct weir_driver *driver);
/* A setting as it is in config_json. */
json_t *row_json(const struct config_row *row);

/* Print docs/reference/config.md for these drivers. */
enum exit_code report_reference(const struct weir_driver *const *drivers, size_t count);

#endif
