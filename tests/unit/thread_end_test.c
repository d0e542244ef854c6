/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Threads that are cancelled, or end, in the middle of what they do with a pool:
 * no slot is lost, and no waiter is left behind.
 *
 * The driver here calls a cancellation point in every operation, as any driver does
 * that reads a file or a socket.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <weir/weir.h>

#include "unit_check.h"
#include "unit_thread.h"

/* The operation that the victim is in when it is cancelled. */
enum stage { STAGE_OPEN, STAGE_VALIDATE, STAGE_RESET, STAGE_CLOSE, STAGES };

static struct {
	_Atomic uint32_t begun[STAGES];
	_Atomic bool slow[STAGES]; /* waits until it is cancelled, or a second has passed */
	_Atomic uint32_t live;
} server;

static void pause_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

static void stage(enum stage at)
{
	atomic_fetch_add(&server.begun[at], 1);
	for (int i = 0; i < 50 && atomic_load(&server.slow[at]); i++)
		pause_ms(2);
	pthread_testcancel();
}

static enum weir_code open_conn(const struct weir_open_request *request, void **conn,
                                struct weir_error *err)
{
	(void)request;
	(void)err;
	stage(STAGE_OPEN);
	atomic_fetch_add(&server.live, 1);
	*conn = &server;
	return WEIR_OK;
}

static void close_conn(void *conn)
{
	(void)conn;
	stage(STAGE_CLOSE);
	atomic_fetch_sub(&server.live, 1);
}

static enum weir_code validate_conn(void *conn, struct weir_time deadline, struct weir_error *err)
{
	(void)conn;
	(void)deadline;
	(void)err;
	stage(STAGE_VALIDATE);
	return WEIR_OK;
}

static enum weir_code reset_conn(void *conn, struct weir_time deadline, struct weir_error *err)
{
	(void)conn;
	(void)deadline;
	(void)err;
	stage(STAGE_RESET);
	return WEIR_OK;
}

static const struct weir_driver driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "points",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.open = open_conn,
	.close = close_conn,
	.validate = validate_conn,
	.reset = reset_conn,
};

static struct weir_pool *make_pool(void)
{
	struct weir_config config;
	struct weir_pool *pool = NULL;

	for (int i = 0; i < STAGES; i++) {
		atomic_store(&server.begun[i], 0);
		atomic_store(&server.slow[i], false);
	}
	atomic_store(&server.live, 0);
	weir_config_init(&config, &driver);
	assert_code(weir_config_apply_pairs(&config, &driver,
	                                    "max_size=1 validate_on_acquire=on fairness=fifo", NULL,
	                                    NULL),
	            WEIR_OK);
	assert_code(weir_pool_create(&pool, &driver, NULL, &config, NULL), WEIR_OK);
	return pool;
}

static struct weir_pool_stats stats_of(struct weir_pool *pool)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	assert_code(weir_pool_read_stats(pool, &stats), WEIR_OK);
	return stats;
}

/* The one slot is there, and the pool ends in order. */
static void assert_whole(struct weir_pool *pool)
{
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_acquire_for(pool, &lease, WEIR_SECONDS(5), &err) != WEIR_OK)
		fail_msg("the slot is lost: %s", err.message);
	assert_int_equal(stats_of(pool).waiters, 0);
	assert_int_equal(stats_of(pool).leased, 1);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	assert_code(weir_pool_close(pool, NULL), WEIR_OK);
	weir_pool_destroy(pool);
	assert_int_equal(atomic_load(&server.live), 0);
}

/* ---- a victim: acquires and returns a lease, then meets a cancellation point ---- */

struct victim {
	struct weir_pool *pool;
	int64_t timeout_ns;
	bool discards;
	_Atomic uint32_t left; /* how far it came */
	enum weir_code code;
	struct weir_lease lease;
};

static void *suffer(void *argument)
{
	struct victim *const victim = argument;

	victim->code = weir_acquire_for(victim->pool, &victim->lease, victim->timeout_ns, NULL);
	atomic_store(&victim->left, 1);
	if (victim->code == WEIR_OK)
		victim->code = victim->discards ? weir_discard(&victim->lease, NULL)
		                                : weir_release(&victim->lease, NULL);
	atomic_store(&victim->left, 2);
	pthread_testcancel(); /* weir restores what it found: here it ends */
	atomic_store(&victim->left, 3);
	return NULL;
}

