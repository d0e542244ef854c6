/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the statements of a script are, and what they touch: as SQLite's parser has it.
 */
#include "script_fixture.h"

static const char tables[] = "CREATE TABLE t (v, w); CREATE TABLE log (line);"
							 "CREATE VIEW seen AS SELECT v FROM t; CREATE INDEX i ON t (v);"
							 "CREATE TRIGGER noting AFTER INSERT ON t"
							 " BEGIN INSERT INTO log VALUES (new.v); END";

/* ---- kinds ---- */

static const struct {
	const char *sql;
	enum weir_statement_kind kind;
} kinds[] = {
	{"SELECT 1", WEIR_STATEMENT_PLAIN},
	{"INSERT INTO t VALUES (1, 2)", WEIR_STATEMENT_PLAIN},
	{"CREATE TABLE u (v)", WEIR_STATEMENT_PLAIN},
	{"ALTER TABLE t RENAME COLUMN w TO x", WEIR_STATEMENT_PLAIN},
	{"ALTER TABLE t ADD COLUMN x INTEGER NOT NULL DEFAULT 1 CHECK (x > 0)", WEIR_STATEMENT_PLAIN},
	{"DROP TABLE t", WEIR_STATEMENT_PLAIN},
	{"REINDEX t", WEIR_STATEMENT_PLAIN},
	{"ANALYZE", WEIR_STATEMENT_PLAIN},
	{"BEGIN", WEIR_STATEMENT_BEGIN},
	{"begin immediate transaction", WEIR_STATEMENT_BEGIN},
	{"/* BEGIN */ COMMIT", WEIR_STATEMENT_COMMIT},
	{"END TRANSACTION", WEIR_STATEMENT_COMMIT},
	{"ROLLBACK", WEIR_STATEMENT_ROLLBACK},
	{"ROLLBACK TRANSACTION TO SAVEPOINT s", WEIR_STATEMENT_SAVEPOINT},
	{"ROLLBACK TO s", WEIR_STATEMENT_SAVEPOINT},
	{"SAVEPOINT s", WEIR_STATEMENT_SAVEPOINT},
	{"RELEASE s", WEIR_STATEMENT_SAVEPOINT},
	{"VACUUM", WEIR_STATEMENT_OUTSIDE},
	{" -- VACUUM\n\t/* or not */ vAcUuM main", WEIR_STATEMENT_OUTSIDE},
	{"\xef\xbb\xbfVACUUM", WEIR_STATEMENT_OUTSIDE},
	{"-- VACUUM\nSELECT 1", WEIR_STATEMENT_PLAIN},
	{"EXPLAIN VACUUM", WEIR_STATEMENT_PLAIN},
	{"EXPLAIN COMMIT", WEIR_STATEMENT_PLAIN},
	{"EXPLAIN QUERY PLAN SELECT * FROM t", WEIR_STATEMENT_PLAIN},
	{"PRAGMA foreign_keys", WEIR_STATEMENT_PLAIN},
	{"PRAGMA foreign_keys=OFF", WEIR_STATEMENT_FOREIGN_KEYS},
	{"PRAGMA main.Foreign_Keys(1)", WEIR_STATEMENT_FOREIGN_KEYS},
	{"PRAGMA synchronous=OFF", WEIR_STATEMENT_SETTING},
	{"PRAGMA busy_timeout=10", WEIR_STATEMENT_SETTING},
	{"PRAGMA journal_mode=WAL", WEIR_STATEMENT_SETTING},
	{"PRAGMA legacy_alter_table=ON", WEIR_STATEMENT_SETTING},
	{"PRAGMA user_version=7", WEIR_STATEMENT_PLAIN},
	{"PRAGMA table_info(t)", WEIR_STATEMENT_PLAIN},
	{"PRAGMA foreign_key_check", WEIR_STATEMENT_PLAIN},
	{"PRAGMA defer_foreign_keys=ON", WEIR_STATEMENT_PLAIN},
};

static void ask_for_kinds(struct held *held)
{
	held_run(held, tables);
	held_begin(held, NULL);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		void *stmt = NULL;
		size_t tail = 0;

		if (held->sql->prepare(held->conn, kinds[i].sql, strlen(kinds[i].sql), &stmt, &tail,
		                       &err) != WEIR_OK)
			fail_msg("%s: %s", kinds[i].sql, err.message);
		if (held->schema->kind(stmt) != kinds[i].kind)
			fail_msg("%s is of kind %d", kinds[i].sql, (int)held->schema->kind(stmt));
		held->sql->finalize(stmt);
	}
	held_end(held);
}

static void a_statement_is_what_the_parser_says(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, ask_for_kinds, NULL);
	db_end(db);
}

/* The kind is that of the statement which was prepared, not of what its step compiles. */
static void run_what_compiles_more(struct held *held)
{
	held_run(held, tables);
	held_begin(held, NULL);
	held_run(held, "VACUUM"); /* attaches a database, and begins a transaction in it */
	held_run(held, "ALTER TABLE t RENAME TO u");
	held_run(held, "CREATE VIRTUAL TABLE words USING fts5(w); INSERT INTO words VALUES ('a')");
	held_end(held);
}

