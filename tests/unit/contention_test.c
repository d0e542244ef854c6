/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Many threads on few slots, in every mode of waiting: no connection serves two
 * at once, nobody is forgotten, nothing is lost, and the figures add up.
 */
#include <semaphore.h>

#include "unit_check.h"
#include "unit_pool.h"
#include "unit_thread.h"
#include "unit_watched.h"

#define THREADS_MAX 16
#define ROUNDS 1500

/* What a thread does with its turns, in parts of 64. */
struct habits {
	uint32_t tries;    /* weir_try_acquire */
	uint32_t hasty;    /* a deadline of some microseconds */
	uint32_t discards; /* of the leases that were got */
	uint32_t lingers;  /* hold across a few switches of threads */
};

struct crowd {
	const char *settings;
	uint32_t threads;
	struct habits habits;
	bool plain;          /* opens on helper threads */
	uint32_t fail_every; /* opens */
	uint32_t reset_fails;
};

static const struct habits busy = {0, 0, 0, 8};
static const struct habits mixed = {8, 16, 2, 8};

struct tally {
	uint64_t got;
	uint64_t timed_out;
	uint64_t exhausted;
	uint64_t open_failed;
	uint64_t discarded;
	uint64_t wrong;
};

struct member {
	struct unit_thread thread;
	const struct crowd *crowd;
	struct weir_pool *pool;
	uint64_t random;
	struct tally tally;
};

static bool draw(struct member *m, uint32_t parts)
{
	return unit_random(&m->random) % 64 < parts;
}

static void count_failure(struct tally *tally, enum weir_code code, bool may_time_out, bool tried)
{
	if (code == WEIR_ERR_ACQUIRE_TIMEOUT && may_time_out)
		tally->timed_out++;
	else if (code == WEIR_ERR_EXHAUSTED && tried)
		tally->exhausted++;
	else if (code == WEIR_ERR_OPEN_FAILED)
		tally->open_failed++;
	else
		tally->wrong++;
}

static void take_turn(struct member *m)
{
	const struct habits *habits = &m->crowd->habits;
	const bool tried = draw(m, habits->tries);
	const bool hasty = !tried && draw(m, habits->hasty);
	const int64_t hasty_ns = 1 + (int64_t)(unit_random(&m->random) % 50000);
	const int64_t timeout_ns = tried ? 0 : hasty ? hasty_ns : UNIT_PATIENCE_NS;
	struct weir_lease lease = {0};
	const enum weir_code code = weir_acquire_for(m->pool, &lease, timeout_ns, NULL);

	if (code != WEIR_OK) {
		count_failure(&m->tally, code, hasty, tried);
		return;
	}
	m->tally.got++;
	unit_watched_use(lease.conn, draw(m, habits->lingers) ? 3 : 0);
	if (draw(m, habits->discards)) {
		m->tally.wrong += weir_discard(&lease, NULL) != WEIR_OK;
		m->tally.discarded++;
	} else {
		m->tally.wrong += weir_release(&lease, NULL) != WEIR_OK;
	}
}

static void take_turns(void *argument)
{
	struct member *m = argument;

	for (int round = 0; round < ROUNDS; round++)
		take_turn(m);
}

static struct tally sum_of(const struct member *members, uint32_t count)
{
	struct tally sum = {0};

	for (uint32_t i = 0; i < count; i++) {
		sum.got += members[i].tally.got;
		sum.timed_out += members[i].tally.timed_out;
		sum.exhausted += members[i].tally.exhausted;
		sum.open_failed += members[i].tally.open_failed;
		sum.discarded += members[i].tally.discarded;
		sum.wrong += members[i].tally.wrong;
	}
	return sum;
}

/* Every slot can be had once more, by one thread, at the same time. */
static void take_all(struct weir_pool *pool, struct unit_watched *server)
{
	static struct weir_lease leases[4096];
	const uint32_t size = unit_stats(pool).max_size;

	atomic_store(&server->fail_every, 0);
	for (uint32_t i = 0; i < size; i++)
		leases[i] = unit_acquire(pool);
	assert_int_equal(unit_stats(pool).leased, size);
	for (uint32_t i = 0; i < size; i++)
		unit_release(&leases[i]);
}

static void check_figures(struct weir_pool *pool, const struct tally *sum,
                          struct unit_watched *server)
{
	const struct weir_pool_stats stats = unit_stats(pool);
	uint64_t closed = 0;

	for (int reason = 0; reason < WEIR_CLOSE_REASONS; reason++)
		closed += stats.closed[reason];
	assert_int_equal(sum->wrong, 0);
	assert_int_equal(stats.leased, 0);
	assert_int_equal(stats.waiters, 0);
	assert_int_equal(stats.acquires, sum->got);
	assert_int_equal(stats.timeouts, sum->timed_out);
	assert_int_equal(stats.rejected, 0);
	assert_int_equal(stats.closed[WEIR_CLOSE_BROKEN], sum->discarded);
	assert_true(stats.handoffs <= stats.waits);
	assert_int_equal(stats.opens, atomic_load(&server->opens));
	assert_int_equal(closed, atomic_load(&server->closes));
	assert_int_equal(stats.idle, stats.opens - closed);
	assert_int_equal(atomic_load(&server->overlaps), 0);
}

