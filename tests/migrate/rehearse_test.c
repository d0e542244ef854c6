/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Rehearsals: that they leave the database alone, what they find, and what is left of
 * one that was stopped.
 */
#include "migrate_fixture.h"

#include "apply.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names in a folder that are those of a rehearsal's copy. */
static unsigned copies_in(const char *path)
{
	DIR *const folder = opendir(path);
	unsigned count = 0;

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
		count += strstr(entry->d_name, "db-rehears") != NULL ? 1 : 0;
	(void)closedir(folder);
	return count;
}

static const struct weir_migrate_finding *find(const struct weir_migrate_report *report,
                                               const char *rule)
{
	const struct weir_migrate_finding *findings;
	const size_t count = weir_migrate_findings(report, &findings);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(findings[i].rule, rule) == 0)
			return &findings[i];
	}
	return NULL;
}

/* A finding of that rule, severity and text must be there. */
static void assert_found(const struct weir_migrate_report *report, const char *rule,
                         enum weir_migrate_severity severity, const char *part)
{
	const struct weir_migrate_finding *const finding = find(report, rule);

	if (finding == NULL)
		fail_msg("there is no finding %s", rule);
	assert_int_equal(finding->severity, severity);
	assert_has(finding->text, part);
}

static enum weir_code try_rehearsal(struct weir_db *db, const struct scripts *scripts,
                                    const struct weir_rehearse_options *wishes,
                                    struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir_migrations *const set = set_of(scripts);
	const enum weir_code code = weir_migrate_rehearse(db, set, NULL, NULL, wishes, report, err);

	weir_migrations_free(set);
	return code;
}

/* Rehearse scripts on db; the code must be that, and so must be the folder. */
static struct weir_migrate_report *rehearse(struct db_fixture *fixture, struct weir_db *db,
                                            const struct scripts *scripts,
                                            const struct weir_rehearse_options *wishes,
                                            enum weir_code expected)
{
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	char *const before = contents(fixture);
	const enum weir_code code = try_rehearsal(db, scripts, wishes, &report, &err);
	char *const after = contents(fixture);

	if (code != expected)
		fail_msg("rehearse: %s, %s", weir_error_name(code), err.message);
	assert_string_equal(before, after);
	assert_int_equal(copies_in(fixture->folder), wishes != NULL && wishes->keep ? 1 : 0);
	free(before);
	free(after);
	return report;
}

static struct weir_rehearse_options wishes_of(void)
{
	return (struct weir_rehearse_options){.size = sizeof(struct weir_rehearse_options)};
}

/* ---- what it leaves ---- */

static void a_rehearsal_leaves_the_database_as_it_was(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrate_report *report;
	const struct weir_migrate_row *rows;

	db_exec(db, "CREATE TABLE kept (v)");
	report = rehearse(fixture, db, library, NULL, WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), LIBRARY_COUNT);
	for (size_t i = 0; i < LIBRARY_COUNT; i++)
		assert_true(rows[i].done);
	assert_string_equal(weir_migrate_version(report), "5");
	assert_int_equal(strlen(weir_migrate_fingerprint(report)), 64);
	weir_migrate_report_free(report);
	db_end(db);
}

static void figures_are_those_of_up(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrate_report *const report = rehearse(fixture, db, library, NULL, WEIR_OK);
	const struct weir_migrate_row *rows;
	const size_t count = weir_migrate_rows(report, &rows);
	int64_t blocked = 0;

	for (size_t i = 0; i < count; i++)
		blocked += rows[i].blocked_ns;
	assert_true(blocked > 0);
	assert_int_equal(weir_migrate_figure(report, "blocked_ns"), blocked);
	assert_true(weir_migrate_figure(report, "duration_ns") > 0);
	assert_true(weir_migrate_figure(report, "copy_ns") > 0);
	assert_true(weir_migrate_figure(report, "bytes") > 0);
	assert_true(weir_migrate_figure(report, "log_bytes") > 0);
	assert_true(weir_migrate_figure(report, "checkpoint_ns") > 0);
	assert_true(weir_migrate_figure(report, "statements") >= LIBRARY_COUNT);
	/* Remembered for exactly this way. */
	assert_int_equal(weir__rehearsed_ns(db, "", "5"), blocked);
	assert_int_equal(weir__rehearsed_ns(db, "", "4"), 0);
	weir_migrate_report_free(report);
	db_end(db);
}

