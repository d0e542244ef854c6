/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A gate under random load: callers that wait, poll, time out, give up and hold
 * it alone, in both lanes, a keeper that attends to the rest, and closing in the
 * middle of it. Afterwards everything must add up, and nobody be left.
 */
#include <semaphore.h>

#include "gate_fixture.h"

#define CALLERS 6
#define ROUNDS 12
#define CALLS 400

struct race {
	struct weir_gate *gate;
	uint64_t seed;
	_Atomic uint32_t started;
	_Atomic bool stop;
	sem_t asked;
	pthread_mutex_t queueing; /* makes the order of arrival known */
	uint64_t arrivals;

	/* The holder's; plain on purpose, so that a sanitizer sees who does not wait. */
	uint64_t inside;
	uint64_t last[WEIR_LANES]; /* the arrival that was served last */

	_Atomic uint64_t queued;
	_Atomic uint64_t served; /* collected with OK, or what its leader said */
	_Atomic uint64_t timed_out;
	_Atomic uint64_t given_up;
	_Atomic uint64_t closed;

	_Atomic uint64_t two_inside;
	_Atomic uint64_t out_of_order;
	_Atomic uint64_t wrong_end;
	_Atomic uint64_t wrong_code;
};

/* The payload; on its caller's stack, so that a sanitizer sees late uses. */
struct work {
	uint64_t arrival;
	enum weir_lane lane;
	uint32_t runs;
	enum weir_code code; /* what its leader said */
};

struct caller {
	struct unit_thread thread;
	struct race *race;
	uint64_t random;
};

static bool percent(struct caller *caller, uint32_t chance)
{
	return unit_random(&caller->random) % 100 < chance;
}

static void come_in(struct race *race)
{
	if (race->inside++ != 0)
		atomic_fetch_add(&race->two_inside, 1);
}

static void go_out(struct race *race)
{
	if (--race->inside != 0)
		atomic_fetch_add(&race->two_inside, 1);
}

static void serve(struct race *race, struct work *work)
{
	if (work->arrival <= race->last[work->lane])
		atomic_fetch_add(&race->out_of_order, 1);
	race->last[work->lane] = work->arrival;
	work->runs++;
	work->code = WEIR_OK;
}

static void lead(struct caller *caller)
{
	struct race *race = caller->race;
	struct weir_gate_entry *taken[64];
	uint32_t count = 0;
	uint32_t finished = 0;

	come_in(race);
	for (uint64_t takes = unit_random(&caller->random) % 4; takes > 0; takes--) {
		const uint32_t max = 1 + (uint32_t)(unit_random(&caller->random) % 8);
		const uint32_t more = weir_gate_take(race->gate, taken + count, max);

		for (uint32_t i = count; i < count + more; i++)
			serve(race, weir_gate_payload(taken[i]));
		count += more;
		if (count > 0 && percent(caller, 20)) {
			for (uint32_t i = finished; i < count; i++)
				((struct work *)weir_gate_payload(taken[i]))->code = WEIR_ERR_CANCELLED;
			weir_gate_finish(race->gate, taken + finished, count - finished, WEIR_ERR_CANCELLED);
			finished = count;
		}
	}
	go_out(race);
	weir_gate_leave(race->gate, taken + finished, count - finished);
}

static void end(struct race *race, struct weir_gate_entry *entry, const struct work *work)
{
	const enum weir_code code = weir_gate_collect(entry, NULL);

	if (work->runs > 1 || (work->runs == 1 && code != work->code))
		atomic_fetch_add(&race->wrong_end, 1);
	if (work->runs == 1)
		atomic_fetch_add(&race->served, 1);
	else if (code == WEIR_ERR_GATE_TIMEOUT)
		atomic_fetch_add(&race->timed_out, 1);
	else if (code == WEIR_ERR_CLOSED)
		atomic_fetch_add(&race->closed, 1);
	else
		atomic_fetch_add(&race->wrong_end, 1);
}

