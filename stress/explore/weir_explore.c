/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-explore: the real sources of core along every interleaving within bounds.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explore_cases.h"
#include "explore_work.h"

enum exit_code {
	EXIT_PASSED = 0,
	EXIT_BROKEN = 1,
	EXIT_USAGE = 2,
	EXIT_UNKNOWN = 3,
	EXIT_INTERRUPTED = 8,
};

#define JOBS_MAX 64
#define SECONDS_MAX 1000000
#define FILTERS_MAX 64

static const char help[] =
	"usage: weir-explore list [TEXT...]\n"
	"       weir-explore run [TEXT...] [options]\n"
	"       weir-explore replay CASE SCHEDULE [--quiet]\n"
	"\n"
	"Runs the pool, the gate, the turnstile and the lock along every interleaving of two to\n"
	"four threads within bounds, with a store buffer for each thread, and asserts their\n"
	"promises before each step. TEXT selects the cases whose names contain it. Among them\n"
	"are wrong programs, which must be refuted.\n"
	"\n"
	"  --plan NAME      quick (default; races in weir-explore-races), ci, races or long; or a\n"
	"                   pass of your own, by the next five:\n"
	"  --threads N      the cases of 2, 3 or 4 threads (default: 2)\n"
	"  --mode MODE      enumerate (default), random or pct\n"
	"  --preemptions N  how often a thread may be interrupted (enumerate; default 2)\n"
	"  --events N       how many things may go wrong in a run (default 1): an early timeout,\n"
	"                   a wake-up for nothing, a failed allocation or open, a killed process\n"
	"  --runs N         of each case, at most (default: all there are; 20000 if drawn)\n"
	"  --seconds S      stop beginning runs after so long; what is left is unfinished\n"
	"  --seed N         of what is drawn (default: another one each time)\n"
	"  --jobs N         processes (default: one for each processor)\n"
	"  --first          stop at the first failure\n"
	"  --verbose        a line for each case, and how wrong programs were refuted\n"
	"  --help           this text\n"
	"\n"
	"A failure prints the schedule that replays it, step by step (with --quiet, only what\n"
	"comes of it). weir-explore-races looks for races on plain memory, too.\n"
	"Exit code: 0 all passed, 1 one failed, 2 wrong use or no schedule of that case,\n"
	"3 not all finished in --seconds, 8 interrupted.\n";

struct options {
	struct xp_work work;
	const char *plan;
	bool planned; /* the plan is the caller's choice */
	bool own;     /* a pass of the caller's */
	uint64_t seconds;
	bool quiet;
	bool help;
};

static bool complain(const char *flag, const char *value, const char *allowed)
{
	(void)fprintf(stderr, "weir-explore: --%s \"%s\": must be %s\n", flag, value, allowed);
	return false;
}

static bool read_number(const char *value, uint64_t least, uint64_t most, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(value, &end, 10);
	return value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && *number >= least &&
	       *number <= most;
}

/* The flags that are whole numbers. */
struct number_flag {
	const char *name;
	uint64_t least;
	uint64_t most;
	const char *allowed;
	bool own;
};

static const struct number_flag number_flags[] = {
	{"threads", 2, 4, "2, 3 or 4", true},
	{"preemptions", 0, 20, "a whole number from 0 to 20", true},
	{"events", 0, 20, "a whole number from 0 to 20", true},
	{"runs", 1, UINT64_MAX, "a whole number from 1 on", true},
	{"seconds", 1, SECONDS_MAX, "a whole number from 1 to 1000000", false},
	{"seed", 0, UINT64_MAX, "a whole number that fits 64 bits", false},
	{"jobs", 1, JOBS_MAX, "a whole number from 1 to 64", false},
};

static void set_number(struct options *options, const char *name, uint64_t number)
{
	struct xp_work *work = &options->work;

	if (strcmp(name, "threads") == 0)
		work->pass.threads = (uint32_t)number;
	else if (strcmp(name, "preemptions") == 0)
		work->pass.preemptions = (uint32_t)number;
	else if (strcmp(name, "events") == 0)
		work->pass.events = (uint32_t)number;
	else if (strcmp(name, "runs") == 0)
		work->pass.runs = number;
	else if (strcmp(name, "seconds") == 0)
		options->seconds = number;
	else if (strcmp(name, "seed") == 0)
		work->seed = number;
	else
		work->jobs = (uint32_t)number;
}

