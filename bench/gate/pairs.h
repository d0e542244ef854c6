/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pairs of runs: for each figure what base and new came to in each, and by how
 * much new was worse. "Worse" is the logarithm of a ratio that is above 1 when
 * new is slower, whichever way the figure counts; so figures can be judged alike.
 */
#ifndef BENCH_PAIRS_H
#define BENCH_PAIRS_H

#include "sample_json.h"
#include "series.h"

#define BENCH_PAIRS_MAX 400
#define BENCH_CHOICES_MAX 32

/* Which figures decide. */
struct bench_choice {
	double min_effect; /* 0.05: 5 % */
	size_t count;      /* 0: those that the benchmark's form says */
	struct {
		char metric[BENCH_SERIES_NAME_MAX];
		double min_effect;
	} items[BENCH_CHOICES_MAX];
};

struct bench_pair_series {
	struct bench_figure figure;
	double min_effect;
	double *base; /* by pair: the median of a run's repetitions */
	double *new_;
	double *worse; /* NAN: not measured on both sides */
};

struct bench_pairs {
	struct bench_pair_series *items;
	size_t count; /* of figures */
	size_t pairs;
	bool chosen; /* which decide was chosen, not said by the benchmark's form */
};

/* Whether what side calls the same figure as base has its unit and direction; false, with
 * a problem, if not. */
bool bench_figures_agree(const struct bench_figure *base, const char *side,
                         const struct bench_figure *figure, char problem[BENCH_PROBLEM_MAX]);

/* Make room for the figures of set, as the choice says. false, with a problem,
 * without memory, or when a chosen metric is not there. */
bool bench_pairs_init(struct bench_pairs *pairs, const struct bench_series_set *set,
                      const struct bench_choice *choice, char problem[BENCH_PROBLEM_MAX]);
void bench_pairs_free(struct bench_pairs *pairs);

/* Whether a run's figures have the units and directions that pairs have; false, with a
 * problem that starts with the side, if one has not: its ratio would mean nothing. */
bool bench_pairs_agree(const struct bench_pairs *pairs, const char *side,
                       const struct bench_series_set *set, char problem[BENCH_PROBLEM_MAX]);

/* Add a pair; false: there are BENCH_PAIRS_MAX. A figure that a run did not measure,
 * or that was not positive and has no ratio, is left out of the pair: on a machine
 * that is overrun, a short pass may come to nothing. */
bool bench_pairs_add(struct bench_pairs *pairs, const struct bench_series_set *base,
                     const struct bench_series_set *new_);

/* Whether either side measured the figure in one of the first `done` pairs. What neither
 * ever did (a scenario without waits has no wait_p99) is no figure, and decides nothing. */
bool bench_pairs_measured(const struct bench_pair_series *series, size_t done);

/* Whether every figure that decides has a ratio in three of four pairs, and new failed to
 * measure it in one run more than base at most; false, with a
 * problem, if not, or if nothing that decides was measured. */
bool bench_pairs_check(const struct bench_pairs *pairs, char problem[BENCH_PROBLEM_MAX]);

/* Whether a metric decides, and from which effect on. */
bool bench_choice_of(const struct bench_choice *choice, const struct bench_figure *figure,
                     double *min_effect);

/* Say that a chosen metric is nowhere in set; true: all are there. */
bool bench_choice_check(const struct bench_choice *choice, const struct bench_series_set *set,
                        char problem[BENCH_PROBLEM_MAX]);

/* By how much new is worse: a logarithm; NAN without a ratio. */
double bench_worse(const struct bench_figure *figure, double base, double new_);

#endif
