/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A finished run with what it ran on, and the two ways to write it down.
 */
#ifndef BENCH_DOCUMENT_H
#define BENCH_DOCUMENT_H

#include <stdio.h>

#include "machine.h"
#include "result.h"
#include "storage.h"

struct bench_versions {
	const char *weir;
	const char *sqlite;
	const char *ck;
	const char *jansson;
};

#define BENCH_NOTES_MAX 32

struct bench_document {
	const struct bench_results *results;
	struct bench_machine machine;
	struct bench_storage storage; /* file_system is "" if no scenario used a file */
	struct bench_versions versions;
	uint64_t seed;
	bool quick;          /* --quick */
	bool judged;         /* the scenarios are as the targets mean them */
	bool indicative;     /* repetitions too few or too short to decide anything */
	const char *command; /* how to do it again */
	double minutes;      /* that the run took */
	unsigned notes_count;
	const char *notes[BENCH_NOTES_MAX]; /* who took no part, and why: a sentence each */
};

/* Read machine and versions; the rest is the caller's to fill. */
void bench_document_init(struct bench_document *document);

/* Write it as JSON, schema 1; false without memory, or when out fails. */
bool bench_json_write(FILE *out, const struct bench_document *document);

/* Write it as a markdown report for people; false when out fails. */
bool bench_report_write(FILE *out, const struct bench_document *document);

#endif
