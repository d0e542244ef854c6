/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field on the stub driver: weir, the baselines, and no pool at all.
 */
#include <math.h>

#include "entrants.h"
#include "field_stub.h"
#include "load.h"
#include "peer_child.h"
#include "plugin.h"
#include "source.h"
#include "variant.h"

struct bench_contender bench_stub_contender(size_t index)
{
	const struct bench_entrant entrant = bench_entrants_at(index);

	return (struct bench_contender){
		.name = entrant.name,
		.doc = entrant.doc,
		.extra_work = entrant.extra_work,
		.standing = entrant.standing,
		.warm_s = entrant.child != NULL ? bench_peer_child_hello(entrant.child)->warm_s : 0.0,
	};
}

static unsigned abilities_of(const struct bench_entrant *entrant)
{
	return entrant->child != NULL ? bench_peer_child_hello(entrant->child)->abilities
	                              : entrant->pool->abilities;
}

const char *bench_stub_left_out(size_t index, const struct bench_selection *selection)
{
	const struct bench_entrant entrant = bench_entrants_at(index);
	const unsigned lacks = selection->scenario->abilities & ~abilities_of(&entrant);

	/* Where nothing has to grow or to heal it would be mutex-lifo once more. */
	if (entrant.pool == &bench_variant_mutex_grow && selection->scenario->abilities == 0)
		return "";
	/* One that only executes statements has no leases to measure. */
	if (entrant.child == NULL && !bench_pool_leases(entrant.pool))
		return "";
	/* The threads of a sparse step hand leases to each other, which no child is told
	 * to do. */
	if (entrant.child != NULL && selection->scenario->kind == BENCH_KIND_SPARSE)
		return "it runs in a process of its own";
	if ((lacks & POOL_HEALS) != 0)
		return "it does not replace broken connections";
	if ((lacks & POOL_GROWS) != 0)
		return "it does not grow";
	return NULL;
}

enum bench_outcome bench_stub_failed(size_t index)
{
	return bench_entrants_at(index).standing == BENCH_STANDING_PEER ? BENCH_DROPPED : BENCH_FAILED;
}

typedef enum bench_outcome (*load_function)(const struct bench_load *load,
                                            struct bench_sample *sample, struct weir_error *err);

static enum bench_outcome run_passes(const struct bench_rep_spec *spec, load_function run_load,
                                     struct bench_load *load, struct bench_rep *rep,
                                     struct weir_error *err)
{
	enum bench_outcome outcome;

	load->pass.seconds = spec->selection->seconds;
	load->pass.timed = false;
	outcome = run_load(load, &rep->throughput, err);
	if (outcome != BENCH_DONE)
		return outcome;
	load->pass.seconds = spec->selection->wait_seconds;
	load->pass.timed = true;
	load->pass.merged = spec->waits;
	return run_load(load, &rep->wait, err);
}

static enum bench_outcome run_on_source(const struct bench_rep_spec *spec, load_function run_load,
                                        const struct bench_source *source, struct bench_rep *rep,
                                        struct weir_error *err)
{
	const struct pool_setup setup = {
		.size = sizeof(setup),
		.threads = spec->selection->threads,
		.conns_min = spec->conns,
		.conns_max = spec->conns,
		.acquire_timeout_ns = spec->selection->scenario->acquire_timeout_ns,
		.open_timeout_ns = BENCH_OPEN_TIMEOUT_NS,
		.source = bench_source_for_pool(source),
	};
	struct bench_load load = {
		.variant = bench_entrants_at(spec->contender).pool,
		.hold = &spec->selection->hold,
		.conns = spec->conns,
		.pass =
			{
				.threads = spec->selection->threads,
				.seed = spec->seed,
				.tick = spec->tick,
				.tick_context = spec->tick_context,
			},
	};
	enum bench_outcome outcome;
	char problem[200] = "";

	if (load.variant->create(&load.pool, &setup, problem, sizeof(problem)) != 0) {
		(void)weir_fail(err, WEIR_ERR_DRIVER, "bench.create", 0, "%s: %s", load.variant->name,
		                problem);
		return bench_stub_failed(spec->contender);
	}
	outcome = run_passes(spec, run_load, &load, rep, err);
	load.variant->destroy(load.pool);
	rep->sql = (struct bench_sql_figures){NAN, NAN, NAN, NAN};
	return outcome;
}

static enum bench_outcome run_variant(const struct bench_rep_spec *spec, load_function run_load,
                                      struct bench_rep *rep, struct weir_error *err)
{
	const struct bench_scenario *const scenario = spec->selection->scenario;
	struct bench_source *const source = bench_source_create(scenario->open_ns, scenario->ping_ns);
	enum bench_outcome outcome;

	if (source == NULL) {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.source", 0, "no memory for a source");
		return BENCH_FAILED;
	}
	outcome = run_on_source(spec, run_load, source, rep, err);
	bench_source_destroy(source);
	return outcome;
}

static enum bench_outcome leases_run(const struct bench_rep_spec *spec, struct bench_rep *rep,
                                     struct weir_error *err)
{
	struct bench_peer_child *const child = bench_entrants_at(spec->contender).child;

	if (child != NULL)
		return bench_peer_child_run(child, spec, spec->selection->scenario->acquire_timeout_ns,
		                            BENCH_OPEN_TIMEOUT_NS, rep, err);
	return run_variant(spec, bench_load_leases, rep, err);
}

static enum bench_outcome sparse_run(const struct bench_rep_spec *spec, struct bench_rep *rep,
                                     struct weir_error *err)
{
	return run_variant(spec, bench_load_sparse, rep, err);
}

const struct bench_field bench_field_leases = {
	.driver = "stub",
	.count = bench_entrants_count,
	.contender = bench_stub_contender,
	.left_out = bench_stub_left_out,
	.run = leases_run,
};

const struct bench_field bench_field_sparse = {
	.driver = "stub",
	.count = bench_entrants_count,
	.contender = bench_stub_contender,
	.left_out = bench_stub_left_out,
	.run = sparse_run,
};

const struct bench_field *bench_field_of(enum bench_kind kind)
{
	static const struct bench_field *const fields[] = {
		[BENCH_KIND_LEASES] = &bench_field_leases,
		[BENCH_KIND_SPARSE] = &bench_field_sparse,
		[BENCH_KIND_SQL] = &bench_field_sql,
		[BENCH_KIND_PHASES] = &bench_field_phases,
	};

	return fields[kind];
}
