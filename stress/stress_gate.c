/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Short lives of gates: callers with jobs and exclusive entries wait, poll, time
 * out and give up in both lanes, and attend now and then to jobs that nobody waits
 * for. Every other gate is closed in the middle of it. In gate-cancel callers are
 * cancelled meanwhile, wherever they are: they end between two calls, since no call of
 * a gate's is a cancellation point.
 *
 * Asserted: nobody works beside another, every job is carried out once at most and
 * by whoever said so, every entry ends, and the gate's figures are the callers'.
 * The history (stress_history_gate.c) has who held the gate, and a log that jobs
 * write themselves into.
 */
#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_worker.h"

/* How long one gate serves. */
#define ROUND_NS WEIR_MILLISECONDS(50)

#define TAKEN_MAX 16

struct arena {
	struct stress_world *world;
	struct weir_gate *gate;
	int64_t until_ns;
	_Atomic uint32_t asked; /* for attendance */
	_Atomic uint64_t ran;
	_Atomic uint64_t queued;
	bool cancels; /* callers are cancelled */
	uint64_t log; /* jobs carried out so far; plain: the gate guards it */
};

struct fighter {
	struct arena *arena;
	struct stress_worker *worker;
};

/* The payload, on its caller's stack. */
struct errand {
	uint64_t job; /* its number, over all callers */
	uint32_t runs;
};

static void ask(void *arg)
{
	atomic_fetch_add(&((struct arena *)arg)->asked, 1);
}

static struct stress_event *record(struct fighter *f, enum stress_op op, uint64_t job)
{
	struct stress_event *const event = stress_record_begin(f->worker->recorder, op);

	if (event != NULL)
		event->what = job;
	return event;
}

/* Be the only one at work, and see that this is so. */
static struct stress_event *come_in(struct fighter *f)
{
	struct stress_event *const event = record(f, STRESS_OP_HOLD, 0);
	struct stress_place *place = &f->arena->world->places[0];
	uint32_t nobody = 0;

	if (!atomic_compare_exchange_strong(&place->owner, &nobody, f->worker->number))
		stress_broken(f->arena->world, "caller %u works beside caller %u", f->worker->number,
		              nobody);
	place->uses++;
	return event;
}

static void go_out(struct fighter *f, struct stress_event *event)
{
	struct stress_place *place = &f->arena->world->places[0];

	place->uses++;
	if (atomic_exchange(&place->owner, 0) != f->worker->number)
		stress_broken(f->arena->world, "caller %u worked beside another", f->worker->number);
	stress_record_end(event, WEIR_OK);
}

static void carry_out(struct fighter *f, struct errand *errand)
{
	struct stress_event *const event = record(f, STRESS_OP_EFFECT, errand->job);

	if (errand->runs++ != 0)
		stress_broken(f->arena->world, "a job was carried out twice");
	if (event != NULL)
		event->detail = f->arena->log;
	f->arena->log++;
	stress_record_end(event, WEIR_OK);
	atomic_fetch_add(&f->arena->ran, 1);
}

static void lead(struct fighter *f)
{
	struct weir_gate_entry *taken[TAKEN_MAX];
	const uint32_t max = stress_random_below(&f->worker->random, TAKEN_MAX + 1);
	struct stress_event *const event = come_in(f);
	uint32_t count;
	uint32_t early;

	count = weir_gate_take(f->arena->gate, taken, max);
	for (uint32_t i = 0; i < count; i++) {
		const struct errand *const errand = weir_gate_payload(taken[i]);

		stress_record_end(record(f, STRESS_OP_TAKE, errand->job), WEIR_OK);
	}
	for (uint32_t i = 0; i < count; i++)
		carry_out(f, weir_gate_payload(taken[i]));
	early = stress_random_below(&f->worker->random, count + 1);
	weir_gate_finish(f->arena->gate, taken, early, WEIR_OK);
	go_out(f, event);
	weir_gate_leave(f->arena->gate, taken + early, count - early);
}

static void attend(struct fighter *f)
{
	if (atomic_exchange(&f->arena->asked, 0) == 0)
		return;
	while (weir_gate_attend(f->arena->gate, "stress")) /* ends: jobs do */
		lead(f);
}

