/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Migrations outside a transaction: what stands when one stops, and where it goes on.
 */
#include "migrate_fixture.h"

#include <string.h>
#include <unistd.h>

#include <weir/schema.h>

static struct weir_migrations *outside(const char *up)
{
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "inside", .up = {.sql = "CREATE TABLE t (x UNIQUE)"}},
		{.version = "2", .name = "outside", .up = {.sql = up, .no_transaction = true}},
	};
	struct weir_migrations *set = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_migrations_make(&set, sources, 2, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return set;
}

static enum weir_migration_state state_of(struct weir_db *db, const struct weir_migrations *set,
                                          uint32_t *resume_at)
{
	struct weir_migrate_report *report = NULL;
	const struct weir_migrate_row *rows;
	enum weir_migration_state is;

	assert_code(weir_migrate_status(db, set, NULL, &report, NULL), WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), 2);
	is = rows[1].state;
	*resume_at = rows[1].resume_at;
	weir_migrate_report_free(report);
	return is;
}

/* What the one row of a report of up says of before. */
static enum weir_migration_state states_before_up(struct weir_db *db,
                                                  const struct weir_migrations *set,
                                                  uint32_t *resume_at)
{
	struct weir_migrate_report *report = NULL;
	const struct weir_migrate_row *rows;
	enum weir_migration_state was;

	assert_code(weir_migrate_up(db, set, NULL, NULL, &report, NULL), WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), 1);
	was = rows[0].state;
	*resume_at = rows[0].resume_at;
	weir_migrate_report_free(report);
	return was;
}

static void vacuum_and_settings_run_there(void **state)
{
	struct weir_migrations *const set = outside(
		"INSERT INTO t VALUES (1);\nVACUUM;\nPRAGMA user_version = 7;\nINSERT INTO t VALUES (2)");
	struct weir_db *const db = db_make(*state, NULL);

	assert_int_equal(must_up(db, set, NULL), 2);
	assert_int_equal(db_number(db, "SELECT sum(x) FROM t"), 3);
	assert_int_equal(db_number(db, "PRAGMA user_version"), 7);
	assert_int_equal(db_number(db, "SELECT count(*) FROM weir_schema_history WHERE version = '2' "
	                               "AND applied_at > 0 AND tool <> ''"),
	                 1);
	assert_int_equal(
		db_number(db, "SELECT statements FROM weir_schema_history WHERE version = '2'"), 4);
	db_end(db);
	weir_migrations_free(set);
}

