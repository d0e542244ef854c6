/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Around a script: foreign keys off and on again, and every setting that it changed
 * as it was. SQLite takes a change of foreign_keys outside a transaction only, and
 * ignores it inside; so begin comes before the transaction and end after it.
 *
 * What weir knows of its transactions stays right whatever a script does: one that it
 * began itself ends by itself only by being rolled back (the commit hook sees to that,
 * as in a job); one that the script began is none of weir's. Settings that cannot be
 * put back taint the connection as ever, and weir_db opens another.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <string.h>

static const char where[] = "sqlite.script";

/* ---- settings ---- */

/* Those whose value can be read, and set again to the same effect. */
static const char
	*const put_back[] =
		{
			"foreign_keys",
			"analysis_limit",
			"automatic_index",
			"cache_size",
			"cell_size_check",
			"checkpoint_fullfsync",
			"defer_foreign_keys", /* ends with a transaction, but begins outside of any, too */
			"fullfsync",
			"ignore_check_constraints",
			"legacy_alter_table",
			"query_only",
			"read_uncommitted",
			"recursive_triggers",
			"reverse_unordered_selects",
			"threads",
			"trusted_schema",
			"writable_schema",
};

_Static_assert(sizeof(put_back) / sizeof(put_back[0]) == WEIR__SQLITE_PUT_BACK,
               "as many values as names");

#define FOREIGN_KEYS 0 /* of put_back */
#define UNKNOWN (-1)   /* of synchronous_now: no level, so that the next begin sets one */

struct refusal {
	const char *name;
	const char *harmless; /* the argument that changes nothing here; or NULL */
	const char *reason;
};

static const struct refusal refusals[] = {
	{"journal_mode", "wal",
     "a script may not change the journal mode: weir keeps it at WAL, which readers need"},
	{"locking_mode", "normal", "a script may not keep locks: every other connection would wait"},
	{"wal_autocheckpoint", NULL,
     "a script may not checkpoint: weir does, and by the setting wal_ceiling"},
};

const char *weir__sqlite_script_refusal(const char *name, const char *argument)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (sqlite3_stricmp(refusals[i].name, name) != 0)
			continue;
		if (refusals[i].harmless != NULL && sqlite3_stricmp(refusals[i].harmless, argument) == 0)
			return NULL;
		return refusals[i].reason;
	}
	return NULL;
}

/* A setting that was refused unless it changes nothing is as it was, too. */
static bool is_harmless(const char *name)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (sqlite3_stricmp(refusals[i].name, name) == 0)
			return true;
	}
	return false;
}

bool weir__sqlite_script_puts_back(struct weir__sqlite_conn *conn, const char *name)
{
	if (conn->engine.is_writer && sqlite3_stricmp(name, "synchronous") == 0) {
		conn->engine.synchronous_now = UNKNOWN;
		return true;
	}
	for (size_t i = 0; i < WEIR__SQLITE_PUT_BACK; i++) {
		if (sqlite3_stricmp(put_back[i], name) == 0)
			return true;
	}
	return is_harmless(name);
}

/* A setting that this SQLite does not have yields no row; its value is 0. */
static int read_setting(sqlite3 *db, const char *name, int64_t *value)
{
	sqlite3_stmt *stmt = NULL;
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA %s", name);

	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

	*value = 0;
	if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		*value = sqlite3_column_int64(stmt, 0);
	if (rc == SQLITE_OK)
		rc = sqlite3_reset(stmt);
	(void)sqlite3_finalize(stmt);
	return rc;
}

