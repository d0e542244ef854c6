/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fewer samples of a timeline, such that none of its extremes is lost.
 */
#ifndef BENCH_TIMELINE_THIN_H
#define BENCH_TIMELINE_THIN_H

#include "timeline.h"

#define BENCH_TIMELINE_KEPT_MAX 2000

/* Put the indexes of at most most samples to keep into kept, rising; returns how
 * many: all if there are no more than that. most: BENCH_TIMELINE_KEPT_MAX, or less. */
unsigned bench_timeline_thin(const struct bench_timeline *timeline, unsigned most,
                             unsigned kept[BENCH_TIMELINE_KEPT_MAX]);

#endif
