/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is a sequence of calls on a gate, on one thread, which so never has to
 * sleep: it waits with a deadline that has passed, and leads when it is told to. A
 * model knows what was queued in which order; after each call every entry is where
 * it may be, and the figures agree.
 *
 * The input: a digit for the gate, then letters: a queue (a digit for the kind, one
 * for the lane, the deadline and whether the caller waits), b wait, c collect,
 * d abandon, e attend, f take, g finish, h leave, i close. A digit follows each.
 */
#include "fuzz_check.h"

#include <string.h>

#include <weir/gate.h>

#define ENTRIES 12
#define CALLS_MAX 300
#define LENGTH_MAX 8
#define SHORT_NS 20000

struct item {
	struct weir_gate_entry *entry; /* NULL: the place is free */
	enum weir_gate_kind kind;
	enum weir_lane lane;
	enum weir_gate_state state; /* as far as is known */
	bool is_short;              /* its deadline has passed by the next call */
	uint64_t number;            /* in the order of arrival */
	struct weir_time deadline;
};

struct world {
	struct weir_gate *gate;
	struct item items[ENTRIES];
	bool mine;
	bool leads;
	bool closed;
	uint64_t entered;
	uint64_t cancelled;
	uint64_t jobs;
	uint64_t groups;
	uint32_t asked; /* times the unattended callback was called */
};

/* ---- the model against the gate ---- */

static struct weir_gate_stats stats_of(const struct world *world)
{
	struct weir_gate_stats stats = {.size = sizeof(stats)};

	FUZZ_CHECK(weir_gate_read_stats(world->gate, &stats) == WEIR_OK);
	return stats;
}

static uint32_t count(const struct world *world, enum weir_lane lane, enum weir_gate_state state)
{
	uint32_t found = 0;

	for (int i = 0; i < ENTRIES; i++) {
		const struct item *item = &world->items[i];

		found += item->entry != NULL && item->lane == lane && item->state == state;
	}
	return found;
}

/* The oldest that is queued in a lane, or NULL. */
static struct item *oldest(struct world *world, enum weir_lane lane)
{
	struct item *found = NULL;

	for (int i = 0; i < ENTRIES; i++) {
		struct item *item = &world->items[i];

		if (item->entry != NULL && item->lane == lane && item->state == WEIR_GATE_QUEUED &&
		    (found == NULL || item->number < found->number))
			found = item;
	}
	return found;
}

/* What a queued entry may have become without a call on it. */
static void follow_queued(struct world *world, struct item *item, enum weir_gate_state state)
{
	if (state == WEIR_GATE_DONE) {
		FUZZ_CHECK(item->is_short || world->closed);
	} else if (state == WEIR_GATE_HELD) {
		FUZZ_CHECK(item->kind != WEIR_GATE_JOB && !world->mine);
		FUZZ_CHECK(oldest(world, item->lane) == item || item->is_short);
	} else {
		FUZZ_CHECK(state == WEIR_GATE_QUEUED && !world->closed);
	}
	item->state = state;
}

/* Those that timed out first, so that the oldest that is left is known. */
static void follow(struct world *world)
{
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < ENTRIES; i++) {
			struct item *item = &world->items[i];
			const enum weir_gate_state state = item->entry != NULL ? weir_gate_poll(item->entry)
			                                                       : WEIR_GATE_DONE;

			if (item->entry == NULL || (pass == 0 && state != WEIR_GATE_DONE))
				continue;
			if (item->state == WEIR_GATE_QUEUED)
				follow_queued(world, item, state);
			FUZZ_CHECK(item->state == state);
			FUZZ_CHECK(weir_gate_payload(item->entry) == item);
			FUZZ_CHECK(weir_gate_deadline(item->entry).ns == item->deadline.ns);
		}
	}
}

