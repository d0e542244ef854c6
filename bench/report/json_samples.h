/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every repetition of a row as JSON: an object of lists under the names of
 * sample_metric.h, without the figures that no repetition measured.
 */
#ifndef BENCH_JSON_SAMPLES_H
#define BENCH_JSON_SAMPLES_H

#include <jansson.h>

#include "result.h"

json_t *bench_json_samples(const struct bench_row *row);

#endif
