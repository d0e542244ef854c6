/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a database consists of, as the schema face of the driver lists it, and whether it
 * is sound.
 */
#include "script_fixture.h"

#include <fcntl.h>
#include <unistd.h>

struct listed {
	char text[1024];
	uint32_t stop_after; /* 0: never */
	uint32_t count;
};

static bool add(struct listed *listed, const char *line)
{
	const size_t used = strlen(listed->text);

	(void)snprintf(listed->text + used, sizeof listed->text - used, "%s;", line);
	return ++listed->count != listed->stop_after;
}

/* ---- objects ---- */

static bool on_object(void *arg, const struct weir_schema_object *object)
{
	char line[128];

	assert_non_null(object->sql);
	(void)snprintf(line, sizeof line, "%s %s %s", object->type, object->name, object->table);
	return add(arg, line);
}

static void list_objects(struct held *held)
{
	struct listed listed = {.stop_after = 0};

	held_run(held,
	         "CREATE TABLE z (id INTEGER PRIMARY KEY AUTOINCREMENT, v UNIQUE);"
	         "CREATE TABLE a (v); CREATE VIEW seen AS SELECT v FROM a;"
	         "CREATE INDEX i ON z (v); CREATE TRIGGER r AFTER INSERT ON a BEGIN SELECT 1; END;"
	         "CREATE VIRTUAL TABLE words USING fts5(w); CREATE TEMP TABLE passing (v);"
	         "CREATE TABLE sqliteish (v); ANALYZE");
	assert_code(held->schema->objects(held->conn, on_object, &listed, NULL), WEIR_OK);
	assert_string_equal(listed.text, "table a a;table sqliteish sqliteish;table words words;"
	                                 "table z z;index i z;trigger r a;view seen seen;");
	listed = (struct listed){.stop_after = 2};
	assert_code(held->schema->objects(held->conn, on_object, &listed, NULL), WEIR_ERR_JOB_FAILED);
	assert_string_equal(listed.text, "table a a;table sqliteish sqliteish;");
	held_run(held, "DROP TABLE passing");
}

static void objects_are_listed_without_internal_ones(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, list_objects, NULL);
	db_end(db);
}

/* ---- columns ---- */

static bool on_column(void *arg, const struct weir_schema_column *column)
{
	char line[128];

	(void)snprintf(line, sizeof line, "%s|%s|%s|%d%d%u", column->name, column->type,
	               column->default_value != NULL ? column->default_value : "-", column->not_null,
	               column->generated, column->key);
	return add(arg, line);
}

static void list_columns(struct held *held)
{
	struct listed listed = {.stop_after = 0};
	struct weir_error err = WEIR_ERROR_INIT;

	held_run(held, "CREATE TABLE \"odd 't\" (a TEXT NOT NULL DEFAULT 'x', b, "
	               "c INTEGER AS (b + 1), d AS (b) STORED, PRIMARY KEY (b, a));"
	               "CREATE VIRTUAL TABLE words USING fts5(w)");
	assert_code(held->schema->columns(held->conn, "odd 't", on_column, &listed, NULL), WEIR_OK);
	assert_string_equal(listed.text, "a|TEXT|'x'|102;b||-|001;c|INTEGER|-|010;d||-|010;");
	listed = (struct listed){.stop_after = 0};
	assert_code(held->schema->columns(held->conn, "words", on_column, &listed, NULL), WEIR_OK);
	assert_string_equal(listed.text, "w||-|000;"); /* not those that are hidden */
	assert_code(held->schema->columns(held->conn, "nowhere", on_column, &listed, &err),
	            WEIR_ERR_DRIVER_SQL);
	assert_non_null(strstr(err.message, "nowhere"));
}

static void columns_are_listed_in_order(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, list_columns, NULL);
	db_end(db);
}

/* ---- references ---- */

static bool on_violation(void *arg, const struct weir_schema_violation *violation)
{
	char line[128];

	(void)snprintf(line, sizeof line, "%s %lld %s", violation->table, (long long)violation->row,
	               violation->parent);
	return add(arg, line);
}

static bool on_parent(void *arg, const char *parent)
{
	return add(arg, parent);
}

static void look_at_references(struct held *held)
{
	struct listed listed = {.stop_after = 0};

	held_begin(held, NULL);
	held_run(held, "CREATE TABLE p (id INTEGER PRIMARY KEY, x UNIQUE, y, UNIQUE (x, y));"
	               "CREATE TABLE q (id INTEGER PRIMARY KEY);"
	               "CREATE TABLE c (q REFERENCES q, x, y, p REFERENCES p,"
	               " FOREIGN KEY (x, y) REFERENCES p (x, y));"
	               "CREATE TABLE n (k TEXT PRIMARY KEY, p REFERENCES p) WITHOUT ROWID;"
	               "INSERT INTO c (rowid, q) VALUES (7, 1); INSERT INTO n VALUES ('k', 1)");
	assert_code(held->schema->parents(held->conn, "c", on_parent, &listed, NULL), WEIR_OK);
	assert_string_equal(listed.text, "p;q;");
	listed = (struct listed){.stop_after = 0};
	assert_code(held->schema->violations(held->conn, NULL, on_violation, &listed, NULL), WEIR_OK);
	assert_non_null(strstr(listed.text, "c 7 q;"));
	assert_non_null(strstr(listed.text, "n -1 p;"));
	listed = (struct listed){.stop_after = 0};
	assert_code(held->schema->violations(held->conn, "n", on_violation, &listed, NULL), WEIR_OK);
	assert_string_equal(listed.text, "n -1 p;");
	held_end(held);
}