static void check(struct world *world)
{
	const struct weir_gate_stats stats = stats_of(world);
	uint32_t held = 0;
	uint32_t taken = 0;
	uint32_t queued = 0;

	follow(world);
	for (enum weir_lane lane = WEIR_LANE_NORMAL; lane <= WEIR_LANE_BULK; lane++) {
		const uint32_t length = count(world, lane, WEIR_GATE_QUEUED);

		FUZZ_CHECK(stats.length[lane] == length);
		queued += length;
		held += count(world, lane, WEIR_GATE_HELD);
		taken += count(world, lane, WEIR_GATE_TAKEN);
	}
	FUZZ_CHECK(weir_gate_is_mine(world->gate) == world->mine);
	FUZZ_CHECK(weir_gate_length(world->gate) == queued && queued <= LENGTH_MAX);
	FUZZ_CHECK(held <= 1 && (taken == 0 || world->leads));
	FUZZ_CHECK(stats.entered == world->entered && stats.cancelled == world->cancelled);
	FUZZ_CHECK(stats.jobs == world->jobs && stats.groups == world->groups);
	FUZZ_CHECK((stats.holder_thread != 0) == world->mine);
	if (world->mine || held > 0)
		FUZZ_CHECK(stats.held_ns > 0);
	if (stats.held_ns > 0)
		return;
	/* Free: then a job is next, in either lane, or nothing is. */
	const struct item *normal = oldest(world, WEIR_LANE_NORMAL);
	const struct item *bulk = oldest(world, WEIR_LANE_BULK);

	FUZZ_CHECK(queued == 0 || (normal != NULL && normal->kind == WEIR_GATE_JOB) ||
	           (bulk != NULL && bulk->kind == WEIR_GATE_JOB));
}

/* ---- calls ---- */

static void on_unattended(void *arg)
{
	struct world *world = arg;

	world->asked++;
	FUZZ_CHECK(!weir_gate_is_mine(world->gate));
	FUZZ_CHECK(weir_gate_length(world->gate) > 0);
}

static void wait_until_passed(struct weir_time deadline)
{
	while (weir_now().ns <= deadline.ns) /* ends: SHORT_NS later */
		continue;
}

static void queue(struct world *world, uint32_t kind, uint32_t how)
{
	struct item *item = NULL;
	struct weir_gate_entry *entry = NULL;
	enum weir_code code;

	for (int i = 0; i < ENTRIES && item == NULL; i++)
		item = world->items[i].entry == NULL ? &world->items[i] : NULL;
	if (item == NULL)
		return;
	const bool is_short = (how & 4) != 0;
	const struct weir_gate_request request = {
		.kind = (enum weir_gate_kind)kind,
		.lane = (how & 1) != 0 ? WEIR_LANE_BULK : WEIR_LANE_NORMAL,
		.waits = (how & 2) != 0,
		.deadline = is_short ? weir_deadline_in(SHORT_NS) : (struct weir_time){WEIR_TIME_NEVER_NS},
		.payload = item,
	};

	code = weir_gate_queue(world->gate, &request, &entry, NULL);
	if (is_short)
		wait_until_passed(request.deadline);
	FUZZ_CHECK((code == WEIR_OK) == (entry != NULL));
	if (kind > WEIR_GATE_MAINTENANCE)
		FUZZ_CHECK(code == WEIR_ERR_BAD_ARGUMENT);
	else if (world->mine)
		FUZZ_CHECK(code == WEIR_ERR_REENTRANT);
	else if (world->closed)
		FUZZ_CHECK(code == WEIR_ERR_CLOSED || (is_short && code == WEIR_ERR_GATE_TIMEOUT));
	else if (!is_short)
		FUZZ_CHECK(code == WEIR_OK ||
		           (code == WEIR_ERR_REJECTED && weir_gate_length(world->gate) == LENGTH_MAX));
	else
		FUZZ_CHECK(code == WEIR_OK || code == WEIR_ERR_REJECTED || code == WEIR_ERR_GATE_TIMEOUT);
	if (code != WEIR_OK)
		return;
	world->entered++;
	*item = (struct item){
		.entry = entry,
		.kind = request.kind,
		.lane = kind == WEIR_GATE_MAINTENANCE ? WEIR_LANE_BULK : request.lane,
		.state = WEIR_GATE_QUEUED,
		.is_short = is_short,
		.number = world->entered,
		.deadline = request.deadline,
	};
}

