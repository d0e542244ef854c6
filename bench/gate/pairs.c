/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pairs of runs. See pairs.h.
 */
#include "pairs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double bench_worse(const struct bench_figure *figure, double base, double new_)
{
	if (!(base > 0.0) || !(new_ > 0.0) || isinf(base) || isinf(new_))
		return NAN;
	return figure->higher_is_better ? log(base / new_) : log(new_ / base);
}

bool bench_choice_of(const struct bench_choice *choice, const struct bench_figure *figure,
                     double *min_effect)
{
	*min_effect = choice->min_effect;
	if (figure->shown_only)
		return false;
	if (choice->count == 0)
		return figure->gated;
	for (size_t i = 0; i < choice->count; i++) {
		if (strcmp(choice->items[i].metric, figure->metric) != 0)
			continue;
		*min_effect = choice->items[i].min_effect;
		return true;
	}
	return false;
}

bool bench_choice_check(const struct bench_choice *choice, const struct bench_series_set *set,
                        char problem[BENCH_PROBLEM_MAX])
{
	bool any = false;

	for (size_t c = 0; c < choice->count; c++) {
		bool found = false;

		for (size_t i = 0; i < set->count; i++)
			found = found || strcmp(set->items[i].figure.metric, choice->items[c].metric) == 0;
		if (found)
			continue;
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "has no metric \"%s\" (--metrics)",
		               choice->items[c].metric);
		return false;
	}
	for (size_t i = 0; i < set->count; i++) {
		double min_effect;

		any = any || bench_choice_of(choice, &set->items[i].figure, &min_effect);
	}
	if (!any)
		(void)snprintf(problem, BENCH_PROBLEM_MAX,
		               "has no figure that decides; choose some with --metrics");
	return any;
}

bool bench_figures_agree(const struct bench_figure *base, const char *side,
                         const struct bench_figure *figure, char problem[BENCH_PROBLEM_MAX])
{
	static const char *const better[] = {"lower", "higher"};
	char name[BENCH_FIGURE_SHORT_MAX];

	if (strcmp(base->unit, figure->unit) == 0 && base->higher_is_better == figure->higher_is_better)
		return true;
	bench_figure_text(figure, name, sizeof(name));
	(void)snprintf(problem, BENCH_PROBLEM_MAX,
	               "%s is in \"%s\", %s is better, in base, and in \"%s\", %s is better, in "
	               "%s: print the same on both sides",
	               name, base->unit, better[base->higher_is_better], figure->unit,
	               better[figure->higher_is_better], side);
	return false;
}

static bool no_memory(char problem[BENCH_PROBLEM_MAX])
{
	(void)snprintf(problem, BENCH_PROBLEM_MAX, "has more figures than memory holds");
	return false;
}

bool bench_pairs_init(struct bench_pairs *pairs, const struct bench_series_set *set,
                      const struct bench_choice *choice, char problem[BENCH_PROBLEM_MAX])
{
	*pairs = (struct bench_pairs){0};
	if (!bench_choice_check(choice, set, problem))
		return false;
	pairs->chosen = choice->count > 0;
	pairs->items = calloc(set->count, sizeof(*pairs->items));
	if (pairs->items == NULL)
		return no_memory(problem);
	for (size_t i = 0; i < set->count; i++) {
		struct bench_pair_series *const item = &pairs->items[i];

		item->figure = set->items[i].figure;
		item->figure.gated = bench_choice_of(choice, &item->figure, &item->min_effect);
		item->base = malloc(3 * BENCH_PAIRS_MAX * sizeof(*item->base));
		if (item->base == NULL) {
			bench_pairs_free(pairs);
			return no_memory(problem);
		}
		pairs->count++;
		item->new_ = item->base + BENCH_PAIRS_MAX;
		item->worse = item->new_ + BENCH_PAIRS_MAX;
	}
	return true;
}

void bench_pairs_free(struct bench_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++)
		free(pairs->items[i].base);
	free(pairs->items);
	*pairs = (struct bench_pairs){0};
}

