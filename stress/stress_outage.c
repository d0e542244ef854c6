/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_outage.h. A server that works for a while, is out, and works again, below a
 * pool with the default breaker. Callers never pause but for what the pool makes them wait;
 * while the server is out a connection is of no use, and they discard it.
 */
#include "stress_outage.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/log.h>
#include <weir/stub.h>
#include <weir/weir.h>

#include "stress_run.h"
#include "stress_world.h"

#define SETTLE_NS WEIR_SECONDS(1)   /* before the outage */
#define RECOVER_NS WEIR_SECONDS(12) /* after it, at most; breaker_delay_max and some */
#define SILENCE_NS WEIR_MILLISECONDS(300)
#define FLAP_NS WEIR_MILLISECONDS(400)
#define SLOW_NS WEIR_MILLISECONDS(150)
#define HOLD_NS WEIR_MICROSECONDS(200)
#define PAUSE_NS WEIR_MILLISECONDS(1) /* of a caller that was refused */

static const char settings[] = "max_size=16 max_opening=4";

enum phase { BEFORE = 0, OUT = 1, AFTER = 2, DONE = 3 };

struct world {
	const struct outage_plan *plan;
	struct outage_result *result;
	struct weir_stub *stub;
	struct weir_pool *pool;
	struct weir_log *log;
	atomic_int phase;
	_Atomic int64_t first_ns; /* when a caller first had a connection in AFTER */
};

struct caller {
	pthread_t thread;
	struct world *world;
	bool patient;
	uint64_t calls; /* while OUT, as the next three */
	uint64_t served;
	uint64_t failed_fast;
	uint64_t timed_out;
	uint64_t late;
	int64_t late_max_ns;
	enum weir_code odd; /* an error that no caller should see */
};

