/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The settings that a scenario file has. See scenario_keys.h.
 */
#include "scenario_keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quantity.h"
#include "scenario_script.h"

#define SECOND_NS 1e9
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void *field_of(const struct bench_setting *set)
{
	return (char *)set->target + set->key->offset;
}

bool bench_name_is_valid(const char *word)
{
	const size_t length = strlen(word);

	return length > 0 && length < BENCH_SCENARIO_NAME_MAX &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
	           length;
}

bool bench_text_append(char **text, const char *separator, const char *more)
{
	const size_t used = *text != NULL ? strlen(*text) : 0;
	const size_t length = used + strlen(separator) + strlen(more) + 1;
	char *const longer = realloc(*text, length);

	if (longer == NULL)
		return false;
	(void)snprintf(longer + used, length - used, "%s%s", separator, more);
	*text = longer;
	return true;
}

/* ---- values of a kind ---- */

static bool read_number(const char *value, double min, double max, double *number)
{
	const char *const end = bench_read_number(value, number);

	return end != NULL && *end == '\0' && *number >= min && *number <= max;
}

static bool set_count(const struct bench_setting *set)
{
	double number;

	if (read_number(set->value, set->key->min, set->key->max, &number) && number == floor(number)) {
		*(unsigned *)field_of(set) = (unsigned)number;
		return true;
	}
	(void)snprintf(set->problem, set->problem_size, "a whole number from %.0f to %.0f",
	               set->key->min, set->key->max);
	return false;
}

static bool set_seconds(const struct bench_setting *set)
{
	double number;

	if (read_number(set->value, set->key->min, set->key->max, &number)) {
		*(double *)field_of(set) = number;
		return true;
	}
	(void)snprintf(set->problem, set->problem_size, "a number of seconds from %g to %g",
	               set->key->min, set->key->max);
	return false;
}

static bool set_duration(const struct bench_setting *set)
{
	int64_t *const ns = field_of(set);
	const char *const end = bench_read_duration(set->value, (int64_t)set->key->max, ns);

	if ((end != NULL && *end == '\0' && (double)*ns >= set->key->min) ||
	    strcmp(set->value, "0") == 0) {
		*ns = end != NULL ? *ns : 0;
		return true;
	}
	(void)snprintf(set->problem, set->problem_size, "a duration from %gus to %gs, as in 150ms",
	               set->key->min / 1e3, set->key->max / 1e9);
	return false;
}

static bool set_choice(bool *chosen, const char *value, const char *yes, const char *no,
                       char *problem, size_t problem_size)
{
	if (strcmp(value, yes) == 0 || strcmp(value, no) == 0) {
		*chosen = strcmp(value, yes) == 0;
		return true;
	}
	(void)snprintf(problem, problem_size, "%s or %s", no, yes);
	return false;
}

static bool set_yes(const struct bench_setting *set)
{
	return set_choice(field_of(set), set->value, "yes", "no", set->problem, set->problem_size);
}

static bool set_counts(const struct bench_setting *set)
{
	unsigned read[BENCH_SIZES_MAX] = {0};
	unsigned count = 0;

	for (const char *at = set->value;; count++) {
		double number;
		const char *const end = bench_read_number(at, &number);

		if (end == NULL || count == BENCH_SIZES_MAX || number < set->key->min ||
		    number > set->key->max || number != floor(number))
			break;
		read[count] = (unsigned)number;
		if (end[strspn(end, " \t")] == '\0') {
			memcpy(field_of(set), read, sizeof(read));
			return true;
		}
		at = end + strspn(end, " \t");
		if (*at++ != ',')
			break;
		at += strspn(at, " \t");
	}
	(void)snprintf(set->problem, set->problem_size,
	               "whole numbers from %.0f to %.0f with commas between, %d at most", set->key->min,
	               set->key->max, BENCH_SIZES_MAX);
	return false;
}

/* ---- [scenario] ---- */

static bool set_name(const struct bench_setting *set)
{
	if (bench_name_is_valid(set->value) && strlen(set->value) <= BENCH_SCENARIO_WORD_MAX) {
		(void)snprintf(field_of(set), BENCH_SCENARIO_NAME_MAX, "%s", set->value);
		return true;
	}
	(void)snprintf(set->problem, set->problem_size, "1 to %d letters, digits, - and _",
	               BENCH_SCENARIO_WORD_MAX);
	return false;
}

