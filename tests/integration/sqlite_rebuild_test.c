/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The script that rebuilds a table: what it keeps, and what is refused before any of it
 * has run.
 */
#include "script_fixture.h"

#include <stdlib.h>

#define NAMES_MAX 4

struct wish {
	const char *before; /* what is there */
	const char *table;
	const char *sql;
	const char *columns[NAMES_MAX];
	const char *expressions[NAMES_MAX];
	uint32_t count;
	const char *part; /* of the message of a refusal */
};

static enum weir_code make_script(struct held *held, const struct wish *wish, char **script,
                                  struct weir_error *err)
{
	const struct weir_schema_rebuild request = {
		.size = sizeof request,
		.table = wish->table,
		.sql = wish->sql,
		.columns = wish->columns,
		.expressions = wish->expressions,
		.columns_count = wish->count,
	};

	return held->schema->rebuild(held->conn, &request, script, err);
}

/* As a migration would. */
static void rebuild(struct held *held, const struct wish *wish)
{
	struct weir_error err = WEIR_ERROR_INIT;
	char *script = NULL;

	if (make_script(held, wish, &script, &err) != WEIR_OK)
		fail_msg("%s: %s", wish->sql, err.message);
	held_begin(held, NULL);
	held_begin_txn(held);
	if (held_try(held, script, &err) != WEIR_OK)
		fail_msg("%s\n%s", script, err.message);
	held_commit_txn(held);
	held_end(held);
	free(script);
	assert_int_equal(held_number(held, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	assert_int_equal(
		held_number(held, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%weir_rebuild%'"), 0);
}

static void expect(struct held *held, const char *sql, int64_t number)
{
	const int64_t found = held_number(held, sql);

	if (found != number)
		fail_msg("%s: %lld", sql, (long long)found);
}

static void maintain(void **state, void (*body)(struct held *held))
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, body, NULL);
	db_exec(db, "CREATE TABLE of_an_ordinary_job (v)");
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

/* ---- what is kept ---- */

static void rebuild_a_parent(struct held *held)
{
	static const struct wish wish = {
		.table = "parent",
		.sql = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''),"
			   " up REFERENCES parent(id) ON DELETE CASCADE) -- as it shall be",
	};

	held_run(held, "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT,"
	               " up REFERENCES parent(id) ON DELETE CASCADE);"
	               "CREATE TABLE child (parent REFERENCES parent(id) ON DELETE CASCADE, v);"
	               "INSERT INTO parent VALUES (1, 'a', NULL), (2, 'b', 1);"
	               "INSERT INTO child VALUES (1, 'x'), (1, 'y'), (2, 'z')");
	rebuild(held, &wish);
	expect(held, "SELECT count(*) FROM child", 3);
	expect(held, "SELECT count(*) FROM parent", 2);
	/* The references are those of the new table. */
	assert_code(held_try(held, "INSERT INTO child VALUES (9, 'n')", NULL), WEIR_ERR_DRIVER_SQL);
	assert_code(held_try(held, "UPDATE parent SET name = ''", NULL), WEIR_ERR_DRIVER_SQL);
	held_run(held, "DELETE FROM parent WHERE id = 1");
	expect(held, "SELECT count(*) FROM child", 0);
	expect(held, "SELECT count(*) FROM parent", 0);
}

static void children_survive_a_rebuild(void **state)
{
	maintain(state, rebuild_a_parent);
}

static void rebuild_what_others_mention(struct held *held)
{
	static const struct wish wish = {
		.table = "item",
		.sql = "CREATE TABLE item (id INTEGER PRIMARY KEY, price REAL NOT NULL, label TEXT)",
	};

	held_run(held, "CREATE TABLE item (id INTEGER PRIMARY KEY, price, label);"
	               "CREATE TABLE items (v); CREATE TABLE log (line);"
	               "CREATE INDEX by_label ON item (label) WHERE label IS NOT NULL;"
	               "CREATE UNIQUE INDEX by_price ON item (price, id);"
	               "CREATE TRIGGER noted AFTER INSERT ON item BEGIN"
	               " INSERT INTO log VALUES (CASE WHEN new.price > 1 THEN 'dear' END); END;"
	               "CREATE VIEW dear AS SELECT * FROM \"item\" WHERE price > 1;"
	               "CREATE VIEW dearest AS SELECT max(price) AS price FROM dear;"
	               "CREATE VIEW other AS SELECT v FROM items;"
	               "CREATE TRIGGER into_dear INSTEAD OF INSERT ON dear BEGIN"
	               " INSERT INTO item (price) VALUES (new.price); END;"
	               "CREATE TRIGGER elsewhere AFTER INSERT ON items BEGIN"
	               " INSERT INTO log SELECT price FROM dearest; END;"
	               "INSERT INTO item VALUES (1, 2, 'a'), (2, 3, 'b')");
	rebuild(held, &wish);
	expect(held, "SELECT count(*) FROM sqlite_schema", 3 + 2 + 3 + 3);
	expect(held, "SELECT price = 3 FROM dearest", 1);
	held_run(held, "DELETE FROM log; INSERT INTO dear (price) VALUES (7);"
	               "INSERT INTO items VALUES (1)");
	expect(held, "SELECT count(*) FROM log WHERE line IN ('dear', 7.0)", 2);
}

static void indexes_views_and_triggers_are_there_again(void **state)
{
	maintain(state, rebuild_what_others_mention);
}

static void rebuild_what_counts(struct held *held)
{
	static const struct wish counting = {
		.table = "counted",
		.sql = "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, v NOT NULL)",
	};
	static const struct wish numbered = {
		.table = "numbered",
		.sql = "CREATE TABLE numbered (v TEXT, rowid)",
		.columns = {"rowid"},
		.expressions = {"v || '!'"},
		.count = 1,
	};

	held_run(held, "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, v);"
	               "INSERT INTO counted (v) VALUES (1), (2), (3); DELETE FROM counted WHERE id > 1;"
	               "CREATE TABLE numbered (v); INSERT INTO numbered (rowid, v) VALUES (5, 'a');");
	rebuild(held, &counting);
	held_run(held, "INSERT INTO counted (v) VALUES (4)");
	expect(held, "SELECT max(id) FROM counted", 4);
	held_run(held, "DELETE FROM counted");
	rebuild(held, &counting); /* without any row */
	held_run(held, "INSERT INTO counted (v) VALUES (5)");
	expect(held, "SELECT max(id) FROM counted", 5);
	expect(held, "SELECT count(*) FROM sqlite_sequence", 1);
	rebuild(held, &numbered);
	expect(held, "SELECT _rowid_ FROM numbered WHERE rowid = 'a!'", 5);
}

static void numbers_go_on_where_they_were(void **state)
{
	maintain(state, rebuild_what_counts);
}

static void rebuild_with_columns(struct held *held)
{
	static const struct wish wish = {
		.table = "Person",
		.sql = "create table if not exists main.\"person\" (id TEXT PRIMARY KEY COLLATE own, "
			   "full_name TEXT NOT NULL, upper_name AS (upper(full_name)) STORED,"
			   " age INTEGER NOT NULL DEFAULT 1, born) WITHOUT ROWID;  -- done\n",
		.columns = {"full_name", "first", "last", "born"},
		.expressions = {"first || ' ' || last -- both", NULL, NULL, "(SELECT max(v) FROM years)"},
		.count = 4,
	};

	assert_int_equal(
		sqlite3_create_collation(weir_sqlite_tx_handle(held->tx), "own", SQLITE_UTF8, NULL, NULL),
		SQLITE_OK);
	held_run(held, "CREATE TABLE years (v); INSERT INTO years VALUES (1815);"
	               "CREATE TABLE person (id TEXT, first, last, loud AS (upper(first)));"
	               "INSERT INTO person VALUES ('a', 'Ada', 'Lovelace')");

	char *script = NULL;

	assert_code(make_script(held, &wish, &script, NULL), WEIR_OK);
	/* The collation is not really there. */
	assert_code(held_try(held, script, NULL), WEIR_ERR_DRIVER_SQL);
	free(script);

	struct wish plain = wish;

	plain.sql = "CREATE TABLE [person](id TEXT PRIMARY KEY,full_name TEXT NOT NULL,"
				"upper_name AS (upper(full_name)) STORED,age INTEGER NOT NULL DEFAULT 1,born)"
				"WITHOUT ROWID";
	rebuild(held, &plain);
	expect(held,
	       "SELECT count(*) FROM person WHERE upper_name = 'ADA LOVELACE' AND age = 1"
	       " AND born = 1815 AND id = 'a'",
	       1);
}

static void columns_come_and_go_as_they_are_named(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, rebuild_with_columns, NULL);
	db_end(db);
}

static void rebuild_odd_names(struct held *held)
{
	static const struct wish wishes[] = {
		{.table = "odd \"t", .sql = "CREATE TABLE \"odd \"\"t\"(\"a \"\"b\" NOT NULL)"},
		{.table = "it's", .sql = "CREATE TABLE 'it''s'(v NOT NULL)"},
		{.table = "select", .sql = "CREATE TABLE `select`/* here */(v NOT NULL)"},
		{.table = "größe", .sql = "CREATE TABLE größe--\n(v NOT NULL)"},
		{.table = "weir_rebuild_0", .sql = "CREATE TABLE weir_rebuild_0 (v NOT NULL)"},
	};

	held_run(held, "CREATE TABLE \"odd \"\"t\" (\"a \"\"b\"); INSERT INTO \"odd \"\"t\" VALUES (1);"
	               "CREATE VIEW seen AS SELECT * FROM \"odd \"\"t\"; CREATE TABLE \"it's\" (v);"
	               "CREATE TABLE \"select\" (v); CREATE TABLE größe (v);");
	for (size_t i = 0; i < sizeof wishes / sizeof wishes[0] - 1; i++)
		rebuild(held, &wishes[i]);
	expect(held, "SELECT count(*) FROM seen", 1);
	expect(held, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%NOT NULL%'", 4);

	char *script = NULL;

	held_run(held, "CREATE TABLE weir_rebuild_0 (v)");
	assert_code(make_script(held, &wishes[4], &script, NULL), WEIR_OK);
	held_run(held, script);
	free(script);
	expect(held, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'weir_rebuild%'", 1);
}

static void names_are_whatever_sqlite_takes(void **state)
{
	maintain(state, rebuild_odd_names);
}

static void rebuild_with_comments(struct held *held)
{
	static const struct wish wish = {
		.table = "t",
		.sql = "CREATE TABLE t (a PRIMARY KEY, b NOT NULL) WITHOUT ROWID -- small",
	};

	held_run(held, "CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (1, 2), (2, 3);"
	               "CREATE INDEX i ON t (b) WHERE b > 0 -- what counts\n;"
	               "CREATE VIEW v AS SELECT b FROM t -- all of it\n;"
	               "CREATE VIEW w AS SELECT b FROM v -- and again\n;"
	               "CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN SELECT 1; END");
	rebuild(held, &wish);
	expect(held, "SELECT count(*) FROM sqlite_schema WHERE name IN ('i', 'v', 'w', 'g')", 4);
	expect(held, "SELECT sum(b) FROM w", 5);
}

static void a_definition_may_end_with_a_comment(void **state)
{
	maintain(state, rebuild_with_comments);
}

static void rebuild_what_conflicts(struct held *held)
{
	static const struct wish wish = {
		.table = "t",
		.sql = "CREATE TABLE t (a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT IGNORE)",
	};
	char *script = NULL;

	held_run(held, "CREATE TABLE t (a INTEGER PRIMARY KEY, b);"
	               "INSERT INTO t VALUES (1, 1), (2, 1)");
	assert_code(make_script(held, &wish, &script, NULL), WEIR_OK);
	held_begin(held, NULL);
	held_begin_txn(held);
	assert_code(held_try(held, script, NULL), WEIR_ERR_DRIVER_SQL);
	free(script);
	held_end(held);
	expect(held, "SELECT count(*) FROM t", 2);
}

static void a_row_that_conflicts_is_not_dropped(void **state)
{
	maintain(state, rebuild_what_conflicts);
}

/* ---- what is refused ---- */

#define OLD "CREATE TABLE t (a, b, c AS (a + 1)); CREATE VIEW v AS SELECT a FROM t"

static const struct wish refused[] = {
	{OLD, "nowhere", "CREATE TABLE nowhere (a)", {0}, {0}, 0, "no table \"nowhere\""},
	{OLD, "v", "CREATE TABLE v (a)", {0}, {0}, 0, "no table \"v\""},
	{"CREATE VIRTUAL TABLE f USING fts5(w)", "f", "CREATE TABLE f (w)", {0}, {0}, 0, "virtual"},
	{OLD, "t", "CREATE TABLE u (a, b)", {0}, {0}, 0, "not one CREATE TABLE of \"t\""},
	{OLD, "t", "CREATE TABLE t (a, b", {0}, {0}, 0, "incomplete input"},
	{OLD, "t", "", {0}, {0}, 0, "not one CREATE TABLE"},
	{OLD, "t", "DROP TABLE t", {0}, {0}, 0, "not one CREATE TABLE"},
	{OLD, "t", "CREATE TEMP TABLE t (a, b)", {0}, {0}, 0, "not one CREATE TABLE"},
	{OLD, "t", "CREATE VIEW t AS SELECT 1 AS a", {0}, {0}, 0, "not one CREATE TABLE"},
	{OLD, "t", "CREATE VIRTUAL TABLE t USING fts5(a, b)", {0}, {0}, 0, "not one CREATE TABLE"},
	{OLD, "t", "CREATE TABLE t AS SELECT 1 AS a, 2 AS b", {0}, {0}, 0, "from a query"},
	{OLD, "t", "CREATE TABLE t (a, b); DROP TABLE t", {0}, {0}, 0, "another statement"},
	{OLD, "t", "ATTACH ':memory:' AS x", {0}, {0}, 0, "not one CREATE TABLE"},
	{OLD, "t", "CREATE TABLE t (a)", {0}, {0}, 0, "\"b\" of \"t\": its values would be lost"},
	{OLD, "t", "CREATE TABLE t (a, b, d NOT NULL)", {0}, {0}, 0, "give an expression"},
	{OLD, "t", "CREATE TABLE t (a, b)", {"a"}, {NULL}, 1, "said to go"},
	{OLD, "t", "CREATE TABLE t (a, b)", {"d"}, {"1"}, 1, "does not have it"},
	{OLD, "t", "CREATE TABLE t (a, b)", {"d"}, {NULL}, 1, "neither"},
	{OLD, "t", "CREATE TABLE t (a, b, d AS (a))", {"d"}, {"1"}, 1, "is generated"},
	{OLD, "t", "CREATE TABLE t (a, b, d)", {"d"}, {"absent"}, 1, "no such column"},
	{OLD, "t", "CREATE TABLE t (a, b, d)", {"d"}, {"1, 2"}, 1, "more than one"},
	{OLD, "t", "CREATE TABLE t (a, b, d)", {"d"}, {"1; DROP TABLE t"}, 1, "\"d\" of \"t\""},
	{OLD, "t", "CREATE TABLE t (a, b, d)", {"d"}, {"max(a)"}, 1, "misuse of aggregate"},
	{OLD, "t", "CREATE TABLE t (a, b)", {"a"}, {"DISTINCT b"}, 1, "\"a\" of \"t\""},
	{OLD "; CREATE INDEX \"i\" ON \"t\" (\"a\", \"b\")",
     "t",
     "CREATE TABLE t (a)",
     {"b"},
     {NULL},
     1,
     "index \"i\" is on it"},
	{OLD, "t", "CREATE TABLE t (a, b, d)", {"d", "D"}, {"1", "2"}, 2, "twice"},
	{OLD, "t", NULL, {0}, {0}, 0, "needs the table, its new definition"},
};

static void try_what_is_refused(struct held *held)
{
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		char *script = NULL;

		held_run(held, "BEGIN");
		held_run(held, refused[i].before);
		assert_code(make_script(held, &refused[i], &script, &err), WEIR_ERR_DRIVER_SQL);
		assert_null(script);
		if (strstr(err.message, refused[i].part) == NULL)
			fail_msg("%s: %s", refused[i].sql, err.message);
		held_run(held, "ROLLBACK");
	}
}

static void in_a_script(struct held *held)
{
	held_begin(held, NULL);
	try_what_is_refused(held);
	held_end(held);
}

static void what_cannot_be_kept_is_refused(void **state)
{
	maintain(state, in_a_script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(children_survive_a_rebuild),
		DB_TEST(indexes_views_and_triggers_are_there_again),
		DB_TEST(numbers_go_on_where_they_were),
		DB_TEST(columns_come_and_go_as_they_are_named),
		DB_TEST(names_are_whatever_sqlite_takes),
		DB_TEST(a_definition_may_end_with_a_comment),
		DB_TEST(a_row_that_conflicts_is_not_dropped),
		DB_TEST(what_cannot_be_kept_is_refused),
	};

	return cmocka_run_group_tests_name("sqlite_rebuild", tests, NULL, NULL);
}