/* What became of an entry that is DONE. */
static void end(struct fighter *f, struct weir_gate_entry *entry, const struct errand *errand)
{
	struct stress_event *const event = record(f, STRESS_OP_END, errand->job);
	const enum weir_code code = weir_gate_collect(entry, NULL);
	struct stress_tally *tally = &f->worker->tally;

	stress_record_end(event, code);
	tally->got += code == WEIR_OK;
	tally->timed_out += code == WEIR_ERR_GATE_TIMEOUT;
	tally->closed += code == WEIR_ERR_CLOSED;
	if ((code == WEIR_OK) != (errand->runs == 1))
		stress_broken(f->arena->world, "an entry ended with %s and ran %u times",
		              weir_error_name(code), errand->runs);
}

/* Until when to wait this time. */
static struct weir_time some_time(struct stress_worker *w)
{
	static const int64_t past_ns[] = {1, 0, -1, INT64_MIN};
	static const int64_t never_ns[] = {WEIR_TIME_NEVER_NS, WEIR_TIME_NEVER_NS - 1};
	const uint32_t draw = stress_random_below(&w->random, 100);
	struct weir_time until = {past_ns[draw % 4]};

	if (draw < 60)
		until.ns = never_ns[draw % 2];
	else if (draw >= 75)
		until = weir_deadline_in((int64_t)stress_random_below(&w->random, 100000));
	return until;
}

static bool give_up(struct fighter *f, struct weir_gate_entry *entry, const struct errand *errand)
{
	if (!weir_gate_abandon(entry))
		return false;
	stress_record_end(record(f, STRESS_OP_ABANDON, errand->job), WEIR_OK);
	/* It may have come to its end between the look and the step. */
	f->worker->tally.got += errand->runs;
	f->worker->tally.discarded += errand->runs == 0;
	return true;
}

/* Wait for an entry until it has ended or was given up. */
static void see_through(struct fighter *f, struct weir_gate_entry *entry, struct errand *errand)
{
	for (;;) { /* ends: the entry does, or the watchdog */
		const struct weir_time until = some_time(f->worker);
		enum weir_gate_state state;

		attend(f);
		stress_watch(f->worker, "a wait at the gate", weir_now().ns);
		state = weir_gate_wait(entry, until);
		stress_watch(f->worker, NULL, 0);
		if (state == WEIR_GATE_LEAD) {
			lead(f);
		} else if (state == WEIR_GATE_HELD) {
			struct stress_event *const event = come_in(f);

			carry_out(f, errand);
			go_out(f, event);
			weir_gate_leave(f->arena->gate, NULL, 0);
		} else if (state == WEIR_GATE_DONE) {
			end(f, entry, errand);
			return;
		} else if (stress_random_percent(&f->worker->random, 30) && give_up(f, entry, errand)) {
			return;
		}
	}
}

/* One call; false once the gate is closed. */
static bool call(struct fighter *f)
{
	static const enum weir_gate_kind kinds[] = {
		WEIR_GATE_JOB, WEIR_GATE_JOB, WEIR_GATE_JOB, WEIR_GATE_EXCLUSIVE, WEIR_GATE_MAINTENANCE,
	};
	struct stress_worker *w = f->worker;
	struct errand errand = {.job = (uint64_t)w->number << 32 | (w->tally.calls + 1)};
	struct weir_gate_entry *entry = NULL;
	const struct weir_gate_request request = {
		.kind = kinds[stress_random_below(&w->random, sizeof kinds / sizeof kinds[0])],
		.lane = stress_random_percent(&w->random, 30) ? WEIR_LANE_BULK : WEIR_LANE_NORMAL,
		.deadline = stress_random_percent(&w->random, 30)
	                    ? weir_deadline_in((int64_t)stress_random_below(&w->random, 200000))
	                    : (struct weir_time){WEIR_TIME_NEVER_NS},
		.site = "stress",
		.payload = &errand,
		.waits = stress_random_percent(&w->random, 70),
	};
	struct stress_event *const event = record(f, STRESS_OP_QUEUE, errand.job);
	const enum weir_code code = weir_gate_queue(f->arena->gate, &request, &entry, NULL);

	stress_record_end(event, code);
	if (event != NULL)
		event->place = request.kind == WEIR_GATE_MAINTENANCE ? WEIR_LANE_BULK : request.lane;
	w->tally.calls++;
	w->tally.refused += code == WEIR_ERR_REJECTED || code == WEIR_ERR_GATE_TIMEOUT;
	if (code == WEIR_OK) {
		atomic_fetch_add(&f->arena->queued, 1);
		see_through(f, entry, &errand);
	} else if (code != WEIR_ERR_REJECTED && code != WEIR_ERR_GATE_TIMEOUT &&
	           code != WEIR_ERR_CLOSED) {
		stress_broken(f->arena->world, "the gate refused an entry with %s", weir_error_name(code));
	}
	return code != WEIR_ERR_CLOSED;
}

