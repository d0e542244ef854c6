/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The load of the SQL scenarios. See sql_load.h.
 */
#include "sql_load.h"

#include <math.h>
#include <time.h>

#include "monotonic.h"
#include "sql_file.h"
#include "sql_meter.h"

/* The pace of a companion: of commits, and of looking whether it is over. */
#define PACE_NS INT64_C(1000000)

static unsigned companions(const struct bench_sql_load *load)
{
	return load->shape->beside != BENCH_BESIDE_NOTHING;
}

static unsigned rows_per_write(const struct bench_sql_load *load)
{
	return load->variant->rows_per_write != 0 ? load->variant->rows_per_write : 1;
}

enum weir_code bench_sql_load_open(struct bench_sql_load *load, const char *path, unsigned conns,
                                   struct weir_error *err)
{
	/* Where no caller reads, more connections would only cost time to open. */
	const unsigned readers = load->shape->read_percent > 0 ? conns : 1;
	const struct bench_sql_setup setup = {
		.path = path,
		.settings = load->shape->settings,
		.threads = load->threads + companions(load),
		.conns = readers + companions(load),
	};

	(void)bench_sql_meter_take_stall();
	return load->variant->create(&load->pool, &setup, err);
}

void bench_sql_load_close(struct bench_sql_load *load)
{
	load->variant->destroy(load->pool);
	load->pool = NULL;
}

/* ---- operations ---- */

static int64_t draw_key(struct bench_worker *worker)
{
	return 1 + (int64_t)bench_random_below(&worker->random, BENCH_SQL_ROWS);
}

/* Run the next operation and say which it was. */
static enum bench_sql_outcome operate(const struct bench_sql_load *load,
                                      struct bench_worker *worker, enum bench_role *role)
{
	const int64_t key = draw_key(worker);

	*role = bench_random_below(&worker->random, 100) < load->shape->read_percent ? BENCH_ROLE_READ
	                                                                             : BENCH_ROLE_WRITE;
	if (*role == BENCH_ROLE_READ)
		return load->variant->read(load->pool, worker->index, key);
	return load->variant->write(load->pool, worker->index, key);
}

