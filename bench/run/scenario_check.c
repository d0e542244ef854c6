/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether the settings of a scenario go together. See scenario_check.h.
 */
#include "scenario_check.h"

#include <math.h>
#include <string.h>

#include "pool_under_test.h"
#include "quantity.h"
#include "runner.h"

#define THREADS_MAX 1024
#define SECONDS_MAX 600.0
#define DEFAULT_SECONDS 2.0
#define PERCENT_ALL 100.0
#define PERCENT_SLACK 0.05

/* ---- what is there, and what has to be ---- */

static void check_sections(const struct bench_scenario_reading *reading)
{
	const struct bench_scenario *const scenario = reading->scenario;
	const unsigned line = reading->section_lines[BENCH_SECTION_SCENARIO];

	if (line == 0) {
		bench_fault_add(reading->faults, 0, "there is no section [scenario]");
		return;
	}
	if (bench_key_line(reading, "name", line) == 0)
		bench_fault_add(reading->faults, line, "[scenario] needs a name");
	if (bench_key_line(reading, "doc", line) == 0)
		bench_fault_add(reading->faults, line, "[scenario] needs a doc: what it asks, in a line");
	if (scenario->roles_count == 0 && reading->section_lines[BENCH_SECTION_ROLE] == 0)
		bench_fault_add(reading->faults, line,
		                "a scenario needs threads: add a section such as [role callers]");
}

static void check_driver(const struct bench_scenario_reading *reading)
{
	const unsigned wrong = reading->sqlite ? BENCH_KEY_STUB : BENCH_KEY_SQL;

	for (unsigned i = 0; i < reading->uses_count; i++)
		if ((reading->uses[i].key->flags & wrong) != 0)
			bench_fault_add(reading->faults, reading->uses[i].line, "%s needs driver = %s",
			                reading->uses[i].key->name, reading->sqlite ? "stub" : "sqlite");
	if (reading->sqlite && reading->section_lines[BENCH_SECTION_PHASE] != 0)
		bench_fault_add(reading->faults, reading->section_lines[BENCH_SECTION_PHASE],
		                "[phase] needs driver = stub");
	for (int i = BENCH_SECTION_STATEMENT; !reading->sqlite && i <= BENCH_SECTION_DATABASE; i++)
		if (reading->section_lines[i] != 0)
			bench_fault_add(reading->faults, reading->section_lines[i],
			                "[%s] needs driver = sqlite in [scenario]",
			                i == BENCH_SECTION_STATEMENT ? "statement" : "database");
}

static void check_connections(const struct bench_scenario_reading *reading)
{
	struct bench_scenario *const scenario = reading->scenario;
	const unsigned line = reading->section_lines[BENCH_SECTION_SCENARIO];
	const unsigned both = bench_key_line(reading, "connections", line);
	const unsigned min = bench_key_line(reading, "min_connections", line);
	const unsigned max = bench_key_line(reading, "max_connections", line);

	if (both != 0 && (min != 0 || max != 0))
		bench_fault_add(reading->faults, min != 0 ? min : max,
		                "%s goes without connections, in line %u",
		                min != 0 ? "min_connections" : "max_connections", both);
	else if ((min != 0) != (max != 0))
		bench_fault_add(reading->faults, min + max,
		                "min_connections and max_connections go together");
	else if (!reading->sqlite && line != 0 && both == 0 && max == 0)
		bench_fault_add(reading->faults, line,
		                "[scenario] needs connections, or min_connections and max_connections");
	if (max != 0 && scenario->conns_min > scenario->conns)
		bench_fault_add(reading->faults, min, "min_connections is above max_connections");
	if (scenario->conns_min < scenario->conns)
		scenario->abilities |= POOL_GROWS;
}

static void check_pools(const struct bench_scenario_reading *reading)
{
	const struct bench_scenario *const scenario = reading->scenario;

	for (unsigned i = 0; i < scenario->pools_count; i++)
		if (!bench_pool_exists(scenario->pools[i]))
			bench_fault_add(reading->faults, bench_key_line(reading, "pools", 0),
			                "pools = \"%s\": no pool has that name; weir-bench list has them",
			                scenario->pools[i]);
}

