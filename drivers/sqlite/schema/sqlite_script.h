/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a connection knows of the script that runs on it (weir/schema.h).
 *
 * While one runs, the authorizer lets transactions begin and end by statement, notes
 * what is prepared and tells its guard what that touches; settings that can be put
 * back do not taint the connection. Of what SQLite compiles for itself, nothing is
 * noted.
 */
#ifndef WEIR_SQLITE_SCRIPT_H
#define WEIR_SQLITE_SCRIPT_H

#include <sqlite3.h>
#include <weir/schema.h>

struct weir__sqlite_conn;

/* Settings of a connection that end puts back. */
#define WEIR__SQLITE_PUT_BACK 17

struct weir__sqlite_script {
	bool on;
	bool preparing; /* a statement of the script is being compiled */
	bool dropping;  /* a table was dropped just now: that its rows go is no more than that */
	enum weir_statement_kind kind; /* of the statement that is being compiled */
	struct weir_script_guard guard;
	int64_t before[WEIR__SQLITE_PUT_BACK]; /* settings as begin found them */
};

/* ---- sqlite_script.c ---- */

enum weir_code weir__sqlite_script_begin(void *opaque, const struct weir_script_guard *guard,
                                         bool keep_foreign_keys, struct weir_error *err);
enum weir_code weir__sqlite_script_end(void *opaque, struct weir_error *err);
void weir__sqlite_settle(void *opaque);

/* Whether the guard of the script, if there is one, says stop. */
bool weir__sqlite_script_stops(const struct weir__sqlite_conn *conn);

/* A script changes a setting: why it may not (static), or NULL; and whether end puts it
 * back. */
const char *weir__sqlite_script_refusal(const char *name, const char *argument);
bool weir__sqlite_script_puts_back(struct weir__sqlite_conn *conn, const char *name);

/* ---- sqlite_kind.c ---- */

/* A statement is about to be compiled, and was (NULL: it could not be); what it is. */
void weir__sqlite_kind_begin(struct weir__sqlite_conn *conn);
enum weir_statement_kind weir__sqlite_kind_end(struct weir__sqlite_conn *conn, sqlite3_stmt *stmt);
enum weir_statement_kind weir__sqlite_kind(void *opaque);

/* What the authorizer was asked meanwhile, as it was; but for pragmas, of which it says
 * itself that they change a setting. */
void weir__sqlite_kind_note(struct weir__sqlite_conn *conn, int action, const char *detail,
                            const char *more, const char *database);
void weir__sqlite_kind_setting(struct weir__sqlite_conn *conn, const char *name);

#endif
