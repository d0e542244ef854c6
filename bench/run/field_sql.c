/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field on SQLite: who takes part in which scenario, and one repetition of
 * one of them, in this process or in several.
 */
#include "field.h"
#include "sql_file.h"
#include "sql_load.h"
#include "sql_processes.h"

static struct bench_contender sql_contender(size_t index)
{
	const struct bench_sql_variant *variant = bench_sql_variant_of((enum bench_sql_pool)index);

	return (struct bench_contender){
		.name = variant->name,
		.doc = variant->doc,
		.standing = variant->standing,
	};
}

static bool sql_takes_part(size_t index, const struct bench_selection *selection)
{
	const struct bench_sql_variant *variant = bench_sql_variant_of((enum bench_sql_pool)index);

	return (selection->scenario->sql.pools >> index & 1u) != 0 &&
	       (!variant->single || selection->threads == 1);
}

static unsigned threads_here(size_t index, const struct bench_selection *selection)
{
	return bench_sql_variant_of((enum bench_sql_pool)index)->alone ? 1 : selection->threads;
}

static unsigned sql_threads(size_t index, const struct bench_selection *selection)
{
	const unsigned processes = selection->scenario->sql.processes;

	return threads_here(index, selection) * (processes != 0 ? processes : 1);
}

static enum weir_code sql_prepare(const struct bench_rep_spec *spec, struct weir_error *err)
{
	struct bench_sql_file file = {0};

	return bench_sql_file_make(&file, spec->dir, err);
}

static void sql_clean(const struct bench_rep_spec *spec)
{
	struct bench_sql_file file = {0};

	if (bench_sql_file_name(&file, spec->dir))
		bench_sql_file_remove(&file);
}

static enum bench_outcome run_here(const struct bench_rep_spec *spec,
                                   const struct bench_sql_file *file, struct bench_rep *rep,
                                   struct weir_error *err)
{
	struct bench_sql_load load = {
		.variant = bench_sql_variant_of((enum bench_sql_pool)spec->contender),
		.shape = &spec->selection->scenario->sql,
		.threads = threads_here(spec->contender, spec->selection),
		.wal = file->wal,
		.tick = spec->tick,
		.tick_context = spec->tick_context,
	};
	struct bench_sql_pass pass = {.seconds = spec->selection->seconds, .seed = spec->seed};
	enum bench_outcome outcome;

	if (bench_sql_load_open(&load, file->path, spec->conns, err) != WEIR_OK)
		return BENCH_FAILED;
	outcome = bench_sql_load_run(&load, &pass, &rep->throughput, err);
	if (outcome == BENCH_DONE) {
		rep->sql = bench_sql_load_figures(&load, &rep->throughput);
		pass.timed = true;
		pass.seconds = spec->selection->wait_seconds;
		outcome = bench_sql_load_run(&load, &pass, &rep->wait, err);
	}
	bench_sql_load_close(&load);
	return outcome;
}

static enum bench_outcome sql_run(const struct bench_rep_spec *spec, struct bench_rep *rep,
                                  struct weir_error *err)
{
	struct bench_sql_file file = {0};

	if (!bench_sql_file_name(&file, spec->dir) || bench_sql_file_settle(&file, err) != WEIR_OK)
		return BENCH_FAILED;
	if (spec->selection->scenario->sql.processes != 0)
		return bench_sql_processes_run(spec, &file, rep, err);
	return run_here(spec, &file, rep, err);
}

const struct bench_field bench_field_sql = {
	.driver = "sqlite",
	.count = BENCH_SQL_POOLS,
	.contender = sql_contender,
	.takes_part = sql_takes_part,
	.threads = sql_threads,
	.prepare = sql_prepare,
	.clean = sql_clean,
	.run = sql_run,
};