/* ---- roles ---- */

static void check_threads(const struct bench_scenario_reading *reading)
{
	struct bench_scenario *const scenario = reading->scenario;
	const unsigned sizes = bench_key_line(reading, "sizes", 0);
	unsigned largest = 0;
	unsigned others = 0;

	for (size_t i = 0; i < BENCH_SIZES_MAX; i++) {
		largest = scenario->sizes[i] > largest ? scenario->sizes[i] : largest;
		largest = scenario->quick_sizes[i] > largest ? scenario->quick_sizes[i] : largest;
	}
	for (unsigned i = 0; i < scenario->roles_count; i++) {
		struct bench_scenario_role *const role = &scenario->roles[i];
		const unsigned line = bench_key_line(reading, "threads", role->line);

		if (i == 0 && sizes != 0 && line != 0)
			bench_fault_add(reading->faults, line, "sizes, in line %u, say how many threads",
			                sizes);
		if (role->threads == 0 && (i > 0 || sizes == 0))
			role->threads = 1;
		if (i > 0)
			others += role->threads;
		else if (sizes == 0)
			largest = role->threads;
	}
	if (largest + others > THREADS_MAX)
		bench_fault_add(reading->faults, scenario->roles[0].line,
		                "the roles have %u threads together; at most %d", largest + others,
		                THREADS_MAX);
	if (scenario->quick_sizes[0] != 0 && sizes == 0)
		bench_fault_add(reading->faults, bench_key_line(reading, "quick_sizes", 0),
		                "quick_sizes go with sizes");
	if (sizes != 0 && scenario->quick_sizes[0] == 0)
		scenario->quick_sizes[0] = scenario->sizes[0];
}

static void check_companions(const struct bench_scenario_reading *reading)
{
	const struct bench_scenario *const scenario = reading->scenario;
	bool companions = false;

	for (unsigned i = 0; i < scenario->roles_count; i++) {
		const struct bench_scenario_role *const role = &scenario->roles[i];

		if (role->companion && i == 0)
			bench_fault_add(reading->faults, role->line,
			                "the first role is what is measured, and no companion");
		if (companions && !role->companion)
			bench_fault_add(reading->faults, role->line,
			                "[role %s] has to come before the companions", role->name);
		companions = companions || role->companion;
	}
}

static const struct bench_statement *find_statement(const struct bench_scenario *scenario,
                                                    const char *name)
{
	for (unsigned i = 0; i < scenario->statements_count; i++)
		if (strcmp(scenario->statements[i].name, name) == 0)
			return &scenario->statements[i];
	return NULL;
}

static void unknown_statement(const struct bench_scenario_reading *reading, unsigned line,
                              const char *name)
{
	const struct bench_scenario *const scenario = reading->scenario;
	const char *names[BENCH_STATEMENTS_MAX];
	const char *meant;

	for (unsigned i = 0; i < scenario->statements_count; i++)
		names[i] = scenario->statements[i].name;
	meant = bench_nearest(name, names, scenario->statements_count, sizeof(names[0]));
	if (meant != NULL)
		bench_fault_add(reading->faults, line, "there is no [statement %s]; did you mean \"%s\"?",
		                name, meant);
	else
		bench_fault_add(reading->faults, line, "there is no [statement %s]", name);
}