/* Whether item is a job, and all that are before it in its lane are jobs. */
static bool is_of_first_run(const struct world *world, const struct item *item)
{
	for (int i = 0; i < ENTRIES; i++) {
		const struct item *other = &world->items[i];

		if (other->entry != NULL && other->lane == item->lane && other->state == WEIR_GATE_QUEUED &&
		    other->number <= item->number && other->kind != WEIR_GATE_JOB)
			return false;
	}
	return true;
}

static void wait_for(struct world *world, struct item *item)
{
	const struct weir_time at_once = {0};
	const enum weir_gate_state before = item->state;
	const enum weir_gate_state state = weir_gate_wait(item->entry, at_once);

	if (before != WEIR_GATE_QUEUED) {
		FUZZ_CHECK(state == before);
	} else if (state == WEIR_GATE_LEAD) {
		FUZZ_CHECK(item->kind == WEIR_GATE_JOB && !world->mine && !world->closed);
		world->mine = true;
		world->leads = true;
	} else if (state == WEIR_GATE_QUEUED && !world->mine && stats_of(world).held_ns == 0) {
		/* A thread that looks leads the run it is in, unless the other lane's turn it is. */
		const enum weir_lane other = item->lane == WEIR_LANE_BULK ? WEIR_LANE_NORMAL
		                                                          : WEIR_LANE_BULK;

		follow(world);
		FUZZ_CHECK(!is_of_first_run(world, item) || count(world, other, WEIR_GATE_QUEUED) > 0);
	}
	if (before == WEIR_GATE_QUEUED && state == WEIR_GATE_HELD)
		follow(world);
	if (state == WEIR_GATE_HELD)
		world->mine = true;
}

static void collect(struct item *item)
{
	const enum weir_code code = weir_gate_collect(item->entry, NULL);

	FUZZ_CHECK((code == WEIR_ERR_BAD_ARGUMENT) == (item->state != WEIR_GATE_DONE));
	if (item->state == WEIR_GATE_DONE)
		item->entry = NULL;
}

static void abandon(struct world *world, struct item *item)
{
	const bool may = item->state == WEIR_GATE_QUEUED || item->state == WEIR_GATE_DONE;

	FUZZ_CHECK(weir_gate_abandon(item->entry) == may);
	world->cancelled += item->state == WEIR_GATE_QUEUED;
	if (may)
		item->entry = NULL;
}

static void attend(struct world *world)
{
	const bool is_free = stats_of(world).held_ns == 0;

	if (!weir_gate_attend(world->gate, "fuzz"))
		return;
	FUZZ_CHECK(is_free && !world->mine && !world->closed);
	world->mine = true;
	world->leads = true;
}

/* What was taken is the front of one lane, in its order, as far as there are jobs. */
static void take(struct world *world, uint32_t max)
{
	struct weir_gate_entry *entries[ENTRIES] = {NULL};
	const uint32_t taken = weir_gate_take(world->gate, entries, max);
	enum weir_lane lane = WEIR_LANE_NORMAL;

	FUZZ_CHECK(taken <= max && (taken == 0 || world->leads));
	world->jobs += taken;
	for (uint32_t i = 0; i < taken; i++) {
		struct item *item = weir_gate_payload(entries[i]);
		struct item *front;

		lane = i == 0 ? item->lane : lane;
		while ((front = oldest(world, lane)) != item) { /* ends: or the check fails */
			FUZZ_CHECK(front != NULL && weir_gate_poll(front->entry) == WEIR_GATE_DONE);
			follow_queued(world, front, WEIR_GATE_DONE);
		}
		FUZZ_CHECK(item->kind == WEIR_GATE_JOB && item->entry == entries[i] && !item->is_short);
		item->state = WEIR_GATE_TAKEN;
	}
	follow(world);
	if (taken > 0 && taken < max)
		FUZZ_CHECK(oldest(world, lane) == NULL || oldest(world, lane)->kind != WEIR_GATE_JOB);
}

