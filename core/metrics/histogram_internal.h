/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms as they are written: a few shards, so that threads seldom meet on a line.
 *
 * Every word is counted up with a relaxed atomic addition, except max (a CAS that only
 * raises it); readers sum. There is no order between words, and none is needed: whoever
 * reads while others write may see a value in a bucket and not yet in the sum.
 * Progress: recording and reading are lock-free.
 */
#ifndef WEIR_CORE_HISTOGRAM_INTERNAL_H
#define WEIR_CORE_HISTOGRAM_INTERNAL_H

#include <weir/histogram.h>

struct weir__histogram;

/* One with that many shards (a power of two), all 0; NULL: no memory. */
struct weir__histogram *weir__histogram_create(uint32_t shards);
void weir__histogram_free(struct weir__histogram *histogram);

/* Count value weight times; NULL is left alone. shard: any number that differs between
 * threads, as the thread's id. Negative values count as 0. Any thread; lock-free. */
void weir__histogram_add(struct weir__histogram *histogram, uint32_t shard, int64_t value,
                         uint64_t weight);

/* Sum the shards into a copy, whose size stays; NULL gives an empty one. */
void weir__histogram_read(const struct weir__histogram *histogram, struct weir_histogram *into);

#endif
