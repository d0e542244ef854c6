/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Going up and down: to every version and back, and leaving the database as it was
 * whatever a script does.
 */
#include "migrate_fixture.h"

#include <stdlib.h>
#include <string.h>

static void up_and_down_through_every_version(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	char version[8];

	for (size_t i = 0; i < LIBRARY_COUNT; i++)
		assert_int_equal(must_up(db, set, "+1"), 1);
	assert_int_equal(must_up(db, set, NULL), 0);
	assert_int_equal(must_down(db, set, "-2"), 2);
	assert_int_equal(must_up(db, set, "4"), 1);
	for (size_t i = 4; i > 0; i--) {
		(void)snprintf(version, sizeof version, "%zu", i - 1);
		assert_int_equal(must_down(db, set, version), 1);
	}
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE "
	                               "'%history%'"),
	                 0);
	assert_int_equal(must_up(db, set, "5"), 5);
	assert_int_equal(db_number(db, "SELECT count(*) FROM loan WHERE state IN ('lost;', 'out')"), 2);
	db_end(db);
	weir_migrations_free(set);
}

/* ---- what undoes a migration ---- */

struct bad_script {
	const char *sql;
	enum weir_code code;
	const char *says;
};

static const struct bad_script bad_scripts[] = {
	{"CREATE TABLE a (x);\n\nCREATE TABEL b (y);", WEIR_ERR_MIGRATE_SCRIPT, "line 3: statement 2"},
	{"INSERT INTO author VALUES (7, 'x');\nINSERT INTO author VALUES (7, 'y');",
     WEIR_ERR_MIGRATE_SCRIPT, "statement 2"},
	{"DELETE FROM book; COMMIT; DELETE FROM author;", WEIR_ERR_MIGRATE_SCRIPT, "transaction"},
	{"DELETE FROM book; BEGIN; DELETE FROM author; COMMIT;", WEIR_ERR_MIGRATE_SCRIPT,
     "transaction"},
	{"DELETE FROM book; ROLLBACK;", WEIR_ERR_MIGRATE_SCRIPT, "transaction"},
	{"DELETE FROM book; INSERT OR ROLLBACK INTO author VALUES (1, 'again');",
     WEIR_ERR_MIGRATE_SCRIPT, "statement 2"},
	{"DELETE FROM book; VACUUM;", WEIR_ERR_MIGRATE_SCRIPT, "cannot run in a transaction"},
	{"DELETE FROM book; ATTACH ':memory:' AS other;", WEIR_ERR_MIGRATE_SCRIPT, "statement 2"},
	{"DELETE FROM book; PRAGMA wal_checkpoint;", WEIR_ERR_MIGRATE_SCRIPT, "statement 2"},
	{"DELETE FROM author WHERE id = 2;", WEIR_ERR_MIGRATE_KEYS, "2 rows of book"},
	{"CREATE TABLE fan (of REFERENCES author (name));", WEIR_ERR_MIGRATE_KEYS,
     "fits no primary key"},
	{"DELETE FROM book; SELECT 'no end", WEIR_ERR_MIGRATE_SCRIPT, "statement 2"},
	{"DELETE FROM book; SELECT abs(-9223372036854775808);", WEIR_ERR_MIGRATE_SCRIPT, "overflow"},
};

static void a_bad_script_leaves_everything_as_it_was(void **state)
{
	const struct db_fixture *const fixture = *state;
	struct weir_migrations *const good = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	char *before;

	must_up(db, good, "2");
	before = contents(fixture);
	for (size_t i = 0; i < sizeof bad_scripts / sizeof bad_scripts[0]; i++) {
		const struct scripts scripts[] = {library[0], library[1], {bad_scripts[i].sql, NULL}, {0}};
		struct weir_migrations *const set = set_of(scripts);
		char *after;

		fail_up(db, set, NULL, bad_scripts[i].code, bad_scripts[i].says);
		after = contents(fixture);
		assert_string_equal(after, before);
		free(after);
		weir_migrations_free(set);
		db_exec(db, "CREATE TABLE probe (x)"); /* the writer works, and keeps to its rules */
		db_exec(db, "DROP TABLE probe");
		assert_int_equal(db_number(db, "SELECT count(*) FROM book"), 3);
	}
	free(before);
	db_end(db);
	weir_migrations_free(good);
}