static bool take_number(struct options *options, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof number_flags / sizeof number_flags[0]; i++) {
		const struct number_flag *flag = &number_flags[i];
		uint64_t number;

		if (strcmp(flag->name, name) != 0)
			continue;
		if (!read_number(value, flag->least, flag->most, &number))
			return complain(name, value, flag->allowed);
		set_number(options, name, number);
		options->own = options->own || flag->own;
		return true;
	}
	return false;
}

static bool take_mode(struct options *options, const char *value)
{
	static const char *const modes[] = {"enumerate", "random", "pct"};

	for (int mode = 0; mode < 3; mode++) {
		if (strcmp(value, modes[mode]) == 0) {
			options->work.pass.mode = (enum xp_mode)mode;
			options->own = true;
			return true;
		}
	}
	return complain("mode", value, "enumerate, random or pct");
}

static bool take_plan(struct options *options, const char *value)
{
	uint32_t count;
	const struct xp_pass *passes = xp_passes(&count);

	options->plan = value;
	options->planned = true;
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(passes[i].plan, value) == 0)
			return true;
	}
	return complain("plan", value, "quick, ci, races or long");
}

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option flags[] = {
		{"plan", required_argument, NULL, 'p'},    {"mode", required_argument, NULL, 'm'},
		{"threads", required_argument, NULL, 'n'}, {"preemptions", required_argument, NULL, 'n'},
		{"events", required_argument, NULL, 'n'},  {"runs", required_argument, NULL, 'n'},
		{"seconds", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 'n'},
		{"jobs", required_argument, NULL, 'n'},    {"verbose", no_argument, NULL, 'v'},
		{"first", no_argument, NULL, 'f'},         {"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
	};
	bool right = true;
	int which = 0;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, &which)) != -1) {
		if (flag == 'n')
			right = take_number(options, flags[which].name, optarg);
		else if (flag == 'm')
			right = take_mode(options, optarg);
		else if (flag == 'p')
			right = take_plan(options, optarg);
		else if (flag == 'v')
			options->work.verbose = true;
		else if (flag == 'f')
			options->work.first = true;
		else if (flag == 'q')
			options->quiet = true;
		else if (flag == 'h')
			options->help = true;
		else
			right = false; /* getopt has said why */
	}
	return right;
}

static void on_interrupt(int number)
{
	(void)number;
	xp_stop();
}

static int verdict(const struct xp_totals *enumerated, const struct xp_totals *drawn)
{
	const uint64_t cases = enumerated->cases + drawn->cases;
	const uint64_t failed = enumerated->failed + drawn->failed;
	const uint64_t unfinished = enumerated->unfinished + drawn->unfinished;
	const uint64_t refuted = enumerated->refuted + drawn->refuted;

	(void)printf("explored: %" PRIu64 " distinct interleavings enumerated, %" PRIu64 " of %" PRIu64
	             " cases complete; %" PRIu64 " runs drawn; %" PRIu64 " steps%s\n",
	             enumerated->runs, enumerated->complete, enumerated->cases, drawn->runs,
	             enumerated->steps + drawn->steps,
	             xp_races_looked_for() ? "; races looked for" : "");
	if (refuted > 0)
		(void)printf("refuted: %" PRIu64 " wrong programs, as they must be\n", refuted);
	if (unfinished > 0)
		(void)printf("unfinished: %" PRIu64 " cases\n", unfinished);
	(void)printf("%" PRIu64 " passed, %" PRIu64 " failed\n", cases - failed - unfinished, failed);
	if (failed > 0)
		return EXIT_BROKEN;
	if (xp_stopped())
		return EXIT_INTERRUPTED;
	return unfinished > 0 ? EXIT_UNKNOWN : EXIT_PASSED;
}

static int run_passes(struct options *options)
{
	const struct xp_pass own = options->work.pass;
	struct xp_totals enumerated = {0};
	struct xp_totals drawn = {0};
	uint32_t passes_count;
	const struct xp_pass *passes = xp_passes(&passes_count);

	for (uint32_t i = 0; i < passes_count && !xp_stopped(); i++) {
		struct xp_totals totals = {0};

		if (strcmp(passes[i].plan, options->plan) != 0)
			continue;
		options->work.pass = options->own ? own : passes[i];
		xp_work_run(&options->work, &totals);
		xp_totals_add(options->work.pass.mode == XP_ENUMERATE ? &enumerated : &drawn, &totals);
		if (options->own)
			break;
	}
	if (enumerated.cases + drawn.cases == 0) {
		(void)fprintf(stderr, "weir-explore: no case of that many threads has that name; see "
		                      "weir-explore list\n");
		return EXIT_USAGE;
	}
	return verdict(&enumerated, &drawn);
}

