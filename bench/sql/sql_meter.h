/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the SQL scenarios count beneath SQLite, alike on every side: how often a
 * file was synced, by a thin VFS that passes everything on; and how long a
 * checkpoint kept the connection that made it, by doing exactly what SQLite's
 * own automatic checkpoint does, with a clock before and after.
 */
#ifndef BENCH_SQL_METER_H
#define BENCH_SQL_METER_H

#include <sqlite3.h>
#include <stdint.h>

/* Put the counting VFS before every connection that this process opens from now
 * on. Calling it again does nothing. Returns a result code of SQLite's. */
int bench_sql_meter_install(void);

/* Files synced by this process so far. */
uint64_t bench_sql_meter_syncs(void);

/* Have db checkpoint after a commit that leaves this many pages in its WAL, in
 * place of SQLite's own automatic checkpoint. */
void bench_sql_meter_checkpoint(sqlite3 *db, int pages);

/* The longest of these checkpoints since this was last called, in nanoseconds; 0
 * if there was none. */
int64_t bench_sql_meter_take_stall(void);

#endif
