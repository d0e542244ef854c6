/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A file that appears whole or not at all: written beside its place and moved
 * there at the end. It is opened before a run starts, so that a path that cannot
 * be written is found before twenty minutes have passed.
 */
#ifndef BENCH_OUTPUT_FILE_H
#define BENCH_OUTPUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#define BENCH_PATH_MAX 4096

struct bench_output_file {
	FILE *file; /* NULL: not open */
	char path[BENCH_PATH_MAX];
	char temporary[BENCH_PATH_MAX];
};

/* Whether path is "-". */
bool bench_output_is_stdout(const char *path);

/* Open for path; false, with a message on stderr, if that cannot be. "-" is
 * standard output, which is not closed. */
bool bench_output_open(struct bench_output_file *output, const char *path);

/* Finish the file and put it in its place; false, with a message, on failure.
 * One that is not open is accepted. */
bool bench_output_commit(struct bench_output_file *output);

/* Forget the file; what was in its place stays. */
void bench_output_abandon(struct bench_output_file *output);

/* Make a directory and those above it; false, with errno, on failure. */
bool bench_make_dirs(const char *path);

#endif