static void what_is_applied_is_not_rehearsed(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrations *const set = set_of(library);
	struct weir_migrate_report *report;
	const struct weir_migrate_row *rows;

	assert_int_equal(must_up(db, set, "3"), 3);
	report = rehearse(fixture, db, library, NULL, WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), 2);
	assert_true(weir__rehearsed_ns(db, "3", "5") > 0);
	weir_migrate_report_free(report);
	assert_int_equal(must_up(db, set, NULL), 2);
	report = rehearse(fixture, db, library, NULL, WEIR_OK);
	assert_int_equal(weir_migrate_rows(report, &rows), 0);
	weir_migrate_report_free(report);
	weir_migrations_free(set);
	db_end(db);
}

static void a_copy_can_be_kept(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_rehearse_options wishes = wishes_of();
	struct weir_migrate_report *report;
	struct db_fixture copy = *fixture;

	wishes.keep = true;
	report = rehearse(fixture, db, library, &wishes, WEIR_OK);
	assert_found(report, "copy", WEIR_MIGRATE_NOTE, "the copy was kept: ");
	(void)snprintf(copy.path, sizeof copy.path, "%s", strstr(find(report, "copy")->text, ": ") + 2);
	assert_int_equal(db_file_number(&copy, "SELECT count(*) FROM weir_schema_history WHERE id > 0 "
	                                       "AND outcome = 'done'"),
	                 3 * LIBRARY_COUNT);
	assert_int_equal(unlink(copy.path), 0);
	*strrchr(copy.path, '/') = '\0';
	weir_migrate_report_free(report);
	db_end(db);
}

static void a_copy_goes_where_it_is_wanted(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_rehearse_options wishes = wishes_of();
	struct weir_migrate_report *report = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[256];

	make_folder(fixture, "elsewhere", folder);
	wishes.folder = folder;
	weir_migrate_report_free(rehearse(fixture, db, library, &wishes, WEIR_OK));
	assert_int_equal(copies_in(folder), 0);
	wishes.folder = "/dev/null";
	assert_code(try_rehearsal(db, library, &wishes, &report, &err), WEIR_ERR_IO);
	assert_has(err.message, "/dev/null: a folder for the copy cannot be made");
	weir_migrate_report_free(report);
	db_end(db);
}

/* A rehearsal that was killed could not remove its copy: the next one does. */
static void a_copy_that_was_left_is_swept_away(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrations *const set = set_of(library);
	char left[256];
	char other[256];

	make_folder(fixture, "test.db-rehearsal-99999999-1", left);
	put_script(left, "copy.db", "half of it");
	put_script(left, "copy.db-wal", "");
	make_folder(fixture, "test.db-rehearsal-1-x", other);
	assert_code(weir_migrate_rehearse(db, set, NULL, NULL, NULL, NULL, NULL), WEIR_OK);
	assert_int_equal(access(left, F_OK), -1);
	assert_int_equal(access(other, F_OK), 0);
	weir_migrations_free(set);
	db_end(db);
}

/* ---- what it finds ---- */

struct finding_case {
	const char *before[3]; /* run on the database */
	struct scripts scripts[3];
	const char *invariant; /* NULL: none */
	const char *same_rows;
	enum weir_code code;
	const char *rule; /* NULL: nothing is found */
	enum weir_migrate_severity severity;
	const char *part;
};

#define UNSAFE WEIR_ERR_MIGRATE_REHEARSAL

