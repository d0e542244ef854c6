/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-stress outage` as a command: one outage of each kind, and the verdict.
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include <weir/weir.h>

#include "stress_flags.h"
#include "stress_outage.h"
#include "stress_run.h"

static const char help[] =
	"usage: weir-stress outage [options]\n"
	"\n"
	"Takes a database away from a pool with many callers, and gives it back: how many opens\n"
	"it sees meanwhile, when callers are served again, and by how much they are late. One\n"
	"half of the callers waits for better times, the other fails fast.\n"
	"\n"
	"  --kind KIND     refuses (opens fail at once), silent (no answer, then an error), flaps,\n"
	"                  slow (refuses, and is slow to open afterwards), or all (default)\n"
	"  --seconds S     how long the database is out (default 5)\n"
	"  --callers N     threads (default 200)\n"
	"  --timeout MS    how long each acquire waits (default 100)\n"
	"  --late-max MS   fail if a caller is later than that (default: told only)\n"
	"  --json          the verdict as JSON\n"
	"  --help          this text\n"
	"\n"
	"Exit code: 0 all passed, 1 a promise was broken, 2 wrong use, 8 interrupted.\n";

static const char *const kinds[] = {"refuses", "silent", "flaps", "slow"};

#define KINDS (sizeof kinds / sizeof kinds[0])

struct options {
	size_t first; /* of kinds */
	size_t end;
	uint64_t seconds;
	uint64_t callers;
	uint64_t timeout_ms;
	uint64_t late_max_ms; /* 0: told only */
	bool json;
	bool help_wanted;
};

static bool read_kind(const char *value, struct options *options)
{
	if (strcmp(value, "all") == 0)
		return true;
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(value, kinds[i]) != 0)
			continue;
		options->first = i;
		options->end = i + 1;
		return true;
	}
	return stress_option_complain("kind", value, "refuses, silent, flaps, slow or all");
}

static bool read_option(int flag, const char *value, struct options *options)
{
	switch (flag) {
	case 'k':
		return read_kind(value, options);
	case 's':
		return stress_option_number("seconds", value, 1, 3600, &options->seconds);
	case 'c':
		return stress_option_number("callers", value, 1, OUTAGE_CALLERS_MAX, &options->callers);
	case 't':
		return stress_option_number("timeout", value, 1, 60000, &options->timeout_ms);
	case 'l':
		return stress_option_number("late-max", value, 1, 60000, &options->late_max_ms);
	case 'j':
		options->json = true;
		return true;
	case 'h':
		options->help_wanted = true;
		return true;
	default:
		return false; /* getopt has said why */
	}
}

/* False on wrong use. */
static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option flags[] = {
		{"kind", required_argument, NULL, 'k'},     {"seconds", required_argument, NULL, 's'},
		{"callers", required_argument, NULL, 'c'},  {"timeout", required_argument, NULL, 't'},
		{"late-max", required_argument, NULL, 'l'}, {"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
	};
	bool right = true;
	int flag;

	while (right && (flag = getopt_long(argc, argv, "", flags, NULL)) != -1)
		right = read_option(flag, optarg, options);
	if (right && optind < argc) {
		(void)fprintf(stderr, "weir-stress: outage takes no \"%s\"\n", argv[optind]);
		right = false;
	}
	return right;
}

static double ms(int64_t ns)
{
	return (double)ns / 1e6;
}

static void print_text(const char *kind, const struct outage_result *r)
{
	char bound[32] = "";

	if (r->opens_max > 0)
		(void)snprintf(bound, sizeof bound, " of %" PRIu64, r->opens_max);
	(void)printf("%-8s %s opens=%" PRIu64 "%s calls=%" PRIu64 " served=%" PRIu64 " fast=%" PRIu64
	             " timeouts=%" PRIu64 " late=%" PRIu64
	             " late_max=%.2fms again=%.1fms closed=%.1fms slow_start=%u trips=%" PRIu64
	             " lines=%u\n",
	             kind, r->broken[0] == '\0' ? "ok    " : "FAILED", r->opens, bound, r->calls,
	             r->served, r->failed_fast, r->timed_out, r->late, ms(r->late_max_ns),
	             ms(r->first_ns), ms(r->closed_ns), r->opening_max, r->trips, r->lines);
	if (r->broken[0] != '\0')
		(void)fprintf(stderr, "weir-stress: outage, %s: %s\n", kind, r->broken);
	(void)fflush(stdout);
}

static json_t *to_json(const char *kind, const struct outage_result *r)
{
	const struct flags_figure figures[] = {
		{"opens", r->opens},
		{"opens_max", r->opens_max},
		{"calls", r->calls},
		{"served", r->served},
		{"failed_fast", r->failed_fast},
		{"timed_out", r->timed_out},
		{"late", r->late},
		{"late_max_ns", (uint64_t)r->late_max_ns},
		{"served_again_ns", (uint64_t)r->first_ns},
		{"closed_ns", (uint64_t)r->closed_ns},
		{"slow_start_opening_max", r->opening_max},
		{"trips", r->trips},
		{"lines", r->lines},
	};
	json_t *object = json_object();

	(void)json_object_set_new(object, "kind", json_string(kind));
	flags_json(object, figures, sizeof figures / sizeof figures[0]);
	(void)json_object_set_new(object, "broken",
	                          r->broken[0] == '\0' ? json_null() : json_string(r->broken));
	return object;
}

static enum exit_code run_all(const struct options *options)
{
	json_t *runs = json_array();
	uint32_t failed = 0;

	for (size_t kind = options->first; kind < options->end && !stress_interrupted(); kind++) {
		const struct outage_plan plan = {
			.kind = (enum outage_kind)kind,
			.callers = (uint32_t)options->callers,
			.outage_ns = WEIR_SECONDS((int64_t)options->seconds),
			.timeout_ns = WEIR_MILLISECONDS((int64_t)options->timeout_ms),
		};
		struct outage_result result;

		(void)outage_run(&plan, &result);
		if (options->late_max_ms != 0 && result.broken[0] == '\0' &&
		    result.late_max_ns > WEIR_MILLISECONDS((int64_t)options->late_max_ms))
			(void)snprintf(result.broken, sizeof result.broken, "a caller was %.2f ms late",
			               ms(result.late_max_ns));
		failed += result.broken[0] != '\0';
		if (!options->json)
			print_text(kinds[kind], &result);
		(void)json_array_append_new(runs, to_json(kinds[kind], &result));
	}
	const enum exit_code code = stress_interrupted() ? EXIT_INTERRUPTED
	                            : failed > 0         ? EXIT_BROKEN
	                                                 : EXIT_PASSED;
	json_t *object = json_object();

	(void)json_object_set_new(object, "verdict", json_string(flags_exit_name(code)));
	(void)json_object_set_new(object, "outages", runs);
	if (options->json && json_dumpf(object, stdout, JSON_INDENT(2)) == 0)
		(void)printf("\n");
	json_decref(object);
	return code;
}

int outage_command(int argc, char **argv)
{
	struct options options = {.end = KINDS, .seconds = 5, .callers = 200, .timeout_ms = 100};

	if (!read_options(argc, argv, &options))
		return EXIT_USAGE;
	if (options.help_wanted) {
		(void)fputs(help, stdout);
		return EXIT_PASSED;
	}
	stress_interrupt_prepare();
	return (int)run_all(&options);
}