static void run_crowd(const struct crowd *crowd)
{
	static struct member members[THREADS_MAX];
	const struct weir_driver *const driver = crowd->plain         ? unit_watched_plain()
	                                         : crowd->reset_fails ? unit_watched_resets()
	                                                              : unit_watched_prompt();
	struct unit_watched server = {0};
	struct weir_pool *pool = unit_pool(driver, &server, crowd->settings);
	const uint64_t seed = unit_seed();

	atomic_store(&server.fail_every, crowd->fail_every);
	atomic_store(&server.reset_fails, crowd->reset_fails);
	for (uint32_t i = 0; i < crowd->threads; i++) {
		const struct member fresh = {.crowd = crowd, .pool = pool, .random = seed + i};

		members[i] = fresh;
		unit_start(&members[i].thread, take_turns, &members[i]);
	}
	for (uint32_t i = 0; i < crowd->threads; i++)
		unit_join(&members[i].thread);
	while (unit_stats(pool).opening > 0) /* ends: opens do not hang here */
		unit_pause();

	const struct tally sum = sum_of(members, crowd->threads);

	check_figures(pool, &sum, &server);
	take_all(pool, &server);
	unit_pool_end(pool, NULL);
	assert_int_equal(atomic_load(&server.opens), atomic_load(&server.closes));
	assert_int_equal(atomic_load(&server.overlaps), 0);
}

#define MODE(extra)                                                                                \
	"wake_barrier=auto " extra, "wake_barrier=fence " extra,                                       \
		"wake_barrier=auto fairness=fifo " extra, "wake_barrier=fence fairness=fifo " extra

static void run_modes(const char *const settings[4], const struct crowd *like)
{
	for (int mode = 0; mode < 4; mode++) {
		struct crowd crowd = *like;

		crowd.settings = settings[mode];
		run_crowd(&crowd);
	}
}

static void one_slot(void **state)
{
	static const char *const settings[] = {MODE("max_size=1")};
	const struct crowd crowd = {.threads = 4, .habits = busy};

	(void)state;
	run_modes(settings, &crowd);
}

static void few_slots_and_every_habit(void **state)
{
	static const char *const settings[] = {MODE("max_size=3")};
	const struct crowd crowd = {.threads = 8, .habits = mixed};

	(void)state;
	run_modes(settings, &crowd);
}

static void a_ring_with_hints(void **state)
{
	static const char *const settings[] = {MODE("max_size=17")};
	const struct crowd crowd = {.threads = 16, .habits = mixed};

	(void)state;
	run_modes(settings, &crowd);
}

static void opens_on_helper_threads(void **state)
{
	static const char *const settings[] = {MODE("max_size=3")};
	const struct crowd crowd = {.threads = 8, .habits = mixed, .plain = true};

	(void)state;
	run_modes(settings, &crowd);
}

static void opens_that_fail_now_and_then(void **state)
{
	static const char *const settings[] = {MODE("max_size=3")};
	const struct crowd crowd = {.threads = 8, .habits = mixed, .fail_every = 3};
	const struct crowd helped = {
		.threads = 8,
		.habits = mixed,
		.fail_every = 3,
		.plain = true,
	};

	(void)state;
	run_modes(settings, &crowd);
	run_modes(settings, &helped);
}

static void resets_that_fail_now_and_then(void **state)
{
	static const char *const settings[] = {MODE("max_size=2")};
	const struct crowd crowd = {.threads = 4, .habits = busy, .reset_fails = 100};

	(void)state;
	run_modes(settings, &crowd);
}

static void a_window_of_nothing_and_a_long_one(void **state)
{
	static const char *const settings[] = {
		"max_size=2 fairness_window=0s",
		"max_size=2 fairness_window=0s wake_barrier=fence",
		"max_size=2 fairness_window=50ms",
		"max_size=2 fairness_window=50ms wake_barrier=fence",
	};
	const struct crowd crowd = {.threads = 6, .habits = busy};

	(void)state;
	run_modes(settings, &crowd);
}

/* Leases that come back through another thread. */
#define PASSED_ON 2000

struct relay {
	struct weir_lease leases[PASSED_ON];
	sem_t handed;
	uint64_t wrong;
};

static void release_what_is_handed(void *argument)
{
	struct relay *relay = argument;

	for (int i = 0; i < PASSED_ON; i++) {
		while (sem_wait(&relay->handed) != 0) /* ends: a signal interrupts it at most */
			continue;
		unit_watched_use(relay->leases[i].conn, 0);
		relay->wrong += weir_release(&relay->leases[i], NULL) != WEIR_OK;
	}
}

static void leases_released_by_another_thread(void **state)
{
	static const char *const settings[] = {MODE("max_size=2")};
	static struct relay relay;

	(void)state;
	for (int mode = 0; mode < 4; mode++) {
		struct unit_watched server = {0};
		struct unit_thread thread;
		struct weir_pool *pool = unit_pool(unit_watched_prompt(), &server, settings[mode]);

		assert_int_equal(sem_init(&relay.handed, 0, 0), 0);
		relay.wrong = 0;
		unit_start(&thread, release_what_is_handed, &relay);
		for (int i = 0; i < PASSED_ON; i++) {
			relay.leases[i] = unit_acquire(pool);
			unit_watched_use(relay.leases[i].conn, 0);
			assert_int_equal(sem_post(&relay.handed), 0);
		}
		unit_join(&thread);
		assert_int_equal(relay.wrong, 0);
		assert_int_equal(atomic_load(&server.overlaps), 0);
		assert_int_equal(unit_stats(pool).acquires, PASSED_ON);
		assert_int_equal(sem_destroy(&relay.handed), 0);
		unit_pool_end(pool, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slot),
		cmocka_unit_test(few_slots_and_every_habit),
		cmocka_unit_test(a_ring_with_hints),
		cmocka_unit_test(opens_on_helper_threads),
		cmocka_unit_test(opens_that_fail_now_and_then),
		cmocka_unit_test(resets_that_fail_now_and_then),
		cmocka_unit_test(a_window_of_nothing_and_a_long_one),
		cmocka_unit_test(leases_released_by_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
