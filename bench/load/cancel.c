/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ctrl-C without a signal handler. See cancel.h.
 */
#include "cancel.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "monotonic.h"

static sigset_t stop_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	return set;
}

void bench_cancel_prepare(void)
{
	const sigset_t set = stop_signals();

	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool bench_cancel_wait(int64_t ns)
{
	const sigset_t set = stop_signals();
	const int64_t end = bench_now() + ns;

	for (;;) {
		const int64_t left = end - bench_now();
		const struct timespec timeout = bench_timespec(left > 0 ? left : 0);

		if (sigtimedwait(&set, NULL, &timeout) > 0)
			return true;
		if (errno == EAGAIN)
			return false;
	}
}