static void one_that_fails_goes_on_where_it_stopped(void **state)
{
	struct weir_migrations *const bad = outside(
		"INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES (1);\n");
	struct weir_migrations *const mended = outside(
		"INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\n");
	struct weir_migrations *const rewritten = outside(
		"INSERT INTO t VALUES (5);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\n");
	struct weir_db *const db = db_make(*state, NULL);
	uint32_t resume_at = 0;

	fail_up(db, bad, NULL, WEIR_ERR_MIGRATE_OPERATOR, "statement 3");
	assert_int_equal(state_of(db, bad, &resume_at), WEIR_MIGRATION_INTERRUPTED);
	assert_int_equal(resume_at, 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	fail_up(db, bad, NULL, WEIR_ERR_MIGRATE_OPERATOR, "statement 3");
	fail_up(db, rewritten, NULL, WEIR_ERR_MIGRATE_OPERATOR, "was changed before that");
	assert_int_equal(states_before_up(db, mended, &resume_at), WEIR_MIGRATION_INTERRUPTED);
	assert_int_equal(resume_at, 2);
	assert_int_equal(db_number(db, "SELECT sum(x) FROM t"), 6);
	assert_int_equal(state_of(db, mended, &resume_at), WEIR_MIGRATION_APPLIED);
	assert_int_equal(must_up(db, mended, NULL), 0);
	db_end(db);
	weir_migrations_free(bad);
	weir_migrations_free(mended);
	weir_migrations_free(rewritten);
}

/* The checksum does not cover the marker, and the statements that stand would be repeated. */
static void one_that_stopped_is_not_run_inside_a_transaction(void **state)
{
	static const char up[] = "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (abs(-1));\n";
	const struct scripts scripts[] = {
		{"CREATE TABLE t (x UNIQUE)", NULL}, {up, NULL}, {NULL, NULL}};
	struct weir_migrations *const marked = outside(up);
	struct weir_migrations *const unmarked = set_of(scripts);
	struct weir_db *const db = db_make(*state, NULL);

	fail_up(db, marked, NULL, WEIR_ERR_MIGRATE_OPERATOR, "statement 2");
	db_exec(db, "CREATE TABLE u AS SELECT * FROM t");
	db_exec(db, "DROP TABLE t");
	db_exec(db, "ALTER TABLE u RENAME TO t");
	fail_up(db, unmarked, NULL, WEIR_ERR_MIGRATE_OPERATOR, "is to run in one now");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	assert_int_equal(must_up(db, marked, NULL), 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	db_end(db);
	weir_migrations_free(marked);
	weir_migrations_free(unmarked);
}

static void a_program_without_the_script_can_undo_it(void **state)
{
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "inside", .up = {.sql = "CREATE TABLE t (x)"}},
		{.version = "2",
	     .name = "outside",
	     .up = {.sql = "CREATE TABLE u (x); VACUUM;", .no_transaction = true},
	     .down = {.sql = "DROP TABLE u"}},
	};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *both = NULL;
	struct weir_migrations *one = NULL;

	assert_code(weir_migrations_make(&both, sources, 2, NULL), WEIR_OK);
	assert_code(weir_migrations_make(&one, sources, 1, NULL), WEIR_OK);
	must_up(db, both, NULL);
	assert_int_equal(must_down(db, one, "1"), 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'u'"), 0);
	db_end(db);
	weir_migrations_free(both);
	weir_migrations_free(one);
}

static void one_whose_first_statement_fails_leaves_nothing(void **state)
{
	struct weir_migrations *const set = outside("INSERT INTO nowhere VALUES (1);");
	struct weir_db *const db = db_make(*state, NULL);
	uint32_t resume_at = 0;

	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "nowhere");
	assert_int_equal(state_of(db, set, &resume_at), WEIR_MIGRATION_PENDING);
	db_end(db);
	weir_migrations_free(set);
}

static void weirs_own_format_has_no_brackets_there(void **state)
{
	struct weir_migrations *const set = outside("BEGIN; INSERT INTO t VALUES (1); COMMIT;");
	struct weir_db *const db = db_make(*state, NULL);

	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_SCRIPT, "begins or ends a transaction");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
	db_end(db);
	weir_migrations_free(set);
}