static void *fight(void *argument)
{
	struct fighter *f = argument;

	while (weir_now().ns < f->arena->until_ns && call(f)) {
		attend(f);
		stress_cancel_point();
	}
	return NULL;
}

/* Everybody has gone: does it add up? */
static void check_rest(struct arena *arena)
{
	struct stress_world *world = arena->world;
	const struct stress_tally sum = stress_tally_sum(world);
	struct weir_gate_stats stats = {.size = sizeof stats};
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_gate_read_stats(arena->gate, &stats) != WEIR_OK)
		stress_broken(world, "the gate's figures cannot be read");
	if (stats.length[WEIR_LANE_NORMAL] + stats.length[WEIR_LANE_BULK] != 0 || stats.held_ns != 0)
		stress_broken(world, "a gate that nobody uses is held, or has a queue");
	if (stats.entered != atomic_load(&arena->queued) ||
	    stats.jobs + stats.exclusives != atomic_load(&arena->ran) ||
	    sum.got != atomic_load(&arena->ran) ||
	    stats.entered != sum.got + sum.timed_out + sum.closed + sum.discarded)
		stress_broken(world, "entries were lost: the gate and its callers disagree");
	if (weir_gate_close(arena->gate, weir_now(), &err) != WEIR_OK)
		stress_broken(world, "close: %s", err.message);
	world->past.calls += sum.calls;
	world->past.got += sum.got;
	world->past.timed_out += sum.timed_out;
	world->handoffs += stats.groups + stats.exclusives;
}

/* Half of the callers go in the course of it. */
static void cancel_some(struct arena *arena, uint32_t callers)
{
	struct stress_world *const world = arena->world;

	for (uint32_t i = 0; i < callers / 2; i++) {
		stress_sleep((int64_t)stress_random_below(&world->random, (uint32_t)(ROUND_NS / callers)));
		(void)pthread_cancel(world->workers[i].thread);
	}
}

static void fight_all(struct arena *arena)
{
	struct stress_world *world = arena->world;
	struct fighter fighters[STRESS_THREADS_MAX];
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_time never = {WEIR_TIME_NEVER_NS};
	uint32_t started = 0;

	for (uint32_t i = 0; i < world->threads; i++) {
		stress_worker_init(world, i);
		fighters[i] = (struct fighter){arena, &world->workers[i]};
	}
	while (started < world->threads &&
	       pthread_create(&world->workers[started].thread, NULL, fight, &fighters[started]) == 0)
		started++;
	if (started == 0)
		stress_broken(world, "no thread could be started");
	if (arena->cancels)
		cancel_some(arena, started);
	if (world->rounds % 2 == 0) {
		stress_sleep((int64_t)stress_random_below(&world->random, (uint32_t)ROUND_NS));
		if (weir_gate_close(arena->gate, never, &err) != WEIR_OK)
			stress_broken(world, "close under load: %s", err.message);
	}
	for (uint32_t i = 0; i < started; i++)
		(void)pthread_join(world->workers[i].thread, NULL);
}

static void live(struct stress_world *world, bool cancels)
{
	struct arena arena = {
		.world = world,
		.until_ns = weir_now().ns + ROUND_NS,
		.cancels = cancels,
	};
	const struct weir_gate_config config = {
		.size = sizeof config,
		.length_max = stress_random_percent(&world->random, 30) ? 4 : 0,
		.ageing_ns = (int64_t)stress_random_below(&world->random, 50000),
		.accept_late = stress_random_percent(&world->random, 50),
		.unattended = ask,
		.arg = &arena,
	};

	if (weir_gate_create(&arena.gate, &config, NULL) != WEIR_OK) {
		stress_broken(world, "no gate could be made");
		return;
	}
	world->rounds++;
	stress_judge_begin(world);
	fight_all(&arena);
	check_rest(&arena);
	stress_judge(world);
	weir_gate_destroy(arena.gate);
}

void stress_round_gate(struct stress_world *world)
{
	live(world, false);
}

void stress_round_gate_cancel(struct stress_world *world)
{
	live(world, true);
}
