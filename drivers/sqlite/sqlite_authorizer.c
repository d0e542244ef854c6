/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a borrower's statement may not do, and what it leaves behind: SQLite's
 * authorizer, asked while a statement is compiled.
 *
 * It is installed once, when the connection opens. To install it anew, or take it
 * away, would make SQLite compile every statement of the connection again; so
 * what it answers depends on the connection's state instead. A statement that was
 * compiled is not asked about again when it runs: nothing may be allowed at one
 * time that must be denied at another, unless running it then does no harm.
 *
 *   statement               bare pool   weir_db
 *   BEGIN, COMMIT, ROLLBACK allowed     denied: weir begins and ends transactions
 *   SAVEPOINT, RELEASE      allowed     denied in a job, and for the name "weir"
 *   ATTACH                  suspected   denied: it is for one connection only, and
 *                                       commits of two WAL files are not atomic
 *   CREATE TEMP …           suspected   suspected
 *   PRAGMA                  the table below
 *
 * A script (weir/schema.h) may begin and end transactions, and change the settings that
 * are put back after it; it may not attach, copy the database, nor checkpoint. What it has
 * prepared, and only it may run, runs no more when it has ended.
 *
 * Suspected: the reset looks whether it is still there. What SQLite itself
 * compiles while a statement runs (VACUUM attaches a database and begins a
 * transaction, a virtual table may set a savepoint) is not the borrower's.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <string.h>

/* What a pragma with an argument means for the connection. */
enum effect {
	SETS = 0,     /* changes it, for the next borrower too: a taint */
	READS,        /* the argument says what to read */
	WRITES,       /* changes the database, like any statement */
	TILL_THE_END, /* holds until the transaction ends */
	REPLACES,     /* puts a callback in place of the driver's: the reset undoes it */
	CHECKPOINTS,  /* on weir_db that needs the gate */
};

struct pragma {
	const char *name;
	enum effect effect;
};

/* Alphabetical; what is not here SETS. */
static const struct pragma pragmas[] = {
	{"application_id", WRITES},
	{"busy_timeout", REPLACES},
	{"collation_list", READS},
	{"compile_options", READS},
	{"data_version", READS},
	{"database_list", READS},
	{"defer_foreign_keys", TILL_THE_END},
	{"foreign_key_check", READS},
	{"foreign_key_list", READS},
	{"freelist_count", READS},
	{"function_list", READS},
	{"incremental_vacuum", WRITES},
	{"index_info", READS},
	{"index_list", READS},
	{"index_xinfo", READS},
	{"integrity_check", READS},
	{"module_list", READS},
	{"optimize", WRITES},
	{"page_count", READS},
	{"pragma_list", READS},
	{"quick_check", READS},
	{"shrink_memory", READS},
	{"table_info", READS},
	{"table_list", READS},
	{"table_xinfo", READS},
	{"user_version", WRITES},
	{"wal_autocheckpoint", REPLACES},
	{"wal_checkpoint", CHECKPOINTS},
};

static enum effect effect_of(const char *name)
{
	for (size_t i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
		if (sqlite3_stricmp(pragmas[i].name, name) == 0)
			return pragmas[i].effect;
	}
	return SETS;
}

static int deny(struct weir__sqlite_conn *conn, const char *reason)
{
	conn->denied = reason;
	return SQLITE_DENY;
}

static int taint(struct weir__sqlite_conn *conn, const char *what, const char *name)
{
	if (conn->taint[0] == '\0')
		(void)snprintf(conn->taint, sizeof(conn->taint), "%s %.40s", what, name);
	return SQLITE_OK;
}

static int suspect(struct weir__sqlite_conn *conn, uint32_t bit)
{
	conn->suspect |= bit;
	return SQLITE_OK;
}

/* Whether SQLite compiles for itself: inside a step of weir/sql.h, or inside a
 * VACUUM that the borrower runs by the handle. */
static bool is_internal(const struct weir__sqlite_conn *conn)
{
	if (conn->stepping)
		return true;
	for (sqlite3_stmt *stmt = sqlite3_next_stmt(conn->db, NULL); stmt != NULL;
	     stmt = sqlite3_next_stmt(conn->db, stmt)) {
		if (sqlite3_stmt_busy(stmt) && sqlite3_strlike("%vacuum%", sqlite3_sql(stmt), 0) == 0)
			return true;
	}
	return false;
}

static int judge_transaction(struct weir__sqlite_conn *conn)
{
	if (conn->role == WEIR_ROLE_ANY || conn->script.on || is_internal(conn))
		return SQLITE_OK;
	if (conn->in_job)
		return deny(conn, "a job may not begin or end transactions: weir does, around it");
	if (conn->role == WEIR_ROLE_READER)
		return deny(conn, "a read may not begin or end transactions: ask for a snapshot instead");
	return deny(conn, "a write lease may not begin or end transactions by a statement: use "
	                  "weir_write_commit or weir_tx_end");
}

static int judge_savepoint(struct weir__sqlite_conn *conn, const char *name)
{
	if (conn->role == WEIR_ROLE_ANY)
		return SQLITE_OK;
	if (sqlite3_stricmp(name, "weir") == 0)
		return deny(conn, "the savepoint \"weir\" is weir's own: use another name");
	if (conn->in_job && !is_internal(conn))
		return deny(conn, "a job may not set savepoints: it is one, and undone as a whole");
	return SQLITE_OK;
}

