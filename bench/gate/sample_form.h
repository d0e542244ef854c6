/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the readers of the three forms share. See sample_json.h.
 */
#ifndef BENCH_SAMPLE_FORM_H
#define BENCH_SAMPLE_FORM_H

#include <jansson.h>

#include "sample_json.h"

struct bench_sample_reader {
	struct bench_series_set *set;
	char *problem; /* BENCH_PROBLEM_MAX */
	char at[64];   /* "results[3]" */
};

/* Read one element of the list; false, with a problem. */
typedef bool bench_sample_element(struct bench_sample_reader *reader, const json_t *element);

bench_sample_element bench_sample_weir;
bench_sample_element bench_sample_google;
bench_sample_element bench_sample_plain;

/* Say what is wrong with the element, or with its key (NULL: all of it); false. */
bool bench_sample_fault(const struct bench_sample_reader *reader, const char *key,
                        const char *fault);

/* Copy the string under key, cleaned as escape.h says; fallback (NULL: it must be there)
 * without one. */
bool bench_sample_text(const struct bench_sample_reader *reader, const json_t *element,
                       const char *key, const char *fallback, char text[BENCH_SERIES_NAME_MAX]);

/* A number, or null for one that was not measured. */
bool bench_sample_number(const struct bench_sample_reader *reader, const json_t *value,
                         const char *key, double *number);

/* Add a value, or a list of them, to a series; to an existing one only if merge. */
bool bench_sample_add(const struct bench_sample_reader *reader, const struct bench_figure *figure,
                      const json_t *values, const char *key, bool merge);

#endif
