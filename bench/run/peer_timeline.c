/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Phases in a child. See peer_timeline.h.
 */
#include "peer_timeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S 1e9
#define UNREADABLE "its reply to a timeline lacks a figure, or has one that cannot be"

static json_t *order_of(const struct bench_peer_plan *plan)
{
	static const char *const arrivals[] = {
		[BENCH_PEER_CLOSED] = "closed",
		[BENCH_PEER_ONCE] = "once",
		[BENCH_PEER_EVEN] = "even",
		[BENCH_PEER_POISSON] = "poisson",
	};
	json_t *const phases = json_array();

	for (unsigned i = 0; i < plan->phases_count; i++) {
		const struct bench_peer_phase *const phase = &plan->phases[i];

		(void)json_array_append_new(
			phases, json_pack("{s:s, s:I, s:b, s:s, s:f}", "name", phase->name, "ns",
		                      (json_int_t)phase->ns, "down", (int)phase->down, "arrival",
		                      arrivals[phase->arrival], "rate", phase->rate));
	}
	return json_pack("{s:s, s:I, s:I, s:o}", "order", "timeline", "sample_ns",
	                 (json_int_t)plan->sample_ns, "seed", (json_int_t)plan->seed, "phases", phases);
}

static double seconds_of(const struct bench_peer_plan *plan)
{
	double seconds = (double)plan->setup.acquire_timeout_ns / NS_PER_S;

	for (unsigned i = 0; i < plan->phases_count; i++)
		seconds += (double)plan->phases[i].ns / NS_PER_S;
	return seconds;
}

/* Of one phase, and of all so far. */
struct histograms {
	struct bench_histogram one;
	struct bench_histogram waits;
	struct bench_histogram response;
};

/* One phase that began at *at_s, which moves on to its end. */
static bool read_phase(const json_t *reply, const struct bench_peer_phase *planned, double *at_s,
                       struct histograms *histograms, struct bench_timeline_phase *phase)
{
	struct bench_histogram *const scratch = &histograms->one;
	const char *const name = json_string_value(json_object_get(reply, "name"));

	if (name == NULL || strcmp(name, planned->name) != 0)
		return false;
	(void)snprintf(phase->name, sizeof(phase->name), "%s", name);
	phase->begin_s = *at_s;
	*at_s += (double)planned->ns / NS_PER_S;
	phase->end_s = *at_s;
	phase->down = planned->down;
	if (!bench_peer_reply_count(json_object_get(reply, "ops"), &phase->ops) ||
	    !bench_peer_reply_count(json_object_get(reply, "timeouts"), &phase->timeouts) ||
	    !bench_peer_reply_count(json_object_get(reply, "failures"), &phase->failures) ||
	    !bench_peer_reply_count(json_object_get(reply, "unserved"), &phase->unserved) ||
	    !bench_peer_reply_histogram(json_object_get(reply, "waits"),
	                                json_object_get(reply, "wait_max"), scratch))
		return false;
	phase->waits = bench_waits_of(scratch);
	bench_histogram_merge(&histograms->waits, scratch);
	if (!bench_peer_reply_histogram(json_object_get(reply, "response"),
	                                json_object_get(reply, "response_max"), scratch))
		return false;
	phase->response = bench_waits_of(scratch);
	bench_histogram_merge(&histograms->response, scratch);
	return true;
}

static bool read_phases(const json_t *phases, const struct bench_peer_plan *plan,
                        struct bench_timeline *timeline, struct bench_histogram *merged)
{
	struct histograms *const histograms = calloc(1, sizeof(*histograms));
	bool read = histograms != NULL && json_array_size(phases) == plan->phases_count &&
	            plan->phases_count <= BENCH_TIMELINE_PHASES_MAX;
	double at_s = 0.0;

