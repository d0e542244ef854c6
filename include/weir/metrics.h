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

/* What a figure is. */
enum weir_instrument {
	WEIR_COUNTER = 0, /* only grows */
	WEIR_GAUGE = 1,   /* goes up and down: OpenTelemetry's UpDownCounter or Gauge */
};

/*
 * X(NAME, "name", INSTRUMENT, "unit", "attribute", "value", "source", doc): the unit is
 * UCUM's; attribute is what tells the rows of one name apart (beside the pool's name),
 * "" if nothing does; source is otel (the semantic conventions for database clients) or
 * weir. Rows of one name stand together.
 */
#define WEIR_METRICS(X)                                                                            \
	X(IDLE, "db.client.connection.count", GAUGE, "{connection}", "db.client.connection.state",     \
	  "idle", "otel", "connections, by state")                                                     \
	X(USED, "db.client.connection.count", GAUGE, "{connection}", "db.client.connection.state",     \
	  "used", "otel", "connections, by state")                                                     \
	X(OPENING, "db.client.connection.count", GAUGE, "{connection}", "db.client.connection.state",  \
	  "opening", "otel", "connections, by state")                                                  \
	X(MAX, "db.client.connection.max", GAUGE, "{connection}", "", "", "otel",                      \
	  "the most connections the pool opens")                                                       \
	X(IDLE_MIN, "db.client.connection.idle.min", GAUGE, "{connection}", "", "", "otel",            \
	  "idle connections that are kept ready")                                                      \
	X(PENDING, "db.client.connection.pending_requests", GAUGE, "{request}", "", "", "otel",        \
	  "callers that wait for a connection")                                                        \
	X(TIMEOUTS, "db.client.connection.timeouts", COUNTER, "{timeout}", "", "", "otel",             \
	  "callers that got no connection before their deadline")                                      \
	X(ACQUIRES, "weir.lease.acquires", COUNTER, "{lease}", "", "", "weir", "leases given")         \
	X(WAITS, "weir.lease.waits", COUNTER, "{lease}", "", "", "weir", "acquires that had to queue") \
	X(HANDOFFS, "weir.lease.handoffs", COUNTER, "{lease}", "", "", "weir",                         \
	  "leases given to a waiter by name")                                                          \
	X(REJECTED, "weir.lease.rejected", COUNTER, "{request}", "", "", "weir",                       \
	  "acquires refused because the queue was full")                                               \
	X(LEAKS, "weir.lease.leaks", COUNTER, "{lease}", "", "", "weir",                               \
	  "leases that were out for longer than leak_after")                                           \
	X(LEAKED, "weir.lease.leaked", GAUGE, "{lease}", "", "", "weir",                               \
	  "leases that are out for longer than leak_after")                                            \
	X(RECLAIMED, "weir.lease.reclaimed", COUNTER, "{lease}", "", "", "weir",                       \
	  "leaks in whose stead another connection may be opened")                                     \
	X(OVER_USES, "weir.lease.over_uses", COUNTER, "{lease}", "", "", "weir",                       \
	  "leases that were held for longer than use_warning")                                         \
	X(BARRIERS, "weir.wait.barriers", COUNTER, "{barrier}", "", "", "weir",                        \
	  "process-wide barriers run by waiters")                                                      \
	X(OPENS, "weir.connection.opens", COUNTER, "{connection}", "", "", "weir",                     \
	  "connections opened")                                                                        \
	X(OPEN_FAILURES, "weir.connection.open_failures", COUNTER, "{attempt}", "", "", "weir",        \
	  "opens that failed")                                                                         \
	X(CLOSED_BROKEN, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason",       \
	  "broken", "weir", "connections closed, by reason")                                           \
	X(CLOSED_VALIDATE, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason",     \
	  "validate", "weir", "connections closed, by reason")                                         \
	X(CLOSED_RESET, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason",        \
	  "reset", "weir", "connections closed, by reason")                                            \
	X(CLOSED_IDLE, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason", "idle", \
	  "weir", "connections closed, by reason")                                                     \
	X(CLOSED_LIFETIME, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason",     \
	  "lifetime", "weir", "connections closed, by reason")                                         \
	X(CLOSED_SHUTDOWN, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason",     \
	  "shutdown", "weir", "connections closed, by reason")                                         \
	X(CLOSED_STALE, "weir.connection.closes", COUNTER, "{connection}", "weir.close.reason",        \
	  "stale", "weir", "connections closed, by reason")                                            \
	X(VALIDATIONS, "weir.connection.validations", COUNTER, "{validation}", "", "", "weir",         \
	  "connections the driver was asked about")                                                    \
	X(VALIDATE_FAILURES, "weir.connection.validate_failures", COUNTER, "{validation}", "", "",     \
	  "weir", "validations that failed")                                                           \
	X(KEEPALIVES, "weir.connection.keepalives", COUNTER, "{validation}", "", "", "weir",           \
	  "validations of idle connections")                                                           \
	X(EPOCH, "weir.pool.resets", COUNTER, "{reset}", "", "", "weir", "times the pool was reset")   \
	X(BREAKER_CLOSED, "weir.breaker.state", GAUGE, "{state}", "weir.breaker.state", "closed",      \
	  "weir", "1 for the state the breaker is in")                                                 \
	X(BREAKER_SLOW_START, "weir.breaker.state", GAUGE, "{state}", "weir.breaker.state",            \
	  "slow_start", "weir", "1 for the state the breaker is in")                                   \
	X(BREAKER_OPEN, "weir.breaker.state", GAUGE, "{state}", "weir.breaker.state", "open", "weir",  \
	  "1 for the state the breaker is in")                                                         \
	X(TRIPS, "weir.breaker.trips", COUNTER, "{trip}", "", "", "weir", "times the breaker opened")  \
	X(REFUSALS, "weir.lease.refusals", COUNTER, "{request}", "", "", "weir",                       \
	  "acquires refused because no connection was there and none could be opened")                 \
	X(GATE_NORMAL, "weir.gate.pending_requests", GAUGE, "{request}", "weir.gate.lane", "normal",   \
	  "weir", "writes that wait for their turn, by lane")                                          \
	X(GATE_BULK, "weir.gate.pending_requests", GAUGE, "{request}", "weir.gate.lane", "bulk",       \
	  "weir", "writes that wait for their turn, by lane")                                          \
	X(GATE_GROUPS, "weir.gate.groups", COUNTER, "{group}", "", "", "weir",                         \
	  "groups of jobs carried out")                                                                \
	X(GATE_REJECTED, "weir.gate.rejected", COUNTER, "{request}", "", "", "weir",                   \
	  "writes refused: the queue was full, or they would not start in time")                       \
	X(GATE_TIMEOUTS, "weir.gate.timeouts", COUNTER, "{request}", "", "", "weir",                   \
	  "writes whose deadline passed in the queue")                                                 \
	X(COMMITTED, "weir.write.outcomes", COUNTER, "{write}", "weir.write.outcome", "committed",     \
	  "weir", "jobs and write leases, by outcome")                                                 \
	X(FAILED, "weir.write.outcomes", COUNTER, "{write}", "weir.write.outcome", "failed", "weir",   \
	  "jobs and write leases, by outcome")                                                         \
	X(WRITES_REJECTED, "weir.write.outcomes", COUNTER, "{write}", "weir.write.outcome",            \
	  "rejected", "weir", "jobs and write leases, by outcome")                                     \
	X(WRITES_TIMED_OUT, "weir.write.outcomes", COUNTER, "{write}", "weir.write.outcome",           \
	  "timed_out", "weir", "jobs and write leases, by outcome")                                    \
	X(INDETERMINATE, "weir.write.outcomes", COUNTER, "{write}", "weir.write.outcome",              \
	  "indeterminate", "weir", "jobs and write leases, by outcome")                                \
	X(COMMITS, "weir.transaction.commits", COUNTER, "{transaction}", "", "", "weir",               \
	  "write transactions committed")                                                              \
	X(RUNS_AGAIN, "weir.job.reruns", COUNTER, "{run}", "", "", "weir",                             \
	  "jobs that ran once more because of a neighbour")                                            \
	X(WRITER_OPENS, "weir.writer.opens", COUNTER, "{connection}", "", "", "weir",                  \
	  "times the writer was opened")                                                               \
	X(CHECKPOINTS, "weir.checkpoint.count", COUNTER, "{checkpoint}", "", "", "weir",               \
	  "checkpoints made")                                                                          \
	X(CHECKPOINT_FAILURES, "weir.checkpoint.failures", COUNTER, "{checkpoint}", "", "", "weir",    \
	  "checkpoints that failed")                                                                   \
	X(WAL_FRAMES, "weir.wal.frames", GAUGE, "{frame}", "", "", "weir",                             \
	  "frames in the log at the last checkpoint")                                                  \
	X(PINNED, "weir.wal.pinned", GAUGE, "{pin}", "", "", "weir", "1 while the read pin is held")   \
	X(STATEMENT_HITS, "weir.statement.lookups", COUNTER, "{statement}", "weir.statement.found",    \
	  "yes", "weir", "statements looked for, by whether they were found prepared")                 \
	X(STATEMENT_MISSES, "weir.statement.lookups", COUNTER, "{statement}", "weir.statement.found",  \
	  "no", "weir", "statements looked for, by whether they were found prepared")                  \
	X(WARNINGS, "weir.log.warnings", COUNTER, "{line}", "", "", "weir",                            \
	  "lines the db had for an operator")                                                          \
	X(MIGRATION_RUNNING, "weir.migration.running", GAUGE, "{migration}", "", "", "weir",           \
	  "1 while a migration runs")                                                                  \
	X(MIGRATION_STEP, "weir.migration.step", GAUGE, "{migration}", "", "", "weir",                 \
	  "the one of them that runs, from 1; 0 none does")                                            \
	X(MIGRATION_STEPS, "weir.migration.steps", GAUGE, "{migration}", "", "", "weir",               \
	  "migrations that are to be carried out together, while one runs")                            \
	X(MIGRATION_PROGRESS, "weir.migration.progress", GAUGE, "{permille}", "", "", "weir",          \
	  "thousandths of the migration that runs; 0 if unknown")                                      \
	X(MIGRATIONS_APPLIED, "weir.migration.applied", COUNTER, "{migration}", "", "", "weir",        \
	  "migrations that were applied, or undone, by this process")

