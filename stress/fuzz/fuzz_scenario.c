/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Scenario files of weir-bench: any bytes give a scenario or a list of faults, never
 * both and never neither, and each fault is of a line that is there.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_check.h"
#include "scenario.h"

static unsigned count_lines(const uint8_t *data, size_t size)
{
	unsigned lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench_faults *const faults = calloc(1, sizeof(*faults));
	char *const text = malloc(size + 1);
	struct bench_scenario *scenario;

	FUZZ_CHECK(faults != NULL && text != NULL);
	/* What an input names is not to be opened. */
	if (size > 0 && memmem(data, size, "file", 4) == NULL) {
		memcpy(text, data, size);
		text[size] = '\0';
		scenario = bench_scenario_read(text, size, "fuzz.ini", faults);
		FUZZ_CHECK((scenario == NULL) == (faults->count > 0));
		for (unsigned i = 0; i < faults->count && i < BENCH_FAULTS_MAX; i++) {
			FUZZ_CHECK(faults->list[i].line <= count_lines(data, size));
			FUZZ_CHECK(faults->list[i].text[0] != '\0');
		}
		bench_scenario_free(scenario);
	}
	free(text);
	free(faults);
	return 0;
}