/* golang-migrate with x-no-tx-wrap: as written, with a resume point. */
static void a_script_may_bring_its_own_transactions(void **state)
{
	const struct weir_migrations_options options = {
		.size = sizeof options, .format = WEIR_MIGRATE_GOLANG, .no_wrap = true};
	struct weir_db *const db = db_make(*state, "foreign_keys=true");
	struct weir_migrations *set = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[256];

	make_folder(*state, "scripts", folder);
	put_script(folder, "1_first.up.sql",
	           "CREATE TABLE p (id INTEGER PRIMARY KEY);\n"
	           "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE);\n"
	           "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);\n");
	put_script(folder, "2_rebuild.up.sql",
	           "PRAGMA foreign_keys=OFF;\nBEGIN;\nCREATE TABLE n (id INTEGER PRIMARY KEY, x);\n"
	           "INSERT INTO n (id) SELECT id FROM p;\nDROP TABLE p;\n"
	           "ALTER TABLE n RENAME TO p;\nCOMMIT;\nPRAGMA foreign_keys=ON;\n");
	put_script(folder, "3_half.up.sql",
	           "BEGIN;\nINSERT INTO p VALUES (2, 2);\nCOMMIT;\n"
	           "BEGIN;\nINSERT INTO p VALUES (3, 3);\nINSERT INTO q VALUES (1);\n"
	           "COMMIT;\n");
	if (weir_migrations_read(&set, folder, &options, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_int_equal(must_up(db, set, "2"), 2);
	assert_int_equal(db_number(db, "SELECT count(*) FROM c"), 1);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_OPERATOR, "statement 6");
	assert_int_equal(db_number(db, "SELECT count(*) FROM p WHERE id > 1"), 1);
	assert_code(weir_db_exec(db, "INSERT INTO c VALUES (9)", NULL, 0, NULL, NULL),
	            WEIR_ERR_DRIVER_SQL); /* enforced again */
	db_exec(db, "CREATE TABLE q (x)");
	assert_int_equal(must_up(db, set, NULL), 1);
	assert_int_equal(db_number(db, "SELECT sum(id) FROM p"), 6);
	db_end(db);
	drop_folder(folder);
	weir_migrations_free(set);
}

/* The second runs, and is undone since its place cannot be recorded. */
static void a_point_that_was_undone_does_not_count(void **state)
{
	struct weir_migrations *const set =
		outside("INSERT INTO t VALUES (1);\nCREATE TRIGGER no BEFORE UPDATE ON "
	            "weir_schema_history BEGIN SELECT RAISE(ABORT, 'no'); END;\n");
	struct weir_db *const db = db_make(*state, NULL);

	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_OPERATOR, "the 1 statements before stand");
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'no'"), 0);
	db_end(db);
	weir_migrations_free(set);
}

/* It cannot be undone, but that it breaks something is not kept back. */
static void what_it_breaks_is_told(void **state)
{
	const struct weir_migration_source sources[] = {
		{.version = "1", .name = "inside", .up = {.sql = "CREATE TABLE t (x, y)"}},
		{.version = "2",
	     .name = "outside",
	     .up = {.sql = "ALTER TABLE t DROP COLUMN y; VACUUM;", .no_transaction = true}},
		{.version = "3", .name = "inside", .up = {.sql = "CREATE TABLE u (x)"}},
	};
	const struct weir_migrate_options options = {.size = sizeof options, .rolling = true};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrations *set = NULL;

	assert_code(weir_migrations_make(&set, sources, 3, NULL), WEIR_OK);
	must_up(db, set, "1");
	fail_up(db, set, &options, WEIR_ERR_MIGRATE_OPERATOR, "version 2 would break programs");
	assert_code(weir_migrate_up(db, set, NULL, &options, NULL, NULL), WEIR_OK);
	db_end(db);
	weir_migrations_free(set);
}

struct intruder {
	struct weir_db *db;
	enum weir_code code; /* of its try to have the lock */
	bool tried;
};

static bool try_the_lock(void *arg, const struct weir_migrate_progress *progress)
{
	struct intruder *const intruder = arg;
	const struct weir_schema *const schema = weir_db_driver(intruder->db)->schema;
	void *held = NULL;

	if (progress->statement < 1 || intruder->tried)
		return !intruder->tried;
	intruder->code = schema->lock(weir_db_config(intruder->db), weir_now(), &held, NULL);
	intruder->tried = true;
	schema->unlock(held);
	return false;
}

static void keep_out(struct weir_db *db, struct weir_db *other)
{
	const struct weir_migration_source source = {
		.version = "1",
		.name = "first",
		.up = {.sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
	                  "count(*) FROM n;",
	           .no_transaction = true}};
	struct intruder intruder = {.db = other};
	const struct weir_migrate_options options = {
		.size = sizeof options, .on_progress = try_the_lock, .progress_arg = &intruder};
	struct weir_migrations *set = NULL;

	assert_code(weir_migrations_make(&set, &source, 1, NULL), WEIR_OK);
	fail_up(db, set, &options, WEIR_ERR_DRIVER_CANCELLED, "asked for it");
	assert_true(intruder.tried);
	assert_code(intruder.code, WEIR_ERR_DRIVER_BUSY);
	weir_migrations_free(set);
}

