/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Short lives of pools: each is closed while its callers are busy, at random
 * points and with random patience, and destroyed with a lease still out now and
 * then.
 */
#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_world.h"

static const char *const variants[] = {
	"",
	"wake_barrier=fence",
	"fairness=fifo",
	"fairness=fifo wake_barrier=fence",
	"fairness_window=0s",
};

#define VARIANTS_COUNT (sizeof variants / sizeof variants[0])

static void close_once(struct stress_world *world, struct weir_time deadline)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = weir_pool_close_until(world->pool, deadline, &err);

	if (code != WEIR_OK && code != WEIR_ERR_CLOSE_TIMEOUT)
		stress_broken(world, "close: %s", err.message);
}

struct closer {
	struct stress_world *world;
	struct weir_time deadline;
};

static void *close_too(void *argument)
{
	const struct closer *closer = argument;

	close_once(closer->world, closer->deadline);
	return NULL;
}

/* Two threads close at once, impatiently. */
static void close_under_load(struct stress_world *world)
{
	struct closer closer = {
		.world = world,
		.deadline = weir_deadline_in((int64_t)stress_random_below(&world->random, 2000000)),
	};
	pthread_t second;
	const bool two = pthread_create(&second, NULL, close_too, &closer) == 0;

	close_once(world, weir_deadline_in((int64_t)stress_random_below(&world->random, 2000000)));
	if (two)
		(void)pthread_join(second, NULL);
}

/* Callers have gone from a closed pool: it must be empty but for opens. */
static void check_closed(struct stress_world *world, uint32_t leases)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	if (weir_pool_read_stats(world->pool, &stats) != WEIR_OK)
		stress_broken(world, "the pool's figures cannot be read");
	if (stats.leased != leases || stats.waiters != 0 || stats.idle != 0)
		stress_broken(world, "a closed pool has %u leases, %u waiters, %u idle connections",
		              stats.leased, stats.waiters, stats.idle);
}

/* The pool goes first, the lease comes back to what is left of it. */
static void destroy_with_lease(struct stress_world *world, struct weir_lease *lease)
{
	weir_stub_set(world->stub, NULL);
	weir_stub_unhang(world->stub);
	weir_pool_destroy(world->pool);
	if (stress_release(world, lease, NULL) != WEIR_OK)
		stress_broken(world, "a lease could not be released after destroy");
	stress_server_end(world);
}

static void live(struct stress_world *world)
{
	const char *variant = variants[stress_random_below(&world->random, VARIANTS_COUNT)];
	const struct weir_stub_script script = {
		.hang_opens = stress_random_below(&world->random, 3),
		.open_latency_ns = (int64_t)stress_random_below(&world->random, 200000),
	};
	struct weir_lease late = {0};

	if (!stress_pool_begin(world, variant))
		return;
	world->rounds++;
	if (stress_acquire(world, &late, STRESS_MARGIN_NS, NULL) != WEIR_OK)
		stress_broken(world, "a new pool gives no lease");
	weir_stub_set(world->stub, &script);
	if (stress_workers_start(world)) {
		stress_sleep((int64_t)stress_random_below(&world->random, 3000000));
		close_under_load(world);
		weir_stub_set(world->stub, NULL);
		weir_stub_unhang(world->stub);
		stress_workers_join(world);
		check_closed(world, 1);
		stress_remember(world);
	}
	if (stress_random_percent(&world->random, 50)) {
		destroy_with_lease(world, &late);
		return;
	}
	if (stress_release(world, &late, NULL) != WEIR_OK)
		stress_broken(world, "a lease could not be released into a closed pool");
	stress_pool_end(world);
}

void stress_round_close(struct stress_world *world)
{
	live(world);
	stress_judge(world);
}
