/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings that a scenario file has: one table, which the parser and its
 * messages are made from.
 */
#ifndef BENCH_SCENARIO_KEYS_H
#define BENCH_SCENARIO_KEYS_H

#include "scenario.h"

enum bench_section {
	BENCH_SECTION_SCENARIO = 0,
	BENCH_SECTION_ROLE,
	BENCH_SECTION_STATEMENT,
	BENCH_SECTION_DATABASE,
	BENCH_SECTION_PHASE,
	BENCH_SECTIONS
};

#define BENCH_KEY_REPEATS 1u   /* may come several times */
#define BENCH_KEY_CONTINUES 2u /* may go on in indented lines */
#define BENCH_KEY_STUB 4u      /* only without a database */
#define BENCH_KEY_SQL 8u       /* only with one */

#define BENCH_USES_MAX 512
#define BENCH_RUN_TEXT_MAX 200

/* A setting that is in the file. */
struct bench_key_use {
	const struct bench_key *key;
	unsigned line;
	unsigned section_line; /* of its section's header */
	bool guessed;          /* it was meant by a name that there is not */
};

/* A scenario that is being read. */
struct bench_scenario_reading {
	struct bench_scenario *scenario;
	struct bench_faults *faults;
	bool sqlite;
	bool sparse;
	unsigned section_lines[BENCH_SECTIONS]; /* of the last header of each; 0: none */
	unsigned uses_count;
	struct bench_key_use uses[BENCH_USES_MAX];
	/* What a role runs names statements that may be further down. */
	char run_text[BENCH_SCENARIO_ROLES_MAX][BENCH_RUN_TEXT_MAX];
	unsigned run_line[BENCH_SCENARIO_ROLES_MAX];
};

/* A value on its way to its place. */
struct bench_setting {
	const struct bench_key *key;
	struct bench_scenario_reading *reading;
	void *target; /* the section's struct */
	const char *value;
	char *problem;
	size_t problem_size;
};

struct bench_key {
	const char *name;
	enum bench_section section;
	unsigned flags;
	/* Put a value into its place. false: problem says what is allowed. */
	bool (*set)(const struct bench_setting *set);
	size_t offset; /* of the place in the section's struct */
	double min;
	double max;
};

const struct bench_key *bench_keys(size_t *count);

/* The setting of that name in a section, or NULL. */
const struct bench_key *bench_key_find(enum bench_section section, const char *name);

/* The line of a setting in the section whose header is on section_line (0: in any);
 * 0 if the file does not have it. */
unsigned bench_key_line(const struct bench_scenario_reading *reading, const char *name,
                        unsigned section_line);

/* Add to a string that the caller owns; false without memory. */
bool bench_text_append(char **text, const char *separator, const char *more);

/* Whether word can name a scenario, a role, a statement or a phase. */
bool bench_name_is_valid(const char *word);

#endif
