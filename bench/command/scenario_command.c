/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scenario files on the command line. See scenario_command.h.
 */
#include "scenario_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_command.h"

bool bench_is_scenario_file(const char *word)
{
	const size_t length = strlen(word);

	return strcmp(word, "-") == 0 || strchr(word, '/') != NULL ||
	       (length > 4 && strcmp(word + length - 4, ".ini") == 0);
}

struct bench_scenario *bench_scenario_open(const char *path)
{
	struct bench_faults *const faults = calloc(1, sizeof(*faults));
	struct bench_scenario *scenario = NULL;

	if (faults != NULL) {
		scenario = bench_scenario_load(path, faults);
		bench_faults_print(stderr, strcmp(path, "-") == 0 ? "standard input" : path, faults);
	}
	free(faults);
	return scenario;
}

static const char show_help[] =
	"usage: weir-bench show SCENARIO\n"
	"\n"
	"Prints the file of a built-in scenario: one to begin your own from.\n";

static const char check_help[] =
	"usage: weir-bench check FILE...\n"
	"\n"
	"Reads scenario files (- is standard input) and says everything that is wrong with\n"
	"them, with lines. Exit codes: 0 nothing, 2 something.\n";

/* Whether the words are none but --help, or an option that there is not. */
static bool handle_options(int argc, char **argv, const char *help, int *exit_code)
{
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(help, stdout);
		*exit_code = BENCH_EXIT_DONE;
		return true;
	}
	if (argc > 1 && (argv[1][0] != '-' || argv[1][1] == '\0'))
		return false;
	if (argc > 1)
		(void)fprintf(stderr, "weir-bench: %s has no option %s\n", argv[0], argv[1]);
	(void)fputs(help, stderr);
	*exit_code = BENCH_EXIT_USAGE;
	return true;
}

int bench_command_show(int argc, char **argv)
{
	const struct bench_scenario *scenario;
	int exit_code;

	if (handle_options(argc, argv, show_help, &exit_code))
		return exit_code;
	scenario = bench_scenario_find(argv[1]);
	if (scenario == NULL || argc != 2) {
		(void)fprintf(stderr,
		              "weir-bench: show takes one scenario, and not \"%s\"; see weir-bench list\n",
		              argv[argc - 1]);
		return BENCH_EXIT_USAGE;
	}
	(void)fwrite(scenario->text, 1, scenario->text_length, stdout);
	return fflush(stdout) == 0 ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
}

int bench_command_check(int argc, char **argv)
{
	int exit_code = BENCH_EXIT_DONE;

	if (handle_options(argc, argv, check_help, &exit_code))
		return exit_code;
	for (int i = 1; i < argc; i++) {
		struct bench_scenario *const scenario = bench_scenario_open(argv[i]);

		if (scenario != NULL)
			(void)printf("%s: %s: no faults\n", argv[i], scenario->name);
		else
			exit_code = BENCH_EXIT_USAGE;
		bench_scenario_free(scenario);
	}
	return fflush(stdout) == 0 ? exit_code : BENCH_EXIT_FAILED;
}
