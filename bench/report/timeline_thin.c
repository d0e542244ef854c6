/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fewer samples of a timeline. See timeline_thin.h.
 */
#include "timeline_thin.h"

/* Of each stretch: the lowest and the highest of both curves that are drawn. */
#define KEPT_PER_STRETCH 4

static void insert(unsigned *kept, unsigned *count, unsigned first, unsigned index)
{
	unsigned at = *count;

	while (at > first && kept[at - 1] > index)
		at--;
	if (at > first && kept[at - 1] == index)
		return;
	for (unsigned i = *count; i > at; i--)
		kept[i] = kept[i - 1];
	kept[at] = index;
	(*count)++;
}

static void keep_extremes(const struct bench_timeline_sample *samples, unsigned begin, unsigned end,
                          unsigned *kept, unsigned *count)
{
	const unsigned first = *count;
	unsigned extremes[KEPT_PER_STRETCH] = {begin, begin, begin, begin};

	for (unsigned i = begin + 1; i < end; i++) {
		if (samples[i].waiting < samples[extremes[0]].waiting)
			extremes[0] = i;
		if (samples[i].waiting > samples[extremes[1]].waiting)
			extremes[1] = i;
		if (samples[i].open < samples[extremes[2]].open)
			extremes[2] = i;
		if (samples[i].open > samples[extremes[3]].open)
			extremes[3] = i;
	}
	for (unsigned i = 0; i < KEPT_PER_STRETCH; i++)
		insert(kept, count, first, extremes[i]);
}

unsigned bench_timeline_thin(const struct bench_timeline *timeline, unsigned most,
                             unsigned kept[BENCH_TIMELINE_KEPT_MAX])
{
	const unsigned total = timeline->samples_count;
	const unsigned stretches = most / KEPT_PER_STRETCH;
	unsigned count = 0;

	if (total <= most) {
		for (unsigned i = 0; i < total; i++)
			kept[i] = i;
		return total;
	}
	for (unsigned i = 0; i < stretches; i++)
		keep_extremes(timeline->samples, (unsigned)((uint64_t)total * i / stretches),
		              (unsigned)((uint64_t)total * (i + 1) / stretches), kept, &count);
	return count;
}