static int write_setting(sqlite3 *db, const char *name, int64_t value)
{
	char sql[96];

	(void)snprintf(sql, sizeof(sql), "PRAGMA %s=%lld", name, (long long)value);
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int note_settings(struct weir__sqlite_conn *conn)
{
	int rc = SQLITE_OK;

	for (size_t i = 0; i < WEIR__SQLITE_PUT_BACK && rc == SQLITE_OK; i++)
		rc = read_setting(conn->db, put_back[i], &conn->script.before[i]);
	return rc;
}

/* Set it unless it is so. *kept: it is so in the end. */
static int put_one_back(struct weir__sqlite_conn *conn, size_t which, bool *kept)
{
	const int64_t wanted = conn->script.before[which];
	int64_t value = 0;
	int rc = read_setting(conn->db, put_back[which], &value);

	if (rc == SQLITE_OK && value != wanted)
		rc = write_setting(conn->db, put_back[which], wanted);
	if (rc == SQLITE_OK && value != wanted)
		rc = read_setting(conn->db, put_back[which], &value);
	*kept = rc == SQLITE_OK && value == wanted;
	return rc;
}

static enum weir_code put_all_back(struct weir__sqlite_conn *conn, struct weir_error *err)
{
	const struct weir__sqlite_engine *const engine = &conn->engine;

	for (size_t i = 0; i < WEIR__SQLITE_PUT_BACK; i++) {
		bool kept = false;
		const int rc = put_one_back(conn, i, &kept);

		if (!kept)
			return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, where, rc,
			                 "PRAGMA %s cannot be set back to %lld: %s", put_back[i],
			                 (long long)conn->script.before[i], sqlite3_errmsg(conn->db));
	}
	if (!engine->is_writer || engine->synchronous_now != UNKNOWN)
		return WEIR_OK;

	const int rc = weir__sqlite_harden(conn, engine->synchronous);

	if (rc == SQLITE_OK)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, where, rc,
	                 "PRAGMA synchronous cannot be set back: %s", sqlite3_errmsg(conn->db));
}

/* ---- begin and end ---- */

static const struct weir_time never = {WEIR_TIME_NEVER_NS};

static enum weir_code check_begin(const struct weir__sqlite_conn *conn, struct weir_error *err)
{
	if (conn->script.on)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_MISUSE,
		                 "a script runs on the connection already");
	if (conn->in_job || sqlite3_get_autocommit(conn->db) == 0)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, SQLITE_MISUSE,
		                 "a transaction is open: a script begins outside of any");
	return WEIR_OK;
}

enum weir_code weir__sqlite_script_begin(void *opaque, const struct weir_script_guard *guard,
                                         bool keep_foreign_keys, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	struct weir__sqlite_script *const script = &conn->script;
	const enum weir_code code = check_begin(conn, err);

	if (code != WEIR_OK)
		return code;
	*script = (struct weir__sqlite_script){0};
	weir__sqlite_begin_work(conn, never);

	int rc = note_settings(conn);

	if (rc == SQLITE_OK && !keep_foreign_keys)
		rc = write_setting(conn->db, put_back[FOREIGN_KEYS], 0);
	weir__sqlite_end_work(conn);
	if (rc != SQLITE_OK)
		return weir__sqlite_fail(conn->db, rc, where, err);
	if (guard != NULL)
		memcpy(&script->guard, guard,
		       guard->size < sizeof(script->guard) ? guard->size : sizeof(script->guard));
	script->on = true;
	return WEIR_OK;
}

enum weir_code weir__sqlite_script_end(void *opaque, struct weir_error *err)
{
	struct weir__sqlite_conn *const conn = opaque;
	enum weir_code code = WEIR_OK;

	if (!conn->script.on)
		return WEIR_OK;
	/* The guard belongs to a caller who does not expect to be asked any more. */
	conn->script.on = false;
	conn->script.guard = (struct weir_script_guard){0};
	weir__sqlite_settle(conn);
	if (conn->engine.in_txn || sqlite3_get_autocommit(conn->db) == 0)
		code = weir__sqlite_roll_back(conn, err);
	weir__sqlite_begin_work(conn, never);
	weir__sqlite_watch(conn); /* PRAGMA busy_timeout takes the place of a callback */
	if (code == WEIR_OK)
		code = put_all_back(conn, err);
	weir__sqlite_end_work(conn);
	if (code != WEIR_OK && conn->taint[0] == '\0') /* whoever is told may have another error */
		(void)snprintf(conn->taint, sizeof(conn->taint), "the settings of a script");
	return code;
}

/* ---- while it runs ---- */

bool weir__sqlite_script_stops(const struct weir__sqlite_conn *conn)
{
	const struct weir_script_guard *const guard = &conn->script.guard;

	return conn->script.on && guard->stop != NULL && guard->stop(guard->arg);
}

void weir__sqlite_settle(void *opaque)
{
	struct weir__sqlite_conn *const conn = opaque;

	weir__sqlite_begin_work(conn, never);
	(void)weir__sqlite_reset_all(conn->db);
	weir__sqlite_end_work(conn);
}