enum weir_metric_id {
#define WEIR_METRIC_ID(id, ...) WEIR_METRIC_##id,
	WEIR_METRICS(WEIR_METRIC_ID)
#undef WEIR_METRIC_ID
		WEIR_METRICS_COUNT
};

/* Room for any name of the table in Prometheus' text, with its final 0. */
#define WEIR_METRIC_NAME_MAX 64

struct weir_metric {
	const char *name;
	enum weir_instrument instrument;
	const char *unit;
	const char *attribute;
	const char *value;
	const char *source;
	const char *doc;
};

/* The figures of one pool or db at a moment, by enum weir_metric_id. Each is exact by
 * itself; together they are not one snapshot. */
struct weir_metrics {
	uint32_t size; /* set by the caller */
	char pool[64]; /* its name */
	bool has_db;   /* false: rows from GATE_NORMAL on are a bare pool's, and 0 */
	uint64_t values[WEIR_METRICS_COUNT];
};

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

/* The table, in its order. Static storage; any thread. */
WEIR_API const struct weir_metric *weir_metrics_table(size_t *count);

/* The name of a row in Prometheus' text, as weir_metrics_write makes it. name has room for
 * WEIR_METRIC_NAME_MAX bytes. Any thread; wait-free. */
WEIR_API void weir_metrics_prometheus_name(const struct weir_metric *row, char *name);

/* Read the figures of one source. Any thread; takes a short lock of the gate's. Errors:
 * BAD_ARGUMENT (its size; both NULL), FORKED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_metrics_read(const struct weir_metrics_source *source,
                                                        struct weir_metrics *metrics);

/*
 * Write the figures and histograms of all sources, each under its pool's name, as one
 * document. Names for Prometheus are made as OpenTelemetry says: points become
 * underscores, and counters end in _total; but x.count becomes xs, because Prometheus
 * keeps _count for histograms. What is no UTF-8 in a pool's name is written as U+FFFD.
 * Any thread; blocks in writer at most.
 * Errors: BAD_ARGUMENT (two sources have one name, as it is written, among others),
 * NO_MEMORY, IO (the writer gave up), FORKED.
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
