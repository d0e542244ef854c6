/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir config explain`: settings one by one, and what to know before changing them.
 */
#ifndef WEIR_CLI_CONFIG_EXPLAIN_H
#define WEIR_CLI_CONFIG_EXPLAIN_H

#include <stdbool.h>

#include <weir/driver.h>

#include "command.h"

/* Explain the settings of those names; without any, list all. USAGE, with a message
 * for each, if there is one that does not exist. */
enum exit_code explain(const char *title, char **names, size_t count, bool json,
                       const struct weir_driver *const *drivers, size_t drivers_count);

#endif
