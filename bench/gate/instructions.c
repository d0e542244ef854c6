/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Instruction counts. See instructions.h.
 */
#include "instructions.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child_run.h"

#define FOLDER "/tmp/weir-bench-callgrind-XXXXXX"
#define COMMAND_MAX 16384
#define NO_COMMAND 127

bool bench_instructions_read(FILE *file, double *count)
{
	char line[256];
	bool found = false;

	*count = 0.0;
	while (fgets(line, sizeof(line), file) != NULL) {
		char *end;
		double total;

		if (strncmp(line, "totals: ", 8) != 0)
			continue;
		total = strtod(line + 8, &end);
		if (end == line + 8 || *end != '\n')
			return false;
		*count += total;
		found = true;
	}
	return found;
}

/* What all processes of a command came to; removes their files. */
static bool add_up(const char *folder, double *count)
{
	DIR *const entries = opendir(folder);
	const struct dirent *entry;
	bool found = false;

	*count = 0.0;
	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		char path[512];
		double one;
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = fopen(path, "re");
		if (file != NULL && bench_instructions_read(file, &one)) {
			*count += one;
			found = true;
		}
		if (file != NULL)
			(void)fclose(file);
		(void)unlink(path);
	}
	if (entries != NULL)
		(void)closedir(entries);
	return found;
}

/* The command as one word of the shell. false: too long. */
static bool wrap(char text[COMMAND_MAX], const char *folder, const char *command)
{
	size_t used = (size_t)snprintf(text, COMMAND_MAX,
	                               "exec valgrind --quiet --tool=callgrind --trace-children=yes "
	                               "--callgrind-out-file=%s/%%p /bin/sh -c '",
	                               folder);

	for (; *command != '\0'; command++) {
		if (used + 6 >= COMMAND_MAX)
			return false;
		used += (size_t)snprintf(text + used, COMMAND_MAX - used,
		                         *command == '\'' ? "'\\%c'" : "%c", *command);
	}
	(void)snprintf(text + used, COMMAND_MAX - used, "'");
	return true;
}

/* Count one run, in a folder that is there. */
static enum bench_gate_end count_in(const char *folder, const char *side, const char *command,
                                    double timeout_s, double *count,
                                    char message[BENCH_GATE_MESSAGE_MAX])
{
	enum bench_gate_end end = BENCH_GATE_BAD_INPUT;
	char wrapped[COMMAND_MAX];
	struct bench_child child;
	char how[128];

	if (!wrap(wrapped, folder, command)) {
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX, "the %s command is too long", side);
		return end;
	}
	bench_child_run(&child, wrapped, (int64_t)(timeout_s * 1e9));
	bench_child_describe(&child, how, sizeof(how));
	if (child.end == BENCH_CHILD_CANCELLED)
		end = BENCH_GATE_CANCELLED;
	else if (child.end != BENCH_CHILD_EXITED || child.code != 0)
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX,
		               "under callgrind the %s command %s: %.900s\nthe end of its standard "
		               "error:\n%s",
		               side, how, command, child.tail);
	else if (!add_up(folder, count))
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX,
		               "callgrind wrote no totals for the %s command: %.900s", side, command);
	else
		end = BENCH_GATE_DONE;
	bench_child_free(&child);
	return end;
}

static enum bench_gate_end count_once(const char *side, const char *command, double timeout_s,
                                      double *count, char message[BENCH_GATE_MESSAGE_MAX])
{
	char folder[] = FOLDER;
	enum bench_gate_end end;
	double left;

	if (mkdtemp(folder) == NULL) {
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX, "cannot make a folder in /tmp");
		return BENCH_GATE_BAD_INPUT;
	}
	end = count_in(folder, side, command, timeout_s, count, message);
	(void)add_up(folder, &left);
	(void)rmdir(folder);
	return end;
}

static bool has_valgrind(char message[BENCH_GATE_MESSAGE_MAX])
{
	struct bench_child child;
	bool there;

	bench_child_run(&child, "exec valgrind --version >/dev/null", INT64_C(10000000000));
	there = child.end == BENCH_CHILD_EXITED && child.code == 0;
	if (!there)
		(void)snprintf(message, BENCH_GATE_MESSAGE_MAX,
		               child.code == NO_COMMAND
		                   ? "--instructions needs valgrind, which is not there: install the "
		                     "package valgrind"
		                   : "--instructions needs valgrind, and `valgrind --version` fails");
	bench_child_free(&child);
	return there;
}

void bench_instructions_judge(const double base[BENCH_INSTRUCTIONS_RUNS],
                              const double new_[BENCH_INSTRUCTIONS_RUNS], double min_effect,
                              struct bench_judgement *judgement)
{
	const double limit = log1p(min_effect);
	struct bench_interval worse;

	worse.lower = log(fmin(new_[0], new_[1]) / fmax(base[0], base[1]));
	worse.upper = log(fmax(new_[0], new_[1]) / fmin(base[0], base[1]));
	worse.estimate = (worse.lower + worse.upper) / 2.0;
	*judgement = (struct bench_judgement){
		.figure = {.scenario = "callgrind", .metric = "instructions", .gated = true},
		.min_effect = min_effect,
		.base = (base[0] + base[1]) / 2.0,
		.new_ = (new_[0] + new_[1]) / 2.0,
		.done = BENCH_INSTRUCTIONS_RUNS,
		.pairs = BENCH_INSTRUCTIONS_RUNS,
		.new_count = BENCH_INSTRUCTIONS_RUNS,
		.worse = worse,
		.bootstrap = {NAN, NAN, NAN},
		.spread = fmax(fabs(log(base[0] / base[1])), fabs(log(new_[0] / new_[1]))),
		.p = NAN,
		.adjusted = NAN,
		.chance = NAN,
		.verdict = BENCH_VERDICT_UNSURE,
	};
	if (worse.lower >= limit)
		judgement->verdict = BENCH_VERDICT_REGRESSION;
	else if (worse.upper < limit)
		judgement->verdict = BENCH_VERDICT_NONE;
}

enum bench_gate_end bench_instructions_run(const char *base_cmd, const char *new_cmd,
                                           double min_effect, double timeout_s,
                                           struct bench_judgement *judgement,
                                           char message[BENCH_GATE_MESSAGE_MAX])
{
	double counts[2][BENCH_INSTRUCTIONS_RUNS];

	if (!has_valgrind(message))
		return BENCH_GATE_BAD_INPUT;
	for (int run = 0; run < BENCH_INSTRUCTIONS_RUNS; run++)
		for (int side = 0; side < 2; side++) {
			const enum bench_gate_end end = count_once(side == 0 ? "base" : "new",
			                                           side == 0 ? base_cmd : new_cmd, timeout_s,
			                                           &counts[side][run], message);

			if (end != BENCH_GATE_DONE)
				return end;
		}
	bench_instructions_judge(counts[0], counts[1], min_effect, judgement);
	return BENCH_GATE_DONE;
}
