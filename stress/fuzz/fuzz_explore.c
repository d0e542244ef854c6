/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The explorer, driven by the input: the first two bytes choose a case, each further
 * one what happens at the next choice (who goes on, what arrives, what goes wrong).
 * What is asserted is what weir-explore asserts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "explore_cases.h"
#include "explore_run.h"

/* Enough for any run, and few enough that one cannot be all accidents. */
#define EVENTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xp_result result;
	uint32_t count;
	const struct xp_case *cases = xp_cases(&count);

	if (size < 2)
		return 0;
	const struct xp_case *one = &cases[(data[0] | (uint32_t)data[1] << 8) % count];
	const struct xp_limits limits = {
		.mode = XP_BYTES,
		.events = EVENTS,
		.runs_max = 1,
		.until_ns = INT64_MAX,
		.bytes = data + 2,
		.bytes_count = size - 2,
	};

	xp_run_case(one, &limits, &result);
	if (!result.failed || one->refuted)
		return 0;
	(void)fprintf(stderr, "%s: %s\n  replay: weir-explore replay '%s' %s\n", one->name, result.why,
	              one->name, result.schedule);
	abort();
}
