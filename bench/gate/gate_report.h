/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A verdict with its reasons, and the ways to write it down.
 */
#ifndef BENCH_GATE_REPORT_H
#define BENCH_GATE_REPORT_H

#include <stdio.h>

#include "machine.h"
#include "verdict.h"

struct bench_gate_report {
	const char *base; /* commands, or files */
	const char *new_;
	bool paired; /* runs in turn; else two files */
	struct bench_rules rules;
	struct bench_machine machine;
	enum bench_verdict verdict;
	const struct bench_judgement *judgements;
	size_t count;
	size_t pairs; /* that were run */
	unsigned looks;
	double minutes;
};

/* false when out fails. */
bool bench_gate_table(FILE *out, const struct bench_gate_report *report);
bool bench_gate_json(FILE *out, const struct bench_gate_report *report);
bool bench_gate_markdown(FILE *out, const struct bench_gate_report *report);
bool bench_gate_junit(FILE *out, const struct bench_gate_report *report);

#endif
