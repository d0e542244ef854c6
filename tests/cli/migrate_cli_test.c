/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate` from outside: its verbs in a folder of their own, what goes to which
 * stream, exit codes, JSON, and that nothing is changed that should not be.
 */
#include "weir_run.h"

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/stat.h>

static struct weir_run run;
static char folder[64];

static const char *const verbs[] = {"new",   "status", "plan",    "rehearse", "up",
                                    "down",  "redo",   "verify",  "check",    "baseline",
                                    "adopt", "repair", "rebuild", "dump",     "embed"};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

/* ---- a folder for each test, and what it begins with ---- */

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static int enter(void **state)
{
	(void)state;
	(void)strcpy(folder, "/tmp/weir-migrate-cli-XXXXXX");
	return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") == 0 && nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? 0 : -1;
}

static void write_text(const char *path, const char *text)
{
	FILE *const file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) != EOF);
	assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Three migrations of weir's format, with versions that are no small numbers. */
static void write_set(void)
{
	assert_int_equal(mkdir("migrations", 0777), 0);
	write_text("migrations/100_user.sql",
	           "-- weir:up\nCREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT);\n"
	           "INSERT INTO user(name) VALUES ('Ada');\n-- weir:down\nDROP TABLE user;\n");
	write_text("migrations/200_email.sql",
	           "-- weir:tag v2\n-- weir:up\nALTER TABLE user ADD COLUMN email TEXT;\n"
	           "-- weir:down\nALTER TABLE user DROP COLUMN email;\n");
	write_text("migrations/300_name.sql", "-- weir:up\nCREATE INDEX user_name ON user(name);\n"
	                                      "-- weir:down\nDROP INDEX user_name;\n");
}

static void expect(const char *line, int exit_code)
{
	run_weir(&run, line, NULL);
	if (run.exit_code != exit_code)
		fail_msg("%s: %d instead of %d\n%s%s", line, run.exit_code, exit_code, run.out, run.err);
}

static void expect_done(const char *line)
{
	expect(line, 0);
	assert_string_equal(run.err, "");
}

/* The newest version that is applied, asked with a verb that changes nothing. */
static void expect_version(const char *version)
{
	json_t *root;

	expect_done("migrate status --database app.db --json");
	root = json_loads(run.out, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "version")), version);
	json_decref(root);
}

static void expect_refusal(const char *line, const char *part)
{
	expect(line, 2);
	assert_contains(run.err, part);
	assert_string_equal(run.out, "");
}

/* ---- use ---- */

static void every_verb_has_help(void **state)
{
	char line[64];

	(void)state;
	expect_done("migrate --help");
	for (size_t i = 0; i < VERBS; i++)
		assert_contains(run.out, verbs[i]);
	expect_done("migrate help --help");
	expect_done("help migrate");
	assert_contains(run.out, "Usage: weir migrate VERB");
	for (size_t i = 0; i < VERBS; i++) {
		(void)snprintf(line, sizeof(line), "migrate %s --help", verbs[i]);
		expect_done(line);
		assert_contains(run.out, "Usage: weir migrate ");
		assert_contains(run.out, "--json");
		(void)snprintf(line, sizeof(line), "migrate help %s", verbs[i]);
		expect_done(line);
		assert_contains(run.out, verbs[i]);
	}
}

static void wrong_use_is_refused(void **state)
{
	(void)state;
	expect_refusal("migrate statsu", "there is no 'statsu'; did you mean 'status'?");
	expect_refusal("migrate up --timeot=3s", "did you mean '--timeout'?");
	expect_refusal("migrate up -x", "there is no option '-x'");
	expect_refusal("migrate up --seq", "--seq is not for 'up'");
	expect_refusal("migrate up --json=1", "--json takes no value");
	expect_refusal("migrate up --timeout", "--timeout needs a value: TIME");
	expect_refusal("migrate up --timeout 3x", "--timeout cannot be '3x'; allowed: ");
	expect_refusal("migrate up --disk-reserve lots", "--disk-reserve cannot be 'lots'");
	expect_refusal("migrate up --database=", "--database cannot be empty");
	expect_refusal("migrate up 1 2", "'2' is not expected");
	expect_refusal("migrate status 1", "'1' is not expected");
	expect_refusal("migrate new", "an argument is missing");
	expect_refusal("migrate up --format=flyway", "--format must be one of weir");
	expect_refusal("migrate up --backup-keep=2", "--backup-keep needs --backup");
	expect_refusal("migrate rebuild user", "--sql FILE is missing");
	expect_refusal("migrate up --allow-out-of-order --ignore-out-of-order", "give one of");
	expect_refusal("migrate up", "no database is named");
	expect_refusal("migrate up --database app.db", "neither db/migrations nor migrations");
	expect_refusal("migrate up --database app.db --migrations nowhere", "no folder nowhere");
	assert_false(is_there("app.db"));
	run_weir(&run, "migrate", NULL);
	assert_int_equal(run.exit_code, 2);
}

static void a_target_that_cannot_be_is_refused(void **state)
{
	(void)state;
	write_set();
	expect("migrate up --database app.db 4", 2);
	expect("migrate up --database app.db v9", 2);
	expect_refusal("migrate up --database app.db -1", "give +N for N steps");
	expect_refusal("migrate down --database app.db +1", "give -N for N steps");
	expect_refusal("migrate up --database app.db +x", "cannot be read here");
}

/* ---- making scripts ---- */

static void a_new_script_is_made_with_its_folder(void **state)
{
	(void)state;
	expect_done("migrate new --dry-run --seq user");
	assert_string_equal(run.out, "db/migrations/001_user.sql would be made\n");
	assert_false(is_there("db"));
	expect_refusal("migrate new --dry-run --seq /", "neither a letter");
	expect_done("migrate new --seq user");
	assert_string_equal(run.out, "db/migrations/001_user.sql\n");
	assert_true(is_there("db/migrations/001_user.sql"));
	expect_done("migrate new --seq --json --migrations db/migrations email");
	assert_contains(run.out, "\"path\": \"db/migrations/002_email.sql\"");
	expect_done("migrate new --seq --migrations go --format golang-migrate user");
	assert_true(is_there("go/000001_user.down.sql"));
}

/* ---- nothing is there ---- */

static void a_database_that_is_not_there_is_not_made_by_a_look(void **state)
{
	static const char *const looks[] = {"status", "plan", "check", "up --dry-run"};
	static const char *const refused[] = {"rehearse", "verify", "dump",  "down --dry-run", "down",
	                                      "redo",     "repair", "adopt", "baseline"};
	char line[96];

	(void)state;
	write_set();
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		(void)snprintf(line, sizeof(line), "migrate %s --database app.db", looks[i]);
		expect_done(line);
		assert_contains(run.out, "app.db: nothing there yet; `weir migrate up` makes it");
		assert_false(is_there("app.db"));
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		(void)snprintf(line, sizeof(line), "migrate %s --database app.db", refused[i]);
		expect_refusal(line, "app.db: nothing there yet");
		assert_false(is_there("app.db"));
	}
	expect("migrate status --database app.db --exit-code", 3);
	assert_contains(run.out, "3 pending");
}

/* ---- up and down ---- */

static void migrations_go_up_and_down_by_steps_versions_and_tags(void **state)
{
	static const struct {
		const char *line;
		const char *version;
	} steps[] = {
		{"migrate up --database app.db 1", "100"},     {"migrate up --database app.db v2", "200"},
		{"migrate up --database app.db", "300"},       {"migrate down --database app.db 2", "100"},
		{"migrate up --database app.db +2", "300"},    {"migrate down --database app.db -1", "200"},
		{"migrate down --database app.db 100", "100"}, {"migrate up --database app.db 300", "300"},
		{"migrate down --database app.db v2", "200"},  {"migrate down --database app.db 0", ""},
	};

	(void)state;
	write_set();
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		expect_done(steps[i].line);
		expect_version(steps[i].version);
	}
}

static void a_number_that_is_a_version_is_the_version(void **state)
{
	(void)state;
	assert_int_equal(mkdir("migrations", 0777), 0);
	write_text("migrations/001_a.sql",
	           "-- weir:up\nCREATE TABLE a(x);\n-- weir:down\nDROP TABLE a;\n");
	write_text("migrations/002_b.sql",
	           "-- weir:up\nCREATE TABLE b(x);\n-- weir:down\nDROP TABLE b;\n");
	write_text("migrations/003_c.sql",
	           "-- weir:up\nCREATE TABLE c(x);\n-- weir:down\nDROP TABLE c;\n");
	expect_done("migrate up --database app.db");
	expect("migrate down --database app.db 2", 0);
	assert_contains(run.err, "2 is the version of that name; for steps write -2");
	expect_version("2");
	expect("migrate down --database app.db 001 --quiet", 0);
	assert_string_equal(run.out, "");
	assert_string_equal(run.err, "");
	expect_version("1");
}

static void redo_undoes_and_applies_the_newest(void **state)
{
	(void)state;
	write_set();
	expect_done("migrate up --database app.db");
	expect_done("migrate down 0 --database app.db");
	expect("migrate redo --database app.db", 2);
	assert_contains(run.err, "nothing is applied");
	expect_done("migrate up --database app.db");
	expect_done("migrate redo --database app.db");
	assert_contains(run.out, "2 done; version 300");
	expect_version("300");
}

static void redo_without_a_way_back_is_refused_beforehand(void **state)
{
	(void)state;
	write_set();
	write_text("migrations/400_last.sql", "-- weir:up\nCREATE TABLE last(x);\n");
	expect_done("migrate up --database app.db");
	expect("migrate redo --database app.db", 2);
	expect_version("400");
}

static void a_dry_run_changes_nothing(void **state)
{
	static const char *const dry[] = {"up", "down", "redo", "repair"};
	static char before[RUN_OUTPUT_MAX];
	char line[96];

	(void)state;
	write_set();
	expect_done("migrate up --database app.db 2");
	expect_done("migrate dump --history --database app.db");
	(void)strcpy(before, run.out);
	for (size_t i = 0; i < sizeof(dry) / sizeof(dry[0]); i++) {
		(void)snprintf(line, sizeof(line), "migrate %s --dry-run --database app.db", dry[i]);
		expect_done(line);
		assert_contains(run.out, "nothing was changed");
	}
	expect_done("migrate dump --history --database app.db");
	assert_string_equal(run.out, before);
}

/* ---- failures ---- */

static void a_script_that_fails_is_undone_and_named(void **state)
{
	json_t *root;
	json_t *error;

	(void)state;
	write_set();
	write_text("migrations/400_bad.sql",
	           "-- weir:up\nCREATE TABLE good(x);\nCREATE TABEL bad(x);\n");
	expect("migrate up --database app.db --json", 1);
	assert_string_equal(run.err, "");
	root = json_loads(run.out, 0, NULL);
	assert_non_null(root);
	error = json_object_get(root, "error");
	assert_string_equal(json_string_value(json_object_get(error, "name")), "MIGRATE_SCRIPT");
	assert_int_equal(json_integer_value(json_object_get(error, "exit")), 1);
	assert_contains(json_string_value(json_object_get(error, "message")), "400_bad.sql");
	assert_int_equal(json_array_size(json_object_get(root, "rows")), 3);
	json_decref(root);
	expect("migrate up --database app.db", 1);
	assert_contains(run.err, "weir migrate up: ");
	expect_version("300");
	expect_done("migrate dump --database app.db");
	assert_lacks(run.out, "good");
}

static void an_edited_script_is_drift_until_it_is_repaired(void **state)
{
	(void)state;
	write_set();
	expect_done("migrate up --database app.db");
	expect_done("migrate verify --database app.db");
	write_text("migrations/300_name.sql",
	           "-- weir:up\nCREATE INDEX user_name ON user(name, id);\n-- weir:down\nDROP INDEX "
	           "user_name;\n");
	expect("migrate up --database app.db", 5);
	expect_done("migrate status --database app.db");
	assert_contains(run.out, "edited");
	expect_done("migrate repair --database app.db 300");
	expect_done("migrate up --database app.db");
}

/* Wait until the process holds SIGINT back: from then on it is asked for. */
static void wait_until_stoppable(pid_t child)
{
	char path[64];
	char status[4096];
	const char *mask = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
	while (mask == NULL || (strtoull(mask + 7, NULL, 16) & (1u << (SIGINT - 1))) == 0) {
		const int file = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length;

		assert_true(file >= 0);
		length = read(file, status, sizeof(status) - 1);
		assert_true(length > 0);
		status[length] = '\0';
		assert_int_equal(close(file), 0);
		mask = strstr(status, "SigBlk:");
		(void)usleep(1000);
	}
}

/* Begin `weir migrate up`, interrupt it, and return what it ended with. */
static int interrupt_up(int signal)
{
	static char *const no_variables[] = {NULL};
	char path[RUN_PATH_MAX];
	char words[4][32] = {"migrate", "up", "--quiet", "--database=app.db"};
	char *argv[] = {path, words[0], words[1], words[2], words[3], NULL};
	int status;
	pid_t child;

	find_tool(path, "weir");
	assert_int_equal(posix_spawn(&child, path, NULL, NULL, argv, no_variables), 0);
	wait_until_stoppable(child);
	assert_int_equal(kill(child, signal), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void an_interrupt_undoes_what_is_running(void **state)
{
	(void)state;
	write_set();
	write_text(
		"migrations/400_long.sql",
		"-- weir:up\nCREATE TABLE long(x);\nINSERT INTO long WITH RECURSIVE c(x) AS (SELECT 1 "
		"UNION ALL SELECT x + 1 FROM c LIMIT 4000000000) SELECT count(*) FROM c;\n");
	expect_done("migrate up --database app.db 3");
	assert_int_equal(interrupt_up(SIGINT), 8);
	expect_version("300");
}

static void an_interrupt_ends_the_wait_for_another_process(void **state)
{
	sqlite3 *db;

	(void)state;
	write_set();
	expect_done("migrate up --database app.db 1");
	assert_int_equal(sqlite3_open("app.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(interrupt_up(SIGTERM), 8);
	expect("migrate up --database app.db --timeout 10ms", 4);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	expect_version("100");
}

/* ---- JSON ---- */

static void every_verb_writes_one_json_object(void **state)
{
	static const struct {
		const char *line;
		int exit_code;
	} lines[] = {
		{"migrate status --json", 0},     {"migrate plan --json", 0},
		{"migrate up --json 2", 0},       {"migrate rehearse --json", 0},
		{"migrate check --json", 0},      {"migrate redo --json", 0},
		{"migrate down --json", 0},       {"migrate verify --json", 0},
		{"migrate baseline --json", 5},   {"migrate adopt --json", 7},
		{"migrate repair --json", 0},     {"migrate dump --json --history", 0},
		{"migrate embed --json", 0},      {"migrate rebuild user --sql user.sql --json", 0},
		{"migrate up --json nowhere", 2},
	};
	static const char *const keys[] = {"verb", "version", "rows", "findings", "figures", "error"};
	static char database[] = "WEIR_DATABASE=sqlite:app.db";
	static char scripts[] = "WEIR_MIGRATIONS=migrations";
	static char *const variables[] = {database, scripts, NULL};

	(void)state;
	write_set();
	write_text("user.sql", "CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		json_error_t error;
		json_t *root;

		run_weir(&run, lines[i].line, variables);
		root = json_loads(run.out, 0, &error);
		if (root == NULL)
			fail_msg("%s: %s in\n%s%s", lines[i].line, error.text, run.out, run.err);
		if (run.exit_code != lines[i].exit_code)
			fail_msg("%s ended with %d\n%s", lines[i].line, run.exit_code, run.out);
		assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
		for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++)
			assert_non_null(json_object_get(root, keys[j]));
		assert_int_equal(json_is_null(json_object_get(root, "error")), run.exit_code == 0);
		assert_string_equal(run.err, "");
		json_decref(root);
	}
}

/* ---- documents ---- */

static void documents_go_to_a_file_or_to_standard_output(void **state)
{
	(void)state;
	write_set();
	expect_done("migrate embed --prefix app --output app.c");
	assert_string_equal(run.out, "app.c\n");
	assert_true(is_there("app.c"));
	expect_done("migrate embed");
	assert_contains(run.out, "migrations_sources[]");
	expect_done("migrate up --database app.db");
	expect_done("migrate dump --database app.db --output schema.sql");
	assert_true(is_there("schema.sql"));
	expect("migrate embed --output nowhere/app.c", 1);
	assert_contains(run.err, "cannot write nowhere/app.c");
}

static void a_rebuild_is_written_and_not_run(void **state)
{
	(void)state;
	write_set();
	write_text("user.sql", "CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT NOT NULL, email)");
	expect_done("migrate up --database app.db");
	expect("migrate rebuild user --database app.db --sql user.sql --column name=", 2);
	/* A column that goes has to be named. */
	write_text("less.sql", "CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT)");
	expect("migrate rebuild user --database app.db --sql less.sql", 1);
	assert_contains(run.err, "name it, with no expression");
	expect_done("migrate rebuild user --database app.db --sql less.sql --column email");
	assert_contains(run.out, "SELECT \"id\"\n\t, \"name\"\n\tFROM");
	expect("migrate rebuild user --database app.db --sql nowhere.sql", 1);
	expect_done("migrate rebuild user --database app.db --sql user.sql --column name=upper(name)");
	assert_contains(run.out, "upper(name)");
	expect_done("migrate rebuild user --database app.db --sql user.sql --write --seq --dry-run");
	assert_contains(run.out, "migrations/301_rebuild_user.sql would be made\n");
	assert_false(is_there("migrations/301_rebuild_user.sql"));
	expect_version("300");
	expect_done("migrate rebuild user --database app.db --sql user.sql --write --seq");
	assert_string_equal(run.out, "migrations/301_rebuild_user.sql\n");
	expect_done("migrate up --database app.db");
	expect_version("301");
}

/* ---- places, and other tools ---- */

static void a_database_is_named_as_other_tools_do(void **state)
{
	static char path[] = "WEIR_DATABASE=odd ?#%.db";
	static char *const variables[] = {path, NULL};

	(void)state;
	write_set();
	expect_done("migrate up --database sqlite3://one.db");
	assert_true(is_there("one.db"));
	expect_done("migrate up --database sqlite:two.db?busy_timeout=1s");
	assert_true(is_there("two.db"));
	expect_done("migrate up --database sqlite3:three.db?x-no-tx-wrap=false");
	assert_true(is_there("three.db"));
	run_weir(&run, "migrate up", variables);
	assert_int_equal(run.exit_code, 0);
	assert_true(is_there("odd ?#%.db"));
	expect("migrate up --database postgres://host/db", 2);
	expect("migrate up --database sqlite:app.db?no_such=1", 2);
	assert_false(is_there("app.db"));
}

static void a_table_of_golang_migrate_is_adopted(void **state)
{
	sqlite3 *db;

	(void)state;
	assert_int_equal(mkdir("migrations", 0777), 0);
	write_text("migrations/1_a.up.sql", "CREATE TABLE a(x);\n");
	write_text("migrations/1_a.down.sql", "DROP TABLE a;\n");
	write_text("migrations/2_b.up.sql", "CREATE TABLE b(x);\n");
	write_text("migrations/2_b.down.sql", "DROP TABLE b;\n");
	assert_int_equal(sqlite3_open("app.db", &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db,
	                 "CREATE TABLE a(x); CREATE TABLE mine (version uint64,dirty bool);"
	                 "CREATE UNIQUE INDEX version_unique ON mine(version);"
	                 "INSERT INTO mine VALUES (1, 0)",
	                 NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	expect_done("migrate adopt --dry-run --database sqlite3://app.db?x-migrations-table=mine");
	expect_done("migrate adopt --database sqlite3://app.db?x-migrations-table=mine");
	expect_done("migrate up --database sqlite3://app.db?x-migrations-table=mine --keep-foreign");
	assert_contains(run.out, "1 done; version 2");
}

static void a_baseline_is_recorded_unrun(void **state)
{
	(void)state;
	write_set();
	expect("migrate baseline --dry-run --database app.db 100", 2);
	assert_false(is_there("app.db"));
	write_text("app.db", "");
	expect_done("migrate baseline --dry-run --database app.db 100");
	expect_version("");
	expect_done("migrate baseline --database app.db 200");
	expect_version("200");
	expect_done("migrate dump --database app.db");
	assert_lacks(run.out, "CREATE TABLE user");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_verb_has_help),
		TEST(wrong_use_is_refused),
		TEST(a_target_that_cannot_be_is_refused),
		TEST(a_new_script_is_made_with_its_folder),
		TEST(a_database_that_is_not_there_is_not_made_by_a_look),
		TEST(migrations_go_up_and_down_by_steps_versions_and_tags),
		TEST(a_number_that_is_a_version_is_the_version),
		TEST(redo_undoes_and_applies_the_newest),
		TEST(redo_without_a_way_back_is_refused_beforehand),
		TEST(a_dry_run_changes_nothing),
		TEST(a_script_that_fails_is_undone_and_named),
		TEST(an_edited_script_is_drift_until_it_is_repaired),
		TEST(an_interrupt_undoes_what_is_running),
		TEST(an_interrupt_ends_the_wait_for_another_process),
		TEST(every_verb_writes_one_json_object),
		TEST(documents_go_to_a_file_or_to_standard_output),
		TEST(a_rebuild_is_written_and_not_run),
		TEST(a_database_is_named_as_other_tools_do),
		TEST(a_table_of_golang_migrate_is_adopted),
		TEST(a_baseline_is_recorded_unrun),
	};

	return cmocka_run_group_tests_name("weir migrate", tests, NULL, NULL);
}