/* Up to max of those that were taken, now DONE in the model. */
static uint32_t gather(struct world *world, struct weir_gate_entry **entries, uint32_t max)
{
	uint32_t gathered = 0;

	for (int i = 0; i < ENTRIES && gathered < max; i++) {
		struct item *item = &world->items[i];

		if (item->entry == NULL || item->state != WEIR_GATE_TAKEN)
			continue;
		item->state = WEIR_GATE_DONE;
		entries[gathered++] = item->entry;
	}
	return gathered;
}

static void finish(struct world *world, uint32_t max)
{
	struct weir_gate_entry *entries[ENTRIES];

	if (world->leads)
		weir_gate_finish(world->gate, entries, gather(world, entries, max), WEIR_OK);
}

/* All that was taken is finished, some of it as the leader leaves. */
static void leave(struct world *world, uint32_t max)
{
	struct weir_gate_entry *entries[ENTRIES];

	if (!world->mine)
		return;
	const uint32_t last = gather(world, entries, max);

	finish(world, ENTRIES);
	for (int i = 0; i < ENTRIES; i++) {
		if (world->items[i].entry != NULL && world->items[i].state == WEIR_GATE_HELD)
			world->items[i].state = WEIR_GATE_DONE;
	}
	world->groups += world->leads;
	world->mine = false;
	world->leads = false;
	weir_gate_leave(world->gate, entries, last);
}

static void close_now(struct world *world)
{
	const struct weir_time at_once = {0};
	const bool held = count(world, WEIR_LANE_NORMAL, WEIR_GATE_HELD) +
	                      count(world, WEIR_LANE_BULK, WEIR_GATE_HELD) >
	                  0;
	const enum weir_code code = weir_gate_close(world->gate, at_once, NULL);

	if (world->mine) {
		FUZZ_CHECK(code == WEIR_ERR_REENTRANT);
		return;
	}
	FUZZ_CHECK(code == (held ? WEIR_ERR_CLOSE_TIMEOUT : WEIR_OK));
	world->closed = true;
}

static void call(struct world *world, struct fuzz_input *in)
{
	const uint32_t what = fuzz_letter(in, 9);
	const uint32_t number = fuzz_digit(in, what == 0 ? 4 : ENTRIES);
	struct item *item = &world->items[number];

	if (what == 0)
		queue(world, number, fuzz_digit(in, 8));
	else if (what == 4)
		attend(world);
	else if (what == 5)
		take(world, number);
	else if (what == 6)
		finish(world, number);
	else if (what == 7)
		leave(world, number);
	else if (what == 8)
		close_now(world);
	else if (item->entry == NULL)
		return;
	else if (what == 1)
		wait_for(world, item);
	else if (what == 2)
		collect(item);
	else
		abandon(world, item);
}

/* Everything is given back, one way or the other, and the gate is free. */
static void end(struct world *world)
{
	const struct weir_time at_once = {0};

	leave(world, 0);
	for (int i = 0; i < ENTRIES; i++) {
		struct item *item = &world->items[i];

		check(world);
		if (item->entry != NULL && item->state == WEIR_GATE_HELD) {
			wait_for(world, item);
			leave(world, 0);
		}
		if (item->entry != NULL)
			abandon(world, item);
		FUZZ_CHECK(item->entry == NULL);
	}
	check(world);
	FUZZ_CHECK(stats_of(world).held_ns == 0);
	FUZZ_CHECK(weir_gate_close(world->gate, at_once, NULL) == WEIR_OK);
	weir_gate_destroy(world->gate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct world world;
	const uint32_t how = fuzz_digit(&in, 4);
	const struct weir_gate_config config = {
		.size = sizeof(config),
		.length_max = LENGTH_MAX,
		.ageing_ns = (how & 1) != 0 ? 1 : WEIR_SECONDS(3600),
		.accept_late = (how & 2) != 0,
		.unattended = on_unattended,
		.arg = &world,
	};

	memset(&world, 0, sizeof(world));
	FUZZ_CHECK(weir_gate_create(&world.gate, &config, NULL) == WEIR_OK);
	for (int left = CALLS_MAX; left > 0 && in.left > 0; left--) {
		call(&world, &in);
		check(&world);
	}
	end(&world);
	return 0;
}
