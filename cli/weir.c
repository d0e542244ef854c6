/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir`: one table of subcommands, one file for each.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weir/config.h>

#include "command.h"

struct command {
	const char *name;
	enum exit_code (*run)(int argc, char **argv);
	const char *summary;
};

static const struct command commands[] = {
	{"config", cmd_config, "show, check and explain what URL, environment and files add up to"},
	{"doctor", cmd_doctor, "say what state an SQLite database is in, without touching it"},
	{"errors", cmd_errors, "list the error codes"},
	{"log", cmd_log, "list the events of the log"},
	{"metrics", cmd_metrics, "list the figures of pools and databases"},
	{"migrate", cmd_migrate, "take the schema of a database from version to version"},
	{"version", cmd_version, "show the version"},
};

#define COMMANDS_COUNT (sizeof(commands) / sizeof(commands[0]))
#define TITLE_MAX 32

static void print_help(FILE *out)
{
	(void)fprintf(out, "Usage: weir COMMAND [OPTION...]\n\nCommands:\n");
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		(void)fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].summary);
	(void)fprintf(out, "  %-9s %s\n\n", "help", "show this, or the help of a command");
	(void)fprintf(out, "Exit codes: 0 done, 1 failed, 2 wrong use or bad input, 3 cannot tell;\n"
	                   "migrate has more.\n");
}

static enum exit_code unknown_command(const char *name)
{
	const char *names[COMMANDS_COUNT + 1];
	const char *near;

	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		names[i] = commands[i].name;
	names[COMMANDS_COUNT] = "help";
	near = weir_nearest(name, names, COMMANDS_COUNT + 1);
	(void)fprintf(stderr, "weir: there is no %s '%s'", *name == '-' ? "option" : "command", name);
	if (near != NULL)
		(void)fprintf(stderr, "; did you mean '%s'?", near);
	(void)fputc('\n', stderr);
	return usage_error("weir");
}

static enum exit_code run_command(const char *name, int argc, char **argv)
{
	char title[TITLE_MAX];

	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		(void)snprintf(title, sizeof(title), "weir %s", name);
		argv[0] = title;
		return commands[i].run(argc, argv);
	}
	return unknown_command(name);
}

static enum exit_code run_help(int argc, char **argv)
{
	char dashes[] = "--help";
	char *help[] = {NULL, dashes, NULL};

	if (argc < 2) {
		print_help(stdout);
		return EXIT_DONE;
	}
	return run_command(argv[1], 2, help);
}

static enum exit_code dispatch(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}

	const char *name = argv[1];

	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return run_help(argc - 1, argv + 1);
	return run_command(strcmp(name, "--version") == 0 ? "version" : name, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	const enum exit_code code = dispatch(argc, argv);

	/* A full disk must not pass for success: what was printed may be a file. */
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == EXIT_DONE) {
		(void)fprintf(stderr, "weir: cannot write to standard output: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return (int)code;
}
