/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The built-in scenarios: read as everybody's are, from files that are in the
 * program. See scenario.h.
 */
#include "scenario_builtin.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define BUILTIN_MAX 64

static struct bench_scenario *all[BUILTIN_MAX];
static size_t all_count;
static pthread_once_t read_once = PTHREAD_ONCE_INIT;

/* A tool that does not understand its own files has not been tested. */
static void read_all(void)
{
	struct bench_faults *const faults = calloc(1, sizeof(*faults));

	for (size_t i = 0; bench_embedded_scenarios[i].file != NULL && faults != NULL; i++) {
		const struct bench_embedded *const embedded = &bench_embedded_scenarios[i];

		if (i == BUILTIN_MAX)
			abort();
		all[i] = bench_scenario_read(embedded->text, embedded->length, embedded->file, faults);
		if (all[i] == NULL) {
			bench_faults_print(stderr, embedded->file, faults);
			abort();
		}
		all_count++;
	}
	free(faults);
}

const struct bench_scenario *const *bench_scenarios(size_t *count)
{
	(void)pthread_once(&read_once, read_all);
	*count = all_count;
	return (const struct bench_scenario *const *)all;
}

const struct bench_scenario *bench_scenario_find(const char *name)
{
	size_t count;
	const struct bench_scenario *const *const scenarios = bench_scenarios(&count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(scenarios[i]->name, name) == 0)
			return scenarios[i];
	return NULL;
}

bool bench_scenario_writes(const struct bench_scenario *scenario)
{
	for (unsigned i = 0; i < scenario->roles_count; i++)
		for (unsigned at = 0; at < scenario->roles[i].run_count; at++)
			if (scenario->statements[scenario->roles[i].run[at].statement].call.writes != 0)
				return true;
	return false;
}

unsigned bench_scenario_other_threads(const struct bench_scenario *scenario)
{
	unsigned threads = 0;

	for (unsigned i = 1; i < scenario->roles_count; i++)
		threads += scenario->roles[i].threads;
	return threads;
}
