/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A directory as a link from a file: no report says where on a machine it was made.
 */
#ifndef BENCH_RELATIVE_PATH_H
#define BENCH_RELATIVE_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* How directory is reached from the folder that file is in, such as "plots" or
 * "../plots"; both folders must exist. false, with errno, if not. */
bool bench_relative_path(char *path, size_t path_size, const char *file, const char *directory);

#endif
