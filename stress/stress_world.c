/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Building a scenario's world up and down. See stress_world.h.
 */
#include "stress_world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weir/log.h>

#include "stress_random.h"
#include "stress_worker.h"

/* More than this of one scenario tells nothing new. */
#define FAILURES_PRINTED 20

void stress_broken(struct stress_world *world, const char *format, ...)
{
	const uint64_t number = atomic_fetch_add(&world->failures, 1);
	char text[STRESS_FOUND_TEXT];
	va_list values;

	if (number >= FAILURES_PRINTED)
		return;
	va_start(values, format);
	(void)vsnprintf(text, sizeof text, format, values);
	va_end(values);
	if (number < STRESS_FOUND_MAX)
		memcpy(world->found[number], text, sizeof text);
	(void)fprintf(stderr, "weir-stress: %s, seed %" PRIu64 ": %s\n", world->scenario->name,
	              world->seed, text);
}

void stress_dump(struct stress_world *world)
{
	struct weir_pool_stats stats = {.size = sizeof stats};
	struct weir_stub_counts counts;
	const int64_t now_ns = weir_now().ns;

	if (world->stub == NULL || world->pool == NULL)
		return;
	weir_stub_read(world->stub, &counts);
	if (weir_pool_read_stats(world->pool, &stats) == WEIR_OK)
		(void)fprintf(stderr,
		              "  pool: %u places, %u idle, %u leased, %u opening, %u waiters; %" PRIu64
		              " acquires, %" PRIu64 " waits, %" PRIu64 " handoffs, %" PRIu64
		              " timeouts, %" PRIu64 " opens, %" PRIu64 " failed opens\n",
		              stats.max_size, stats.idle, stats.leased, stats.opening, stats.waiters,
		              stats.acquires, stats.waits, stats.handoffs, stats.timeouts, stats.opens,
		              stats.open_failures);
	(void)fprintf(stderr, "  server: %" PRIu64 " live, %" PRIu64 " hanging, %" PRIu64 " misuses\n",
	              counts.live, counts.hanging, counts.misuses);
	for (uint32_t i = 0; i < world->threads; i++) {
		struct stress_worker *w = &world->workers[i];
		const char *call = atomic_load(&w->call);

		if (call != NULL)
			(void)fprintf(stderr, "  caller %u: in %s, %.3f s past its deadline\n", w->number, call,
			              (double)(now_ns - atomic_load(&w->due_ns)) / 1e9);
	}
	for (uint32_t i = 0; i < world->slots; i++) {
		const uint32_t owner = atomic_load(&world->places[i].owner);

		if (owner != 0)
			(void)fprintf(stderr, "  slot %u: used by caller %u\n", i, owner);
	}
}

void stress_sleep(int64_t ns)
{
	const struct timespec time = {
		.tv_sec = (time_t)(ns / WEIR_SECONDS(1)),
		.tv_nsec = (long)(ns % WEIR_SECONDS(1)),
	};

	int before;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	(void)nanosleep(&time, NULL);
	(void)pthread_setcancelstate(before, &before);
}

void stress_watch(struct stress_worker *worker, const char *call, int64_t due_ns)
{
	/* A call that is over keeps its time, for a watchdog that has just read its name. */
	if (call != NULL)
		atomic_store_explicit(&worker->due_ns, due_ns, memory_order_relaxed);
	atomic_store_explicit(&worker->call, call, memory_order_release);
}

void stress_use_begin(struct stress_world *world, const struct weir_lease *lease, uint32_t who)
{
	struct stress_place *place;
	uint32_t owner = 0;

	if (lease->slot >= world->slots) {
		stress_broken(world, "a lease of slot %u, which does not exist", lease->slot);
		return;
	}
	place = &world->places[lease->slot];
	if (!atomic_compare_exchange_strong_explicit(&place->owner, &owner, who, memory_order_relaxed,
	                                             memory_order_relaxed))
		stress_broken(world, "slot %u has two owners, callers %u and %u", lease->slot, owner, who);
	else
		place->uses++;
}

void stress_use_end(struct stress_world *world, const struct weir_lease *lease, uint32_t who)
{
	struct stress_place *place = &world->places[lease->slot % STRESS_SLOTS_MAX];
	uint32_t owner = who;

	if (!atomic_compare_exchange_strong_explicit(&place->owner, &owner, 0, memory_order_relaxed,
	                                             memory_order_relaxed))
		stress_broken(world, "slot %u was taken from caller %u by %u", lease->slot, who, owner);
}

enum weir_code stress_acquire(struct stress_world *world, struct weir_lease *lease,
                              int64_t timeout_ns, struct weir_error *err)
{
	struct stress_event *const event = stress_record_begin(
		stress_judge_main(world), timeout_ns == 0 ? STRESS_OP_TRY : STRESS_OP_ACQUIRE);
	const enum weir_code code = weir_acquire_for(world->pool, lease, timeout_ns, err);

	stress_record_lease(event, lease, code);
	return code;
}

enum weir_code stress_release(struct stress_world *world, struct weir_lease *lease,
                              struct weir_error *err)
{
	struct stress_event *const event =
		stress_record_end_of(stress_judge_main(world), STRESS_OP_RELEASE, lease);
	const enum weir_code code = weir_release(lease, err);

	stress_record_end(event, code);
	return code;
}