static void foreign_keys_are_enforced_again_on_every_path(void **state)
{
	static const struct scripts good[] = {
		{"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);", NULL}, {0}};
	static const struct scripts bad[] = {
		{"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);", NULL},
		{"INSERT INTO c VALUES (9);", NULL},
		{0}};
	struct weir_migrations *const first = set_of(good);
	struct weir_migrations *const second = set_of(bad);
	struct weir_db *const db = db_make(*state, "foreign_keys=true");
	struct weir_error err = WEIR_ERROR_INIT;

	must_up(db, first, NULL);
	assert_code(weir_db_exec(db, "INSERT INTO c VALUES (9)", NULL, 0, NULL, &err),
	            WEIR_ERR_DRIVER_SQL);
	fail_up(db, second, NULL, WEIR_ERR_MIGRATE_KEYS, "1 rows of c");
	assert_code(weir_db_exec(db, "INSERT INTO c VALUES (9)", NULL, 0, NULL, &err),
	            WEIR_ERR_DRIVER_SQL);
	db_end(db);
	weir_migrations_free(first);
	weir_migrations_free(second);
}

/* The rebuild as scripts usually have it, pragma inside the transaction and all. */
static void a_rebuild_does_not_take_the_children_along(void **state)
{
	static const struct scripts scripts[] = {
		{"CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT);"
	     "CREATE TABLE book (id INTEGER PRIMARY KEY, author INTEGER REFERENCES author (id)"
	     " ON DELETE CASCADE);"
	     "INSERT INTO author VALUES (1, 'a'), (2, 'b'); INSERT INTO book VALUES (1, 1), (2, 2);",
	     NULL},
		{"PRAGMA foreign_keys = OFF;\n"
	     "CREATE TABLE new_author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n"
	     "INSERT INTO new_author SELECT * FROM author;\n"
	     "DROP TABLE author;\n"
	     "ALTER TABLE new_author RENAME TO author;\n"
	     "PRAGMA foreign_keys = ON;",
	     NULL},
		{0}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, "foreign_keys=true");

	must_up(db, set, NULL);
	assert_int_equal(db_number(db, "SELECT count(*) FROM book"), 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	db_end(db);
	weir_migrations_free(set);
}

static void orphans_that_were_there_before_do_not_matter(void **state)
{
	static const struct scripts scripts[] = {
		{"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);", NULL},
		{"CREATE TABLE q (id INTEGER PRIMARY KEY); UPDATE c SET p = p;", NULL},
		{"INSERT INTO c VALUES (8);", NULL},
		{0}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, "foreign_keys=false");

	must_up(db, set, "1");
	db_exec(db, "INSERT INTO c VALUES (7)");
	/* And what can point to nothing at all: only one column of a key. */
	db_exec(db, "CREATE TABLE k (a, b, PRIMARY KEY (a, b))");
	db_exec(db, "CREATE TABLE m (p REFERENCES p, k REFERENCES k (a))");
	must_up(db, set, "2");
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_KEYS, "there were 1");
	db_end(db);
	weir_migrations_free(set);
}

/* Of an extension that programs load, and weir's command does not. */
static void a_virtual_table_need_not_be_known(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *db = db_make(*state, NULL);
	sqlite3 *foreign;

	must_up(db, set, "2");
	db_end(db);
	foreign = db_foreign(*state);
	db_foreign_exec(foreign, "PRAGMA writable_schema = ON;"
	                         "INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0,"
	                         " 'CREATE VIRTUAL TABLE v USING nobody_has_it (x)')");
	(void)sqlite3_close(foreign);
	db = db_make(*state, NULL);
	assert_int_equal(must_up(db, set, NULL), 3);
	assert_int_equal(must_down(db, set, "-1"), 1);
	db_end(db);
	weir_migrations_free(set);
}

/* ---- functions ---- */

static int fill(struct weir_tx *tx, void *arg)
{
	const struct weir_sql_value number = weir_int64(*(const int *)arg);

	return weir_tx_exec(tx, "INSERT INTO t VALUES ($1)", &number, 1, NULL, NULL) == WEIR_OK ? 0 : 5;
}

static void functions_are_steps_like_any(void **state)
{
	int number = 17;
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "table", .up = {.sql = "CREATE TABLE t (x NOT NULL)"}},
		{.version = "2", .name = "fill", .up = {.run = fill, .arg = &number}, .revision = "a"},
		{.version = "3", .name = "fail", .up = {.run = fill, .arg = &number}, .revision = "b"},
	};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *set = NULL;

	assert_code(weir_migrations_make(&set, sources, 3, NULL), WEIR_OK);
	must_up(db, set, "2");
	assert_int_equal(db_number(db, "SELECT x FROM t"), 17);
	db_exec(db, "CREATE UNIQUE INDEX one ON t (x)");
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "returned 5");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	db_end(db);
	weir_migrations_free(set);
}

