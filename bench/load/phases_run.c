/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run of a load with phases: starts its threads, takes the server down and up,
 * takes samples, and adds up. See load_phases.h.
 */
#include "phases_run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cancel.h"
#include "monotonic.h"

/* From when everybody is there to the first phase. */
#define START_NS INT64_C(20000000)
#define TICK_NS INT64_C(100000000)

/* What one run takes, besides what its threads share. */
struct conductor {
	struct bench_phases_run run;
	unsigned threads;
	struct bench_phases_worker *workers;
	struct bench_histogram *late; /* by thread */
	pthread_t *ids;
	struct bench_timeline *timeline;
	struct rusage before;
	struct rusage after;
	bool partial; /* a phase has a part of the threads only */
};

void bench_timeline_free(struct bench_timeline *timeline)
{
	if (timeline != NULL)
		free(timeline->samples);
	free(timeline);
}

void bench_phases_add(struct bench_phases_run *run, unsigned phase,
                      struct bench_phase_figures *figures)
{
	struct bench_phase_figures *const sum = &run->phases[phase];

	(void)pthread_mutex_lock(&run->mutex);
	sum->ops += figures->ops;
	sum->timeouts += figures->timeouts;
	sum->failures += figures->failures;
	sum->unserved += figures->unserved;
	bench_histogram_merge(&sum->waits, &figures->waits);
	bench_histogram_merge(&sum->response, &figures->response);
	(void)pthread_mutex_unlock(&run->mutex);
	memset(figures, 0, sizeof(*figures));
}

/* ---- samples ---- */

static void take_sample(const struct conductor *conductor, int64_t now)
{
	struct bench_timeline *const timeline = conductor->timeline;
	struct bench_timeline_sample *const sample = &timeline->samples[timeline->samples_count++];

	*sample = (struct bench_timeline_sample){
		.t_s = (double)(now - atomic_load(&conductor->run.start_ns)) / 1e9,
		.open = bench_source_read(conductor->run.load->source).open_now,
	};
	for (unsigned i = 0; i < conductor->threads; i++) {
		const int state = atomic_load_explicit(&conductor->workers[i].state, memory_order_relaxed);

		sample->in_use += state == BENCH_CALLER_USING;
		sample->waiting += state == BENCH_CALLER_WAITING;
	}
}

static int64_t total_ns(const struct bench_phases_load *load)
{
	int64_t total = 0;

	for (unsigned i = 0; i < load->phases_count; i++)
		total += (int64_t)(load->phases[i].seconds * 1e9);
	return total;
}

static void *sampler_main(void *argument)
{
	struct conductor *const conductor = argument;
	const int64_t least_ns = total_ns(conductor->run.load) / BENCH_SAMPLES_MAX + 1;
	const int64_t gap_ns =
		conductor->run.load->sample_ns > least_ns ? conductor->run.load->sample_ns : least_ns;
	int64_t next_ns = atomic_load(&conductor->run.start_ns);

	while (next_ns < conductor->run.end_ns && !atomic_load(&conductor->run.stop) &&
	       conductor->timeline->samples_count < BENCH_SAMPLES_MAX) {
		const struct timespec next = bench_timespec(next_ns);
		int64_t now;

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
			;
		now = bench_now();
		take_sample(conductor, now);
		/* One that comes late is not followed by others at once. */
		next_ns += (now - next_ns) / gap_ns * gap_ns + gap_ns;
	}
	return NULL;
}

/* ---- the run ---- */

/* Sleep until then, ticking; true if the user asked to stop meanwhile. */
static bool wait_until(const struct bench_phases_load *load, int64_t end_ns)
{
	for (int64_t left = end_ns - bench_now(); left > 0; left = end_ns - bench_now()) {
		if (bench_cancel_wait(left < TICK_NS ? left : TICK_NS))
			return true;
		if (load->tick != NULL)
			load->tick(load->tick_context);
	}
	return false;
}

static enum bench_outcome conduct(struct conductor *conductor)
{
	const struct bench_phases_load *const load = conductor->run.load;
	int64_t begin_ns = atomic_load(&conductor->run.start_ns);
	bool cancelled = wait_until(load, begin_ns);

	(void)getrusage(RUSAGE_SELF, &conductor->before);
	for (unsigned i = 0; i < load->phases_count && !cancelled; i++) {
		bench_source_set_down(load->source, load->phases[i].down);
		begin_ns += (int64_t)(load->phases[i].seconds * 1e9);
		cancelled = wait_until(load, begin_ns);
	}
	(void)getrusage(RUSAGE_SELF, &conductor->after);
	/* Whoever still waits gets its connection, or the pool closes what it has. */
	bench_source_set_down(load->source, false);
	if (cancelled)
		atomic_store(&conductor->run.stop, true);
	return cancelled ? BENCH_CANCELLED : BENCH_DONE;
}

