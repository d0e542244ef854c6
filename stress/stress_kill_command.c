/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress kill` as a command: options, the folder of the database, and the
 * verdict as text or JSON.
 */
#include "stress_kill.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/weir.h>

#include "stress_command.h"
#include "stress_run.h"

#define ROUNDS_MAX 1000000
#define ROUNDS 20

static const char *const lies[KILL_LIES] = {"none", "early", "denied", "garbled", "torn", "stuck"};

static const char help[] =
	"usage: weir-stress kill [options]\n"
	"\n"
	"Kills processes while sixteen threads of each write through weir_db, and compares the\n"
	"file with what they were told: every acknowledged write is there, whole and once, and\n"
	"none is that was reported as failed. Then goes on with the same file.\n"
	"\n"
	"  --rounds N     rounds of kills (1 to 1000000; default 20)\n"
	"  --processes N  on one file at once (1 to 8; default 1): they are killed one after\n"
	"                 the other, and those that are left must go on\n"
	"  --seed N       seed of the random draws (default: another one each time)\n"
	"  --dir DIR      where the folder of the database is made (default: $TMPDIR or /tmp)\n"
	"  --lie LIE      break a promise on purpose, which the audit has to find: early,\n"
	"                 denied, garbled, torn, or stuck (with several processes)\n"
	"  --json         the verdict as JSON\n"
	"  --help         this text\n"
	"\n"
	"Exit code: 0 every promise was kept, 1 one was broken (the folder is kept), 2 wrong\n"
	"use, 3 nothing was written, so nothing is known, 8 interrupted.\n";

struct options {
	struct kill_plan plan;
	const char *dir;
	bool json;
	bool help_wanted;
};

static bool read_lie(const char *value, enum kill_lie *lie)
{
	for (uint32_t i = 1; i < KILL_LIES; i++) {
		if (strcmp(value, lies[i]) == 0) {
			*lie = (enum kill_lie)i;
			return true;
		}
	}
	return stress_option_complain("lie", value, "early, denied, garbled, torn or stuck");
}

static bool read_option(int flag, const char *value, struct options *options)
{
	struct kill_plan *const plan = &options->plan;

	switch (flag) {
	case 'n':
		return stress_option_count("rounds", value, ROUNDS_MAX, &plan->rounds);
	case 'p':
		return stress_option_count("processes", value, KILL_PROCESSES_MAX, &plan->processes);
	case 'r':
		return stress_option_number("seed", value, 0, UINT64_MAX, &plan->seed);
	case 'l':
		return read_lie(value, &plan->lie);
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
		{"rounds", required_argument, NULL, 'n'}, {"processes", required_argument, NULL, 'p'},
		{"seed", required_argument, NULL, 'r'},   {"lie", required_argument, NULL, 'l'},
		{"dir", required_argument, NULL, 'd'},    {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		right = read_option(flag, optarg, options);
	if (right && optind < argc) {
		(void)fprintf(stderr, "weir-stress: kill takes no \"%s\"\n", argv[optind]);
		right = false;
	}
	if (right && options->plan.lie == KILL_LIE_STUCK && options->plan.processes < 2)
		right = stress_option_complain("lie", "stuck", "used with --processes 2 or more");
	return right;
}

/* ---- the folder ---- */

/* A folder of its own, so that nothing else is ever removed. */
static bool make_folder(const char *dir, char folder[KILL_PATH])
{
	const int length = snprintf(folder, KILL_PATH, "%s/weir-kill-XXXXXX", dir);

	if (length < KILL_PATH - 32 && mkdtemp(folder) != NULL)
		return true;
	(void)fprintf(stderr, "weir-stress: --dir \"%s\": no folder can be made there: %s\n", dir,
	              strerror(errno));
	return false;
}

static void remove_folder(const char *folder)
{
	DIR *const open = opendir(folder);
	const struct dirent *entry;

	if (open == NULL)
		return;
	while ((entry = readdir(open)) != NULL)
		(void)unlinkat(dirfd(open), entry->d_name, 0); /* but for . and .. */
	(void)closedir(open);
	(void)rmdir(folder);
}

/* ---- the verdict ---- */

static enum exit_code judge(const struct kill_report *report, uint64_t committed)
{
	if (report->faults > 0)
		return EXIT_BROKEN;
	if (stress_interrupted())
		return EXIT_INTERRUPTED;
	return committed > 0 ? EXIT_PASSED : EXIT_CANNOT_TELL;
}

static const char *name_of(enum exit_code code)
{
	if (code == EXIT_PASSED)
		return "passed";
	if (code == EXIT_BROKEN)
		return "failed";
	return code == EXIT_INTERRUPTED ? "interrupted" : "cannot tell";
}

struct figure {
	const char *name;
	uint64_t value;
};

#define FIGURES 16

static void collect(const struct kill_plan *plan, struct kill_ledger *ledger,
                    const struct kill_report *report, struct figure figures[FIGURES])
{
	const struct figure all[FIGURES] = {
		{"processes", plan->processes},
		{"rounds", report->rounds},
		{"kills", report->kills},
		{"kills_opening", report->kills_opening},
		{"ends", report->ends},
		{"survivals", report->survivals},
		{"audits", report->audits},
		{"committed", kill_count(ledger, 0, KILL_WRITERS_MAX)},
		{"failed", atomic_load(&ledger->outcomes[WEIR_FAILED])},
		{"never_ran", atomic_load(&ledger->outcomes[WEIR_REJECTED]) +
	                      atomic_load(&ledger->outcomes[WEIR_TIMED_OUT])},
		{"in_flight_kept", report->kept},
		{"in_flight_lost", report->lost},
		{"reads", atomic_load(&ledger->reads)},
		{"checkpoints", atomic_load(&ledger->checkpoints)},
		{"reports", atomic_load(&ledger->reports)},
		{"faults", report->faults},
	};

	memcpy(figures, all, sizeof all);
}

static void print_text(const struct figure figures[FIGURES], const struct kill_plan *plan,
                       enum exit_code code)
{
	(void)printf("kill             %s seed=%" PRIu64, code == EXIT_BROKEN ? "FAILED" : "ok    ",
	             plan->seed);
	for (size_t i = 0; i < FIGURES; i++)
		(void)printf(" %s=%" PRIu64, figures[i].name, figures[i].value);
	(void)printf("\n%s\n", name_of(code));
}

/* The seed is a text: not every reader of JSON keeps 64 bits of a number. */
static void print_json(const struct figure figures[FIGURES], const struct kill_report *report,
                       const struct kill_plan *plan, enum exit_code code)
{
	const uint32_t known = report->faults < KILL_FAULTS_MAX ? report->faults : KILL_FAULTS_MAX;
	json_t *const document = json_object();
	json_t *const faults = json_array();
	char seed[24];

	(void)snprintf(seed, sizeof seed, "%" PRIu64, plan->seed);
	(void)json_object_set_new(document, "verdict", json_string(name_of(code)));
	(void)json_object_set_new(document, "seed", json_string(seed));
	(void)json_object_set_new(document, "lie", json_string(lies[plan->lie]));
	for (size_t i = 0; i < FIGURES; i++)
		(void)json_object_set_new(document, figures[i].name,
		                          json_integer((json_int_t)figures[i].value));
	for (uint32_t i = 0; i < known; i++)
		(void)json_array_append_new(faults, json_string(report->fault[i]));
	(void)json_object_set_new(document, "found", faults);
	(void)json_object_set_new(document, "database",
	                          code == EXIT_BROKEN ? json_string(plan->path) : json_null());
	(void)json_dumpf(document, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(document);
}

static int run(const struct options *options, const char *folder, struct kill_ledger *ledger)
{
	const struct kill_plan *const plan = &options->plan;
	static struct kill_report report;
	struct figure figures[FIGURES];
	enum exit_code code;

	(void)fprintf(stderr,
	              "weir-stress: kill: seed %" PRIu64 ", %" PRIu32 " rounds, %" PRIu32
	              " processes, lie %s\n",
	              plan->seed, plan->rounds, plan->processes, lies[plan->lie]);
	stress_interrupt_prepare();
	kill_campaign(plan, ledger, &report);
	collect(plan, ledger, &report, figures);
	code = judge(&report, kill_count(ledger, 0, KILL_WRITERS_MAX));
	if (options->json)
		print_json(figures, &report, plan, code);
	else
		print_text(figures, plan, code);
	if (code == EXIT_BROKEN)
		(void)fprintf(stderr, "weir-stress: kill: the database is kept in %s\n", folder);
	else
		remove_folder(folder);
	return (int)code;
}

int kill_command(int argc, char **argv)
{
	const char *const temporary = getenv("TMPDIR");
	static struct options options;
	static char folder[KILL_PATH];
	struct kill_ledger *ledger;
	int code;

	options.plan.rounds = ROUNDS;
	options.plan.processes = 1;
	options.plan.seed = stress_option_any_seed();
	options.dir = temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp";
	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	if (!make_folder(options.dir, folder))
		return EXIT_USAGE;
	(void)snprintf(options.plan.path, KILL_PATH, "%.4000s/kill.db", folder);
	ledger = kill_ledger_create();
	if (ledger == NULL) {
		(void)fprintf(stderr, "weir-stress: out of memory\n");
		remove_folder(folder);
		return EXIT_BROKEN;
	}
	code = run(&options, folder, ledger);
	kill_ledger_destroy(ledger);
	return code;
}
