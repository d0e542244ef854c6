/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The gate at work. See gate_run.h.
 */
#include "gate_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "child_run.h"
#include "monotonic.h"
#include "multiplicity.h"

struct session {
	struct bench_gate *gate;
	const struct bench_gate_plan *plan;
	FILE *progress;
	int64_t started_ns;
};

/* What a command said last, each line marked as its own. */
static void quote(char *message, const struct bench_child *child)
{
	const char *line = child->tail;
	size_t used = strlen(message);

	if (child->tail_length == 0)
		return;
	used += (size_t)snprintf(message + used, BENCH_GATE_MESSAGE_MAX - used,
	                         "\nthe end of its standard error:");
	while (*line != '\0' && used < BENCH_GATE_MESSAGE_MAX) {
		const int length = (int)strcspn(line, "\n");

		used += (size_t)snprintf(message + used, BENCH_GATE_MESSAGE_MAX - used, "\n  | %.*s",
		                         length, line);
		line += length;
		line += *line == '\n' ? 1 : 0;
	}
}

enum bench_gate_end bench_gate_sample(const char *side, const char *command, double timeout_s,
                                      struct bench_series_set *set,
                                      char message[BENCH_GATE_MESSAGE_MAX])
{
	enum bench_gate_end end = BENCH_GATE_BAD_INPUT;
	char problem[BENCH_PROBLEM_MAX];
	struct bench_child child;
	char how[128];

	bench_child_run(&child, command, (int64_t)(timeout_s * 1e9));
	if (child.end == BENCH_CHILD_CANCELLED) {
		end = BENCH_GATE_CANCELLED;
	} else if (child.end != BENCH_CHILD_EXITED || child.code != 0) {
		bench_child_describe(&child, how, sizeof(how));
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX, "the %s command %s: %.900s", side, how,
		               command);
		quote(message, &child);
	} else if (!bench_sample_parse(set, child.out, child.out_length, problem)) {
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX,
		               "standard output of the %s command: %s: %.900s", side, problem, command);
		quote(message, &child);
	} else {
		end = BENCH_GATE_DONE;
	}
	bench_child_free(&child);
	return end;
}

size_t bench_gate_pairs_needed(const struct bench_rules *rules, size_t figures)
{
	size_t looks[BENCH_LOOKS_MAX];

	/* With all differences on one side, a rank test of n pairs comes to 2^-n. */
	for (size_t pairs = 1; pairs < BENCH_PAIRS_MAX; pairs++) {
		const size_t count = bench_looks(pairs, looks);
		const double before = count > 1 ? (double)looks[count - 2] / (double)pairs : 0.0;

		if (ldexp(1.0, -(int)pairs) <= bench_spend(rules->alpha, before, 1.0) / (double)figures)
			return pairs;
	}
	return BENCH_PAIRS_MAX;
}

/* Make room as the first run says; too small a plan is found here, not after all
 * its pairs. */
static bool begin(struct session *session, const struct bench_series_set *base)
{
	struct bench_gate *const gate = session->gate;
	const struct bench_rules *const rules = &session->plan->rules;
	char problem[BENCH_PROBLEM_MAX];
	size_t gated = 0;
	size_t needed;

	if (!bench_pairs_init(&gate->pairs, base, &session->plan->choice, problem)) {
		(void)snprintf(gate->message, sizeof(gate->message), "output of the base command %s",
		               problem);
		return false;
	}
	gate->judgements = calloc(gate->pairs.count, sizeof(*gate->judgements));
	if (gate->judgements == NULL) {
		(void)snprintf(gate->message, sizeof(gate->message), "out of memory");
		return false;
	}
	for (size_t i = 0; i < gate->pairs.count; i++)
		gated += gate->pairs.items[i].figure.gated && bench_series_measured(&base->items[i]);
	needed = bench_gate_pairs_needed(rules, gated);
	if (session->plan->record || rules->pairs_max >= needed)
		return true;
	(void)snprintf(gate->message, sizeof(gate->message),
	               "--pairs-max %zu: %zu figures need %zu pairs at least to show a regression; "
	               "allow more, or choose fewer with --metrics",
	               rules->pairs_max, gated, needed);
	return false;
}

static enum bench_gate_end run_pair(struct session *session)
{
	const struct bench_gate_plan *const plan = session->plan;
	struct bench_gate *const gate = session->gate;
	const bool new_first = gate->pairs.pairs % 2 == 1;
	struct bench_series_set sets[2] = {{0}, {0}};
	enum bench_gate_end end = BENCH_GATE_DONE;

