/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress replay` as a command: read a history that `run` has kept, say what
 * it was, check it again; or run its scenario again as it was run.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stress_command.h"
#include "stress_history.h"
#include "stress_run.h"
#include "stress_world.h"

static const char help[] =
	"usage: weir-stress replay FILE [--run]\n"
	"\n"
	"Reads a history that weir-stress run has kept, says of which scenario, seed and options\n"
	"it is and what was found then, and checks it again: slots as resources with one owner\n"
	"each, outcomes of a gate as a serial order.\n"
	"\n"
	"  --run   run the scenario again, with that seed and those options\n"
	"  --help  this text\n"
	"\n"
	"Exit code: 0 the history holds and nothing was found broken, 1 otherwise, 2 wrong use or\n"
	"no history, 8 interrupted.\n";

static void describe(const struct stress_history *history)
{
	const struct stress_origin *const origin = &history->origin;

	(void)printf("scenario  %s\nsettings  %s\nseed      %" PRIu64 "\nseconds   %g\nthreads   ",
	             origin->scenario, origin->settings, origin->seed, origin->seconds);
	if (origin->threads == 0)
		(void)printf("as the scenario says\n");
	else
		(void)printf("%" PRIu32 "\n", origin->threads);
	(void)printf("round     %" PRIu64 "\nhistory   %" PRIu32 " operations%s\n", origin->round,
	             history->count,
	             history->complete_from_ns != 0 ? ", the newest of those that there were" : "");
	for (uint32_t i = 0; i < origin->found_count; i++)
		(void)printf("found     %s\n", origin->found[i]);
}

static int judge_again(const struct stress_history *history)
{
	struct stress_verdict verdict = {0};
	bool broken;

	stress_history_check(history, &verdict);
	for (uint32_t i = 0; i < verdict.faults && i < STRESS_FOUND_MAX; i++)
		(void)printf("lie       %s\n", verdict.fault[i]);
	(void)printf("checked   %" PRIu64 " operations; %" PRIu64 " windows searched, %" PRIu64
	             " too large; %" PRIu64 " tries found nothing, %" PRIu64
	             " of them with nobody beside them\n",
	             verdict.operations, verdict.windows, verdict.windows_large, verdict.exhausted,
	             verdict.exhausted_alone);
	broken = verdict.faults > 0 || history->origin.found_count > 0;
	(void)printf("%d passed, %d failed\n", broken ? 0 : 1, broken ? 1 : 0);
	return broken ? EXIT_BROKEN : EXIT_PASSED;
}

static int run_again(const struct stress_origin *origin, const char *path)
{
	const struct stress_scenario *const scenario = stress_scenario_find(origin->scenario);
	struct stress_run run = {
		.seconds = origin->seconds,
		.seed = origin->seed,
		.threads = origin->threads,
	};

	if (scenario == NULL || origin->seconds <= 0 || origin->threads > STRESS_THREADS_MAX) {
		(void)fprintf(stderr, "weir-stress: %s: there is no scenario \"%s\" to run as it says\n",
		              path, origin->scenario);
		return EXIT_USAGE;
	}
	stress_interrupt_prepare();
	(void)stress_run_scenario(&run, scenario);
	(void)printf("%u passed, %u failed\n", run.passed, run.failed);
	if (run.failed > 0)
		return EXIT_BROKEN;
	return stress_interrupted() ? EXIT_INTERRUPTED : EXIT_PASSED;
}

struct options {
	bool again;
	bool help_wanted;
};

/* False on wrong use. argv[optind] is the file afterwards. */
static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option flags[] = {
		{"run", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int flag;

	while ((flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		if (flag == '?')
			return false; /* getopt has said why */
		options->again |= flag == 'r';
		options->help_wanted |= flag == 'h';
	}
	if (!options->help_wanted && optind + 1 != argc) {
		(void)fprintf(stderr, "weir-stress: replay takes one file\n");
		return false;
	}
	return true;
}

int stress_replay_command(int argc, char **argv)
{
	struct options options = {false, false};
	struct stress_history history;
	char why[160];
	int code;

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	if (!stress_history_read(&history, argv[optind], why, sizeof why)) {
		(void)fprintf(stderr, "weir-stress: %s: %s\n", argv[optind], why);
		stress_history_free(&history);
		return EXIT_USAGE;
	}
	describe(&history);
	(void)fflush(stdout);
	code = options.again ? run_again(&history.origin, argv[optind]) : judge_again(&history);
	stress_history_free(&history);
	return code;
}
