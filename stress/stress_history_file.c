/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histories as text: a head of "name value" lines, then one line for each
 * operation, then "end" and how many there were, by which a file that was cut is
 * known.
 *
 *   weir-history 1
 *   scenario strict
 *   settings max_size=4 fairness=fifo
 *   seed 42
 *   seconds 1.5
 *   threads 0
 *   round 0
 *   complete-from 0
 *   found slot 2 has two owners, callers 3 and 5
 *   op 3 acquire 1200 1450 2 17 94110 OK
 *   end 1
 *
 * op: thread, operation, invoked and returned in nanoseconds ("-": it did not),
 * place, what, detail (stress_history.h says what they are for each), outcome.
 * found: what was found broken as it ran; as many as there were, eight at most.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "stress_history.h"

#define VERSION "weir-history 1"
#define LINE_MAX_BYTES 1024
#define EVENTS_MAX 100000000

/* ---- writing ---- */

static const char *outcome_name(uint16_t outcome)
{
	const char *const name = weir_error_name((enum weir_code)outcome);

	return name != NULL ? name : "OK";
}

static void write_event(FILE *file, const struct stress_event *event)
{
	(void)fprintf(file, "op %" PRIu32 " %s %" PRId64 " ", event->thread,
	              stress_op_name((enum stress_op)event->op), event->invoked_ns);
	if (event->returned_ns == STRESS_PENDING)
		(void)fputc('-', file);
	else
		(void)fprintf(file, "%" PRId64, event->returned_ns);
	(void)fprintf(file, " %" PRIu32 " %" PRIu64 " %" PRIu64 " %s\n", event->place, event->what,
	              event->detail, outcome_name(event->outcome));
}

bool stress_history_write(const struct stress_history *history, const char *path)
{
	const struct stress_origin *const origin = &history->origin;
	FILE *const file = fopen(path, "we");
	bool written;

	if (file == NULL)
		return false;
	(void)fprintf(file,
	              VERSION "\nscenario %s\nsettings %s\nseed %" PRIu64
	                      "\nseconds %.15g\nthreads %" PRIu32 "\nround %" PRIu64
	                      "\ncomplete-from %" PRId64 "\n",
	              origin->scenario, origin->settings, origin->seed, origin->seconds,
	              origin->threads, origin->round, history->complete_from_ns);
	for (uint32_t i = 0; i < origin->found_count && i < STRESS_FOUND_MAX; i++)
		(void)fprintf(file, "found %s\n", origin->found[i]);
	for (uint32_t i = 0; i < history->count; i++)
		write_event(file, &history->events[i]);
	written = fprintf(file, "end %" PRIu32 "\n", history->count) > 0 && ferror(file) == 0;
	return fclose(file) == 0 && written;
}

/* ---- reading ---- */

#define OUTCOMES_MAX 64

struct reader {
	struct stress_history *history;
	struct {
		const char *name;
		uint16_t code;
	} outcomes[OUTCOMES_MAX]; /* all that there are */
	uint32_t outcomes_count;
	uint32_t room;
	uint32_t line; /* from 1 on */
	bool ended;
	char *why;
	size_t why_size;
};

static bool refuse(struct reader *reader, const char *what)
{
	(void)snprintf(reader->why, reader->why_size, "line %" PRIu32 ": %s", reader->line, what);
	return false;
}

