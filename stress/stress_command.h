/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the subcommands of weir-stress have in common. Each is one line of the
 * table in weir_stress.c and one file stress_<name>_command.c.
 */
#ifndef STRESS_COMMAND_H
#define STRESS_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

enum exit_code {
	EXIT_PASSED = 0,
	EXIT_BROKEN = 1,
	EXIT_USAGE = 2,
	EXIT_CANNOT_TELL = 3,
	EXIT_INTERRUPTED = 8,
};

struct stress_command {
	const char *name;
	/* argv[0] is what getopt's messages begin with; returns the exit code. */
	int (*function)(int argc, char **argv);
	const char *arguments; /* for the usage line */
	const char *doc;       /* one line */
};

int stress_list_command(int argc, char **argv);
int stress_run_command(int argc, char **argv);
int stress_replay_command(int argc, char **argv);

/* Say why an option is refused; always false. */
bool stress_option_complain(const char *flag, const char *value, const char *allowed);

/* Read an option's value; false with a complaint when it is not one. */
bool stress_option_number(const char *flag, const char *value, uint64_t min, uint64_t max,
                          uint64_t *number);
bool stress_option_count(const char *flag, const char *value, uint32_t max, uint32_t *count);

/* The text at the end of a complaint about a name that does not exist: " did you
 * mean …?", or nothing. */
void stress_option_hint(const char *name, const char *const *names, uint32_t count, char *hint,
                        uint32_t hint_size);

/* A seed for a run that was given none. */
uint64_t stress_option_any_seed(void);

#endif
