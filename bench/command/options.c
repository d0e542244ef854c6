/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command line of `weir-bench run`. See options.h.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selecting.h"

#define CONNS_MAX 65536
#define FULL_REPS 5
#define QUICK_REPS 3
#define PEERS_REPS 3
#define DEFAULT_SEED 20240229
#define BENCH_BUILD_DIR "build/bench"

const char bench_options_help[] =
	"usage: weir-bench run [SCENARIO|FILE.ini...] [options]\n"
	"\n"
	"Runs weir and the baselines through the scenarios, interleaved, and prints a table\n"
	"for each. Without a scenario it runs all of them; that full run takes close to 25\n"
	"minutes and is the only one that writes under results/ by itself. What ends in .ini\n"
	"or has a slash is a file with a scenario of yours; - is standard input.\n"
	"\n"
	"  --quick          two and a half minutes at most; writes under build/bench/\n"
	"  --threads N      callers (1 to 1024), in place of all the sizes of a scenario\n"
	"  --conns N        connections (1 to 65536)\n"
	"  --hold SPEC      what a caller does with its lease: none, work:2us, sleep:200us,\n"
	"                   mix:95%work:1us,5%sleep:1ms\n"
	"  --seconds S      length of each pass (0.01 to 600)\n"
	"  --reps N         repetitions (1 to 100)\n"
	"  --peers          other projects' pools beside weir, eight minutes; writes a section\n"
	"                   of results/benchmark_results.md\n"
	"  --peers-dir DIR  where they are (peers/ beside this program)\n"
	"  --pool-so FILE   a pool of yours, in a shared object; may be repeated\n"
	"  --pools A,B      only these pools; `weir-bench list` names them\n"
	"  --seed N         seed of the random draws\n"
	"  --json FILE      write the figures to FILE; -: to standard output, and the tables\n"
	"                   to standard error\n"
	"  --report FILE    write a markdown report to FILE\n"
	"  --html FILE      write a report as one HTML page to FILE\n"
	"  --plots DIR      write pictures into DIR, as SVG; needs gnuplot\n"
	"  --dir DIR        where database files are made (build/bench)\n"
	"  --help           this text\n"
	"\n"
	"--threads, --conns or --hold without a scenario run the scenario `custom`.\n";

struct flags {
	struct bench_options *options;
	struct bench_asked asked;
	unsigned long reps;
	bool changed; /* anything but what the full run does */
};

static bool complain(const char *flag, const char *value, const char *allowed)
{
	(void)fprintf(stderr, "weir-bench: --%s \"%s\": %s\n", flag, value, allowed);
	return false;
}

static bool read_count(const char *flag, const char *value, unsigned long max, unsigned long *out)
{
	char allowed[64];
	char *end;
	unsigned long read;

	errno = 0;
	read = strtoul(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && read >= 1 &&
	    read <= max) {
		*out = read;
		return true;
	}
	(void)snprintf(allowed, sizeof(allowed), "must be a whole number from 1 to %lu", max);
	return complain(flag, value, allowed);
}

static bool set_threads(struct flags *flags, const char *value)
{
	return read_count("threads", value, BENCH_THREADS_MAX, &flags->asked.threads);
}

static bool set_conns(struct flags *flags, const char *value)
{
	return read_count("conns", value, CONNS_MAX, &flags->asked.conns);
}

static bool set_reps(struct flags *flags, const char *value)
{
	return read_count("reps", value, BENCH_REPS_MAX, &flags->reps);
}

static bool set_hold(struct flags *flags, const char *value)
{
	char problem[200];

	flags->asked.hold_given = true;
	return bench_hold_parse(&flags->asked.hold, value, problem, sizeof(problem)) ||
	       complain("hold", value, problem);
}

static bool set_seconds(struct flags *flags, const char *value)
{
	char *end;

	errno = 0;
	flags->asked.seconds = strtod(value, &end);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 &&
	    flags->asked.seconds >= 0.01 && flags->asked.seconds <= BENCH_SECONDS_MAX)
		return true;
	return complain("seconds", value, "must be a number from 0.01 to 600");
}

static bool set_seed(struct flags *flags, const char *value)
{
	char *end;

	errno = 0;
	flags->asked.seed_given = true;
	flags->options->run.seed = strtoull(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 &&
	    flags->options->run.seed <= INT64_MAX)
		return true;
	return complain("seed", value, "must be a whole number below 2^63");
}

/* The names point into value, which is cut at its commas. */
static bool set_pools(struct flags *flags, char *value)
{
	struct bench_run *run = &flags->options->run;
	char *rest = value;

	run->pools_count = 0;
	for (;;) {
		char *name = strsep(&rest, ",");

		if (name == NULL)
			return true;
		if (run->pools_count == BENCH_POOLS_MAX)
			return complain("pools", name, "too many names");
		run->pools[run->pools_count++] = name;
	}
}

static bool set_path(const char *flag, const char *value, const char **path)
{
	*path = value;
	return value[0] != '\0' || complain(flag, value, "must name a path");
}

enum flag {
	FLAG_THREADS = 1,
	FLAG_CONNS,
	FLAG_HOLD,
	FLAG_SECONDS,
	FLAG_REPS,
	FLAG_POOL_SO,
	FLAG_POOLS,
	FLAG_PEERS,
	FLAG_SEED,
	FLAG_QUICK,
	FLAG_JSON,
	FLAG_REPORT,
	FLAG_HTML,
	FLAG_PLOTS,
	FLAG_DIR,
	FLAG_PEERS_DIR,
	FLAG_HELP,
};

