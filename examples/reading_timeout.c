/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A timeout, printed whole, and turned into a decision: the table of
 * docs/guides/reading-a-timeout.md as code. No database is needed.
 */
#include <weir/stub.h>
#include <weir/weir.h>

#include <stdio.h>

/* What to do about an acquire that failed. */
static const char *decide(const struct weir_error *err)
{
	static const char *const decisions[] = {
		[WEIR_WAIT_NONE] = "read the code and the message: it was not a wait",
		[WEIR_WAIT_LEASED] = "look at the holders: raise max_size, or hold for less long",
		[WEIR_WAIT_OPENING] = "opens are slow: raise min_idle, or look at the database's side",
		[WEIR_WAIT_OPEN_DOWN] = "the database is down: read the last open error",
		[WEIR_WAIT_CLOSED] = "the program is stopping: do not try again",
	};
	const size_t reason = (size_t)err->reason;

	return reason < sizeof(decisions) / sizeof(decisions[0]) ? decisions[reason]
	                                                         : "a reason of a later release";
}

static bool show(struct weir_pool *pool)
{
	WEIR_SCOPED_LEASE(held);
	WEIR_SCOPED_LEASE(wanted);
	struct weir_error err = WEIR_ERROR_INIT;
	char text[2048];

	if (weir_acquire(pool, &held, &err) != WEIR_OK ||
	    weir_acquire_for(pool, &wanted, WEIR_MILLISECONDS(20), &err) != WEIR_ERR_ACQUIRE_TIMEOUT)
		return false;
	(void)weir_error_describe(&err, text, sizeof(text));
	(void)printf("%s\n-> %s\n", text, decide(&err));
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
