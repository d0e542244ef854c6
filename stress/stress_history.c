/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Recording and gathering. See stress_history.h.
 */
#include "stress_history.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* More than the operations that a thread does within one that it has begun. */
#define NESTED_MAX 64

static const char *const names[STRESS_OPS] = {
	"acquire", "try",  "release", "discard", "other",   "queue",
	"hold",    "take", "effect",  "end",     "abandon",
};

const char *stress_op_name(enum stress_op op)
{
	return (unsigned)op < STRESS_OPS ? names[op] : "?";
}

enum stress_op stress_op_find(const char *name)
{
	for (int op = 0; op < STRESS_OPS; op++) {
		if (strcmp(name, names[op]) == 0)
			return (enum stress_op)op;
	}
	return STRESS_OPS;
}

void stress_record_lease(struct stress_event *event, const struct weir_lease *lease,
                         enum weir_code outcome)
{
	if (event == NULL)
		return;
	stress_record_end(event, outcome);
	event->place = lease->slot;
	event->what = lease->generation;
	event->detail = (uint64_t)(uintptr_t)lease->conn;
}

void stress_recorders_init(struct stress_recorder *recorders, uint32_t count, uint32_t room)
{
	for (uint32_t i = 0; i < count; i++) {
		recorders[i] = (struct stress_recorder){.thread = i + 1};
		recorders[i].events = calloc(room, sizeof(struct stress_event));
		recorders[i].mute = recorders[i].events == NULL;
		recorders[i].room = recorders[i].mute ? 0 : room;
	}
}

void stress_recorders_forget(struct stress_recorder *recorders, uint32_t count, bool mute)
{
	for (uint32_t i = 0; i < count; i++) {
		recorders[i].count = 0;
		recorders[i].mute = mute || recorders[i].room == 0;
	}
}

void stress_recorders_free(struct stress_recorder *recorders, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(recorders[i].events);
	memset(recorders, 0, count * sizeof *recorders);
}

static int by_time(const void *a, const void *b)
{
	const struct stress_event *const one = a;
	const struct stress_event *const other = b;

	if (one->invoked_ns != other->invoked_ns)
		return one->invoked_ns < other->invoked_ns ? -1 : 1;
	return (one->returned_ns > other->returned_ns) - (one->returned_ns < other->returned_ns);
}

void stress_history_sort(struct stress_history *history)
{
	if (history->count > 1)
		qsort(history->events, history->count, sizeof *history->events, by_time);
}

/* What was written over had returned before one of the oldest that are left did. */
static void note_incomplete(struct stress_history *history, const struct stress_event *event)
{
	if (event->returned_ns != STRESS_PENDING && event->returned_ns > history->complete_from_ns)
		history->complete_from_ns = event->returned_ns;
}

bool stress_history_gather(struct stress_history *history, const struct stress_recorder *recorders,
                           uint32_t count)
{
	uint64_t sum = 0;

	stress_history_free(history);
	for (uint32_t i = 0; i < count; i++)
		sum += recorders[i].count < recorders[i].room ? recorders[i].count : recorders[i].room;
	history->events = calloc(sum > 0 ? sum : 1, sizeof *history->events);
	if (history->events == NULL)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct stress_recorder *const r = &recorders[i];
		const uint64_t begun = r->count;
		const uint64_t kept = begun < r->room ? begun : r->room;

		/* A thread that was not stopped may have gone on meanwhile. */
		for (uint64_t n = begun - kept; n < begun && history->count < sum; n++)
			history->events[history->count++] = r->events[n & (r->room - 1)];
		for (uint64_t n = begun - kept; begun > kept && n < begun - kept + NESTED_MAX; n++)
			note_incomplete(history, &r->events[n & (r->room - 1)]);
	}
	stress_history_sort(history);
	return true;
}

void stress_history_free(struct stress_history *history)
{
	free(history->events);
	history->events = NULL;
	history->count = 0;
	history->complete_from_ns = 0;
}

void stress_event_describe(const struct stress_event *event, char *text, size_t text_size)
{
	const char *const outcome = weir_error_name((enum weir_code)event->outcome);
	char until[32] = "never";
	char what[80] = "";

	if (event->returned_ns != STRESS_PENDING)
		(void)snprintf(until, sizeof until, "%" PRId64, event->returned_ns);
	if (event->op <= STRESS_OP_DISCARD && event->detail != 0)
		(void)snprintf(what, sizeof what, " slot %" PRIu32 " generation %" PRIu64, event->place,
		               event->what);
	else if (event->op >= STRESS_OP_QUEUE && event->op != STRESS_OP_HOLD)
		(void)snprintf(what, sizeof what, " job %" PRIu64, event->what);
	(void)snprintf(text, text_size, "thread %" PRIu32 " %s%s [%" PRId64 ", %s] %s", event->thread,
	               stress_op_name((enum stress_op)event->op), what, event->invoked_ns, until,
	               outcome != NULL ? outcome : "?");
}

void stress_verdict_add(struct stress_verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (verdict->faults < STRESS_FOUND_MAX) {
		va_start(arguments, format);
		(void)vsnprintf(verdict->fault[verdict->faults], STRESS_FOUND_TEXT, format, arguments);
		va_end(arguments);
	}
	verdict->faults++;
}

void stress_verdict_accuse(struct stress_verdict *verdict, const char *lie,
                           const struct stress_event *a, const struct stress_event *b)
{
	char first[160];
	char second[160] = "";

	stress_event_describe(a, first, sizeof first);
	if (b != NULL)
		stress_event_describe(b, second, sizeof second);
	stress_verdict_add(verdict, "%s: %s%s%s", lie, first, b != NULL ? " and " : "", second);
}

void stress_history_check(const struct stress_history *history, struct stress_verdict *verdict)
{
	stress_history_check_pool(history, verdict);
	stress_history_check_gate(history, verdict);
}
