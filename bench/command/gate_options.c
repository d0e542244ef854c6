/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The command lines of gate and compare. See gate_options.h.
 */
#include "gate_options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "instructions.h"

#define DEFAULT_SEED 20240229
#define TIMEOUT_S 600.0
#define TRIALS_MAX 1000000
#define EFFECT_MAX 10.0
#define MINUTES_MAX 10000.0

struct reading {
	struct bench_gate_options *options;
	const char *flag;
	char *value;
};

static bool complain(const struct reading *reading, const char *allowed)
{
	(void)fprintf(stderr, "weir-bench: --%s \"%s\": %s\n", reading->flag, reading->value, allowed);
	return false;
}

static bool read_double(const char *text, double *number, char **end)
{
	errno = 0;
	*number = strtod(text, end);
	return text[0] >= '0' && text[0] <= '9' && text[1] != 'x' && text[1] != 'X' && errno == 0;
}

bool bench_percent_read(const char *text, double *share)
{
	char *end;

	if (!read_double(text, share, &end))
		return false;
	if (strcmp(end, "%") == 0)
		*share /= 100.0;
	else if (*end != '\0')
		return false;
	return *share > 0.0 && *share <= EFFECT_MAX;
}

static bool set_effect(struct reading *reading, double *effect)
{
	return bench_percent_read(reading->value, effect) ||
	       complain(reading, "must be a share such as 5%, at most 1000%");
}

static bool set_seconds(struct reading *reading, double *number, double max, const char *allowed)
{
	char *end;

	return (read_double(reading->value, number, &end) && *end == '\0' && *number > 0.0 &&
	        *number <= max) ||
	       complain(reading, allowed);
}

static bool set_count(struct reading *reading, unsigned long max, unsigned long *count)
{
	char allowed[64];
	char *end;

	errno = 0;
	*count = strtoul(reading->value, &end, 10);
	if (reading->value[0] >= '0' && reading->value[0] <= '9' && *end == '\0' && errno == 0 &&
	    *count >= 1 && *count <= max)
		return true;
	(void)snprintf(allowed, sizeof(allowed), "must be a whole number from 1 to %lu", max);
	return complain(reading, allowed);
}

/* "ops_per_s,wait_p99:20%"; value is cut at its commas. */
static bool set_metrics(struct reading *reading)
{
	struct bench_choice *const choice = &reading->options->plan.choice;
	char *rest = reading->value;
	char *name;

	choice->count = 0;
	while ((name = strsep(&rest, ",")) != NULL) {
		char *const colon = strrchr(name, ':');

		reading->value = name;
		if (choice->count == BENCH_CHOICES_MAX)
			return complain(reading, "too many metrics");
		choice->items[choice->count].min_effect = NAN;
		if (colon != NULL &&
		    !bench_percent_read(colon + 1, &choice->items[choice->count].min_effect))
			return complain(reading, "after the colon must be a share such as 20%");
		if (colon != NULL)
			*colon = '\0';
		if (name[0] == '\0' || strlen(name) >= BENCH_SERIES_NAME_MAX)
			return complain(reading, "must name a metric");
		(void)snprintf(choice->items[choice->count].metric, BENCH_SERIES_NAME_MAX, "%s", name);
		choice->count++;
	}
	return true;
}

static bool set_text(struct reading *reading, const char **text)
{
	*text = reading->value;
	return reading->value[0] != '\0' || complain(reading, "must not be empty");
}

static bool set_noise(struct reading *reading)
{
	struct bench_gate_options *const options = reading->options;

	if (options->noise_count == BENCH_NOISE_FILES_MAX)
		return complain(reading, "too many files");
	return set_text(reading, &options->noise[options->noise_count++]);
}

enum flag {
	FLAG_METRICS = 1,
	FLAG_MIN_EFFECT,
	FLAG_ALPHA,
	FLAG_SEED,
	FLAG_JSON,
	FLAG_MARKDOWN,
	FLAG_JUNIT,
	FLAG_HELP,
	FLAG_COMPARE_LAST = FLAG_HELP, /* compare knows those up to here */
	FLAG_BASE_CMD,
	FLAG_NEW_CMD,
	FLAG_PAIRS_MAX,
	FLAG_MINUTES,
	FLAG_TIMEOUT,
	FLAG_RECORD,
	FLAG_SIMULATE,
	FLAG_NOISE,
	FLAG_INSTRUCTIONS,
	FLAG_INSTRUCTIONS_EFFECT,
	FLAG_BASE_CALLGRIND,
	FLAG_NEW_CALLGRIND,
};

