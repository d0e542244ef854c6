/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The baselines are pools too: no connection with two owners, none lost, a
 * timeout when all are out, and a failed open leaves nothing behind. weir runs
 * through the same tests, so that the table of calls fits it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "variant.h"

#define THREADS 6
#define CONNS 3
#define ROUNDS 4000
#define LONG_TIMEOUT INT64_C(60000000000)
#define SHORT_TIMEOUT INT64_C(20000000)

static const struct pool_under_test *const pools[] = {
	&bench_variant_weir,    &bench_variant_mutex_lifo, &bench_variant_fifo_handoff,
	&bench_variant_sem_cas, &bench_variant_ck_ring,    &bench_variant_mutex_grow,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A source that counts, and opens so many connections only. */
struct test_conn {
	struct pool_conn conn;
	_Atomic unsigned owners;
};

static const struct pool_source source;
static unsigned opens_left;
static unsigned connections_open;

static int test_open(void *self, int64_t deadline_ns, void **out)
{
	struct test_conn *conn;

	assert_null(self);
	assert_true(deadline_ns > 0);
	*out = NULL;
	if (opens_left == 0)
		return -1;
	opens_left--;
	connections_open++;
	conn = calloc(1, sizeof(*conn));
	assert_non_null(conn);
	conn->conn.source = &source;
	*out = conn;
	return 0;
}

static void test_close(void *conn)
{
	assert_int_equal(((struct test_conn *)conn)->owners, 0);
	connections_open--;
	free(conn);
}

static int test_ping(void *conn)
{
	(void)conn;
	return 0;
}

static const struct pool_source source = {NULL, test_open, test_close, test_ping};

static struct pool_setup make_setup(unsigned threads, unsigned conns, int64_t timeout_ns)
{
	opens_left = 1000;
	return (struct pool_setup){
		.size = sizeof(struct pool_setup),
		.threads = threads,
		.conns_min = conns,
		.conns_max = conns,
		.acquire_timeout_ns = timeout_ns,
		.open_timeout_ns = LONG_TIMEOUT,
		.source = &source,
	};
}

static void *make(const struct pool_under_test *variant, const struct pool_setup *setup)
{
	char problem[200] = "";
	void *pool = NULL;

	if (variant->create(&pool, setup, problem, sizeof(problem)) != 0)
		fail_msg("%s: %s", variant->name, problem);
	assert_non_null(pool);
	return pool;
}

/* ---- exclusion ---- */

struct crowd {
	const struct pool_under_test *variant;
	void *pool;
	_Atomic uint64_t leases;
	_Atomic uint64_t faults;
};

struct member {
	struct crowd *crowd;
	unsigned thread;
};

static void *member_main(void *argument)
{
	const struct member *member = argument;
	struct crowd *crowd = member->crowd;

	for (int i = 0; i < ROUNDS; i++) {
		struct pool_lease lease = {0};

		struct test_conn *conn;

		if (crowd->variant->acquire(crowd->pool, member->thread, &lease) != 0) {
			atomic_fetch_add(&crowd->faults, 1);
			continue;
		}
		conn = lease.conn;
		if (conn == NULL || atomic_fetch_add(&conn->owners, 1) != 0) {
			atomic_fetch_add(&crowd->faults, 1);
			continue;
		}
		/* Give the processor away with the lease in hand now and then, or on
		 * two cores hardly anybody would ever wait. */
		if (i % 64 == 0)
			(void)usleep(50);
		atomic_fetch_sub(&conn->owners, 1);
		crowd->variant->release(crowd->pool, member->thread, &lease);
		atomic_fetch_add(&crowd->leases, 1);
	}
	return NULL;
}

static void test_no_slot_has_two_owners(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pools); i++) {
		const struct pool_setup setup = make_setup(THREADS, CONNS, LONG_TIMEOUT);
		struct crowd crowd = {.variant = pools[i], .pool = make(pools[i], &setup)};
		struct member members[THREADS];
		pthread_t threads[THREADS];

		for (unsigned at = 0; at < THREADS; at++) {
			members[at] = (struct member){&crowd, at};
			assert_int_equal(pthread_create(&threads[at], NULL, member_main, &members[at]), 0);
		}
		for (unsigned at = 0; at < THREADS; at++)
			assert_int_equal(pthread_join(threads[at], NULL), 0);
		if (crowd.faults != 0 || crowd.leases != (uint64_t)THREADS * ROUNDS)
			fail_msg("%s: %llu faults, %llu leases", pools[i]->name,
			         (unsigned long long)crowd.faults, (unsigned long long)crowd.leases);
		pools[i]->destroy(crowd.pool);
	}
}

/* ---- exhaustion ---- */

static void test_all_can_be_leased_and_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pools); i++) {
		const struct pool_setup setup = make_setup(2, CONNS, SHORT_TIMEOUT);
		void *pool = make(pools[i], &setup);
		struct pool_lease leases[CONNS] = {0};
		struct pool_lease another = {0};

		for (int round = 0; round < 3; round++) {
			for (unsigned at = 0; at < CONNS; at++) {
				assert_int_equal(pools[i]->acquire(pool, 0, &leases[at]), 0);
				assert_non_null(leases[at].conn);
				for (unsigned before = 0; before < at; before++)
					assert_ptr_not_equal(leases[at].conn, leases[before].conn);
			}
			assert_int_not_equal(pools[i]->acquire(pool, 1, &another), 0);
			assert_null(another.conn);
			/* Returned by another thread than the one that acquired. */
			for (unsigned at = 0; at < CONNS; at++)
				pools[i]->release(pool, 1, &leases[at]);
		}
		pools[i]->destroy(pool);
	}
}

