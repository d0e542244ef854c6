/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress powercut` as a command: options, and the verdict as text or JSON.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <weir/weir.h>

#include "stress_flags.h"
#include "stress_folder.h"
#include "stress_power.h"
#include "stress_run.h"

#define CUTS 200
#define CUTS_MAX 1000000

static const char help[] =
	"usage: weir-stress powercut [options]\n"
	"\n"
	"Writes through weir_db on a disk that keeps only what was synced, cuts the power at a\n"
	"random call to a file, and lets of the unsynced writes some get there, in part and in\n"
	"any order. Plain SQLite then recovers the file: it is intact, every write that was\n"
	"acknowledged as durable is there, and of the others none without those before it.\n"
	"Up to eight cuts in a row hit the same file; syncing is full, normal or off.\n"
	"\n"
	"  --cuts N   1 to 1000000; default 200\n"
	"  --seed N   seed of the random draws; a run with the same one is the same\n"
	"  --dir DIR  where the folder of the database is made (default: $TMPDIR, /dev/shm)\n"
	"  --lie LIE  break a promise on purpose, which has to be found: nosync (the disk\n"
	"             syncs nothing), denied, torn (half a write is committed)\n"
	"  --json     the verdict as JSON\n"
	"  --help     this text\n"
	"\n"
	"The last line counts cuts. Exit code: 0 all passed, 1 one failed (the folder is kept),\n"
	"2 wrong use, 3 nothing was acknowledged, so nothing is known, 8 interrupted.\n";

struct options {
	struct power_plan plan;
	const char *dir;
	bool json;
	bool help_wanted;
};

static bool read_lie(const char *value, struct power_plan *plan)
{
	plan->lies = strcmp(value, "nosync") == 0;
	if (strcmp(value, "denied") == 0)
		plan->lie = WORK_LIE_DENIED;
	else if (strcmp(value, "torn") == 0)
		plan->lie = WORK_LIE_TORN;
	else if (!plan->lies)
		return stress_option_complain("lie", value, "nosync, denied or torn");
	return true;
}

static bool read_option(int flag, const char *value, struct options *options)
{
	uint64_t number = 0;
	bool right;

	switch (flag) {
	case 'n':
		right = stress_option_number("cuts", value, 1, CUTS_MAX, &number);
		options->plan.cuts = (uint32_t)number;
		return right;
	case 'r':
		return stress_option_number("seed", value, 0, UINT64_MAX, &options->plan.seed);
	case 'l':
		return read_lie(value, &options->plan);
	case 'd':
		options->dir = value;
		return true;
	case 'j':
		options->json = true;
		return true;
	case 'h':
		options->help_wanted = true;
		return true;
	default:
		return false; /* getopt has said why */
	}
}

/* False on wrong use. */
static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option flags[] = {
		{"cuts", required_argument, NULL, 'n'},
		{"seed", required_argument, NULL, 'r'},
		{"dir", required_argument, NULL, 'd'},
		{"lie", required_argument, NULL, 'l'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		right = read_option(flag, optarg, options);
	if (right && optind < argc) {
		(void)fprintf(stderr, "weir-stress: powercut takes no \"%s\"\n", argv[optind]);
		right = false;
	}
	return right;
}

/* ---- the verdict ---- */

static enum exit_code judge(const struct book *book)
{
	if (book->complaints > 0)
		return EXIT_BROKEN;
	if (stress_interrupted())
		return EXIT_INTERRUPTED;
	return book->outcomes[WEIR_COMMITTED] > 0 ? EXIT_PASSED : EXIT_CANNOT_TELL;
}

#define FIGURES 16

static void collect(const struct power_report *report, const struct book *book,
                    struct flags_figure figures[FIGURES])
{
	const struct flags_figure all[FIGURES] = {
		{"cuts", report->cuts},
		{"cuts_opening", report->opening},
		{"cuts_full", report->levels[POWER_FULL]},
		{"cuts_normal", report->levels[POWER_NORMAL]},
		{"cuts_off", report->levels[POWER_OFF]},
		{"calls", report->calls},
		{"acknowledged", book->outcomes[WEIR_COMMITTED]},
		{"durable", report->durable},
		{"indeterminate", book->outcomes[WEIR_INDETERMINATE]},
		{"open_kept", book->kept},
		{"open_gone", book->gone},
		{"changes_dropped", report->dropped},
		{"changes_survived", report->survived},
		{"changes_torn", report->torn},
		{"names_taken_back", report->renamed},
		{"lost", book->lost},
	};

	memcpy(figures, all, sizeof all);
}

static void print_json(const struct power_plan *plan, const struct power_report *report,
                       const struct book *book, enum exit_code code)
{
	json_t *const document = json_object();
	json_t *const calls = json_object();
	json_t *const mercies = json_object();
	struct flags_figure figures[FIGURES];

	collect(report, book, figures);
	(void)json_object_set_new(document, "verdict", json_string(flags_exit_name(code)));
	flags_json_seed(document, plan->seed);
	flags_json(document, figures, FIGURES);
	for (int i = 0; i < SHIM_CALLS; i++) {
		if (report->cut_calls[i] > 0)
			(void)json_object_set_new(calls, shim_call_name((enum shim_call)i),
			                          json_integer((json_int_t)report->cut_calls[i]));
	}
	for (int i = 0; i < DISK_MERCIES; i++)
		(void)json_object_set_new(mercies, disk_mercy_name((enum disk_mercy)i),
		                          json_integer((json_int_t)report->mercies[i]));
	(void)json_object_set_new(document, "cut_at_call", calls);
	(void)json_object_set_new(document, "survives", mercies);
	flags_json_found(document, book);
	(void)json_dumpf(document, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(document);
}

static void print_text(const struct power_plan *plan, const struct power_report *report,
                       const struct book *book, enum exit_code code)
{
	struct flags_figure figures[FIGURES];

	collect(report, book, figures);
	(void)printf("powercut %s seed=%" PRIu64, code == EXIT_BROKEN ? "FAILED" : "ok    ",
	             plan->seed);
	for (size_t i = 0; i < FIGURES; i++)
		(void)printf(" %s=%" PRIu64, figures[i].name, figures[i].value);
	(void)printf("\n%" PRIu64 " passed, %" PRIu64 " failed\n", report->cuts - report->failed,
	             report->failed);
}

int power_command(int argc, char **argv)
{
	static struct options options = {.plan.cuts = CUTS};
	static struct power_report report;
	static struct book book;
	static char folder[FOLDER_PATH];
	enum exit_code code;

	options.dir = folder_default();
	options.plan.seed = (uint64_t)weir_now().ns % 1000000007;
	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	if (!folder_make(options.dir, "powercut", folder))
		return EXIT_USAGE;
	(void)snprintf(options.plan.path, sizeof options.plan.path, "%.4000s/power.db", folder);
	(void)fprintf(stderr, "weir-stress: powercut: seed %" PRIu64 ", %" PRIu32 " cuts\n",
	              options.plan.seed, options.plan.cuts);
	stress_interrupt_prepare();
	power_campaign(&options.plan, &report, &book);
	code = judge(&book);
	if (options.json)
		print_json(&options.plan, &report, &book, code);
	else
		print_text(&options.plan, &report, &book, code);
	if (code == EXIT_BROKEN)
		(void)fprintf(stderr, "weir-stress: powercut: the last database is kept in %s\n", folder);
	else
		folder_remove(folder);
	return (int)code;
}
