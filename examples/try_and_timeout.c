/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The two ways not to wait for ever, and what a timeout explains: a pool of one
 * connection, which the program itself holds. No database is needed.
 */
#include <weir/stub.h>
#include <weir/weir.h>

#include <inttypes.h>
#include <stdio.h>

static void explain(const struct weir_error *err)
{
	(void)printf("timeout: %s\n", err->message);
	(void)printf("  waited in the queue: %s\n", err->queued_ns > 0 ? "yes" : "no");
	(void)printf("  every connection leased: %s\n", err->reason == WEIR_WAIT_LEASED ? "yes" : "no");
	for (uint32_t i = 0; i < err->holders_count; i++) {
		const struct weir_holder *holder = &err->holders[i];

		(void)printf("  slot %" PRIu32 " is held since %s\n", holder->slot,
		             holder->site != NULL ? holder->site : "(unknown)");
	}
}

static bool show(struct weir_pool *pool)
{
	WEIR_SCOPED_LEASE(held);
	WEIR_SCOPED_LEASE(wanted);
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_acquire(pool, &held, &err) != WEIR_OK) {
		(void)fprintf(stderr, "%s\n", err.message);
		return false;
	}

	/* Never waits for a connection: for a caller that has something else to do. */
	if (weir_try_acquire(pool, &wanted, &err) != WEIR_ERR_EXHAUSTED)
		return false;
	(void)printf("try: %s\n", weir_error_name(err.code));

	/* Waits, but not past its deadline, and then says who is in the way. */
	if (weir_acquire_for(pool, &wanted, WEIR_MILLISECONDS(20), &err) != WEIR_ERR_ACQUIRE_TIMEOUT)
		return false;
	explain(&err);

	/* Callers that do not care which way the pool failed ask for the family. */
	(void)printf("the pool's failure: %s; worth another try: %s\n",
	             weir_error_is(err.code, WEIR_ERR_POOL) ? "yes" : "no",
	             weir_error_retry(err.code) == WEIR_RETRY_LATER ? "later" : "no");
	return true;
}

int main(void)
{
	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_pool_open_url(&pool, weir_stub_driver(), "stub:?max_size=1", &err) != WEIR_OK) {
		(void)fprintf(stderr, "%s\n", err.message);
		return 1;
	}

	const bool shown = show(pool);

	weir_pool_destroy(pool);
	return shown ? 0 : 1;
}
