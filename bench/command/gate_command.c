/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench gate`: two builds in turn, and a verdict.
 */
#include <stdlib.h>

#include "cancel.h"
#include "gate_output.h"
#include "instructions.h"
#include "noise.h"
#include "run_command.h"

struct session {
	struct bench_gate_options options;
	struct bench_gate_output output;
	struct bench_gate gate;
	struct bench_judgement *judgements; /* those of gate, and that of instructions */
	size_t count;
};

static int explain(enum bench_gate_end end, const char *message)
{
	if (end == BENCH_GATE_CANCELLED) {
		(void)fprintf(stderr, "weir-bench: stopped; no file was written\n");
		return BENCH_EXIT_CANCELLED;
	}
	(void)fprintf(stderr, "weir-bench: %s\n", message);
	return BENCH_EXIT_USAGE;
}

static int keep_noise(struct session *session)
{
	struct bench_output_file *const record = &session->output.record;

	if (!bench_noise_write(record->file, &session->gate.pairs, session->options.plan.base_cmd)) {
		(void)fprintf(stderr, "weir-bench: cannot write \"%s\"\n", record->path);
		return BENCH_EXIT_FAILED;
	}
	(void)fprintf(stderr, "noise: %zu pairs in %s\n", session->gate.pairs.pairs, record->path);
	return bench_output_commit(record) ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
}

/* Time both commands; appends to the judgements. */
static enum bench_gate_end time_both(struct session *session)
{
	struct bench_gate *const gate = &session->gate;
	const enum bench_gate_end end = bench_gate_run(gate, &session->options.plan, stderr);

	if (end != BENCH_GATE_DONE || session->options.plan.record)
		return end;
	session->judgements = calloc(gate->pairs.count + 1, sizeof(*session->judgements));
	if (session->judgements == NULL) {
		(void)snprintf(gate->message, sizeof(gate->message), "out of memory");
		return BENCH_GATE_BAD_INPUT;
	}
	for (size_t i = 0; i < gate->pairs.count; i++)
		if (bench_pairs_measured(&gate->pairs.items[i], gate->pairs.pairs))
			session->judgements[session->count++] = gate->judgements[i];
	return end;
}

static enum bench_gate_end count_both(struct session *session)
{
	const struct bench_gate_options *const options = &session->options;
	const bool own = options->base_callgrind_cmd != NULL;

	if (session->judgements == NULL)
		session->judgements = calloc(1, sizeof(*session->judgements));
	if (session->judgements == NULL)
		return BENCH_GATE_BAD_INPUT;
	return bench_instructions_run(own ? options->base_callgrind_cmd : options->plan.base_cmd,
	                              own ? options->new_callgrind_cmd : options->plan.new_cmd,
	                              options->instructions_effect, options->plan.timeout_s,
	                              &session->judgements[session->count++], session->gate.message);
}

static int run_session(struct session *session)
{
	const struct bench_gate_options *const options = &session->options;
	const bool own = options->base_callgrind_cmd != NULL;
	const bool timed = options->plan.base_cmd != NULL && (!options->instructions || own);
	struct bench_gate_report report = {
		.base = timed || !own ? options->plan.base_cmd : options->base_callgrind_cmd,
		.new_ = timed || !own ? options->plan.new_cmd : options->new_callgrind_cmd,
		.paired = true,
		.rules = options->plan.rules,
	};
	enum bench_gate_end end = BENCH_GATE_DONE;

	bench_machine_read(&report.machine);
	if (timed)
		end = time_both(session);
	if (end == BENCH_GATE_DONE && options->plan.record)
		return keep_noise(session);
	if (end == BENCH_GATE_DONE && options->instructions)
		end = count_both(session);
	if (end != BENCH_GATE_DONE)
		return explain(end, session->gate.message);
	report.judgements = session->judgements;
	report.count = session->count;
	report.verdict = bench_judge_all(session->judgements, session->count);
	report.pairs = session->gate.pairs.pairs;
	report.looks = session->gate.looks;
	report.minutes = session->gate.minutes;
	return bench_gate_output_write(&session->output, &report);
}

int bench_command_gate(int argc, char **argv)
{
	struct session *const session = calloc(1, sizeof(*session));
	int exit_code = BENCH_EXIT_USAGE;

	if (session == NULL) {
		(void)fprintf(stderr, "weir-bench: out of memory\n");
		return BENCH_EXIT_USAGE;
	}
	if (bench_gate_options_read(&session->options, BENCH_COMMAND_GATE, argc, argv)) {
		bench_cancel_prepare();
		if (session->options.help)
			exit_code = fputs(bench_gate_help, stdout) >= 0 ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
		else if (session->options.trials > 0)
			exit_code = bench_gate_simulate(&session->options);
		else if (bench_gate_output_open(&session->output, &session->options))
			exit_code = run_session(session);
	}
	bench_gate_output_abandon(&session->output);
	bench_gate_free(&session->gate);
	free(session->judgements);
	free(session);
	return exit_code;
}
