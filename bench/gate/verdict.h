/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The verdict: what a look at the figures says. docs/reference/gate.md has the
 * reasons and the measured error rates.
 *
 * Of each figure that decides, a look says one of three things:
 *
 *   REGRESSION  the rank test's chance, adjusted for the number of figures (Holm),
 *               is at most what this look may use of alpha, the estimate is at
 *               least the minimum effect, and the bootstrap's lower limit is
 *               above 0
 *   NONE        the upper limits of the exact and of the bootstrap interval, each
 *               wrong with at most what this look may use of beta, are below the
 *               minimum effect
 *   UNSURE      else
 *
 * A figure that is NONE stays so. It takes one REGRESSION to fail and every NONE
 * to pass; with any other, there has to be another look.
 */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include <stdint.h>

#include "pairs.h"
#include "rank_test.h"

#define BENCH_ALPHA 0.005
#define BENCH_BETA 0.05
#define BENCH_MIN_EFFECT 0.05
#define BENCH_LOOKS_MAX 4

struct bench_rules {
	double alpha; /* chance that equal builds are called a regression, over all figures and looks */
	double beta;  /* chance that a figure worse by the minimum effect passes, over all looks */
	size_t pairs_max;
	uint64_t seed; /* of the bootstrap */
	bool last;     /* no look follows, whatever pairs_max says: this one may use what is left */
};

enum bench_verdict {
	BENCH_VERDICT_INFO = 0, /* decides nothing */
	BENCH_VERDICT_UNSURE,
	BENCH_VERDICT_NONE,
	BENCH_VERDICT_REGRESSION,
};

struct bench_judgement {
	struct bench_figure figure;
	double min_effect;
	double base; /* medians */
	double new_;
	size_t done;                     /* pairs looked at */
	size_t pairs;                    /* of them, measured on both sides; unpaired: values of base */
	size_t new_count;                /* unpaired: values of new */
	struct bench_interval worse;     /* logarithms, as in pairs.h; exact */
	struct bench_interval bootstrap; /* the same */
	double spread;                   /* standard deviation of a pair, from the median deviation */
	double p;                        /* of the rank test */
	double adjusted;                 /* for all figures that decide */
	double chance;                   /* that a limit is wrong, each */
	enum bench_verdict verdict;
};

/* Judge the first `done` pairs; the look before was after `before` (0: none), and
 * judgements, one for each figure, hold what it said (all zeros: none). Returns
 * the verdict over all. */
enum bench_verdict bench_judge_pairs(const struct bench_rules *rules,
                                     const struct bench_pairs *pairs, size_t before, size_t done,
                                     struct bench_judgement *judgements);

/* Judge two sets of independent values, in one look. false, with a problem, when a
 * figure that decides is on one side only or has no ratio; figures of one side
 * only that decide nothing are left out. *count: how many there are. */
bool bench_judge_unpaired(const struct bench_rules *rules, const struct bench_choice *choice,
                          const struct bench_series_set *base, const struct bench_series_set *new_,
                          struct bench_judgement *judgements, size_t *count,
                          char problem[BENCH_PROBLEM_MAX]);

/* Compute the bootstrap of every judgement that has none yet, for the report. */
void bench_judge_complete(const struct bench_rules *rules, const struct bench_pairs *pairs,
                          struct bench_judgement *judgements);

/* The verdict over all judgements. */
enum bench_verdict bench_judge_all(const struct bench_judgement *judgements, size_t count);

/* After how many pairs to look: an eighth, a quarter, half and all of the most, in
 * whole blocks of A B B A. Returns how many looks there are. */
size_t bench_looks(size_t pairs_max, size_t looks[BENCH_LOOKS_MAX]);

#endif