static const struct option known_flags[] = {
	{"metrics", required_argument, NULL, FLAG_METRICS},
	{"min-effect", required_argument, NULL, FLAG_MIN_EFFECT},
	{"alpha", required_argument, NULL, FLAG_ALPHA},
	{"seed", required_argument, NULL, FLAG_SEED},
	{"json", required_argument, NULL, FLAG_JSON},
	{"markdown", required_argument, NULL, FLAG_MARKDOWN},
	{"junit", required_argument, NULL, FLAG_JUNIT},
	{"help", no_argument, NULL, FLAG_HELP},
	{"base-cmd", required_argument, NULL, FLAG_BASE_CMD},
	{"new-cmd", required_argument, NULL, FLAG_NEW_CMD},
	{"pairs-max", required_argument, NULL, FLAG_PAIRS_MAX},
	{"minutes", required_argument, NULL, FLAG_MINUTES},
	{"timeout", required_argument, NULL, FLAG_TIMEOUT},
	{"record", required_argument, NULL, FLAG_RECORD},
	{"simulate", required_argument, NULL, FLAG_SIMULATE},
	{"noise", required_argument, NULL, FLAG_NOISE},
	{"instructions", no_argument, NULL, FLAG_INSTRUCTIONS},
	{"instructions-effect", required_argument, NULL, FLAG_INSTRUCTIONS_EFFECT},
	{"base-callgrind-cmd", required_argument, NULL, FLAG_BASE_CALLGRIND},
	{"new-callgrind-cmd", required_argument, NULL, FLAG_NEW_CALLGRIND},
	{NULL, 0, NULL, 0},
};

static bool set_alpha(struct reading *reading, double *alpha)
{
	return (bench_percent_read(reading->value, alpha) && *alpha <= 0.5) ||
	       complain(reading, "must be a share such as 1%, at most 50%");
}

static bool set_number(struct reading *reading, int flag)
{
	struct bench_gate_options *const options = reading->options;
	struct bench_gate_plan *const plan = &options->plan;
	unsigned long count = 0;
	bool set;

	switch (flag) {
	case FLAG_PAIRS_MAX:
		set = set_count(reading, BENCH_PAIRS_MAX, &count);
		plan->rules.pairs_max = count;
		return set;
	case FLAG_SEED:
		set = set_count(reading, INT64_MAX, &count);
		plan->rules.seed = count;
		return set;
	case FLAG_SIMULATE:
		return set_count(reading, TRIALS_MAX, &options->trials);
	case FLAG_MINUTES:
		return set_seconds(reading, &plan->minutes, MINUTES_MAX,
		                   "must be a number of minutes, at most 10000");
	case FLAG_TIMEOUT:
		return set_seconds(reading, &plan->timeout_s, MINUTES_MAX,
		                   "must be a number of seconds, at most 10000");
	case FLAG_MIN_EFFECT:
		return set_effect(reading, &plan->choice.min_effect);
	case FLAG_INSTRUCTIONS_EFFECT:
		return set_effect(reading, &options->instructions_effect);
	default:
		return set_alpha(reading, &plan->rules.alpha);
	}
}

static bool set_flag(struct reading *reading, int flag)
{
	struct bench_gate_options *const options = reading->options;

	switch (flag) {
	case FLAG_METRICS:
		return set_metrics(reading);
	case FLAG_JSON:
		return set_text(reading, &options->json);
	case FLAG_MARKDOWN:
		return set_text(reading, &options->markdown);
	case FLAG_JUNIT:
		return set_text(reading, &options->junit);
	case FLAG_HELP:
		options->help = true;
		return true;
	case FLAG_BASE_CMD:
		return set_text(reading, &options->plan.base_cmd);
	case FLAG_NEW_CMD:
		return set_text(reading, &options->plan.new_cmd);
	case FLAG_RECORD:
		options->plan.record = true;
		return set_text(reading, &options->record);
	case FLAG_NOISE:
		return set_noise(reading);
	case FLAG_INSTRUCTIONS:
		options->instructions = true;
		return true;
	case FLAG_BASE_CALLGRIND:
		return set_text(reading, &options->base_callgrind_cmd);
	case FLAG_NEW_CALLGRIND:
		return set_text(reading, &options->new_callgrind_cmd);
	default:
		return set_number(reading, flag);
	}
}

