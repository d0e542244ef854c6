/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field on the stub driver: weir, the baselines, and no pool at all.
 */
#include <math.h>

#include "field.h"
#include "load.h"
#include "source.h"
#include "variant.h"

/* As weir's own defaults. */
#define ACQUIRE_TIMEOUT_NS INT64_C(5000000000)
#define OPEN_TIMEOUT_NS INT64_C(5000000000)

static const struct pool_under_test *const variants[] = {
	&bench_variant_weir,    &bench_variant_mutex_lifo, &bench_variant_fifo_handoff,
	&bench_variant_sem_cas, &bench_variant_ck_ring,    &bench_variant_none,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct bench_contender stub_contender(size_t index)
{
	const struct pool_under_test *const variant = variants[index];

	return (struct bench_contender){
		.name = variant->name,
		.doc = variant->doc,
		.extra_work = variant->extra_work,
		.standing = variant == &bench_variant_weir   ? BENCH_STANDING_WEIR
	                : variant == &bench_variant_none ? BENCH_STANDING_LIMIT
	                                                 : BENCH_STANDING_BASELINE,
	};
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
		.acquire_timeout_ns = ACQUIRE_TIMEOUT_NS,
		.open_timeout_ns = OPEN_TIMEOUT_NS,
		.source = bench_source_for_pool(source),
	};
	struct bench_load load = {
		.variant = variants[spec->contender],
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
		return BENCH_FAILED;
	}
	outcome = run_passes(spec, run_load, &load, rep, err);
	load.variant->destroy(load.pool);
	rep->sql = (struct bench_sql_figures){NAN, NAN, NAN, NAN};
	return outcome;
}

static enum bench_outcome run_variant(const struct bench_rep_spec *spec, load_function run_load,
                                      struct bench_rep *rep, struct weir_error *err)
{
	struct bench_source *const source = bench_source_create(0, 0);
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
	return run_variant(spec, bench_load_leases, rep, err);
}

static enum bench_outcome sparse_run(const struct bench_rep_spec *spec, struct bench_rep *rep,
                                     struct weir_error *err)
{
	return run_variant(spec, bench_load_sparse, rep, err);
}

const struct bench_field bench_field_leases = {
	.driver = "stub",
	.count = COUNT(variants),
	.contender = stub_contender,
	.run = leases_run,
};

const struct bench_field bench_field_sparse = {
	.driver = "stub",
	.count = COUNT(variants),
	.contender = stub_contender,
	.run = sparse_run,
};

const struct bench_field *bench_field_of(enum bench_kind kind)
{
	static const struct bench_field *const fields[] = {
		[BENCH_KIND_LEASES] = &bench_field_leases,
		[BENCH_KIND_SPARSE] = &bench_field_sparse,
		[BENCH_KIND_SQL] = &bench_field_sql,
	};

	return fields[kind];
}
