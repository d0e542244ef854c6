/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What is wrong with a file: every fault with its line, so that one look at the
 * list is enough to mend all of it.
 */
#ifndef BENCH_FAULT_LIST_H
#define BENCH_FAULT_LIST_H

#include <stdio.h>

/* A file with more is no scenario at all: the rest is counted only. */
#define BENCH_FAULTS_MAX 100
#define BENCH_FAULT_TEXT_MAX 320

struct bench_fault {
	unsigned line; /* 0: of the file as a whole */
	char text[BENCH_FAULT_TEXT_MAX];
};

struct bench_faults {
	unsigned count; /* those beyond BENCH_FAULTS_MAX too */
	struct bench_fault list[BENCH_FAULTS_MAX];
};

/* Add one. Bytes that are no text are shown as dots. */
__attribute__((format(printf, 3, 4))) void bench_fault_add(struct bench_faults *faults,
                                                           unsigned line, const char *format, ...);

/* Print them in the order of their lines, as "path:line: text". */
void bench_faults_print(FILE *out, const char *path, struct bench_faults *faults);

/* The name of a list (count pointers, stride bytes apart) that word was perhaps meant to
 * be, or NULL. */
const char *bench_nearest(const char *word, const char *const *names, size_t count, size_t stride);

#endif
