/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate on recorded noise. See simulate.h.
 */
#include "simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cancel.h"
#include "random.h"

/* Two rounds of A B B A: what begins one of them begins with the same side. */
#define DRAWN_PAIRS 4
#define ROUND_PAIRS 2

struct trial {
	const struct bench_rules *rules;
	const struct bench_pairs *noise;
	struct bench_pairs pairs;
	struct bench_judgement *judgements;
	struct bench_random random;
};

static bool make_room(struct trial *trial)
{
	const struct bench_pairs *const noise = trial->noise;

	trial->judgements = calloc(noise->count, sizeof(*trial->judgements));
	trial->pairs.items = calloc(noise->count, sizeof(*trial->pairs.items));
	if (trial->judgements == NULL || trial->pairs.items == NULL)
		return false;
	trial->pairs.count = noise->count;
	for (size_t i = 0; i < noise->count; i++) {
		struct bench_pair_series *const series = &trial->pairs.items[i];

		*series = noise->items[i];
		series->base = calloc(3 * BENCH_PAIRS_MAX, sizeof(*series->base));
		if (series->base == NULL)
			return false;
		series->new_ = series->base + BENCH_PAIRS_MAX;
		series->worse = series->new_ + BENCH_PAIRS_MAX;
	}
	return true;
}

static void draw_pairs(struct trial *trial)
{
	const struct bench_pairs *const noise = trial->noise;
	struct bench_pairs *const pairs = &trial->pairs;
	const uint32_t rounds = (uint32_t)(noise->pairs / ROUND_PAIRS);

	for (pairs->pairs = 0; pairs->pairs < trial->rules->pairs_max;) {
		const size_t first = (size_t)bench_random_below(&trial->random, rounds) * ROUND_PAIRS;
		const bool turned = bench_random_below(&trial->random, 2) == 1;

		for (size_t k = 0; k < DRAWN_PAIRS && pairs->pairs < trial->rules->pairs_max; k++) {
			const size_t from = (first + k) % (rounds * ROUND_PAIRS);

			for (size_t i = 0; i < noise->count; i++)
				pairs->items[i].worse[pairs->pairs] = (turned ? -1.0 : 1.0) *
				                                      noise->items[i].worse[from];
			pairs->pairs++;
		}
	}
}

/* Make one scenario worse; its name. */
static const char *plant(struct trial *trial, double slowdown)
{
	struct bench_pairs *const pairs = &trial->pairs;
	const uint32_t lot = bench_random_below(&trial->random, (uint32_t)pairs->count);
	const char *const scenario = pairs->items[lot].figure.scenario;

	for (size_t i = 0; i < pairs->count; i++)
		for (size_t pair = 0; pair < pairs->pairs; pair++)
			if (strcmp(pairs->items[i].figure.scenario, scenario) == 0)
				pairs->items[i].worse[pair] += log1p(slowdown);
	return scenario;
}

static enum bench_verdict judge(struct trial *trial, size_t *pairs)
{
	enum bench_verdict verdict = BENCH_VERDICT_UNSURE;
	size_t looks[BENCH_LOOKS_MAX];
	const size_t count = bench_looks(trial->rules->pairs_max, looks);

	memset(trial->judgements, 0, trial->pairs.count * sizeof(*trial->judgements));
	for (size_t i = 0; i < count && verdict == BENCH_VERDICT_UNSURE; i++) {
		verdict = bench_judge_pairs(trial->rules, &trial->pairs, i > 0 ? looks[i - 1] : 0, looks[i],
		                            trial->judgements);
		*pairs = looks[i];
	}
	return verdict;
}

static bool is_named(const struct trial *trial, const char *scenario)
{
	for (size_t i = 0; i < trial->pairs.count; i++)
		if (trial->judgements[i].verdict == BENCH_VERDICT_REGRESSION &&
		    strcmp(trial->judgements[i].figure.scenario, scenario) == 0)
			return true;
	return false;
}

bool bench_simulate(const struct bench_rules *rules, const struct bench_pairs *noise,
                    const struct bench_trials *trials, struct bench_error_rates *rates)
{
	struct trial trial = {.rules = rules, .noise = noise};
	const bool room = make_room(&trial);

	*rates = (struct bench_error_rates){.trials = trials->count};
	for (unsigned i = 0; room && i < trials->count && !rates->cancelled; i++) {
		const char *worse;
		size_t pairs = 0;
		enum bench_verdict verdict;

		trial.random = bench_random_init(trials->seed, i);
		draw_pairs(&trial);
		worse = plant(&trial, trials->slowdown);
		verdict = judge(&trial, &pairs);
		rates->pairs += (double)pairs / trials->count;
		rates->passed += verdict == BENCH_VERDICT_NONE;
		rates->unsure += verdict == BENCH_VERDICT_UNSURE;
		rates->regressions += verdict == BENCH_VERDICT_REGRESSION;
		rates->misnamed += verdict == BENCH_VERDICT_REGRESSION && !is_named(&trial, worse);
		rates->cancelled = bench_cancel_wait(0);
	}
	bench_pairs_free(&trial.pairs);
	free(trial.judgements);
	return room;
}
