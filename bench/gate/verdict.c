/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The verdict. See verdict.h.
 */
#include "verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootstrap.h"
#include "multiplicity.h"
#include "stats.h"

/* A B B A: two pairs, run as one. */
#define BLOCK_PAIRS 2
/* The median deviation of normal values, times this, is their standard deviation. */
#define DEVIATION 1.4826

static const struct bench_interval unknown = {NAN, NAN, NAN};

size_t bench_looks(size_t pairs_max, size_t looks[BENCH_LOOKS_MAX])
{
	size_t count = 0;

	for (size_t share = 8; share >= 1; share /= 2) {
		const size_t blocks = pairs_max / share / BLOCK_PAIRS;
		const size_t look = share > 1 ? blocks * BLOCK_PAIRS : pairs_max;

		if (look > 0 && (count == 0 || look > looks[count - 1]))
			looks[count++] = look;
	}
	return count;
}

/* The standard deviation of values of which some lie far out. */
static double spread_of(const double *values, size_t count)
{
	double *const deviations = malloc((count + 1) * sizeof(*deviations));
	const double median = bench_median(values, count);
	double spread = NAN;

	for (size_t i = 0; deviations != NULL && i < count; i++)
		deviations[i] = fabs(values[i] - median);
	if (deviations != NULL)
		spread = DEVIATION * bench_median(deviations, count);
	free(deviations);
	return spread;
}

/* The values measured among the first done; returns how many. */
static size_t measured_of(const struct bench_pair_series *series, size_t done, double *measured)
{
	size_t count = 0;

	for (size_t i = 0; i < done; i++)
		if (!isnan(series->worse[i]))
			measured[count++] = series->worse[i];
	return count;
}

static struct bench_interval bootstrap_of(const struct bench_rules *rules,
                                          const struct bench_pair_series *series, size_t done,
                                          double chance)
{
	double measured[BENCH_PAIRS_MAX];
	const size_t count = measured_of(series, done, measured);

	return bench_bootstrap_paired(measured, count, BLOCK_PAIRS, chance, rules->seed);
}

/* limit: that of `done` values. */
static void describe(struct bench_judgement *judgement, const struct bench_pair_series *series,
                     size_t done, double chance, size_t limit)
{
	double measured[BENCH_PAIRS_MAX];
	const size_t count = measured_of(series, done, measured);

	judgement->figure = series->figure;
	judgement->figure.gated = series->figure.gated && bench_pairs_measured(series, done);
	judgement->min_effect = series->min_effect;
	judgement->base = bench_median(series->base, done);
	judgement->new_ = bench_median(series->new_, done);
	judgement->done = done;
	judgement->pairs = count;
	judgement->new_count = count;
	judgement->worse = bench_paired_shift_at(
		measured, count, count == done ? limit : bench_paired_limit(count, chance));
	judgement->bootstrap = unknown;
	judgement->chance = chance;
	judgement->spread = spread_of(measured, count);
	judgement->p = bench_signed_rank(measured, count).p;
	judgement->adjusted = judgement->p;
}

/* Adjust the chances of the figures that decide. Those that have passed count with
 * the chance that they last had: the family stays as large as it was. */
static void adjust(struct bench_judgement *judgements, size_t count)
{
	double *const p = calloc(2 * count + 1, sizeof(*p));
	double *const adjusted = p != NULL ? p + count : NULL;
	size_t gated = 0;

	for (size_t i = 0; p != NULL && i < count; i++)
		if (judgements[i].figure.gated)
			p[gated++] = judgements[i].p;
	if (p != NULL)
		bench_holm(p, adjusted, gated);
	gated = 0;
	for (size_t i = 0; i < count; i++)
		if (judgements[i].figure.gated)
			judgements[i].adjusted = adjusted != NULL ? adjusted[gated++] : 1.0;
	free(p);
}

static bool looks_worse(const struct bench_judgement *judgement, double alpha)
{
	return judgement->adjusted <= alpha &&
	       judgement->worse.estimate >= log1p(judgement->min_effect);
}

static bool looks_equal(const struct bench_judgement *judgement)
{
	return judgement->worse.upper < log1p(judgement->min_effect);
}

/* What the exact interval says, if the bootstrap confirms it. */
static enum bench_verdict decide(const struct bench_judgement *judgement, double alpha)
{
	if (looks_worse(judgement, alpha) && judgement->bootstrap.lower > 0.0)
		return BENCH_VERDICT_REGRESSION;
	if (looks_equal(judgement) && judgement->bootstrap.upper < log1p(judgement->min_effect))
		return BENCH_VERDICT_NONE;
	return BENCH_VERDICT_UNSURE;
}

enum bench_verdict bench_judge_all(const struct bench_judgement *judgements, size_t count)
{
	enum bench_verdict all = BENCH_VERDICT_NONE;

	for (size_t i = 0; i < count; i++) {
		if (judgements[i].verdict == BENCH_VERDICT_REGRESSION)
			return BENCH_VERDICT_REGRESSION;
		if (judgements[i].verdict == BENCH_VERDICT_UNSURE)
			all = BENCH_VERDICT_UNSURE;
	}
	return all;
}