static bool set_doc(const struct bench_setting *set)
{
	char *const doc = field_of(set);
	const size_t used = strlen(doc);

	if (snprintf(doc + used, BENCH_SCENARIO_DOC_MAX - used, "%s%s", used > 0 ? " " : "",
	             set->value) < (int)(BENCH_SCENARIO_DOC_MAX - used))
		return true;
	(void)snprintf(set->problem, set->problem_size, "less than %d bytes", BENCH_SCENARIO_DOC_MAX);
	return false;
}

static bool set_driver(const struct bench_setting *set)
{
	return set_choice(&set->reading->sqlite, set->value, "sqlite", "stub", set->problem,
	                  set->problem_size);
}

static bool set_kind(const struct bench_setting *set)
{
	return set_choice(&set->reading->sparse, set->value, "sparse", "leases", set->problem,
	                  set->problem_size);
}

static bool set_connections(const struct bench_setting *set)
{
	struct bench_scenario *const scenario = set->target;

	if (!set_count(set))
		return false;
	scenario->conns_min = scenario->conns;
	return true;
}

static bool set_seed(const struct bench_setting *set)
{
	double number;

	if (read_number(set->value, 1.0, 9e15, &number) && number == floor(number)) {
		*(uint64_t *)field_of(set) = (uint64_t)number;
		return true;
	}
	(void)snprintf(set->problem, set->problem_size, "a whole number from 1 to 9000000000000000");
	return false;
}

static bool set_pools(const struct bench_setting *set)
{
	struct bench_scenario *const scenario = set->target;
	const char *at = set->value;

	for (scenario->pools_count = 0; scenario->pools_count < BENCH_SCENARIO_POOLS_MAX;) {
		char *const name = scenario->pools[scenario->pools_count];
		const size_t length = strcspn(at, ", \t");

		(void)snprintf(name, BENCH_SCENARIO_NAME_MAX, "%.*s", (int)length, at);
		if (length >= BENCH_SCENARIO_NAME_MAX || !bench_name_is_valid(name))
			break;
		scenario->pools_count++;
		at += length;
		at += strspn(at, " \t");
		if (*at == '\0')
			return true;
		if (*at++ != ',')
			break;
		at += strspn(at, " \t");
	}
	scenario->pools_count = 0;
	(void)snprintf(set->problem, set->problem_size,
	               "names of pools with commas between, %d at most; weir-bench list has them",
	               BENCH_SCENARIO_POOLS_MAX);
	return false;
}

/* ---- [role] ---- */

static bool set_arrival(const struct bench_setting *set)
{
	return bench_arrival_parse(field_of(set), set->value, set->problem, set->problem_size);
}

static bool set_hold(const struct bench_setting *set)
{
	return bench_hold_parse(field_of(set), set->value, set->problem, set->problem_size);
}

static bool set_run(const struct bench_setting *set)
{
	const struct bench_scenario *const scenario = set->reading->scenario;
	const size_t index = (size_t)((struct bench_scenario_role *)set->target - scenario->roles);

	if (snprintf(set->reading->run_text[index], BENCH_RUN_TEXT_MAX, "%s", set->value) <
	    BENCH_RUN_TEXT_MAX)
		return true;
	(void)snprintf(set->problem, set->problem_size, "less than %d bytes", BENCH_RUN_TEXT_MAX);
	return false;
}

static bool set_transaction(const struct bench_setting *set)
{
	return set_choice(field_of(set), set->value, "open", "none", set->problem, set->problem_size);
}

/* ---- [statement], [database] ---- */

static bool set_sql(const struct bench_setting *set)
{
	struct bench_statement *const statement = set->target;
	char *text = (char *)(uintptr_t)statement->call.sql;

	if (set->value[0] == '\0' || !bench_text_append(&text, text != NULL ? "\n" : "", set->value)) {
		(void)snprintf(set->problem, set->problem_size, "one SQL statement");
		return false;
	}
	statement->call.sql = text;
	return true;
}

static bool set_statement_kind(const struct bench_setting *set)
{
	struct bench_statement *const statement = set->target;
	bool writes = false;
	const bool known =
		set_choice(&writes, set->value, "write", "read", set->problem, set->problem_size);

	statement->call.writes = writes;
	return known;
}

static bool set_parameters(const struct bench_setting *set)
{
	return bench_parameters_parse(set->target, set->value, set->problem, set->problem_size);
}

