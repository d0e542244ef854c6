/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether a pool does what pool_under_test.h asks of it. See conformance.h; the
 * connections that know who has them are in conformance_source.h.
 */
#include "conformance.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "conformance_source.h"
#include "monotonic.h"

#define THREADS 6
#define CONNS 3
#define ROUNDS 2000
#define SHORT_NS INT64_C(50000000)
/* A pool may round its timeout down to the clock's tick, not to nothing. */
#define SHORT_NS_LEAST INT64_C(40000000)

/* Far longer than any wait of these checks, and shorter than their patience: a
 * wake-up that is lost is found as a timeout, not as a hang. */
static int64_t long_ns(const struct conformance_subject *subject)
{
	return subject->patience_ns / 2;
}

static int create(struct conformance_subject *subject, const struct pool_setup *wanted, void **pool,
                  char *problem, size_t problem_size)
{
	subject->setup = *wanted;
	subject->setup.size = sizeof(*wanted);
	subject->setup.conns_max = CONNS;
	subject->setup.open_timeout_ns = long_ns(subject);
	subject->setup.source = &subject->source.source;
	return subject->pool->create(pool, &subject->setup, problem, problem_size);
}

static void *make(struct conformance_subject *subject, unsigned threads, unsigned conns_min,
                  int64_t timeout_ns)
{
	const struct pool_setup setup = {
		.threads = threads, .conns_min = conns_min, .acquire_timeout_ns = timeout_ns};
	char problem[200] = "";
	void *pool = NULL;

	if (create(subject, &setup, &pool, problem, sizeof(problem)) != 0)
		conformance_fail(subject, "create failed: %s", problem);
	else if (pool == NULL)
		conformance_fail(subject, "create returned 0, and no pool");
	return pool;
}

static void destroy(struct conformance_subject *subject, void *pool)
{
	unsigned left;

	subject->pool->destroy(pool);
	left = conformance_open_now(subject);
	if (left != 0)
		conformance_fail(subject, "destroy left %u connections open", left);
}

/* Acquire for a caller; false, recorded as a fault, without a connection. */
static bool take(struct conformance_subject *subject, void *pool, unsigned thread,
                 struct pool_lease *lease)
{
	if (subject->pool->acquire(pool, thread, lease) == 0)
		return conformance_own(subject, lease->conn);
	conformance_fail(subject, "an acquire failed although a connection was there or came back");
	return false;
}

static void give_back(struct conformance_subject *subject, void *pool, unsigned thread,
                      struct pool_lease *lease)
{
	conformance_disown(lease->conn);
	subject->pool->release(pool, thread, lease);
	if (lease->conn != NULL)
		conformance_fail(subject, "release did not set lease->conn to NULL");
}

/* ---- opening and closing ---- */

static void check_opens(struct conformance_subject *subject)
{
	void *const pool = make(subject, THREADS, CONNS, long_ns(subject));
	const unsigned count = conformance_open_now(subject);

	subject->pool->destroy(NULL);
	if (pool == NULL)
		return;
	if (count != CONNS)
		conformance_fail(subject, "create opened %u connections of %u that it was asked for", count,
		                 CONNS);
	destroy(subject, pool);
}

static void check_create_fails(struct conformance_subject *subject)
{
	for (unsigned opens = 0; opens < CONNS && !conformance_failed(subject); opens++) {
		const struct pool_setup setup = {
			.threads = THREADS, .conns_min = CONNS, .acquire_timeout_ns = SHORT_NS};
		char problem[200] = "";
		void *pool = subject;

		conformance_allow_opens(subject, opens);
		if (create(subject, &setup, &pool, problem, sizeof(problem)) == 0) {
			conformance_fail(subject, "create returned 0 although connection %u did not open",
			                 opens + 1);
			subject->pool->destroy(pool);
			return;
		}
		if (pool != NULL)
			conformance_fail(subject, "a create that failed did not set *pool to NULL");
		if (problem[0] == '\0')
			conformance_fail(subject, "a create that failed left problem empty");
		if (conformance_open_now(subject) != 0)
			conformance_fail(subject, "a create that failed left %u connections open",
			                 conformance_open_now(subject));
	}
}

/* ---- exclusion ---- */

struct member {
	struct conformance_subject *subject;
	void *pool;
	unsigned thread;
};

static void *member_main(void *argument)
{
	const struct member *const member = argument;
	struct pool_lease lease = {0};

	for (int i = 0; i < ROUNDS && !conformance_failed(member->subject); i++) {
		if (!take(member->subject, member->pool, member->thread, &lease))
			break;
		/* Give the processor away with the lease in hand now and then, or on
		 * two cores hardly anybody would ever wait. */
		if (i % 64 == 0)
			(void)usleep(50);
		give_back(member->subject, member->pool, member->thread, &lease);
	}
	return NULL;
}