bool stress_pool_begin(struct stress_world *world, const char *more_settings)
{
	const struct weir_driver *driver = world->scenario->driver();
	/* Outages are wanted here, thousands of them. */
	const struct weir_pool_options quiet = {(uint32_t)sizeof quiet, weir_log_silent(), NULL, NULL};
	struct weir_config config;
	struct weir_error err = WEIR_ERROR_INIT;
	char pairs[512];

	stress_judge_begin(world);
	world->stub = weir_stub_create();
	if (world->stub == NULL) {
		stress_broken(world, "out of memory");
		return false;
	}
	weir_config_init(&config, driver);
	(void)snprintf(pairs, sizeof pairs, "%s %s", world->scenario->settings, more_settings);
	if (weir_config_apply_pairs(&config, driver, pairs, NULL, &err) != WEIR_OK ||
	    weir_pool_create_with(&world->pool, driver, world->stub, &config, &quiet, &err) !=
	        WEIR_OK) {
		stress_broken(world, "no pool: %s", err.message);
		weir_stub_destroy(world->stub);
		return false;
	}
	world->size = (uint32_t)config.max_size;
	world->slots = world->size;
	if (config.leak_policy == WEIR_LEAK_RECLAIM)
		world->slots += world->size / 4 + 1;
	world->got_besides = 0;
	world->timeouts_besides = 0;
	return true;
}

void stress_server_end(struct stress_world *world)
{
	struct weir_stub_counts counts;

	if (!weir_stub_drain(world->stub, weir_deadline_in(STRESS_MARGIN_NS)))
		stress_broken(world, "connections were left open");
	weir_stub_read(world->stub, &counts);
	if (counts.opens != counts.closes)
		stress_broken(world, "%" PRIu64 " connections opened, %" PRIu64 " closed", counts.opens,
		              counts.closes);
	if (counts.misuses != 0)
		stress_broken(world, "the driver was misused %" PRIu64 " times", counts.misuses);
	world->opened += counts.opens;
	world->closed += counts.closes;
	weir_stub_destroy(world->stub);
	world->pool = NULL;
	world->stub = NULL;
}

void stress_pool_end(struct stress_world *world)
{
	struct weir_error err = WEIR_ERROR_INIT;

	weir_stub_set(world->stub, NULL);
	weir_stub_unhang(world->stub);
	if (weir_pool_close_until(world->pool, weir_deadline_in(STRESS_MARGIN_NS), &err) != WEIR_OK)
		stress_broken(world, "close: %s", err.message);
	weir_pool_destroy(world->pool);
	stress_server_end(world);
}

void stress_remember(struct stress_world *world)
{
	const struct stress_tally sum = stress_tally_sum(world);
	struct weir_pool_stats stats = {.size = sizeof stats};

	world->past.calls += sum.calls;
	world->past.got += sum.got;
	world->past.timed_out += sum.timed_out;
	if (sum.wait_ns_max > world->past.wait_ns_max)
		world->past.wait_ns_max = sum.wait_ns_max;
	if (weir_pool_read_stats(world->pool, &stats) != WEIR_OK)
		stress_broken(world, "the pool's figures cannot be read");
	world->waits += stats.waits;
	world->handoffs += stats.handoffs;
}

static void join_callers(struct stress_world *world, uint32_t count)
{
	atomic_store(&world->stop, true);
	for (uint32_t i = 0; i < count; i++)
		(void)pthread_join(world->workers[i].thread, NULL);
	stress_returner_stop(world);
}

void stress_worker_init(struct stress_world *world, uint32_t index)
{
	struct stress_worker *w = &world->workers[index];

	/* Not by memset: the watchdog looks at call all the time. */
	w->tally = (struct stress_tally){0};
	w->held = 0;
	w->world = world;
	w->number = index + 1;
	w->recorder = &world->recorders[index];
	w->random = stress_random_init(world->seed + world->rounds, index);
}

bool stress_workers_start(struct stress_world *world)
{
	atomic_store(&world->stop, false);
	if (!stress_returner_start(world)) {
		stress_broken(world, "the thread that returns leases could not be started");
		return false;
	}
	for (uint32_t i = 0; i < world->threads; i++)
		stress_worker_init(world, i);
	for (uint32_t i = 0; i < world->threads; i++) {
		if (pthread_create(&world->workers[i].thread, NULL, stress_work, &world->workers[i]) == 0)
			continue;
		stress_broken(world, "caller %u could not be started: give fewer --threads", i + 1);
		join_callers(world, i);
		return false;
	}
	return true;
}

void stress_workers_join(struct stress_world *world)
{
	join_callers(world, world->threads);
}

struct stress_tally stress_tally_sum(const struct stress_world *world)
{
	struct stress_tally sum = {0};

	for (uint32_t i = 0; i < world->threads; i++) {
		const struct stress_tally *one = &world->workers[i].tally;

		sum.calls += one->calls;
		sum.got += one->got;
		sum.timed_out += one->timed_out;
		sum.exhausted += one->exhausted;
		sum.refused += one->refused;
		sum.open_failed += one->open_failed;
		sum.unhealthy += one->unhealthy;
		sum.closed += one->closed;
		sum.discarded += one->discarded;
		if (one->wait_ns_max > sum.wait_ns_max)
			sum.wait_ns_max = one->wait_ns_max;
	}
	return sum;
}
