/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_judge.h.
 */
#include "stress_judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stress_run.h"
#include "stress_world.h"

/* Operations that are kept of a scenario, over all threads, and of each thread: a
 * history of some 25 MB at most. */
#define KEPT_MAX (UINT32_C(1) << 19)
#define KEPT_MAX_EACH (UINT32_C(1) << 16)

static uint32_t recorders(const struct stress_world *world)
{
	return world->threads + STRESS_RECORDERS_BESIDE;
}

struct stress_recorder *stress_judge_main(struct stress_world *world)
{
	return &world->recorders[world->threads];
}

struct stress_recorder *stress_judge_returner(struct stress_world *world)
{
	return &world->recorders[world->threads + 1];
}

struct stress_event *stress_record_end_of(struct stress_recorder *recorder, enum stress_op op,
                                          const struct weir_lease *lease)
{
	struct stress_event *const event = stress_record_begin(recorder, op);

	if (event != NULL) { /* now: the lease is empty afterwards */
		event->place = lease->slot;
		event->what = lease->generation;
		event->detail = (uint64_t)(uintptr_t)lease->conn;
	}
	return event;
}

void stress_judge_prepare(struct stress_world *world)
{
	uint32_t room = KEPT_MAX_EACH;

	while (room * recorders(world) > KEPT_MAX)
		room /= 2;
	stress_recorders_init(world->recorders, recorders(world), room);
}

void stress_judge_begin(struct stress_world *world)
{
	stress_recorders_forget(world->recorders, recorders(world), false);
}

void stress_judge_mute(struct stress_world *world)
{
	stress_recorders_forget(world->recorders, recorders(world), true);
}

void stress_judge(struct stress_world *world)
{
	struct stress_verdict verdict = {0};

	if (stress_judge_main(world)->mute)
		return; /* the last history that there was is kept */
	if (!stress_history_gather(&world->history, world->recorders, recorders(world))) {
		stress_broken(world, "the history was not checked: out of memory");
		return;
	}
	stress_history_check(&world->history, &verdict);
	for (uint32_t i = 0; i < verdict.faults && i < STRESS_FOUND_MAX; i++)
		stress_broken(world, "the history is a lie: %s", verdict.fault[i]);
	world->judged += verdict.operations;
	world->windows += verdict.windows;
}

static void describe_origin(struct stress_origin *origin, struct stress_world *world,
                            const struct stress_run *run)
{
	const uint64_t failures = atomic_load(&world->failures);

	memset(origin, 0, sizeof *origin);
	(void)snprintf(origin->scenario, sizeof origin->scenario, "%s", world->scenario->name);
	(void)snprintf(origin->settings, sizeof origin->settings, "%s", world->scenario->settings);
	origin->seed = world->seed;
	origin->round = world->rounds;
	origin->seconds = run->seconds;
	origin->threads = run->threads;
	origin->found_count = failures < STRESS_FOUND_MAX ? (uint32_t)failures : STRESS_FOUND_MAX;
	for (uint32_t i = 0; i < origin->found_count; i++)
		(void)snprintf(origin->found[i], STRESS_FOUND_TEXT, "%.390s", world->found[i]);
}

static void keep(struct stress_history *history, struct stress_world *world,
                 const struct stress_run *run)
{
	const char *const temporary = getenv("TMPDIR");
	const char *const elsewhere = temporary != NULL && temporary[0] != '\0' ? temporary : "/tmp";
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/%s%s-%" PRIu64 ".history",
	               run->record != NULL ? run->record : elsewhere,
	               run->record != NULL ? "" : "weir-stress-", world->scenario->name, world->seed);
	describe_origin(&history->origin, world, run);
	if (!stress_history_write(history, path))
		(void)fprintf(stderr, "weir-stress: the history cannot be written: %s: %s\n", path,
		              strerror(errno));
	else if (atomic_load(&world->failures) > 0)
		(void)fprintf(stderr, "weir-stress: the history is kept: weir-stress replay %s\n", path);
}

void stress_judge_break_off(struct stress_world *world, const struct stress_run *run)
{
	struct stress_history history = {0};

	if (stress_history_gather(&history, world->recorders, recorders(world)))
		keep(&history, world, run);
	stress_history_free(&history);
}

void stress_judge_end(struct stress_world *world, const struct stress_run *run)
{
	/* A scenario that broke off has not come to its check. */
	if (world->history.events == NULL &&
	    !stress_history_gather(&world->history, world->recorders, recorders(world)))
		return;
	if (run->record != NULL || atomic_load(&world->failures) > 0)
		keep(&world->history, world, run);
	stress_history_free(&world->history);
	stress_recorders_free(world->recorders, recorders(world));
}