static void broken_references_are_found(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, look_at_references, NULL);
	db_end(db);
}

static bool stop_at_once(void *arg)
{
	(void)arg;
	return true;
}

static void stop_looking(struct held *held)
{
	const struct weir_script_guard guard = {.size = sizeof guard, .stop = stop_at_once};
	struct listed listed = {.stop_after = 0};

	held_run(held, "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);"
	               "INSERT INTO p WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
	               " SELECT i + 1 FROM n LIMIT 5000) SELECT i FROM n;"
	               "INSERT INTO c SELECT id FROM p");
	held_begin(held, &guard);
	assert_code(held->schema->violations(held->conn, NULL, on_violation, &listed, NULL),
	            WEIR_ERR_DRIVER_CANCELLED);
	assert_code(held->schema->integrity(held->conn, NULL), WEIR_ERR_DRIVER_CANCELLED);
	held_end(held);
}

static void a_guard_stops_looking_too(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	held_maintain(db, stop_looking, NULL);
	db_end(db);
}

/* ---- soundness and facts ---- */

static void find_sound(struct held *held)
{
	held_run(held, "CREATE TABLE t (v UNIQUE); INSERT INTO t VALUES (1), (2), (3)");
	assert_code(held->schema->integrity(held->conn, NULL), WEIR_OK);
}

/* An index that lacks what is in its table. */
static void spoil(const struct db_fixture *fixture)
{
	sqlite3 *const foreign = db_foreign(fixture);

	db_foreign_exec(foreign,
	                "PRAGMA writable_schema=1; CREATE TABLE u (v); CREATE INDEX i ON u (v)");
	db_foreign_exec(foreign, "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM"
	                         " sqlite_schema WHERE name = 'i') WHERE name = 'sqlite_autoindex_t_1';"
	                         "DELETE FROM sqlite_schema WHERE name = 'i'");
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
}

static void find_damaged(struct held *held)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(held->schema->integrity(held->conn, &err), WEIR_ERR_DRIVER);
	assert_non_null(strstr(err.message, "damaged"));
}

static void damage_is_found(void **state)
{
	struct weir_db *db = db_make(*state, NULL);

	held_maintain(db, find_sound, NULL);
	db_end(db);
	spoil(*state);
	db = db_make(*state, NULL);
	held_maintain(db, find_damaged, NULL);
	db_end(db);
}

static void ask_for_facts(struct held *held)
{
	struct weir_schema_facts facts = {.size = sizeof facts};
	const bool in_memory = held->arg != NULL;

	held_run(held, "CREATE TABLE t (v); INSERT INTO t VALUES (zeroblob(40000))");
	assert_code(held->schema->facts(held->conn, &facts, NULL), WEIR_OK);
	assert_int_equal(facts.size, sizeof facts);
	assert_int_equal(facts.page_size, 4096);
	assert_true(facts.pages > 10);
	assert_int_equal(facts.in_memory, in_memory);
	assert_int_equal(facts.log_bytes > 40000, !in_memory);
	assert_int_equal(facts.disk_free == UINT64_MAX, in_memory);
	assert_string_equal(facts.version, sqlite3_libversion());
	assert_true(facts.foreign_keys);
	assert_true(facts.transactional);
	held_begin(held, NULL);
	assert_code(held->schema->facts(held->conn, &facts, NULL), WEIR_OK);
	assert_false(facts.foreign_keys);
	held_end(held);
	/* Whoever knows less is given no more. */
	facts = (struct weir_schema_facts){.size = offsetof(struct weir_schema_facts, pages)};
	assert_code(held->schema->facts(held->conn, &facts, NULL), WEIR_OK);
	assert_int_equal(facts.page_size, 4096);
	assert_int_equal(facts.pages, 0);
}

static void facts_are_told(void **state)
{
	struct weir_db *db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	held_maintain(db, ask_for_facts, NULL);
	db_end(db);
	if (weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", &err) != WEIR_OK)
		fail_msg("%s", err.message);
	held_maintain(db, ask_for_facts, &err);
	db_end(db);
}

static void a_reader_can_be_asked_too(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct listed listed = {.stop_after = 0};
	struct weir_tx tx = {0};

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);

	struct held held = held_of(db, &tx);

	assert_code(held.schema->objects(held.conn, on_object, &listed, NULL), WEIR_OK);
	assert_string_equal(listed.text, "table t t;");
	assert_code(held.schema->integrity(held.conn, NULL), WEIR_OK);
	weir_tx_end(&tx);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(objects_are_listed_without_internal_ones),
		DB_TEST(columns_are_listed_in_order),
		DB_TEST(broken_references_are_found),
		DB_TEST(a_guard_stops_looking_too),
		DB_TEST(damage_is_found),
		DB_TEST(facts_are_told),
		DB_TEST(a_reader_can_be_asked_too),
	};

	return cmocka_run_group_tests_name("sqlite_schema", tests, NULL, NULL);
}
