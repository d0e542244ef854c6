/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-bench: weir beside what people use instead, on the same machine, in the
 * same process, at the same time.
 */
#include <stdio.h>
#include <string.h>

#include <weir/version.h>

#include "run_command.h"

static const char help[] =
	"usage: weir-bench <command> [arguments]\n"
	"\n"
	"  check        say everything that is wrong with a scenario file\n"
	"  check-pool   check somebody's pool before it is measured\n"
	"  compare      compare two files of figures\n"
	"  gate         run two builds in turn and say whether the new one is slower\n"
	"  list         name the scenarios and the pools\n"
	"  migrate      migrate a database while it is used, and say how that went\n"
	"  report       make reports from the figures of a run\n"
	"  run          run scenarios, print tables, write figures and a report\n"
	"  show         print the file of a scenario\n"
	"\n"
	"  --help, --version\n"
	"\n"
	"weir-bench <command> --help says more. Exit codes: 0 done, 1 failed or regression,\n"
	"2 wrong use or bad input, 3 cannot tell, 8 stopped by the user.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"check", bench_command_check},     {"check-pool", bench_command_check_pool},
	{"compare", bench_command_compare}, {"gate", bench_command_gate},
	{"list", bench_command_list},       {"migrate", bench_command_migrate},
	{"report", bench_command_report},   {"run", bench_command_run},
	{"show", bench_command_show},       {"worker", bench_command_worker},
};

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		(void)fputs(help, stdout);
		return BENCH_EXIT_DONE;
	}
	if (strcmp(name, "--version") == 0) {
		(void)printf("weir-bench %s\n", weir_version());
		return BENCH_EXIT_DONE;
	}
	if (argc > 1)
		(void)fprintf(stderr, "weir-bench: there is no command \"%s\"\n", name);
	(void)fputs(help, stderr);
	return BENCH_EXIT_USAGE;
}