/* The file that is locked is made by the first transaction, which is in the section. */
static void others_are_kept_out_of_a_new_database(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);

	keep_out(db, db);
	db_end(db);
}

static void others_are_kept_out_by_any_name(void **state)
{
	const struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_db *other = NULL;
	char link_path[160];
	char url[192];

	(void)snprintf(link_path, sizeof link_path, "%s/link.db", fixture->folder);
	(void)snprintf(url, sizeof url, "sqlite:%s", link_path);
	db_exec(db, "CREATE TABLE t (x)");
	assert_int_equal(symlink(fixture->path, link_path), 0);
	assert_code(weir_db_open(&other, fixture->driver, url, NULL), WEIR_OK);
	keep_out(db, other);
	keep_out(other, db);
	db_end(other);
	db_end(db);
	(void)unlink(link_path);
}

/* The connection that had them is gone. */
static void settings_are_made_again_for_the_rest(void **state)
{
	const struct weir_migration_source sources[] = {
		{.version = "1",
	     .name = "inside",
	     .up = {.sql = "CREATE TABLE p (id INTEGER PRIMARY KEY);\n"
	                   "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE);\n"
	                   "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1);\n"
	                   "CREATE TABLE t (x CHECK (x > 0))"}},
		{.version = "2",
	     .name = "outside",
	     .up = {.sql = "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT ';'; SELECT 2; END;\n"
	                   "PRAGMA foreign_keys = ON; /* ; */\n"
	                   "PRAGMA ignore_check_constraints = ON;\n"
	                   "INSERT INTO t VALUES (-1);\n"
	                   "INSERT INTO u VALUES (1);\n"
	                   "PRAGMA ignore_check_constraints = OFF;\n"
	                   "DELETE FROM p;\n",
	            .no_transaction = true}},
	};
	struct weir_db *const db = db_make(*state, "foreign_keys=false");
	struct weir_migrations *set = NULL;

	assert_code(weir_migrations_make(&set, sources, 2, NULL), WEIR_OK);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_OPERATOR, "statement 5");
	db_exec(db, "CREATE TABLE u (x CHECK (x > 5))");
	assert_int_equal(must_up(db, set, NULL), 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM c"), 0);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	db_end(db);
	weir_migrations_free(set);
}

static bool stop_at_the_third(void *arg, const struct weir_migrate_progress *progress)
{
	(void)arg;
	return progress->statement < 3;
}

static void a_stop_leaves_a_resume_point(void **state)
{
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .on_progress = stop_at_the_third};
	struct weir_migrations *const set = outside(
		"INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t WITH RECURSIVE n (i)\n"
		"AS (SELECT 3 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) SELECT i FROM n;\n");
	struct weir_db *const db = db_make(*state, NULL);

	fail_up(db, set, &options, WEIR_ERR_DRIVER_CANCELLED, "2 statements before stand");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	assert_int_equal(must_up(db, set, NULL), 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 3000002);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(vacuum_and_settings_run_there),
		DB_TEST(one_that_fails_goes_on_where_it_stopped),
		DB_TEST(one_that_stopped_is_not_run_inside_a_transaction),
		DB_TEST(a_program_without_the_script_can_undo_it),
		DB_TEST(one_whose_first_statement_fails_leaves_nothing),
		DB_TEST(weirs_own_format_has_no_brackets_there),
		DB_TEST(a_script_may_bring_its_own_transactions),
		DB_TEST(a_point_that_was_undone_does_not_count),
		DB_TEST(what_it_breaks_is_told),
		DB_TEST(others_are_kept_out_of_a_new_database),
		DB_TEST(others_are_kept_out_by_any_name),
		DB_TEST(settings_are_made_again_for_the_rest),
		DB_TEST(a_stop_leaves_a_resume_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