static struct weir_time some_time(struct caller *caller)
{
	const uint64_t draw = unit_random(&caller->random) % 10;

	if (draw < 3)
		return unit_never;
	return draw < 5 ? unit_past : weir_deadline_in((int64_t)(unit_random(&caller->random) % 80000));
}

static void see_through(struct caller *caller, struct weir_gate_entry *entry, struct work *work)
{
	struct race *race = caller->race;

	for (;;) { /* ends: the entry is over, given up, or the join tells */
		switch (weir_gate_wait(entry, some_time(caller))) {
		case WEIR_GATE_LEAD:
			lead(caller);
			break;
		case WEIR_GATE_HELD:
			come_in(race);
			serve(race, work);
			go_out(race);
			weir_gate_leave(race->gate, NULL, 0);
			break;
		case WEIR_GATE_DONE:
			end(race, entry, work);
			return;
		default:
			if (percent(caller, 30) && weir_gate_abandon(entry)) {
				/* It may have come to its end between the look and the step. */
				atomic_fetch_add(work->runs == 0 ? &race->given_up : &race->served, 1);
				return;
			}
			break;
		}
	}
}

/* One call; false once the gate is closed. */
static bool call(struct caller *caller)
{
	struct race *race = caller->race;
	const uint64_t draw = unit_random(&caller->random) % 10;
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *entry = NULL;
	struct work work = {.code = WEIR_OK};
	enum weir_code code;

	request.kind = draw < 7   ? WEIR_GATE_JOB
	               : draw < 9 ? WEIR_GATE_EXCLUSIVE
	                          : WEIR_GATE_MAINTENANCE;
	request.lane = percent(caller, 30) ? WEIR_LANE_BULK : WEIR_LANE_NORMAL;
	request.waits = percent(caller, 50);
	request.payload = &work;
	if (percent(caller, 40))
		request.deadline = weir_deadline_in((int64_t)(unit_random(&caller->random) % 100000));
	work.lane = request.kind == WEIR_GATE_MAINTENANCE ? WEIR_LANE_BULK : request.lane;
	(void)pthread_mutex_lock(&race->queueing);
	work.arrival = ++race->arrivals;
	code = weir_gate_queue(race->gate, &request, &entry, NULL);
	(void)pthread_mutex_unlock(&race->queueing);
	if (code != WEIR_OK) {
		if (code != WEIR_ERR_REJECTED && code != WEIR_ERR_GATE_TIMEOUT && code != WEIR_ERR_CLOSED)
			atomic_fetch_add(&race->wrong_code, 1);
		return code != WEIR_ERR_CLOSED;
	}
	atomic_fetch_add(&race->queued, 1);
	see_through(caller, entry, &work);
	return true;
}

static void call_often(void *argument)
{
	struct caller *caller = argument;

	for (int i = 0; i < CALLS && call(caller); i++)
		continue;
}

static void ask(void *arg)
{
	(void)sem_post(&((struct race *)arg)->asked);
}

static void keep(void *argument)
{
	struct caller *keeper = argument;

	while (!atomic_load(&keeper->race->stop)) { /* ends: the test stops it, and asks */
		(void)sem_wait(&keeper->race->asked);
		while (weir_gate_attend(keeper->race->gate, "the keeper")) /* ends: jobs do */
			lead(keeper);
	}
}

