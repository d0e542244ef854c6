/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a statement of a script is and touches, as SQLite's own parser says it: from
 * what the authorizer is asked while it is compiled. Only VACUUM is not asked about.
 */
#include "sqlite_internal.h"

#include <string.h>

/* ---- what it touches ---- */

struct touching {
	const char *type; /* NULL: not told */
	enum weir_touch touch;
	bool on_table; /* more is the table that it is on */
};

/* By SQLite's action. What is temporary is gone with the script, and not told. */
static const struct touching touchings[] = {
	[SQLITE_CREATE_INDEX] = {"index", WEIR_TOUCH_CREATE, true},
	[SQLITE_CREATE_TABLE] = {"table", WEIR_TOUCH_CREATE, false},
	[SQLITE_CREATE_TRIGGER] = {"trigger", WEIR_TOUCH_CREATE, true},
	[SQLITE_CREATE_VIEW] = {"view", WEIR_TOUCH_CREATE, false},
	[SQLITE_CREATE_VTABLE] = {"table", WEIR_TOUCH_CREATE, false},
	[SQLITE_DELETE] = {"table", WEIR_TOUCH_WRITE, false},
	[SQLITE_DROP_INDEX] = {"index", WEIR_TOUCH_DROP, true},
	[SQLITE_DROP_TABLE] = {"table", WEIR_TOUCH_DROP, false},
	[SQLITE_DROP_TRIGGER] = {"trigger", WEIR_TOUCH_DROP, true},
	[SQLITE_DROP_VIEW] = {"view", WEIR_TOUCH_DROP, false},
	[SQLITE_DROP_VTABLE] = {"table", WEIR_TOUCH_DROP, false},
	[SQLITE_INSERT] = {"table", WEIR_TOUCH_WRITE, false},
	[SQLITE_READ] = {"table", WEIR_TOUCH_READ, false},
	[SQLITE_UPDATE] = {"table", WEIR_TOUCH_WRITE, false},
	[SQLITE_ALTER_TABLE] = {"table", WEIR_TOUCH_ALTER, false},
};

static bool begins_with(const char *name, const char *prefix)
{
	return sqlite3_strnicmp(name, prefix, (int)strlen(prefix)) == 0;
}

/* Tables that SQLite keeps for itself: whatever is done to the schema writes there. Some
 * of what alters a table reads the pragma that checks it. */
static bool is_own_table(const char *name, enum weir_touch touch)
{
	return begins_with(name, "sqlite_") ||
	       (touch == WEIR_TOUCH_READ && begins_with(name, "pragma_"));
}

static void tell(struct weir__sqlite_conn *conn, int action, const char *detail, const char *more,
                 const char *database)
{
	const struct weir_script_guard *const guard = &conn->script.guard;
	const struct touching *const what = &touchings[action];
	const bool alters = action == SQLITE_ALTER_TABLE; /* it tells the database first */
	const char *const name = alters ? more : detail;
	const char *const where = alters ? detail : database;
	const bool dropping = conn->script.dropping;

	conn->script.dropping = what->touch == WEIR_TOUCH_DROP;
	if (guard->touches == NULL || name == NULL || is_own_table(name, what->touch) ||
	    (where != NULL && strcmp(where, "temp") == 0) || (dropping && action == SQLITE_DELETE))
		return;
	guard->touches(guard->arg, what->touch, what->type, name, what->on_table ? more : NULL);
}

/* ---- what it is ---- */

static enum weir_statement_kind transaction_kind(const char *operation)
{
	switch (operation[0]) {
	case 'B':
		return WEIR_STATEMENT_BEGIN;
	case 'C':
		return WEIR_STATEMENT_COMMIT;
	default:
		return WEIR_STATEMENT_ROLLBACK;
	}
}

void weir__sqlite_kind_note(struct weir__sqlite_conn *conn, int action, const char *detail,
                            const char *more, const char *database)
{
	const size_t count = sizeof(touchings) / sizeof(touchings[0]);

	if (!conn->script.preparing)
		return;
	if (action == SQLITE_TRANSACTION)
		conn->script.kind = transaction_kind(detail);
	else if (action == SQLITE_SAVEPOINT)
		conn->script.kind = WEIR_STATEMENT_SAVEPOINT;
	else if (action > 0 && (size_t)action < count && touchings[action].type != NULL)
		tell(conn, action, detail, more, database);
}

void weir__sqlite_kind_setting(struct weir__sqlite_conn *conn, const char *name)
{
	conn->script.kind = sqlite3_stricmp(name, "foreign_keys") == 0 ? WEIR_STATEMENT_FOREIGN_KEYS
	                                                               : WEIR_STATEMENT_SETTING;
}

/* Behind the comment, or NULL: there is none at text. One that is not closed goes on to
 * the end. */
static const char *skip_comment(const char *text)
{
	const char *end = NULL;

	if (strncmp(text, "--", 2) == 0) {
		end = strchr(text, '\n');
		return end == NULL ? text + strlen(text) : end + 1;
	}
	if (strncmp(text, "/*", 2) != 0)
		return NULL;
	end = strstr(text + 2, "*/");
	return end == NULL ? text + strlen(text) : end + 2;
}

/* The first word of a statement, as SQLite finds it: behind white space, comments, the
 * mark of a byte order, and semicolons. */
static const char *first_word(const char *text)
{
	static const char mark[] = "\xef\xbb\xbf";
	const char *next = NULL;

	for (;;) { /* ends: each turn goes on in the text */
		text += strspn(text, " \t\r\n\f;");
		if (strncmp(text, mark, sizeof(mark) - 1) == 0)
			next = text + sizeof(mark) - 1;
		else
			next = skip_comment(text);
		if (next == NULL)
			return text;
		text = next;
	}
}

static bool is_vacuum(sqlite3_stmt *stmt)
{
	/* It compiled, and no other statement begins like that. */
	return begins_with(first_word(sqlite3_sql(stmt)), "vacuum");
}

void weir__sqlite_kind_begin(struct weir__sqlite_conn *conn)
{
	conn->script.kind = WEIR_STATEMENT_PLAIN;
	conn->script.dropping = false;
	conn->script.preparing = conn->script.on;
}

enum weir_statement_kind weir__sqlite_kind_end(struct weir__sqlite_conn *conn, sqlite3_stmt *stmt)
{
	const bool scripted = conn->script.preparing;

	conn->script.preparing = false;
	/* EXPLAIN is asked about what it explains, and does nothing of it. */
	if (!scripted || stmt == NULL || sqlite3_stmt_isexplain(stmt) != 0)
		return WEIR_STATEMENT_PLAIN;
	if (conn->script.kind == WEIR_STATEMENT_PLAIN && is_vacuum(stmt))
		return WEIR_STATEMENT_OUTSIDE;
	return conn->script.kind;
}

enum weir_statement_kind weir__sqlite_kind(void *opaque)
{
	const struct weir__sqlite_stmt *const stmt = opaque;

	return stmt->kind;
}
