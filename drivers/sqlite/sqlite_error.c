/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQLite's results as weir's codes, and the words for them.
 */
#include "sqlite_internal.h"

#include <stdio.h>
#include <string.h>

/* The low byte of a result is its kind; the rest only refines it. */
#define KIND(rc) ((rc)&0xff)

struct rc_entry {
	int kind;
	enum weir_code code;
};

/*
 * BROKEN is for what will not heal while the connection is open; kinds that are
 * not listed are a plain DRIVER error. PROTOCOL is WAL's "too many tries", a
 * lock that did not come.
 */
static const struct rc_entry rc_table[] = {
	{SQLITE_ERROR, WEIR_ERR_DRIVER_SQL},       {SQLITE_CONSTRAINT, WEIR_ERR_DRIVER_SQL},
	{SQLITE_MISMATCH, WEIR_ERR_DRIVER_SQL},    {SQLITE_MISUSE, WEIR_ERR_DRIVER_SQL},
	{SQLITE_RANGE, WEIR_ERR_DRIVER_SQL},       {SQLITE_TOOBIG, WEIR_ERR_DRIVER_SQL},
	{SQLITE_AUTH, WEIR_ERR_DRIVER_SQL},        {SQLITE_BUSY, WEIR_ERR_DRIVER_BUSY},
	{SQLITE_LOCKED, WEIR_ERR_DRIVER_BUSY},     {SQLITE_PROTOCOL, WEIR_ERR_DRIVER_BUSY},
	{SQLITE_IOERR, WEIR_ERR_DRIVER_BROKEN},    {SQLITE_CORRUPT, WEIR_ERR_DRIVER_BROKEN},
	{SQLITE_NOTADB, WEIR_ERR_DRIVER_BROKEN},   {SQLITE_CANTOPEN, WEIR_ERR_DRIVER_BROKEN},
	{SQLITE_INTERNAL, WEIR_ERR_DRIVER_BROKEN}, {SQLITE_NOMEM, WEIR_ERR_NO_MEMORY},
	{SQLITE_FULL, WEIR_ERR_DRIVER_FULL},
};

enum weir_code weir__sqlite_code(int rc)
{
	for (size_t i = 0; i < sizeof(rc_table) / sizeof(rc_table[0]); i++) {
		if (rc_table[i].kind == KIND(rc))
			return rc_table[i].code;
	}
	return WEIR_ERR_DRIVER;
}

int weir__sqlite_extended(sqlite3 *db, int rc)
{
	if (db == NULL || rc != KIND(rc) || KIND(sqlite3_extended_errcode(db)) != rc)
		return rc;
	return sqlite3_extended_errcode(db);
}

void weir__sqlite_reason(sqlite3 *db, int rc, char reason[WEIR__SQLITE_REASON_MAX])
{
	/* After a call that failed without noting it, db's words are of another. */
	const bool noted = db != NULL && KIND(sqlite3_errcode(db)) == KIND(rc);
	const char *const words = noted ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
	const bool by_system = KIND(rc) == SQLITE_CANTOPEN || KIND(rc) == SQLITE_IOERR;
	const int system = noted && by_system ? sqlite3_system_errno(db) : 0;
	char text[64];

	if (system == 0)
		(void)snprintf(reason, WEIR__SQLITE_REASON_MAX, "%s", words);
	else
		(void)snprintf(reason, WEIR__SQLITE_REASON_MAX, "%.80s: %s", words,
		               strerror_r(system, text, sizeof(text)));
}

enum weir_code weir__sqlite_fail(sqlite3 *db, int rc, const char *where, struct weir_error *err)
{
	char reason[WEIR__SQLITE_REASON_MAX];

	weir__sqlite_reason(db, rc, reason);
	return weir_fail(err, weir__sqlite_code(rc), where, weir__sqlite_extended(db, rc), "%s",
	                 reason);
}

enum weir_code weir__sqlite_fail_stopped(enum weir_code code, int rc, const char *where,
                                         struct weir_error *err)
{
	return weir_fail(err, code, where, rc,
	                 code == WEIR_ERR_DRIVER_DEADLINE ? "the job ran for longer than its budget"
	                                                  : "somebody asked the statement to stop");
}

/* What the borrower's own cancel or budget did. Asked only now: SQLite's result
 * does not tell who was behind it, and a reason that was noted in a callback could
 * be that of another statement. */
static enum weir_code stopped_by(const struct weir__sqlite_conn *conn, int rc)
{
	const enum weir_code code = weir__sqlite_stopped(conn);

	if (KIND(rc) != SQLITE_INTERRUPT && KIND(rc) != SQLITE_BUSY)
		return WEIR_OK;
	if (code == WEIR_OK && conn->guard != NULL && weir_now().ns >= conn->guard->deadline.ns)
		return WEIR_ERR_DRIVER_DEADLINE; /* it was the finer clock that saw it */
	return code;
}

enum weir_code weir__sqlite_fail_call(struct weir__sqlite_conn *conn, int rc, const char *where,
                                      struct weir_error *err)
{
	const int extended = weir__sqlite_extended(conn->db, rc);
	const enum weir_code stopped = stopped_by(conn, rc);

	if (stopped != WEIR_OK)
		return weir__sqlite_fail_stopped(stopped, extended, where, err);
	if (KIND(rc) == SQLITE_AUTH && conn->denied != NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, extended, "%s", conn->denied);
	if (KIND(rc) == SQLITE_READONLY && conn->role == WEIR_ROLE_READER)
		return weir_fail(err, WEIR_ERR_DRIVER_SQL, where, extended,
		                 "this connection only reads: write in a job or a write lease");
	return weir__sqlite_fail(conn->db, rc, where, err);
}

struct weir__sqlite_shown weir__sqlite_show(const char *path)
{
	const size_t length = strlen(path);
	struct weir__sqlite_shown shown;

	if (length < sizeof(shown.text))
		(void)snprintf(shown.text, sizeof(shown.text), "%s", path);
	else
		(void)snprintf(shown.text, sizeof(shown.text), "...%s",
		               path + length - (sizeof(shown.text) - sizeof("...")));
	return shown;
}
