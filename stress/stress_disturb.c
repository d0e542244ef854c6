/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A server that fails, hangs and flaps, housekeeping, and settings that change.
 *
 * Each is called about once a millisecond and changes its mind at random. Whatever
 * hangs is let go by a later call, so that a patient caller is served in the end.
 */
#include "stress_disturb.h"

#include <stdio.h>

#include "stress_random.h"
#include "stress_world.h"

/* Up to max, in half of the draws none at all. */
static uint32_t some(struct stress_world *world, uint32_t max)
{
	return stress_random_percent(&world->random, 50) ? 0
	                                                 : stress_random_below(&world->random, max + 1);
}

void stress_disturb_opens(struct stress_world *world)
{
	const struct weir_stub_script script = {
		.fail_opens = some(world, 5),
		.open_latency_ns = (int64_t)some(world, 300000),
		.driver_code = 11,
	};

	if (stress_random_percent(&world->random, 30))
		weir_stub_set(world->stub, &script);
}

void stress_disturb_hangs(struct stress_world *world)
{
	const int64_t flap_ns = (int64_t)some(world, 3000000);
	const struct weir_stub_script script = {
		.fail_opens = some(world, 3),
		.hang_opens = some(world, 3),
		.open_latency_ns = (int64_t)some(world, 300000),
		.up_ns = flap_ns,
		.down_ns = flap_ns / 4,
		.driver_code = 12,
	};

	if (stress_random_percent(&world->random, 30))
		weir_stub_set(world->stub, &script);
	if (stress_random_percent(&world->random, 30))
		weir_stub_unhang(world->stub);
}

static void set(struct stress_world *world, const char *name, const char *value)
{
	struct weir_error err = WEIR_ERROR_INIT;

	const enum weir_code code = weir_pool_set(world->pool, name, value, &err);

	/* What contradicts another setting is refused, and changes nothing. */
	if (code != WEIR_OK && code != WEIR_ERR_CONFIG_CONFLICT)
		stress_broken(world, "set %s=%s: %s", name, value, err.message);
}

static void set_validation(struct stress_world *world)
{
	set(world, "validate_on_acquire", stress_random_percent(&world->random, 50) ? "on" : "off");
}

static void set_window(struct stress_world *world)
{
	char value[32];

	(void)snprintf(value, sizeof value, "%uus", stress_random_below(&world->random, 3000));
	set(world, "fairness_window", value);
}

void stress_disturb_health(struct stress_world *world)
{
	const struct weir_stub_script script = {
		.fail_validates = some(world, 10),
		.fail_resets = some(world, 10),
		.break_after_uses = some(world, 50),
		.validate_latency_ns = (int64_t)some(world, 50000),
		.driver_code = 13,
	};

	if (stress_random_percent(&world->random, 20))
		weir_stub_set(world->stub, &script);
	if (stress_random_percent(&world->random, 5))
		set_validation(world);
}

static void maintain(struct stress_world *world)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct stress_event *const event =
		stress_record_begin(stress_judge_main(world), STRESS_OP_OTHER);
	const enum weir_code code = weir_pool_maintain(world->pool, &err);

	stress_record_end(event, code);
	if (code != WEIR_OK && code != WEIR_ERR_OPEN_FAILED)
		stress_broken(world, "maintain: %s", err.message);
}

void stress_disturb_maintain(struct stress_world *world)
{
	maintain(world);
	if (stress_random_percent(&world->random, 20))
		set_window(world);
	if (stress_random_percent(&world->random, 10))
		set(world, "min_idle", stress_random_percent(&world->random, 50) ? "0" : "3");
	if (stress_random_percent(&world->random, 10))
		set(world, "max_waiters", stress_random_percent(&world->random, 50) ? "3" : "1000");
}

/* Each setting that may change while a pool runs, from one edge to the other. (The
 * number of places may not: there is no resize yet.) */
void stress_disturb_settings(struct stress_world *world)
{
	static const struct {
		const char *name;
		const char *values[4];
	} changes[] = {
		{"acquire_timeout", {"0s", "1ms", "5s", "24h"}},
		{"close_timeout", {"0s", "1ms", "10s", "1h"}},
		{"fairness_window", {"0s", "10us", "1ms", "100ms"}}, /* longer, and callers wait so long */
		{"idle_timeout", {"0s", "1ms", "600s", "24h"}},
		{"max_lifetime", {"0s", "1ms", "1800s", "24h"}},
		{"max_waiters", {"0", "1", "3", "10000"}},
		{"min_idle", {"0", "1", "2", "4"}},
		{"open_timeout", {"1s", "5s", "60s", "1h"}},
		{"validate_on_acquire", {"on", "off", "on", "off"}},
		{"validate_timeout", {"1s", "2s", "60s", "1h"}},
	};
	const uint32_t which = stress_random_below(&world->random, sizeof changes / sizeof changes[0]);

	set(world, changes[which].name, changes[which].values[stress_random_below(&world->random, 4)]);
	if (stress_random_percent(&world->random, 10))
		maintain(world);
}

void stress_disturb_everything(struct stress_world *world)
{
	const int64_t flap_ns = (int64_t)some(world, 3000000);
	const struct weir_stub_script script = {
		.fail_opens = some(world, 3),
		.hang_opens = some(world, 3),
		.fail_validates = some(world, 10),
		.fail_resets = some(world, 10),
		.break_after_uses = some(world, 50),
		.open_latency_ns = (int64_t)some(world, 300000),
		.up_ns = flap_ns,
		.down_ns = flap_ns / 4,
		.driver_code = 14,
	};

	if (stress_random_percent(&world->random, 30))
		weir_stub_set(world->stub, &script);
	if (stress_random_percent(&world->random, 30))
		weir_stub_unhang(world->stub);
	if (stress_random_percent(&world->random, 20))
		maintain(world);
	if (stress_random_percent(&world->random, 5))
		set_validation(world);
	if (stress_random_percent(&world->random, 5))
		set_window(world);
}
