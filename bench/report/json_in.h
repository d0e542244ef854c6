/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run read back from its JSON, so that every report can be made again. Reads
 * schema 2, and schema 1 as far as it goes: one figure in place of each
 * repetition's, and no histograms. Keys that it does not know are left alone.
 */
#ifndef BENCH_JSON_IN_H
#define BENCH_JSON_IN_H

#include "document.h"

struct json_t;

struct bench_json_run {
	struct bench_document document; /* its strings are the file's */
	struct bench_results *results;
	struct json_t *root;
};

/* Read a file ("-": standard input); false, and problem says what is wrong with
 * which part of it. */
bool bench_json_read(struct bench_json_run *run, const char *path, char *problem,
                     size_t problem_size);

/* Free what was read. One that was not is accepted if zeroed. */
void bench_json_free(struct bench_json_run *run);

#endif