static int command_run(int argc, char **argv)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct options options = {
		.plan = xp_races_looked_for() ? "races" : "quick",
		.work = {.pass = {.threads = 2, .mode = XP_ENUMERATE, .preemptions = 2, .events = 1},
	             .jobs = processors > 0 && processors <= JOBS_MAX ? (uint32_t)processors : 1,
	             .seed = (uint64_t)xp_monotonic_ns() % 1000000007,
	             .until_ns = INT64_MAX},
	};
	const struct sigaction interrupt = {.sa_handler = on_interrupt};

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	if (options.planned && options.own) {
		(void)fputs("weir-explore: --plan: its passes have modes and bounds of their own\n",
		            stderr);
		return EXIT_USAGE;
	}
	if (options.work.pass.mode != XP_ENUMERATE && options.work.pass.runs == 0)
		options.work.pass.runs = 20000;
	if (options.seconds > 0)
		options.work.until_ns = xp_monotonic_ns() + (int64_t)options.seconds * 1000000000;
	if (!xp_share_stop()) {
		(void)fputs("weir-explore: no memory\n", stderr);
		return EXIT_UNKNOWN;
	}
	options.work.filters = (const char *const *)(argv + optind);
	options.work.filters_count = (uint32_t)(argc - optind);
	(void)sigaction(SIGINT, &interrupt, NULL);
	(void)sigaction(SIGTERM, &interrupt, NULL);
	xp_catch_crashes();
	(void)fprintf(stderr, "weir-explore: seed %" PRIu64 "\n", options.work.seed);
	return run_passes(&options);
}

static int command_list(int argc, char **argv)
{
	uint32_t count_all;
	const struct xp_case *cases = xp_cases(&count_all);
	struct options options = {.plan = "quick"};
	uint32_t listed = 0;

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	for (uint32_t i = 0; i < count_all; i++) {
		bool wanted = argc == optind;

		for (int a = optind; a < argc; a++)
			wanted = wanted || strstr(cases[i].name, argv[a]) != NULL;
		if (wanted)
			(void)printf("%u  %s\n", cases[i].threads, cases[i].name);
		listed += wanted;
	}
	if (listed == 0)
		(void)fputs("weir-explore: no case has that name\n", stderr);
	return listed == 0 ? EXIT_USAGE : EXIT_PASSED;
}

static const struct xp_case *find_case(const char *name)
{
	uint32_t count_all;
	const struct xp_case *cases = xp_cases(&count_all);

	for (uint32_t i = 0; i < count_all; i++) {
		if (strcmp(cases[i].name, name) == 0)
			return &cases[i];
	}
	(void)fprintf(stderr, "weir-explore: there is no case \"%s\"; see weir-explore list\n", name);
	return NULL;
}

static int command_replay(int argc, char **argv)
{
	static struct xp_result result;
	struct options options = {.plan = "quick"};
	const struct xp_case *one;

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help || argc - optind != 2) {
		(void)fputs(help, options.help ? stdout : stderr);
		return options.help ? EXIT_PASSED : EXIT_USAGE;
	}
	one = find_case(argv[optind]);
	if (one == NULL)
		return EXIT_USAGE;
	const struct xp_limits limits = {
		.mode = XP_REPLAY,
		.until_ns = INT64_MAX,
		.trace = !options.quiet,
		.races = xp_races_looked_for(),
		.schedule = argv[optind + 1],
	};

	xp_catch_crashes();
	xp_run_case(one, &limits, &result);
	if (result.bad_schedule) {
		(void)fprintf(stderr, "weir-explore: \"%s\" is no schedule of %s\n", limits.schedule,
		              one->name);
		return EXIT_USAGE;
	}
	(void)printf("%s: %s\n", one->name, result.failed ? result.why : "every promise was kept");
	return result.failed ? EXIT_BROKEN : EXIT_PASSED;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"run", command_run}, {"list", command_list}, {"replay", command_replay}};

	for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			argv[1] = argv[0]; /* what getopt's messages begin with */
			return commands[i].run(argc - 1, argv + 1);
		}
	}
	(void)fputs(help, argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
	return argc == 2 && strcmp(argv[1], "--help") == 0 ? EXIT_PASSED : EXIT_USAGE;
}