static void what_a_step_compiles_is_nobodys(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, run_what_compiles_more, NULL);
	db_exec(db, "INSERT INTO words VALUES ('b')");
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

/* ---- touches ---- */

static const struct {
	const char *sql;
	const char *touches;
} touching[] = {
	{"SELECT 1", ""},
	{"SELECT w FROM t", "read table t;"},
	{"SELECT name FROM sqlite_schema", ""},
	{"UPDATE t SET v = 1", "write table t;"},
	{"DELETE FROM log", "write table log;"},
	{"INSERT INTO log VALUES (1)", "write table log;"},
	{"CREATE TABLE u (v)", "create table u;"},
	{"CREATE INDEX j ON t (w)", "create index j on t;read table t;"},
	{"CREATE VIEW w AS SELECT v FROM t", "create view w;"},
	{"CREATE TRIGGER r AFTER DELETE ON t BEGIN DELETE FROM log; END", "create trigger r on t;"},
	{"CREATE VIRTUAL TABLE words USING fts5(w)", "create table words;"},
	{"CREATE TEMP TABLE passing (v)", ""},
	{"DROP TABLE log", "drop table log;"},
	{"DROP INDEX i", "drop index i on t;"},
	{"DROP VIEW seen", "drop view seen;"},
	{"DROP TRIGGER noting", "drop trigger noting on t;"},
	{"ALTER TABLE t RENAME TO u", "alter table t;"},
	{"ALTER TABLE t RENAME COLUMN v TO x", "alter table t;"},
	{"ALTER TABLE t ADD COLUMN x", "alter table t;"},
	{"ALTER TABLE log ADD COLUMN x NOT NULL DEFAULT 1 CHECK (x > 0)", "alter table log;"},
	{"ANALYZE t", ""},
	{"PRAGMA user_version=3", ""},
};

struct told {
	char text[512];
};

static void note_touch(void *arg, enum weir_touch touch, const char *type, const char *name,
                       const char *table)
{
	static const char *const words[] = {"read", "write", "create", "alter", "drop"};
	struct told *const told = arg;
	char line[128];

	(void)snprintf(line, sizeof line, "%s %s %s%s%s;", words[touch], type, name,
	               table != NULL ? " on " : "", table != NULL ? table : "");
	if (strstr(told->text, line) != NULL)
		return; /* each column that is read is told */

	const size_t used = strlen(told->text);

	(void)snprintf(told->text + used, sizeof told->text - used, "%s", line);
}

static void ask_for_touches(struct held *held)
{
	struct told told;
	const struct weir_script_guard guard = {
		.size = sizeof guard, .touches = note_touch, .arg = &told};

	held_run(held, tables);
	held_begin(held, &guard);
	for (size_t i = 0; i < sizeof touching / sizeof touching[0]; i++) {
		void *stmt = NULL;
		size_t tail = 0;

		told.text[0] = '\0';
		assert_code(held->sql->prepare(held->conn, touching[i].sql, strlen(touching[i].sql), &stmt,
		                               &tail, NULL),
		            WEIR_OK);
		held->sql->finalize(stmt);
		if (strcmp(told.text, touching[i].touches) != 0)
			fail_msg("%s: %s", touching[i].sql, told.text);
	}
	/* By a trigger, and through a view. */
	told.text[0] = '\0';
	held_run(held, "INSERT INTO t (v) VALUES (1)");
	assert_non_null(strstr(told.text, "write table t;"));
	assert_non_null(strstr(told.text, "write table log;"));
	told.text[0] = '\0';
	held_run(held, "SELECT v FROM seen");
	assert_non_null(strstr(told.text, "read table t;"));
	held_end(held);
	told.text[0] = '\0';
	held_run(held, "DROP TABLE log");
	assert_string_equal(told.text, "");
}

static void what_a_statement_touches_is_told(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, ask_for_touches, NULL);
	db_end(db);
}

/* ---- where a statement ends ---- */

static void run_a_trigger_with_cases(struct held *held)
{
	static const char text[] =
		"CREATE TRIGGER cases AFTER INSERT ON t BEGIN\n"
		"  INSERT INTO log VALUES (CASE WHEN new.v > 1 THEN 'many; END' ELSE 'one' END);\n"
		"  UPDATE t SET w = CASE v WHEN 1 THEN 2 END; -- END;\n"
		"END;\nINSERT INTO t VALUES (2, 0)";
	void *stmt = NULL;
	size_t tail = 0;

	held_run(held, tables);
	held_begin(held, NULL);
	assert_code(held->sql->prepare(held->conn, text, strlen(text), &stmt, &tail, NULL), WEIR_OK);
	held->sql->finalize(stmt);
	assert_string_equal(text + tail, "\nINSERT INTO t VALUES (2, 0)");
	held_run(held, text);
	held_end(held);
	assert_int_equal(held_number(held, "SELECT count(*) FROM log WHERE line = 'many; END'"), 1);
}

static void a_trigger_is_one_statement(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, run_a_trigger_with_cases, NULL);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_statement_is_what_the_parser_says),
		DB_TEST(what_a_step_compiles_is_nobodys),
		DB_TEST(what_a_statement_touches_is_told),
		DB_TEST(a_trigger_is_one_statement),
	};

	return cmocka_run_group_tests_name("sqlite_kind", tests, NULL, NULL);
}
