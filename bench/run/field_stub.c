/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field on the stub driver: weir, the baselines, and no pool at all.
 */
#include <math.h>

#include <weir/stub.h>

#include "field.h"
#include "load.h"

static const struct bench_variant *const variants[] = {
	&bench_variant_weir,    &bench_variant_mutex_lifo, &bench_variant_fifo_handoff,
	&bench_variant_sem_cas, &bench_variant_ck_ring,    &bench_variant_none,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct bench_contender stub_contender(size_t index)
{
	return (struct bench_contender){.name = variants[index]->name, .doc = variants[index]->doc};
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

static enum bench_outcome run_variant(const struct bench_rep_spec *spec, load_function run_load,
                                      struct bench_rep *rep, struct weir_error *err)
{
	const struct bench_variant *variant = variants[spec->contender];
	/* The stub's reset only counts what it is asked; a baseline asks nothing. */
	struct weir_driver driver = *weir_stub_prompt_driver();
	struct weir_config config;
	const struct bench_setup setup = {
		.driver = &driver,
		.config = &config,
		.threads = spec->selection->threads,
		.conns = spec->conns,
	};
	struct bench_load load = {
		.variant = variant,
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

	driver.reset = NULL;
	weir_config_init(&config, &driver);
	if (variant->create(&load.pool, &setup, err) != WEIR_OK)
		return BENCH_FAILED;
	outcome = run_passes(spec, run_load, &load, rep, err);
	variant->destroy(load.pool);
	rep->sql = (struct bench_sql_figures){NAN, NAN, NAN, NAN};
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