/* Count an outcome; false when the run is over. */
static bool count_outcome(struct bench_sql_load *load, struct bench_worker *worker,
                          enum bench_role role, enum bench_sql_outcome outcome)
{
	switch (outcome) {
	case BENCH_SQL_DONE:
		bench_count_many(&worker->ops[role], role == BENCH_ROLE_WRITE ? rows_per_write(load) : 1);
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

static void throughput_loop(struct bench_sql_load *load, struct bench_worker *worker)
{
	enum bench_sql_outcome outcome;
	enum bench_role role;

	do
		outcome = operate(load, worker, &role);
	while (count_outcome(load, worker, role, outcome) && bench_phase(worker) != BENCH_PHASE_STOP);
}

static void wait_loop(struct bench_sql_load *load, struct bench_worker *worker)
{
	enum bench_sql_outcome outcome;
	enum bench_role role;

	do {
		const int64_t start = bench_now();

		outcome = operate(load, worker, &role);
		bench_record_wait(worker, role, bench_now() - start);
	} while (count_outcome(load, worker, role, outcome) && bench_phase(worker) != BENCH_PHASE_STOP);
}

/* ---- companions ---- */

static void sleep_until(int64_t ns)
{
	const struct timespec until = bench_timespec(ns);

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* A steady pace, equal beside every variant: one that writes faster would take
 * the processor from the readers that are measured. */
static void writer_beside(struct bench_sql_load *load, struct bench_worker *worker)
{
	const bool timed = worker->waits != NULL;
	int64_t due = bench_now();
	enum bench_sql_outcome outcome;

	do {
		const int64_t start = bench_now();

		outcome = load->variant->write(load->pool, worker->index, draw_key(worker));
		if (timed)
			bench_record_wait(worker, BENCH_ROLE_WRITE, bench_now() - start);
		due = due + PACE_NS > start ? due + PACE_NS : start;
		sleep_until(due);
	} while (count_outcome(load, worker, BENCH_ROLE_WRITE, outcome) &&
	         bench_phase(worker) != BENCH_PHASE_STOP);
}

static void reader_beside(struct bench_sql_load *load, struct bench_worker *worker)
{
	if (load->variant->hold_begin(load->pool, worker->index) != BENCH_SQL_DONE)
		atomic_store_explicit(&load->failed, true, memory_order_relaxed);
	while (bench_phase(worker) != BENCH_PHASE_STOP)
		sleep_until(bench_now() + PACE_NS);
	load->variant->hold_end(load->pool, worker->index);
}

static void body(struct bench_worker *worker)
{
	struct bench_sql_load *const load = worker->context;

	if (worker->index < load->threads)
		(worker->waits != NULL ? wait_loop : throughput_loop)(load, worker);
	else
		(load->shape->beside == BENCH_BESIDE_WRITER ? writer_beside : reader_beside)(load, worker);
}

/* ---- passes ---- */

static void look_at_wal(struct bench_sql_load *load)
{
	if (load->wal != NULL)
		load->wal_peak_bytes = fmax(load->wal_peak_bytes, bench_sql_file_bytes(load->wal));
}

static void load_tick(void *context)
{
	struct bench_sql_load *const load = context;

	look_at_wal(load);
	if (load->tick != NULL)
		load->tick(load->tick_context);
}

static struct bench_sql_window read_window(const struct bench_sql_load *load)
{
	struct bench_sql_counts counts = {.stall_ns = -1};

	if (load->variant->counts != NULL)
		load->variant->counts(load->pool, &counts);
	return (struct bench_sql_window){
		.syncs = bench_sql_meter_syncs(),
		.writes = counts.writes,
		.commits = counts.commits,
		.stall_ns = counts.stall_ns,
	};
}

static void throughput_window(void *context, bool begins)
{
	struct bench_sql_load *const load = context;
	const struct bench_sql_window now = read_window(load);
	struct bench_sql_window *const window = &load->window;

	look_at_wal(load);
	if (begins) {
		*window = now;
		return;
	}
	window->syncs = now.syncs - window->syncs;
	window->writes = now.writes - window->writes;
	window->commits = now.commits - window->commits;
	window->stall_ns = now.stall_ns;
	if (load->variant->counts == NULL)
		window->stall_ns = bench_sql_meter_take_stall();
}

enum bench_outcome bench_sql_load_run(struct bench_sql_load *load,
                                      const struct bench_sql_pass *pass,
                                      struct bench_sample *sample, struct weir_error *err)
{
	const struct bench_pass_spec spec = {
		.body = body,
		.context = load,
		.threads = load->threads + companions(load),
		.companions = companions(load),
		.timed = pass->timed,
		.seconds = pass->seconds,
		.seed = pass->seed + pass->timed,
		.tick = load_tick,
		.tick_context = load,
		.window = pass->timed ? NULL : throughput_window,
		.merged = pass->merged,
	};
	const enum bench_outcome outcome = bench_pass_run(&spec, sample, err);

	if (outcome == BENCH_DONE && atomic_load_explicit(&load->failed, memory_order_relaxed)) {
		(void)weir_fail(err, WEIR_ERR_DRIVER, "bench.sql", 0,
		                "%s: an operation failed, other than by waiting too long",
		                load->variant->name);
		return BENCH_FAILED;
	}
	return outcome;
}

struct bench_sql_figures bench_sql_load_figures(const struct bench_sql_load *load,
                                                const struct bench_sample *throughput)
{
	const struct bench_sql_window *const window = &load->window;
	const double writes = (double)throughput->ops[BENCH_ROLE_WRITE];
	struct bench_sql_figures figures = {
		.wal_peak_bytes = load->wal_peak_bytes,
		.group_size = NAN,
		.fsyncs_per_tx = NAN,
		.ckpt_stall_ns = NAN,
	};

	if (throughput->ops[BENCH_ROLE_WRITE] == 0)
		return figures;
	figures.group_size = rows_per_write(load);
	if (window->commits > 0)
		figures.group_size = (double)window->writes / (double)window->commits;
	figures.fsyncs_per_tx = (double)window->syncs / writes;
	if (window->stall_ns >= 0)
		figures.ckpt_stall_ns = (double)window->stall_ns;
	return figures;
}
