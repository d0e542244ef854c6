/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a subcommand of `weir` is, and what all of them share.
 */
#ifndef WEIR_CLI_COMMAND_H
#define WEIR_CLI_COMMAND_H

#include <jansson.h>
#include <stdio.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* the system refused something */
	EXIT_USAGE = 2,  /* wrong use, or bad input */
	EXIT_UNSURE = 3, /* it cannot be told */
};

/*
 * Run with argv[0] = "weir <name>" and the arguments after it. The return value
 * is the exit code.
 */
enum exit_code cmd_config(int argc, char **argv);
enum exit_code cmd_doctor(int argc, char **argv);
enum exit_code cmd_errors(int argc, char **argv);
enum exit_code cmd_log(int argc, char **argv);
enum exit_code cmd_metrics(int argc, char **argv);
enum exit_code cmd_migrate(int argc, char **argv);
enum exit_code cmd_version(int argc, char **argv);

/* Say on stderr how to get help, after a message that said what is wrong. */
enum exit_code usage_error(const char *command);

/* A subcommand that lists a table of weir's: as text, with --json, or with --reference
 * as the page of docs/reference. */
struct listing {
	const char *help;
	enum exit_code (*table)(void);
	enum exit_code (*json)(void);
	enum exit_code (*reference)(void);
};
enum exit_code run_listing(int argc, char **argv, const struct listing *listing);

/* A JSON string of text; bytes that are not UTF-8 are written as %XX. NULL
 * without memory. */
json_t *json_text(const char *text);

/* Print root on stdout and give it up; NULL means that there was no memory. */
enum exit_code print_json(json_t *root);

#endif
