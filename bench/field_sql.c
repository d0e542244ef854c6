/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The field on SQLite, and its load: each thread runs one operation after
 * another on a row chosen at random, and an operation is timed from the call to
 * its outcome, waiting for a connection and for the database included.
 */
#include <math.h>
#include <stdatomic.h>

#include "field.h"
#include "monotonic.h"
#include "sql_file.h"
#include "sql_variant.h"

static const struct bench_sql_variant *const variants[] = {
	&bench_sql_weir_lease,  &bench_sql_busy_timeout, &bench_sql_mutex_writer,
	&bench_sql_shared_conn, &bench_sql_mutex_lifo,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct sql_load {
	const struct bench_sql_variant *variant;
	void *pool;
	uint32_t read_percent;
	_Atomic bool failed; /* an operation ended in a way that is no contest */
	const struct bench_sql_file *file;
	double wal_peak_bytes; /* main thread */
	const struct bench_rep_spec *spec;
};

static struct bench_contender sql_contender(size_t index)
{
	return (struct bench_contender){.name = variants[index]->name, .doc = variants[index]->doc};
}

/* Run the next operation and say which it was. */
static enum bench_sql_outcome operate(const struct sql_load *load, struct bench_worker *worker,
                                      enum bench_role *role)
{
	const int64_t key = 1 + (int64_t)bench_random_below(&worker->random, BENCH_SQL_ROWS);

	*role = bench_random_below(&worker->random, 100) < load->read_percent ? BENCH_ROLE_READ
	                                                                      : BENCH_ROLE_WRITE;
	if (*role == BENCH_ROLE_READ)
		return load->variant->read(load->pool, worker->index, key);
	return load->variant->write(load->pool, worker->index, key);
}

/* Count an outcome; false when the run is over. */
static bool count_outcome(struct sql_load *load, struct bench_worker *worker, enum bench_role role,
                          enum bench_sql_outcome outcome)
{
	switch (outcome) {
	case BENCH_SQL_DONE:
		bench_count(&worker->ops[role]);
		return true;
	case BENCH_SQL_BUSY:
		bench_count(&worker->busy_errors);
		return true;
	case BENCH_SQL_TIMEOUT:
		bench_count(&worker->timeouts);
		return true;
	case BENCH_SQL_FAILED:
		break;
	}
	atomic_store_explicit(&load->failed, true, memory_order_relaxed);
	return false;
}

static void throughput_loop(struct bench_worker *worker)
{
	struct sql_load *load = worker->context;
	enum bench_sql_outcome outcome;
	enum bench_role role;

	do
		outcome = operate(load, worker, &role);
	while (count_outcome(load, worker, role, outcome) && bench_phase(worker) != BENCH_PHASE_STOP);
}

static void wait_loop(struct bench_worker *worker)
{
	struct sql_load *load = worker->context;
	enum bench_sql_outcome outcome;
	enum bench_role role;

	do {
		const int64_t start = bench_now();

		outcome = operate(load, worker, &role);
		bench_record_wait(worker, role, bench_now() - start);
	} while (count_outcome(load, worker, role, outcome) && bench_phase(worker) != BENCH_PHASE_STOP);
}

static void sample_wal(void *context)
{
	struct sql_load *load = context;

	load->wal_peak_bytes = fmax(load->wal_peak_bytes, bench_sql_file_wal_bytes(load->file));
	if (load->spec->tick != NULL)
		load->spec->tick(load->spec->tick_context);
}

static enum bench_outcome run_pass(struct sql_load *load, bool timed, struct bench_sample *sample,
                                   struct weir_error *err)
{
	const struct bench_selection *selection = load->spec->selection;
	const struct bench_pass_spec pass = {
		.body = timed ? wait_loop : throughput_loop,
		.context = load,
		.threads = selection->threads,
		.timed = timed,
		.seconds = timed ? selection->wait_seconds : selection->seconds,
		.seed = load->spec->seed + timed,
		.tick = sample_wal,
		.tick_context = load,
	};
	enum bench_outcome outcome = bench_pass_run(&pass, sample, err);

	if (outcome == BENCH_DONE && atomic_load_explicit(&load->failed, memory_order_relaxed)) {
		(void)weir_fail(err, WEIR_ERR_DRIVER, "bench.sql", 0,
		                "%s: an operation failed, other than by waiting too long",
		                load->variant->name);
		outcome = BENCH_FAILED;
	}
	return outcome;
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

static enum bench_outcome sql_run(const struct bench_rep_spec *spec, struct bench_rep *rep,
                                  struct weir_error *err)
{
	struct bench_sql_file file = {0};
	struct sql_load load = {
		.variant = variants[spec->contender],
		.read_percent = spec->selection->scenario->read_percent,
		.file = &file,
		.spec = spec,
	};
	const struct bench_sql_setup setup = {
		.path = file.path,
		.threads = spec->selection->threads,
		.conns = spec->conns,
	};
	enum bench_outcome outcome;

	if (!bench_sql_file_name(&file, spec->dir) || bench_sql_file_settle(&file, err) != WEIR_OK ||
	    load.variant->create(&load.pool, &setup, err) != WEIR_OK)
		return BENCH_FAILED;
	outcome = run_pass(&load, false, &rep->throughput, err);
	rep->wal_peak_bytes = load.wal_peak_bytes;
	if (outcome == BENCH_DONE)
		outcome = run_pass(&load, true, &rep->wait, err);
	load.variant->destroy(load.pool);
	return outcome;
}

const struct bench_field bench_field_sql = {
	.driver = "sqlite",
	.count = COUNT(variants),
	.contender = sql_contender,
	.prepare = sql_prepare,
	.clean = sql_clean,
	.run = sql_run,
};
