/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Which scenarios run, and at which sizes. See selecting.h.
 */
#include "selecting.h"

#include <stdio.h>
#include <string.h>

#include "scenario_command.h"

#define QUICK_SECONDS 0.15
#define QUICK_PHASES_SECONDS 1.5
/* So that eleven pools take nine minutes. */
#define PEERS_SECONDS 1.0
#define PEERS_PHASES_SECONDS 10.0

static bool refuse_hold(const char *value, const char *why)
{
	(void)fprintf(stderr, "weir-bench: --hold \"%s\": %s\n", value, why);
	return false;
}

/* Add a scenario at one size, with its own figures where no flag gives others.
 * One with several sizes names the size. */
static bool select_size(struct bench_asked *asked, const struct bench_scenario *scenario,
                        unsigned threads)
{
	struct bench_run *run = asked->run;
	struct bench_selection *selection = &run->selections[run->selections_count];
	const bool phases = scenario->kind == BENCH_KIND_PHASES;
	const double quick_seconds = phases ? QUICK_PHASES_SECONDS : QUICK_SECONDS;
	const double peers_seconds = phases ? PEERS_PHASES_SECONDS : PEERS_SECONDS;
	const double quick = asked->quick   ? quick_seconds
	                     : asked->peers ? peers_seconds
	                                    : BENCH_SECONDS_MAX;
	const unsigned own = scenario->conns != 0 ? scenario->conns : threads;
	const unsigned conns = asked->conns != 0 ? (unsigned)asked->conns : own;

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
		.hold = asked->hold_given ? asked->hold : scenario->roles[0].hold,
		.seconds = scenario->seconds < quick ? scenario->seconds : quick,
		.wait_seconds = scenario->wait_seconds < quick ? scenario->wait_seconds : quick,
		.seed = asked->seed_given ? 0 : scenario->seed,
	};
	if (scenario->sizes[0] != 0)
		(void)snprintf(selection->name, sizeof(selection->name), "%.*s-%u", BENCH_SCENARIO_WORD_MAX,
		               scenario->name, threads);
	else
		(void)snprintf(selection->name, sizeof(selection->name), "%s", scenario->name);
	if (asked->seconds > 0.0) {
		selection->seconds = asked->seconds;
		selection->wait_seconds = asked->seconds;
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
static bool select_sizes(struct bench_asked *asked, const struct bench_scenario *scenario)
{
	const unsigned *sizes = asked->quick ? scenario->quick_sizes : scenario->sizes;

	if (asked->threads != 0) {
		asked->reshaped = asked->reshaped || !has_size(scenario, asked->threads);
		return select_size(asked, scenario, (unsigned)asked->threads);
	}
	if (sizes[0] == 0)
		return select_size(asked, scenario, scenario->roles[0].threads);
	for (size_t i = 0; i < BENCH_SIZES_MAX && sizes[i] != 0; i++)
		if (!select_size(asked, scenario, sizes[i]))
			return false;
	return true;
}

static bool has_phases_or_leases(const struct bench_scenario *scenario)
{
	return scenario->kind == BENCH_KIND_LEASES || scenario->kind == BENCH_KIND_PHASES;
}

static bool select_scenario(struct bench_asked *asked, const struct bench_scenario *scenario)
{
	const struct bench_run *run = asked->run;

	for (unsigned i = 0; i < run->selections_count; i++) {
		if (run->selections[i].scenario == scenario)
			return true;
		if (strcmp(run->selections[i].scenario->name, scenario->name) == 0) {
			(void)fprintf(stderr, "weir-bench: two scenarios are named \"%s\"\n", scenario->name);
			return false;
		}
	}
	if (!has_phases_or_leases(scenario) && asked->hold_given)
		return refuse_hold(asked->hold.text, "does not apply to this scenario");
	if (scenario->kind == BENCH_KIND_SPARSE && asked->threads != 0) {
		(void)fprintf(stderr, "weir-bench: --threads: %s always takes two\n", scenario->name);
		return false;
	}
	if (asked->threads + bench_scenario_other_threads(scenario) > BENCH_THREADS_MAX) {
		(void)fprintf(stderr, "weir-bench: --threads: %s has other roles: at most %u\n",
		              scenario->name, BENCH_THREADS_MAX - bench_scenario_other_threads(scenario));
		return false;
	}
	return select_sizes(asked, scenario);
}

/* A name, or a file. */
static bool select_named(struct bench_asked *asked, const char *name)
{
	const struct bench_scenario *scenario;

	if (bench_is_scenario_file(name)) {
		scenario = bench_scenario_open(name);
		if (scenario == NULL)
			return false;
		asked->run->loaded[asked->run->loaded_count++] =
			(struct bench_scenario *)(uintptr_t)scenario;
		asked->reshaped = true;
	} else {
		scenario = bench_scenario_find(name);
	}
	if (scenario == NULL) {
		(void)fprintf(stderr, "weir-bench: no scenario \"%s\"; see weir-bench list\n", name);
		return false;
	}
	return select_scenario(asked, scenario);
}

bool bench_select(struct bench_asked *asked, char *const *names, int names_count)
{
	size_t count;
	const struct bench_scenario *const *const all = bench_scenarios(&count);

	for (int i = 0; i < names_count; i++) {
		if (i == BENCH_SELECTED_MAX) {
			(void)fprintf(stderr, "weir-bench: at most %d scenarios\n", BENCH_SELECTED_MAX);
			return false;
		}
		if (!select_named(asked, names[i]))
			return false;
	}
	if (names_count > 0)
		return true;
	if (asked->threads != 0 || asked->conns != 0 || asked->hold_given)
		return select_named(asked, "custom");
	for (size_t i = 0; i < count; i++)
		if (!all[i]->on_request && (!asked->peers || all[i]->peers) &&
		    !select_scenario(asked, all[i]))
			return false;
	return true;
}