/* Read "80% lookup, 20% update", or "lookup" alone, into a role. */
static void read_run(const struct bench_scenario_reading *reading, struct bench_scenario_role *role,
                     const char *text, unsigned line)
{
	const char *at = text;
	double total = 0.0;

	while (role->run_count < BENCH_SCENARIO_RUN_MAX) {
		struct bench_scenario_run *const run = &role->run[role->run_count];
		const char *const end = bench_read_number(at, &run->percent);
		const struct bench_statement *statement;
		char name[BENCH_SCENARIO_NAME_MAX];
		size_t length;

		if (end != NULL && *end == '%')
			at = end + 1 + strspn(end + 1, " \t");
		else
			run->percent = PERCENT_ALL;
		length = strcspn(at, ", \t");
		(void)snprintf(name, sizeof(name), "%.*s", (int)length, at);
		statement = find_statement(reading->scenario, name);
		if (statement == NULL)
			unknown_statement(reading, line, name);
		else
			run->statement = statement->call.index;
		total += run->percent;
		run->below = total >= PERCENT_ALL ? UINT32_MAX
		                                  : (uint32_t)(total / PERCENT_ALL * UINT32_MAX);
		role->run_count++;
		at += length + strspn(at + length, " \t");
		if (*at != ',')
			break;
		at += 1 + strspn(at + 1, " \t");
	}
	if (*at != '\0')
		bench_fault_add(reading->faults, line,
		                "run: \"%s\" is left over; shares are parted by commas, %d at most", at,
		                BENCH_SCENARIO_RUN_MAX);
	else if (fabs(total - PERCENT_ALL) > PERCENT_SLACK)
		bench_fault_add(reading->faults, line,
		                "run: the shares of up to %d statements have to add up to 100 %%, not %g",
		                BENCH_SCENARIO_RUN_MAX, total);
}

static void check_transaction(const struct bench_scenario_reading *reading,
                              const struct bench_scenario_role *role)
{
	const unsigned line = bench_key_line(reading, "transaction", role->line);

	if (!role->transaction_open)
		return;
	if (role->arrival.kind != BENCH_ARRIVAL_CLOSED)
		bench_fault_add(reading->faults, line, "an open transaction goes without arrival");
	if (role->run_count == 1 &&
	    reading->scenario->statements[role->run[0].statement].call.writes != 0)
		bench_fault_add(reading->faults, line, "an open transaction only reads");
}

static void check_roles(const struct bench_scenario_reading *reading)
{
	struct bench_scenario *const scenario = reading->scenario;

	check_threads(reading);
	check_companions(reading);
	for (unsigned i = 0; i < scenario->roles_count; i++) {
		struct bench_scenario_role *const role = &scenario->roles[i];

		if (!reading->sqlite)
			continue;
		if (bench_key_line(reading, "run", role->line) == 0)
			bench_fault_add(reading->faults, role->line,
			                "[role %s] needs run: the statements that it runs", role->name);
		else if (reading->run_line[i] != 0)
			read_run(reading, role, reading->run_text[i], reading->run_line[i]);
		check_transaction(reading, role);
		if (role->arrival.kind == BENCH_ARRIVAL_ONCE)
			bench_fault_add(reading->faults, bench_key_line(reading, "arrival", role->line),
			                "arrival = once needs driver = stub");
	}
}

/* ---- what only some scenarios have ---- */

static void check_database(const struct bench_scenario_reading *reading)
{
	const struct bench_scenario *const scenario = reading->scenario;

	const unsigned database = reading->section_lines[BENCH_SECTION_DATABASE];

	if (!reading->sqlite)
		return;
	if (database == 0 || (bench_key_line(reading, "sql", database) == 0 &&
	                      bench_key_line(reading, "file", database) == 0))
		bench_fault_add(reading->faults,
		                database != 0 ? database : reading->section_lines[BENCH_SECTION_SCENARIO],
		                "driver = sqlite needs a [database] with sql or file that makes its "
		                "tables");
	for (unsigned i = 0; i < scenario->statements_count; i++) {
		const struct bench_statement *const statement = &scenario->statements[i];

		if (bench_key_line(reading, "sql", statement->line) == 0)
			bench_fault_add(reading->faults, statement->line, "[statement %s] needs sql",
			                statement->name);
		if (bench_key_line(reading, "kind", statement->line) == 0)
			bench_fault_add(reading->faults, statement->line,
			                "[statement %s] needs kind = read or kind = write", statement->name);
	}
}