static const struct finding_case finding_cases[] = {
	/* A script that fails. */
	{{"CREATE TABLE t (v)"},
     {{"CREATE TABLE t (v)", NULL}},
     NULL,
     NULL,
     UNSAFE,
     "up",
     WEIR_MIGRATE_FAILURE,
     "already exists"},
	/* References: broken by it; and broken before. */
	{{"CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p INTEGER REFERENCES p (id))",
      "INSERT INTO p VALUES (1)"},
     {{"INSERT INTO c VALUES (2)", NULL}},
     NULL,
     NULL,
     UNSAFE,
     "up",
     WEIR_MIGRATE_FAILURE,
     "c"},
	{{"CREATE TABLE p (id INTEGER PRIMARY KEY)",
      "CREATE TABLE c (p INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
      "CREATE TABLE x (v)"},
     {{"INSERT INTO x VALUES (2)", "DELETE FROM x"}},
     NULL,
     NULL,
     WEIR_OK,
     NULL,
     WEIR_MIGRATE_NOTE,
     NULL},
	/* Invariants. */
	{{"CREATE TABLE t (v, w)", "INSERT INTO t VALUES (1, 'one'), (2, NULL)"},
     {{"UPDATE t SET v = -v", "UPDATE t SET v = -v"}},
     "SELECT v, w FROM t WHERE v < 0 ORDER BY v",
     NULL,
     UNSAFE,
     "invariant",
     WEIR_MIGRATE_FAILURE,
     "the first row is -2, NULL"},
	{{"CREATE TABLE t (v)"},
     {{"ALTER TABLE t ADD COLUMN w", "ALTER TABLE t DROP COLUMN w"}},
     "SELECT 1 FROM t WHERE w < 0",
     NULL,
     WEIR_OK,
     NULL,
     WEIR_MIGRATE_NOTE,
     NULL},
	{{"CREATE TABLE t (v)"},
     {{"DROP TABLE t", "CREATE TABLE t (v)"}},
     "SELECT 1 FROM t",
     NULL,
     UNSAFE,
     "invariant",
     WEIR_MIGRATE_FAILURE,
     "no such table: t"},
	{{"CREATE TABLE t (v)"},
     {{"CREATE TABLE u (v)", "DROP TABLE u"}},
     "SELECT 1 WHERE 0; DROP TABLE t",
     NULL,
     UNSAFE,
     "invariant",
     WEIR_MIGRATE_FAILURE,
     "cannot be looked at"},
	/* Rows. */
	{{"CREATE TABLE t (v)", "INSERT INTO t VALUES (1), (2)"},
     {{"DELETE FROM t WHERE v = 1", "INSERT INTO t VALUES (1)"}},
     NULL,
     "T",
     UNSAFE,
     "same_rows",
     WEIR_MIGRATE_FAILURE,
     "table t had 2 rows, and has 1"},
	{{"CREATE TABLE t (v)", "INSERT INTO t VALUES (1), (2)"},
     {{"DELETE FROM t WHERE v = 1", "INSERT INTO t VALUES (1)"}},
     NULL,
     "*",
     WEIR_OK,
     "same_rows",
     WEIR_MIGRATE_WARNING,
     "table t had 2 rows, and has 1"},
	{{"CREATE TABLE t (v)"},
     {{"DROP TABLE t", "CREATE TABLE t (v)"}},
     NULL,
     "t",
     UNSAFE,
     "same_rows",
     WEIR_MIGRATE_FAILURE,
     "table t had 0 rows, and is gone"},
	/* Views and triggers. */
	{{"CREATE TABLE t (v, w)", "CREATE VIEW seen AS SELECT w FROM t"},
     {{"DROP TABLE t; CREATE TABLE t (v)", "DROP TABLE t; CREATE TABLE t (v, w)"}},
     NULL,
     NULL,
     UNSAFE,
     "unusable",
     WEIR_MIGRATE_FAILURE,
     "view seen cannot be used: "},
	{{"CREATE TABLE t (v)", "CREATE TABLE log (v, w)",
      "CREATE TRIGGER noted AFTER UPDATE OF v ON t BEGIN INSERT INTO log (w) VALUES (1); END"},
     {{"DROP TABLE log; CREATE TABLE log (v)", "DROP TABLE log; CREATE TABLE log (v, w)"}},
     NULL,
     NULL,
     UNSAFE,
     "unusable",
     WEIR_MIGRATE_FAILURE,
     "a trigger of UPDATE on t cannot be used: "},
	{{"CREATE TABLE Things (v)", "CREATE TABLE log (v, w)",
      "CREATE TRIGGER noted AFTER INSERT ON things BEGIN INSERT INTO log (w) VALUES (1); END"},
     {{"DROP TABLE log; CREATE TABLE log (v)", "DROP TABLE log; CREATE TABLE log (v, w)"}},
     NULL,
     NULL,
     UNSAFE,
     "unusable",
     WEIR_MIGRATE_FAILURE,
     "a trigger of INSERT on Things cannot be used: "},
	{{"CREATE TABLE t (v)", "CREATE VIEW seen AS SELECT v FROM nowhere"},
     {{"CREATE TABLE u (v)", "DROP TABLE u"}},
     NULL,
     NULL,
     WEIR_OK,
     "unusable",
     WEIR_MIGRATE_WARNING,
     "nor could it before"},
	{{"CREATE TABLE t (v)", "CREATE VIEW seen AS SELECT v FROM t",
      "CREATE TRIGGER pass INSTEAD OF INSERT ON seen BEGIN INSERT INTO t (v) VALUES (new.v); END"},
     {{"ALTER TABLE t ADD COLUMN w", "ALTER TABLE t DROP COLUMN w"}},
     NULL,
     NULL,
     WEIR_OK,
     NULL,
     WEIR_MIGRATE_NOTE,
     NULL},
	/* The way down, and up again. */
	{{"CREATE TABLE t (v)"},
     {{"CREATE TABLE u (v); CREATE INDEX i ON t (v)", "DROP TABLE u"}},
     NULL,
     NULL,
     UNSAFE,
     "down_differs",
     WEIR_MIGRATE_FAILURE,
     "down does not lead back"},
	{{NULL},
     {{"CREATE TABLE u (v)", "DROP TABLE v"}},
     NULL,
     NULL,
     UNSAFE,
     "down",
     WEIR_MIGRATE_FAILURE,
     "no such table: v"},
	{{"CREATE TABLE t (v)"},
     {{"CREATE TABLE IF NOT EXISTS u (v)", "DROP TABLE u; DROP TABLE t; CREATE TABLE t (v)"},
      {"ALTER TABLE t ADD COLUMN w", "SELECT 1"}},
     NULL,
     NULL,
     WEIR_OK,
     NULL,
     WEIR_MIGRATE_NOTE,
     NULL},
	{{NULL},
     {{"CREATE TABLE u (v)", NULL}, {"CREATE TABLE w (v)", "DROP TABLE w"}},
     NULL,
     NULL,
     WEIR_OK,
     "no_down",
     WEIR_MIGRATE_NOTE,
     "version 1 has no way down"},
	{{NULL},
     {{"CREATE TABLE u (v)", NULL}, {"CREATE TABLE w (v); CREATE TABLE x (v)", "DROP TABLE w"}},
     NULL,
     NULL,
     UNSAFE,
     "again",
     WEIR_MIGRATE_FAILURE,
     "x already exists"},
};