/* NAN: not measured, or without a logarithm. */
static double value_in(const struct bench_series_set *set, const struct bench_figure *figure)
{
	const struct bench_series *const series = bench_series_find(set, figure);
	const double value = series != NULL ? bench_series_median(series) : NAN;

	return value > 0.0 && isfinite(value) ? value : NAN;
}

bool bench_pairs_agree(const struct bench_pairs *pairs, const char *side,
                       const struct bench_series_set *set, char problem[BENCH_PROBLEM_MAX])
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct bench_series *const series = bench_series_find(set, &pairs->items[i].figure);

		if (series != NULL &&
		    !bench_figures_agree(&pairs->items[i].figure, side, &series->figure, problem))
			return false;
	}
	return true;
}

bool bench_pairs_add(struct bench_pairs *pairs, const struct bench_series_set *base,
                     const struct bench_series_set *new_)
{
	const size_t pair = pairs->pairs;

	if (pair == BENCH_PAIRS_MAX)
		return false;
	for (size_t i = 0; i < pairs->count; i++) {
		struct bench_pair_series *const item = &pairs->items[i];

		item->base[pair] = value_in(base, &item->figure);
		item->new_[pair] = value_in(new_, &item->figure);
		item->worse[pair] = bench_worse(&item->figure, item->base[pair], item->new_[pair]);
	}
	pairs->pairs++;
	return true;
}

bool bench_pairs_measured(const struct bench_pair_series *series, size_t done)
{
	for (size_t pair = 0; pair < done; pair++)
		if (!isnan(series->base[pair]) || !isnan(series->new_[pair]))
			return true;
	return false;
}

/* Whether something of this metric (NULL: of any that decides) was measured. */
static bool any_measured(const struct bench_pairs *pairs, const char *metric)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct bench_pair_series *const item = &pairs->items[i];

		if (item->figure.gated && (metric == NULL || strcmp(item->figure.metric, metric) == 0) &&
		    bench_pairs_measured(item, pairs->pairs))
			return true;
	}
	return false;
}

/* A choice is kept or refused, never dropped in silence. */
static bool check_measured(const struct bench_pairs *pairs, char problem[BENCH_PROBLEM_MAX])
{
	if (!any_measured(pairs, NULL)) {
		(void)snprintf(problem, BENCH_PROBLEM_MAX,
		               "no figure that decides was measured, or positive, in any run of base or "
		               "new");
		return false;
	}
	for (size_t i = 0; pairs->chosen && i < pairs->count; i++) {
		const struct bench_figure *const figure = &pairs->items[i].figure;

		if (!figure->gated || any_measured(pairs, figure->metric))
			continue;
		(void)snprintf(problem, BENCH_PROBLEM_MAX,
		               "metric \"%s\" (--metrics) was not measured, or not positive, in any run",
		               figure->metric);
		return false;
	}
	return true;
}

bool bench_pairs_check(const struct bench_pairs *pairs, char problem[BENCH_PROBLEM_MAX])
{
	if (!check_measured(pairs, problem))
		return false;
	for (size_t i = 0; i < pairs->count; i++) {
		const struct bench_pair_series *const item = &pairs->items[i];
		size_t missing[2] = {0};
		char name[BENCH_FIGURE_SHORT_MAX];
		bool new_fails;

		for (size_t pair = 0; pair < pairs->pairs; pair++) {
			missing[0] += isnan(item->base[pair]) ? 1 : 0;
			missing[1] += isnan(item->new_[pair]) ? 1 : 0;
		}
		if (!item->figure.gated || !bench_pairs_measured(item, pairs->pairs))
			continue;
		/* Left out are the runs in which the build did worst: forgiven only where base
		 * fails as often, by one run that may happen to any. */
		new_fails = missing[1] > missing[0] + 1;
		if (4 * (missing[0] + missing[1]) <= pairs->pairs && !new_fails)
			continue;
		bench_figure_text(&item->figure, name, sizeof(name));
		(void)snprintf(problem, BENCH_PROBLEM_MAX,
		               "%s was not measured, or not positive, in %zu of %zu runs of base and %zu "
		               "of new%s",
		               name, missing[0], pairs->pairs, missing[1],
		               new_fails ? ": new fails to measure it" : "");
		return false;
	}
	return true;
}
