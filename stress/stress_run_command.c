/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress list` and `weir-stress run` as commands: options, scenarios by
 * name, verdict.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stress_command.h"
#include "stress_run.h"
#include "stress_world.h"

#define DEFAULT_SECONDS 1.5
#define SECONDS_MAX 86400.0
#define NAMES_MAX 64

static const char help[] =
	"usage: weir-stress run [SCENARIO...] [options]\n"
	"\n"
	"Tortures a pool over a pretended server and asserts that no connection ever has two\n"
	"users, none is lost, every waiter is served or times out, and all figures add up.\n"
	"Without a scenario it runs all of them, which takes about a minute.\n"
	"\n"
	"  --seconds S   length of each scenario (0.01 to 86400; default 1.5)\n"
	"  --seed N      seed of the random draws (default: another one each time)\n"
	"  --threads N   callers (1 to 256; default: as the scenario says; a duel has 3)\n"
	"  --record DIR  write the history of each scenario into that folder, for replay\n"
	"  --help        this text\n"
	"\n"
	"One line for each scenario; the last line counts those that passed and failed. Exit\n"
	"code: 0 all passed, 1 one failed, 2 wrong use, 8 interrupted. The history of a\n"
	"failure is always kept (in $TMPDIR or /tmp without --record). A run with its seed draws\n"
	"the same again, as far as the scheduler of the machine repeats itself.\n";

static bool read_seconds(const char *value, struct stress_run *run)
{
	char *end;

	errno = 0;
	run->seconds = strtod(value, &end);
	return value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 &&
	               run->seconds >= 0.01 && run->seconds <= SECONDS_MAX
	           ? true
	           : stress_option_complain("seconds", value, "a number from 0.01 to 86400");
}

static bool make_folder(const char *path, struct stress_run *run)
{
	run->record = path;
	if ((mkdir(path, 0777) == 0 || errno == EEXIST) && access(path, W_OK | X_OK) == 0)
		return true;
	(void)fprintf(stderr, "weir-stress: --record \"%s\": %s\n", path, strerror(errno));
	return false;
}

/* False on wrong use. argv[optind…] are the scenarios afterwards. */
static bool read_options(int argc, char **argv, struct stress_run *run, bool *help_wanted)
{
	static const struct option flags[] = {
		{"seconds", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'r'},
		{"threads", required_argument, NULL, 't'}, {"record", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1) {
		if (flag == 's')
			right = read_seconds(optarg, run);
		else if (flag == 'r')
			right = stress_option_number("seed", optarg, 0, UINT64_MAX, &run->seed);
		else if (flag == 't')
			right = stress_option_count("threads", optarg, STRESS_THREADS_MAX, &run->threads);
		else if (flag == 'd')
			right = make_folder(optarg, run);
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
	const char *names[NAMES_MAX];
	char hint[64];
	size_t count;

	if (found != NULL)
		return found;
	all = stress_scenarios(&count);
	for (size_t i = 0; i < count && i < NAMES_MAX; i++)
		names[i] = all[i].name;
	stress_option_hint(name, names, (uint32_t)count, hint, sizeof hint);
	(void)fprintf(stderr, "weir-stress: there is no scenario \"%s\"%s; see weir-stress list\n",
	              name, hint);
	return NULL;
}

int stress_list_command(int argc, char **argv)
{
	size_t count;
	const struct stress_scenario *all = stress_scenarios(&count);

	if (argc > 1) {
		(void)fprintf(stderr, "weir-stress: list takes no \"%s\"\n", argv[1]);
		return EXIT_USAGE;
	}
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

int stress_run_command(int argc, char **argv)
{
	struct stress_run run = {.seconds = DEFAULT_SECONDS, .seed = stress_option_any_seed()};
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
