/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What others do between the look, which makes the list, and the section that works it off.
 */
#include "migrate_fixture.h"

#include <string.h>

/* Somebody who comes in between, once, when a version waits for its section. */
struct between {
	const char *version;
	void (*act)(const struct between *between);
	struct weir_db *db;
	const struct weir_migrations *set;
	const char *target;
	bool acted;
};

static bool come_in(void *arg, const struct weir_migrate_progress *progress)
{
	struct between *const between = arg;

	if (between->acted || strcmp(progress->phase, "waiting") != 0 ||
	    strcmp(progress->version, between->version) != 0)
		return true;
	between->acted = true;
	between->act(between);
	return true;
}

static void go_up(const struct between *between)
{
	(void)must_up(between->db, between->set, between->target);
}

static void go_down(const struct between *between)
{
	(void)must_down(between->db, between->set, between->target);
}

static struct weir_migrate_options options_of(struct between *between)
{
	return (struct weir_migrate_options){
		.size = sizeof(struct weir_migrate_options),
		.on_progress = come_in,
		.progress_arg = between,
	};
}

static void up_does_not_build_on_what_was_undone(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct between between = {.version = "5", .act = go_down, .db = db, .set = set, .target = "2"};
	const struct weir_migrate_options options = options_of(&between);

	must_up(db, set, "3");
	fail_up(db, set, &options, WEIR_ERR_MIGRATE_ORDER, "version 3, below 5");
	assert_true(between.acted);
	assert_int_equal(must_up(db, set, NULL), 3);
	db_end(db);
	weir_migrations_free(set);
}

static void what_was_done_at_the_look_is_looked_at_again(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct between between = {.version = "4", .act = go_down, .db = db, .set = set, .target = "2"};
	const struct weir_migrate_options options = options_of(&between);

	must_up(db, set, "3");
	fail_up(db, set, &options, WEIR_ERR_MIGRATE_ORDER, "version 3, below 4");
	db_end(db);
	weir_migrations_free(set);
}

static void down_undoes_the_newest_only(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct between between = {.version = "3", .act = go_up, .db = db, .set = set};
	const struct weir_migrate_options options = options_of(&between);
	struct weir_error err = WEIR_ERROR_INIT;

	must_up(db, set, "3");
	assert_code(weir_migrate_down(db, set, NULL, &options, NULL, &err), WEIR_ERR_MIGRATE_ORDER);
	assert_non_null(strstr(err.message, "up to 5"));
	assert_int_equal(must_up(db, set, NULL), 0);
	db_end(db);
	weir_migrations_free(set);
}

static void what_others_did_is_done(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct between up = {.version = "2", .act = go_up, .db = db, .set = set};
	struct between down = {.version = "4", .act = go_down, .db = db, .set = set, .target = "1"};
	struct weir_migrate_options options = options_of(&up);

	assert_code(weir_migrate_up(db, set, NULL, &options, NULL, NULL), WEIR_OK);
	assert_true(up.acted);
	options = options_of(&down);
	assert_code(weir_migrate_down(db, set, "1", &options, NULL, NULL), WEIR_OK);
	assert_true(down.acted);
	assert_int_equal(must_up(db, set, NULL), 4);
	db_end(db);
	weir_migrations_free(set);
}

/* One outside a transaction that stopped on its way back. */
static void fail_down(const struct between *between)
{
	assert_code(weir_migrate_down(between->db, between->set, NULL, NULL, NULL, NULL),
	            WEIR_ERR_MIGRATE_OPERATOR);
}

static void go_up_and_fail_down(const struct between *between)
{
	go_up(between);
	fail_down(between);
}

static void up_does_not_go_on_with_a_down(void **state)
{
	const struct weir_migration_source sources[] = {
		{.version = "1",
	     .name = "a",
	     .up = {.sql = "CREATE TABLE t (x)"},
	     .down = {.sql = "INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (1)",
	              .no_transaction = true}},
	};
	struct weir_migrations *set = NULL;
	struct weir_db *const db = db_make(*state, NULL);

	assert_code(weir_migrations_make(&set, sources, 1, NULL), WEIR_OK);
	struct between between = {.version = "1", .act = go_up_and_fail_down, .db = db, .set = set};
	const struct weir_migrate_options options = options_of(&between);

	fail_up(db, set, &options, WEIR_ERR_MIGRATE_OPERATOR, "on its way down");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	db_end(db);
	weir_migrations_free(set);
}

/* Made again by a set in which it has no down: what an older one had does not fit it. */
static void an_older_down_script_does_not_come_back(void **state)
{
	const struct scripts first[] = {
		library[0], {"CREATE TABLE a (x)", "DROP TABLE a"}, {NULL, NULL}};
	const struct scripts second[] = {library[0], {"CREATE TABLE b (x)", NULL}, {NULL, NULL}};
	const struct scripts few[] = {library[0], {NULL, NULL}};
	struct weir_migrations *const sets[] = {set_of(first), set_of(second), set_of(few)};
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;

	must_up(db, sets[0], NULL);
	must_down(db, sets[0], NULL);
	must_up(db, sets[1], NULL);
	db_exec(db, "CREATE TABLE a (x)");
	assert_code(weir_migrate_down(db, sets[2], NULL, NULL, NULL, &err), WEIR_ERR_MIGRATE_DRIFT);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'a'"), 1);
	db_end(db);
	for (size_t i = 0; i < 3; i++)
		weir_migrations_free(sets[i]);
}

