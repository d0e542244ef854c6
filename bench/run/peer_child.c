/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Another project's pool in a process of its own. See peer_child.h.
 */
#include "peer_child.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "monotonic.h"
#include "peer_process.h"

#define NS_PER_S 1e9

struct bench_peer_child {
	struct bench_peer_process process;
	int64_t patience_ns;
	struct bench_peer_hello hello;
	char doc[2 * BENCH_PEER_TEXT_MAX];
	const struct bench_selection *warmed;      /* that it ran last */
	struct bench_histogram waits[BENCH_ROLES]; /* of the last wait pass */
	char problem[BENCH_PEER_TEXT_MAX];         /* with the order under way */
	char out[BENCH_PEER_TEXT_MAX];             /* why it is out; "": it is not */
};

/* ---- life ---- */

static void say_how_it_ended(int status, char *problem, size_t problem_size)
{
	if (status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == BENCH_PEER_NO_PROGRAM)
		(void)snprintf(problem, problem_size,
		               "it cannot be executed, or its interpreter is not "
		               "there");
	else if (status >= 0 && WIFEXITED(status))
		(void)snprintf(problem, problem_size, "it ended by itself, with exit code %d",
		               WEXITSTATUS(status));
	else if (status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		(void)snprintf(problem, problem_size, "it ended by signal %d", WTERMSIG(status));
	else
		(void)snprintf(problem, problem_size, "it was killed, or said more than anybody reads");
}

/* Hear a reply to what may take that long. NULL: outcome says what happened. */
static json_t *hear(struct bench_peer_child *child, double seconds,
                    const struct bench_peer_tick *tick, enum bench_outcome *outcome)
{
	const int64_t deadline_ns = bench_now() + (int64_t)(seconds * NS_PER_S) + child->patience_ns;
	const char *line = NULL;
	json_t *reply;

	*outcome = BENCH_DROPPED;
	switch (
		bench_peer_process_hear(&child->process, deadline_ns, tick->call, tick->context, &line)) {
	case BENCH_PEER_LINE:
		reply = bench_peer_reply_read(line, child->problem, sizeof(child->problem));
		if (reply != NULL)
			*outcome = BENCH_DONE;
		return reply;
	case BENCH_PEER_ENDED:
		say_how_it_ended(bench_peer_process_end(&child->process), child->problem,
		                 sizeof(child->problem));
		return NULL;
	case BENCH_PEER_LATE:
		(void)snprintf(child->problem, sizeof(child->problem),
		               "it did not answer, %.3g s after it had to",
		               (double)child->patience_ns / NS_PER_S);
		return NULL;
	case BENCH_PEER_CANCELLED:
		break;
	}
	*outcome = BENCH_CANCELLED;
	return NULL;
}

json_t *bench_peer_child_ask(struct bench_peer_child *child, json_t *order, double seconds,
                             const struct bench_peer_tick *tick, enum bench_outcome *outcome)
{
	char *const line = order != NULL ? json_dumps(order, JSON_COMPACT) : NULL;
	json_t *reply = NULL;

	json_decref(order);
	*outcome = BENCH_DROPPED;
	if (child->out[0] != '\0') {
		(void)snprintf(child->problem, sizeof(child->problem), "%s", child->out);
	} else if (line == NULL) {
		(void)snprintf(child->problem, sizeof(child->problem), "no memory for an order");
	} else {
		/* One that does not listen has closed its end: hearing it says more. */
		(void)bench_peer_process_say(&child->process, line);
		reply = hear(child, seconds, tick, outcome);
	}
	free(line);
	return reply;
}

static bool greet(struct bench_peer_child *child)
{
	static const struct bench_peer_tick no_tick = {NULL, NULL};
	enum bench_outcome outcome;
	json_t *const reply = hear(child, 0.0, &no_tick, &outcome);
	const bool greeted =
		reply != NULL &&
		bench_peer_reply_hello(reply, &child->hello, child->problem, sizeof(child->problem));

	json_decref(reply);
	/* For the run that comes next: nobody has stopped yet. */
	if (outcome == BENCH_CANCELLED)
		(void)raise(SIGINT);
	(void)snprintf(child->doc, sizeof(child->doc), "%s %s on %s, in a process of its own",
	               child->hello.pool, child->hello.version, child->hello.runtime);
	return greeted;
}

struct bench_peer_child *bench_peer_child_start(const char *program, int64_t patience_ns,
                                                char *problem, size_t problem_size)
{
	struct bench_peer_child *const child = calloc(1, sizeof(*child));
	int rc = -1;

	if (child != NULL)
		rc = bench_peer_process_start(&child->process, program);
	if (rc != 0) {
		(void)snprintf(problem, problem_size, "it cannot be started: %s",
		               rc > 0 ? strerror(rc) : "out of memory");
		free(child);
		return NULL;
	}
	child->patience_ns = patience_ns;
	if (greet(child))
		return child;
	(void)snprintf(problem, problem_size, "%s", child->problem);
	bench_peer_child_end(child);
	return NULL;
}

void bench_peer_child_end(struct bench_peer_child *child)
{
	if (child == NULL)
		return;
	(void)bench_peer_process_end(&child->process);
	free(child);
}

const struct bench_peer_hello *bench_peer_child_hello(const struct bench_peer_child *child)
{
	return &child->hello;
}

const char *bench_peer_child_doc(const struct bench_peer_child *child)
{
	return child->doc;
}

/* ---- orders ---- */

static json_t *hold_json(const struct bench_hold *hold)
{
	json_t *const parts = json_array();

	for (unsigned i = 0; i < hold->parts_count; i++) {
		const struct bench_hold_part *const part = &hold->parts[i];
		json_t *const object = json_pack("{s:s, s:I, s:I}", "kind",
		                                 part->kind == BENCH_HOLD_WORK ? "work" : "sleep", "below",
		                                 (json_int_t)part->below, "ns", (json_int_t)part->ns);

		if (part->kind == BENCH_HOLD_WORK)
			(void)json_object_set_new(object, "links", json_integer((json_int_t)part->links));
		(void)json_array_append_new(parts, object);
	}
	return parts;
}

enum bench_outcome bench_peer_child_open(struct bench_peer_child *child,
                                         const struct bench_peer_setup *setup,
                                         const struct bench_peer_tick *tick)
{
	enum bench_outcome outcome;
	json_t *const order = json_pack(
		"{s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:o}", "order", "open", "threads",
		(int)setup->threads, "conns_min", (int)setup->conns_min, "conns_max", (int)setup->conns_max,
		"acquire_timeout_ns", (json_int_t)setup->acquire_timeout_ns, "open_timeout_ns",
		(json_int_t)setup->open_timeout_ns, "open_ns", (json_int_t)setup->open_ns, "ping_ns",
		(json_int_t)setup->ping_ns, "hold", hold_json(setup->hold));
	const double longest = (double)(setup->conns_min * setup->open_ns + setup->open_timeout_ns);

	json_decref(bench_peer_child_ask(child, order, longest / NS_PER_S, tick, &outcome));
	return outcome;
}

enum bench_outcome bench_peer_child_close(struct bench_peer_child *child,
                                          const struct bench_peer_tick *tick)
{
	enum bench_outcome outcome;

	json_decref(
		bench_peer_child_ask(child, json_pack("{s:s}", "order", "close"), 0.0, tick, &outcome));
	return outcome;
}

enum bench_outcome bench_peer_child_drop(struct bench_peer_child *child, const char *problem,
                                         struct weir_error *err)
{
	if (child->out[0] == '\0') {
		(void)snprintf(child->out, sizeof(child->out), "%s",
		               problem != NULL ? problem : child->problem);
		(void)bench_peer_process_end(&child->process);
	}
	(void)weir_fail(err, WEIR_ERR_SYSTEM, "bench.peer", 0, "%s", child->out);
	return BENCH_DROPPED;
}

static enum bench_outcome ask_pass(struct bench_peer_child *child,
                                   const struct bench_rep_spec *spec, int64_t acquire_timeout_ns,
                                   bool timed, struct bench_sample *sample)
{
	const struct bench_peer_tick tick = {spec->tick, spec->tick_context};
	const double seconds = timed ? spec->selection->wait_seconds : spec->selection->seconds;
	const bool first = child->warmed != spec->selection;
	const double warm_s =
		fmax(bench_pass_seconds(seconds) - seconds, first ? child->hello.warm_s : 0.0);
	/* The last acquire of a thread may still have to time out. */
	const double longest = warm_s + seconds + (double)acquire_timeout_ns / NS_PER_S;
	enum bench_outcome outcome;
	json_t *const order = json_pack("{s:s, s:b, s:f, s:f, s:I}", "order", "pass", "timed",
	                                (int)timed, "warm_s", warm_s, "seconds", seconds, "seed",
	                                (json_int_t)spec->seed);
	json_t *const reply = bench_peer_child_ask(child, order, longest, &tick, &outcome);

	if (reply != NULL &&
	    !bench_peer_reply_pass(reply, spec->selection->threads, timed ? child->waits : NULL, sample,
	                           child->problem, sizeof(child->problem)))
		outcome = BENCH_DROPPED;
	json_decref(reply);
	if (timed && outcome == BENCH_DONE && spec->waits != NULL)
		memcpy(spec->waits, child->waits, sizeof(child->waits));
	return outcome;
}

enum bench_outcome bench_peer_child_run(struct bench_peer_child *child,
                                        const struct bench_rep_spec *spec,
                                        int64_t acquire_timeout_ns, int64_t open_timeout_ns,
                                        struct bench_rep *rep, struct weir_error *err)
{
	const struct bench_peer_tick tick = {spec->tick, spec->tick_context};
	const struct bench_peer_setup setup = {
		.threads = spec->selection->threads,
		.conns_min = spec->conns,
		.conns_max = spec->conns,
		.acquire_timeout_ns = acquire_timeout_ns,
		.open_timeout_ns = open_timeout_ns,
		.open_ns = spec->selection->scenario->open_ns,
		.ping_ns = spec->selection->scenario->ping_ns,
		.hold = &spec->selection->hold,
	};
	enum bench_outcome outcome = bench_peer_child_open(child, &setup, &tick);

	if (outcome == BENCH_DONE)
		outcome = ask_pass(child, spec, acquire_timeout_ns, false, &rep->throughput);
	if (outcome == BENCH_DONE)
		outcome = ask_pass(child, spec, acquire_timeout_ns, true, &rep->wait);
	if (outcome == BENCH_DONE)
		outcome = bench_peer_child_close(child, &tick);
	child->warmed = spec->selection;
	rep->sql = (struct bench_sql_figures){NAN, NAN, NAN, NAN};
	return outcome == BENCH_DROPPED ? bench_peer_child_drop(child, NULL, err) : outcome;
}