enum bench_verdict bench_judge_pairs(const struct bench_rules *rules,
                                     const struct bench_pairs *pairs, size_t before, size_t done,
                                     struct bench_judgement *judgements)
{
	const double part = (double)before / (double)rules->pairs_max;
	const double whole = rules->last ? 1.0 : (double)done / (double)rules->pairs_max;
	const double alpha = bench_spend(rules->alpha, part, whole);
	const double beta = bench_spend(rules->beta, part, whole);
	const size_t limit = bench_paired_limit(done, beta);

	for (size_t i = 0; i < pairs->count; i++)
		if (judgements[i].verdict != BENCH_VERDICT_NONE)
			describe(&judgements[i], &pairs->items[i], done, beta, limit);
	adjust(judgements, pairs->count);
	for (size_t i = 0; i < pairs->count; i++) {
		struct bench_judgement *const judgement = &judgements[i];

		if (!judgement->figure.gated || judgement->verdict == BENCH_VERDICT_NONE)
			continue;
		/* A bootstrap is dear, and can only confirm. */
		if (looks_worse(judgement, alpha) || looks_equal(judgement))
			judgement->bootstrap = bootstrap_of(rules, &pairs->items[i], done, beta);
		judgement->verdict = decide(judgement, alpha);
	}
	return bench_judge_all(judgements, pairs->count);
}

void bench_judge_complete(const struct bench_rules *rules, const struct bench_pairs *pairs,
                          struct bench_judgement *judgements)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (isnan(judgements[i].bootstrap.lower))
			judgements[i].bootstrap =
				bootstrap_of(rules, &pairs->items[i], judgements[i].done, judgements[i].chance);
}

/* ---- independent samples ---- */

/* The logarithms of a series, signed so that larger is worse; false: there is a
 * value without one. */
static bool logs_of(const struct bench_series *series, double *logs, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < series->count && *count < BENCH_VALUES_MAX; i++) {
		if (isnan(series->values[i]))
			continue;
		if (!(series->values[i] > 0.0) || isinf(series->values[i]))
			return false;
		logs[(*count)++] = (series->figure.higher_is_better ? -1.0 : 1.0) * log(series->values[i]);
	}
	return *count > 0;
}

/* false: there are no ratios. */
static bool compare(const struct bench_rules *rules, const struct bench_series *base,
                    const struct bench_series *new_, struct bench_judgement *judgement)
{
	double base_logs[BENCH_VALUES_MAX];
	double new_logs[BENCH_VALUES_MAX];

	judgement->chance = rules->beta;
	judgement->base = bench_series_median(base);
	judgement->new_ = bench_series_median(new_);
	if (!logs_of(base, base_logs, &judgement->pairs) ||
	    !logs_of(new_, new_logs, &judgement->new_count))
		return false;
	judgement->worse = bench_unpaired_shift(base_logs, judgement->pairs, new_logs,
	                                        judgement->new_count, rules->beta);
	judgement->bootstrap = bench_bootstrap_unpaired(base_logs, judgement->pairs, new_logs,
	                                                judgement->new_count, rules->beta, rules->seed);
	judgement->spread =
		hypot(spread_of(base_logs, judgement->pairs), spread_of(new_logs, judgement->new_count));
	judgement->p = bench_rank_sum(base_logs, judgement->pairs, new_logs, judgement->new_count).p;
	judgement->adjusted = judgement->p;
	return true;
}

static bool misses(const struct bench_figure *figure, const char *why, char *problem)
{
	char name[BENCH_FIGURE_SHORT_MAX];

	bench_figure_text(figure, name, sizeof(name));
	(void)snprintf(problem, BENCH_PROBLEM_MAX, "%s %s", name, why);
	return false;
}

bool bench_judge_unpaired(const struct bench_rules *rules, const struct bench_choice *choice,
                          const struct bench_series_set *base, const struct bench_series_set *new_,
                          struct bench_judgement *judgements, size_t *count,
                          char problem[BENCH_PROBLEM_MAX])
{
	size_t gated = 0;

	*count = 0;
	if (!bench_choice_check(choice, base, problem))
		return false;
	for (size_t i = 0; i < base->count; i++) {
		const struct bench_series *const other = bench_series_find(new_, &base->items[i].figure);
		struct bench_judgement *const judgement = &judgements[*count];

		*judgement = (struct bench_judgement){.figure = base->items[i].figure};
		judgement->figure.gated =
			bench_choice_of(choice, &judgement->figure, &judgement->min_effect);
		/* Measured on neither side: no figure. */
		if (!bench_series_measured(&base->items[i]) &&
		    (other == NULL || !bench_series_measured(other)))
			continue;
		if (other == NULL && judgement->figure.gated)
			return misses(&judgement->figure, "is in base only", problem);
		if (other == NULL)
			continue;
		if (!bench_figures_agree(&judgement->figure, "new", &other->figure, problem))
			return false;
		if (compare(rules, &base->items[i], other, judgement))
			(*count)++;
		else if (judgement->figure.gated)
			return misses(&judgement->figure,
			              "was not measured on one side, or has values that are not positive: no "
			              "ratio",
			              problem);
		gated += judgement->figure.gated ? 1 : 0;
	}
	if (gated == 0) {
		(void)snprintf(problem, BENCH_PROBLEM_MAX,
		               "no figure that decides was measured; choose some with --metrics");
		return false;
	}
	adjust(judgements, *count);
	for (size_t i = 0; i < *count; i++)
		if (judgements[i].figure.gated)
			judgements[i].verdict = decide(&judgements[i], rules->alpha);
	return true;
}
