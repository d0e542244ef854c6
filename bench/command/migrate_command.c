/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench migrate`: whether a database goes on while it is migrated, and whether the
 * rehearsal said so.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "migration_bench.h"
#include "output_file.h"
#include "run_command.h"

#define SIZE_LEAST (INT64_C(1) << 20)
#define SIZE_MOST (INT64_C(1) << 40)
#define SECONDS_MAX 600.0

static const char help[] =
	"usage: weir-bench migrate [options]\n"
	"\n"
	"Makes a database, measures reads by key, rehearses a migration (a column, an index on\n"
	"a large table, an update of a part of it, a table rebuilt), does it while readers and\n"
	"writers go on, and says whether it kept what weir promises: no error, no write lost,\n"
	"p99 of reads at most 2 times that of idle, and no writer that waits longer than 1.5\n"
	"times what the rehearsal foretold.\n"
	"\n"
	"  --size SIZE        of the database: 8MiB, 1GiB (1GiB); four times that has to be free\n"
	"  --readers N        threads that read (1 to 64; 4)\n"
	"  --writers N        threads that write (1 to 64; 1)\n"
	"  --seconds-idle S   how long reads are measured beside nothing (0.01 to 600; 5)\n"
	"  --folder DIR       where the files are made, and removed (.)\n"
	"  --json FILE        write the figures as JSON; -: to standard output, and the table to\n"
	"                     standard error\n"
	"  --help             this text\n"
	"\n"
	"Exit codes: 0 everything was kept, 1 something was not, or the run failed, 2 wrong use,\n"
	"3 cannot tell: fewer than 1000 reads in a part that is compared, or a p99 that is too slow\n"
	"while other processes kept more than a quarter of a processor busy, 8 stopped by the user.\n";

/* ---- options ---- */

static bool complain(const char *flag, const char *value, const char *allowed)
{
	(void)fprintf(stderr, "weir-bench: --%s \"%.100s\": %s\n", flag, value, allowed);
	return false;
}

static bool read_size(const char *value, int64_t *size)
{
	static const struct weir_setting setting = {
		.name = "size", .type = WEIR_SETTING_SIZE, .min = SIZE_LEAST, .max = SIZE_MOST};
	char allowed[128];

	return weir_setting_parse(&setting, value, size, allowed, sizeof allowed) ||
	       complain("size", value, allowed);
}

static bool read_threads(const char *flag, const char *value, unsigned long *threads)
{
	char *end;

	errno = 0;
	*threads = strtoul(value, &end, 10);
	return (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && *threads >= 1 &&
	        *threads <= BENCH_MIGRATION_THREADS_MAX) ||
	       complain(flag, value, "must be a whole number from 1 to 64");
}

static bool read_seconds(const char *value, double *seconds)
{
	char *end;

	errno = 0;
	*seconds = strtod(value, &end);
	return (value[0] >= '0' && value[0] <= '9' && *end == '\0' && errno == 0 && *seconds >= 0.01 &&
	        *seconds <= SECONDS_MAX) ||
	       complain("seconds-idle", value, "must be seconds from 0.01 to 600");
}

static const struct option known_flags[] = {
	{"size", required_argument, NULL, 's'},    {"readers", required_argument, NULL, 'r'},
	{"writers", required_argument, NULL, 'w'}, {"seconds-idle", required_argument, NULL, 'i'},
	{"folder", required_argument, NULL, 'f'},  {"json", required_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
};

static bool take_flag(struct bench_migration_options *options, int flag, char **argv)
{
	switch (flag) {
	case 's':
		return read_size(optarg, &options->size);
	case 'r':
		return read_threads("readers", optarg, &options->readers);
	case 'w':
		return read_threads("writers", optarg, &options->writers);
	case 'i':
		return read_seconds(optarg, &options->seconds_idle);
	case 'f':
		options->folder = optarg;
		return true;
	case 'j':
		options->json = optarg;
		return true;
	case 'h':
		options->help = true;
		return true;
	default:
		(void)fprintf(stderr,
		              "weir-bench: \"%.100s\" is no option of migrate, or has no value; see "
		              "weir-bench migrate --help\n",
		              argv[optind - 1]);
		return false;
	}
}

static bool read_options(struct bench_migration_options *options, int argc, char **argv)
{
	int flag;

	*options = (struct bench_migration_options){
		.size = INT64_C(1) << 30, .readers = 4, .writers = 1, .seconds_idle = 5.0, .folder = "."};
	optind = 1;
	opterr = 0;
	while ((flag = getopt_long(argc, argv, "", known_flags, NULL)) != -1) {
		if (!take_flag(options, flag, argv))
			return false;
		if (options->help)
			return true;
	}
	if (optind == argc)
		return true;
	(void)fprintf(stderr, "weir-bench: migrate takes no \"%.100s\"\n", argv[optind]);
	return false;
}

/* ---- the command ---- */

static int say_failure(const struct bench_migration_progress *progress,
                       const struct bench_migration_result *result, const struct weir_error *err)
{
	if (progress->stopped) {
		(void)fprintf(stderr, "weir-bench: stopped\n");
		return BENCH_EXIT_CANCELLED;
	}
	if (progress->too_long)
		(void)fprintf(stderr, "weir-bench: stopped after an hour: choose a smaller --size\n");
	else
		(void)fprintf(stderr, "weir-bench: %s\n", err->message);
	if (result->problem[0] != '\0')
		(void)fprintf(stderr, "weir-bench: the first error: %s\n", result->problem);
	return BENCH_EXIT_FAILED;
}

static int conclude(const struct bench_migration_promise *promises)
{
	int exit_code = BENCH_EXIT_DONE;

	for (size_t i = 0; i < BENCH_MIGRATION_PROMISES; i++) {
		if (promises[i].judgement == BENCH_MIGRATION_BROKEN)
			return BENCH_EXIT_FAILED;
		if (promises[i].judgement == BENCH_MIGRATION_UNSURE)
			exit_code = BENCH_EXIT_UNSURE;
	}
	return exit_code;
}

static int write_all(const struct bench_migration_options *options, struct bench_output_file *json,
                     const struct bench_migration_result *result)
{
	struct bench_migration_promise promises[BENCH_MIGRATION_PROMISES];
	FILE *const table = json->file == stdout ? stderr : stdout;
	bool written;

	bench_migration_judge(result, promises);
	written = bench_migration_print(table, options, result, promises);
	if (json->file != NULL) {
		written = bench_migration_write_json(json->file, options, result, promises) && written;
		written = bench_output_commit(json) && written;
	}
	return written ? conclude(promises) : BENCH_EXIT_FAILED;
}

int bench_command_migrate(int argc, char **argv)
{
	struct bench_migration_options options;
	struct bench_migration_progress progress;
	struct bench_migration_result *result;
	struct bench_output_file json = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	int exit_code;

	if (!read_options(&options, argc, argv))
		return BENCH_EXIT_USAGE;
	if (options.help) {
		(void)fputs(help, stdout);
		return BENCH_EXIT_DONE;
	}
	if (options.json != NULL && !bench_output_open(&json, options.json))
		return BENCH_EXIT_USAGE;
	result = calloc(1, sizeof *result);
	if (result == NULL) {
		(void)fprintf(stderr, "weir-bench: out of memory\n");
		bench_output_abandon(&json);
		return BENCH_EXIT_FAILED;
	}
	bench_migration_progress_start(&progress);
	if (bench_migration_run(&options, &progress, result, &err) == WEIR_OK) {
		exit_code = write_all(&options, &json, result);
	} else {
		exit_code = say_failure(&progress, result, &err);
		bench_output_abandon(&json);
	}
	free(result);
	return exit_code;
}