	for (unsigned i = 0; read && i < plan->phases_count; i++)
		read = read_phase(json_array_get(phases, i), &plan->phases[i], &at_s, histograms,
		                  &timeline->phases[i]);
	timeline->phases_count = plan->phases_count;
	if (read) {
		timeline->waits = bench_waits_of(&histograms->waits);
		timeline->response = bench_waits_of(&histograms->response);
	}
	if (read && merged != NULL)
		*merged = histograms->waits;
	free(histograms);
	return read;
}

static bool read_at(const json_t *list, size_t index, unsigned *value)
{
	uint64_t read;

	if (!bench_peer_reply_count(json_array_get(list, index), &read) || read > UINT32_MAX)
		return false;
	*value = (unsigned)read;
	return true;
}

/* Samples are lists side by side, of one length. */
static bool read_samples(const json_t *reply, struct bench_timeline *timeline)
{
	const json_t *const times = json_object_get(reply, "t_ns");
	const json_t *const open = json_object_get(reply, "open");
	const json_t *const in_use = json_object_get(reply, "in_use");
	const json_t *const waiting = json_object_get(reply, "waiting");
	const size_t count = json_array_size(times);

	if (!json_is_array(times) || json_array_size(open) != count ||
	    json_array_size(in_use) != count || json_array_size(waiting) != count)
		return false;
	timeline->samples = calloc(count + 1, sizeof(*timeline->samples));
	if (timeline->samples == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct bench_timeline_sample *const sample = &timeline->samples[i];

		sample->t_s = json_number_value(json_array_get(times, i)) / NS_PER_S;
		if (!json_is_number(json_array_get(times, i)) ||
		    (i > 0 && sample->t_s < timeline->samples[i - 1].t_s) ||
		    !read_at(open, i, &sample->open) || !read_at(in_use, i, &sample->in_use) ||
		    !read_at(waiting, i, &sample->waiting))
			return false;
	}
	timeline->samples_count = (unsigned)count;
	return true;
}

/* What the child does not say of its own load stays unknown. */
static bool read_timeline(const json_t *reply, const struct bench_peer_plan *plan,
                          struct bench_timeline *timeline, struct bench_histogram *merged)
{
	memset(timeline, 0, sizeof(*timeline));
	timeline->late = (struct bench_waits){NAN, NAN, NAN, NAN};
	timeline->behind = NAN;
	if (read_phases(json_object_get(reply, "phases"), plan, timeline, merged) &&
	    read_samples(json_object_get(reply, "samples"), timeline) &&
	    bench_peer_reply_count(json_object_get(reply, "opens"), &timeline->opens) &&
	    bench_peer_reply_count(json_object_get(reply, "open_failures"), &timeline->open_failures))
		return true;
	free(timeline->samples);
	memset(timeline, 0, sizeof(*timeline));
	return false;
}

enum bench_outcome bench_peer_child_timeline(struct bench_peer_child *child,
                                             const struct bench_peer_plan *plan,
                                             const struct bench_peer_tick *tick,
                                             struct bench_timeline *timeline,
                                             struct bench_histogram *merged, struct weir_error *err)
{
	enum bench_outcome outcome = bench_peer_child_open(child, &plan->setup, tick);
	json_t *reply;
	bool read;

	if (outcome == BENCH_DROPPED)
		return bench_peer_child_drop(child, NULL, err);
	if (outcome != BENCH_DONE)
		return outcome;
	reply = bench_peer_child_ask(child, order_of(plan), seconds_of(plan), tick, &outcome);
	if (reply == NULL)
		return outcome == BENCH_DROPPED ? bench_peer_child_drop(child, NULL, err) : outcome;
	read = read_timeline(reply, plan, timeline, merged);
	json_decref(reply);
	if (!read)
		return bench_peer_child_drop(child, UNREADABLE, err);
	outcome = bench_peer_child_close(child, tick);
	if (outcome == BENCH_DONE)
		return BENCH_DONE;
	free(timeline->samples);
	memset(timeline, 0, sizeof(*timeline));
	return outcome == BENCH_DROPPED ? bench_peer_child_drop(child, NULL, err) : outcome;
}
