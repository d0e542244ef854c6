/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The subcommands of weir-bench, and what they exit with.
 */
#ifndef BENCH_RUN_COMMAND_H
#define BENCH_RUN_COMMAND_H

enum bench_exit {
	BENCH_EXIT_DONE = 0,
	BENCH_EXIT_FAILED = 1,
	BENCH_EXIT_USAGE = 2,
	BENCH_EXIT_UNSURE = 3,
	BENCH_EXIT_CANCELLED = 8,
};

/* argv[0] is the name of the subcommand. */
int bench_command_check(int argc, char **argv);
int bench_command_check_pool(int argc, char **argv);
int bench_command_compare(int argc, char **argv);
int bench_command_gate(int argc, char **argv);
int bench_command_run(int argc, char **argv);
int bench_command_show(int argc, char **argv);
int bench_command_list(int argc, char **argv);
int bench_command_migrate(int argc, char **argv);
int bench_command_report(int argc, char **argv);
int bench_command_worker(int argc, char **argv); /* no user's */

#endif
