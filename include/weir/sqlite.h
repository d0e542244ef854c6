/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/sqlite.h: SQLite (3.37 or newer) behind weir/driver.h, and what is
 * SQLite's own.
 *
 * URLs: sqlite:///absolute/path.db, sqlite:relative/path.db. A relative path is
 * looked up when a connection opens, so a program that changes its directory
 * names absolute ones. The file is made if it does not exist, but no directory
 * is. Each connection is opened NOMUTEX with a private cache and WAL; readers
 * and writers are equal, so writers meet SQLite's lock and wait busy_timeout
 * for it.
 *
 * Refused, each with its own message and SQLite's extended code in driver_code:
 * an in-memory database (each connection would have one of its own), SQLite's
 * file: URIs, a directory, a file that is no database or cannot be written, and
 * a network file system, where WAL's shared memory does not work.
 *
 * A lease that comes back is cleaned: running statements are reset, an open
 * transaction is rolled back, and every callback is removed or becomes the
 * driver's again (busy, progress, authorizer, trace, commit, rollback, update,
 * WAL and collation-needed hooks). Not undone: pragmas, attached databases,
 * temporary tables, functions. A holder who used those discards the lease.
 *
 * Cancelling ends the running statement, and what the holder runs afterwards,
 * with driver_code SQLITE_INTERRUPT; a write inside a transaction rolls that
 * back whole. It is noticed every thousand steps of SQLite's virtual machine
 * (some 20 microseconds) and between two tries for a lock, but not during one
 * call into the file system, such as the sync of a commit.
 *
 * Opening honours its deadline as far as SQLite waits for locks or reads the
 * schema. A file system that hangs, the replay of a WAL after a crash, and
 * SQLite's own retries to join a WAL (ten seconds at most) can exceed it.
 */
#ifndef WEIR_SQLITE_H
#define WEIR_SQLITE_H

#include <weir/base.h>
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
 * longer than the lease. Wait-free.
 */
WEIR_API struct sqlite3 *weir_sqlite_handle(const struct weir_lease *lease);

#ifdef __cplusplus
}
#endif

#endif
