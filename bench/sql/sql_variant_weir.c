/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_db: writes are jobs that share transactions, reads are leases of
 * connections that only read.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/db.h>
#include <weir/sqlite.h>

#include "aligned.h"
#include "sql_meter.h"
#include "sql_variant.h"

/* A caller's own, from one write to the next. */
struct caller {
	_Alignas(BENCH_CACHE_LINE) unsigned char value[BENCH_SQL_VALUE_BYTES];
	int64_t key;
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

/* The report has no place for lines of the operator's. */
static void drop_line(void *arg, const char *line)
{
	(void)arg;
	(void)line;
}

static enum weir_code db_create(void **out, const struct bench_sql_setup *setup,
                                struct weir_error *err)
{
	const struct weir_db_options options = {.size = sizeof(options), .report = drop_line};
	void *callers = NULL;
	struct weir_config config;
	struct db_pool *pool;
	enum weir_code code = bench_sql_alloc(out, sizeof(*pool), err);

	if (code != WEIR_OK)
		return code;
	pool = *out;
	code = bench_sql_alloc(&callers, setup->threads * sizeof(*pool->callers), err);
	pool->callers = callers;
	for (unsigned i = 0; i < setup->threads && code == WEIR_OK; i++)
		bench_sql_value_begin(pool->callers[i].value);
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

static enum bench_sql_outcome outcome_of(enum weir_code code)
{
	switch (code) {
	case WEIR_OK:
		return BENCH_SQL_DONE;
	case WEIR_ERR_DRIVER_BUSY:
		return BENCH_SQL_BUSY;
	case WEIR_ERR_ACQUIRE_TIMEOUT:
	case WEIR_ERR_GATE_TIMEOUT:
	case WEIR_ERR_REJECTED:
		return BENCH_SQL_TIMEOUT;
	default:
		return BENCH_SQL_FAILED;
	}
}

static int update_row(struct weir_tx *tx, void *arg)
{
	const struct caller *const caller = arg;
	const struct weir_sql_value params[] = {
		weir_int64(caller->key),
		weir_blob(caller->value, sizeof(caller->value)),
	};

	return (int)weir_tx_exec(tx, bench_sql_write_text, params, 2, NULL, NULL);
}

static enum bench_sql_outcome db_write(void *opaque, unsigned thread, int64_t key)
{
	const struct db_pool *const pool = opaque;
	struct caller *const caller = &pool->callers[thread];

	bench_sql_value_next(caller->value);
	caller->key = key;
	return outcome_of(weir_db_run(pool->db, update_row, caller, NULL, NULL, NULL));
}

/* Select the row of key on tx. A row that is missing or short fails. */
static enum weir_code select_row(struct weir_tx *tx, int64_t key)
{
	const struct weir_sql_value param = weir_int64(key);
	struct weir_sql_value value = weir_null();
	struct weir_rows rows;
	enum weir_code code = weir_tx_query(tx, bench_sql_read_text, &param, 1, &rows, NULL);

	if (code != WEIR_OK)
		return code;
	if (weir_rows_next(&rows, &code, NULL))
		code = weir_rows_value(&rows, 0, &value, NULL);
	if (code == WEIR_OK &&
	    (value.type != WEIR_SQL_BLOB || value.as.data.length != BENCH_SQL_VALUE_BYTES))
		code = WEIR_ERR_DRIVER;
	weir_rows_end(&rows);
	return code;
}

static enum bench_sql_outcome db_read(void *opaque, unsigned thread, int64_t key)
{
	const struct db_pool *const pool = opaque;
	struct weir_tx tx = {0};
	enum weir_code code = weir_read_begin(pool->db, NULL, &tx, NULL);

	(void)thread;
	if (code != WEIR_OK)
		return outcome_of(code);
	code = select_row(&tx, key);
	weir_tx_end(&tx);
	return outcome_of(code);
}

static enum bench_sql_outcome db_hold_begin(void *opaque, unsigned thread)
{
	const struct weir_read_options options = {.size = sizeof(options), .snapshot = true};
	const struct db_pool *const pool = opaque;
	struct weir_tx *const tx = &pool->callers[thread].hold;
	enum weir_code code = weir_read_begin(pool->db, &options, tx, NULL);

	if (code == WEIR_OK)
		code = select_row(tx, 1);
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
	.read = db_read,
	.write = db_write,
	.hold_begin = db_hold_begin,
	.hold_end = db_hold_end,
	.counts = db_counts,
};
