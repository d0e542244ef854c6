/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Around each job of a group: what it may not do while it runs, and what it has
 * left when it returns.
 *
 * A job shares its transaction with others, so it must neither end it nor leave
 * in it what would make the commit fail for all. Statements that end or nest it
 * are denied by the authorizer; here are the ways that no authorizer sees: OR
 * ROLLBACK, RAISE(ROLLBACK), a write that was interrupted or met an I/O error
 * (SQLite then rolls back everything), a commit through a handle whose
 * authorizer was taken away (the commit hook made a rollback of it), a deferred
 * constraint that is still broken, and statements that still run.
 */
#include "sqlite_internal.h"

void weir__sqlite_job_begin(void *opaque, const struct weir_job_guard *guard)
{
	struct weir__sqlite_conn *const conn = opaque;

	conn->guard = guard;
	conn->in_job = true;
}

/* Whether something must be undone because a deferred constraint is broken: all
 * others of the group would fail at commit with it. */
static bool owes_keys(sqlite3 *db)
{
	int owed = 0;
	int highest = 0;

	(void)sqlite3_db_status(db, SQLITE_DBSTATUS_DEFERRED_FKS, &owed, &highest, 0);
	return owed != 0;
}

static enum weir_job_end refuse(enum weir_job_end end, int rc, const char *reason,
                                struct weir_error *err)
{
	(void)weir_fail(err, WEIR_ERR_DRIVER_SQL, "sqlite.job", rc, "%s", reason);
	return end;
}

enum weir_job_end weir__sqlite_job_end(void *opaque, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	sqlite3 *const db = conn->db;
	/* Others than weir's own can only be there if somebody had the handle; the
	 * rest is caught when the transaction is to end. */
	const int rc = conn->exposed ? weir__sqlite_reset_all(db) : SQLITE_OK;

	conn->guard = NULL;
	conn->in_job = false;
	if (conn->engine.gone || sqlite3_get_autocommit(db) != 0)
		return refuse(WEIR_JOB_LOST, SQLITE_ABORT_ROLLBACK,
		              "a statement of the job rolled the whole transaction back", err);
	if (rc != SQLITE_OK) {
		(void)weir__sqlite_fail(db, rc, "sqlite.job", err);
		return WEIR_JOB_REFUSED;
	}
	if (owes_keys(db))
		return refuse(WEIR_JOB_REFUSED, SQLITE_CONSTRAINT_FOREIGNKEY,
		              "FOREIGN KEY constraint failed: a deferred one is broken when the job ends",
		              err);
	return WEIR_JOB_SOUND;
}
