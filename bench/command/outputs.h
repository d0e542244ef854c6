/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything that a run, or the data of one, is written into: found to be writable
 * before it begins, and written whole or not at all when it has ended.
 */
#ifndef BENCH_OUTPUTS_H
#define BENCH_OUTPUTS_H

#include "document.h"
#include "output_file.h"

/* Where to; NULL: not at all. */
struct bench_output_paths {
	const char *json; /* "-": standard output */
	const char *report;
	const char *html;
	const char *plots; /* a directory */
	const char *peers; /* a markdown file that gets the peers' section */
};

struct bench_outputs {
	struct bench_output_paths paths;
	struct bench_output_file json;
	struct bench_output_file report;
	struct bench_output_file html;
	struct bench_output_file peers;
	bool made_plots; /* the directory was not there */
};

/* Open every file and make the directory; false, with a message on stderr, if one
 * cannot be. Paths stay the caller's. */
bool bench_outputs_open(struct bench_outputs *outputs, const struct bench_output_paths *paths);

/* Write all of them and put them in their places; false, with a message. */
bool bench_outputs_write(struct bench_outputs *outputs, const struct bench_document *document);

/* Forget what was opened and not written, and the directory if nothing came into it. */
void bench_outputs_abandon(struct bench_outputs *outputs);

/* Whether standard output belongs to the JSON. */
bool bench_outputs_take_stdout(const struct bench_output_paths *paths);

#endif