static void check_finding(struct db_fixture *fixture, const struct finding_case *wanted)
{
	struct weir_db *const db = db_make(fixture, "foreign_keys=off");
	struct weir_rehearse_options wishes = wishes_of();
	struct weir_migrate_report *report;
	const struct weir_migrate_finding *findings;

	for (size_t i = 0; i < 3 && wanted->before[i] != NULL; i++)
		db_exec(db, wanted->before[i]);
	wishes.invariants = &wanted->invariant;
	wishes.invariants_count = wanted->invariant != NULL ? 1 : 0;
	wishes.same_rows = &wanted->same_rows;
	wishes.same_rows_count = wanted->same_rows != NULL ? 1 : 0;
	report = rehearse(fixture, db, wanted->scripts, &wishes, wanted->code);
	if (wanted->rule != NULL)
		assert_found(report, wanted->rule, wanted->severity, wanted->part);
	else
		assert_int_equal(weir_migrate_findings(report, &findings), 0);
	/* What was found wanting is not what up will do. */
	if (wanted->code != WEIR_OK)
		assert_int_equal(weir__rehearsed_ns(db, "", "1"), 0);
	weir_migrate_report_free(report);
	db_end(db);
}

static void findings_are_what_is_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof finding_cases / sizeof finding_cases[0]; i++) {
		void *own = NULL;

		print_message("case %zu\n", i);
		assert_int_equal(db_set_up(&own), 0);
		check_finding(own, &finding_cases[i]);
		assert_int_equal(db_tear_down(&own), 0);
	}
}

