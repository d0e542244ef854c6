/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/metrics.h: the figures of pools and databases under standard names.
 *
 * What OpenTelemetry's semantic conventions for database clients name has their
 * names and units; the rest is weir.*, in the same style. One table drives the
 * exposition, the logs' field names and docs/reference/metrics.md.
 */
#ifndef WEIR_METRICS_H
#define WEIR_METRICS_H

#include <weir/base.h>
#include <weir/error.h>

struct weir_db;
struct weir_pool;

enum weir_metrics_format {
	WEIR_METRICS_PROMETHEUS = 0, /* text exposition format 0.0.4 */
	WEIR_METRICS_JSON = 1,
};

/* One thing whose figures are written: a db, or a bare pool; the other is NULL. */
struct weir_metrics_source {
	struct weir_db *db;
	struct weir_pool *pool;
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Write the figures of all sources, each under its pool's name, as one document.
 * Any thread; never blocks but in writer. Errors: BAD_ARGUMENT, NO_MEMORY, IO
 * (the writer gave up), FORKED.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_metrics_write(const struct weir_metrics_source *sources,
                                                         size_t count,
                                                         enum weir_metrics_format format,
                                                         const struct weir_writer *writer,
                                                         struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
