/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The table of figures, and what each is for a pool or db.
 */
#include <weir/metrics.h>

#include <string.h>

#include "db_internal.h"

static const struct weir_metric table[] = {
#define ROW(id, name, instrument, unit, attribute, value, source, doc)                             \
	{name, WEIR_##instrument, unit, attribute, value, source, doc},
	WEIR_METRICS(ROW)
#undef ROW
};

const struct weir_metric *weir_metrics_table(size_t *count)
{
	*count = WEIR_METRICS_COUNT;
	return table;
}

static void fill_pool(struct weir_metrics *metrics, const struct weir_pool_stats *stats)
{
	uint64_t *values = metrics->values;

	values[WEIR_METRIC_IDLE] = stats->idle;
	values[WEIR_METRIC_USED] = stats->leased;
	values[WEIR_METRIC_OPENING] = stats->opening;
	values[WEIR_METRIC_MAX] = stats->max_size;
	values[WEIR_METRIC_PENDING] = stats->waiters;
	values[WEIR_METRIC_TIMEOUTS] = stats->timeouts;
	values[WEIR_METRIC_ACQUIRES] = stats->acquires;
	values[WEIR_METRIC_WAITS] = stats->waits;
	values[WEIR_METRIC_HANDOFFS] = stats->handoffs;
	values[WEIR_METRIC_REJECTED] = stats->rejected;
	values[WEIR_METRIC_LEAKS] = stats->leaks;
	values[WEIR_METRIC_LEAKED] = stats->leaked;
	values[WEIR_METRIC_RECLAIMED] = stats->reclaimed;
	values[WEIR_METRIC_OVER_USES] = stats->over_uses;
	values[WEIR_METRIC_BARRIERS] = stats->barriers;
	values[WEIR_METRIC_OPENS] = stats->opens;
	values[WEIR_METRIC_OPEN_FAILURES] = stats->open_failures;
	/* Reasons stand in the order of enum weir_close_reason. */
	for (int reason = 0; reason < WEIR_CLOSE_REASONS; reason++)
		values[WEIR_METRIC_CLOSED_BROKEN + reason] = stats->closed[reason];
	values[WEIR_METRIC_VALIDATIONS] = stats->validations;
	values[WEIR_METRIC_VALIDATE_FAILURES] = stats->validate_failures;
	values[WEIR_METRIC_KEEPALIVES] = stats->keepalives;
	values[WEIR_METRIC_EPOCH] = stats->epoch;
	/* States stand in the order of enum weir_breaker_state. */
	values[WEIR_METRIC_BREAKER_CLOSED + stats->breaker] = 1;
	values[WEIR_METRIC_TRIPS] = stats->trips;
	values[WEIR_METRIC_REFUSALS] = stats->refusals;
}

static void fill_db(struct weir_metrics *metrics, const struct weir_db_stats *stats)
{
	uint64_t *values = metrics->values;

	values[WEIR_METRIC_GATE_NORMAL] = stats->gate.length[WEIR_LANE_NORMAL];
	values[WEIR_METRIC_GATE_BULK] = stats->gate.length[WEIR_LANE_BULK];
	values[WEIR_METRIC_GATE_GROUPS] = stats->gate.groups;
	values[WEIR_METRIC_GATE_REJECTED] = stats->gate.rejected;
	values[WEIR_METRIC_GATE_TIMEOUTS] = stats->gate.timeouts;
	/* Outcomes stand in the order of enum weir_outcome. */
	for (int outcome = WEIR_COMMITTED; outcome <= WEIR_INDETERMINATE; outcome++)
		values[WEIR_METRIC_COMMITTED + outcome - WEIR_COMMITTED] = stats->jobs[outcome];
	values[WEIR_METRIC_COMMITS] = stats->commits;
	values[WEIR_METRIC_RUNS_AGAIN] = stats->runs_again;
	values[WEIR_METRIC_WRITER_OPENS] = stats->writer_opens;
	values[WEIR_METRIC_CHECKPOINTS] = stats->checkpoints;
	values[WEIR_METRIC_CHECKPOINT_FAILURES] = stats->checkpoint_failures;
	values[WEIR_METRIC_WAL_FRAMES] = stats->log_frames;
	values[WEIR_METRIC_PINNED] = stats->pinned;
	values[WEIR_METRIC_STATEMENT_HITS] = stats->statement_hits;
	values[WEIR_METRIC_STATEMENT_MISSES] = stats->statement_misses;
	values[WEIR_METRIC_WARNINGS] = stats->warnings;
}

static void fill_migration(struct weir_metrics *metrics, struct weir_db *db)
{
	struct weir_db_migration migration;
	uint64_t *values = metrics->values;

	migration.size = (uint32_t)sizeof migration;
	values[WEIR_METRIC_MIGRATIONS_APPLIED] = wp_load_rlx_64(&db->migration.applied);
	if (weir_db_read_migration(db, &migration) != WEIR_OK ||
	    migration.phase != WEIR_DB_MIGRATION_RUNNING)
		return;
	values[WEIR_METRIC_MIGRATION_RUNNING] = 1;
	values[WEIR_METRIC_MIGRATION_STEP] = migration.step;
	values[WEIR_METRIC_MIGRATION_STEPS] = migration.steps;
	values[WEIR_METRIC_MIGRATION_PROGRESS] = migration.permille > 0 ? (uint64_t)migration.permille
	                                                                : 0;
}

static enum weir_code read_pool(struct weir_pool *pool, struct weir_metrics *metrics)
{
	struct weir_pool_stats stats;
	enum weir_code code;

	memset(&stats, 0, sizeof stats);
	stats.size = (uint32_t)sizeof stats;
	code = weir_pool_read_stats(pool, &stats);
	if (code != WEIR_OK)
		return code;
	memcpy(metrics->pool, pool->config.name, sizeof metrics->pool);
	fill_pool(metrics, &stats);
	metrics->values[WEIR_METRIC_IDLE_MIN] = (uint64_t)weir__setting(pool, WEIR_SET_min_idle);
	return WEIR_OK;
}

static enum weir_code read_db(struct weir_db *db, struct weir_metrics *metrics)
{
	struct weir_db_stats stats;
	enum weir_code code;

	memset(&stats, 0, sizeof stats);
	stats.size = (uint32_t)sizeof stats;
	code = weir_db_read_stats(db, &stats);
	if (code != WEIR_OK)
		return code;
	metrics->has_db = true;
	memcpy(metrics->pool, db->config.name, sizeof metrics->pool);
	fill_pool(metrics, &stats.readers);
	fill_db(metrics, &stats);
	fill_migration(metrics, db);
	metrics->values[WEIR_METRIC_IDLE_MIN] = (uint64_t)weir__db_setting(db, WEIR_SET_min_idle);
	return WEIR_OK;
}

enum weir_code weir_metrics_read(const struct weir_metrics_source *source,
                                 struct weir_metrics *metrics)
{
	if (source == NULL || metrics == NULL || metrics->size != sizeof *metrics ||
	    (source->db == NULL) == (source->pool == NULL))
		return WEIR_ERR_BAD_ARGUMENT;
	memset(metrics, 0, sizeof *metrics);
	metrics->size = (uint32_t)sizeof *metrics;
	return source->db != NULL ? read_db(source->db, metrics) : read_pool(source->pool, metrics);
}