static bool set_rows(const struct bench_setting *set)
{
	return set_choice(field_of(set), set->value, "one", "all", set->problem, set->problem_size);
}

static bool set_script(const struct bench_setting *set)
{
	struct bench_scenario *const scenario = set->target;

	if (bench_text_append(&scenario->script, "\n", set->value))
		return true;
	(void)snprintf(set->problem, set->problem_size, "SQL that fits into memory");
	return false;
}

static bool set_script_file(const struct bench_setting *set)
{
	return bench_script_add_file(set->target, set->value, set->problem, set->problem_size);
}

static bool set_durability(const struct bench_setting *set)
{
	return set_choice(field_of(set), set->value, "visible", "durable", set->problem,
	                  set->problem_size);
}

static bool set_cache(const struct bench_setting *set)
{
	static const struct {
		const char *unit;
		double kib;
	} units[] = {{"KiB", 1.0}, {"MiB", 1024.0}, {"GiB", 1024.0 * 1024.0}};
	double number;
	const char *const end = bench_read_number(set->value, &number);

	for (size_t i = 0; end != NULL && i < COUNT(units); i++)
		if (strcmp(end, units[i].unit) == 0 && number * units[i].kib >= set->key->min &&
		    number * units[i].kib <= set->key->max) {
			*(int *)field_of(set) = (int)(number * units[i].kib);
			return true;
		}
	(void)snprintf(set->problem, set->problem_size, "a size from 16KiB to 16GiB, as in 8MiB");
	return false;
}

/* ---- [phase] ---- */

static bool set_server(const struct bench_setting *set)
{
	return set_choice(field_of(set), set->value, "down", "up", set->problem, set->problem_size);
}

/* A factor, or two: "0.1..1". */
static bool set_rate(const struct bench_setting *set)
{
	struct bench_scenario_phase *const phase = set->target;
	const char *const dots = strstr(set->value, "..");
	char from[32];

	(void)snprintf(from, sizeof(from), "%.*s", dots != NULL ? (int)(dots - set->value) : 31,
	               set->value);
	if (read_number(from, set->key->min, set->key->max, &phase->rate_from) &&
	    read_number(dots != NULL ? dots + 2 : from, set->key->min, set->key->max, &phase->rate_to))
		return true;
	(void)snprintf(set->problem, set->problem_size,
	               "a factor on the roles' rates from %g to %g, or two for a ramp, as in 0.1..1",
	               set->key->min, set->key->max);
	return false;
}

static bool set_share(const struct bench_setting *set)
{
	double number;
	const char *const end = bench_read_number(set->value, &number);

	if (end != NULL && strcmp(end, "%") == 0 && number > 0.0 && number <= 100.0) {
		*(double *)field_of(set) = number / 100.0;
		return true;
	}
	(void)snprintf(set->problem, set->problem_size, "a share of each role's threads, as in 50%%");
	return false;
}

/* ---- the table ---- */

#define KEY(section, type, member, name, flags, set, min, max)                                     \
	{                                                                                              \
		name, BENCH_SECTION_##section, flags, set, offsetof(struct type, member), min, max         \
	}

