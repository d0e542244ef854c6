/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Is the history of a gate one of jobs that were done one after the other, each as
 * its caller was told?
 *
 *   H1  The times for which the gate was held for sure overlap nowhere.
 *   H2  A job that was reported OK has its effect in the log of the guarded
 *       resource exactly once, in between being queued and being reported; one
 *       that was refused, timed out or was closed has none; one that was given up
 *       has one at most, as has one whose fate is not in the history.
 *   H3  A job is taken at most once, and by a thread that holds the gate then, and
 *       has its effect while that thread does. (Not where no hold is recorded: who
 *       only calls a database does not see them.)
 *   H4  The log's order is that of time: an effect that was over before another
 *       began has the lower place, and no place is taken twice.
 *   H5  In a lane nobody passes anybody: of two jobs that had their effect, the
 *       one whose queueing was over before the other's began comes first
 *       (core/gate_internal.h, A2: the bound is 0).
 * H1, H2 and H4 make the outcomes those of a serial execution, in the order of the
 * log, which respects real time.
 *
 * A job is checked if all that happened to it is in the history: if it was queued
 * after complete_from_ns.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "stress_history.h"

/* All that a history has of a job. */
struct job {
	const struct stress_event *queued;
	const struct stress_event *taken;
	const struct stress_event *effect;
	const struct stress_event *end; /* or abandoned */
};

struct checked {
	const struct stress_history *history;
	struct stress_verdict *verdict;
	struct job *jobs;
	uint32_t count;
	const struct stress_event **list; /* room for every event */
};

static uint32_t list_of(struct checked *c, uint32_t first_op, uint32_t last_op)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < c->history->count; i++) {
		if (c->history->events[i].op >= first_op && c->history->events[i].op <= last_op)
			c->list[count++] = &c->history->events[i];
	}
	return count;
}

/* ---- H1 ---- */

static void check_holds(struct checked *c)
{
	const uint32_t count = list_of(c, STRESS_OP_HOLD, STRESS_OP_HOLD);
	const struct stress_event *latest = NULL; /* of those before, the last to end */

	for (uint32_t i = 0; i < count; i++) {
		if (latest != NULL && c->list[i]->invoked_ns < latest->returned_ns)
			stress_verdict_accuse(c->verdict, "the gate had two holders", latest, c->list[i]);
		if (latest == NULL || c->list[i]->returned_ns > latest->returned_ns)
			latest = c->list[i];
	}
}

/* ---- jobs ---- */

static int by_job(const void *a, const void *b)
{
	const struct stress_event *const one = *(const struct stress_event *const *)a;
	const struct stress_event *const other = *(const struct stress_event *const *)b;

	if (one->what != other->what)
		return one->what < other->what ? -1 : 1;
	return (int)one->op - (int)other->op;
}

static void add_event(struct checked *c, struct job *job, const struct stress_event *event)
{
	static const char *const twice[] = {
		"a job was queued twice",   NULL,
		"a job was taken twice",    "a job had its effect twice",
		"a job was reported twice", "a job was reported twice",
	};
	const struct stress_event **const places[] = {&job->queued, NULL,      &job->taken,
	                                              &job->effect, &job->end, &job->end};
	const uint32_t at = event->op - (uint32_t)STRESS_OP_QUEUE;

	if (places[at] == NULL)
		return;
	if (*places[at] != NULL)
		stress_verdict_accuse(c->verdict, twice[at], *places[at], event);
	else
		*places[at] = event;
}

static void collect_jobs(struct checked *c)
{
	const uint32_t count = list_of(c, STRESS_OP_QUEUE, STRESS_OP_ABANDON);

	qsort(c->list, count, sizeof(const struct stress_event *), by_job);
	for (uint32_t i = 0; i < count; i++) {
		if (c->list[i]->op == STRESS_OP_HOLD)
			continue;
		if (c->count == 0 || i == 0 || c->list[i - 1]->what != c->list[i]->what)
			c->jobs[c->count++] = (struct job){0};
		add_event(c, &c->jobs[c->count - 1], c->list[i]);
	}
}

/* ---- H2 ---- */

static void check_outcome(struct checked *c, const struct job *job)
{
	const struct stress_event *const effect = job->effect;
	const bool refused = job->queued->outcome != WEIR_OK;
	const struct stress_event *const said = refused ? job->queued : job->end;

	if (effect != NULL && effect->returned_ns < job->queued->invoked_ns)
		stress_verdict_accuse(c->verdict, "a job had its effect before it was queued", effect,
		                      job->queued);
	if (said == NULL || said->op == STRESS_OP_ABANDON || said->returned_ns == STRESS_PENDING)
		return;
	if (said->outcome == WEIR_OK && effect == NULL)
		stress_verdict_accuse(c->verdict, "a job was reported as done and has no effect", said,
		                      job->queued);
	else if (said->outcome != WEIR_OK && effect != NULL)
		stress_verdict_accuse(c->verdict, "a job was reported as never run and has an effect", said,
		                      effect);
	else if (effect != NULL && effect->invoked_ns > said->returned_ns)
		stress_verdict_accuse(c->verdict, "a job was reported as done before it was", said, effect);
}

