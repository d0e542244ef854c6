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

#include "scenario_command.h"

#define THREADS_MAX 1024
#define CONNS_MAX 65536
#define SECONDS_MAX 600.0
#define FULL_REPS 5
#define QUICK_REPS 3
#define QUICK_SECONDS 0.15
/* So that eleven pools take nine minutes. */
#define PEERS_REPS 3
#define PEERS_SECONDS 1.0
#define PEERS_PHASES_SECONDS 10.0
#define QUICK_PHASES_SECONDS 1.5
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
	unsigned long threads;
	unsigned long conns;
	unsigned long reps;
	double seconds;
	bool hold_given;
	bool seed_given;
	struct bench_hold hold;
	bool changed;  /* anything but what the full run does */
	bool reshaped; /* a size that no target speaks of */
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
	return read_count("threads", value, THREADS_MAX, &flags->threads);
}

static bool set_conns(struct flags *flags, const char *value)
{
	return read_count("conns", value, CONNS_MAX, &flags->conns);
}

static bool set_reps(struct flags *flags, const char *value)
{
	return read_count("reps", value, BENCH_REPS_MAX, &flags->reps);
}

static bool set_hold(struct flags *flags, const char *value)
{
	char problem[200];

	flags->hold_given = true;
	return bench_hold_parse(&flags->hold, value, problem, sizeof(problem)) ||
	       complain("hold", value, problem);
}

static bool set_seconds(struct flags *flags, const char *value)
{
	char *end;

	errno = 0;
	flags->seconds = strtod(value, &end);
	if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 &&
	    flags->seconds >= 0.01 && flags->seconds <= SECONDS_MAX)
		return true;
	return complain("seconds", value, "must be a number from 0.01 to 600");
}

static bool set_seed(struct flags *flags, const char *value)
{
	char *end;

	errno = 0;
	flags->seed_given = true;
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
		return set_path("peers-dir", value, &options->pools.peers_dir);
	case FLAG_HELP:
		options->help = true;
		return true;
	default:
		return false;
	}
}

/* Add a scenario at one size, with its own figures where no flag gives others.
 * One with several sizes names the size. */
static bool select_size(struct flags *flags, const struct bench_scenario *scenario,
                        unsigned threads)
{
	struct bench_run *run = &flags->options->run;
	struct bench_selection *selection = &run->selections[run->selections_count];
	const bool phases = scenario->kind == BENCH_KIND_PHASES;
	const double quick_seconds = phases ? QUICK_PHASES_SECONDS : QUICK_SECONDS;
	const double peers_seconds = phases ? PEERS_PHASES_SECONDS : PEERS_SECONDS;
	const double quick = flags->options->quick         ? quick_seconds
	                     : flags->options->pools.peers ? peers_seconds
	                                                   : SECONDS_MAX;
	const unsigned own = scenario->conns != 0 ? scenario->conns : threads;
	const unsigned conns = flags->conns != 0 ? (unsigned)flags->conns : own;

	if (run->selections_count == BENCH_SELECTED_MAX) {
		(void)fprintf(stderr, "weir-bench: at most %d scenarios and sizes in one run\n",
		              BENCH_SELECTED_MAX);
		return false;
	}
	*selection = (struct bench_selection){
		.scenario = scenario,
		.threads = threads,
		.conns = conns,
		.conns_min = scenario->conns_min < scenario->conns && scenario->conns_min < conns
	                     ? scenario->conns_min
	                     : conns,
		.hold = flags->hold_given ? flags->hold : scenario->roles[0].hold,
		.seconds = scenario->seconds < quick ? scenario->seconds : quick,
		.wait_seconds = scenario->wait_seconds < quick ? scenario->wait_seconds : quick,
		.seed = flags->seed_given ? 0 : scenario->seed,
	};
	if (scenario->sizes[0] != 0)
		(void)snprintf(selection->name, sizeof(selection->name), "%.*s-%u", BENCH_SCENARIO_WORD_MAX,
		               scenario->name, threads);
	else
		(void)snprintf(selection->name, sizeof(selection->name), "%s", scenario->name);
	if (flags->seconds > 0.0) {
		selection->seconds = flags->seconds;
		selection->wait_seconds = flags->seconds;
	}
	run->selections_count++;
	return true;
}

static bool has_size(const struct bench_scenario *scenario, unsigned long threads)
{
	for (size_t i = 0; i < BENCH_SIZES_MAX; i++)
		if (scenario->sizes[i] == threads)
			return true;
	return false;
}

