/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The words that files use for what a row is and holds, there and back.
 */
#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include "result.h"

/* The key of a metric among a row's samples. Static storage. */
const char *bench_metric_key(enum bench_metric metric);

/* Whether only SQL scenarios have it. */
bool bench_metric_is_sql(enum bench_metric metric);

const char *bench_kind_name(enum bench_kind kind);

/* Back from a word; false if there is no such word. */
bool bench_kind_read(enum bench_kind *kind, const char *word);
bool bench_standing_read(enum bench_standing *standing, const char *word);

#endif
