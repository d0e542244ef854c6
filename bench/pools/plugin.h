/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pools in shared objects: the --pool-so of weir-bench. pool_under_test.h says
 * what such an object exports.
 */
#ifndef BENCH_PLUGIN_H
#define BENCH_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "pool_under_test.h"

#define BENCH_POOL_NAME_MAX 31

/* Load the object at path: its table, whole, whatever the size of the object's
 * own, for free() to take back. NULL: problem says what is wrong with it, and what
 * to do. The object stays until the process ends: threads that it started, or
 * that keep something of it, would return into code that is gone. */
struct pool_under_test *bench_plugin_load(const char *path, char *problem, size_t problem_size);

/* Whether it takes part in scenarios without a database. */
bool bench_pool_leases(const struct pool_under_test *pool);

#endif
