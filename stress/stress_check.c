/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What must hold when the callers have gone: the figures add up, no slot is
 * lost, and each can be had again.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "stress_world.h"

static void expect_equal(struct stress_world *world, const char *what, uint64_t is,
                         uint64_t should_be)
{
	if (is != should_be)
		stress_broken(world, "%s: %" PRIu64 ", but it should be %" PRIu64, what, is, should_be);
}

static struct weir_pool_stats read_stats(struct stress_world *world)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	if (weir_pool_read_stats(world->pool, &stats) != WEIR_OK)
		stress_broken(world, "the pool's figures cannot be read");
	return stats;
}

/* Opens that were under way when the last caller left still end. */
static void await_opens(struct stress_world *world)
{
	const int64_t until_ns = weir_now().ns + STRESS_MARGIN_NS;

	while (read_stats(world).opening > 0 && weir_now().ns < until_ns)
		stress_sleep(WEIR_MICROSECONDS(200));
}

static void check_figures(struct stress_world *world)
{
	const struct weir_pool_stats stats = read_stats(world);
	const struct stress_tally sum = stress_tally_sum(world);
	struct weir_stub_counts counts;
	uint64_t closed = 0;

	weir_stub_read(world->stub, &counts);
	for (int reason = 0; reason < WEIR_CLOSE_REASONS; reason++)
		closed += stats.closed[reason];
	expect_equal(world, "leased slots", stats.leased, 0);
	expect_equal(world, "opening slots", stats.opening, 0);
	expect_equal(world, "waiters", stats.waiters, 0);
	expect_equal(world, "acquires", stats.acquires, sum.got + world->got_besides);
	expect_equal(world, "timeouts", stats.timeouts, sum.timed_out + world->timeouts_besides);
	expect_equal(world, "rejected", stats.rejected, sum.refused);
	expect_equal(world, "opens", stats.opens, counts.opens);
	expect_equal(world, "closed connections", closed, counts.closes);
	expect_equal(world, "discarded connections", stats.closed[WEIR_CLOSE_BROKEN], sum.discarded);
	expect_equal(world, "idle connections", stats.idle, counts.live);
	/* An open that its caller's deadline cut is a timeout, and no failure. */
	if (stats.open_failures > counts.open_failures ||
	    counts.open_failures - stats.open_failures > sum.timed_out)
		stress_broken(world, "%" PRIu64 " failed opens, the server saw %" PRIu64,
		              stats.open_failures, counts.open_failures);
	if (counts.live_max > world->slots)
		stress_broken(world, "%" PRIu64 " connections at once, of %u", counts.live_max,
		              world->slots);
	if (stats.handoffs > stats.waits)
		stress_broken(world, "more hand-offs than waits");
	for (uint32_t i = 0; i < world->slots; i++)
		expect_equal(world, "owner of a returned slot", atomic_load(&world->places[i].owner), 0);
}

/* Every slot at once. */
static void check_slots(struct stress_world *world)
{
	struct weir_lease *leases = calloc(world->size, sizeof *leases);
	struct weir_error err = WEIR_ERROR_INIT;
	uint32_t got = 0;

	if (leases == NULL) {
		stress_broken(world, "out of memory");
		return;
	}
	/* The breaker may still be open. */
	if (weir_pool_set(world->pool, "when_down", "wait", &err) != WEIR_OK)
		stress_broken(world, "when_down cannot be set: %s", err.message);
	while (got < world->size &&
	       stress_acquire(world, &leases[got], STRESS_MARGIN_NS, &err) == WEIR_OK) {
		stress_use_begin(world, &leases[got], STRESS_THREADS_MAX + 1);
		got++;
	}
	if (got < world->size)
		stress_broken(world, "a slot is lost: only %u of %u could be had: %s", got, world->size,
		              err.message);
	for (uint32_t i = 0; i < got; i++) {
		stress_use_end(world, &leases[i], STRESS_THREADS_MAX + 1);
		if (stress_release(world, &leases[i], &err) != WEIR_OK)
			stress_broken(world, "release: %s", err.message);
	}
	free(leases);
}

/* Nothing is out: what was lent for leaks is withdrawn. */
static void check_leaks(struct stress_world *world)
{
	struct weir_pool_stats stats = {.size = sizeof stats};
	struct weir_error err = WEIR_ERROR_INIT;

	if (world->slots == world->size)
		return;
	if (weir_pool_maintain(world->pool, &err) != WEIR_OK ||
	    weir_pool_read_stats(world->pool, &stats) != WEIR_OK)
		stress_broken(world, "maintain: %s", err.message);
	expect_equal(world, "places that may be used", stats.max_size, world->size);
}

void stress_check_rest(struct stress_world *world)
{
	weir_stub_set(world->stub, NULL);
	weir_stub_unhang(world->stub);
	await_opens(world);
	check_figures(world);
	check_leaks(world);
	check_slots(world);
}
