/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench report`: everything that a run writes for people, made again from its
 * JSON.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "json_in.h"
#include "outputs.h"
#include "report_peers.h"
#include "run_command.h"
#include "table.h"

static const char help[] =
	"usage: weir-bench report FILE.json [options]\n"
	"\n"
	"Makes reports from the figures that a run wrote with --json (\"-\": standard input).\n"
	"Without an option it prints the tables.\n"
	"\n"
	"  --report FILE    write a markdown report to FILE\n"
	"  --html FILE      write a report as one HTML page to FILE\n"
	"  --plots DIR      write the pictures into DIR, as SVG; needs gnuplot\n"
	"  --peers FILE     put the peers' section into the markdown file FILE; the rest of it\n"
	"                   stays\n"
	"  --help           this text\n";

enum flag { FLAG_REPORT = 1, FLAG_HTML, FLAG_PLOTS, FLAG_PEERS, FLAG_HELP, FLAGS };

static const struct option known_flags[] = {
	{"report", required_argument, NULL, FLAG_REPORT},
	{"html", required_argument, NULL, FLAG_HTML},
	{"plots", required_argument, NULL, FLAG_PLOTS},
	{"peers", required_argument, NULL, FLAG_PEERS},
	{"help", no_argument, NULL, FLAG_HELP},
	{NULL, 0, NULL, 0},
};

static bool wrong_use(const char *what, const char *word)
{
	(void)fprintf(stderr, "weir-bench: report: %s%s; see weir-bench report --help\n", word, what);
	return false;
}

/* false, with a message, when something is wrong with the arguments. */
static bool read_arguments(int argc, char **argv, struct bench_output_paths *paths, bool *helped)
{
	const char **const targets[FLAGS] = {
		[FLAG_REPORT] = &paths->report,
		[FLAG_HTML] = &paths->html,
		[FLAG_PLOTS] = &paths->plots,
		[FLAG_PEERS] = &paths->peers,
	};
	int flag;

	optind = 1;
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":", known_flags, NULL)) != -1) {
		if (flag == '?' || flag == ':')
			return wrong_use(flag == ':' ? " needs a value"
			                             : " is not an option, or takes no value",
			                 argv[optind - 1]);
		*helped = *helped || flag == FLAG_HELP;
		if (targets[flag] == NULL)
			continue;
		if (optarg[0] == '\0')
			return wrong_use(" must name a path", argv[optind - 1]);
		*targets[flag] = optarg;
	}
	if (*helped)
		return true;
	if (optind + 1 < argc)
		return wrong_use(" is one file too many", argv[optind + 1]);
	return optind < argc || wrong_use("name a file that weir-bench run --json wrote", "");
}

static int write_reports(const struct bench_json_run *run, const struct bench_output_paths *paths)
{
	struct bench_outputs outputs;
	int exit_code = BENCH_EXIT_USAGE;

	if (bench_outputs_open(&outputs, paths))
		exit_code = bench_outputs_write(&outputs, &run->document) ? BENCH_EXIT_DONE
		                                                          : BENCH_EXIT_FAILED;
	bench_outputs_abandon(&outputs);
	return exit_code;
}

static int report(const struct bench_json_run *run, const char *path,
                  const struct bench_output_paths *paths)
{
	if (paths->peers != NULL && !bench_has_peers(run->results)) {
		(void)fprintf(stderr, "weir-bench: \"%s\" has no row of a peer: nothing for --peers\n",
		              path);
		return BENCH_EXIT_USAGE;
	}
	if (paths->report != NULL || paths->html != NULL || paths->plots != NULL ||
	    paths->peers != NULL)
		return write_reports(run, paths);
	bench_table_print(stdout, run->results, 0);
	return fflush(stdout) == 0 ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
}

int bench_command_report(int argc, char **argv)
{
	struct bench_output_paths paths = {0};
	struct bench_json_run run;
	char problem[300];
	bool helped = false;
	int exit_code;

	if (!read_arguments(argc, argv, &paths, &helped))
		return BENCH_EXIT_USAGE;
	if (helped) {
		(void)fputs(help, stdout);
		return BENCH_EXIT_DONE;
	}
	if (!bench_json_read(&run, argv[optind], problem, sizeof(problem))) {
		(void)fprintf(stderr, "weir-bench: \"%s\" %s\n", argv[optind], problem);
		return BENCH_EXIT_USAGE;
	}
	exit_code = report(&run, argv[optind], &paths);
	bench_json_free(&run);
	return exit_code;
}