static const struct bench_key keys[] = {
	KEY(SCENARIO, bench_scenario, name, "name", 0, set_name, 0, 0),
	KEY(SCENARIO, bench_scenario, doc, "doc", BENCH_KEY_CONTINUES, set_doc, 0, 0),
	KEY(SCENARIO, bench_scenario, name, "driver", 0, set_driver, 0, 0),
	KEY(SCENARIO, bench_scenario, name, "kind", BENCH_KEY_STUB, set_kind, 0, 0),
	KEY(SCENARIO, bench_scenario, conns, "connections", 0, set_connections, 1, 65536),
	KEY(SCENARIO, bench_scenario, conns_min, "min_connections", BENCH_KEY_STUB, set_count, 0,
        65536),
	KEY(SCENARIO, bench_scenario, conns, "max_connections", BENCH_KEY_STUB, set_count, 1, 65536),
	KEY(SCENARIO, bench_scenario, conns_small, "small_connections", BENCH_KEY_STUB, set_count, 1,
        65536),
	KEY(SCENARIO, bench_scenario, acquire_timeout_ns, "acquire_timeout", BENCH_KEY_STUB,
        set_duration, 1e3, 3600 * SECOND_NS),
	KEY(SCENARIO, bench_scenario, open_ns, "open_time", BENCH_KEY_STUB, set_duration, 1e3,
        60 * SECOND_NS),
	KEY(SCENARIO, bench_scenario, ping_ns, "ping_time", BENCH_KEY_STUB, set_duration, 1e3,
        60 * SECOND_NS),
	KEY(SCENARIO, bench_scenario, sample_ns, "sample", BENCH_KEY_STUB, set_duration, 1e5,
        SECOND_NS),
	KEY(SCENARIO, bench_scenario, seconds, "seconds", 0, set_seconds, 0.01, 600),
	KEY(SCENARIO, bench_scenario, wait_seconds, "wait_seconds", 0, set_seconds, 0.01, 600),
	KEY(SCENARIO, bench_scenario, seed, "seed", 0, set_seed, 0, 0),
	KEY(SCENARIO, bench_scenario, pools, "pools", 0, set_pools, 0, 0),
	KEY(SCENARIO, bench_scenario, on_request, "on_request", 0, set_yes, 0, 0),
	KEY(SCENARIO, bench_scenario, peers, "peers", BENCH_KEY_STUB, set_yes, 0, 0),
	KEY(SCENARIO, bench_scenario, sizes, "sizes", 0, set_counts, 1, 1024),
	KEY(SCENARIO, bench_scenario, quick_sizes, "quick_sizes", 0, set_counts, 1, 1024),
	KEY(SCENARIO, bench_scenario, processes, "processes", BENCH_KEY_SQL, set_count, 1,
        BENCH_SCENARIO_PROCESSES_MAX),
	KEY(ROLE, bench_scenario_role, threads, "threads", 0, set_count, 1, 1024),
	KEY(ROLE, bench_scenario_role, arrival, "arrival", 0, set_arrival, 0, 0),
	KEY(ROLE, bench_scenario_role, hold, "hold", BENCH_KEY_STUB, set_hold, 0, 0),
	KEY(ROLE, bench_scenario_role, run, "run", BENCH_KEY_SQL, set_run, 0, 0),
	KEY(ROLE, bench_scenario_role, companion, "companion", 0, set_yes, 0, 0),
	KEY(ROLE, bench_scenario_role, transaction_open, "transaction", BENCH_KEY_SQL, set_transaction,
        0, 0),
	KEY(STATEMENT, bench_statement, call, "sql", BENCH_KEY_CONTINUES, set_sql, 0, 0),
	KEY(STATEMENT, bench_statement, call, "kind", 0, set_statement_kind, 0, 0),
	KEY(STATEMENT, bench_statement, parameters, "parameters", 0, set_parameters, 0, 0),
	KEY(STATEMENT, bench_statement, one_row, "rows", 0, set_rows, 0, 0),
	KEY(DATABASE, bench_scenario, script, "sql", BENCH_KEY_CONTINUES | BENCH_KEY_REPEATS,
        set_script, 0, 0),
	KEY(DATABASE, bench_scenario, script, "file", BENCH_KEY_REPEATS, set_script_file, 0, 0),
	KEY(DATABASE, bench_scenario, settings.visible, "durability", 0, set_durability, 0, 0),
	KEY(DATABASE, bench_scenario, settings.cache_kib, "cache", 0, set_cache, 16, 16777216),
	KEY(PHASE, bench_scenario_phase, seconds, "seconds", 0, set_seconds, 0.01, 600),
	KEY(PHASE, bench_scenario_phase, down, "driver", 0, set_server, 0, 0),
	KEY(PHASE, bench_scenario_phase, rate_from, "rate", 0, set_rate, 0, 1000),
	KEY(PHASE, bench_scenario_phase, active_share, "threads", 0, set_share, 0, 0),
};

const struct bench_key *bench_keys(size_t *count)
{
	*count = COUNT(keys);
	return keys;
}

const struct bench_key *bench_key_find(enum bench_section section, const char *name)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i].section == section && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

unsigned bench_key_line(const struct bench_scenario_reading *reading, const char *name,
                        unsigned section_line)
{
	for (unsigned i = 0; i < reading->uses_count; i++)
		if (strcmp(reading->uses[i].key->name, name) == 0 &&
		    (section_line == 0 || reading->uses[i].section_line == section_line))
			return reading->uses[i].line;
	return 0;
}
