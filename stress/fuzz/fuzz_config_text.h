/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing a configuration as the texts that weir reads.
 */
#ifndef STRESS_FUZZ_CONFIG_TEXT_H
#define STRESS_FUZZ_CONFIG_TEXT_H

#include <weir/config.h>

/* A URL that says all of config, everything doubtful escaped. To be freed. */
char *fuzz_config_as_url(const struct weir_config *config, const struct weir_driver *driver);

/* "name=value" lines of all settings: an INI file, and pairs, too. To be freed. */
char *fuzz_config_as_lines(const struct weir_config *config, const struct weir_driver *driver);

#endif
