/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a verdict is called. See gate_words.h.
 */
#include "gate_words.h"

#include <math.h>
#include <string.h>

#include "format.h"

static const char *const words[] = {
	[BENCH_VERDICT_INFO] = "shown only",
	[BENCH_VERDICT_UNSURE] = "cannot tell",
	[BENCH_VERDICT_NONE] = "no regression",
	[BENCH_VERDICT_REGRESSION] = "regression",
};

const char bench_words_unpaired[] =
	"Two files prove less than runs in turn: whatever changed between them, the machine's load "
	"and clock included, counts as a difference. `weir-bench gate` runs both in turn.";

const char *bench_verdict_word(enum bench_verdict verdict)
{
	return words[verdict];
}

void bench_words_value(const struct bench_figure *figure, double value, char *text,
                       size_t text_size)
{
	static const struct {
		const char *unit;
		double ns;
	} times[] = {{"ns", 1.0}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	size_t used;

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (strcmp(figure->unit, times[i].unit) == 0) {
			bench_format_ns(text, text_size, value * times[i].ns);
			return;
		}
	bench_format_count(text, text_size, value);
	used = strlen(text);
	if (!isnan(value) && figure->unit[0] != '\0')
		(void)snprintf(text + used, text_size - used, "%s%s", figure->unit[0] == '/' ? "" : " ",
		               figure->unit);
}

void bench_words_percent(double log_ratio, char *text, size_t text_size)
{
	if (isfinite(log_ratio))
		(void)snprintf(text, text_size, "%+.1f %%", 100.0 * expm1(log_ratio));
	else
		(void)snprintf(text, text_size, "?");
}

struct bench_interval bench_wider(const struct bench_judgement *judgement)
{
	/* fmin and fmax take the other one when the bootstrap is not known. */
	return (struct bench_interval){
		.estimate = judgement->worse.estimate,
		.lower = fmin(judgement->worse.lower, judgement->bootstrap.lower),
		.upper = fmax(judgement->worse.upper, judgement->bootstrap.upper),
	};
}

void bench_words_interval(const struct bench_judgement *judgement, char *text, size_t text_size)
{
	const struct bench_interval wider = bench_wider(judgement);
	char lower[32];
	char upper[32];

	bench_words_percent(wider.lower, lower, sizeof(lower));
	bench_words_percent(wider.upper, upper, sizeof(upper));
	if (isnan(wider.estimate))
		(void)snprintf(text, text_size, "no ratio");
	else if (isfinite(wider.lower) || isfinite(wider.upper))
		(void)snprintf(text, text_size, "%s to %s", lower, upper);
	else
		(void)snprintf(text, text_size, "too few values");
}

void bench_words_reason(const struct bench_gate_report *report,
                        const struct bench_judgement *judgement, char *text, size_t text_size)
{
	const double effect = 100.0 * judgement->min_effect;
	char name[BENCH_FIGURE_SHORT_MAX];
	char estimate[32];
	char interval[80];

	bench_figure_text(&judgement->figure, name, sizeof(name));
	bench_words_percent(judgement->worse.estimate, estimate, sizeof(estimate));
	bench_words_interval(judgement, interval, sizeof(interval));
	switch (judgement->verdict) {
	case BENCH_VERDICT_REGRESSION:
		(void)snprintf(text, text_size, "%s is worse by %s (%s), and %g %% is the limit", name,
		               estimate, interval, effect);
		break;
	case BENCH_VERDICT_NONE:
		(void)snprintf(text, text_size, "%s: %s (%s) excludes %g %%", name, estimate, interval,
		               effect);
		break;
	case BENCH_VERDICT_UNSURE:
		(void)snprintf(text, text_size,
		               "%s: %s (%s) neither shows nor excludes %g %%; %s differ by %.0f %%", name,
		               estimate, interval, effect, report->paired ? "pairs" : "values",
		               100.0 * expm1(judgement->spread));
		break;
	case BENCH_VERDICT_INFO:
		(void)snprintf(text, text_size, "%s: %s (%s)", name, estimate, interval);
		break;
	}
}

void bench_words_headline(const struct bench_gate_report *report, char *text, size_t text_size)
{
	size_t count[BENCH_VERDICT_REGRESSION + 1] = {0};
	size_t gated;

	for (size_t i = 0; i < report->count; i++)
		count[report->judgements[i].verdict]++;
	gated = report->count - count[BENCH_VERDICT_INFO];
	switch (report->verdict) {
	case BENCH_VERDICT_REGRESSION:
		(void)snprintf(text, text_size, "Regression: %zu of %zu figures %s worse",
		               count[BENCH_VERDICT_REGRESSION], gated,
		               count[BENCH_VERDICT_REGRESSION] == 1 ? "is" : "are");
		break;
	case BENCH_VERDICT_NONE:
		(void)snprintf(text, text_size, "No regression: all %zu figures exclude their limit",
		               gated);
		break;
	default:
		(void)snprintf(text, text_size, "Cannot tell: %zu of %zu figures are too noisy",
		               count[BENCH_VERDICT_UNSURE], gated);
		break;
	}
}

void bench_words_method(const struct bench_gate_report *report, char *text, size_t text_size)
{
	if (!report->paired)
		(void)snprintf(text, text_size,
		               "Independent samples, Mann-Whitney; chance of a false alarm at most %g %%.",
		               100.0 * report->rules.alpha);
	else if (report->pairs == 0)
		(void)snprintf(text, text_size, "Instructions, counted twice on each side by callgrind.");
	else
		(void)snprintf(text, text_size,
		               "%zu pairs of runs in turn (A B B A), %u look%s, %.1f minutes; chance of a "
		               "false alarm at most %g %% over all figures and looks.",
		               report->pairs, report->looks, report->looks == 1 ? "" : "s", report->minutes,
		               100.0 * report->rules.alpha);
}