/* Add a scenario at each of its sizes, or at the one that --threads names. */
static bool select_sizes(struct flags *flags, const struct bench_scenario *scenario)
{
	const unsigned *sizes = flags->options->quick ? scenario->quick_sizes : scenario->sizes;

	if (flags->threads != 0) {
		flags->reshaped = flags->reshaped || !has_size(scenario, flags->threads);
		return select_size(flags, scenario, (unsigned)flags->threads);
	}
	if (sizes[0] == 0)
		return select_size(flags, scenario, scenario->roles[0].threads);
	for (size_t i = 0; i < BENCH_SIZES_MAX && sizes[i] != 0; i++)
		if (!select_size(flags, scenario, sizes[i]))
			return false;
	return true;
}

static bool has_phases_or_leases(const struct bench_scenario *scenario)
{
	return scenario->kind == BENCH_KIND_LEASES || scenario->kind == BENCH_KIND_PHASES;
}

static bool select_scenario(struct flags *flags, const struct bench_scenario *scenario)
{
	const struct bench_run *run = &flags->options->run;

	for (unsigned i = 0; i < run->selections_count; i++) {
		if (run->selections[i].scenario == scenario)
			return true;
		if (strcmp(run->selections[i].scenario->name, scenario->name) == 0) {
			(void)fprintf(stderr, "weir-bench: two scenarios are named \"%s\"\n", scenario->name);
			return false;
		}
	}
	if (!has_phases_or_leases(scenario) && flags->hold_given)
		return complain("hold", flags->hold.text, "does not apply to this scenario");
	if (scenario->kind == BENCH_KIND_SPARSE && flags->threads != 0) {
		(void)fprintf(stderr, "weir-bench: --threads: %s always takes two\n", scenario->name);
		return false;
	}
	if (flags->threads + bench_scenario_other_threads(scenario) > THREADS_MAX) {
		(void)fprintf(stderr, "weir-bench: --threads: %s has other roles: at most %u\n",
		              scenario->name, THREADS_MAX - bench_scenario_other_threads(scenario));
		return false;
	}
	return select_sizes(flags, scenario);
}

/* A name, or a file. */
static bool select_named(struct flags *flags, const char *name)
{
	const struct bench_scenario *scenario;

	if (bench_is_scenario_file(name)) {
		scenario = bench_scenario_open(name);
		if (scenario == NULL)
			return false;
		flags->options->run.loaded[flags->options->run.loaded_count++] =
			(struct bench_scenario *)(uintptr_t)scenario;
		flags->reshaped = true;
	} else {
		scenario = bench_scenario_find(name);
	}
	if (scenario == NULL) {
		(void)fprintf(stderr, "weir-bench: no scenario \"%s\"; see weir-bench list\n", name);
		return false;
	}
	return select_scenario(flags, scenario);
}

static bool select_scenarios(struct flags *flags, char *const *names, int names_count)
{
	size_t count;
	const struct bench_scenario *const *const all = bench_scenarios(&count);

	for (int i = 0; i < names_count; i++) {
		if (i == BENCH_SELECTED_MAX) {
			(void)fprintf(stderr, "weir-bench: at most %d scenarios\n", BENCH_SELECTED_MAX);
			return false;
		}
		if (!select_named(flags, names[i]))
			return false;
		remember(flags, "", base_name(names[i]));
	}
	if (names_count > 0)
		return true;
	if (flags->threads != 0 || flags->conns != 0 || flags->hold_given)
		return select_named(flags, "custom");
	for (size_t i = 0; i < count; i++)
		if (!all[i]->on_request && (!flags->options->pools.peers || all[i]->peers) &&
		    !select_scenario(flags, all[i]))
			return false;
	return true;
}

/* Each pool takes part in some kinds of scenario only: one without any would be
 * an empty table. */
static bool check_pools(const struct bench_run *run)
{
	for (unsigned i = 0; i < run->pools_count; i++)
		if (!bench_pool_exists(run->pools[i]))
			return complain("pools", run->pools[i], "no pool has that name; see weir-bench list");
	for (unsigned i = 0; i < run->selections_count; i++)
		if (bench_run_pools(run, &run->selections[i]) > 0)
			return true;
	(void)fprintf(stderr, "weir-bench: --pools: none of them takes part in these scenarios; see "
	                      "weir-bench list\n");
	return false;
}

bool bench_options_read(struct bench_options *options, int argc, char **argv)
{
	struct flags flags = {.options = options};
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
	options->short_ = options->quick || flags.seconds > 0.0 || options->run.reps < FULL_REPS;
	if (!select_scenarios(&flags, argv + optind, argc - optind) ||
	    !bench_pool_options_apply(&options->pools) || !check_pools(&options->run))
		return false;
	options->as_made = !flags.reshaped && flags.conns == 0 && !flags.hold_given;
	return true;
}
