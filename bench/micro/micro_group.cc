/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Updates of one row each, by how many share a transaction: one thread that does
 * so by SQLite's own means (the floor), and as many jobs submitted to weir at
 * once, which commits them as a group. Times are of one row; nothing is synced,
 * so that what is left is what a member costs.
 */
#include <vector>

#include <weir/db.h>
#include <weir/weir.h>

#include "micro.h"
#include "scratch_db.h"

namespace
{

using micro::give_up;
using micro::scratch_db;

constexpr int64_t size_max = 128;

void step(sqlite3_stmt *statement)
{
	if (sqlite3_step(statement) != SQLITE_DONE)
		give_up("SQLite refused a write");
	(void)sqlite3_reset(statement);
}

void run_raw(benchmark::State &state)
{
	scratch_db db;
	sqlite3_stmt *const begin = db.prepare("BEGIN IMMEDIATE");
	sqlite3_stmt *const update = db.prepare(micro::update_row);
	sqlite3_stmt *const commit = db.prepare("COMMIT");
	int64_t key = 0;

	while (state.KeepRunningBatch(state.range(0))) {
		step(begin);
		for (int64_t i = 0; i < state.range(0); i++) {
			(void)sqlite3_bind_int64(update, 1, 1 + key++ % scratch_db::rows);
			step(update);
		}
		step(commit);
	}
	for (sqlite3_stmt *statement : {begin, update, commit})
		(void)sqlite3_finalize(statement);
}

int update_one(weir_tx *tx, void *arg)
{
	const weir_sql_value param = weir_int64(*static_cast<int64_t *>(arg));

	return weir_tx_exec(tx, micro::update_row, &param, 1, nullptr, nullptr) == WEIR_OK ? 0 : -1;
}

void run_weir(benchmark::State &state)
{
	scratch_db db;
	weir_error err = WEIR_ERROR_INIT;
	std::vector<weir_ticket *> tickets(static_cast<size_t>(state.range(0)));
	std::vector<int64_t> keys(tickets.size());
	int64_t key = 0;

	while (state.KeepRunningBatch(state.range(0))) {
		for (size_t i = 0; i < tickets.size(); i++) {
			keys[i] = 1 + key++ % scratch_db::rows;
			if (weir_db_submit(db.weir(), update_one, &keys[i], nullptr, &tickets[i], &err) !=
			    WEIR_OK)
				give_up("weir refused a job", err);
		}
		for (weir_ticket *ticket : tickets)
			if (weir_ticket_collect(ticket, weir_deadline_in(WEIR_SECONDS(60)), nullptr, &err) !=
			    WEIR_OK)
				give_up("a job failed", err);
	}
}

} // namespace

micro::family micro::register_group()
{
	benchmark::RegisterBenchmark("group/raw", run_raw)
		->RangeMultiplier(4)
		->Range(1, size_max)
		->UseRealTime();
	benchmark::RegisterBenchmark("group/weir", run_weir)
		->RangeMultiplier(4)
		->Range(1, size_max)
		->UseRealTime();
	return {"group", "update one row, by rows in a transaction", axis::size, true, {"raw", "weir"},
	        0.0};
}
