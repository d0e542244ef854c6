/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/sqlite.h: SQLite (3.37 or newer) behind weir/driver.h, and what is
 * SQLite's own.
 *
 * URLs: sqlite:///absolute/path.db, sqlite:relative/path.db. A relative path is
 * looked up when a connection opens, so a program that changes its directory
 * names absolute ones. The file is made if it does not exist, but no directory
 * is. Each connection is opened NOMUTEX with a private cache and WAL. In a bare
 * pool all connections are equal, so writers meet SQLite's lock and wait
 * busy_timeout for it; weir_db opens one that writes, and others that only read.
 *
 * Refused, each with its own message and SQLite's extended code in driver_code:
 * an in-memory database (each connection would have one of its own; weir_db, which
 * then opens only one, takes sqlite::memory:), SQLite's file: URIs, a directory, a
 * file that is no database or cannot be written, and a network file system, where
 * WAL's shared memory does not work.
 *
 * Files are opened through the VFS that is the default when a connection is opened.
 * With metrics=true weir_db's writer, and the connection that copies the log, have one
 * of their own in between, which times syncs and hands on everything else; readers and
 * bare pools do not.
 *
 * A lease that comes back is cleaned: running statements are reset and an open
 * transaction is rolled back. If the holder had the sqlite3 handle, every callback
 * (busy, progress, trace, commit, rollback, update, WAL and collation-needed hooks)
 * and limit becomes the driver's again. What cannot be undone is a taint, and closes
 * the connection: a setting changed by PRAGMA, an attached database, something
 * temporary that is still there. Not noticed: functions, collations and modules, and
 * what sqlite3_db_config changes; a holder who used those discards the lease.
 *
 * The authorizer is the driver's: it notices the above. A holder who replaces it
 * is not watched meanwhile, and makes SQLite compile the connection's statements
 * once more. On weir_db it also refuses, with SQLITE_AUTH, what is weir's: BEGIN,
 * COMMIT, ROLLBACK, checkpoints and ATTACH; in jobs savepoints and settings, too.
 *
 * Cancelling (weir_cancel, a ticket, a job's budget) ends the running statement, and
 * what the holder runs afterwards, with DRIVER_CANCELLED or DRIVER_DEADLINE; a
 * write inside a transaction that was running rolls that back whole. It is noticed
 * before each step, every thousand steps of SQLite's virtual machine (some 20
 * microseconds) and between two tries for a lock, but not during one call into the
 * file system, such as the sync of a commit.
 *
 * Opening honours its deadline as far as SQLite waits for locks or reads the
 * schema. A file system that hangs, the replay of a WAL after a crash, and
 * SQLite's own retries to join a WAL (ten seconds at most) can exceed it.
 */
#ifndef WEIR_SQLITE_H
#define WEIR_SQLITE_H

#include <weir/base.h>
#include <weir/db.h>
#include <weir/driver.h>
#include <weir/lease.h>

struct sqlite3;

#ifdef __cplusplus
extern "C" {
#endif

/* The driver. Static storage; any thread; wait-free. */
WEIR_API const struct weir_driver *weir_sqlite_driver(void);

/*
 * The sqlite3 handle of a held lease, NULL if the lease is empty or another
 * driver's. The holder may do anything with it but close it, and uses it no
 * longer than the lease; returning the lease then takes half a microsecond more.
 * Wait-free.
 */
WEIR_API struct sqlite3 *weir_sqlite_handle(const struct weir_lease *lease);

/*
 * The sqlite3 handle behind a read, a write lease or a job of weir_db; NULL if
 * tx is over or another driver's. The caller prepares, binds and steps; it does
 * not close it, end the transaction, or keep it longer than tx. Wait-free.
 */
WEIR_API struct sqlite3 *weir_sqlite_tx_handle(const struct weir_tx *tx);

/*
 * Whether a version of SQLite (sqlite3_libversion_number) can lose committed
 * transactions when a checkpoint meets a restart of the WAL: 3.7.0 to 3.51.2, but
 * for 3.44.6 and 3.50.7 and later of their branches. 0: the linked one. weir_db
 * is safe all the same; foreign connections to its file are not. Wait-free.
 */
WEIR_API bool weir_sqlite_is_vulnerable(int version);

/*
 * Switch off SQLite's memory statistics for the whole process, which otherwise
 * take one mutex at every allocation of every thread. Only before anything has
 * used SQLite. Owner. Errors: BAD_ARGUMENT (SQLite is in use already; nothing
 * was changed).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_sqlite_drop_memory_statistics(struct weir_error *err);

#ifdef __cplusplus
}
#endif

#endif
