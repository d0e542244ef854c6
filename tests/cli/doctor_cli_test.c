/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir doctor` on real SQLite files, in use and left behind: what it says, and that
 * neither a byte, nor the set of files, nor anybody's lock is changed by it.
 */
#include "weir_run.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define FOLDER_TEXT_MAX 4096

static struct weir_run run;
static char folder[64];
static char db_path[96];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/weir-doctor-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(db_path, sizeof(db_path), "%s/a.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void exec_sql(sqlite3 *db, const char *sql)
{
	char *text = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &text) != SQLITE_OK) {
		(void)fprintf(stderr, "%s: %s\n", sql, text);
		abort();
	}
}

static sqlite3 *open_db(void)
{
	sqlite3 *db;

	if (sqlite3_open(db_path, &db) != SQLITE_OK)
		abort();
	return db;
}

/* A database with a table of some pages, closed again. */
static void make_db(const char *mode)
{
	sqlite3 *db = open_db();
	char sql[64];

	(void)snprintf(sql, sizeof(sql), "PRAGMA journal_mode=%s", mode);
	exec_sql(db, sql);
	exec_sql(db, "CREATE TABLE t(a); INSERT INTO t VALUES (randomblob(20000))");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A process that has run sql on the database and lives on, or 0 in it. */
struct other {
	pid_t pid;
	int ready;
};

/* Start a process that runs sql on one connection, and read_sql, if any, on another
 * before it; it then waits to be killed. */
static struct other start_other(const char *read_sql, const char *sql)
{
	struct other other;
	int ends[2];
	char byte;

	assert_int_equal(pipe(ends), 0);
	other.pid = fork();
	assert_true(other.pid >= 0);
	if (other.pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when an assertion ends the test */
		(void)close(ends[0]);
		if (read_sql != NULL)
			exec_sql(open_db(), read_sql);
		exec_sql(open_db(), sql);
		(void)!write(ends[1], "r", 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(close(ends[1]), 0);
	other.ready = ends[0];
	assert_int_equal(read(other.ready, &byte, 1), 1);
	return other;
}

static void kill_other(const struct other *other)
{
	assert_int_equal(kill(other->pid, SIGKILL), 0);
	assert_int_equal(waitpid(other->pid, NULL, 0), other->pid);
	assert_int_equal(close(other->ready), 0);
}

/* Every file of the folder with size, times of change, and a sum of its bytes. */
static void describe_folder(char text[FOLDER_TEXT_MAX])
{
	struct dirent **names;
	const int count = scandir(folder, &names, NULL, alphasort);
	size_t length = 0;

	assert_true(count >= 2);
	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		char path[512];
		struct stat status;
		unsigned sum = 0;
		FILE *file;

		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		free(names[i]);
		assert_int_equal(lstat(path, &status), 0);
		if (!S_ISREG(status.st_mode))
			continue;
		file = fopen(path, "re");
		assert_non_null(file);
		for (int c; (c = getc(file)) != EOF;)
			sum = sum * 31 + (unsigned)c;
		assert_int_equal(fclose(file), 0);
		length += (size_t)snprintf(
			text + length, FOLDER_TEXT_MAX - length, "%s %jd bytes, sum %u, %jd.%ld\n", path,
			(intmax_t)status.st_size, sum, (intmax_t)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	}
	free(names);
}

/* Run doctor with that option; the folder must be as it was. */
static void run_doctor(const char *options)
{
	char line[256];
	char before[FOLDER_TEXT_MAX];
	char after[FOLDER_TEXT_MAX];

	(void)snprintf(line, sizeof(line), "doctor %s%s%s", options, *options != '\0' ? " " : "",
	               db_path);
	describe_folder(before);
	run_weir(&run, line, NULL);
	describe_folder(after);
	assert_string_equal(after, before);
}

static void expect(const char *options, int code, const char *part)
{
	run_doctor(options);
	if (run.exit_code != code)
		fail_msg("exit code %d, expected %d:\n%s%s", run.exit_code, code, run.out, run.err);
	assert_contains(code == 2 ? run.err : run.out, part);
}

static void patch(const char *path, off_t at, const void *bytes, size_t length)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, length, at), length);
	assert_int_equal(close(fd), 0);
}

static const char *sibling(const char *suffix)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s%s", db_path, suffix);
	return path;
}

static void test_healthy(void **state)
{
	(void)state;
	make_db("wal");
	expect("", 0, "journal mode WAL");
	assert_contains(run.out, "nobody holds any");
	assert_contains(run.out, "0 failures");
	expect("--integrity", 0, "integrity_check and foreign_key_check found nothing");
	expect("--integrity=quick", 0, "quick_check and foreign_key_check found nothing");
}

static void test_rollback_mode(void **state)
{
	(void)state;
	make_db("delete");
	expect("", 0, "journal mode is rollback journal, not WAL");
	expect("--strict", 1, "WARN");
	expect("--integrity", 0, "found nothing");
}

/* The writer's pid, in text and JSON; and its lock is still there afterwards. */
static void test_writer(void **state)
{
	struct other other;
	char part[64];
	json_t *root;
	struct flock lock = {.l_type = F_WRLCK, .l_start = 120, .l_len = 1};

	(void)state;
	make_db("wal");
	other =
		start_other(NULL, "INSERT INTO t VALUES (1); BEGIN IMMEDIATE; INSERT INTO t VALUES (2)");
	(void)snprintf(part, sizeof(part), "WRITE is writing: pid %d (doctor_cli_test)", other.pid);
	expect("", 0, part);
	expect("--json", 0, "\"WRITE\"");
	root = json_loads(run.out, 0, NULL);
	assert_non_null(root);
	assert_int_equal(
		json_integer_value(json_object_get(
			json_array_get(
				json_object_get(json_object_get(json_object_get(root, "facts"), "locks"), "WRITE"),
				0),
			"pid")),
		other.pid);
	json_decref(root);
	expect("--integrity", 0, "found nothing");

	const int fd = open(sibling("-shm"), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETLK, &lock), 0);
	assert_int_equal(lock.l_type, F_WRLCK);
	assert_int_equal(lock.l_pid, other.pid);
	assert_int_equal(close(fd), 0);
	kill_other(&other);
}

static void test_reader(void **state)
{
	struct other other;
	char part[64];

	(void)state;
	make_db("wal");
	/* A statement that ends would end its read; in a transaction it stays. */
	other = start_other("INSERT INTO t VALUES (1); BEGIN; SELECT * FROM t",
	                    "PRAGMA wal_autocheckpoint=0; INSERT INTO t VALUES (2)");
	(void)snprintf(part, sizeof(part), ": pid %d (doctor_cli_test)", other.pid);
	expect("", 0, "read mark 1 at frame 1");
	assert_contains(run.out, part);
	assert_contains(run.out, "2 frames, 0 of them copied into the database");
	assert_contains(run.out, "2 not yet in the database");
	kill_other(&other);
}

static void test_killed(void **state)
{
	struct other other;

	(void)state;
	make_db("wal");
	other = start_other(NULL, "INSERT INTO t VALUES (1)");
	kill_other(&other);
	expect("", 0, "left behind by a process that ended without closing: 1 frames of 1 commits");
	assert_contains(run.out, "stale: nobody uses it");
	expect("--integrity", 3, "a log is left over, which reading would recover");
	/* A commit whose frame is damaged is no commit. */
	patch(sibling("-wal"), 32 + 24 + 100, "damage", 6);
	expect("", 0, "0 frames valid");
}

static void test_stale_index(void **state)
{
	(void)state;
	make_db("wal");
	patch(sibling("-shm"), 32767, "", 1);
	expect("", 0, "-shm is there without a log, and nobody uses it");
}

/* A log put in the place of the one in use, and one that was deleted. */
static void test_log_replaced(void **state)
{
	struct other other;

	(void)state;
	make_db("wal");
	other = start_other(NULL, "INSERT INTO t VALUES (1)");
	patch(sibling("-wal"), 32 + 24 + 100, "damage", 6);
	expect("", 1, "it counts 1 frames, but only 0 in the log are valid");
	assert_int_equal(unlink(sibling("-wal")), 0);
	expect("", 1, "somebody deleted the -wal file");
	expect("--integrity", 1, "not run");
	kill_other(&other);
}

static void test_damaged_files(void **state)
{
	static const unsigned char newer[] = {3, 3};

	(void)state;
	make_db("wal");
	patch(db_path, 18, newer, 2);
	expect("", 0, "of a newer format than is known here (read 3, write 3");
	patch(db_path, 18, "\2\2", 2);
	patch(db_path, 27, "\7", 1);
	expect("", 0, "the page count cannot be trusted");
	assert_int_equal(unlink(db_path), 0);
	make_db("wal");
	assert_int_equal(truncate(db_path, 8192), 0);
	expect("", 1, "the file was cut short");
	expect("--integrity", 1, "FAIL  integrity");
	assert_int_equal(truncate(db_path, 60), 0);
	expect("", 1, "the file ends inside its header");
}

static void test_page_size_none(void **state)
{
	static const unsigned char zeroes[2] = {0};

	(void)state;
	make_db("wal");
	patch(db_path, 16, zeroes, 2);
	expect("", 1, "its page size is none");
}

static void test_empty(void **state)
{
	struct other other;

	(void)state;
	patch(db_path, 0, "", 0);
	expect("", 0, "the file is empty");
	assert_int_equal(unlink(db_path), 0);
	make_db("wal");
	other = start_other(NULL, "INSERT INTO t VALUES (1)");
	kill_other(&other);
	assert_int_equal(truncate(db_path, 0), 0);
	expect("", 1, "the file is empty, and its log has committed frames");
}

static void test_hot_journal(void **state)
{
	struct other other;

	(void)state;
	make_db("delete");
	other = start_other(NULL, "PRAGMA cache_size=1; BEGIN; UPDATE t SET a = randomblob(90000); "
	                          "INSERT INTO t SELECT randomblob(90000) FROM t");
	expect("", 0, "a transaction is under way");
	kill_other(&other);
	expect("", 0, "hot: a process ended inside a transaction");
	expect("--integrity", 3, "a journal is left over");
}

static void test_no_database(void **state)
{
	char noise[4096];
	char line[128];

	(void)state;
	expect("", 2, "No such file");
	memset(noise, 0xa7, sizeof(noise));
	patch(db_path, 0, noise, sizeof(noise));
	expect("", 2, "not an SQLite database, or it is an encrypted one");
	assert_string_equal(run.out, "");
	assert_int_equal(unlink(db_path), 0);
	assert_int_equal(mkfifo(db_path, 0600), 0);
	expect("", 2, "not a regular file");
	(void)snprintf(line, sizeof(line), "doctor %s", folder);
	run_weir(&run, line, NULL);
	assert_int_equal(run.exit_code, 2);
	assert_contains(run.err, "it is a directory");
	run_weir(&run, "doctor", NULL);
	assert_int_equal(run.exit_code, 2);
	run_weir(&run, "doctor --integrity=some x", NULL);
	assert_int_equal(run.exit_code, 2);
	assert_contains(run.err, "allowed: full, quick");
}

static void test_no_permission(void **state)
{
	(void)state;
	if (geteuid() == 0)
		skip();
	make_db("wal");
	assert_int_equal(chmod(db_path, 0), 0);
	expect("", 2, "Permission denied");
}

static void test_names_and_rights(void **state)
{
	char other_name[128];

	(void)state;
	make_db("wal");
	(void)snprintf(other_name, sizeof(other_name), "%s/b.db", folder);
	assert_int_equal(link(db_path, other_name), 0);
	expect("", 1, "the file has 2 names");
	assert_int_equal(unlink(other_name), 0);
	patch(sibling("-weir"), 0, "other", 5);
	assert_int_equal(chmod(sibling("-weir"), 0400), 0);
	expect("", 0, "the -weir file is not weir's");
	assert_contains(run.out, "a.db-weir: owner");
	patch(sibling("-weir"), 0, "weirpass\1\0\0\0\60\0\0\0", 16);
	expect("", 0, "weir processes on it: none now");
	patch(sibling("-weir"), 8, "\2", 1);
	expect("", 0, "it is of layout 2; this weir knows 1");
	assert_int_equal(unlink(sibling("-weir")), 0);
	/* By a link, what lies beside the target counts. */
	assert_int_equal(rename(db_path, other_name), 0);
	assert_int_equal(symlink(other_name, db_path), 0);
	expect("", 0, "the name given is a link");
}

static void test_foreign_keys(void **state)
{
	sqlite3 *db;

	(void)state;
	make_db("wal");
	db = open_db();
	exec_sql(db, "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p(id)); "
	             "INSERT INTO c VALUES (7)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	expect("", 0, "0 failures");
	expect("--integrity", 1, "row 1 of c refers to no row of p");
}

#define DOCTOR_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DOCTOR_TEST(test_healthy),        DOCTOR_TEST(test_rollback_mode),
		DOCTOR_TEST(test_writer),         DOCTOR_TEST(test_reader),
		DOCTOR_TEST(test_killed),         DOCTOR_TEST(test_stale_index),
		DOCTOR_TEST(test_log_replaced),   DOCTOR_TEST(test_damaged_files),
		DOCTOR_TEST(test_page_size_none), DOCTOR_TEST(test_empty),
		DOCTOR_TEST(test_hot_journal),    DOCTOR_TEST(test_no_database),
		DOCTOR_TEST(test_no_permission),  DOCTOR_TEST(test_names_and_rights),
		DOCTOR_TEST(test_foreign_keys),
	};

	return cmocka_run_group_tests_name("doctor_cli", tests, NULL, NULL);
}
