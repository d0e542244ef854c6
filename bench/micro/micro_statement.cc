/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A select of one row by key: a statement that stays prepared on a connection in
 * hand (the floor), weir's read lease with its cache of statements, the cache
 * alone within one lease, and preparing anew each time, which is what a cache
 * saves.
 */
#include <weir/db.h>
#include <weir/weir.h>

#include "micro.h"
#include "scratch_db.h"

namespace
{

using micro::give_up;
using micro::scratch_db;

int64_t key_of(int64_t round)
{
	return 1 + round % scratch_db::rows;
}

void step_raw(sqlite3_stmt *statement, int64_t key)
{
	(void)sqlite3_bind_int64(statement, 1, key);
	if (sqlite3_step(statement) != SQLITE_ROW)
		give_up("a row is missing");
	benchmark::DoNotOptimize(sqlite3_column_int64(statement, 0));
	(void)sqlite3_reset(statement);
}

void run_raw(benchmark::State &state)
{
	scratch_db db;
	sqlite3_stmt *const statement = db.prepare(micro::select_row);
	int64_t round = 0;

	for ([[maybe_unused]] auto again : state)
		step_raw(statement, key_of(round++));
	(void)sqlite3_finalize(statement);
}

void run_prepare(benchmark::State &state)
{
	scratch_db db;
	int64_t round = 0;

	for ([[maybe_unused]] auto again : state) {
		sqlite3_stmt *const statement = db.prepare(micro::select_row);

		step_raw(statement, key_of(round++));
		(void)sqlite3_finalize(statement);
	}
}

void step_weir(weir_tx *tx, int64_t key)
{
	const weir_sql_value param = weir_int64(key);
	weir_sql_value value = weir_null();
	weir_error err = WEIR_ERROR_INIT;
	weir_code code = WEIR_OK;
	weir_rows rows;

	if (weir_tx_query(tx, micro::select_row, &param, 1, &rows, &err) != WEIR_OK ||
	    !weir_rows_next(&rows, &code, &err) || weir_rows_value(&rows, 0, &value, &err) != WEIR_OK)
		give_up("a row is missing", err);
	benchmark::DoNotOptimize(value);
	weir_rows_end(&rows);
}

void begin(weir_db *db, weir_tx *tx)
{
	weir_error err = WEIR_ERROR_INIT;

	if (weir_read_begin(db, nullptr, tx, &err) != WEIR_OK)
		give_up("no read lease", err);
}

void run_lease(benchmark::State &state)
{
	scratch_db db;
	int64_t round = 0;

	for ([[maybe_unused]] auto again : state) {
		weir_tx tx = {};

		begin(db.weir(), &tx);
		step_weir(&tx, key_of(round++));
		weir_tx_end(&tx);
	}
}

void run_cached(benchmark::State &state)
{
	scratch_db db;
	weir_tx tx = {};
	int64_t round = 0;

	begin(db.weir(), &tx);
	for ([[maybe_unused]] auto again : state)
		step_weir(&tx, key_of(round++));
	weir_tx_end(&tx);
}

} // namespace

micro::family micro::register_statement()
{
	benchmark::RegisterBenchmark("statement/raw", run_raw);
	benchmark::RegisterBenchmark("statement/weir", run_lease);
	benchmark::RegisterBenchmark("statement/cached", run_cached);
	benchmark::RegisterBenchmark("statement/prepare", run_prepare);
	return {"statement",
	        "select one row by key",
	        axis::none,
	        false,
	        {"raw", "weir", "cached", "prepare"},
	        0.0};
}