/* ---- stopping ---- */

static bool stop_at_the_third(void *arg, const struct weir_migrate_progress *progress)
{
	(void)arg;
	return strcmp(progress->version, "3") != 0;
}

static const struct scripts slow[] = {
	{"CREATE TABLE a (x)", "DROP TABLE a"},
	{"CREATE TABLE b (x)", NULL},
	{"CREATE TABLE c (x); WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)\n"
     "INSERT INTO c SELECT i FROM n;",
     NULL},
	{0}};

static bool stop_later(void *arg, const struct weir_migrate_progress *progress)
{
	unsigned *const asked = arg;

	return strcmp(progress->version, "3") != 0 || strcmp(progress->phase, "applying") != 0 ||
	       ++*asked < 3;
}

static void a_stop_undoes_the_one_that_runs(void **state)
{
	struct weir_migrations *const set = set_of(slow);
	struct weir_db *const db = db_make(*state, NULL);
	unsigned asked = 0;
	struct weir_migrate_options options = {
		.size = sizeof options, .on_progress = stop_later, .progress_arg = &asked};

	fail_up(db, set, &options, WEIR_ERR_DRIVER_CANCELLED, "version 3");
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'b')"),
	                 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
	options.on_progress = stop_at_the_third;
	fail_up(db, set, &options, WEIR_ERR_DRIVER_CANCELLED, "version 3");
	db_end(db);
	weir_migrations_free(set);
}

static void a_migration_that_takes_too_long_is_undone(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .lock_limit_ns = WEIR_MILLISECONDS(50)};
	struct weir_migrations *const set = set_of(slow);
	struct weir_db *const db = db_make(*state, NULL);

	must_up(db, set, "2");
	fail_up(db, set, &options, WEIR_ERR_MIGRATE_LIMIT, "0.05 s");
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
	db_end(db);
	weir_migrations_free(set);
}

static void a_disk_that_gets_full_is_noticed(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .disk_reserve = UINT64_MAX / 2};
	struct weir_migrations *const set = set_of(slow);
	struct weir_db *const db = db_make(*state, NULL);

	fail_up(db, set, &options, WEIR_ERR_MIGRATE_LIMIT, "reserved");
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema"), 0);
	db_end(db);
	weir_migrations_free(set);
}

/* ---- order and drift ---- */

static void what_was_merged_late_is_refused_or_allowed(void **state)
{
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "a", .up = {.sql = "CREATE TABLE a (x)"}},
		{.version = "3", .name = "c", .up = {.sql = "CREATE TABLE c (x)"}},
		{.version = "2", .name = "b", .up = {.sql = "CREATE TABLE b (x)"}},
	};
	struct weir_migrate_options options = {.size = sizeof options};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *early = NULL;
	struct weir_migrations *late = NULL;

	assert_code(weir_migrations_make(&early, sources, 2, NULL), WEIR_OK);
	assert_code(weir_migrations_make(&late, sources, 3, NULL), WEIR_OK);
	must_up(db, early, NULL);
	fail_up(db, late, NULL, WEIR_ERR_MIGRATE_ORDER, "2");
	options.order = WEIR_MIGRATE_ORDER_IGNORE;
	assert_code(weir_migrate_up(db, late, NULL, &options, NULL, NULL), WEIR_OK);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
	options.order = WEIR_MIGRATE_ORDER_APPLY;
	assert_code(weir_migrate_up(db, late, NULL, &options, NULL, NULL), WEIR_OK);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 1);
	db_end(db);
	weir_migrations_free(early);
	weir_migrations_free(late);
}

static void an_edited_script_is_refused(void **state)
{
	const struct scripts edited[] = {{"CREATE TABLE author (id)", NULL}, library[1], {0}};
	struct weir_migrations *const first = set_of(library);
	struct weir_migrations *const second = set_of(edited);
	struct weir_db *const db = db_make(*state, NULL);

	must_up(db, first, "1");
	fail_up(db, second, NULL, WEIR_ERR_MIGRATE_DRIFT, "1");
	db_end(db);
	weir_migrations_free(first);
	weir_migrations_free(second);
}