/* ---- H3 ---- */

/* The hold of that thread that the event lies in, or NULL; holds: by time. */
static const struct stress_event *hold_around(const struct stress_event *const *holds,
                                              uint32_t count, const struct stress_event *event)
{
	uint32_t low = 0;
	uint32_t high = count;

	while (low < high) { /* the first that begins after the event */
		const uint32_t middle = low + (high - low) / 2;

		if (holds[middle]->invoked_ns <= event->invoked_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || holds[low - 1]->thread != event->thread ||
	    holds[low - 1]->returned_ns < event->returned_ns)
		return NULL;
	return holds[low - 1];
}

static void check_hands(struct checked *c, uint32_t holds, const struct job *job)
{
	const struct stress_event *const effect = job->effect;
	const struct stress_event *hold;

	if (effect == NULL || holds == 0)
		return;
	hold = hold_around(c->list, holds, effect);
	if (hold == NULL)
		stress_verdict_accuse(c->verdict,
		                      "a job had its effect while its thread did not hold the gate", effect,
		                      NULL);
	else if (job->taken != NULL && job->taken->thread != effect->thread)
		stress_verdict_accuse(c->verdict, "a job was taken by one thread and done by another",
		                      job->taken, effect);
	else if (job->taken != NULL && hold_around(c->list, holds, job->taken) != hold)
		stress_verdict_accuse(c->verdict, "a job was taken in another hold than it was done in",
		                      job->taken, effect);
}

/* ---- H4, H5 ---- */

static int by_log(const void *a, const void *b)
{
	const struct job *const one = a;
	const struct job *const other = b;
	const uint64_t first = one->effect != NULL ? one->effect->detail : UINT64_MAX;
	const uint64_t second = other->effect != NULL ? other->effect->detail : UINT64_MAX;

	return (first > second) - (first < second);
}

/* From the end of the log to its beginning, with the earliest of what comes later. */
static void check_order(struct checked *c)
{
	const struct stress_event *next = NULL;  /* the one after it in the log */
	const struct stress_event *first = NULL; /* the effect that was over first, of those after */
	const struct stress_event *lane_first[WEIR_LANES] = {0}; /* queued first, of those after */

	qsort(c->jobs, c->count, sizeof *c->jobs, by_log);
	for (uint32_t i = c->count; i-- > 0;) {
		const struct stress_event *const effect = c->jobs[i].effect;
		const struct stress_event *const queued = c->jobs[i].queued;
		const uint32_t lane = queued != NULL ? queued->place % WEIR_LANES : 0;

		if (effect == NULL)
			continue;
		if (next != NULL && next->detail == effect->detail)
			stress_verdict_accuse(c->verdict, "two effects have one place in the log", effect,
			                      next);
		if (first != NULL && first->returned_ns < effect->invoked_ns)
			stress_verdict_accuse(c->verdict, "the log has another order than time", effect, first);
		next = effect;
		if (first == NULL || effect->returned_ns < first->returned_ns)
			first = effect;
		if (queued == NULL)
			continue;
		if (lane_first[lane] != NULL && lane_first[lane]->returned_ns < queued->invoked_ns)
			stress_verdict_accuse(c->verdict, "a job passed another in its lane", queued,
			                      lane_first[lane]);
		if (lane_first[lane] == NULL || queued->returned_ns < lane_first[lane]->returned_ns)
			lane_first[lane] = queued;
	}
}

static void check_job(struct checked *c, uint32_t holds, const struct job *job)
{
	const int64_t from_ns = c->history->complete_from_ns;
	const struct stress_event *const some = job->effect != NULL  ? job->effect
	                                        : job->taken != NULL ? job->taken
	                                                             : job->end;

	if (job->queued == NULL && from_ns == 0)
		stress_verdict_accuse(c->verdict, "a job turned up that nobody queued", some, NULL);
	if (job->queued == NULL || (from_ns != 0 && job->queued->invoked_ns <= from_ns))
		return;
	check_outcome(c, job);
	check_hands(c, holds, job);
}

void stress_history_check_gate(const struct stress_history *history, struct stress_verdict *verdict)
{
	const size_t room = (size_t)history->count + 1;
	struct checked c = {.history = history, .verdict = verdict};
	uint32_t holds;

	c.jobs = calloc(room, sizeof *c.jobs);
	c.list = (const struct stress_event **)calloc(room, sizeof(const struct stress_event *));
	if (c.jobs != NULL && c.list != NULL) {
		check_holds(&c);
		collect_jobs(&c);
		holds = list_of(&c, STRESS_OP_HOLD, STRESS_OP_HOLD);
		for (uint32_t i = 0; i < c.count; i++)
			check_job(&c, holds, &c.jobs[i]);
		check_order(&c);
	} else {
		stress_verdict_add(verdict, "the history was not checked: out of memory");
	}
	free((void *)c.list);
	free(c.jobs);
}
