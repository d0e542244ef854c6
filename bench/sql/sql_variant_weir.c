/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_db: writes are jobs that share transactions, reads are leases of
 * connections that only read.
 */
#include <stdlib.h>

#include <weir/db.h>
#include <weir/sqlite.h>

#include "aligned.h"
#include "sql_meter.h"
#include "sql_variant.h"

/* A caller's own: what its job runs. */
struct caller {
	_Alignas(BENCH_CACHE_LINE) const struct bench_statement *statement;
	struct weir_sql_value values[BENCH_PARAMETERS_MAX];
	struct weir_tx hold; /* of a long read */
};

struct db_pool {
	struct weir_db *db;
	struct caller *callers; /* by thread */
};

static void db_destroy(void *opaque)
{
	struct db_pool *pool = opaque;

	if (pool == NULL)
		return;
	weir_db_destroy(pool->db);
	free(pool->callers);
	free(pool);
}

static enum weir_code db_create(void **out, const struct bench_sql_setup *setup,
                                struct weir_error *err)
{
	const struct weir_db_options options = {.size = sizeof(options), .log = weir_log_silent()};
	void *callers = NULL;
	struct weir_config config;
	struct db_pool *pool;
	enum weir_code code = bench_sql_alloc(out, sizeof(*pool), err);

	if (code != WEIR_OK)
		return code;
	pool = *out;
	code = bench_sql_alloc(&callers, setup->threads * sizeof(*pool->callers), err);
	pool->callers = callers;
	if (code == WEIR_OK && bench_sql_meter_install() != SQLITE_OK)
		code = weir_fail(err, WEIR_ERR_DRIVER, "bench.sql", 0, "cannot register a VFS");
	if (code == WEIR_OK)
		code = bench_sql_configure(&config, setup, err);
	if (code == WEIR_OK)
		code = weir_db_create(&pool->db, weir_sqlite_driver(), &config, &options, err);
	if (code != WEIR_OK) {
		db_destroy(pool);
		*out = NULL;
	}
	return code;
}

static enum pool_outcome outcome_of(enum weir_code code)
{
	switch (code) {
	case WEIR_OK:
		return POOL_DONE;
	case WEIR_ERR_DRIVER_BUSY:
		return POOL_BUSY;
	case WEIR_ERR_ACQUIRE_TIMEOUT:
	case WEIR_ERR_GATE_TIMEOUT:
	case WEIR_ERR_REJECTED:
		return POOL_TIMEOUT;
	default:
		return POOL_FAILED;
	}
}

static struct weir_sql_value value_of(const struct pool_value *value)
{
	struct weir_sql_value text;

	switch (value->type) {
	case POOL_VALUE_INT64:
		return weir_int64(value->as.int64);
	case POOL_VALUE_REAL:
		return weir_real(value->as.real);
	case POOL_VALUE_TEXT:
		text = weir_blob(value->as.data, value->length);
		text.type = WEIR_SQL_TEXT;
		return text;
	case POOL_VALUE_BLOB:
		return weir_blob(value->as.data, value->length);
	case POOL_VALUE_NULL:
		break;
	}
	return weir_null();
}

static int write_job(struct weir_tx *tx, void *arg)
{
	const struct caller *const caller = arg;

	return (int)weir_tx_exec(tx, caller->statement->call.sql, caller->values,
	                         caller->statement->parameters_count, NULL, NULL);
}

static enum pool_outcome db_write(const struct db_pool *pool, struct caller *caller,
                                  const struct bench_statement *statement,
                                  const struct pool_value *values)
{
	caller->statement = statement;
	for (unsigned i = 0; i < statement->parameters_count; i++)
		caller->values[i] = value_of(&values[i]);
	return outcome_of(weir_db_run(pool->db, write_job, caller, NULL, NULL, NULL));
}

/* Read a statement's rows on tx. A row that has to be there and is not fails. */
static enum weir_code read_rows(struct weir_tx *tx, const struct bench_statement *statement,
                                const struct pool_value *values)
{
	struct weir_sql_value params[BENCH_PARAMETERS_MAX];
	struct weir_rows rows;
	enum weir_code code;
	bool more;

	for (unsigned i = 0; i < statement->parameters_count; i++)
		params[i] = value_of(&values[i]);
	code = weir_tx_query(tx, statement->call.sql, params, statement->parameters_count, &rows, NULL);
	if (code != WEIR_OK)
		return code;
	more = weir_rows_next(&rows, &code, NULL);
	if (!more && code == WEIR_OK && statement->one_row)
		code = WEIR_ERR_DRIVER;
	while (more && !statement->one_row)
		more = weir_rows_next(&rows, &code, NULL);
	weir_rows_end(&rows);
	return code;
}

static enum pool_outcome db_execute(void *opaque, unsigned thread,
                                    const struct bench_statement *statement,
                                    const struct pool_value *values)
{
	const struct db_pool *const pool = opaque;
	struct weir_tx tx = {0};
	enum weir_code code;

	if (statement->call.writes)
		return db_write(pool, &pool->callers[thread], statement, values);
	code = weir_read_begin(pool->db, NULL, &tx, NULL);
	if (code != WEIR_OK)
		return outcome_of(code);
	code = read_rows(&tx, statement, values);
	weir_tx_end(&tx);
	return outcome_of(code);
}

static enum pool_outcome db_hold_begin(void *opaque, unsigned thread,
                                       const struct bench_statement *statement,
                                       const struct pool_value *values)
{
	const struct weir_read_options options = {.size = sizeof(options), .snapshot = true};
	const struct db_pool *const pool = opaque;
	struct weir_tx *const tx = &pool->callers[thread].hold;
	enum weir_code code = weir_read_begin(pool->db, &options, tx, NULL);

	if (code == WEIR_OK)
		code = read_rows(tx, statement, values);
	return outcome_of(code);
}

static void db_hold_end(void *opaque, unsigned thread)
{
	const struct db_pool *const pool = opaque;

	weir_tx_end(&pool->callers[thread].hold);
}

static void db_counts(void *opaque, struct bench_sql_counts *counts)
{
	const struct db_pool *const pool = opaque;
	struct weir_db_stats stats = {.size = sizeof(stats)};

	*counts = (struct bench_sql_counts){.stall_ns = -1};
	if (weir_db_read_stats(pool->db, &stats) != WEIR_OK)
		return;
	counts->writes = stats.jobs[WEIR_COMMITTED];
	counts->commits = stats.commits;
	counts->stall_ns = stats.checkpoint_stall_ns_max;
}

const struct bench_sql_variant bench_sql_weir = {
	.name = "weir",
	.doc = "weir_db: write jobs share transactions; reads on leased connections",
	.create = db_create,
	.destroy = db_destroy,
	.execute = db_execute,
	.hold_begin = db_hold_begin,
	.hold_end = db_hold_end,
	.counts = db_counts,
};
