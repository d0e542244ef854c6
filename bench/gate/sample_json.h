/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading what a benchmark printed. Three forms are known, by their keys:
 *
 *   {"results": [...]}      weir-bench run --json
 *   {"benchmarks": [...]}   google-benchmark, --benchmark_format=json
 *   {"metrics": [{"scenario": "parse", "metric": "time", "better": "lower",
 *     "unit": "ns", "values": [812, 809.5]}, ...]}
 *                           anybody's. "metric", "better" and "values" must be
 *                           there; null is a value that was not measured. "pool"
 *                           may name a variant, and "gate": false shows a figure
 *                           without letting it decide.
 */
#ifndef BENCH_SAMPLE_JSON_H
#define BENCH_SAMPLE_JSON_H

#include "series.h"

#define BENCH_PROBLEM_MAX 400

/* Read length bytes of text; on failure *set is empty and problem says where and
 * what, without the name of the source. */
bool bench_sample_parse(struct bench_series_set *set, const char *text, size_t length,
                        char problem[BENCH_PROBLEM_MAX]);

/* Read a file. */
bool bench_sample_read(struct bench_series_set *set, const char *path,
                       char problem[BENCH_PROBLEM_MAX]);

#endif
