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

/* How often who sleeps looks whether it is over. */
#define LOOK_NS INT64_C(1000000)

/* A wake-up that comes later than this says that processors were short. */
#define LATE_NS INT64_C(1000000)

/* Longer than any pass. */
#define FOREVER_S 1e6

/* Due times are drawn apart from what is done then. */
#define DUE_STREAM (UINT64_C(1) << 32)

static unsigned companions(const struct bench_sql_load *load)
{
	unsigned count = 0;

	for (unsigned i = 1; i < load->scenario->roles_count; i++)
		if (load->scenario->roles[i].companion)
			count += load->scenario->roles[i].threads;
	return count;
}

static unsigned all_threads(const struct bench_sql_load *load)
{
	return load->threads + bench_scenario_other_threads(load->scenario);
}

static unsigned rows_per_write(const struct bench_sql_load *load)
{
	return load->variant->rows_per_write != 0 ? load->variant->rows_per_write : 1;
}

static bool reads(const struct bench_scenario *scenario, const struct bench_scenario_role *role)
{
	for (unsigned i = 0; i < role->run_count; i++)
		if (!scenario->statements[role->run[i].statement].call.writes)
			return true;
	return false;
}

enum weir_code bench_sql_load_open(struct bench_sql_load *load, const char *path, unsigned conns,
                                   struct weir_error *err)
{
	const struct bench_scenario *const scenario = load->scenario;
	/* Where no caller reads, more connections would only cost time to open. */
	const unsigned readers = reads(scenario, &scenario->roles[0]) ? conns : 1;
	const struct bench_sql_setup setup = {
		.path = path,
		.settings = scenario->settings,
		.statements = scenario->statements,
		.statements_count = scenario->statements_count,
		.threads = all_threads(load),
		.conns = readers + bench_scenario_other_threads(scenario),
		.plugin = load->variant->plugin,
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

/* A thread at work. */
struct caller {
	struct bench_sql_load *load;
	struct bench_worker *worker;
	const struct bench_scenario_role *role;
	unsigned index; /* among the role's */
	unsigned count;
	struct bench_values values;
};

/* A role that runs one statement draws nothing. */
static const struct bench_statement *draw_statement(struct caller *caller)
{
	const struct bench_scenario_role *const role = caller->role;
	const struct bench_scenario_run *run = role->run;

	if (role->run_count > 1) {
		const uint32_t draw = bench_random_u32(&caller->worker->random);

		while (draw >= run->below && run < &role->run[role->run_count - 1])
			run++;
	}
	return &caller->load->scenario->statements[run->statement];
}

static enum pool_outcome execute(struct caller *caller, const struct bench_statement *statement)
{
	struct bench_worker *const worker = caller->worker;

	bench_values_draw(&caller->values, statement, &worker->random);
	return caller->load->variant->execute(caller->load->pool, worker->index, statement,
	                                      caller->values.values);
}

static enum pool_outcome execute_group(struct caller *caller,
                                       const struct bench_statement *statement)
{
	const struct bench_sql_load *const load = caller->load;
	enum pool_outcome outcome = load->variant->group_begin(load->pool);

	if (outcome != POOL_DONE)
		return outcome;
	for (unsigned i = 0; i < load->variant->rows_per_write && outcome == POOL_DONE; i++)
		outcome = execute(caller, statement);
	if (outcome == POOL_DONE)
		return load->variant->group_end(load->pool, true);
	(void)load->variant->group_end(load->pool, false);
	return outcome;
}

/* Run the next operation and say which it was. */
static inline enum pool_outcome operate(struct caller *caller, enum bench_role *role)
{
	const struct bench_statement *const statement = draw_statement(caller);

	*role = statement->call.writes ? BENCH_ROLE_WRITE : BENCH_ROLE_READ;
	if (statement->call.writes && caller->load->variant->rows_per_write > 1)
		return execute_group(caller, statement);
	return execute(caller, statement);
}

/* Count an outcome; false when the run is over. */
static inline bool count_outcome(struct caller *caller, enum bench_role role,
                                 enum pool_outcome outcome)
{
	struct bench_worker *const worker = caller->worker;

	switch (outcome) {
	case POOL_DONE:
		bench_count_many(&worker->ops[role],
		                 role == BENCH_ROLE_WRITE ? rows_per_write(caller->load) : 1);
		return true;
	case POOL_BUSY:
		bench_count(&worker->busy_errors);
		return true;
	case POOL_TIMEOUT:
		bench_count(&worker->timeouts);
		return true;
	case POOL_FAILED:
		break;
	}
	atomic_store_explicit(&caller->load->failed, true, memory_order_relaxed);
	return false;
}

static void throughput_loop(struct caller *caller)
{
	enum pool_outcome outcome;
	enum bench_role role;

	do
		outcome = operate(caller, &role);
	while (count_outcome(caller, role, outcome) && bench_phase(caller->worker) != BENCH_PHASE_STOP);
}

static void wait_loop(struct caller *caller)
{
	enum pool_outcome outcome;
	enum bench_role role;

	do {
		const int64_t start = bench_now();

		outcome = operate(caller, &role);
		bench_record_wait(caller->worker, role, bench_now() - start);
	} while (count_outcome(caller, role, outcome) &&
	         bench_phase(caller->worker) != BENCH_PHASE_STOP);
}

static void sleep_until(int64_t ns)
{
	const struct timespec until = bench_timespec(ns);

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

/* A steady pace, equal beside every variant: one that writes faster would take
 * the processor from the readers that are measured. */
static void paced_loop(struct caller *caller)
{
	struct bench_worker *const worker = caller->worker;
	const int64_t gap_ns = caller->role->arrival.gap_ns;
	int64_t due = bench_now();
	enum pool_outcome outcome;
	enum bench_role role;

	do {
		const int64_t start = bench_now();

		outcome = operate(caller, &role);
		if (worker->waits != NULL)
			bench_record_wait(worker, role, bench_now() - start);
		due = due + gap_ns > start ? due + gap_ns : start;
		for (int64_t now = bench_now(); now < due && bench_phase(worker) != BENCH_PHASE_STOP;
		     now = bench_now())
			sleep_until(due - now > LOOK_NS ? now + LOOK_NS : due);
	} while (count_outcome(caller, role, outcome) && bench_phase(worker) != BENCH_PHASE_STOP);
}

/* Sleep until an operation is due; false if the pass ends first. */
static bool wait_for(struct caller *caller, int64_t due_ns)
{
	struct bench_sql_load *const load = caller->load;
	int64_t now = bench_now();
	const bool early = now < due_ns;

	while (now < due_ns && bench_phase(caller->worker) != BENCH_PHASE_STOP) {
		sleep_until(due_ns - now > LOOK_NS ? now + LOOK_NS : due_ns);
		now = bench_now();
	}
	atomic_fetch_add_explicit(&load->due, 1, memory_order_relaxed);
	if (early && now > due_ns + LATE_NS)
		atomic_fetch_add_explicit(&load->late, 1, memory_order_relaxed);
	return bench_phase(caller->worker) != BENCH_PHASE_STOP;
}

/* What was due when the pass ended, and had not begun, counts with the time that it
 * has waited: dropping it would hide a stall at the end. */
static void record_backlog(struct caller *caller, struct bench_dues *dues, int64_t due_ns,
                           enum bench_role role)
{
	const int64_t now = bench_now();

	if (caller->worker->waits == NULL)
		return;
	for (; due_ns < now; due_ns = bench_dues_next(dues))
		bench_record_wait(caller->worker, role, now - due_ns);
}

static void open_loop(struct caller *caller)
{
	struct bench_worker *const worker = caller->worker;
	const double per_s = caller->role->arrival.per_s / caller->count;
	struct bench_dues dues = {
		.begin_ns = bench_now(),
		.length_s = FOREVER_S,
		.from_per_s = per_s,
		.to_per_s = per_s,
	};
	enum pool_outcome outcome = POOL_DONE;
	enum bench_role role = BENCH_ROLE_READ;

	bench_dues_begin(&dues, &caller->role->arrival,
	                 bench_random_init(worker->pass->spec->seed, DUE_STREAM + worker->index),
	                 caller->index, caller->count);
	for (int64_t due_ns = bench_dues_next(&dues);; due_ns = bench_dues_next(&dues)) {
		if (!wait_for(caller, due_ns)) {
			record_backlog(caller, &dues, due_ns, role);
			return;
		}
		outcome = operate(caller, &role);
		if (worker->waits != NULL)
			bench_record_wait(worker, role, bench_now() - due_ns);
		if (!count_outcome(caller, role, outcome))
			return;
	}
}

static void closed_loop(struct caller *caller)
{
	(caller->worker->waits != NULL ? wait_loop : throughput_loop)(caller);
}

static void hold_open(struct caller *caller)
{
	struct bench_sql_load *const load = caller->load;
	struct bench_worker *const worker = caller->worker;
	const struct bench_statement *const statement = draw_statement(caller);

	bench_values_draw(&caller->values, statement, &worker->random);
	if (load->variant->hold_begin(load->pool, worker->index, statement, caller->values.values) !=
	    POOL_DONE)
		atomic_store_explicit(&load->failed, true, memory_order_relaxed);
	while (bench_phase(worker) != BENCH_PHASE_STOP)
		sleep_until(bench_now() + LOOK_NS);
	load->variant->hold_end(load->pool, worker->index);
}

static void find_role(struct caller *caller)
{
	const struct bench_scenario *const scenario = caller->load->scenario;
	unsigned index = caller->worker->index;
	unsigned count = caller->load->threads;
	unsigned role = 0;

	while (index >= count) {
		index -= count;
		count = scenario->roles[++role].threads;
	}
	caller->role = &scenario->roles[role];
	caller->index = index;
	caller->count = count;
}

static void body(struct bench_worker *worker)
{
	static void (*const loops[])(struct caller * caller) = {
		[BENCH_ARRIVAL_CLOSED] = closed_loop, [BENCH_ARRIVAL_EVERY] = paced_loop,
		[BENCH_ARRIVAL_STEADY] = open_loop,   [BENCH_ARRIVAL_POISSON] = open_loop,
		[BENCH_ARRIVAL_ONCE] = closed_loop,
	};
	struct bench_sql_load *const load = worker->context;
	struct caller caller = {.load = load, .worker = worker};

	find_role(&caller);
	if (!bench_values_make(&caller.values, load->scenario->statements,
	                       load->scenario->statements_count))
		atomic_store_explicit(&load->failed, true, memory_order_relaxed);
	else
		(caller.role->transaction_open ? hold_open : loops[caller.role->arrival.kind])(&caller);
	bench_values_free(&caller.values);
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
		.threads = all_threads(load),
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

double bench_sql_load_late(const struct bench_sql_load *load)
{
	const uint64_t due = atomic_load_explicit(&load->due, memory_order_relaxed);

	return due > 0 ? (double)atomic_load_explicit(&load->late, memory_order_relaxed) / (double)due
	               : NAN;
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