static void check_phases(const struct bench_scenario_reading *reading)
{
	struct bench_scenario *const scenario = reading->scenario;
	double total = 0.0;

	for (unsigned i = 0; i < scenario->phases_count; i++) {
		const struct bench_scenario_phase *const phase = &scenario->phases[i];

		if (bench_key_line(reading, "seconds", phase->line) == 0)
			bench_fault_add(reading->faults, phase->line, "[phase %s] needs seconds", phase->name);
		if (phase->down)
			scenario->abilities |= POOL_HEALS;
		total += phase->seconds;
	}
	if (total > SECONDS_MAX)
		bench_fault_add(reading->faults, scenario->phases[0].line,
		                "the phases take %g s together; at most %g", total, SECONDS_MAX);
	if (scenario->phases_count == 0)
		return;
	for (unsigned i = 0; i < reading->uses_count; i++)
		if (reading->uses[i].key->section == BENCH_SECTION_SCENARIO &&
		    strstr(reading->uses[i].key->name, "seconds") != NULL)
			bench_fault_add(reading->faults, reading->uses[i].line,
			                "%s goes without phases, which say how long they are",
			                reading->uses[i].key->name);
	scenario->seconds = total;
}

static void check_sparse(const struct bench_scenario_reading *reading)
{
	const struct bench_scenario *const scenario = reading->scenario;
	const unsigned line = bench_key_line(reading, "kind", 0);
	const struct bench_scenario_role *const role = &scenario->roles[0];

	if (!reading->sparse) {
		if (scenario->conns_small != 0)
			bench_fault_add(reading->faults, bench_key_line(reading, "small_connections", 0),
			                "small_connections needs kind = sparse");
		return;
	}
	if (scenario->roles_count != 1 || role->threads != 2 ||
	    role->arrival.kind != BENCH_ARRIVAL_CLOSED || role->hold.parts_count != 0 ||
	    scenario->phases_count != 0 || scenario->conns_min != scenario->conns)
		bench_fault_add(reading->faults, line,
		                "sparse has one role of 2 threads that hold nothing, and no phases");
	if (scenario->conns_small == 0 || scenario->conns_small > scenario->conns)
		bench_fault_add(reading->faults, line,
		                "sparse needs small_connections, at most as many as connections");
}

static enum bench_kind kind_of(const struct bench_scenario_reading *reading)
{
	const struct bench_scenario *const scenario = reading->scenario;

	if (reading->sqlite)
		return BENCH_KIND_SQL;
	if (reading->sparse)
		return BENCH_KIND_SPARSE;
	if (scenario->roles_count == 1 && scenario->roles[0].arrival.kind == BENCH_ARRIVAL_CLOSED &&
	    scenario->phases_count == 0 && scenario->conns_min == scenario->conns)
		return BENCH_KIND_LEASES;
	return BENCH_KIND_PHASES;
}

/* Without phases everything is one. */
static void fill_in(const struct bench_scenario_reading *reading)
{
	struct bench_scenario *const scenario = reading->scenario;

	if (scenario->seconds <= 0.0)
		scenario->seconds = DEFAULT_SECONDS;
	if (scenario->wait_seconds <= 0.0)
		scenario->wait_seconds = scenario->seconds;
	scenario->kind = kind_of(reading);
	if (scenario->kind != BENCH_KIND_PHASES || scenario->phases_count > 0)
		return;
	scenario->phases_count = 1;
	scenario->phases[0] = (struct bench_scenario_phase){
		.name = "run",
		.seconds = scenario->seconds,
		.rate_from = 1.0,
		.rate_to = 1.0,
		.active_share = 1.0,
	};
}

void bench_scenario_check(struct bench_scenario_reading *reading)
{
	check_sections(reading);
	check_driver(reading);
	check_connections(reading);
	check_pools(reading);
	check_roles(reading);
	check_database(reading);
	check_phases(reading);
	check_sparse(reading);
	fill_in(reading);
}