static void down_is_left_out_if_asked(void **state)
{
	static const struct scripts scripts[] = {{"CREATE TABLE u (v)", "DROP TABLE v"}, {NULL, NULL}};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_rehearse_options wishes = wishes_of();

	wishes.no_down = true;
	weir_migrate_report_free(rehearse(fixture, db, scripts, &wishes, WEIR_OK));
	db_end(db);
}

static void references_that_were_broken_before_do_not_count(void **state)
{
	static const struct scripts scripts[] = {
		{"CREATE TABLE u (v); UPDATE c SET p = p", "DROP TABLE u"}, {NULL, NULL}};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, "foreign_keys=off");
	sqlite3 *const foreign = db_foreign(fixture);

	db_foreign_exec(foreign, "PRAGMA foreign_keys = OFF;"
	                         "CREATE TABLE p (id INTEGER PRIMARY KEY);"
	                         "CREATE TABLE c (p INTEGER REFERENCES p (id));"
	                         "CREATE TABLE n (u INTEGER REFERENCES c (p));"
	                         "INSERT INTO c VALUES (7), (7), (8);"
	                         "CREATE TABLE no_key (x); CREATE TABLE f (x REFERENCES no_key (x))");
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	weir_migrate_report_free(rehearse(fixture, db, scripts, NULL, WEIR_OK));
	db_end(db);
}

/* Outside a transaction up cannot undo what it finds; a rehearsal finds it before. */
static void references_that_break_outside_a_transaction_are_found(void **state)
{
	static const struct weir_migration_source source = {
		.version = "1",
		.name = "orphans",
		.up = {.sql = "DELETE FROM p WHERE id < 30", .no_transaction = true},
	};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrate_report *report = NULL;
	struct weir_migrations *set = NULL;
	struct weir_error err = WEIR_ERROR_INIT;

	db_exec(db, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
	db_exec(db, "CREATE TABLE c (p INTEGER REFERENCES p (id))");
	db_exec(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) "
	            "INSERT INTO p SELECT i FROM n");
	db_exec(db, "INSERT INTO c SELECT id FROM p");
	assert_code(weir_migrations_make(&set, &source, 1, &err), WEIR_OK);
	assert_code(weir_migrate_rehearse(db, set, NULL, NULL, NULL, &report, &err), UNSAFE);
	assert_non_null(report);
	assert_found(report, "broken_reference", WEIR_MIGRATE_FAILURE,
	             "row 1 of table c points to a row of p that is not there");
	weir_migrate_report_free(report);
	weir_migrations_free(set);
	db_end(db);
}

/* ---- what stops it ---- */

struct stopper {
	struct weir_db *db; /* which must say that it is being rehearsed */
	const char *phase;  /* to stop in; NULL: none */
	unsigned phases;    /* seen, as bits */
};

static const char *const phases[] = {"copying", "looking", "rehearsing", "checking"};

static bool stop(void *arg, const struct weir_migrate_progress *progress)
{
	struct stopper *const stopper = arg;
	struct weir_db_migration now = {.size = sizeof now};

	if (weir_db_read_migration(stopper->db, &now) != WEIR_OK ||
	    now.phase != WEIR_DB_MIGRATION_RUNNING)
		return false;
	for (unsigned i = 0; i < sizeof phases / sizeof phases[0]; i++) {
		if (strcmp(progress->phase, phases[i]) == 0)
			stopper->phases |= 1U << i;
	}
	return stopper->phase == NULL || strcmp(progress->phase, stopper->phase) != 0;
}

