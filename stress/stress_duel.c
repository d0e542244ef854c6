/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One slot and three threads that meet twice in every duel: one holds the slot
 * and releases it once, while another begins to wait for ever and a third gives
 * up at about the same time.
 *
 * In the other scenarios the next release or the next waiter mends what a lost
 * wake-up broke, and nobody notices. Here nothing comes after it, so the waiter
 * stays, and the watchdog finds it. For the same reason the order is strict: in
 * bounded order a waiter looks again on a timer; and every other round is not
 * recorded, so that nothing but the duel takes time.
 */
#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_worker.h"

#define DUELISTS 3

/* How long one pool serves. */
#define ROUND_NS WEIR_MILLISECONDS(100)

/* Spinning lets all go on at the same moment; on a machine that is busy only
 * sleeping lets the others come at all. */
#define SPINS_BEFORE_SLEEP 20000

/* Where all meet: the last to come raises round. */
struct meeting {
	_Atomic uint32_t round;
	_Atomic bool over; /* this duel is the last */
	uint32_t arrived;
	uint32_t needed;
	int64_t until_ns;
	pthread_mutex_t lock;
	pthread_cond_t all_here;
};

struct duelist {
	struct stress_worker *worker;
	struct meeting *meeting;
	uint32_t place;
};

/* The last to come lets the others go on. */
static bool is_last(struct meeting *meeting)
{
	bool last;

	(void)pthread_mutex_lock(&meeting->lock);
	last = ++meeting->arrived == meeting->needed;
	if (last) {
		meeting->arrived = 0;
		if (weir_now().ns > meeting->until_ns)
			atomic_store(&meeting->over, true);
		atomic_fetch_add(&meeting->round, 1);
		(void)pthread_cond_broadcast(&meeting->all_here);
	}
	(void)pthread_mutex_unlock(&meeting->lock);
	return last;
}

static void meet(struct meeting *meeting)
{
	const uint32_t round = atomic_load(&meeting->round);

	if (is_last(meeting))
		return;
	for (uint32_t spins = 0; spins < SPINS_BEFORE_SLEEP; spins++) {
		if (atomic_load(&meeting->round) != round)
			return;
	}
	(void)pthread_mutex_lock(&meeting->lock);
	while (atomic_load(&meeting->round) == round) /* ends: the others come, or the watchdog does */
		(void)pthread_cond_wait(&meeting->all_here, &meeting->lock);
	(void)pthread_mutex_unlock(&meeting->lock);
}

static void linger(struct stress_worker *w, uint32_t spins_max)
{
	const uint32_t spins = stress_random_below(&w->random, spins_max);

	for (uint32_t i = 0; i < spins; i++)
		atomic_signal_fence(memory_order_seq_cst);
}

static int64_t later(int64_t a_ns, int64_t b_ns)
{
	return a_ns > b_ns ? a_ns : b_ns;
}

/* Acquire; false after a timeout. */
static bool take(struct stress_worker *w, struct weir_lease *lease, int64_t timeout_ns)
{
	const int64_t now_ns = weir_now().ns;
	struct weir_error err = WEIR_ERROR_INIT;
	struct stress_event *event;
	enum weir_code code;

	w->tally.calls++;
	stress_watch(w, "acquire", now_ns + (timeout_ns == WEIR_TIMEOUT_NEVER ? 0 : timeout_ns));
	event = stress_record_begin(w->recorder, STRESS_OP_ACQUIRE);
	code = weir_acquire_for(w->world->pool, lease, timeout_ns, &err);
	stress_record_lease(event, lease, code);
	stress_watch(w, NULL, 0);
	w->tally.wait_ns_max = later(w->tally.wait_ns_max, weir_now().ns - now_ns);
	if (code == WEIR_OK) {
		w->tally.got++;
		stress_use_begin(w->world, lease, w->number);
		return true;
	}
	w->tally.timed_out += code == WEIR_ERR_ACQUIRE_TIMEOUT;
	if (code != WEIR_ERR_ACQUIRE_TIMEOUT || timeout_ns == WEIR_TIMEOUT_NEVER)
		stress_broken(w->world, "an acquire ended with %s: %s", weir_error_name(code), err.message);
	return false;
}

static void give(struct stress_worker *w, struct weir_lease *lease)
{
	struct stress_event *event;
	enum weir_code code;

	stress_use_end(w->world, lease, w->number);
	event = stress_record_end_of(w->recorder, STRESS_OP_RELEASE, lease);
	code = weir_release(lease, NULL);
	stress_record_end(event, code);
	if (code != WEIR_OK)
		stress_broken(w->world, "a lease that was held could not be released");
}

static void hold(struct duelist *d)
{
	struct weir_lease lease = {0};
	const bool held = take(d->worker, &lease, WEIR_TIMEOUT_NEVER);

	meet(d->meeting);
	linger(d->worker, stress_random_percent(&d->worker->random, 80) ? 2000 : 20000);
	if (held)
		give(d->worker, &lease);
	meet(d->meeting);
}

static void wait_for(struct duelist *d, int64_t timeout_ns)
{
	struct weir_lease lease = {0};

	meet(d->meeting);
	linger(d->worker, 1000);
	if (take(d->worker, &lease, timeout_ns))
		give(d->worker, &lease);
	meet(d->meeting);
}

static void *fight(void *argument)
{
	struct duelist *d = argument;

	for (uint32_t duel = 0; !atomic_load(&d->meeting->over); duel++) {
		const uint32_t role = (d->place + duel) % DUELISTS;

		if (role == 0)
			hold(d);
		else if (role == 1)
			wait_for(d, WEIR_TIMEOUT_NEVER);
		else
			wait_for(d, 1 + (int64_t)stress_random_below(&d->worker->random, 8000));
	}
	return NULL;
}

/* False when not all of them could be started; then those that were end after one
 * duel. */
static bool fight_all(struct stress_world *world, struct meeting *meeting)
{
	struct duelist duelists[DUELISTS];
	pthread_t threads[DUELISTS];
	uint32_t started = 0;

	for (uint32_t i = 0; i < DUELISTS; i++) {
		stress_worker_init(world, i);
		duelists[i] = (struct duelist){&world->workers[i], meeting, i};
	}
	(void)pthread_mutex_lock(&meeting->lock); /* nobody arrives before all are there */
	while (started < DUELISTS &&
	       pthread_create(&threads[started], NULL, fight, &duelists[started]) == 0)
		started++;
	meeting->needed = started;
	if (started < DUELISTS)
		meeting->until_ns = 0;
	(void)pthread_mutex_unlock(&meeting->lock);
	for (uint32_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	return started == DUELISTS;
}

void stress_round_duel(struct stress_world *world)
{
	struct meeting meeting = {.until_ns = weir_now().ns + ROUND_NS};

	if (!stress_pool_begin(world, ""))
		return;
	if (world->rounds++ % 2 == 1)
		stress_judge_mute(world);
	(void)pthread_mutex_init(&meeting.lock, NULL);
	(void)pthread_cond_init(&meeting.all_here, NULL);
	if (fight_all(world, &meeting)) {
		stress_check_rest(world);
		stress_judge(world);
		stress_remember(world);
	} else {
		stress_broken(world, "three threads could not be started");
	}
	(void)pthread_cond_destroy(&meeting.all_here);
	(void)pthread_mutex_destroy(&meeting.lock);
	stress_pool_end(world);
}