static void cancel_in(enum stage at, bool discards)
{
	struct victim victim = {
		.pool = make_pool(), .timeout_ns = WEIR_SECONDS(5), .discards = discards};
	pthread_t thread;
	void *result = NULL;

	atomic_store(&server.slow[at], true);
	assert_int_equal(pthread_create(&thread, NULL, suffer, &victim), 0);
	while (atomic_load(&server.begun[at]) == 0)
		pause_ms(1);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	atomic_store(&server.slow[at], false);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(atomic_load(&victim.left), 2);
	assert_code(victim.code, WEIR_OK);
	assert_whole(victim.pool);
}

static void cancelled_while_it_opens(void **state)
{
	(void)state;
	cancel_in(STAGE_OPEN, false);
}

static void cancelled_while_it_validates(void **state)
{
	(void)state;
	cancel_in(STAGE_VALIDATE, false);
}

static void cancelled_while_it_resets(void **state)
{
	(void)state;
	cancel_in(STAGE_RESET, false);
}

static void cancelled_while_it_closes(void **state)
{
	(void)state;
	cancel_in(STAGE_CLOSE, true);
}

/* ---- waiting ---- */

/* The wait is no cancellation point: it ends as any wait does. */
static void cancelled_while_it_waits(void **state)
{
	struct victim victim = {.pool = make_pool(), .timeout_ns = WEIR_MILLISECONDS(100)};
	struct weir_lease lease = {0};
	pthread_t thread;
	void *result = NULL;

	(void)state;
	assert_code(weir_acquire(victim.pool, &lease, NULL), WEIR_OK);
	assert_int_equal(pthread_create(&thread, NULL, suffer, &victim), 0);
	while (stats_of(victim.pool).waiters == 0)
		pause_ms(1);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_code(victim.code, WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(stats_of(victim.pool).waiters, 0);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	assert_whole(victim.pool);
}

/* One that is granted a slot while it is being cancelled has it, and gives it back. */
static void cancelled_while_it_waits_and_is_granted(void **state)
{
	struct victim victim = {.pool = make_pool(), .timeout_ns = WEIR_SECONDS(30)};
	struct weir_lease lease = {0};
	pthread_t thread;
	void *result = NULL;

	(void)state;
	assert_code(weir_acquire(victim.pool, &lease, NULL), WEIR_OK);
	assert_int_equal(pthread_create(&thread, NULL, suffer, &victim), 0);
	while (stats_of(victim.pool).waiters == 0)
		pause_ms(1);
	assert_int_equal(pthread_cancel(thread), 0);
	assert_code(weir_release(&lease, NULL), WEIR_OK);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_code(victim.code, WEIR_OK);
	assert_whole(victim.pool);
}

/* ---- a thread that ends with its lease ---- */

static void *leave_with_lease(void *argument)
{
	struct victim *const victim = argument;

	victim->code = weir_acquire(victim->pool, &victim->lease, NULL);
	pthread_exit(NULL);
}

static void a_lease_outlives_its_thread(void **state)
{
	struct victim victim = {.pool = make_pool()};
	struct weir_lease other = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, leave_with_lease, &victim), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_code(victim.code, WEIR_OK);
	/* It is out, and a timeout and a close say who has it. */
	assert_int_equal(stats_of(victim.pool).leased, 1);
	assert_code(weir_acquire_for(victim.pool, &other, WEIR_MILLISECONDS(5), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.holders_total, 1);
	assert_has(err.holders[0].site, "thread_end_test.c:");
	assert_code(weir_pool_close_until(victim.pool, weir_deadline_in(0), &err),
	            WEIR_ERR_CLOSE_TIMEOUT);
	assert_has(err.holders[0].site, "thread_end_test.c:");
	/* Whoever has the handle can end it. */
	assert_code(weir_release(&victim.lease, NULL), WEIR_OK);
	assert_code(weir_pool_close(victim.pool, NULL), WEIR_OK);
	weir_pool_destroy(victim.pool);
	assert_int_equal(atomic_load(&server.live), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancelled_while_it_opens),
		cmocka_unit_test(cancelled_while_it_validates),
		cmocka_unit_test(cancelled_while_it_resets),
		cmocka_unit_test(cancelled_while_it_closes),
		cmocka_unit_test(cancelled_while_it_waits),
		cmocka_unit_test(cancelled_while_it_waits_and_is_granted),
		cmocka_unit_test(a_lease_outlives_its_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
