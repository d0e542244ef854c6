/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The larger parts of a row in JSON, written and read: the histogram of its waits
 * and its timeline. The keys are in docs/reference/benchmarks-json.md.
 */
#ifndef BENCH_JSON_PARTS_H
#define BENCH_JSON_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "result.h"

/* A number, whole ones as integers, so that a count never reads 1.0e9; null for
 * what was not measured. */
json_t *bench_json_number(double value);

/* A string, or null for NULL. What is not UTF-8 in it is replaced: JSON has no
 * other way. */
json_t *bench_json_text(const char *text);

json_t *bench_json_waits(const struct bench_histogram *waits);
json_t *bench_json_timeline(const struct bench_timeline *timeline);

/* NULL, with *problem, if it is not one or there is no memory. */
struct bench_histogram *bench_json_read_waits(const json_t *value, const char **problem);
struct bench_timeline *bench_json_read_timeline(const json_t *value, const char **problem);

#endif
