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
 *
 * Who may stop a borrower: whoever has a copy of the lease (weir_cancel), whoever
 * has the connection (the driver's cancel), the guard of a script, and that of a job,
 * which also has a time budget.
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

/* ---- whether to stop ---- */

static bool is_cancelled(const struct weir__sqlite_conn *conn)
{
	const struct weir_job_guard *const guard = conn->guard;

	if (atomic_load_explicit(&conn->cancelled, memory_order_relaxed))
		return true;
	if (conn->asked != NULL && conn->asked(conn->token))
		return true;
	if (weir__sqlite_script_stops(conn))
		return true;
	return guard != NULL && guard->cancelled != NULL && guard->cancelled(guard->token);
}

static bool has_budget(const struct weir__sqlite_conn *conn)
{
	return conn->guard != NULL && conn->guard->deadline.ns != WEIR_TIME_NEVER_NS;
}

/* The clock of the last tick of the kernel: late, but some seven times as cheap.
 * This is asked before each row. */
static int64_t coarse_now_ns(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

enum weir_code weir__sqlite_stopped(const struct weir__sqlite_conn *conn)
{
	if (is_cancelled(conn))
		return WEIR_ERR_DRIVER_CANCELLED;
	if (has_budget(conn) && coarse_now_ns() >= conn->guard->deadline.ns)
		return WEIR_ERR_DRIVER_DEADLINE;
	return WEIR_OK;
}

/* Until when a statement may wait for a lock. */
static struct weir_time patience(const struct weir__sqlite_conn *conn)
{
	const struct weir_time until = weir_deadline_in(conn->busy_timeout_ns);

	if (conn->own_work)
		return conn->deadline;
	return has_budget(conn) && conn->guard->deadline.ns < until.ns ? conn->guard->deadline : until;
}

/* SQLite's busy handler: nonzero to try the lock again. tries counts from 0 for
 * each lock that is waited for. */
static int wait_for_lock(void *opaque, int tries)
{
	struct weir__sqlite_conn *const conn = opaque;

	if (tries == 0)
		conn->busy_until = patience(conn);
	if (!conn->own_work && is_cancelled(conn))
		return 0;
	return weir__sqlite_nap(conn, conn->busy_until);
}

/* SQLite's progress handler: nonzero to end the statement with INTERRUPT. */
static int look(void *opaque)
{
	const struct weir__sqlite_conn *const conn = opaque;

	if (conn->own_work)
		return conn->deadline.ns != WEIR_TIME_NEVER_NS && weir_now().ns >= conn->deadline.ns;
	if (is_cancelled(conn))
		return 1;
	return has_budget(conn) && weir_now().ns >= conn->guard->deadline.ns;
}

/* ---- callbacks ---- */

void weir__sqlite_watch(struct weir__sqlite_conn *conn)
{
	sqlite3 *const db = conn->db;

	sqlite3_busy_handler(db, wait_for_lock, conn);
	sqlite3_progress_handler(db, STEPS_PER_LOOK, look, conn);
	/* What a borrower hooked in may point to memory that is gone by the time
	 * the next one runs a statement. */
	sqlite3_trace_v2(db, 0, NULL, NULL);
	sqlite3_update_hook(db, NULL, NULL);
	sqlite3_collation_needed(db, NULL, NULL);
	if (conn->role == WEIR_ROLE_WRITER) {
		weir__sqlite_engine_watch(conn);
		return;
	}
	sqlite3_commit_hook(db, NULL, NULL);
	sqlite3_rollback_hook(db, NULL, NULL);
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
}

void weir__sqlite_cancel(void *opaque)
{
	struct weir__sqlite_conn *const conn = opaque;

	atomic_store_explicit(&conn->cancelled, true, memory_order_relaxed);
}
