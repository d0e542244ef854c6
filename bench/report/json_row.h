/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One result of a run's JSON, read back into a row.
 */
#ifndef BENCH_JSON_ROW_H
#define BENCH_JSON_ROW_H

#include <jansson.h>
#include <stdbool.h>

#include "result.h"

/* What is wrong, and where. */
struct bench_json_fault {
	char where[64];
	char what[128];
};

/* Read object into a zeroed row; its strings stay the object's. false: fault says
 * what is wrong with which key, and the row may own memory. */
bool bench_json_read_row(struct bench_row *row, const json_t *object,
                         struct bench_json_fault *fault);

#endif