	for (int turn = 0; turn < 2 && end == BENCH_GATE_DONE; turn++) {
		const bool is_new = (turn == 1) != new_first;

		end = bench_gate_sample(is_new ? "new" : "base", is_new ? plan->new_cmd : plan->base_cmd,
		                        plan->timeout_s, &sets[is_new], gate->message);
	}
	if (end == BENCH_GATE_DONE && gate->pairs.items == NULL && !begin(session, &sets[0]))
		end = BENCH_GATE_BAD_INPUT;
	if (end == BENCH_GATE_DONE &&
	    (!bench_pairs_agree(&gate->pairs, "a later run of base", &sets[0], gate->message) ||
	     !bench_pairs_agree(&gate->pairs, "new", &sets[1], gate->message)))
		end = BENCH_GATE_BAD_INPUT;
	if (end == BENCH_GATE_DONE)
		(void)bench_pairs_add(&gate->pairs, &sets[0], &sets[1]);
	bench_series_set_free(&sets[0]);
	bench_series_set_free(&sets[1]);
	return end;
}

static double seconds_since(const struct session *session)
{
	return (double)(bench_now() - session->started_ns) / 1e9;
}

/* Whether another block would end after the time allowed. */
static bool is_over(const struct session *session)
{
	const double taken_s = seconds_since(session);
	const size_t pairs = session->gate->pairs.pairs;
	const double block_s = pairs > 0 ? 2.0 * taken_s / (double)pairs : 0.0;

	return session->plan->minutes > 0.0 && pairs % 2 == 0 &&
	       taken_s + block_s > session->plan->minutes * 60.0;
}

/* Run on to so many pairs, or as far as the time goes. */
static enum bench_gate_end run_to(struct session *session, size_t pairs, bool *over)
{
	struct bench_gate *const gate = session->gate;

	while (gate->pairs.pairs < pairs) {
		enum bench_gate_end end;

		*over = is_over(session);
		if (*over)
			return BENCH_GATE_DONE;
		end = run_pair(session);
		if (end != BENCH_GATE_DONE)
			return end;
		if (gate->pairs.pairs == 1)
			(void)fprintf(session->progress,
			              "a pair takes %.1f s; %zu pairs at most: %.1f minutes\n",
			              seconds_since(session), session->plan->rules.pairs_max,
			              seconds_since(session) * (double)session->plan->rules.pairs_max / 60.0);
	}
	return BENCH_GATE_DONE;
}

static void say_look(const struct session *session)
{
	const struct bench_gate *const gate = session->gate;
	size_t by_verdict[BENCH_VERDICT_REGRESSION + 1] = {0};

	for (size_t i = 0; i < gate->pairs.count; i++)
		by_verdict[gate->judgements[i].verdict]++;
	(void)fprintf(session->progress,
	              "%zu pairs: %zu figures pass, %zu regressions, %zu cannot be told yet\n",
	              gate->pairs.pairs, by_verdict[BENCH_VERDICT_NONE],
	              by_verdict[BENCH_VERDICT_REGRESSION], by_verdict[BENCH_VERDICT_UNSURE]);
}

static enum bench_gate_end run_looks(struct session *session)
{
	struct bench_gate *const gate = session->gate;
	struct bench_rules rules = session->plan->rules;
	size_t looks[BENCH_LOOKS_MAX];
	const size_t count = bench_looks(rules.pairs_max, looks);
	size_t before = 0;
	bool over = false;

	for (size_t i = 0; i < count && !over; i++) {
		const enum bench_gate_end end = run_to(session, looks[i], &over);

		if (end != BENCH_GATE_DONE)
			return end;
		if (!bench_pairs_check(&gate->pairs, gate->message))
			return BENCH_GATE_BAD_INPUT;
		if (session->plan->record)
			continue;
		if (gate->pairs.pairs <= before)
			break;
		/* The clock ended it, not what was seen: this look may use what is left. */
		rules.last = over;
		gate->verdict =
			bench_judge_pairs(&rules, &gate->pairs, before, gate->pairs.pairs, gate->judgements);
		gate->looks++;
		before = gate->pairs.pairs;
		say_look(session);
		if (gate->verdict != BENCH_VERDICT_UNSURE)
			break;
	}
	if (!session->plan->record)
		bench_judge_complete(&rules, &gate->pairs, gate->judgements);
	return BENCH_GATE_DONE;
}

enum bench_gate_end bench_gate_run(struct bench_gate *gate, const struct bench_gate_plan *plan,
                                   FILE *progress)
{
	struct session session = {
		.gate = gate,
		.plan = plan,
		.progress = progress,
		.started_ns = bench_now(),
	};
	enum bench_gate_end end;

	*gate = (struct bench_gate){.verdict = BENCH_VERDICT_UNSURE};
	end = run_looks(&session);
	gate->minutes = seconds_since(&session) / 60.0;
	return end;
}

void bench_gate_free(struct bench_gate *gate)
{
	bench_pairs_free(&gate->pairs);
	free(gate->judgements);
	gate->judgements = NULL;
}
