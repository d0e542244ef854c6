/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A scenario with phases in a child. See child_phases.h.
 */
#include "child_phases.h"

#include <math.h>
#include <stdlib.h>

#include "load_phases.h"
#include "peer_timeline.h"

const char *bench_child_phases_refuse(const struct bench_scenario *scenario)
{
	if (scenario->roles_count != 1)
		return "a child process is told one role";
	if (scenario->roles[0].arrival.kind == BENCH_ARRIVAL_EVERY)
		return "a child process knows no arrival every so often";
	for (unsigned i = 0; i < scenario->phases_count; i++)
		if (scenario->phases[i].rate_from != scenario->phases[i].rate_to ||
		    scenario->phases[i].active_share < 1.0)
			return "a child process knows no ramp";
	return NULL;
}

static enum bench_peer_arrival arrival_of(const struct bench_arrival *arrival)
{
	switch (arrival->kind) {
	case BENCH_ARRIVAL_STEADY:
		return BENCH_PEER_EVEN;
	case BENCH_ARRIVAL_POISSON:
		return BENCH_PEER_POISSON;
	case BENCH_ARRIVAL_ONCE:
		return BENCH_PEER_ONCE;
	case BENCH_ARRIVAL_CLOSED:
	case BENCH_ARRIVAL_EVERY:
		break;
	}
	return BENCH_PEER_CLOSED;
}

static void make_phases(const struct bench_selection *selection, struct bench_peer_phase *phases)
{
	const struct bench_scenario *const scenario = selection->scenario;
	const struct bench_arrival *const arrival = &scenario->roles[0].arrival;
	const double stretched = selection->seconds / scenario->seconds;

	for (unsigned i = 0; i < scenario->phases_count; i++) {
		const struct bench_scenario_phase *const phase = &scenario->phases[i];

		phases[i] = (struct bench_peer_phase){
			.name = phase->name,
			.ns = (int64_t)(phase->seconds * stretched * 1e9),
			.down = phase->down,
			.arrival = arrival_of(arrival),
			.rate = arrival->per_s * phase->rate_from / selection->threads,
		};
	}
}

/* As bench_load_phases bounds its samples. */
static int64_t sample_ns(const struct bench_selection *selection)
{
	const int64_t at_least = (int64_t)(selection->seconds * 1e9) / BENCH_SAMPLES_MAX + 1;

	return selection->scenario->sample_ns > at_least ? selection->scenario->sample_ns : at_least;
}

static void describe(const struct bench_timeline *timeline, struct bench_rep *rep)
{
	const struct bench_waits none = {NAN, NAN, NAN, NAN};
	const struct bench_sample sample = {
		.seconds = timeline->phases[timeline->phases_count - 1].end_s,
		.fairness = {NAN, NAN},
		.cpu_s = NAN,
		.ctx_switches_unknown = true,
		.waits = {timeline->waits, none},
		.waits_all = timeline->waits,
	};

	rep->throughput = sample;
	rep->wait = sample;
	for (unsigned i = 0; i < timeline->phases_count; i++) {
		rep->throughput.ops[0] += timeline->phases[i].ops;
		rep->throughput.timeouts += timeline->phases[i].timeouts;
	}
}

enum bench_outcome bench_child_phases_run(struct bench_peer_child *child,
                                          const struct bench_rep_spec *spec,
                                          int64_t open_timeout_ns, struct bench_rep *rep,
                                          struct weir_error *err)
{
	const struct bench_selection *const selection = spec->selection;
	const struct bench_scenario *const scenario = selection->scenario;
	struct bench_peer_phase phases[BENCH_SCENARIO_PHASES_MAX];
	const struct bench_peer_plan plan = {
		.setup =
			{
				.threads = selection->threads,
				.conns_min = selection->conns_min,
				.conns_max = spec->conns,
				.acquire_timeout_ns = scenario->acquire_timeout_ns,
				.open_timeout_ns = open_timeout_ns,
				.open_ns = scenario->open_ns,
				.ping_ns = scenario->ping_ns,
				.hold = &selection->hold,
			},
		.sample_ns = sample_ns(selection),
		.seed = spec->seed,
		.phases_count = scenario->phases_count,
		.phases = phases,
	};
	const struct bench_peer_tick tick = {spec->tick, spec->tick_context};
	enum bench_outcome outcome;

	rep->timeline = calloc(1, sizeof(*rep->timeline));
	if (rep->timeline == NULL) {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.phases", 0, "no memory for a timeline");
		return BENCH_FAILED;
	}
	make_phases(selection, phases);
	outcome = bench_peer_child_timeline(child, &plan, &tick, rep->timeline, spec->waits, err);
	if (outcome != BENCH_DONE) {
		bench_timeline_free(rep->timeline);
		rep->timeline = NULL;
		return outcome;
	}
	describe(rep->timeline, rep);
	return BENCH_DONE;
}