static const struct option known_flags[] = {
	{"threads", required_argument, NULL, FLAG_THREADS},
	{"conns", required_argument, NULL, FLAG_CONNS},
	{"hold", required_argument, NULL, FLAG_HOLD},
	{"seconds", required_argument, NULL, FLAG_SECONDS},
	{"reps", required_argument, NULL, FLAG_REPS},
	{"pool-so", required_argument, NULL, FLAG_POOL_SO},
	{"pools", required_argument, NULL, FLAG_POOLS},
	{"peers", no_argument, NULL, FLAG_PEERS},
	{"seed", required_argument, NULL, FLAG_SEED},
	{"quick", no_argument, NULL, FLAG_QUICK},
	{"json", required_argument, NULL, FLAG_JSON},
	{"report", required_argument, NULL, FLAG_REPORT},
	{"html", required_argument, NULL, FLAG_HTML},
	{"plots", required_argument, NULL, FLAG_PLOTS},
	{"dir", required_argument, NULL, FLAG_DIR},
	{"peers-dir", required_argument, NULL, FLAG_PEERS_DIR},
	{"help", no_argument, NULL, FLAG_HELP},
	{NULL, 0, NULL, 0},
};

static const char *base_name(const char *path)
{
	const char *const slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Add a word to the command that does the same again. */
static void remember(struct flags *flags, const char *before, const char *word)
{
	char *command = flags->options->command;
	const size_t used = strlen(command);

	(void)snprintf(command + used, BENCH_COMMAND_MAX - used, " %s%s", before, word);
}

static bool set_flag(struct flags *flags, int flag, char *value)
{
	struct bench_options *options = flags->options;

	/* What only says where files go leaves a full run a full run. */
	if (flag < FLAG_JSON) {
		flags->changed = flags->changed || flag != FLAG_PEERS;
		remember(flags, "--", known_flags[flag - 1].name);
		/* A report can be published as it is: no folders. */
		if (value != NULL)
			remember(flags, "", flag == FLAG_POOL_SO ? base_name(value) : value);
	}
	switch (flag) {
	case FLAG_THREADS:
		return set_threads(flags, value);
	case FLAG_CONNS:
		return set_conns(flags, value);
	case FLAG_HOLD:
		return set_hold(flags, value);
	case FLAG_SECONDS:
		return set_seconds(flags, value);
	case FLAG_REPS:
		return set_reps(flags, value);
	case FLAG_POOL_SO:
		return bench_pool_options_add(&options->pools, value);
	case FLAG_POOLS:
		return set_pools(flags, value);
	case FLAG_SEED:
		return set_seed(flags, value);
	case FLAG_QUICK:
		options->quick = true;
		return true;
	case FLAG_JSON:
		return set_path("json", value, &options->paths.json);
	case FLAG_REPORT:
		return set_path("report", value, &options->paths.report);
	case FLAG_HTML:
		return set_path("html", value, &options->paths.html);
	case FLAG_PLOTS:
		return set_path("plots", value, &options->paths.plots);
	case FLAG_DIR:
		return set_path("dir", value, &options->run.dir);
	case FLAG_PEERS:
		options->pools.peers = true;
		return true;
	case FLAG_PEERS_DIR:
		options->pools.peers = true;
		return set_path("peers-dir", value, &options->pools.peers_dir);
	case FLAG_HELP:
		options->help = true;
		return true;
	default:
		return false;
	}
}

/* Each pool takes part in some kinds of scenario only: one without any would be
 * an empty table. */
static bool check_pools(const struct bench_run *run)
{
	char why[BENCH_LEFT_OUT_MAX];
	bool somebody = false;

	for (unsigned i = 0; i < run->pools_count; i++)
		if (!bench_pool_exists(run->pools[i]))
			return complain("pools", run->pools[i], "no pool has that name; see weir-bench list");
	for (unsigned i = 0; i < run->selections_count; i++)
		somebody = bench_run_pools(run, &run->selections[i]) > 0 || somebody;
	if (somebody)
		return true;
	bench_run_left_out(run, &run->selections[0], why, sizeof(why));
	(void)fprintf(stderr,
	              "weir-bench: %s: none of them takes part in these scenarios%s%s; see "
	              "weir-bench list\n",
	              run->pools_count > 0 ? "--pools" : "pools", why[0] != '\0' ? ": " : "", why);
	return false;
}

bool bench_options_read(struct bench_options *options, int argc, char **argv)
{
	struct flags flags = {.options = options, .asked = {.run = &options->run}};
	int flag;

	*options = (struct bench_options){
		.run = {.seed = DEFAULT_SEED, .dir = BENCH_BUILD_DIR},
		.command = "./dev bench",
	};
	optind = 1;
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":", known_flags, NULL)) != -1) {
		if (flag == '?' || flag == ':') {
			(void)fprintf(stderr, "weir-bench: %s %s; see weir-bench run --help\n",
			              argv[optind - 1],
			              flag == ':' ? "needs a value" : "is not an option, or takes no value");
			return false;
		}
		if (!set_flag(&flags, flag, optarg))
			return false;
	}
	if (options->help)
		return true;
	options->run.reps = (unsigned)flags.reps;
	if (flags.reps == 0)
		options->run.reps = options->quick         ? QUICK_REPS
		                    : options->pools.peers ? PEERS_REPS
		                                           : FULL_REPS;
	options->full = !flags.changed && optind == argc;
	options->short_ = options->quick || flags.asked.seconds > 0.0 || options->run.reps < FULL_REPS;
	flags.asked.quick = options->quick;
	flags.asked.peers = options->pools.peers;
	for (int i = optind; i < argc; i++)
		remember(&flags, "", base_name(argv[i]));
	if (!bench_select(&flags.asked, argv + optind, argc - optind) ||
	    !bench_pool_options_apply(&options->pools) || !check_pools(&options->run))
		return false;
	options->as_made = !flags.asked.reshaped && flags.asked.conns == 0 && !flags.asked.hold_given;
	return true;
}
