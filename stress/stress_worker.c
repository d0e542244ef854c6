/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A caller: acquires and ends leases at random, and asserts what a single call
 * promises: a lease that nobody else has, no timeout before the deadline, no
 * failure that cannot be.
 *
 * A caller that is cancelled returns what it holds, in a cleanup handler, as callers
 * that can be cancelled have to. Inside of weir nothing is a cancellation point, so
 * that this happens between calls.
 *
 * A caller that holds leases never waits for ever for another one: two such
 * callers could wait for each other, which is no fault of the pool.
 */
#include "stress_random.h"
#include "stress_worker.h"

static void end_lease(struct stress_worker *w, struct weir_lease *lease, bool discard)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct stress_event *event;
	enum weir_code code;

	stress_use_end(w->world, lease, w->number);
	stress_watch(w, discard ? "discard" : "release", weir_now().ns);
	event =
		stress_record_end_of(w->recorder, discard ? STRESS_OP_DISCARD : STRESS_OP_RELEASE, lease);
	code = discard ? weir_discard(lease, &err) : weir_release(lease, &err);
	stress_record_end(event, code);
	stress_watch(w, NULL, 0);
	if (code != WEIR_OK)
		stress_broken(w->world, "a lease that was held could not be ended: %s", err.message);
	w->tally.discarded += discard;
}

/* Let another thread release it; false if that one has its hands full. */
static bool pass_on(struct stress_worker *w, const struct weir_lease *lease)
{
	stress_use_end(w->world, lease, w->number);
	if (stress_returner_take(w->world, lease))
		return true;
	stress_use_begin(w->world, lease, w->number);
	return false;
}

static void end_one(struct stress_worker *w)
{
	const struct stress_mix *mix = &w->world->scenario->mix;
	const uint32_t which = stress_random_below(&w->random, w->held);
	struct weir_lease lease = w->bag[which];

	w->bag[which] = w->bag[--w->held];
	if (stress_random_percent(&w->random, mix->passes) && pass_on(w, &lease))
		return;
	end_lease(w, &lease, stress_random_percent(&w->random, mix->discards));
}

/* Count a failure; false if it cannot be. */
static bool count_failure(struct stress_worker *w, enum weir_code code, bool may_wait)
{
	const uint32_t may = w->world->scenario->may;
	struct stress_tally *tally = &w->tally;

	switch ((int)code) {
	case WEIR_ERR_ACQUIRE_TIMEOUT:
		tally->timed_out++;
		return may_wait;
	case WEIR_ERR_EXHAUSTED:
		tally->exhausted += !may_wait;
		tally->refused += may_wait;
		return !may_wait || (may & STRESS_MAY_BE_REFUSED) != 0;
	case WEIR_ERR_OPEN_FAILED:
	case WEIR_ERR_UNAVAILABLE:
		tally->open_failed++;
		return (may & STRESS_MAY_FAIL_OPEN) != 0;
	case WEIR_ERR_HEALTH:
		tally->unhealthy++;
		return (may & STRESS_MAY_FAIL_HEALTH) != 0;
	case WEIR_ERR_CLOSED:
		tally->closed++;
		return (may & STRESS_MAY_CLOSE) != 0;
	default:
		return false;
	}
}

static int64_t choose_timeout(struct stress_worker *w)
{
	const struct stress_mix *mix = &w->world->scenario->mix;
	const uint32_t draw = stress_random_below(&w->random, 100);

	if (draw < mix->tries)
		return 0;
	if (w->held > 0 || draw < mix->tries + mix->hasty)
		return 1 + (int64_t)stress_random_below(&w->random, 100000);
	if (draw < mix->tries + mix->hasty + mix->timed)
		return 1 + (int64_t)stress_random_below(&w->random, 20000000);
	return WEIR_TIMEOUT_NEVER;
}

/* One acquire. */
struct call {
	bool until; /* deadline counts, and timeout_ns is about what it comes to */
	struct weir_time deadline;
	int64_t timeout_ns;
	int64_t before_ns;
	int64_t due_ns;
	struct weir_lease lease;
	struct weir_error err;
};

