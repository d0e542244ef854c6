/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A pass: threads that run one loop at the same time. See pass.h.
 */
#include "pass.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cancel.h"
#include "monotonic.h"

#define WARM_SHARE 0.1
#define WARM_S_MIN 0.02
#define WARM_S_MAX 0.2
#define TICK_NS INT64_C(100000000)

/* Reading the counters takes microseconds. If it took longer, the main thread
 * was preempted in the middle and the counters are of different moments. */
#define SNAPSHOT_NS_MAX INT64_C(100000)
#define SNAPSHOT_TRIES_MAX 50

struct snapshot {
	int64_t ns;
	double cpu_s;
	uint64_t ctx_switches;
	uint64_t (*ops)[BENCH_ROLES]; /* by thread */
};

static double timeval_s(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void take_snapshot(const struct bench_pass *pass, struct snapshot *snapshot)
{
	struct rusage usage;

	for (int try = 0; try < SNAPSHOT_TRIES_MAX; try++) {
		snapshot->ns = bench_now();
		for (unsigned i = 0; i < pass->spec->threads; i++)
			for (int role = 0; role < BENCH_ROLES; role++)
				snapshot->ops[i][role] =
					atomic_load_explicit(&pass->workers[i].ops[role], memory_order_relaxed);
		if (bench_now() - snapshot->ns <= SNAPSHOT_NS_MAX)
			break;
	}
	(void)getrusage(RUSAGE_SELF, &usage);
	snapshot->cpu_s = timeval_s(usage.ru_utime) + timeval_s(usage.ru_stime);
	snapshot->ctx_switches = (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

/* Sleep until end_ns, ticking; true if the user asked to stop meanwhile. */
static bool wait_until(const struct bench_pass_spec *spec, int64_t end_ns)
{
	for (;;) {
		const int64_t now = bench_now();
		const int64_t left = end_ns - now;

		if (left <= 0)
			return false;
		if (bench_cancel_wait(left < TICK_NS ? left : TICK_NS))
			return true;
		if (spec->tick != NULL)
			spec->tick(spec->tick_context);
	}
}

static void set_phase(struct bench_pass *pass, enum bench_phase phase)
{
	atomic_store_explicit(&pass->phase, (int)phase, memory_order_relaxed);
}

static void *worker_main(void *argument)
{
	struct bench_worker *worker = argument;

	worker->pass->spec->body(worker);
	return NULL;
}

struct bench_waits bench_waits_of(const struct bench_histogram *histogram)
{
	if (histogram->count == 0)
		return (struct bench_waits){NAN, NAN, NAN, NAN};
	return (struct bench_waits){
		.p50 = (double)bench_histogram_quantile(histogram, 0.5),
		.p99 = (double)bench_histogram_quantile(histogram, 0.99),
		.p999 = (double)bench_histogram_quantile(histogram, 0.999),
		.max = (double)histogram->max,
	};
}

/* Merges every histogram into the first worker's. */
static void summarize_all_waits(struct bench_pass *pass, struct bench_sample *sample)
{
	struct bench_histogram *merged = pass->workers[0].waits;

	for (int role = 0; role < BENCH_ROLES; role++) {
		for (unsigned i = 1; i < pass->spec->threads; i++)
			bench_histogram_merge(&merged[role], &pass->workers[i].waits[role]);
		sample->waits[role] = bench_waits_of(&merged[role]);
	}
	if (pass->spec->merged != NULL)
		memcpy(pass->spec->merged, merged, BENCH_ROLES * sizeof(*merged));
	for (int role = 1; role < BENCH_ROLES; role++)
		bench_histogram_merge(&merged[0], &merged[role]);
	sample->waits_all = bench_waits_of(&merged[0]);
}

static void summarize(struct bench_pass *pass, const struct snapshot *begin,
                      const struct snapshot *end, struct bench_sample *sample)
{
	const struct bench_waits none = {NAN, NAN, NAN, NAN};
	const unsigned contestants = pass->spec->threads - pass->spec->companions;

	memset(sample, 0, sizeof(*sample));
	sample->seconds = (double)(end->ns - begin->ns) / 1e9;
	sample->cpu_s = end->cpu_s - begin->cpu_s;
	sample->ctx_switches = end->ctx_switches - begin->ctx_switches;
	for (int role = 0; role < BENCH_ROLES; role++) {
		uint64_t slowest = UINT64_MAX;
		uint64_t fastest = 0;

		for (unsigned i = 0; i < pass->spec->threads; i++) {
			const uint64_t ops = end->ops[i][role] - begin->ops[i][role];

			sample->ops[role] += ops;
			if (i >= contestants)
				continue;
			slowest = ops < slowest ? ops : slowest;
			fastest = ops > fastest ? ops : fastest;
		}
		sample->slowest[role] = slowest;
		sample->fastest[role] = fastest;
		sample->fairness[role] = fastest > 0 ? (double)slowest / (double)fastest : NAN;
		sample->waits[role] = none;
	}
	sample->waits_all = none;
	for (unsigned i = 0; i < pass->spec->threads; i++) {
		sample->timeouts += atomic_load_explicit(&pass->workers[i].timeouts, memory_order_relaxed);
		sample->busy_errors +=
			atomic_load_explicit(&pass->workers[i].busy_errors, memory_order_relaxed);
	}
	if (pass->workers[0].waits != NULL)
		summarize_all_waits(pass, sample);
}

static double warm_seconds(double seconds)
{
	return fmin(fmax(seconds * WARM_SHARE, WARM_S_MIN), WARM_S_MAX);
}

double bench_pass_seconds(double seconds)
{
	return warm_seconds(seconds) + seconds;
}

static void call_window(const struct bench_pass_spec *spec, bool begins)
{
	if (spec->window != NULL)
		spec->window(spec->context, begins);
}

/* Start the threads, let them run, and stop them. */
static enum bench_outcome run_threads(struct bench_pass *pass, const struct bench_pass_spec *spec,
                                      struct snapshot *begin, struct snapshot *end,
                                      pthread_t *threads, struct weir_error *err)
{
	const int64_t warm_ns = (int64_t)(warm_seconds(spec->seconds) * 1e9);
	enum bench_outcome outcome = BENCH_DONE;
	unsigned started;

	for (started = 0; started < spec->threads; started++) {
		const int rc =
			pthread_create(&threads[started], NULL, worker_main, &pass->workers[started]);

		if (rc != 0) {
			(void)weir_fail(err, WEIR_ERR_NO_THREAD, "bench.pass", rc, "thread %u of %u: %s",
			                started + 1, spec->threads, strerror(rc));
			outcome = BENCH_FAILED;
			break;
		}
	}
	if (outcome == BENCH_DONE && wait_until(spec, bench_now() + warm_ns))
		outcome = BENCH_CANCELLED;
	if (outcome == BENCH_DONE) {
		set_phase(pass, BENCH_PHASE_MEASURE);
		call_window(spec, true);
		take_snapshot(pass, begin);
		if (wait_until(spec, begin->ns + (int64_t)(spec->seconds * 1e9)))
			outcome = BENCH_CANCELLED;
		take_snapshot(pass, end);
		call_window(spec, false);
	}
	set_phase(pass, BENCH_PHASE_STOP);
	for (unsigned i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	return outcome;
}

enum bench_outcome bench_pass_run(const struct bench_pass_spec *spec, struct bench_sample *sample,
                                  struct weir_error *err)
{
	const size_t histograms = spec->timed ? (size_t)spec->threads * BENCH_ROLES : 0;
	struct bench_histogram *waits = bench_alloc(histograms * sizeof(*waits) + 1);
	struct bench_pass pass = {
		.spec = spec,
		.workers = bench_alloc(spec->threads * sizeof(*pass.workers)),
	};
	struct snapshot begin = {.ops = bench_alloc(spec->threads * sizeof(*begin.ops))};
	struct snapshot end = {.ops = bench_alloc(spec->threads * sizeof(*end.ops))};
	pthread_t *threads = bench_alloc(spec->threads * sizeof(*threads));
	enum bench_outcome outcome = BENCH_FAILED;

	if (waits == NULL || pass.workers == NULL || begin.ops == NULL || end.ops == NULL ||
	    threads == NULL) {
		(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.pass", 0, "no memory for %u threads",
		                spec->threads);
		goto out;
	}
	for (unsigned i = 0; i < spec->threads; i++) {
		struct bench_worker *worker = &pass.workers[i];

		worker->random = bench_random_init(spec->seed, i);
		worker->waits = spec->timed ? &waits[(size_t)i * BENCH_ROLES] : NULL;
		worker->index = i;
		worker->pass = &pass;
		worker->context = spec->context;
	}
	outcome = run_threads(&pass, spec, &begin, &end, threads, err);
	if (outcome == BENCH_DONE)
		summarize(&pass, &begin, &end, sample);
out:
	free(threads);
	free(end.ops);
	free(begin.ops);
	free(pass.workers);
	free(waits);
	return outcome;
}
