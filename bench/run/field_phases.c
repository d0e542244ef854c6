/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field of scenarios with several roles, open loops or phases: one repetition of
 * one of the pools on the stub driver.
 */
#include <math.h>
#include <string.h>

#include "child_phases.h"
#include "entrants.h"
#include "field_stub.h"
#include "load_phases.h"

/* A thread that wakes up later than this was short of a processor. */
#define LATE_NS 1e6

/* The roles and phases of a selection: the scenario's, with what the user changed. */
struct plan {
	struct bench_scenario_role roles[BENCH_SCENARIO_ROLES_MAX];
	struct bench_scenario_phase phases[BENCH_SCENARIO_PHASES_MAX];
};

static void make_plan(struct plan *plan, const struct bench_selection *selection)
{
	const struct bench_scenario *const scenario = selection->scenario;
	const double stretched = selection->seconds / scenario->seconds;

	memcpy(plan->roles, scenario->roles, sizeof(plan->roles));
	memcpy(plan->phases, scenario->phases, sizeof(plan->phases));
	plan->roles[0].threads = selection->threads;
	plan->roles[0].hold = selection->hold;
	for (unsigned i = 0; i < scenario->roles_count; i++)
		bench_hold_calibrate(&plan->roles[i].hold, selection->links_per_us);
	for (unsigned i = 0; i < scenario->phases_count; i++)
		plan->phases[i].seconds *= stretched;
}

static unsigned phases_threads(size_t index, const struct bench_selection *selection)
{
	(void)index;
	return selection->threads + bench_scenario_other_threads(selection->scenario);
}

static enum bench_outcome run_on_pool(const struct bench_rep_spec *spec, void *pool,
                                      struct bench_source *source, struct bench_rep *rep,
                                      struct weir_error *err)
{
	const struct bench_scenario *const scenario = spec->selection->scenario;
	struct plan plan;
	const struct bench_phases_load load = {
		.variant = bench_entrants_at(spec->contender).pool,
		.pool = pool,
		.source = source,
		.roles_count = scenario->roles_count,
		.roles = plan.roles,
		.phases_count = scenario->phases_count,
		.phases = plan.phases,
		.sample_ns = scenario->sample_ns,
		.seed = spec->seed,
		.tick = spec->tick,
		.tick_context = spec->tick_context,
		.merged = spec->waits,
	};
	const struct bench_waits none = {NAN, NAN, NAN, NAN};
	enum bench_outcome outcome;

	make_plan(&plan, spec->selection);
	outcome = bench_load_phases(&load, &rep->timeline, &rep->throughput, err);
	if (outcome != BENCH_DONE)
		return outcome;
	rep->wait = (struct bench_sample){
		.seconds = rep->throughput.seconds,
		.waits = {rep->timeline->waits, none},
		.waits_all = rep->timeline->waits,
	};
	rep->late = isnan(rep->timeline->late.p99) ? NAN : rep->timeline->late.p99 > LATE_NS;
	return outcome;
}

static enum bench_outcome run_on_source(const struct bench_rep_spec *spec,
                                        struct bench_source *source, struct bench_rep *rep,
                                        struct weir_error *err)
{
	const struct bench_selection *const selection = spec->selection;
	const struct pool_under_test *const calls = bench_entrants_at(spec->contender).pool;
	const struct pool_setup setup = {
		.size = sizeof(setup),
		.threads = phases_threads(spec->contender, selection),
		.conns_min = selection->conns_min,
		.conns_max = spec->conns,
		.acquire_timeout_ns = selection->scenario->acquire_timeout_ns,
		.open_timeout_ns = BENCH_OPEN_TIMEOUT_NS,
		.source = bench_source_for_pool(source),
	};
	enum bench_outcome outcome;
	char problem[200] = "";
	void *pool;

	if (calls->create(&pool, &setup, problem, sizeof(problem)) != 0) {
		(void)weir_fail(err, WEIR_ERR_DRIVER, "bench.create", 0, "%s: %s", calls->name, problem);
		return bench_stub_failed(spec->contender);
	}
	outcome = run_on_pool(spec, pool, source, rep, err);
	calls->destroy(pool);
	return outcome;
}

static enum bench_outcome phases_run(const struct bench_rep_spec *spec, struct bench_rep *rep,
                                     struct weir_error *err)
{
	const struct bench_scenario *const scenario = spec->selection->scenario;
	struct bench_peer_child *const child = bench_entrants_at(spec->contender).child;
	struct bench_source *source;
	enum bench_outcome outcome;

	rep->sql = (struct bench_sql_figures){NAN, NAN, NAN, NAN};
	if (child != NULL)
		return bench_child_phases_run(child, spec, BENCH_OPEN_TIMEOUT_NS, rep, err);
	source = bench_source_create(scenario->open_ns, scenario->ping_ns);
	if (source == NULL) {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.source", 0, "no memory for a source");
		return BENCH_FAILED;
	}
	outcome = run_on_source(spec, source, rep, err);
	bench_source_destroy(source);
	return outcome;
}

static const char *phases_left_out(size_t index, const struct bench_selection *selection)
{
	const char *const why = bench_stub_left_out(index, selection);

	const struct bench_peer_child *const child = bench_entrants_at(index).child;

	if (why != NULL || child == NULL)
		return why;
	/* Phases are for children that grow (docs/reference/benchmarks.md). */
	if ((bench_peer_child_hello(child)->abilities & POOL_GROWS) == 0)
		return "its greeting announces no phases";
	return bench_child_phases_refuse(selection->scenario);
}

const struct bench_field bench_field_phases = {
	.driver = "stub",
	.count = bench_entrants_count,
	.contender = bench_stub_contender,
	.left_out = phases_left_out,
	.threads = phases_threads,
	.run = phases_run,
};
