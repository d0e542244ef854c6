/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress faults` as a command: options, and the verdict as text or JSON.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "stress_fault_sweep.h"
#include "stress_flags.h"
#include "stress_folder.h"
#include "stress_run.h"

static const char help[] =
	"usage: weir-stress faults [options]\n"
	"\n"
	"Does the same work through weir_db again and again, on a file of which first the first\n"
	"call fails, then the second, and so on until a run passes untouched. After each run\n"
	"plain SQLite compares the file with what was told: every acknowledged write is there,\n"
	"whole and once, none is that was reported as failed, the file is intact, nothing is\n"
	"left open; and after one fault each step works that is done again.\n"
	"\n"
	"  --kind KIND  error (any call), short (half of a read or write), full (the disk),\n"
	"               fsync, or all (default)\n"
	"  --sticky     all calls fail from that one on; without it both are done\n"
	"  --once       one call fails; without it both are done\n"
	"  --from N     the first call to fail (default 1)\n"
	"  --to N       the last one (default: until a run passes untouched)\n"
	"  --seed N     what the log of a crash holds with which half of the runs begin\n"
	"  --dir DIR    where the folder of the database is made (default: $TMPDIR, /dev/shm)\n"
	"  --lie LIE    break a promise on purpose, which has to be found: early (acknowledges\n"
	"               what failed), denied, torn (half a write), swallow (the disk does)\n"
	"  --json       the verdict as JSON\n"
	"  --help       this text\n"
	"\n"
	"A line for each kind; the last one counts runs. Exit code: 0 all passed, 1 one failed\n"
	"(the folder is kept), 2 wrong use, 3 nothing was hit, so nothing is known, 8\n"
	"interrupted.\n";

#define SWEEPS (2 * INJECT_KINDS)

struct options {
	struct fault_plan plan;
	const char *dir;
	const char *kind;
	bool sticky;
	bool once;
	bool json;
	bool help_wanted;
};

static bool read_kind(const char *value, struct options *options)
{
	options->kind = value;
	for (int i = 0; i < INJECT_KINDS; i++) {
		if (strcmp(value, inject_kind_name((enum inject_kind)i)) == 0)
			return true;
	}
	return strcmp(value, "all") == 0 ||
	       stress_option_complain("kind", value, "error, short, full, fsync or all");
}

static bool read_lie(const char *value, struct fault_plan *plan)
{
	static const char *const lies[] = {"none", "early", "denied", "torn"};

	for (unsigned i = 1; i < 4; i++) {
		if (strcmp(value, lies[i]) == 0) {
			plan->lie = (enum work_lie)i;
			return true;
		}
	}
	plan->swallow = strcmp(value, "swallow") == 0;
	return plan->swallow || stress_option_complain("lie", value, "early, denied, torn or swallow");
}

static bool read_option(int flag, const char *value, struct options *options)
{
	struct fault_plan *const plan = &options->plan;

	switch (flag) {
	case 'k':
		return read_kind(value, options);
	case 'l':
		return read_lie(value, plan);
	case 'f':
		return stress_option_number("from", value, 1, UINT32_MAX, &plan->from);
	case 't':
		return stress_option_number("to", value, 1, UINT32_MAX, &plan->to);
	case 'r':
		return stress_option_number("seed", value, 0, UINT64_MAX, &plan->seed);
	case 'd':
		options->dir = value;
		return true;
	case 's':
		options->sticky = true;
		return true;
	case 'o':
		options->once = true;
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
		{"kind", required_argument, NULL, 'k'},
		{"lie", required_argument, NULL, 'l'},
		{"from", required_argument, NULL, 'f'},
		{"to", required_argument, NULL, 't'},
		{"seed", required_argument, NULL, 'r'},
		{"dir", required_argument, NULL, 'd'},
		{"sticky", no_argument, NULL, 's'},
		{"once", no_argument, NULL, 'o'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		right = read_option(flag, optarg, options);
	if (right && optind < argc) {
		(void)fprintf(stderr, "weir-stress: faults takes no \"%s\"\n", argv[optind]);
		right = false;
	}
	return right;
}

/* ---- the verdict ---- */

struct verdict {
	struct fault_sweep sweeps[SWEEPS];
	uint32_t count;
	uint64_t hit;
	uint64_t passed;
	uint64_t failed;
	enum exit_code code;
};

static void judge(struct verdict *verdict, const struct book *book)
{
	for (uint32_t i = 0; i < verdict->count; i++) {
		verdict->hit += verdict->sweeps[i].hit;
		verdict->failed += verdict->sweeps[i].failed;
		verdict->passed += verdict->sweeps[i].runs - verdict->sweeps[i].failed;
	}
	verdict->code = EXIT_PASSED;
	if (book->complaints > 0)
		verdict->code = EXIT_BROKEN;
	else if (stress_interrupted())
		verdict->code = EXIT_INTERRUPTED;
	else if (verdict->hit == 0)
		verdict->code = EXIT_CANNOT_TELL;
}

static void print_sweep(const struct fault_sweep *sweep)
{
	(void)printf("%-5s %-4s %s calls=%" PRIu64 " points=%" PRIu64 " hit=%" PRIu64 " runs=%" PRIu64
	             " acknowledged=%" PRIu64 " denied=%" PRIu64 " indeterminate=%" PRIu64
	             " again=%" PRIu64 " reads=%" PRIu64 " lost=%" PRIu64 "\n",
	             inject_kind_name(sweep->kind), sweep->sticky ? "held" : "once",
	             sweep->failed > 0 ? "FAILED" : "ok    ", sweep->calls, sweep->points, sweep->hit,
	             sweep->runs, sweep->acknowledged, sweep->denied, sweep->indeterminate,
	             sweep->again, sweep->reads, sweep->lost);
	(void)fflush(stdout);
}

static json_t *json_of(const struct fault_sweep *sweep)
{
	const struct flags_figure figures[] = {
		{"calls", sweep->calls},      {"points", sweep->points},
		{"hit", sweep->hit},          {"runs", sweep->runs},
		{"failed", sweep->failed},    {"acknowledged", sweep->acknowledged},
		{"denied", sweep->denied},    {"indeterminate", sweep->indeterminate},
		{"done_again", sweep->again}, {"reads", sweep->reads},
		{"lost", sweep->lost},
	};
	json_t *const object = json_object();
	json_t *const calls = json_object();

	(void)json_object_set_new(object, "kind", json_string(inject_kind_name(sweep->kind)));
	(void)json_object_set_new(object, "sticky", json_boolean(sweep->sticky));
	flags_json(object, figures, sizeof figures / sizeof figures[0]);
	for (int i = 0; i < SHIM_CALLS; i++) {
		if (sweep->call_points[i] > 0)
			(void)json_object_set_new(calls, shim_call_name((enum shim_call)i),
			                          json_integer((json_int_t)sweep->call_points[i]));
	}
	(void)json_object_set_new(object, "hit_by_call", calls);
	return object;
}

static void print_json(const struct verdict *verdict, const struct book *book,
                       const struct fault_plan *plan)
{
	json_t *const document = json_object();
	json_t *const sweeps = json_array();
	const struct flags_figure figures[] = {
		{"hit", verdict->hit}, {"passed", verdict->passed}, {"failed", verdict->failed}};

	(void)json_object_set_new(document, "verdict", json_string(flags_exit_name(verdict->code)));
	flags_json_seed(document, plan->seed);
	for (uint32_t i = 0; i < verdict->count; i++)
		(void)json_array_append_new(sweeps, json_of(&verdict->sweeps[i]));
	(void)json_object_set_new(document, "sweeps", sweeps);
	flags_json(document, figures, sizeof figures / sizeof figures[0]);
	flags_json_found(document, book);
	(void)json_dumpf(document, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(document);
}

static bool is_wanted(const struct options *options, const struct fault_sweep *sweep)
{
	if (strcmp(options->kind, "all") != 0 &&
	    strcmp(options->kind, inject_kind_name(sweep->kind)) != 0)
		return false;
	return options->sticky == options->once || options->sticky == sweep->sticky;
}

static void run(const struct options *options, struct verdict *verdict, struct book *book)
{
	for (int i = 0; i < SWEEPS && !stress_interrupted(); i++) {
		struct fault_sweep *const sweep = &verdict->sweeps[verdict->count];

		*sweep = (struct fault_sweep){.kind = (enum inject_kind)(i / 2), .sticky = i % 2 == 1};
		if (!is_wanted(options, sweep) || book->complaints >= BOOK_COMPLAINTS)
			continue;
		(void)fprintf(stderr, "weir-stress: faults: %s, %s\n", inject_kind_name(sweep->kind),
		              sweep->sticky ? "for good" : "once");
		fault_sweep(&options->plan, sweep, book);
		verdict->count++;
		if (!options->json)
			print_sweep(sweep);
	}
}

int fault_command(int argc, char **argv)
{
	static struct options options = {.kind = "all", .plan.from = 1, .plan.seed = 4};
	static struct verdict verdict;
	static struct book book;
	static char folder[FOLDER_PATH];

	options.dir = folder_default();
	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	if (!folder_make(options.dir, "faults", folder))
		return EXIT_USAGE;
	(void)snprintf(options.plan.path, sizeof options.plan.path, "%.4000s/faults.db", folder);
	stress_interrupt_prepare();
	run(&options, &verdict, &book);
	judge(&verdict, &book);
	if (options.json)
		print_json(&verdict, &book, &options.plan);
	else
		(void)printf("%" PRIu64 " passed, %" PRIu64 " failed\n", verdict.passed, verdict.failed);
	if (verdict.code == EXIT_BROKEN)
		(void)fprintf(stderr, "weir-stress: faults: the last database is kept in %s\n", folder);
	else
		folder_remove(folder);
	return (int)verdict.code;
}