static enum bench_outcome thread_failed(int rc, struct weir_error *err)
{
	(void)weir_fail(err, WEIR_ERR_NO_THREAD, "bench.phases", rc, "cannot start a thread: %s",
	                strerror(rc));
	return BENCH_FAILED;
}

static enum bench_outcome run_threads(struct conductor *conductor, struct weir_error *err)
{
	enum bench_outcome outcome = BENCH_FAILED;
	unsigned started = 0;
	pthread_t sampler;
	int rc = 0;

	/* Those that are there wait for the mutex: were each to look again and again, a
	 * thousand of them would leave no processor to create the next. */
	(void)pthread_mutex_lock(&conductor->run.mutex);
	while (started < conductor->threads && rc == 0) {
		rc = pthread_create(&conductor->ids[started], NULL, bench_phases_worker_main,
		                    &conductor->workers[started]);
		started += rc == 0;
	}
	if (rc == 0) {
		const int64_t start_ns = bench_now() + START_NS;

		conductor->run.end_ns = start_ns + total_ns(conductor->run.load);
		atomic_store(&conductor->run.start_ns, start_ns);
		rc = pthread_create(&sampler, NULL, sampler_main, conductor);
	}
	atomic_store(&conductor->run.stop, rc != 0);
	(void)pthread_mutex_unlock(&conductor->run.mutex);
	if (rc != 0) {
		outcome = thread_failed(rc, err);
	} else {
		outcome = conduct(conductor);
		(void)pthread_join(sampler, NULL);
	}
	for (unsigned i = 0; i < started; i++)
		(void)pthread_join(conductor->ids[i], NULL);
	return outcome;
}

/* ---- adding up ---- */

static void describe_phases(struct conductor *conductor)
{
	const struct bench_phases_load *const load = conductor->run.load;
	struct bench_timeline *const timeline = conductor->timeline;
	double begin_s = 0.0;

	timeline->phases_count = load->phases_count;
	for (unsigned i = 0; i < load->phases_count; i++) {
		const struct bench_phase_figures *const figures = &conductor->run.phases[i];
		struct bench_timeline_phase *const phase = &timeline->phases[i];

		(void)snprintf(phase->name, sizeof(phase->name), "%s", load->phases[i].name);
		phase->begin_s = begin_s;
		begin_s += load->phases[i].seconds;
		phase->end_s = begin_s;
		phase->down = load->phases[i].down;
		phase->ops = figures->ops;
		phase->timeouts = figures->timeouts;
		phase->failures = figures->failures;
		phase->unserved = figures->unserved;
		phase->waits = bench_waits_of(&figures->waits);
		phase->response = bench_waits_of(&figures->response);
	}
}