static void a_rehearsal_is_watched_and_stopped_anywhere(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrations *const set = set_of(library);
	struct stopper stopper = {.db = db};
	struct weir_db_migration last = {.size = sizeof last};
	struct weir_migrate_options options = {
		.size = sizeof options, .on_progress = stop, .progress_arg = &stopper};
	struct weir_error err = WEIR_ERROR_INIT;

	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++) {
		stopper.phase = phases[i];
		assert_code(weir_migrate_rehearse(db, set, NULL, &options, NULL, NULL, &err),
		            WEIR_ERR_DRIVER_CANCELLED);
		assert_int_equal(copies_in(fixture->folder), 0);
		assert_int_equal(weir__rehearsed_ns(db, "", "5"), 0);
	}
	stopper.phase = NULL;
	stopper.phases = 0;
	assert_code(weir_migrate_rehearse(db, set, NULL, &options, NULL, NULL, &err), WEIR_OK);
	assert_int_equal(stopper.phases, (1U << (sizeof phases / sizeof phases[0])) - 1);
	assert_code(weir_db_read_migration(db, &last), WEIR_OK);
	assert_int_equal(last.phase, WEIR_DB_MIGRATION_NONE);
	assert_string_equal(last.what, "rehearse");
	weir_migrations_free(set);
	db_end(db);
}

static void no_room_is_said_before(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrations *const set = set_of(library);
	const struct weir_migrate_options options = {.size = sizeof options,
	                                             .disk_reserve = UINT64_MAX / 2};
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_migrate_rehearse(db, set, NULL, &options, NULL, NULL, &err),
	            WEIR_ERR_DRIVER_FULL);
	assert_has(err.message, " bytes are needed, ");
	assert_int_equal(copies_in(fixture->folder), 0);
	weir_migrations_free(set);
	db_end(db);
}

static void bad_arguments_are_refused(void **state)
{
	static const char *const nowhere = "nowhere";
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_db *private = NULL;
	struct weir_migrations *const set = set_of(library);
	struct weir_rehearse_options wishes = wishes_of();
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(weir_migrate_rehearse(NULL, set, NULL, NULL, NULL, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_migrate_rehearse(db, NULL, NULL, NULL, NULL, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	wishes.same_rows_count = 1;
	assert_code(weir_migrate_rehearse(db, set, NULL, NULL, &wishes, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	wishes.same_rows = &nowhere;
	assert_code(weir_migrate_rehearse(db, set, NULL, NULL, &wishes, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "there is no table nowhere");
	wishes.size = 0;
	assert_code(weir_migrate_rehearse(db, set, NULL, NULL, &wishes, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(copies_in(fixture->folder), 0);
	assert_code(weir_db_open(&private, weir_sqlite_driver(), "sqlite::memory:", &err), WEIR_OK);
	assert_code(weir_migrate_rehearse(private, set, NULL, NULL, NULL, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_has(err.message, "name a folder");
	db_end(private);
	weir_migrations_free(set);
	db_end(db);
}

/* What up refuses beforehand, a rehearsal refuses in the same words. */
static void drift_is_no_finding(void **state)
{
	static const struct scripts edited[] = {{"CREATE TABLE edited (v)", NULL}, {NULL, NULL}};
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, NULL);
	struct weir_migrations *const set = set_of(library);
	struct weir_migrate_report *report;

	assert_int_equal(must_up(db, set, "1"), 1);
	report = rehearse(fixture, db, edited, NULL, WEIR_ERR_MIGRATE_DRIFT);
	weir_migrate_report_free(report);
	weir_migrations_free(set);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_rehearsal_leaves_the_database_as_it_was),
		DB_TEST(figures_are_those_of_up),
		DB_TEST(what_is_applied_is_not_rehearsed),
		DB_TEST(a_copy_can_be_kept),
		DB_TEST(a_copy_goes_where_it_is_wanted),
		DB_TEST(a_copy_that_was_left_is_swept_away),
		cmocka_unit_test(findings_are_what_is_wrong),
		DB_TEST(down_is_left_out_if_asked),
		DB_TEST(references_that_were_broken_before_do_not_count),
		DB_TEST(references_that_break_outside_a_transaction_are_found),
		DB_TEST(a_rehearsal_is_watched_and_stopped_anywhere),
		DB_TEST(no_room_is_said_before),
		DB_TEST(bad_arguments_are_refused),
		DB_TEST(drift_is_no_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
