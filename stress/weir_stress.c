/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-stress: torture of the pool and the gate, and processes killed while they
 * write, whose verdict rests on invariants and never on speed.
 */
#include <stdio.h>
#include <string.h>

#include "stress_command.h"
#include "stress_fault_sweep.h"
#include "stress_kill.h"
#include "stress_memory.h"
#include "stress_outage.h"
#include "stress_power.h"

static const struct stress_command commands[] = {
	{"list", stress_list_command, "", "name the scenarios of run"},
	{"run", stress_run_command, "[SCENARIO...] [options]",
     "torture pools and gates, and assert what they promise"},
	{"replay", stress_replay_command, "FILE [--run]",
     "check a history that run has kept again, or run it again"},
	{"kill", kill_command, "[options]", "kill processes that write, and look for what they wrote"},
	{"faults", fault_command, "[options]", "fail each call to a file once, and audit what is left"},
	{"powercut", power_command, "[options]", "cut the power over what is not synced, and audit"},
	{"outage", outage_command, "[options]", "take the database from many callers for a while"},
	{"memory", memory_command, "[options]", "refuse each allocation once, and look what breaks"},
};

#define COMMANDS_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *to)
{
	(void)fputs("usage: weir-stress COMMAND [arguments]\n\n", to);
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		(void)fprintf(to, "  %-10s%s\n", commands[i].name, commands[i].doc);
	(void)fputs("\n", to);
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		(void)fprintf(to, "  weir-stress %s%s%s\n", commands[i].name,
		              commands[i].arguments[0] != '\0' ? " " : "", commands[i].arguments);
	(void)fputs("\nThose with options explain them with --help.\n\n"
	            "Exit code: 0 every promise was kept, 1 one was broken, 2 wrong use, 3 cannot\n"
	            "tell, 8 interrupted.\n",
	            to);
}

static const struct stress_command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct stress_command *const command = argc >= 2 ? find(argv[1]) : NULL;

	if (command != NULL) {
		argv[1] = argv[0];
		return command->function(argc - 1, argv + 1);
	}
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_help(stdout);
		return EXIT_PASSED;
	}
	if (argc >= 2)
		(void)fprintf(stderr, "weir-stress: there is no command \"%s\"\n", argv[1]);
	print_help(stderr);
	return EXIT_USAGE;
}
