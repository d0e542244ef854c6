/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What befalls threads: they are cancelled, they get signals, they end with a lease
 * in their hands.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_worker.h"

/* ---- cancellation ---- */

/* AddressSanitizer is not told of frames that a cancellation leaves behind, and takes
 * what the thread does next for writes into them: this makes it forget them. Null in
 * other builds. */
extern void forget_frames(void) __asm__("__asan_handle_no_return") __attribute__((weak));

static void note_cancelled(void *unused)
{
	(void)unused;
	if (forget_frames != NULL)
		forget_frames();
}

void stress_cancel_point(void)
{
	pthread_cleanup_push(note_cancelled, NULL);
	pthread_testcancel();
	pthread_cleanup_pop(0);
}

/* A caller is cancelled wherever it is, ends between two calls, and another takes its
 * place, number and tally. The server takes its time, so that it often is in there. */
void stress_disturb_cancel(struct stress_world *world)
{
	const struct weir_stub_script slow = {
		.open_latency_ns = (int64_t)stress_random_below(&world->random, 200000),
		.validate_latency_ns = (int64_t)stress_random_below(&world->random, 50000),
		.reset_latency_ns = (int64_t)stress_random_below(&world->random, 50000),
		.close_latency_ns = (int64_t)stress_random_below(&world->random, 50000),
	};
	struct stress_worker *const w =
		&world->workers[stress_random_below(&world->random, world->threads)];
	void *result = NULL;

	if (!stress_random_percent(&world->random, 50))
		return;
	weir_stub_set(world->stub, &slow);
	if (pthread_cancel(w->thread) != 0 || pthread_join(w->thread, &result) != 0 ||
	    result != PTHREAD_CANCELED)
		stress_broken(world, "caller %u was cancelled and did not end by it", w->number);
	if (w->held != 0)
		stress_broken(world, "caller %u was cancelled and kept a lease", w->number);
	world->rounds++;
	if (pthread_create(&w->thread, NULL, stress_work, w) == 0)
		return;
	stress_broken(world, "caller %u could not be started again", w->number);
	_Exit(1); /* nobody could join it */
}

/* ---- signals ---- */

static void do_nothing(int number)
{
	(void)number;
}

/* Signals without SA_RESTART: each system call that sleeps ends early. */
void stress_disturb_signals(struct stress_world *world)
{
	struct sigaction action;

	memset(&action, 0, sizeof action);
	action.sa_handler = do_nothing;
	(void)sigaction(SIGUSR1, &action, NULL);
	for (uint32_t i = 0; i < 4 * world->threads; i++) {
		const uint32_t which = stress_random_below(&world->random, world->threads);

		(void)pthread_kill(world->workers[which].thread, SIGUSR1);
	}
	world->rounds++;
}

/* ---- leases whose threads are gone ---- */

struct orphan {
	struct stress_world *world;
	struct weir_lease lease;
	enum weir_code code;
};

/* Recorded as what the thread does that waits for this one. */
static void *take_and_end(void *argument)
{
	struct orphan *orphan = argument;

	orphan->code = stress_acquire(orphan->world, &orphan->lease, WEIR_MILLISECONDS(5), NULL);
	pthread_exit(NULL);
}

void stress_disturb_orphans(struct stress_world *world)
{
	struct orphan orphan = {.world = world};
	pthread_t thread;

	if (pthread_create(&thread, NULL, take_and_end, &orphan) != 0) {
		stress_broken(world, "a thread could not be started");
		return;
	}
	(void)pthread_join(thread, NULL);
	if (orphan.code != WEIR_OK) {
		world->timeouts_besides += orphan.code == WEIR_ERR_ACQUIRE_TIMEOUT;
		return;
	}
	world->got_besides++;
	world->rounds++;
	stress_use_begin(world, &orphan.lease, STRESS_THREADS_MAX + 1);
	stress_sleep((int64_t)stress_random_below(&world->random, 2000000));
	stress_use_end(world, &orphan.lease, STRESS_THREADS_MAX + 1);
	if (stress_release(world, &orphan.lease, NULL) != WEIR_OK)
		stress_broken(world, "a lease could not be released after its thread had ended");
}
