/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of scenarios.
 */
#include "stress_scenario.h"

#include <string.h>

#include <weir/stub.h>

#include "stress_disturb.h"

#define MAY_ALL (STRESS_MAY_FAIL_OPEN | STRESS_MAY_FAIL_HEALTH | STRESS_MAY_BE_REFUSED)

#define HASTY                                                                                      \
	{                                                                                              \
		.tries = 10, .hasty = 60, .timed = 20, .sleeps = 5, .discards = 1                          \
	}
#define EVERYTHING                                                                                 \
	{                                                                                              \
		.tries = 15, .hasty = 25, .timed = 20, .discards = 3, .passes = 10, .sleeps = 5            \
	}

static const struct stress_scenario scenarios[] = {
	{
		.name = "duel",
		.doc = "one release against one waiter, again and again: no wake-up may be lost",
		.settings = "max_size=1 min_idle=1 fairness=fifo",
		.driver = weir_stub_bare_driver,
		.threads = 3,
		.threads_fixed = true,
		.round = stress_round_duel,
	},
	{
		.name = "duel-fence",
		.doc = "the same with full fences in place of the process-wide barrier",
		.settings = "max_size=1 min_idle=1 fairness=fifo wake_barrier=fence",
		.driver = weir_stub_bare_driver,
		.threads = 3,
		.threads_fixed = true,
		.round = stress_round_duel,
	},
	{
		.name = "patient",
		.doc = "three callers that wait for ever, two slots",
		.settings = "max_size=2 min_idle=2 fairness=fifo",
		.driver = weir_stub_bare_driver,
		.threads = 3,
		.mix = {.sleeps = 2},
	},
	{
		.name = "crowd",
		.doc = "twelve callers of every kind, four slots, bounded order",
		.settings = "max_size=4",
		.driver = weir_stub_prompt_driver,
		.threads = 12,
		.mix = EVERYTHING,
	},
	{
		.name = "crowd-fence",
		.doc = "the same with full fences",
		.settings = "max_size=4 wake_barrier=fence",
		.driver = weir_stub_prompt_driver,
		.threads = 12,
		.mix = EVERYTHING,
	},
	{
		.name = "strict",
		.doc = "the same in strict order",
		.settings = "max_size=4 fairness=fifo",
		.driver = weir_stub_bare_driver,
		.threads = 12,
		.mix = EVERYTHING,
	},
	{
		.name = "strict-fence",
		.doc = "the same in strict order, with full fences",
		.settings = "max_size=4 fairness=fifo wake_barrier=fence",
		.driver = weir_stub_bare_driver,
		.threads = 12,
		.mix = EVERYTHING,
	},
	{
		.name = "hasty",
		.doc = "deadlines of microseconds: grants meet timeouts; a short queue",
		.settings = "max_size=2 max_waiters=6",
		.driver = weir_stub_prompt_driver,
		.threads = 10,
		.may = STRESS_MAY_BE_REFUSED,
		.mix = HASTY,
	},
	{
		.name = "discard",
		.doc = "every third lease ends with a broken connection",
		.settings = "max_size=3",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.mix = {.tries = 10, .hasty = 20, .timed = 20, .discards = 33, .sleeps = 3},
	},
	{
		.name = "failing-opens",
		.doc = "opens on the caller's thread fail in bursts",
		.settings = "max_size=4 open_timeout=1s breaker_delay=1ms breaker_delay_max=4ms",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.may = STRESS_MAY_FAIL_OPEN,
		.mix = {.tries = 10, .hasty = 20, .timed = 20, .discards = 20, .sleeps = 3},
		.disturb = stress_disturb_opens,
	},
	{
		.name = "hanging-opens",
		.doc = "opens on helper threads hang, fail and flap",
		.settings = "max_size=4 max_opening=2 breaker_delay=1ms breaker_delay_max=4ms",
		.driver = weir_stub_driver,
		.threads = 8,
		.may = STRESS_MAY_FAIL_OPEN,
		.mix = {.tries = 10, .hasty = 20, .timed = 20, .discards = 20, .sleeps = 3},
		.disturb = stress_disturb_hangs,
	},
	{
		.name = "health",
		.doc = "validations and resets fail, connections wear out, settings change",
		.settings = "max_size=4 validate_on_acquire=on",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.may = STRESS_MAY_FAIL_HEALTH | STRESS_MAY_FAIL_OPEN,
		.mix = EVERYTHING,
		.disturb = stress_disturb_health,
	},
	{
		.name = "maintain",
		.doc = "housekeeping retires and opens while settings change",
		.settings = "max_size=6 min_idle=2 idle_timeout=1ms max_lifetime=5ms",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.may = STRESS_MAY_BE_REFUSED,
		.mix = EVERYTHING,
		.disturb = stress_disturb_maintain,
	},
	{
		.name = "leaks",
		.doc = "whoever sleeps with a lease has it written off, and comes back after all",
		.settings = "max_size=3 leak_after=1us leak_policy=reclaim",
		.driver = weir_stub_driver,
		.threads = 8,
		.may = STRESS_MAY_BE_REFUSED,
		.mix = EVERYTHING,
		.disturb = stress_disturb_maintain,
	},
	{
		.name = "ring-48",
		.doc = "a ring with hints, nearly exhausted: callers hold several leases",
		.settings = "max_size=48",
		.driver = weir_stub_bare_driver,
		.threads = 8,
		.bag = 7,
		.mix = EVERYTHING,
	},
	{
		.name = "ring-4096",
		.doc = "the same with 4,096 slots",
		.settings = "max_size=4096 fairness_window=100us",
		.driver = weir_stub_bare_driver,
		.threads = 8,
		.bag = 520,
		.mix = {.tries = 50, .hasty = 20, .timed = 10, .discards = 1, .passes = 5},
	},
	{
		.name = "close",
		.doc = "pools are closed and destroyed under load, some leases come back later",
		.settings = "max_size=3",
		.driver = weir_stub_prompt_driver,
		.threads = 6,
		.may = STRESS_MAY_CLOSE | STRESS_MAY_FAIL_OPEN,
		.mix = EVERYTHING,
		.round = stress_round_close,
	},
	{
		.name = "close-opening",
		.doc = "the same while opens hang on helper threads",
		.settings = "max_size=3 max_opening=2",
		.driver = weir_stub_driver,
		.threads = 6,
		.may = STRESS_MAY_CLOSE | STRESS_MAY_FAIL_OPEN,
		.mix = EVERYTHING,
		.round = stress_round_close,
	},
	{
		.name = "fork",
		.doc = "the process forks under load; children use a pool of their own",
		.settings = "max_size=4",
		.driver = weir_stub_prompt_driver,
		.threads = 6,
		.mix = EVERYTHING,
		.disturb = stress_disturb_fork,
	},
	{
		.name = "oversubscribed",
		.doc = "sixty-four callers, two slots: far more threads than places or processors",
		.settings = "max_size=2 fairness_window=100us",
		.driver = weir_stub_prompt_driver,
		.threads = 64,
		.mix = EVERYTHING,
	},
	{
		.name = "deadlines",
		.doc = "deadlines from the edges of time: long past, never, nearly never",
		.settings = "max_size=2",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.mix = {.tries = 10, .hasty = 30, .timed = 10, .odd = 60, .discards = 3, .sleeps = 3},
	},
	{
		.name = "stopped",
		.doc = "other scenarios, whose process is stopped and goes on: all deadlines pass at once",
		.settings = "",
		.driver = weir_stub_bare_driver,
		.threads = 1,
		.threads_fixed = true,
		.round = stress_round_stopped,
	},
	{
		.name = "settings",
		.doc = "every setting that may change does, under load",
		.settings = "max_size=4",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.may = STRESS_MAY_BE_REFUSED,
		.mix = EVERYTHING,
		.disturb = stress_disturb_settings,
	},
	{
		.name = "cancel",
		.doc = "callers are cancelled (pthread_cancel) wherever they are, and replaced",
		.settings = "max_size=3 validate_on_acquire=on",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.mix = EVERYTHING,
		.disturb = stress_disturb_cancel,
	},
	{
		.name = "signals",
		.doc = "callers get signals all the time: every sleep in the kernel ends early",
		.settings = "max_size=3",
		.driver = weir_stub_prompt_driver,
		.threads = 8,
		.mix = EVERYTHING,
		.disturb = stress_disturb_signals,
	},
	{
		.name = "orphans",
		.doc = "threads end with a lease, which another thread releases",
		.settings = "max_size=3",
		.driver = weir_stub_prompt_driver,
		.threads = 6,
		.mix = EVERYTHING,
		.disturb = stress_disturb_orphans,
	},
	{
		.name = "gate",
		.doc = "gates under jobs, exclusive entries, timeouts and closing; it uses no pool",
		.settings = "",
		.driver = weir_stub_bare_driver,
		.threads = 8,
		.round = stress_round_gate,
	},
	{
		.name = "gate-cancel",
		.doc = "the same, and callers are cancelled",
		.settings = "",
		.driver = weir_stub_bare_driver,
		.threads = 8,
		.round = stress_round_gate_cancel,
	},
	{
		.name = "db",
		.doc = "writes to a database by jobs and tickets: what was told is what is there",
		.settings = "",
		.driver = weir_stub_bare_driver,
		.threads = 8,
		.round = stress_round_db,
	},
	{
		.name = "leader-death",
		.doc = "the same with jobs that end the thread that leads, or have it cancelled",
		.settings = "",
		.driver = weir_stub_bare_driver,
		.threads = 8,
		.round = stress_round_leader,
	},
	{
		.name = "everything",
		.doc = "all faults at once, on helper threads, in a ring with hints",
		.settings = "max_size=20 max_opening=3 max_waiters=5 validate_on_acquire=on "
					"breaker_delay=1ms breaker_delay_max=4ms when_down=wait",
		.driver = weir_stub_driver,
		.threads = 16,
		.bag = 2,
		.may = MAY_ALL,
		.mix = EVERYTHING,
		.disturb = stress_disturb_everything,
	},
};

const struct stress_scenario *stress_scenarios(size_t *count)
{
	*count = sizeof scenarios / sizeof scenarios[0];
	return scenarios;
}

const struct stress_scenario *stress_scenario_find(const char *name)
{
	size_t count;
	const struct stress_scenario *all = stress_scenarios(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	}
	return NULL;
}
