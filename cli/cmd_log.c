/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir log`: the events of the log, as a table, JSON, or the page
 * docs/reference/log.md.
 */
#include <stdio.h>

#include <weir/log.h>

#include "command.h"

static const char help[] =
	"Usage: weir log [--json | --reference]\n"
	"\n"
	"List the events of the log: level, lines a second at most, name, meaning.\n"
	"\n"
	"  --json       as {\"schema\":1,\"events\":[...]}\n"
	"  --reference  as the text of docs/reference/log.md\n"
	"  --help       show this\n";

struct event {
	const char *name;
	enum weir_log_level level;
	int per_second;
	const char *doc;
};

static const struct event events[] = {
#define EVENT(id, name, level, per_second, doc) {name, WEIR_LOG_##level, per_second, doc},
	WEIR_LOG_EVENTS(EVENT)
#undef EVENT
};

#define EVENTS_COUNT (sizeof(events) / sizeof(events[0]))

static const char *level_word(enum weir_log_level level)
{
	static const char *const words[] = {
		[WEIR_LOG_DEBUG] = "debug",
		[WEIR_LOG_INFO] = "info",
		[WEIR_LOG_WARN] = "warn",
		[WEIR_LOG_ERROR] = "error",
	};

	return words[level];
}

static enum exit_code print_table(void)
{
	(void)printf("%-6s %9s  %-28s %s\n", "LEVEL", "A SECOND", "EVENT", "MEANING");
	for (size_t i = 0; i < EVENTS_COUNT; i++)
		(void)printf("%-6s %9d  %-28s %s\n", level_word(events[i].level), events[i].per_second,
		             events[i].name, events[i].doc);
	return EXIT_DONE;
}

static enum exit_code print_events_json(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < EVENTS_COUNT; i++) {
		json_t *entry = json_pack("{s:s,s:s,s:i,s:s}", "event", events[i].name, "level",
		                          level_word(events[i].level), "per_second", events[i].per_second,
		                          "doc", events[i].doc);

		if (entry == NULL || json_array_append_new(list, entry) != 0) {
			json_decref(list);
			return print_json(NULL);
		}
	}
	return print_json(json_pack("{s:i,s:o}", "schema", 1, "events", list));
}

static const char reference_head[] =
	"# Log events\n"
	"\n"
	"<!-- Written by `weir log --reference`; change include/weir/log.h instead. -->\n"
	"\n"
	"What weir has to say to an operator is a line of a `struct weir_log`, as logfmt or JSON.\n"
	"Each has `ts` (RFC 3339, UTC), `level` and `event`; after them come the fields of the event,\n"
	"under the names of [metrics and attributes](metrics.md), `message` among them. A log writes\n"
	"what is at its level or above. Without a log, what is at `warn` or above goes to stderr.\n"
	"\n"
	"*A second* is how many lines of one event a log writes in a second at most. Those beyond are\n"
	"counted; the next line of the event that is written has their number as `suppressed`.\n"
	"\n"
	"| event | level | a second | meaning |\n"
	"|---|---|---|---|\n";

static enum exit_code print_reference(void)
{
	(void)fputs(reference_head, stdout);
	for (size_t i = 0; i < EVENTS_COUNT; i++)
		(void)printf("| `%s` | %s | %d | %s |\n", events[i].name, level_word(events[i].level),
		             events[i].per_second, events[i].doc);
	return EXIT_DONE;
}

enum exit_code cmd_log(int argc, char **argv)
{
	static const struct listing listing = {help, print_table, print_events_json, print_reference};

	return run_listing(argc, argv, &listing);
}