static bool wrong(const char *command, const char *what)
{
	(void)fprintf(stderr, "weir-bench: %s %s; see weir-bench %s --help\n", command, what, command);
	return false;
}

/* What cannot be said together. */
static bool check_gate(const struct bench_gate_options *options)
{
	const struct bench_gate_plan *const plan = &options->plan;
	const bool both = plan->base_cmd != NULL && plan->new_cmd != NULL;
	const bool counted = options->base_callgrind_cmd != NULL && options->new_callgrind_cmd != NULL;

	if (options->trials > 0)
		return options->noise_count > 0 || wrong("gate", "--simulate needs --noise FILE");
	if (options->noise_count > 0)
		return wrong("gate", "--noise needs --simulate N");
	if ((options->base_callgrind_cmd != NULL) != (options->new_callgrind_cmd != NULL))
		return wrong("gate", "needs both --base-callgrind-cmd and --new-callgrind-cmd");
	if (counted && !options->instructions)
		return wrong("gate", "--base-callgrind-cmd needs --instructions");
	if ((plan->base_cmd != NULL) != (plan->new_cmd != NULL) || (!both && !counted))
		return wrong("gate", "needs both --base-cmd and --new-cmd");
	if (options->record != NULL && options->instructions)
		return wrong("gate", "--record and --instructions exclude each other");
	return true;
}

static bool take_files(struct bench_gate_options *options, enum bench_gate_command command,
                       int argc, char **argv)
{
	if (command == BENCH_COMMAND_GATE)
		return argc == 0 || wrong("gate", "takes options only");
	if (argc != 2)
		return wrong("compare", "takes two files, BASE and NEW");
	options->files[0] = argv[0];
	options->files[1] = argv[1];
	return true;
}

/* A metric without an effect of its own has that of the rest. */
static void fill_effects(struct bench_choice *choice)
{
	for (size_t i = 0; i < choice->count; i++)
		if (isnan(choice->items[i].min_effect))
			choice->items[i].min_effect = choice->min_effect;
}

bool bench_gate_options_read(struct bench_gate_options *options, enum bench_gate_command command,
                             int argc, char **argv)
{
	const char *const name = command == BENCH_COMMAND_GATE ? "gate" : "compare";
	int flag;

	*options = (struct bench_gate_options){
		.plan = {.rules = {.alpha = BENCH_ALPHA,
	                       .beta = BENCH_BETA,
	                       .pairs_max = BENCH_GATE_PAIRS_MAX,
	                       .seed = DEFAULT_SEED},
	             .choice = {.min_effect = BENCH_MIN_EFFECT},
	             .timeout_s = TIMEOUT_S},
		.instructions_effect = BENCH_INSTRUCTIONS_EFFECT,
	};
	optind = 1;
	opterr = 0;
	while ((flag = getopt_long(argc, argv, ":", known_flags, NULL)) != -1) {
		struct reading reading = {options, NULL, optarg};

		if (flag == '?' || flag == ':' ||
		    (command == BENCH_COMMAND_COMPARE && flag > FLAG_COMPARE_LAST)) {
			(void)fprintf(stderr, "weir-bench: %s %s; see weir-bench %s --help\n", argv[optind - 1],
			              flag == ':' ? "needs a value" : "is not an option, or takes no value",
			              name);
			return false;
		}
		reading.flag = known_flags[flag - 1].name;
		if (!set_flag(&reading, flag))
			return false;
	}
	if (options->help)
		return true;
	fill_effects(&options->plan.choice);
	return take_files(options, command, argc - optind, argv + optind) &&
	       (command == BENCH_COMMAND_COMPARE || check_gate(options));
}
