/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See fuzz_sql_bounds.h.
 */
#include "fuzz_sql_bounds.h"

#include <stddef.h>

/* Steps of SQLite's machine between two looks, and looks until it is stopped. */
#define STEPS 500
#define LOOKS 60

static const struct {
	int id;
	int value;
} limits[] = {
	{SQLITE_LIMIT_LENGTH, 65536},       {SQLITE_LIMIT_COLUMN, 40},
	{SQLITE_LIMIT_EXPR_DEPTH, 60},      {SQLITE_LIMIT_COMPOUND_SELECT, 8},
	{SQLITE_LIMIT_VDBE_OP, 5000},       {SQLITE_LIMIT_FUNCTION_ARG, 16},
	{SQLITE_LIMIT_ATTACHED, 0},         {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
	{SQLITE_LIMIT_VARIABLE_NUMBER, 32}, {SQLITE_LIMIT_TRIGGER_DEPTH, 4},
	{SQLITE_LIMIT_WORKER_THREADS, 0},
};

static const int denied_actions[] = {
	SQLITE_ATTACH,
	SQLITE_CREATE_TEMP_INDEX,
	SQLITE_CREATE_TEMP_TABLE,
	SQLITE_CREATE_TEMP_TRIGGER,
	SQLITE_CREATE_TEMP_VIEW,
	SQLITE_CREATE_VTABLE,
	SQLITE_DETACH,
	SQLITE_PRAGMA,
	SQLITE_SAVEPOINT,
	SQLITE_TRANSACTION,
};

static const char *const denied_functions[] = {
	"changes",        "current_date", "current_time",  "current_timestamp",
	"date",           "datetime",     "julianday",     "last_insert_rowid",
	"load_extension", "random",       "randomblob",    "sqlite_offset",
	"strftime",       "time",         "total_changes", "unixepoch",
};

static int judge(void *unused, int action, const char *detail, const char *more,
                 const char *database, const char *inner)
{
	(void)unused;
	(void)detail;
	(void)database;
	(void)inner;
	for (size_t i = 0; i < sizeof(denied_actions) / sizeof(denied_actions[0]); i++) {
		if (action == denied_actions[i])
			return SQLITE_DENY;
	}
	if (action != SQLITE_FUNCTION || more == NULL)
		return SQLITE_OK;
	for (size_t i = 0; i < sizeof(denied_functions) / sizeof(denied_functions[0]); i++) {
		if (sqlite3_stricmp(more, denied_functions[i]) == 0)
			return SQLITE_DENY;
	}
	return SQLITE_OK;
}

static int look(void *user)
{
	struct fuzz_sql_bounds *bounds = user;

	if (bounds->left == 0)
		return 1;
	bounds->left--;
	return 0;
}

void fuzz_sql_bound(struct fuzz_sql_bounds *bounds, sqlite3 *db)
{
	bounds->left = LOOKS;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)sqlite3_limit(db, limits[i].id, limits[i].value);
	(void)sqlite3_set_authorizer(db, judge, NULL);
	sqlite3_progress_handler(db, STEPS, look, bounds);
}