static bool read_whole(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static bool read_small(const char *text, uint32_t *number)
{
	uint64_t whole;
	const bool right = read_whole(text, &whole) && whole <= UINT32_MAX;

	*number = right ? (uint32_t)whole : 0;
	return right;
}

static bool read_time(const char *text, int64_t *ns)
{
	uint64_t whole;
	const bool right = read_whole(text, &whole) && whole < (uint64_t)INT64_MAX;

	*ns = right ? (int64_t)whole : 0;
	return right;
}

static void list_outcomes(struct reader *reader)
{
	for (uint32_t code = 0; code <= UINT16_MAX && reader->outcomes_count < OUTCOMES_MAX; code++) {
		const char *const name = weir_error_name((enum weir_code)code);

		if (name == NULL)
			continue;
		reader->outcomes[reader->outcomes_count].name = name;
		reader->outcomes[reader->outcomes_count++].code = (uint16_t)code;
	}
}

static bool read_outcome(const struct reader *reader, const char *text, uint16_t *outcome)
{
	for (uint32_t i = 0; i < reader->outcomes_count; i++) {
		if (strcmp(reader->outcomes[i].name, text) == 0) {
			*outcome = reader->outcomes[i].code;
			return true;
		}
	}
	return false;
}

static struct stress_event *new_event(struct reader *reader)
{
	struct stress_history *const history = reader->history;

	if (history->count == reader->room) {
		const uint32_t room = reader->room == 0 ? 1024 : 2 * reader->room;
		struct stress_event *const events = realloc(history->events, (size_t)room * sizeof *events);

		if (events == NULL || room > EVENTS_MAX)
			return NULL;
		history->events = events;
		reader->room = room;
	}
	return memset(&history->events[history->count], 0, sizeof *history->events);
}

static bool read_op(struct reader *reader, char *text)
{
	enum { THREAD, OP, INVOKED, RETURNED, PLACE, WHAT, DETAIL, OUTCOME, FIELDS };
	char *fields[FIELDS] = {0};
	struct stress_event *const event = new_event(reader);
	char *rest = NULL;
	int count = 0;

	if (event == NULL)
		return refuse(reader, "there is no memory for so many operations");
	for (char *field = strtok_r(text, " ", &rest); field != NULL;
	     field = strtok_r(NULL, " ", &rest)) {
		if (count == FIELDS)
			return refuse(reader, "an operation has eight fields, and this has more");
		fields[count++] = field;
	}
	if (count < FIELDS)
		return refuse(reader, "an operation has eight fields, and this has fewer");
	event->op = (uint16_t)stress_op_find(fields[OP]);
	event->returned_ns = STRESS_PENDING;
	if (event->op == STRESS_OPS)
		return refuse(reader, "there is no such operation");
	if (!read_outcome(reader, fields[OUTCOME], &event->outcome))
		return refuse(reader, "there is no such outcome");
	if (!read_small(fields[THREAD], &event->thread) || !read_small(fields[PLACE], &event->place) ||
	    !read_time(fields[INVOKED], &event->invoked_ns) ||
	    (strcmp(fields[RETURNED], "-") != 0 && !read_time(fields[RETURNED], &event->returned_ns)) ||
	    !read_whole(fields[WHAT], &event->what) || !read_whole(fields[DETAIL], &event->detail))
		return refuse(reader, "a field is no number, or too large");
	if (event->returned_ns < event->invoked_ns)
		return refuse(reader, "an operation returned before it was called");
	reader->history->count++;
	return true;
}

static bool read_end(struct reader *reader, const char *value)
{
	uint32_t count;

	reader->ended = true;
	if (!read_small(value, &count) || count != reader->history->count)
		return refuse(reader, "operations are missing, or are too many");
	return true;
}

static bool read_seconds(struct reader *reader, const char *value)
{
	char *end;

	reader->history->origin.seconds = strtod(value, &end);
	return (*end == '\0' && reader->history->origin.seconds > 0 &&
	        reader->history->origin.seconds <= 86400) ||
	       refuse(reader, "seconds must be a number from 0 to 86400");
}

static bool read_found(struct reader *reader, const char *value)
{
	struct stress_origin *const origin = &reader->history->origin;

	if (origin->found_count == STRESS_FOUND_MAX)
		return refuse(reader, "more was found than a file has room for");
	(void)snprintf(origin->found[origin->found_count++], STRESS_FOUND_TEXT, "%s", value);
	return true;
}

static bool read_scenario(struct reader *reader, const char *value)
{
	struct stress_origin *const origin = &reader->history->origin;

	return snprintf(origin->scenario, sizeof origin->scenario, "%s", value) <
	           (int)sizeof origin->scenario ||
	       refuse(reader, "the name of the scenario is too long");
}

static bool read_settings(struct reader *reader, const char *value)
{
	struct stress_origin *const origin = &reader->history->origin;

	return snprintf(origin->settings, sizeof origin->settings, "%s", value) <
	           (int)sizeof origin->settings ||
	       refuse(reader, "the settings are too long");
}

static bool read_seed(struct reader *reader, const char *value)
{
	return read_whole(value, &reader->history->origin.seed) ||
	       refuse(reader, "the seed is no number");
}

static bool read_threads(struct reader *reader, const char *value)
{
	return read_small(value, &reader->history->origin.threads) ||
	       refuse(reader, "threads is no number");
}

static bool read_round(struct reader *reader, const char *value)
{
	return read_whole(value, &reader->history->origin.round) ||
	       refuse(reader, "the round is no number");
}

static bool read_complete_from(struct reader *reader, const char *value)
{
	return read_time(value, &reader->history->complete_from_ns) ||
	       refuse(reader, "complete-from is no time");
}

/* A line, without its line feed. */
static bool read_line(struct reader *reader, char *line)
{
	static const struct {
		const char *name;
		bool (*read)(struct reader *reader, const char *value);
	} heads[] = {
		{"scenario", read_scenario},
		{"settings", read_settings},
		{"seed", read_seed},
		{"seconds", read_seconds},
		{"threads", read_threads},
		{"round", read_round},
		{"complete-from", read_complete_from},
		{"found", read_found},
		{"end", read_end},
	};
	char *value = strchr(line, ' ');

	if (reader->line == 1)
		return strcmp(line, VERSION) == 0 ||
		       refuse(reader, "this is no history of weir-stress, or one of another version");
	if (reader->ended)
		return refuse(reader, "there is something after the end");
	if (value == NULL)
		return refuse(reader, "a line is a name and a value");
	*value++ = '\0';
	if (strcmp(line, "op") == 0)
		return read_op(reader, value);
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
		if (strcmp(line, heads[i].name) == 0)
			return heads[i].read(reader, value);
	}
	return refuse(reader, "there is no such name");
}

bool stress_history_read(struct stress_history *history, const char *path, char *why,
                         size_t why_size)
{
	struct reader reader = {.history = history, .why = why, .why_size = why_size};
	FILE *const file = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	bool right = true;

	memset(history, 0, sizeof *history);
	if (file == NULL) {
		(void)snprintf(why, why_size, "%s", strerror(errno));
		return false;
	}
	list_outcomes(&reader);
	while (right && fgets(line, sizeof line, file) != NULL) {
		char *const feed = strchr(line, '\n');

		reader.line++;
		if (feed == NULL)
			right = refuse(&reader, "the line is cut, or too long");
		else
			*feed = '\0';
		right = right && read_line(&reader, line);
	}
	if (right && ferror(file) != 0) {
		(void)snprintf(why, why_size, "%s", strerror(errno));
		right = false;
	}
	if (right && !reader.ended)
		right = refuse(&reader, reader.line == 0 ? "the file is empty"
		                                         : "the file was cut: its end is missing");
	if (right && history->origin.scenario[0] == '\0')
		right = refuse(&reader, "it does not say which scenario it is of");
	(void)fclose(file);
	stress_history_sort(history);
	return right;
}