/* A program of before, that does not have the newest script. */
static void the_history_can_undo_what_the_folder_has_lost(void **state)
{
	const struct scripts shorter[] = {library[0], library[1], {0}};
	struct weir_migrations *const all = set_of(library);
	struct weir_migrations *const few = set_of(shorter);
	struct weir_db *const db = db_make(*state, NULL);

	must_up(db, all, NULL);
	fail_up(db, few, NULL, WEIR_ERR_MIGRATE_DRIFT, "3");
	assert_int_equal(must_down(db, few, "2"), 3);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('loan', "
	                               "'shelf', 'book_author')"),
	                 0);
	assert_int_equal(must_up(db, few, NULL), 0);
	db_end(db);
	weir_migrations_free(all);
	weir_migrations_free(few);
}

/* ---- beside readers ---- */

static void a_reader_keeps_the_state_it_began_with(void **state)
{
	const struct weir_read_options options = {.size = sizeof options, .snapshot = true};
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_tx old = WEIR_LEASE_EMPTY;
	struct weir_rows rows;
	int64_t number = 0;

	must_up(db, set, "4");
	assert_code(weir_db_query(db, "SELECT * FROM author", NULL, 0, NULL, NULL, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, &options, &old, NULL), WEIR_OK);
	must_up(db, set, NULL);
	assert_code(
		db_tx_number(&old, "SELECT count(*) FROM pragma_table_info('author')", &number, NULL),
		WEIR_OK);
	assert_int_equal(number, 2);
	weir_tx_end(&old);
	/* Prepared before, and asked for its columns before it is stepped. */
	assert_code(weir_read_begin(db, NULL, &old, NULL), WEIR_OK);
	assert_code(weir_tx_query(&old, "SELECT * FROM author", NULL, 0, &rows, NULL), WEIR_OK);
	assert_int_equal(rows.columns, 3);
	weir_rows_end(&rows);
	weir_tx_end(&old);
	db_end(db);
	weir_migrations_free(set);
}

static int count_columns(struct weir_tx *tx, void *arg)
{
	struct weir_rows rows;

	if (weir_tx_query(tx, "SELECT * FROM t", NULL, 0, &rows, NULL) != WEIR_OK)
		return 1;
	*(uint32_t *)arg = rows.columns;
	weir_rows_end(&rows);
	return 0;
}

/* A function's statements stay prepared on the writer. */
static void what_was_undone_is_not_remembered(void **state)
{
	uint32_t columns = 0;
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "more", .up = {.sql = "ALTER TABLE t ADD COLUMN w;"}},
		{.version = "2", .name = "look", .up = {.run = count_columns, .arg = &columns}},
	};
	struct weir_migrate_report *report = NULL;
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *set = NULL;

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_migrations_make(&set, sources, 2, NULL), WEIR_OK);
	assert_code(weir_migrate_check(db, set, NULL, NULL, &report, NULL), WEIR_OK);
	assert_int_equal(columns, 2);
	assert_code(weir_db_maintain(db, count_columns, &columns, NULL, NULL), WEIR_OK);
	assert_int_equal(columns, 1);
	weir_migrate_report_free(report);
	weir_migrations_free(set);
	db_end(db);
}

static void a_private_database_migrates_as_well(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrations *const set = set_of(library);
	struct weir_db *db = NULL;

	(void)state;
	assert_code(weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", &err), WEIR_OK);
	assert_int_equal(must_up(db, set, NULL), LIBRARY_COUNT);
	assert_int_equal(must_down(db, set, "0"), LIBRARY_COUNT);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(up_and_down_through_every_version),
		DB_TEST(a_bad_script_leaves_everything_as_it_was),
		DB_TEST(foreign_keys_are_enforced_again_on_every_path),
		DB_TEST(a_rebuild_does_not_take_the_children_along),
		DB_TEST(orphans_that_were_there_before_do_not_matter),
		DB_TEST(a_virtual_table_need_not_be_known),
		DB_TEST(functions_are_steps_like_any),
		DB_TEST(a_stop_undoes_the_one_that_runs),
		DB_TEST(a_migration_that_takes_too_long_is_undone),
		DB_TEST(a_disk_that_gets_full_is_noticed),
		DB_TEST(what_was_merged_late_is_refused_or_allowed),
		DB_TEST(an_edited_script_is_refused),
		DB_TEST(the_history_can_undo_what_the_folder_has_lost),
		DB_TEST(a_reader_keeps_the_state_it_began_with),
		DB_TEST(what_was_undone_is_not_remembered),
		DB_TEST(a_private_database_migrates_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
