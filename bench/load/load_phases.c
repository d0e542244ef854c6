/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The load of scenarios with phases: what its threads do. See load_phases.h;
 * phases_run.c starts them and adds up.
 */
#include <errno.h>
#include <math.h>
#include <time.h>

#include "monotonic.h"
#include "phases_run.h"

/* How often who sleeps looks whether the user wants to stop. */
#define LOOK_NS INT64_C(20000000)

/* Due times are drawn apart from holds. */
#define DUE_STREAM (UINT64_C(1) << 32)

static bool stopped(const struct bench_phases_worker *worker)
{
	return atomic_load_explicit(&worker->run->stop, memory_order_relaxed);
}

static void enter_state(struct bench_phases_worker *worker, enum bench_caller_state state)
{
	atomic_store_explicit(&worker->state, (int)state, memory_order_relaxed);
}

/* Sleep until then; false if the user stops the run first. */
static bool sleep_until(const struct bench_phases_worker *worker, int64_t until_ns)
{
	for (int64_t now = bench_now(); now < until_ns; now = bench_now()) {
		const struct timespec until =
			bench_timespec(until_ns - now > LOOK_NS ? now + LOOK_NS : until_ns);

		if (stopped(worker))
			return false;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
			;
	}
	return !stopped(worker);
}

/* Acquire, hold, return: from when it was due. */
static void operate(struct bench_phases_worker *worker, int64_t due_ns)
{
	const struct bench_phases_load *const load = worker->run->load;
	struct bench_phase_figures *const figures = &worker->figures;
	bool got;

	enter_state(worker, BENCH_CALLER_WAITING);
	got = load->variant->acquire(load->pool, worker->index, &worker->lease) == 0;
	bench_histogram_record(&figures->waits, bench_now() - due_ns);
	if (got) {
		enter_state(worker, BENCH_CALLER_USING);
		bench_hold_run(&worker->role->hold, &worker->random);
		/* Whether a connection is broken is found out by using it. */
		worker->lease.broken = !bench_source_works(worker->lease.conn);
		figures->failures += worker->lease.broken != 0;
		figures->ops += worker->lease.broken == 0;
		worker->ops += worker->lease.broken == 0;
		load->variant->release(load->pool, worker->index, &worker->lease);
		worker->lease.broken = 0;
	} else {
		figures->timeouts++;
	}
	enter_state(worker, BENCH_CALLER_IDLE);
	bench_histogram_record(&figures->response, bench_now() - due_ns);
}

/* ---- arrivals ---- */

static void run_closed(struct bench_phases_worker *worker, const struct bench_stretch *stretch)
{
	for (int64_t now = bench_now(); now < stretch->end_ns && !stopped(worker); now = bench_now())
		operate(worker, now);
}

static void run_every(struct bench_phases_worker *worker, const struct bench_stretch *stretch)
{
	const int64_t gap_ns = worker->role->arrival.gap_ns;

	for (int64_t now = bench_now(); now < stretch->end_ns; now = bench_now()) {
		const int64_t next_ns = now + gap_ns;

		operate(worker, now);
		if (!sleep_until(worker, next_ns < stretch->end_ns ? next_ns : stretch->end_ns))
			return;
	}
}

/* When the run is over, what is still to be done has waited until then at least. */
static void leave(struct bench_phases_worker *worker, int64_t due_ns)
{
	const int64_t waited_ns = worker->run->end_ns - due_ns;

	worker->figures.unserved++;
	bench_histogram_record(&worker->figures.waits, waited_ns);
	bench_histogram_record(&worker->figures.response, waited_ns);
}

static void run_once(struct bench_phases_worker *worker, const struct bench_stretch *stretch)
{
	if (bench_now() >= worker->run->end_ns)
		leave(worker, stretch->begin_ns);
	else {
		bench_histogram_record(worker->late, bench_now() - stretch->begin_ns);
		operate(worker, stretch->begin_ns);
	}
}

static void run_open(struct bench_phases_worker *worker, const struct bench_stretch *stretch)
{
	const struct bench_scenario_phase *const phase = stretch->phase;
	const double per_s = worker->role->arrival.per_s / stretch->active;
	struct bench_dues dues = {
		.begin_ns = stretch->begin_ns,
		.length_s = phase->seconds,
		.from_per_s = per_s * phase->rate_from,
		.to_per_s = per_s * phase->rate_to,
	};

	bench_dues_begin(&dues, &worker->role->arrival,
	                 bench_random_init(worker->run->load->seed,
	                                   DUE_STREAM * (stretch->number + 1) + worker->index),
	                 worker->place, stretch->active);
	for (int64_t due_ns = bench_dues_next(&dues); due_ns != INT64_MAX;
	     due_ns = bench_dues_next(&dues)) {
		const int64_t now = bench_now();

		if (now >= worker->run->end_ns) {
			if (stopped(worker))
				return;
			leave(worker, due_ns);
			continue;
		}
		worker->due++;
		worker->behind += now > due_ns;
		if (!sleep_until(worker, due_ns))
			return;
		/* Who had nothing else to do and comes late has waited for a processor. */
		if (now <= due_ns)
			bench_histogram_record(worker->late, bench_now() - due_ns);
		operate(worker, due_ns);
	}
}

/* ---- threads ---- */

static unsigned active_of(const struct bench_scenario_role *role,
                          const struct bench_scenario_phase *phase)
{
	return (unsigned)ceil(role->threads * phase->active_share - 1e-9);
}

static void run_phase(struct bench_phases_worker *worker, unsigned number, int64_t begin_ns)
{
	static void (*const runs[])(struct bench_phases_worker *, const struct bench_stretch *) = {
		[BENCH_ARRIVAL_CLOSED] = run_closed, [BENCH_ARRIVAL_EVERY] = run_every,
		[BENCH_ARRIVAL_STEADY] = run_open,   [BENCH_ARRIVAL_POISSON] = run_open,
		[BENCH_ARRIVAL_ONCE] = run_once,
	};
	const struct bench_scenario_phase *const phase = &worker->run->load->phases[number];
	const struct bench_stretch stretch = {
		.phase = phase,
		.number = number,
		.active = active_of(worker->role, phase),
		.begin_ns = begin_ns,
		.end_ns = begin_ns + (int64_t)(phase->seconds * 1e9),
	};

	if (worker->place < stretch.active && sleep_until(worker, begin_ns))
		runs[worker->role->arrival.kind](worker, &stretch);
}

void *bench_phases_worker_main(void *argument)
{
	struct bench_phases_worker *const worker = argument;
	struct bench_phases_run *const run = worker->run;
	int64_t begin_ns;

	/* Held until everybody is there. */
	(void)pthread_mutex_lock(&run->mutex);
	begin_ns = atomic_load_explicit(&run->start_ns, memory_order_relaxed);
	(void)pthread_mutex_unlock(&run->mutex);
	for (unsigned i = 0; i < run->load->phases_count && !stopped(worker); i++) {
		run_phase(worker, i, begin_ns);
		bench_phases_add(run, i, &worker->figures);
		begin_ns += (int64_t)(run->load->phases[i].seconds * 1e9);
	}
	return NULL;
}
