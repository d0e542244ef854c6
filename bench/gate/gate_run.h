/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate at work: two commands in turn, A B B A, judged after so many pairs, and
 * again after more if they do not tell yet.
 */
#ifndef BENCH_GATE_RUN_H
#define BENCH_GATE_RUN_H

#include <stdio.h>

#include "verdict.h"

#define BENCH_GATE_PAIRS_MAX 96
#define BENCH_GATE_MESSAGE_MAX 4096

struct bench_gate_plan {
	const char *base_cmd;
	const char *new_cmd;
	struct bench_rules rules;
	struct bench_choice choice;
	double minutes;   /* 0: as long as it takes */
	double timeout_s; /* for a run of a command */
	bool record;      /* run every pair, and judge nothing */
};

enum bench_gate_end {
	BENCH_GATE_DONE,
	BENCH_GATE_BAD_INPUT, /* a command failed, or printed what cannot be compared */
	BENCH_GATE_CANCELLED,
};

struct bench_gate {
	struct bench_pairs pairs;
	struct bench_judgement *judgements; /* one for each figure of pairs */
	enum bench_verdict verdict;
	unsigned looks; /* so many were needed */
	double minutes;
	char message[BENCH_GATE_MESSAGE_MAX]; /* of BAD_INPUT */
};

/* Run the plan; says on progress what it is doing. */
enum bench_gate_end bench_gate_run(struct bench_gate *gate, const struct bench_gate_plan *plan,
                                   FILE *progress);
void bench_gate_free(struct bench_gate *gate);

/* Run a command once and read what it prints. side: "base" or "new". */
enum bench_gate_end bench_gate_sample(const char *side, const char *command, double timeout_s,
                                      struct bench_series_set *set,
                                      char message[BENCH_GATE_MESSAGE_MAX]);

/* How many pairs there must be at the least, so that the last look could show a
 * regression of one of so many figures. */
size_t bench_gate_pairs_needed(const struct bench_rules *rules, size_t figures);

#endif
