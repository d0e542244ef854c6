/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench list`: the scenarios and who takes part in them.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>

#include "entrants.h"
#include "field.h"
#include "pool_options.h"
#include "run_command.h"

static const char help[] =
	"usage: weir-bench list [--json] [--pool-so FILE]... [--peers [--peers-dir DIR]]\n"
	"\n"
	"Names the scenarios and the pools that take part in them: those built in, those of\n"
	"shared objects, and other projects'.\n";

/* The two fields there are: on the stub driver, and on SQLite. */
static const struct bench_field *const fields[] = {&bench_field_leases, &bench_field_sql};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool list_plain(void)
{
	size_t count;
	const struct bench_scenario *const *const all = bench_scenarios(&count);

	(void)printf("scenarios\n");
	for (size_t i = 0; i < count; i++)
		(void)printf("  %-18s %s%s\n", all[i]->name, all[i]->doc,
		             all[i]->on_request ? " (on request only)" : "");
	for (size_t field = 0; field < COUNT(fields); field++) {
		(void)printf("\npools on the %s driver\n", fields[field]->driver);
		for (size_t i = 0; i < fields[field]->count(); i++) {
			const struct bench_contender contender = fields[field]->contender(i);

			(void)printf("  %-18s %s\n", contender.name, contender.doc);
		}
	}
	return true;
}

static json_t *count_or_null(unsigned count)
{
	return count != 0 ? json_integer(count) : json_null();
}

static json_t *pools_json(const struct bench_field *field)
{
	json_t *pools = json_array();

	for (size_t i = 0; i < field->count(); i++) {
		const struct bench_contender contender = field->contender(i);

		(void)json_array_append_new(
			pools, json_pack("{s:s, s:s}", "name", contender.name, "doc", contender.doc));
	}
	return pools;
}

/* "threads" of a scenario with several sizes is null: "sizes" has them. */
static json_t *scenario_json(const struct bench_scenario *scenario)
{
	json_t *sizes = json_array();

	for (size_t i = 0; i < BENCH_SIZES_MAX && scenario->sizes[i] != 0; i++)
		(void)json_array_append_new(sizes, json_integer(scenario->sizes[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:s?, s:b}", "name", scenario->name, "doc",
	                 scenario->doc, "driver", bench_field_of(scenario->kind)->driver, "threads",
	                 count_or_null(scenario->roles[0].threads), "sizes", sizes, "conns",
	                 count_or_null(scenario->conns), "hold",
	                 scenario->kind != BENCH_KIND_SQL ? scenario->roles[0].hold.text : NULL,
	                 "on_request", (int)scenario->on_request);
}

static bool list_json(void)
{
	size_t count;
	const struct bench_scenario *const *const all = bench_scenarios(&count);
	json_t *scenarios = json_array();
	json_t *root;
	bool written;

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(scenarios, scenario_json(all[i]));
	root = json_pack("{s:i, s:o, s:{s:o, s:o}}", "schema", 1, "scenarios", scenarios, "pools",
	                 fields[0]->driver, pools_json(fields[0]), fields[1]->driver,
	                 pools_json(fields[1]));
	written = root != NULL && json_dumpf(root, stdout, JSON_INDENT(2)) == 0;
	(void)putchar('\n');
	json_decref(root);
	return written;
}

int bench_command_list(int argc, char **argv)
{
	static const struct option known_flags[] = {
		{"json", no_argument, NULL, 'j'},
		{"peers", no_argument, NULL, 'P'},
		{"peers-dir", required_argument, NULL, 'd'},
		{"pool-so", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct bench_pool_options pools = {0};
	bool json = false;
	bool written;
	int flag;

	optind = 1;
	opterr = 0;
	while ((flag = getopt_long(argc, argv, "", known_flags, NULL)) != -1) {
		if (flag == 'h') {
			(void)fputs(help, stdout);
			return BENCH_EXIT_DONE;
		}
		if (flag == 'p' && !bench_pool_options_add(&pools, optarg))
			return BENCH_EXIT_USAGE;
		pools.peers = pools.peers || flag == 'P';
		pools.peers_dir = flag == 'd' ? optarg : pools.peers_dir;
		pools.peers = pools.peers || flag == 'd';
		json = json || flag == 'j';
		if (flag == '?') {
			(void)fprintf(stderr, "weir-bench: list has no option %s; see weir-bench list --help\n",
			              argv[optind - 1]);
			return BENCH_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "weir-bench: list takes no \"%s\"; see weir-bench list --help\n",
		              argv[optind]);
		return BENCH_EXIT_USAGE;
	}
	if (!bench_pool_options_apply(&pools)) {
		bench_entrants_clear();
		return BENCH_EXIT_USAGE;
	}
	written = json ? list_json() : list_plain();
	for (unsigned i = 0; i < pools.notes.count; i++)
		(void)fprintf(stderr, "weir-bench: %s\n", pools.notes.notes[i]);
	bench_entrants_clear();
	return written && fflush(stdout) == 0 ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
}