/* Merges every histogram into the first phase's, and the first thread's. */
static void describe_all(struct conductor *conductor)
{
	struct bench_phase_figures *const all = &conductor->run.phases[0];
	struct bench_timeline *const timeline = conductor->timeline;
	const struct bench_source_counts counts = bench_source_read(conductor->run.load->source);
	uint64_t due = 0;
	uint64_t behind = 0;

	for (unsigned i = 1; i < timeline->phases_count; i++) {
		bench_histogram_merge(&all->waits, &conductor->run.phases[i].waits);
		bench_histogram_merge(&all->response, &conductor->run.phases[i].response);
	}
	for (unsigned i = 0; i < conductor->threads; i++) {
		if (i > 0)
			bench_histogram_merge(&conductor->late[0], &conductor->late[i]);
		due += conductor->workers[i].due;
		behind += conductor->workers[i].behind;
	}
	timeline->opens = counts.opens;
	timeline->open_failures = counts.open_failures;
	timeline->waits = bench_waits_of(&all->waits);
	timeline->response = bench_waits_of(&all->response);
	timeline->late = bench_waits_of(&conductor->late[0]);
	timeline->behind = due > 0 ? (double)behind / (double)due : NAN;
	if (conductor->run.load->merged != NULL)
		*conductor->run.load->merged = all->waits;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Threads of one role compete; those of different ones do different things. */
static void compare_threads(const struct conductor *conductor, struct bench_sample *sample)
{
	unsigned at = 0;

	for (unsigned i = 0; i < conductor->run.load->roles_count; i++) {
		const struct bench_scenario_role *const role = &conductor->run.load->roles[i];
		uint64_t slowest = UINT64_MAX;
		uint64_t fastest = 0;

		for (unsigned k = 0; k < role->threads; k++, at++) {
			const uint64_t ops = conductor->workers[at].ops;

			slowest = ops < slowest ? ops : slowest;
			fastest = ops > fastest ? ops : fastest;
		}
		/* Threads of an open loop are given their work, and some are idle in a phase for
		 * a part of them: neither is a matter of the pool's fairness. */
		if (role->companion || fastest == 0 || bench_arrival_open(&role->arrival) ||
		    conductor->partial)
			continue;
		sample->fairness[0] = fmin(sample->fairness[0], (double)slowest / (double)fastest);
	}
}

static void describe_sample(const struct conductor *conductor, struct bench_sample *sample)
{
	const struct bench_timeline *const timeline = conductor->timeline;
	const struct bench_waits none = {NAN, NAN, NAN, NAN};

	*sample = (struct bench_sample){
		.seconds = timeline->phases[timeline->phases_count - 1].end_s,
		.fairness = {NAN, NAN},
		.cpu_s = seconds_of(conductor->after.ru_utime) + seconds_of(conductor->after.ru_stime) -
	             seconds_of(conductor->before.ru_utime) - seconds_of(conductor->before.ru_stime),
		.ctx_switches = (uint64_t)(conductor->after.ru_nvcsw - conductor->before.ru_nvcsw) +
	                    (uint64_t)(conductor->after.ru_nivcsw - conductor->before.ru_nivcsw),
		.waits = {timeline->waits, none},
		.waits_all = timeline->waits,
	};
	for (unsigned i = 0; i < timeline->phases_count; i++) {
		sample->ops[0] += timeline->phases[i].ops;
		sample->timeouts += timeline->phases[i].timeouts;
	}
	compare_threads(conductor, sample);
}

/* ---- all of it ---- */

static void assign_roles(struct conductor *conductor)
{
	const struct bench_phases_load *const load = conductor->run.load;
	unsigned at = 0;

	for (unsigned i = 0; i < load->roles_count; i++)
		for (unsigned place = 0; place < load->roles[i].threads; place++, at++) {
			struct bench_phases_worker *const worker = &conductor->workers[at];

			worker->run = &conductor->run;
			worker->role = &load->roles[i];
			worker->index = at;
			worker->place = place;
			worker->random = bench_random_init(load->seed, at);
			worker->late = &conductor->late[at];
		}
}

static bool make(struct conductor *conductor)
{
	const struct bench_phases_load *const load = conductor->run.load;
	const size_t threads = conductor->threads;

	conductor->workers = bench_alloc(threads * sizeof(*conductor->workers));
	conductor->late = calloc(threads, sizeof(*conductor->late));
	conductor->ids = calloc(threads, sizeof(*conductor->ids));
	conductor->run.phases = calloc(load->phases_count, sizeof(*conductor->run.phases));
	conductor->timeline = calloc(1, sizeof(*conductor->timeline));
	if (conductor->timeline != NULL)
		conductor->timeline->samples =
			calloc(BENCH_SAMPLES_MAX, sizeof(*conductor->timeline->samples));
	return conductor->workers != NULL && conductor->late != NULL && conductor->ids != NULL &&
	       conductor->run.phases != NULL && conductor->timeline != NULL &&
	       conductor->timeline->samples != NULL;
}

enum bench_outcome bench_load_phases(const struct bench_phases_load *load,
                                     struct bench_timeline **timeline, struct bench_sample *sample,
                                     struct weir_error *err)
{
	struct conductor conductor = {.run = {.load = load, .mutex = PTHREAD_MUTEX_INITIALIZER}};
	enum bench_outcome outcome = BENCH_FAILED;

	*timeline = NULL;
	for (unsigned i = 0; i < load->roles_count; i++)
		conductor.threads += load->roles[i].threads;
	for (unsigned i = 0; i < load->phases_count; i++)
		conductor.partial = conductor.partial || load->phases[i].active_share < 1.0;
	if (make(&conductor)) {
		assign_roles(&conductor);
		outcome = run_threads(&conductor, err);
	} else {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.phases", 0, "no memory for %u threads",
		                conductor.threads);
	}
	if (outcome == BENCH_DONE) {
		describe_phases(&conductor);
		describe_all(&conductor);
		describe_sample(&conductor, sample);
		*timeline = conductor.timeline;
		conductor.timeline = NULL;
	}
	bench_timeline_free(conductor.timeline);
	free(conductor.run.phases);
	free(conductor.ids);
	free(conductor.late);
	free(conductor.workers);
	return outcome;
}