static void break_promise(struct outage_result *result, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first counts. */
static void break_promise(struct outage_result *result, const char *format, ...)
{
	va_list arguments;

	if (result->broken[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(result->broken, sizeof result->broken, format, arguments);
	va_end(arguments);
}

/* ---- the log ---- */

/* The log's thread alone. */
static bool take_line(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	static const char event[] = "event=weir.breaker.state ";
	struct outage_result *result = (struct outage_result *)arg;
	char text[1024];

	(void)level;
	(void)snprintf(text, sizeof text, "%.*s", (int)length, line);
	if (strstr(text, event) == NULL)
		return true;
	for (uint32_t state = WEIR_BREAKER_CLOSED; state <= WEIR_BREAKER_OPEN; state++) {
		char field[64];

		(void)snprintf(field, sizeof field, "weir.breaker.state=%s ",
		               weir_breaker_state_name((enum weir_breaker_state)state));
		if (strstr(strstr(text, event) + sizeof event - 1, field) != NULL &&
		    result->lines < OUTAGE_STATES_MAX)
			result->states[result->lines++] = state;
	}
	return true;
}

/* ---- callers ---- */

static void note(struct caller *caller, enum weir_code code, int64_t deadline_ns, int64_t end_ns)
{
	const bool out = atomic_load(&caller->world->phase) == OUT;

	if (end_ns > deadline_ns) {
		caller->late++;
		if (end_ns - deadline_ns > caller->late_max_ns)
			caller->late_max_ns = end_ns - deadline_ns;
	}
	caller->calls += out;
	caller->served += out && code == WEIR_OK;
	caller->timed_out += out && code == WEIR_ERR_ACQUIRE_TIMEOUT;
	caller->failed_fast += out && (code == WEIR_ERR_UNAVAILABLE || code == WEIR_ERR_OPEN_FAILED);
	if (code != WEIR_OK && code != WEIR_ERR_ACQUIRE_TIMEOUT &&
	    (caller->patient || (code != WEIR_ERR_UNAVAILABLE && code != WEIR_ERR_OPEN_FAILED)))
		caller->odd = code;
}

static void use(struct caller *caller, struct weir_lease *lease)
{
	struct world *world = caller->world;
	int64_t never_ns = 0;

	if (atomic_load(&world->phase) == AFTER)
		(void)atomic_compare_exchange_strong(&world->first_ns, &never_ns, weir_now().ns);
	stress_sleep(HOLD_NS);
	if ((atomic_load(&world->phase) == OUT ? weir_discard(lease, NULL)
	                                       : weir_release(lease, NULL)) != WEIR_OK)
		caller->odd = WEIR_ERR_STALE_HANDLE;
}

static void *call(void *arg)
{
	struct caller *caller = (struct caller *)arg;
	struct world *world = caller->world;
	const struct weir_acquire_options options = {
		.size = (uint32_t)sizeof options,
		.when_down = caller->patient ? WEIR_DOWN_WAIT : WEIR_DOWN_FAIL,
		.timeout_ns = world->plan->timeout_ns,
	};

	while (atomic_load(&world->phase) != DONE) {
		struct weir_lease lease = {0};
		const int64_t deadline_ns = weir_now().ns + world->plan->timeout_ns;
		const enum weir_code code = weir_acquire_with(world->pool, &lease, &options, NULL);

		note(caller, code, deadline_ns, weir_now().ns);
		if (code == WEIR_OK)
			use(caller, &lease);
		else
			stress_sleep(PAUSE_NS);
	}
	return NULL;
}

static bool start_callers(struct world *world, struct caller *callers, uint32_t *started)
{
	for (*started = 0; *started < world->plan->callers; (*started)++) {
		struct caller *caller = &callers[*started];

		caller->world = world;
		caller->patient = *started % 2 == 0;
		if (pthread_create(&caller->thread, NULL, call, caller) != 0)
			return false;
	}
	return true;
}

static void end_callers(struct world *world, struct caller *callers, uint32_t count)
{
	struct outage_result *result = world->result;

	atomic_store(&world->phase, DONE);
	for (uint32_t i = 0; i < count; i++) {
		const struct caller *caller = &callers[i];

		(void)pthread_join(caller->thread, NULL);
		result->calls += caller->calls;
		result->served += caller->served;
		result->failed_fast += caller->failed_fast;
		result->timed_out += caller->timed_out;
		result->late += caller->late;
		if (caller->late_max_ns > result->late_max_ns)
			result->late_max_ns = caller->late_max_ns;
		if (caller->odd != WEIR_OK)
			break_promise(result, "a caller that %s got %s",
			              caller->patient ? "waits for better times" : "fails fast",
			              weir_error_name(caller->odd));
	}
}

/* ---- the outage ---- */

static struct weir_pool_stats stats_of(struct world *world)
{
	struct weir_pool_stats stats = {.size = (uint32_t)sizeof stats};

	if (weir_pool_read_stats(world->pool, &stats) != WEIR_OK)
		break_promise(world->result, "the pool's figures cannot be read");
	return stats;
}

static uint64_t opens_begun(struct world *world)
{
	struct weir_stub_counts counts;

	weir_stub_read(world->stub, &counts);
	return counts.opens + counts.open_failures;
}

/*
 * How many opens the settings allow while a database is out: as many as fail before the
 * breaker opens, those that are under way then, and a probe for each of the delays, which
 * are shortened by half at most; and what was begun before and counts as ended in it. A
 * database that flaps has more: after each probe that succeeds, slow start.
 */
static uint64_t opens_allowed(const struct outage_plan *plan, const struct weir_config *config)
{
	uint64_t count = (uint64_t)(config->breaker_failures + 2 * config->max_opening);
	int64_t delay_ns = config->breaker_delay;

	for (int64_t at_ns = delay_ns / 2; at_ns < plan->outage_ns; at_ns += delay_ns / 2) {
		count++;
		delay_ns = 2 * delay_ns < config->breaker_delay_max ? 2 * delay_ns
		                                                    : config->breaker_delay_max;
	}
	return count;
}

static void take_out(struct world *world)
{
	struct weir_stub_script script = {.size = (uint32_t)sizeof script};

	if (world->plan->kind == OUTAGE_FLAPS) {
		script.up_ns = FLAP_NS / 4;
		script.down_ns = FLAP_NS;
	} else {
		script.fail_opens = UINT32_MAX;
		script.open_latency_ns = world->plan->kind == OUTAGE_SILENT ? SILENCE_NS : 0;
	}
	weir_stub_set(world->stub, &script);
}

static void last(int64_t time_ns)
{
	const int64_t until_ns = weir_now().ns + time_ns;

	while (weir_now().ns < until_ns && !stress_interrupted())
		stress_sleep(WEIR_MILLISECONDS(1));
}

/* Until the breaker is closed again. */
static void recover(struct world *world)
{
	struct outage_result *result = world->result;
	const int64_t began_ns = weir_now().ns;
	struct weir_pool_stats stats = stats_of(world);

	while (stats.breaker != WEIR_BREAKER_CLOSED && weir_now().ns - began_ns < RECOVER_NS &&
	       !stress_interrupted()) {
		if (stats.breaker == WEIR_BREAKER_SLOW_START && stats.opening > result->opening_max)
			result->opening_max = stats.opening;
		stress_sleep(WEIR_MICROSECONDS(200));
		stats = stats_of(world);
	}
	result->closed_ns = weir_now().ns - began_ns;
	if (stats.breaker != WEIR_BREAKER_CLOSED && !stress_interrupted())
		break_promise(result, "the breaker is %s long after the outage",
		              weir_breaker_state_name(stats.breaker));
	last(WEIR_MILLISECONDS(200));
	if (atomic_load(&world->first_ns) != 0)
		result->first_ns = atomic_load(&world->first_ns) - began_ns;
	else
		break_promise(result, "nobody got a connection after the outage");
}

static void play(struct world *world, const struct weir_config *config)
{
	const struct weir_stub_script slow = {
		.size = (uint32_t)sizeof slow,
		.open_latency_ns = SLOW_NS,
	};
	struct outage_result *result = world->result;
	uint64_t before;

	last(SETTLE_NS);
	before = opens_begun(world);
	take_out(world);
	atomic_store(&world->phase, OUT);
	last(world->plan->outage_ns);
	result->opens = opens_begun(world) - before;
	/* A database that flaps lets opens begin anew whenever it is up. */
	if (world->plan->kind != OUTAGE_FLAPS)
		result->opens_max = opens_allowed(world->plan, config);
	weir_stub_set(world->stub, world->plan->kind == OUTAGE_SLOW ? &slow : NULL);
	atomic_store(&world->phase, AFTER);
	recover(world);
	if (result->opens_max > 0 && result->opens > result->opens_max)
		break_promise(result, "%llu opens while the database was out, of %llu that may be",
		              (unsigned long long)result->opens, (unsigned long long)result->opens_max);
}

/* ---- what the log told ---- */

static void check_lines(struct world *world)
{
	struct outage_result *result = world->result;
	uint32_t state = WEIR_BREAKER_CLOSED;
	uint64_t opened = 0;

	result->trips = stats_of(world).trips;
	if (!weir_log_flush(world->log, weir_deadline_in(WEIR_SECONDS(5))))
		break_promise(result, "the log does not get its lines written");
	for (uint32_t i = 0; i < result->lines; i++) {
		const uint32_t next = result->states[i];

		if (next == state || (state == WEIR_BREAKER_CLOSED && next == WEIR_BREAKER_SLOW_START))
			break_promise(result, "line %u says %s after %s", i + 1,
			              weir_breaker_state_name((enum weir_breaker_state)next),
			              weir_breaker_state_name((enum weir_breaker_state)state));
		opened += next == WEIR_BREAKER_OPEN;
		state = next;
	}
	if (opened != result->trips || (result->trips == 0 && world->plan->kind != OUTAGE_FLAPS))
		break_promise(result, "%llu lines say open, and the breaker opened %llu times",
		              (unsigned long long)opened, (unsigned long long)result->trips);
	if (state != WEIR_BREAKER_CLOSED)
		break_promise(result, "the last line does not say closed");
}

/* ---- the whole ---- */

static bool set_up(struct world *world, struct weir_config *config)
{
	const struct weir_log_options log = {
		.size = (uint32_t)sizeof log,
		.level = WEIR_LOG_INFO,
		.format = WEIR_LOG_LOGFMT,
		.sink = take_line,
		.sink_arg = world->result,
	};
	struct weir_error err = WEIR_ERROR_INIT;

	world->stub = weir_stub_create();
	weir_config_init(config, weir_stub_driver());
	if (world->stub == NULL ||
	    weir_config_apply_pairs(config, weir_stub_driver(), settings, NULL, &err) != WEIR_OK ||
	    weir_log_create(&world->log, &log, &err) != WEIR_OK) {
		break_promise(world->result, "cannot begin: %s", err.message);
		return false;
	}
	const struct weir_pool_options options = {(uint32_t)sizeof options, world->log, NULL, NULL};

	if (weir_pool_create_with(&world->pool, weir_stub_driver(), world->stub, config, &options,
	                          &err) != WEIR_OK) {
		break_promise(world->result, "no pool: %s", err.message);
		return false;
	}
	return true;
}

static void tear_down(struct world *world)
{
	if (world->pool != NULL && weir_pool_close(world->pool, NULL) != WEIR_OK)
		break_promise(world->result, "the pool does not close");
	weir_pool_destroy(world->pool);
	if (world->stub != NULL && !weir_stub_drain(world->stub, weir_deadline_in(WEIR_SECONDS(5))))
		break_promise(world->result, "connections are left");
	weir_log_destroy(world->log);
	weir_stub_destroy(world->stub);
}

bool outage_run(const struct outage_plan *plan, struct outage_result *result)
{
	struct world world = {.plan = plan, .result = result};
	struct caller *callers = calloc(plan->callers, sizeof *callers);
	struct weir_config config;
	uint32_t started = 0;

	memset(result, 0, sizeof *result);
	if (callers == NULL)
		break_promise(result, "out of memory");
	else if (set_up(&world, &config)) {
		if (start_callers(&world, callers, &started))
			play(&world, &config);
		else
			break_promise(result, "only %u callers could be started", started);
		end_callers(&world, callers, started);
		check_lines(&world);
	}
	tear_down(&world);
	free(callers);
	return result->broken[0] == '\0';
}