static void run_round(struct race *race, int number)
{
	struct weir_gate_config config = {.size = sizeof config, .unattended = ask, .arg = race};
	struct caller callers[CALLERS];
	struct caller keeper = {.race = race, .random = race->seed + (uint64_t)number * 100 + 99};

	config.length_max = number % 3 == 0 ? 4 : 0;
	config.ageing_ns = number % 2 == 0 ? 20000 : 0;
	config.accept_late = number % 4 == 0;
	assert_code(weir_gate_create(&race->gate, &config, NULL), WEIR_OK);
	assert_int_equal(sem_init(&race->asked, 0, 0), 0);
	unit_start(&keeper.thread, keep, &keeper);
	for (int i = 0; i < CALLERS; i++) {
		callers[i].race = race;
		callers[i].random = race->seed + (uint64_t)(number * 100 + i + 1);
		unit_start(&callers[i].thread, call_often, &callers[i]);
	}
	if (number % 2 == 1) { /* in the middle of it */
		while (atomic_load(&race->queued) < 200)
			(void)sched_yield(); /* ends: the callers go on */
		assert_code(weir_gate_close(race->gate, unit_never, NULL), WEIR_OK);
	}
	for (int i = 0; i < CALLERS; i++)
		unit_join(&callers[i].thread);
	atomic_store(&race->stop, true);
	ask(race);
	unit_join(&keeper.thread);
	(void)sem_destroy(&race->asked);
}

static void check_round(struct race *race)
{
	const struct weir_gate_stats stats = unit_gate_stats(race->gate);

	assert_int_equal(atomic_load(&race->two_inside), 0);
	assert_int_equal(atomic_load(&race->out_of_order), 0);
	assert_int_equal(atomic_load(&race->wrong_end), 0);
	assert_int_equal(atomic_load(&race->wrong_code), 0);
	assert_int_equal(race->gate->hold, WEIR__HOLD_FREE);
	assert_int_equal(race->gate->lanes[WEIR_LANE_NORMAL].attended, 0);
	assert_int_equal(race->gate->lanes[WEIR_LANE_BULK].attended, 0);
	assert_int_equal(stats.entered, atomic_load(&race->queued));
	assert_int_equal(stats.jobs + stats.exclusives, atomic_load(&race->served));
	assert_in_range(stats.cancelled, 0, atomic_load(&race->given_up));
	assert_in_range(atomic_load(&race->timed_out), 0, stats.timeouts);
	assert_int_equal(stats.entered, atomic_load(&race->served) + atomic_load(&race->timed_out) +
	                                    atomic_load(&race->given_up) + atomic_load(&race->closed));
	unit_gate_end(race->gate);
}

static void every_entry_ends_once_and_in_order(void **state)
{
	const uint64_t seed = unit_seed();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		static struct race race;
		const struct race fresh = {.seed = seed, .queueing = PTHREAD_MUTEX_INITIALIZER};

		race = fresh;
		run_round(&race, i);
		check_round(&race);
	}
}

/* Jobs whose callers only ever sleep: nothing but the right wake brings them on. */
struct patient {
	struct unit_thread thread;
	struct weir_gate *gate;
	_Atomic uint64_t *done;
};

static void write_often(void *argument)
{
	struct patient *patient = argument;
	struct weir_gate_request request = unit_request(WEIR_GATE_JOB, WEIR_LANE_NORMAL);
	struct weir_gate_entry *taken[32];

	request.waits = true;
	for (int i = 0; i < 2000; i++) {
		struct weir_gate_entry *entry = NULL;

		if (weir_gate_queue(patient->gate, &request, &entry, NULL) != WEIR_OK)
			return;
		while (weir_gate_wait(entry, unit_never) == WEIR_GATE_LEAD) /* ends: it is DONE */
			weir_gate_leave(patient->gate, taken, weir_gate_take(patient->gate, taken, 32));
		if (weir_gate_collect(entry, NULL) == WEIR_OK)
			atomic_fetch_add(patient->done, 1);
	}
}

static void nobody_is_forgotten(void **state)
{
	struct weir_gate *gate = unit_gate();
	_Atomic uint64_t done = 0;
	struct patient patients[CALLERS];

	(void)state;
	for (int i = 0; i < CALLERS; i++) {
		patients[i].gate = gate;
		patients[i].done = &done;
		unit_start(&patients[i].thread, write_often, &patients[i]);
	}
	for (int i = 0; i < CALLERS; i++)
		unit_join(&patients[i].thread);
	assert_int_equal(atomic_load(&done), UINT64_C(2000) * CALLERS);
	unit_gate_end(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_ends_once_and_in_order),
		cmocka_unit_test(nobody_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
