/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether SQLite may go on: its busy handler and its progress handler.
 *
 * Why not sqlite3_busy_timeout: its pauses grow to 100 ms, so that who came last
 * asks most often and who waited longest asks least; and it knows no deadline
 * and no cancel. Here all pauses are alike.
 *
 * Why not sqlite3_interrupt: it belongs to the connection, not to the lease. It
 * is dropped if no statement happens to run, and can hit the next borrower's.
 */
#include "sqlite_internal.h"

#include <errno.h>
#include <time.h>

/* Steps of SQLite's virtual machine between two looks at deadline and cancel:
 * some 20 microseconds apart, at a cost that cannot be measured. */
#define STEPS_PER_LOOK 1000

/* A pause is between half of this and all of it: drawn, so that connections
 * that met at a lock do not come back to it in step. */
#define PAUSE_NS WEIR_MILLISECONDS(1)

#define NS_PER_SECOND INT64_C(1000000000)

static uint32_t draw(struct weir__sqlite_conn *conn)
{
	conn->random ^= conn->random << 13;
	conn->random ^= conn->random >> 17;
	conn->random ^= conn->random << 5;
	return conn->random;
}

bool weir__sqlite_nap(struct weir__sqlite_conn *conn, struct weir_time until)
{
	const struct weir_time now = weir_now();

	if (now.ns >= until.ns)
		return false;

	const int64_t pause_ns = PAUSE_NS / 2 + (int64_t)(draw(conn) % (uint32_t)(PAUSE_NS / 2));
	const int64_t left_ns = until.ns - now.ns;
	const int64_t wake_ns = now.ns + (pause_ns < left_ns ? pause_ns : left_ns);
	const struct timespec wake = {
		.tv_sec = (time_t)(wake_ns / NS_PER_SECOND),
		.tv_nsec = (long)(wake_ns % NS_PER_SECOND),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR) {
	}
	return true;
}

static bool is_cancelled(const struct weir__sqlite_conn *conn)
{
	return atomic_load_explicit(&conn->cancelled, memory_order_relaxed);
}

/* SQLite's busy handler: nonzero to try the lock again. tries counts from 0 for
 * each lock that is waited for. */
static int wait_for_lock(void *opaque, int tries)
{
	struct weir__sqlite_conn *const conn = opaque;

	if (tries == 0)
		conn->busy_until = conn->own_work ? conn->deadline
		                                  : weir_deadline_in(conn->busy_timeout_ns);
	if (!conn->own_work && is_cancelled(conn))
		return 0;
	return weir__sqlite_nap(conn, conn->busy_until);
}

/* SQLite's progress handler: nonzero to end the statement with INTERRUPT. */
static int look(void *opaque)
{
	const struct weir__sqlite_conn *const conn = opaque;

	if (conn->own_work)
		return weir_now().ns >= conn->deadline.ns;
	return is_cancelled(conn);
}

void weir__sqlite_watch(struct weir__sqlite_conn *conn)
{
	sqlite3 *const db = conn->db;

	sqlite3_busy_handler(db, wait_for_lock, conn);
	sqlite3_progress_handler(db, STEPS_PER_LOOK, look, conn);
	/* What a borrower hooked in may point to memory that is gone by the time
	 * the next one runs a statement. */
	sqlite3_set_authorizer(db, NULL, NULL);
	sqlite3_trace_v2(db, 0, NULL, NULL);
	sqlite3_commit_hook(db, NULL, NULL);
	sqlite3_rollback_hook(db, NULL, NULL);
	sqlite3_update_hook(db, NULL, NULL);
	sqlite3_collation_needed(db, NULL, NULL);
	sqlite3_wal_autocheckpoint(db, conn->wal_autocheckpoint); /* this one is the WAL hook */
}

void weir__sqlite_begin_work(struct weir__sqlite_conn *conn, struct weir_time deadline)
{
	conn->own_work = true;
	conn->deadline = deadline;
}

void weir__sqlite_end_work(struct weir__sqlite_conn *conn)
{
	conn->own_work = false;
	atomic_store_explicit(&conn->cancelled, false, memory_order_relaxed);
}

void weir__sqlite_cancel(void *opaque)
{
	struct weir__sqlite_conn *const conn = opaque;

	atomic_store_explicit(&conn->cancelled, true, memory_order_relaxed);
}
