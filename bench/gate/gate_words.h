/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a verdict is called, and how its figures are written, in every report.
 */
#ifndef BENCH_GATE_WORDS_H
#define BENCH_GATE_WORDS_H

#include "gate_report.h"

#define BENCH_WORDS_MAX 512

/* "regression", "no regression", "cannot tell", "shown only". */
const char *bench_verdict_word(enum bench_verdict verdict);

/* A value with its unit: "1.52 ms". */
void bench_words_value(const struct bench_figure *figure, double value, char *text,
                       size_t text_size);

/* "+10.2 %": positive is worse. */
void bench_words_percent(double log_ratio, char *text, size_t text_size);

/* "+8.1 % to +12.0 %": the wider of the exact and the bootstrap interval. */
void bench_words_interval(const struct bench_judgement *judgement, char *text, size_t text_size);
struct bench_interval bench_wider(const struct bench_judgement *judgement);

/* One sentence that names figure, interval and reason. */
void bench_words_reason(const struct bench_gate_report *report,
                        const struct bench_judgement *judgement, char *text, size_t text_size);

/* The verdict over all in one line. */
void bench_words_headline(const struct bench_gate_report *report, char *text, size_t text_size);

/* How it was done: pairs, looks, time, chances. */
void bench_words_method(const struct bench_gate_report *report, char *text, size_t text_size);

/* Why two files prove less than runs in turn. */
extern const char bench_words_unpaired[];

#endif
