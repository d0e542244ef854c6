/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field on SQLite: who takes part in which scenario, and one repetition of
 * one of them, in this process or in several.
 */
#include "field.h"
#include "sql_file.h"
#include "sql_load.h"
#include "sql_processes.h"

static size_t sql_count(void)
{
	return bench_sql_variants_count();
}

static struct bench_contender sql_contender(size_t index)
{
	const struct bench_sql_variant *variant = bench_sql_variant_of((unsigned)index);

	return (struct bench_contender){
		.name = variant->name,
		.doc = variant->doc,
		.extra_work = variant->extra_work,
		.standing = variant->standing,
	};
}

static bool holds_transaction(const struct bench_scenario *scenario)
{
	for (unsigned i = 0; i < scenario->roles_count; i++)
		if (scenario->roles[i].transaction_open)
			return true;
	return false;
}

static const char *sql_left_out(size_t index, const struct bench_selection *selection)
{
	const struct bench_sql_variant *variant = bench_sql_variant_of((unsigned)index);

	if (variant->single && selection->threads != 1)
		return "it has one caller";
	if (variant->hold_begin == NULL && holds_transaction(selection->scenario))
		return "it cannot keep a transaction open";
	/* Only this program knows what was loaded. */
	if (variant->plugin != NULL && selection->scenario->processes != 0)
		return "it runs in one process";
	return NULL;
}

static unsigned threads_here(size_t index, const struct bench_selection *selection)
{
	return bench_sql_variant_of((unsigned)index)->alone ? 1 : selection->threads;
}

static unsigned sql_threads(size_t index, const struct bench_selection *selection)
{
	const unsigned processes = selection->scenario->processes;

	return threads_here(index, selection) * (processes != 0 ? processes : 1);
}

static enum weir_code sql_prepare(const struct bench_rep_spec *spec, struct weir_error *err)
{
	const struct bench_scenario *const scenario = spec->selection->scenario;
	struct bench_sql_file file = {0};
	enum weir_code code = bench_sql_file_make(&file, spec->dir, scenario->script, err);

	if (code != WEIR_OK)
		return code;
	code = bench_sql_file_check(&file, scenario->statements, scenario->statements_count, err);
	if (code != WEIR_OK)
		bench_sql_file_remove(&file);
	return code;
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
		.variant = bench_sql_variant_of((unsigned)spec->contender),
		.scenario = spec->selection->scenario,
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
		pass.merged = spec->waits;
		pass.seconds = spec->selection->wait_seconds;
		outcome = bench_sql_load_run(&load, &pass, &rep->wait, err);
		rep->late = bench_sql_load_late(&load);
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
	if (spec->selection->scenario->processes != 0)
		return bench_sql_processes_run(spec, &file, rep, err);
	return run_here(spec, &file, rep, err);
}

const struct bench_field bench_field_sql = {
	.driver = "sqlite",
	.count = sql_count,
	.contender = sql_contender,
	.left_out = sql_left_out,
	.threads = sql_threads,
	.prepare = sql_prepare,
	.clean = sql_clean,
	.run = sql_run,
};