/* A deadline from the edges of what there is: in the past, or as good as never. */
static void choose_odd_deadline(struct stress_worker *w, struct call *call)
{
	const int64_t now_ns = call->before_ns;
	const int64_t past_ns[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, now_ns / 2, now_ns - 1};
	const int64_t never_ns[] = {INT64_MAX, INT64_MAX - 1, INT64_MAX - now_ns, INT64_MAX / 2};
	const bool past = w->held > 0 || stress_random_percent(&w->random, 60);

	call->until = true;
	call->deadline.ns = past ? past_ns[stress_random_below(&w->random, 7)]
	                         : never_ns[stress_random_below(&w->random, 4)];
	call->timeout_ns = past ? 1 : WEIR_TIMEOUT_NEVER;
}

static void plan(struct stress_worker *w, struct call *call)
{
	call->before_ns = weir_now().ns;
	call->timeout_ns = choose_timeout(w);
	if (stress_random_percent(&w->random, w->world->scenario->mix.odd))
		choose_odd_deadline(w, call);
	call->due_ns = call->before_ns;
	if (!call->until && call->timeout_ns != WEIR_TIMEOUT_NEVER)
		call->due_ns += call->timeout_ns;
}

static enum weir_code acquire(struct stress_worker *w, struct call *call)
{
	const bool tries = call->timeout_ns == 0;
	struct stress_event *event;
	enum weir_code code;

	stress_watch(w, "acquire", call->due_ns);
	event = stress_record_begin(w->recorder, tries ? STRESS_OP_TRY : STRESS_OP_ACQUIRE);
	if (call->until)
		code = weir_acquire_until(w->world->pool, &call->lease, call->deadline, &call->err);
	else
		code = weir_acquire_for(w->world->pool, &call->lease, call->timeout_ns, &call->err);
	stress_record_lease(event, &call->lease, code);
	stress_watch(w, NULL, 0);
	return code;
}

static void hold(struct stress_worker *w)
{
	if (stress_random_percent(&w->random, w->world->scenario->mix.sleeps))
		stress_sleep((int64_t)stress_random_below(&w->random, 300000));
}

static void check_failure(struct stress_worker *w, enum weir_code code, const struct call *call)
{
	const bool patient = call->timeout_ns == WEIR_TIMEOUT_NEVER;
	const int64_t early_ns = call->due_ns - weir_now().ns;

	if (!count_failure(w, code, call->timeout_ns != 0))
		stress_broken(w->world, "an acquire ended with %s: %s", weir_error_name(code),
		              call->err.message);
	if (code == WEIR_ERR_ACQUIRE_TIMEOUT && (patient || early_ns > 0))
		stress_broken(w->world, "an acquire timed out %lld ns before its deadline",
		              (long long)early_ns);
	if (call->lease.conn != NULL)
		stress_broken(w->world, "an acquire failed and left a lease");
}

/* Acquire once; false when the pool is closed. */
static bool take_one(struct stress_worker *w)
{
	struct call call = {.err = WEIR_ERROR_INIT};
	enum weir_code code;
	int64_t took_ns;

	plan(w, &call);
	w->tally.calls++;
	code = acquire(w, &call);
	took_ns = weir_now().ns - call.before_ns;
	if (took_ns > w->tally.wait_ns_max)
		w->tally.wait_ns_max = took_ns;
	if (code != WEIR_OK) {
		check_failure(w, code, &call);
		return code != WEIR_ERR_CLOSED;
	}
	w->tally.got++;
	stress_use_begin(w->world, &call.lease, w->number);
	w->bag[w->held++] = call.lease;
	hold(w);
	return true;
}

static void end_all(void *argument)
{
	struct stress_worker *w = argument;

	while (w->held > 0)
		end_one(w);
}

static void work(struct stress_worker *w)
{
	bool open = true;

	while (open && !atomic_load_explicit(&w->world->stop, memory_order_relaxed)) {
		if (w->held == w->world->bag || (w->held > 0 && stress_random_percent(&w->random, 45)))
			end_one(w);
		else
			open = take_one(w);
		stress_cancel_point();
	}
}

void *stress_work(void *argument)
{
	pthread_cleanup_push(end_all, argument);
	work(argument);
	pthread_cleanup_pop(1);
	return NULL;
}
