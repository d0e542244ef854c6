/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-stress: torture of the pool, and processes killed while they write, whose
 * verdict rests on invariants and never on speed.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "stress_flags.h"
#include "stress_kill.h"
#include "stress_run.h"
#include "stress_world.h"

enum exit_code { EXIT_PASSED = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 8 };

#define DEFAULT_SECONDS 1.5
#define SECONDS_MAX 86400.0

static const char help[] =
	"usage: weir-stress list\n"
	"       weir-stress run [SCENARIO...] [options]\n"
	"       weir-stress kill [options]    (weir-stress kill --help says which)\n"
	"       weir-stress faults|powercut|memory [options]    (and so do these)\n"
	"\n"
	"Tortures a pool over a pretended server and asserts that no connection ever has two\n"
	"users, none is lost, every waiter is served or times out, and all figures add up.\n"
	"Without a scenario it runs all of them, which takes about half a minute.\n"
	"\n"
	"  --seconds S   length of each scenario (0.01 to 86400; default 1.5)\n"
	"  --seed N      seed of the random draws (default: another one each time)\n"
	"  --threads N   callers (1 to 256; default: as the scenario says; a duel has 3)\n"
	"  --help        this text\n"
	"\n"
	"One line for each scenario; the last line counts those that passed and failed. Exit\n"
	"code: 0 all passed, 1 one failed, 2 wrong use, 8 interrupted. A failure is replayed\n"
	"with its seed, as far as the scheduler of the machine repeats itself.\n";

static bool complain(const char *flag, const char *value, const char *allowed)
{
	(void)fprintf(stderr, "weir-stress: --%s \"%s\": must be %s\n", flag, value, allowed);
	return false;
}

static bool read_number(const char *value, uint64_t max, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(value, &end, 10);
	return value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && *number <= max;
}

static bool read_seconds(const char *value, struct stress_run *run)
{
	char *end;

	errno = 0;
	run->seconds = strtod(value, &end);
	return value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 &&
	               run->seconds >= 0.01 && run->seconds <= SECONDS_MAX
	           ? true
	           : complain("seconds", value, "a number from 0.01 to 86400");
}

static bool read_threads(const char *value, struct stress_run *run)
{
	uint64_t threads;

	if (!read_number(value, STRESS_THREADS_MAX, &threads) || threads == 0)
		return complain("threads", value, "a whole number from 1 to 256");
	run->threads = (uint32_t)threads;
	return true;
}

static bool read_seed(const char *value, struct stress_run *run)
{
	return read_number(value, UINT64_MAX, &run->seed) ||
	       complain("seed", value, "a whole number that fits 64 bits");
}

/* False on wrong use. argv[optind…] are the scenarios afterwards. */
static bool read_options(int argc, char **argv, struct stress_run *run, bool *help_wanted)
{
	static const struct option flags[] = {
		{"seconds", required_argument, NULL, 's'},
		{"seed", required_argument, NULL, 'r'},
		{"threads", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		if (flag == 's')
			right = read_seconds(optarg, run);
		else if (flag == 'r')
			right = read_seed(optarg, run);
		else if (flag == 't')
			right = read_threads(optarg, run);
		else if (flag == 'h')
			*help_wanted = true;
		else
			right = false; /* getopt has said why */
	}
	return right;
}

static const struct stress_scenario *find(const char *name)
{
	const struct stress_scenario *found = stress_scenario_find(name);
	const struct stress_scenario *all;
	const char *names[64];
	const char *near;
	size_t count;

	if (found != NULL)
		return found;
	all = stress_scenarios(&count);
	for (size_t i = 0; i < count; i++)
		names[i] = all[i].name;
	near = weir_nearest(name, names, count);
	(void)fprintf(stderr, "weir-stress: there is no scenario \"%s\"%s%s%s; see weir-stress list\n",
	              name, near != NULL ? ", did you mean \"" : "", near != NULL ? near : "",
	              near != NULL ? "\"?" : "");
	return NULL;
}

static int command_list(void)
{
	size_t count;
	const struct stress_scenario *all = stress_scenarios(&count);

	for (size_t i = 0; i < count; i++)
		(void)printf("%-16s %s\n", all[i].name, all[i].doc);
	return EXIT_PASSED;
}

static int run_scenarios(struct stress_run *run, char **names, size_t names_count)
{
	size_t count;
	const struct stress_scenario *all = stress_scenarios(&count);
	const size_t wanted = names_count != 0 ? names_count : count;

	(void)fprintf(stderr, "weir-stress: seed %" PRIu64 ", %zu scenarios of %g s\n", run->seed,
	              wanted, run->seconds);
	for (size_t i = 0; i < wanted && !stress_interrupted(); i++) {
		const struct stress_scenario *scenario = names_count != 0 ? find(names[i]) : &all[i];

		(void)stress_run_scenario(run, scenario);
	}
	(void)printf("%u passed, %u failed\n", run->passed, run->failed);
	if (run->failed > 0)
		return EXIT_BROKEN;
	return stress_interrupted() ? EXIT_INTERRUPTED : EXIT_PASSED;
}

static int command_run(int argc, char **argv)
{
	struct stress_run run = {
		.seconds = DEFAULT_SECONDS,
		.seed = (uint64_t)weir_now().ns % 1000000007,
	};
	bool help_wanted = false;

	if (!read_options(argc, argv, &run, &help_wanted))
		return EXIT_USAGE;
	if (help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	for (int i = optind; i < argc; i++) {
		if (find(argv[i]) == NULL)
			return EXIT_USAGE;
	}
	stress_interrupt_prepare();
	return run_scenarios(&run, argv + optind, (size_t)(argc - optind));
}

int main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "run") == 0) {
		argv[1] = argv[0]; /* what getopt's messages begin with */
		return command_run(argc - 1, argv + 1);
	}
	if (argc >= 2 && strcmp(argv[1], "kill") == 0) {
		argv[1] = argv[0];
		return kill_command(argc - 1, argv + 1);
	}
	if (argc >= 2 && flags_find_command(argv[1]) != NULL) {
		const flags_command command = flags_find_command(argv[1]);

		argv[1] = argv[0];
		return command(argc - 1, argv + 1);
	}
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return command_list();
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	(void)fputs(help, stderr);
	return EXIT_USAGE;
}