/* VACUUM attaches a file of no name, VACUUM INTO the one that it makes. */
static int judge_attach(struct weir__sqlite_conn *conn, const char *file)
{
	const bool internal = is_internal(conn);

	if (internal && conn->script.on && file != NULL && file[0] != '\0')
		return deny(conn, "a script may not make a copy of the database: who rehearsed it would "
		                  "have made it already");
	if (internal)
		return SQLITE_OK;
	if (conn->script.on)
		return deny(conn, "a script may not attach or detach databases: its commit would not "
		                  "cover both");
	if (conn->role != WEIR_ROLE_ANY)
		return deny(conn, "a connection of weir_db may not attach databases: no other would have "
		                  "them, and a commit would not cover both");
	return suspect(conn, WEIR__SQLITE_SUSPECT_ATTACHED);
}

/* What a script sets. REPLACES is undone at its end, like what is put back. */
static int judge_script_setting(struct weir__sqlite_conn *conn, const char *name,
                                const char *argument, enum effect effect)
{
	const char *const refusal = weir__sqlite_script_refusal(name, argument);

	if (refusal != NULL)
		return deny(conn, refusal);
	weir__sqlite_kind_setting(conn, name);
	if (effect == SETS && !weir__sqlite_script_puts_back(conn, name))
		return taint(conn, "PRAGMA", name);
	return SQLITE_OK;
}

static int judge_setting(struct weir__sqlite_conn *conn, const char *name, const char *argument,
                         enum effect effect)
{
	if (conn->in_job)
		return deny(conn, "a job may not change settings by PRAGMA: others share its transaction");
	if (conn->role == WEIR_ROLE_READER && sqlite3_stricmp(name, "query_only") == 0)
		return deny(conn, "this connection only reads: write in a job or a write lease");
	if (conn->role != WEIR_ROLE_ANY && sqlite3_stricmp(name, "wal_autocheckpoint") == 0)
		return deny(conn, "weir_db checkpoints by itself: set wal_ceiling instead");
	if (effect == TILL_THE_END)
		return SQLITE_OK;
	if (conn->script.on)
		return judge_script_setting(conn, name, argument, effect);
	if (effect == SETS)
		return taint(conn, "PRAGMA", name);
	conn->exposed = true;
	return SQLITE_OK;
}

static int judge_pragma(struct weir__sqlite_conn *conn, const char *name, const char *argument)
{
	const enum effect effect = effect_of(name);

	if (effect == CHECKPOINTS && (conn->role != WEIR_ROLE_ANY || conn->script.on))
		return deny(conn, "weir_db checkpoints by itself: call weir_db_checkpoint");
	if (argument == NULL || effect == CHECKPOINTS || effect == READS || effect == WRITES)
		return SQLITE_OK;
	return judge_setting(conn, name, argument, effect);
}

/* SQLite's authorizer. The detail depends on the action. */
static int judge(void *opaque, int action, const char *detail, const char *more,
                 const char *database, const char *inner)
{
	struct weir__sqlite_conn *const conn = opaque;

	(void)inner;
	if (conn->own_work) {
		conn->heard = true;
		return SQLITE_OK;
	}
	weir__sqlite_kind_note(conn, action, detail, more, database);
	switch (action) {
	case SQLITE_PRAGMA:
		return judge_pragma(conn, detail, more);
	case SQLITE_TRANSACTION:
		return judge_transaction(conn);
	case SQLITE_SAVEPOINT:
		return judge_savepoint(conn, more);
	case SQLITE_ATTACH:
		return judge_attach(conn, detail);
	case SQLITE_CREATE_TEMP_INDEX:
	case SQLITE_CREATE_TEMP_TABLE:
	case SQLITE_CREATE_TEMP_TRIGGER:
	case SQLITE_CREATE_TEMP_VIEW:
		return suspect(conn, WEIR__SQLITE_SUSPECT_TEMPORARY);
	case SQLITE_INSERT: /* a trigger by "temp.name" is told as one of its table's database */
		return strcmp(detail, "sqlite_temp_master") != 0
		           ? SQLITE_OK
		           : suspect(conn, WEIR__SQLITE_SUSPECT_TEMPORARY);
	case SQLITE_CREATE_TABLE: /* by "temp.name" */
	case SQLITE_CREATE_VIEW:
	case SQLITE_CREATE_VTABLE:
		return strcmp(database, "temp") != 0 ? SQLITE_OK
		                                     : suspect(conn, WEIR__SQLITE_SUSPECT_TEMPORARY);
	default:
		return SQLITE_OK;
	}
}

bool weir__sqlite_authorize(struct weir__sqlite_conn *conn)
{
	sqlite3_stmt *stmt = NULL;

	/* The shortest text that is asked about; it is never run. */
	conn->heard = false;
	(void)sqlite3_prepare_v2(conn->db, "COMMIT", -1, &stmt, NULL);
	(void)sqlite3_finalize(stmt);
	if (!conn->heard)
		(void)sqlite3_set_authorizer(conn->db, judge, conn);
	return conn->heard;
}