static enum weir_db_migration_phase phase_of(struct weir_db *db)
{
	struct weir_db_migration migration = {.size = sizeof migration};

	assert_code(weir_db_read_migration(db, &migration), WEIR_OK);
	return migration.phase;
}

/* Whoever looks at the db does not see a migration run that does not. */
static void what_was_not_done_is_over_too(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_db *const other = db_make(*state, NULL);
	struct between between = {.version = "1", .act = go_up, .db = other, .set = set};
	const struct weir_migrate_options options = options_of(&between);

	assert_code(weir_migrate_check(db, set, NULL, NULL, NULL, NULL), WEIR_OK);
	assert_int_equal(phase_of(db), WEIR_DB_MIGRATION_NONE);
	assert_code(weir_migrate_up(db, set, NULL, &options, NULL, NULL), WEIR_OK);
	assert_int_equal(phase_of(db), WEIR_DB_MIGRATION_NONE);
	assert_int_equal(phase_of(other), WEIR_DB_MIGRATION_APPLIED);
	db_end(db);
	db_end(other);
	weir_migrations_free(set);
}

static enum weir_code commit_unsurely(void *conn, struct weir_error *err)
{
	assert_code(weir_sqlite_driver()->engine->rollback(conn, NULL), WEIR_OK);
	return weir_fail(err, WEIR_ERR_INDETERMINATE, "test", 0, "who knows");
}

/* As weir_db does it: what is not known to be so is not built upon. */
static void a_commit_that_is_unsure_ends_the_writer(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_driver driver = *weir_sqlite_driver();
	struct weir_engine engine = *driver.engine;
	struct weir_migrations *const set = set_of(library);
	uint64_t opens;

	engine.commit = commit_unsurely;
	driver.engine = &engine;
	fixture->driver = &driver;

	struct weir_db *const db = db_make(fixture, NULL);

	opens = db_stats(db).writer_opens;
	fail_up(db, set, NULL, WEIR_ERR_INDETERMINATE, "who knows");
	engine.commit = weir_sqlite_driver()->engine->commit;
	assert_int_equal(must_up(db, set, NULL), LIBRARY_COUNT);
	assert_true(db_stats(db).writer_opens > opens);
	db_end(db);
	weir_migrations_free(set);
}

static bool give_up(void *arg, const struct weir_migrate_progress *progress)
{
	unsigned *const asked = arg;

	return strcmp(progress->phase, "applying") != 0 || ++*asked < 2;
}

/* Another program has the database, and somebody presses Ctrl-C. */
static void a_wait_can_be_stopped(void **state)
{
	struct weir_migrations *const set = set_of(library);
	unsigned asked = 0;
	struct weir_db *const db = db_make(*state, NULL);
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .timeout_ns = WEIR_SECONDS(5),
	                                             .on_progress = give_up,
	                                             .progress_arg = &asked};
	sqlite3 *const other = db_foreign(*state);

	db_foreign_exec(other, "BEGIN IMMEDIATE");
	fail_up(db, set, &options, WEIR_ERR_DRIVER_CANCELLED, "somebody asked for it");
	db_foreign_exec(other, "ROLLBACK");
	assert_int_equal(must_up(db, set, NULL), LIBRARY_COUNT);
	(void)sqlite3_close(other);
	db_end(db);
	weir_migrations_free(set);
}

static void a_target_has_to_be_there(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);

	must_up(db, set, NULL);
	assert_code(weir_migrate_down(db, set, "", NULL, NULL, NULL), WEIR_ERR_MIGRATE_SOURCE);
	assert_code(weir_migrate_up(db, set, "", NULL, NULL, NULL), WEIR_ERR_MIGRATE_SOURCE);
	db_end(db);
	weir_migrations_free(set);
}

/* What was there before the call, as the header has it. */
static void a_report_says_what_was(void **state)
{
	struct weir_migrations *const set = set_of(library);
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_migrate_report *report = NULL;
	const struct weir_migrate_row *rows;

	must_up(db, set, NULL);
	assert_code(weir_migrate_down(db, set, NULL, NULL, &report, NULL), WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), 1);
	assert_int_equal(rows[0].state, WEIR_MIGRATION_APPLIED);
	weir_migrate_report_free(report);
	assert_code(weir_migrate_up(db, set, NULL, NULL, &report, NULL), WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), 1);
	assert_int_equal(rows[0].state, WEIR_MIGRATION_PENDING);
	weir_migrate_report_free(report);
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(up_does_not_build_on_what_was_undone),
		DB_TEST(what_was_done_at_the_look_is_looked_at_again),
		DB_TEST(down_undoes_the_newest_only),
		DB_TEST(what_others_did_is_done),
		DB_TEST(up_does_not_go_on_with_a_down),
		DB_TEST(an_older_down_script_does_not_come_back),
		DB_TEST(what_was_not_done_is_over_too),
		DB_TEST(a_commit_that_is_unsure_ends_the_writer),
		DB_TEST(a_wait_can_be_stopped),
		DB_TEST(a_target_has_to_be_there),
		DB_TEST(a_report_says_what_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
