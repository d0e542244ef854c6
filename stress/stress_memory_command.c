/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress memory` as a command: run after run, and the verdict.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "stress_flags.h"
#include "stress_memory.h"
#include "stress_memory_wrap.h"
#include "stress_run.h"
#include "stress_shim.h"
#include "stress_world.h"

static const char help[] =
	"usage: weir-stress memory [options]\n"
	"\n"
	"Refuses each allocation once, in order: of weir's own code, over scenes that use all of\n"
	"it, and of SQLite beneath weir_db. Nothing may crash or be left behind, the error must\n"
	"say what is wrong, and what failed must work when it is done again. Then the same with\n"
	"every allocation refused from one on.\n"
	"\n"
	"  --of WHAT   weir (its own code), sqlite, or all (default)\n"
	"  --every N   only each Nth allocation (default 1)\n"
	"  --sites     print the calls of weir's code that were refused, for addr2line\n"
	"  --lie LIE   leak (a block is lost in each run): has to be found\n"
	"  --dir DIR   where the folder of the database is made (default: $TMPDIR, /dev/shm)\n"
	"  --json      the verdict as JSON\n"
	"  --help      this text\n"
	"\n"
	"A line for each scene; the last one counts runs. Exit code: 0 all passed, 1 one failed,\n"
	"2 wrong use, 3 weir is a shared library, whose calls are out of reach, 8 interrupted.\n";

#define SWEEPS_MAX 32 /* two for each scene */

struct options {
	const char *dir;
	const char *of;
	uint64_t every;
	bool sites;
	bool leak;
	bool json;
	bool help_wanted;
};

static bool read_option(int flag, const char *value, struct options *options)
{
	switch (flag) {
	case 'o':
		options->of = value;
		return strcmp(value, "weir") == 0 || strcmp(value, "sqlite") == 0 ||
		       strcmp(value, "all") == 0 ||
		       stress_option_complain("of", value, "weir, sqlite or all");
	case 'e':
		return stress_option_number("every", value, 1, UINT32_MAX, &options->every);
	case 'l':
		options->leak = true;
		return strcmp(value, "leak") == 0 || stress_option_complain("lie", value, "leak");
	case 'd':
		options->dir = value;
		return true;
	case 's':
		options->sites = true;
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
		{"of", required_argument, NULL, 'o'},  {"every", required_argument, NULL, 'e'},
		{"lie", required_argument, NULL, 'l'}, {"dir", required_argument, NULL, 'd'},
		{"sites", no_argument, NULL, 's'},     {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		right = read_option(flag, optarg, options);
	if (right && optind < argc) {
		(void)fprintf(stderr, "weir-stress: memory takes no \"%s\"\n", argv[optind]);
		right = false;
	}
	if (right && options->sites && options->json)
		right = stress_option_complain("sites", "", "used without --json");
	return right;
}

/* ---- runs ---- */

struct campaign {
	const struct options *options;
	struct book book;
	struct memory_trial trial;
	struct rest rest;
	struct memory_sweep sweeps[SWEEPS_MAX];
	size_t count;
};

/* Threads that opened connections end after their pool. */
static void check_live(struct campaign *campaign, int64_t before)
{
	const int64_t until_ns = weir_now().ns + WEIR_SECONDS(5);

	while (memory_live() != before && weir_now().ns < until_ns && !campaign->options->leak)
		stress_sleep(WEIR_MICROSECONDS(100));
	if (memory_live() != before)
		book_complain(&campaign->book, "%" PRId64 " blocks of weir's are left",
		              memory_live() - before);
}

static uint64_t do_scene(struct campaign *campaign, const struct memory_sweep *sweep, uint64_t at)
{
	struct memory_trial *const trial = &campaign->trial;
	const struct memory_scene *const scene = sweep->scene;
	uint64_t calls;

	trial->struck = scene->sqlite ? memory_struck_sqlite() : memory_struck();
	trial->sqlite = scene->sqlite;
	trial->recovers = !sweep->sticky;
	trial->failed = 0;
	if (scene->sqlite)
		memory_arm_sqlite(at, sweep->sticky);
	else
		memory_arm(at, sweep->sticky);
	scene->run(trial);
	calls = scene->sqlite ? memory_disarm_sqlite() : memory_disarm();
	return calls;
}

/* Where the block went that --lie leak loses. */
static void *volatile lost;

/* False if nothing was refused. */
static bool run(struct campaign *campaign, struct memory_sweep *sweep, uint64_t at)
{
	struct book *const book = &campaign->book;
	const uint32_t complaints = book->complaints;
	const int64_t live = memory_live();
	uint64_t calls;

	(void)snprintf(book->where, sizeof book->where, "memory: %s, allocation %" PRIu64 "%s",
	               sweep->scene->name, at, sweep->sticky ? " and on" : "");
	book_restart(book);
	folder_empty(campaign->trial.folder);
	calls = do_scene(campaign, sweep, at);
	if (campaign->options->leak)
		lost = malloc(1);
	check_live(campaign, live);
	rest_check(&campaign->rest, book);
	book_audit(book, campaign->trial.path, false);
	sweep->runs++;
	sweep->errors += campaign->trial.failed;
	sweep->failed += book->complaints > complaints;
	if (!atomic_load(campaign->trial.struck)) {
		sweep->points = calls;
		return false;
	}
	sweep->hit++;
	return true;
}

static bool may_go_on(const struct campaign *campaign)
{
	return !stress_interrupted() && campaign->book.complaints < BOOK_COMPLAINTS;
}

static void sweep(struct campaign *campaign, const struct memory_scene *scene, bool sticky)
{
	struct memory_sweep *const now = &campaign->sweeps[campaign->count++];
	uint64_t at = 1;

	*now = (struct memory_sweep){.scene = scene, .sticky = sticky};
	while (may_go_on(campaign) && run(campaign, now, at))
		at += campaign->options->every;
	if (!campaign->options->json)
		(void)printf("%-26s %-4s %s points=%" PRIu64 " hit=%" PRIu64 " runs=%" PRIu64
		             " errors=%" PRIu64 "\n",
		             scene->name, sticky ? "held" : "once", now->failed > 0 ? "FAILED" : "ok    ",
		             now->points, now->hit, now->runs, now->errors);
	(void)fflush(stdout);
}

static void run_all(struct campaign *campaign)
{
	const struct memory_scene *scenes;
	size_t count;

	scenes = memory_scenes(&count);
	campaign->trial.book = &campaign->book;
	shim_install();
	/* The first use of everything sets up what stays. */
	for (size_t i = 0; i < count; i++) {
		folder_empty(campaign->trial.folder);
		book_restart(&campaign->book);
		(void)do_scene(campaign, &(struct memory_sweep){.scene = &scenes[i]}, 0);
	}
	campaign->rest = rest_measure();
	for (size_t i = 0; i < 2 * count && may_go_on(campaign); i++) {
		if (strcmp(campaign->options->of, scenes[i / 2].sqlite ? "weir" : "sqlite") != 0)
			sweep(campaign, &scenes[i / 2], i % 2 == 1);
	}
	shim_remove();
}

/* ---- the verdict ---- */

struct totals {
	uint64_t passed;
	uint64_t failed;
	uint64_t hit;
	uint64_t sites;
	enum exit_code code;
};

static struct totals judge(const struct campaign *campaign)
{
	const struct memory_site *sites;
	struct totals totals = {.code = EXIT_PASSED};

	for (size_t i = 0; i < campaign->count; i++) {
		totals.failed += campaign->sweeps[i].failed;
		totals.passed += campaign->sweeps[i].runs - campaign->sweeps[i].failed;
		totals.hit += campaign->sweeps[i].hit;
	}
	totals.sites = memory_sites(&sites);
	if (campaign->book.complaints > 0)
		totals.code = EXIT_BROKEN;
	else if (stress_interrupted())
		totals.code = EXIT_INTERRUPTED;
	return totals;
}

static void print_json(const struct campaign *campaign, const struct totals *totals)
{
	const struct flags_figure figures[] = {{"hit", totals->hit},
	                                       {"sites", totals->sites},
	                                       {"passed", totals->passed},
	                                       {"failed", totals->failed}};
	json_t *const document = json_object();
	json_t *const sweeps = json_array();

	(void)json_object_set_new(document, "verdict", json_string(flags_exit_name(totals->code)));
	for (size_t i = 0; i < campaign->count; i++) {
		const struct memory_sweep *const one = &campaign->sweeps[i];
		const struct flags_figure its[] = {{"points", one->points},
		                                   {"hit", one->hit},
		                                   {"runs", one->runs},
		                                   {"errors", one->errors},
		                                   {"failed", one->failed}};
		json_t *const object = json_object();

		(void)json_object_set_new(object, "scene", json_string(one->scene->name));
		(void)json_object_set_new(object, "sticky", json_boolean(one->sticky));
		flags_json(object, its, sizeof its / sizeof its[0]);
		(void)json_array_append_new(sweeps, object);
	}
	(void)json_object_set_new(document, "sweeps", sweeps);
	flags_json(document, figures, sizeof figures / sizeof figures[0]);
	flags_json_found(document, &campaign->book);
	(void)json_dumpf(document, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(document);
}

/* The address of the call itself, in its last byte: what it returns to may be
 * another line. */
static void print_sites(void)
{
	const struct memory_site *sites;
	const size_t count = memory_sites(&sites);

	for (size_t i = 0; i < count; i++)
		(void)printf("site 0x%" PRIxPTR " %s %" PRIu64 "\n", sites[i].at - 1, sites[i].what,
		             sites[i].refused);
}

int memory_command(int argc, char **argv)
{
	static struct options options = {.of = "all", .every = 1};
	static struct campaign campaign;
	struct totals totals;

	options.dir = folder_default();
	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	if (!memory_reaches_weir() || !memory_take_sqlite()) {
		(void)fprintf(stderr, "weir-stress: memory: this build cannot: weir is a shared library\n");
		return EXIT_CANNOT_TELL;
	}
	if (!folder_make(options.dir, "memory", campaign.trial.folder))
		return EXIT_USAGE;
	(void)snprintf(campaign.trial.path, sizeof campaign.trial.path, "%.4000s/memory.db",
	               campaign.trial.folder);
	campaign.options = &options;
	stress_interrupt_prepare();
	memory_track();
	run_all(&campaign);
	totals = judge(&campaign);
	if (options.sites)
		print_sites();
	if (options.json)
		print_json(&campaign, &totals);
	else
		(void)printf("%" PRIu64 " passed, %" PRIu64 " failed\n", totals.passed, totals.failed);
	folder_remove(campaign.trial.folder);
	return (int)totals.code;
}
