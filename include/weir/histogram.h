/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/histogram.h: how long things took, as counts by value.
 *
 * Values below 128 each have a bucket of their own; above, every power of two is divided
 * into 64. The middle of a bucket, which is what quantiles are told as, differs from any
 * value in it by less than 0.8 percent. Values from 2^42 ns (73 minutes) on are in the last
 * bucket; max and sum are exact all the same. With metrics=true a pool keeps 170 KB of them.
 */
#ifndef WEIR_HISTOGRAM_H
#define WEIR_HISTOGRAM_H

#include <weir/base.h>
#include <weir/error.h>
#include <weir/metrics.h>

/*
 * id, name, unit, whether only a weir_db has it, doc. Times are in nanoseconds in struct
 * weir_histogram, and in seconds where the unit says so and they leave the process.
 */
#define WEIR_HISTOGRAMS(X)                                                                         \
	X(WAIT, "db.client.connection.wait_time", "s", false,                                          \
	  "from asking for a connection to having it; 0 for whoever did not have to wait")             \
	X(USE, "db.client.connection.use_time", "s", false,                                            \
	  "from having a connection to returning it; leases that did not wait: one in 128, times 128") \
	X(CREATE, "db.client.connection.create_time", "s", false,                                      \
	  "how long it took to open a connection, those that failed included")                         \
	X(GATE_WAIT, "weir.gate.wait_time", "s", true, "from asking to write to being let in")         \
	X(COMMIT, "weir.transaction.commit_time", "s", true,                                           \
	  "how long it took to commit a group or a write lease")                                       \
	X(SYNC, "weir.file.sync_time", "s", true, "how long it took to have a file reach the disk")    \
	X(CHECKPOINT, "weir.checkpoint.time", "s", true, "how long it took to make a checkpoint")      \
	X(GROUP_SIZE, "weir.gate.group_size", "{job}", true, "jobs that shared one transaction")

enum weir_histogram_id {
#define WEIR_HISTOGRAM_ID(id, ...) WEIR_HISTOGRAM_##id,
	WEIR_HISTOGRAMS(WEIR_HISTOGRAM_ID)
#undef WEIR_HISTOGRAM_ID
		WEIR_HISTOGRAMS_COUNT
};

struct weir_histogram_row {
	const char *name;
	const char *unit;
	bool is_db;
	const char *doc;
};

/* 128 and 64 for each power of two from 2^7 to 2^41. */
#define WEIR_HISTOGRAM_BUCKETS 2368

/* A copy of one histogram: about 19 KB. Counts are exact each by itself; together they are
 * not one moment's. */
struct weir_histogram {
	uint32_t size;  /* set by the caller */
	uint64_t count; /* the sum of the buckets */
	uint64_t sum;   /* of all values, in ns or in the unit */
	uint64_t max;   /* the greatest value */
	uint64_t buckets[WEIR_HISTOGRAM_BUCKETS];
};

#ifdef __cplusplus
extern "C" {
#endif

/* The table, in its order. Static storage; any thread. */
WEIR_API const struct weir_histogram_row *weir_histogram_table(size_t *count);

/* The bucket of a value, and the greatest value of a bucket (UINT64_MAX of the last one).
 * Any thread; wait-free. */
WEIR_API size_t weir_histogram_bucket(uint64_t value);
WEIR_API uint64_t weir_histogram_upper(size_t bucket);

/* The value below which that share (0 to 1) of the counts lies: the middle of its bucket, or
 * max where that is less; 0 of an empty histogram. Any thread; wait-free. */
WEIR_API uint64_t weir_histogram_quantile(const struct weir_histogram *histogram, double share);

/* The name of a row in Prometheus' text, as weir_metrics_write makes it: points become
 * underscores, and what is in seconds ends in _seconds. name has room for
 * WEIR_METRIC_NAME_MAX bytes. Any thread; wait-free. */
WEIR_API void weir_histogram_prometheus_name(const struct weir_histogram_row *row, char *name);

/*
 * Copy a histogram of one source; empty where it keeps none (setting metrics=false; one of a
 * db's asked of a bare pool). Any thread; lock-free.
 * Errors: BAD_ARGUMENT (its size; no such id; not one source), FORKED.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_metrics_histogram(
	const struct weir_metrics_source *source, enum weir_histogram_id id,
	struct weir_histogram *histogram);

#ifdef __cplusplus
}
#endif

#endif