/* ---- order ---- */

struct queued {
	void *pool;
	unsigned thread;
	_Atomic uint32_t tid;
	_Atomic unsigned *served;
	unsigned place;
};

static void *queued_main(void *argument)
{
	struct queued *queued = argument;
	struct pool_lease lease = {0};

	atomic_store(&queued->tid, (uint32_t)syscall(SYS_gettid));
	if (bench_variant_fifo_handoff.acquire(queued->pool, queued->thread, &lease) == 0) {
		queued->place = atomic_fetch_add(queued->served, 1);
		bench_variant_fifo_handoff.release(queued->pool, queued->thread, &lease);
	}
	return NULL;
}

/* Whether the thread sleeps in the kernel, which is where it queues. */
static bool sleeps(uint32_t tid)
{
	char path[64];
	char status[512];
	size_t length;
	FILE *file;
	const char *end;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%u/stat", tid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	length = fread(status, 1, sizeof(status) - 1, file);
	(void)fclose(file);
	status[length] = '\0';
	end = strrchr(status, ')');
	return end != NULL && end[1] == ' ' && end[2] == 'S';
}

static void test_hand_off_is_in_order(void **state)
{
	const struct pool_setup setup = make_setup(THREADS + 1, 1, LONG_TIMEOUT);
	void *pool = make(&bench_variant_fifo_handoff, &setup);
	_Atomic unsigned served = 0;
	struct queued queued[THREADS];
	pthread_t threads[THREADS];
	struct pool_lease lease = {0};

	(void)state;
	assert_int_equal(bench_variant_fifo_handoff.acquire(pool, THREADS, &lease), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		queued[i] = (struct queued){.pool = pool, .thread = i, .served = &served, .place = 999};
		assert_int_equal(pthread_create(&threads[i], NULL, queued_main, &queued[i]), 0);
		while (atomic_load(&queued[i].tid) == 0 || !sleeps(atomic_load(&queued[i].tid)))
			(void)usleep(1000);
	}
	bench_variant_fifo_handoff.release(pool, THREADS, &lease);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(queued[i].place, i);
	}
	bench_variant_fifo_handoff.destroy(pool);
}

/* A waiter that gives up leaves the queue whole for those around it. */
static void test_hand_off_passes_a_timeout_by(void **state)
{
	const struct pool_setup setup = make_setup(3, 1, SHORT_TIMEOUT);
	void *pool = make(&bench_variant_fifo_handoff, &setup);
	struct pool_lease lease = {0};
	struct pool_lease other = {0};

	(void)state;
	for (int round = 0; round < 5; round++) {
		assert_int_equal(bench_variant_fifo_handoff.acquire(pool, 0, &lease), 0);
		assert_int_not_equal(bench_variant_fifo_handoff.acquire(pool, 1, &other), 0);
		assert_int_not_equal(bench_variant_fifo_handoff.acquire(pool, 2, &other), 0);
		bench_variant_fifo_handoff.release(pool, 0, &lease);
	}
	bench_variant_fifo_handoff.destroy(pool);
}

/* ---- the limit ---- */

static void test_none_gives_each_thread_its_own(void **state)
{
	const struct pool_setup setup = make_setup(THREADS, 1, SHORT_TIMEOUT);
	void *pool = make(&bench_variant_none, &setup);
	struct pool_lease leases[THREADS] = {0};

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(bench_variant_none.acquire(pool, i, &leases[i]), 0);
		for (unsigned before = 0; before < i; before++)
			assert_ptr_not_equal(leases[i].conn, leases[before].conn);
	}
	bench_variant_none.destroy(pool);
}

/* ---- failure ---- */

static void test_failed_open_leaves_nothing(void **state)
{
	static const struct pool_under_test *const all[] = {
		&bench_variant_weir,       &bench_variant_mutex_lifo, &bench_variant_fifo_handoff,
		&bench_variant_sem_cas,    &bench_variant_ck_ring,    &bench_variant_none,
		&bench_variant_mutex_grow,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		const struct pool_setup setup = make_setup(CONNS, CONNS, SHORT_TIMEOUT);
		char problem[200] = "";
		void *pool = problem;

		opens_left = CONNS - 1;
		assert_int_not_equal(all[i]->create(&pool, &setup, problem, sizeof(problem)), 0);
		assert_null(pool);
		assert_string_not_equal(problem, "");
		assert_int_equal(connections_open, 0);
		all[i]->destroy(NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_slot_has_two_owners),
		cmocka_unit_test(test_all_can_be_leased_and_no_more),
		cmocka_unit_test(test_hand_off_is_in_order),
		cmocka_unit_test(test_hand_off_passes_a_timeout_by),
		cmocka_unit_test(test_none_gives_each_thread_its_own),
		cmocka_unit_test(test_failed_open_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
