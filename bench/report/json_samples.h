/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Every repetition of a row as JSON: an object of lists, null where a repetition
 * measured nothing.
 */
#ifndef BENCH_JSON_SAMPLES_H
#define BENCH_JSON_SAMPLES_H

#include <jansson.h>

#include "result.h"

json_t *bench_json_samples(const struct bench_row *row);

#endif