static void check_exclusive(struct conformance_subject *subject)
{
	void *const pool = make(subject, THREADS, CONNS, long_ns(subject));
	struct member members[THREADS];
	pthread_t threads[THREADS];
	unsigned started = 0;

	if (pool == NULL)
		return;
	for (; started < THREADS; started++) {
		members[started] = (struct member){subject, pool, started};
		if (pthread_create(&threads[started], NULL, member_main, &members[started]) != 0) {
			conformance_fail(subject, "no thread could be started");
			break;
		}
	}
	for (unsigned i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	destroy(subject, pool);
}

/* ---- exhaustion ---- */

/* Acquire every connection that there may be, for caller 0. */
static unsigned take_all(struct conformance_subject *subject, void *pool, struct pool_lease *leases)
{
	unsigned count = 0;

	while (count < CONNS && take(subject, pool, 0, &leases[count]))
		count++;
	return count;
}

static void expect_timeout(struct conformance_subject *subject, void *pool)
{
	const int64_t begin = bench_now();
	struct pool_lease lease = {0};

	if (subject->pool->acquire(pool, 1, &lease) == 0) {
		conformance_fail(subject, "an acquire got a connection although all %u were out", CONNS);
		subject->pool->release(pool, 1, &lease);
	} else if (bench_now() - begin < SHORT_NS_LEAST) {
		conformance_fail(
			subject, "an acquire gave up after %lld ms, where acquire_timeout_ns was %lld ms",
			(long long)((bench_now() - begin) / 1000000), (long long)(SHORT_NS / 1000000));
	}
}

static void exhaust(struct conformance_subject *subject, void *pool)
{
	for (int round = 0; round < 3 && !conformance_failed(subject); round++) {
		struct pool_lease leases[CONNS] = {0};
		const unsigned count = take_all(subject, pool, leases);

		if (count == CONNS)
			expect_timeout(subject, pool);
		/* Returned by another caller than the one that acquired. */
		for (unsigned i = 0; i < count; i++)
			give_back(subject, pool, 1, &leases[i]);
	}
}

static void check_exhausted(struct conformance_subject *subject)
{
	void *const pool = make(subject, 2, CONNS, SHORT_NS);

	if (pool == NULL)
		return;
	exhaust(subject, pool);
	destroy(subject, pool);
}

static void *waiter_main(void *argument)
{
	const struct member *const member = argument;
	const int64_t begin = bench_now();
	struct pool_lease lease = {0};

	if (!take(member->subject, member->pool, member->thread, &lease))
		return NULL;
	/* One that nobody wakes may still look around when its time is over. */
	if (bench_now() - begin >= long_ns(member->subject))
		conformance_fail(member->subject, "a caller that waited was not woken by a release: it "
		                                  "got a connection when its time was over");
	give_back(member->subject, member->pool, member->thread, &lease);
	return NULL;
}

static void check_wakes(struct conformance_subject *subject)
{
	void *const pool = make(subject, 2, CONNS, long_ns(subject));
	struct member waiter = {subject, pool, 1};

	for (int round = 0; pool != NULL && round < 5 && !conformance_failed(subject); round++) {
		struct pool_lease leases[CONNS] = {0};
		const unsigned count = take_all(subject, pool, leases);
		pthread_t thread;
		const bool started = count == CONNS &&
		                     pthread_create(&thread, NULL, waiter_main, &waiter) == 0;

		/* Most likely it waits by then; if not, this round shows less. */
		(void)usleep(20000);
		for (unsigned i = 0; i < count; i++)
			give_back(subject, pool, 0, &leases[i]);
		if (started)
			(void)pthread_join(thread, NULL);
	}
	if (pool != NULL)
		destroy(subject, pool);
}

/* ---- abilities ---- */

static void check_grows(struct conformance_subject *subject)
{
	void *const pool = make(subject, 2, 1, SHORT_NS);

	if (pool == NULL)
		return;
	if (conformance_open_now(subject) != 1)
		conformance_fail(subject, "create opened %u connections where conns_min was 1",
		                 conformance_open_now(subject));
	exhaust(subject, pool);
	destroy(subject, pool);
}

/* Lease every connection, and whether all of them work; false: not all came. */
static bool all_work(struct conformance_subject *subject, void *pool)
{
	struct pool_lease leases[CONNS] = {0};
	unsigned count = 0;

	while (count < CONNS && subject->pool->acquire(pool, 0, &leases[count]) == 0 &&
	       conformance_own(subject, leases[count].conn))
		count++;
	for (unsigned i = 0; i < count; i++) {
		if (!conformance_works(leases[i].conn))
			conformance_fail(subject, "a connection that was returned as broken was leased again");
		give_back(subject, pool, 0, &leases[i]);
	}
	return count == CONNS;
}

/* Return one as broken; while the server is down, and then while it is up. */
static void check_heals(struct conformance_subject *subject)
{
	void *const pool = make(subject, 2, CONNS, SHORT_NS);
	const int64_t give_up = bench_now() + long_ns(subject);

	for (unsigned opens = 0; pool != NULL && opens <= CONNS; opens += CONNS) {
		struct pool_lease lease = {0};

		if (!take(subject, pool, 0, &lease))
			break;
		conformance_allow_opens(subject, opens);
		conformance_break(lease.conn);
		lease.broken = 1;
		give_back(subject, pool, 0, &lease);
		(void)all_work(subject, pool);
		conformance_allow_opens(subject, CONFORMANCE_OPENS_ANY);
		while (!all_work(subject, pool) && !conformance_failed(subject))
			if (bench_now() > give_up)
				conformance_fail(subject, "a connection that was returned as broken was never "
				                          "replaced");
	}
	if (pool != NULL)
		destroy(subject, pool);
}

static const struct bench_conformance_check checks[] = {
	{"opens", "create opens conns_min connections, and destroy closes them", 0, check_opens},
	{"exclusive", "no connection has two owners, and nobody is forgotten", 0, check_exclusive},
	{"exhausted", "every connection can be leased; one acquire more times out", 0, check_exhausted},
	{"wakes", "a caller that waits gets what another returns", 0, check_wakes},
	{"create-fails", "a create that fails says why, and leaves nothing open", 0,
     check_create_fails},
	{"grows", "it opens more connections on demand, up to conns_max", POOL_GROWS, check_grows},
	{"heals", "it replaces what is returned as broken, also after an outage", POOL_HEALS,
     check_heals},
};

const struct bench_conformance_check *bench_conformance_checks(size_t *count)
{
	*count = sizeof(checks) / sizeof(checks[0]);
	return checks;
}

/* ---- running one ---- */

static void *run_main(void *argument)
{
	struct conformance_subject *const subject = argument;

	subject->check->run(subject);
	(void)pthread_mutex_lock(&subject->mutex);
	subject->ended = true;
	(void)pthread_cond_signal(&subject->ended_now);
	(void)pthread_mutex_unlock(&subject->mutex);
	return NULL;
}

/* Joining with a timeout is nothing that ThreadSanitizer follows. */
static bool wait_for_end(struct conformance_subject *subject, const struct timespec *give_up)
{
	bool ended;
	int rc = 0;

	(void)pthread_mutex_lock(&subject->mutex);
	while (!subject->ended && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&subject->ended_now, &subject->mutex, give_up);
	ended = subject->ended;
	(void)pthread_mutex_unlock(&subject->mutex);
	return ended;
}

enum bench_conformance_result bench_conformance_run(const struct pool_under_test *pool,
                                                    const struct bench_conformance_check *check,
                                                    int64_t patience_ns, char *problem)
{
	const struct timespec give_up = bench_deadline_in(patience_ns);
	struct conformance_subject *subject;
	bool conforms;
	pthread_t thread;

	problem[0] = '\0';
	if ((pool->abilities & check->abilities) != check->abilities)
		return BENCH_CONFORMANCE_SKIPPED;
	subject = conformance_create(pool, check, patience_ns);
	if (subject == NULL || pthread_create(&thread, NULL, run_main, subject) != 0) {
		conformance_destroy(subject);
		(void)snprintf(problem, BENCH_CONFORMANCE_PROBLEM_MAX, "no memory, or no thread, for it");
		return BENCH_CONFORMS_NOT;
	}
	if (!wait_for_end(subject, &give_up)) {
		(void)pthread_detach(thread);
		if (!conformance_problem(subject, problem))
			(void)snprintf(problem, BENCH_CONFORMANCE_PROBLEM_MAX,
			               "a call did not return for %lld s",
			               (long long)(patience_ns / INT64_C(1000000000)));
		return BENCH_CONFORMANCE_HANGS;
	}
	(void)pthread_join(thread, NULL);
	conforms = !conformance_problem(subject, problem);
	conformance_destroy(subject);
	return conforms ? BENCH_CONFORMS : BENCH_CONFORMS_NOT;
}
