/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one writer when it breaks: who is told what, that another takes its place,
 * and that nobody is told of a success that there was not.
 */
#include "db_fixture.h"

#include "db_fault.h"
#include "unit_child.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMBERS 4
#define ALWAYS 1000000

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *db;

	db_heal();
	fixture->driver = db_faulty_driver();
	db = db_make(fixture, settings);
	db_exec(db, "CREATE TABLE t (v)");
	return db;
}

struct crew {
	struct db_script scripts[MEMBERS];
	struct db_asked asked[MEMBERS];
};

/* Members that insert 1, 2, 3 …, in one hold of the gate, which the fault strikes.
 * The keeper is manual: the first to collect leads. */
static void run_crew(struct weir_db *db, struct crew *crew, enum db_fault fault, int calls,
                     enum weir_code code)
{
	static const char *const texts[MEMBERS] = {
		"INSERT INTO t VALUES (1)",
		"INSERT INTO t VALUES (2)",
		"INSERT INTO t VALUES (3)",
		"INSERT INTO t VALUES (4)",
	};

	for (int i = 0; i < MEMBERS; i++) {
		if (crew->scripts[i].sql[0] == NULL)
			crew->scripts[i].sql[0] = texts[i];
		db_submit(db, &crew->scripts[i], NULL, &crew->asked[i]);
	}
	db_fail_next(fault, calls, code);
	for (int i = 0; i < MEMBERS; i++)
		db_collect(&crew->asked[i]);
	db_heal();
}

/* ---- the commit ---- */

/* What a commit can say, whether it is in the file then, and what that makes of
 * the members, and of the writer. */
struct commit_case {
	enum db_fault fault;
	enum weir_code code;
	bool in_file;
	enum weir_outcome outcome;
	uint64_t writer_opens;
};

static const struct commit_case commit_cases[] = {
	{DB_FAULT_COMMIT, WEIR_ERR_INDETERMINATE, false, WEIR_INDETERMINATE, 2},
	{DB_FAULT_COMMIT_DONE, WEIR_ERR_INDETERMINATE, true, WEIR_INDETERMINATE, 2},
	{DB_FAULT_COMMIT, WEIR_ERR_DRIVER_FULL, false, WEIR_FAILED, 1},
	{DB_FAULT_COMMIT, WEIR_ERR_DRIVER_SQL, false, WEIR_FAILED, 1},
	{DB_FAULT_COMMIT, WEIR_ERR_DRIVER_BROKEN, false, WEIR_FAILED, 2},
};

static void a_commit_that_fails_is_no_success(void **state)
{
	for (size_t i = 0; i < sizeof commit_cases / sizeof commit_cases[0]; i++) {
		const struct commit_case *const row = &commit_cases[i];
		struct weir_db *const db = i == 0 ? make_db(*state, "keeper=manual")
		                                  : db_make(*state, "keeper=manual");
		struct crew crew;

		db_exec(db, "DELETE FROM t");
		const struct weir_db_stats before = db_stats(db);

		memset(&crew, 0, sizeof crew);
		run_crew(db, &crew, row->fault, 1, row->code);
		for (int m = 0; m < MEMBERS; m++) {
			assert_code(crew.asked[m].code, row->code);
			assert_int_equal(crew.asked[m].result.outcome, row->outcome);
			assert_int_equal(crew.asked[m].result.sequence, 0);
			assert_int_equal(crew.asked[m].err.driver_code, 4711);
		}
		db_assert_rows(*state, "SELECT count(*) FROM t", row->in_file ? "4" : "0");
		assert_int_equal(db_stats(db).commits, before.commits);
		assert_int_equal(db_stats(db).sequence, before.sequence);
		assert_int_equal(db_stats(db).jobs[row->outcome], MEMBERS);
		/* The next one is served, by another writer if need be. */
		db_exec(db, "DELETE FROM t");
		assert_int_equal(db_stats(db).writer_opens, row->writer_opens);
		db_end(db);
	}
}

static void a_leases_commit_that_fails_is_no_success(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");

	for (size_t i = 0; i < sizeof commit_cases / sizeof commit_cases[0]; i++) {
		const struct commit_case *const row = &commit_cases[i];
		const uint64_t opens = db_stats(db).writer_opens;
		struct weir_write_result result = {.size = sizeof result};
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_tx tx = {0};

		db_exec(db, "DELETE FROM t");
		assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
		db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
		db_fail_next(row->fault, 1, row->code);
		assert_code(weir_write_commit(&tx, &result, &err), row->code);
		assert_int_equal(result.outcome, row->outcome);
		assert_int_equal(result.sequence, 0);
		assert_int_equal(err.driver_code, 4711);
		db_assert_rows(*state, "SELECT count(*) FROM t", row->in_file ? "1" : "0");
		db_exec(db, "DELETE FROM t");
		assert_int_equal(db_stats(db).writer_opens, opens + row->writer_opens - 1);
	}
	db_end(db);
}

/* ---- whatever else ---- */

/* One member fails by itself; and on top of that, this. The others come through
 * all the same. */
struct trouble {
	enum db_fault fault;
	int calls;
	enum weir_code code;
	uint64_t writer_opens;
};

static const struct trouble troubles[] = {
	{DB_FAULT_BEGIN, 0, WEIR_OK, 1},
	{DB_FAULT_BEGIN, 1, WEIR_ERR_DRIVER_BROKEN, 2},
	{DB_FAULT_ROLLBACK, 1, WEIR_ERR_DRIVER_BROKEN, 2},
	{DB_FAULT_SAVEPOINT, 1, WEIR_ERR_DRIVER, 1},
	{DB_FAULT_SAVEPOINT, ALWAYS, WEIR_ERR_DRIVER, 1},
	{DB_FAULT_UNDO, 1, WEIR_ERR_DRIVER, 1},
	{DB_FAULT_UNDO, ALWAYS, WEIR_ERR_DRIVER, 1},
};

static void no_trouble_reaches_the_innocent(void **state)
{
	struct db_fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
		struct weir_db *const db = i == 0 ? make_db(fixture, "keeper=manual")
		                                  : db_make(fixture, "keeper=manual");

		db_exec(db, "DELETE FROM t");
		/* Twice: without savepoints, and with. */
		for (int round = 0; round < 2; round++) {
			const bool hits =
				round == 0
					? troubles[i].fault == DB_FAULT_ROLLBACK || troubles[i].fault == DB_FAULT_BEGIN
					: troubles[i].fault != DB_FAULT_ROLLBACK && troubles[i].fault != DB_FAULT_BEGIN;
			struct crew crew;

			memset(&crew, 0, sizeof crew);
			crew.scripts[2].returns = 1;
			run_crew(db, &crew, troubles[i].fault, hits ? troubles[i].calls : 0, troubles[i].code);
			for (int m = 0; m < MEMBERS; m++) {
				if (crew.asked[m].result.outcome != (m == 2 ? WEIR_FAILED : WEIR_COMMITTED))
					fail_msg("trouble %zu, round %d: member %d: %s", i, round, m,
					         crew.asked[m].err.message);
			}
			assert_code(crew.asked[2].code, WEIR_ERR_JOB_FAILED);
			db_assert_rows(fixture, "SELECT v FROM t ORDER BY rowid", "1,2,4");
			db_exec(db, "DELETE FROM t");
		}
		assert_int_equal(db_stats(db).writer_opens, troubles[i].writer_opens);
		db_end(db);
	}
}

static void a_savepoint_that_does_not_end_costs_one_member(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct crew crew;

	memset(&crew, 0, sizeof crew);
	crew.scripts[1].returns = 1;
	run_crew(db, &crew, DB_FAULT_RELEASE, 0, WEIR_OK); /* careful from here on */
	db_exec(db, "DELETE FROM t");
	memset(&crew, 0, sizeof crew);
	run_crew(db, &crew, DB_FAULT_RELEASE, 1, WEIR_ERR_DRIVER);
	for (int m = 0; m < MEMBERS; m++)
		assert_int_equal(crew.asked[m].result.outcome, m == 1 ? WEIR_FAILED : WEIR_COMMITTED);
	assert_code(crew.asked[1].code, WEIR_ERR_DRIVER);
	db_assert_rows(*state, "SELECT v FROM t ORDER BY rowid", "1,3,4");
	db_end(db);
}

/* What a holder leaves that cannot be undone is no fault of the database: another
 * writer at once, and nothing counts as a failure. */
static void a_tainted_writer_is_replaced(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);

	for (int i = 0; i < 5; i++) {
		struct weir_tx tx = {0};

		assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
		db_tx_exec(&tx, "CREATE TEMP TABLE mine (v)");
		db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
		assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	}
	db_exec(db, "INSERT INTO t VALUES (2)");
	assert_int_equal(db_stats(db).writer_opens, 6);
	assert_int_equal(db_stats(db).warnings, 0);
	db_assert_rows(*state, "SELECT count(*) FROM t", "6");
	db_end(db);
}

static int64_t synchronous_in_write(struct weir_db *db, enum weir_durability durability,
                                    bool taints)
{
	struct weir_write_options options = {.size = sizeof options, .durability = durability};
	struct weir_tx tx = {0};
	int64_t level = -1;

	assert_code(weir_write_begin(db, &options, &tx, NULL), WEIR_OK);
	assert_code(db_tx_number(&tx, "PRAGMA synchronous", &level, NULL), WEIR_OK);
	db_tx_exec(&tx, "INSERT INTO t VALUES (1)");
	if (taints)
		db_tx_exec(&tx, "CREATE TEMP TABLE mine (v)");
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	return level;
}

/* A durable commit stays so when another writer comes: it does not know of it, and
 * would neither sync what is copied over the database nor a log that begins anew. */
static void another_writer_keeps_durable_commits(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual&synchronous=off");

	assert_int_equal(synchronous_in_write(db, WEIR_DURABILITY_DEFAULT, true), 0);
	assert_int_equal(synchronous_in_write(db, WEIR_DURABILITY_DEFAULT, false), 0);
	assert_int_equal(synchronous_in_write(db, WEIR_DURABILITY_DURABLE, true), 2);
	assert_int_equal(synchronous_in_write(db, WEIR_DURABILITY_DEFAULT, false), 2);
	assert_int_equal(synchronous_in_write(db, WEIR_DURABILITY_DEFAULT, false), 1);
	assert_int_equal(db_stats(db).writer_opens, 3);
	db_end(db);
}

/* ---- down, and up again ---- */

/* Each way to ask for the writer while there is none; one that opens, and fails
 * later, can still do what needs no transaction. */
static void assert_down(struct weir_db *db, bool opens)
{
	struct db_script script = {.sql = {"INSERT INTO t VALUES (1)"}};
	struct weir_write_result result = {.size = sizeof result};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};

	assert_code(weir_db_run(db, db_run_script, &script, NULL, &result, &err), WEIR_ERR_WRITER_DOWN);
	assert_int_equal(result.outcome, WEIR_REJECTED);
	assert_int_equal(result.runs, 0);
	assert_int_equal(err.driver_code, 4711);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_ERR_WRITER_DOWN);
	if (!opens) {
		assert_code(weir_db_maintain(db, db_run_script, &script, NULL, NULL), WEIR_ERR_WRITER_DOWN);
		assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_ERR_WRITER_DOWN);
	}
	assert_code(weir_read_begin_equal(db, NULL, &tx, 1, NULL), WEIR_ERR_WRITER_DOWN);
	assert_int_equal(script.calls, 0);
	/* Readers have nothing to do with it. */
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
}

static void await_up(struct weir_db *db)
{
	const struct weir_time until = db_soon();
	struct weir_error err = WEIR_ERROR_INIT;

	while (weir_db_exec(db, "INSERT INTO t VALUES (7)", NULL, 0, NULL, &err) != WEIR_OK) {
		assert_code(err.code, WEIR_ERR_WRITER_DOWN);
		if (weir_now().ns > until.ns)
			fail_msg("writes stay down: %s", err.message);
		db_pause();
	}
}

static void writes_are_down_and_come_up_again(void **state)
{
	/* It cannot be opened; it can, and is broken each time. */
	static const enum db_fault why[] = {DB_FAULT_OPEN_WRITER, DB_FAULT_BEGIN};
	struct db_fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
		struct weir_db *const db = i == 0 ? make_db(fixture, NULL) : db_make(fixture, NULL);
		const uint32_t told = db_lines(fixture);
		struct weir_write_result result = {.size = sizeof result};

		db_exec(db, "DELETE FROM t");
		db_fail_next(why[i], ALWAYS, WEIR_ERR_DRIVER_BROKEN);
		if (why[i] == DB_FAULT_OPEN_WRITER)
			db_fail_next(DB_FAULT_BEGIN, 1, WEIR_ERR_DRIVER_BROKEN);
		for (int tries = 0; tries < 4; tries++)
			assert_down(db, why[i] == DB_FAULT_BEGIN);
		assert_true(db_was_told(fixture, "writes are down"));
		assert_int_equal(db_lines(fixture), told + 1);
		db_heal();
		await_up(db);
		assert_int_equal(db_lines(fixture), told + 2);
		assert_true(db_was_told(fixture, "writes are up again"));
		assert_code(weir_db_exec(db, "INSERT INTO t VALUES (8)", NULL, 0, &result, NULL), WEIR_OK);
		db_assert_rows(fixture, "SELECT v FROM t", "7,8");
		db_end(db);
	}
}

static void each_job_of_a_group_is_told(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct crew crew;

	memset(&crew, 0, sizeof crew);
	run_crew(db, &crew, DB_FAULT_BEGIN, ALWAYS, WEIR_ERR_DRIVER_BROKEN);
	for (int m = 0; m < MEMBERS; m++) {
		assert_code(crew.asked[m].code, WEIR_ERR_WRITER_DOWN);
		assert_int_equal(crew.asked[m].result.outcome, WEIR_REJECTED);
		assert_int_equal(crew.asked[m].result.runs, 0);
	}
	await_up(db);
	db_assert_rows(*state, "SELECT v FROM t", "7");
	db_end(db);
}

/* Equal snapshots that cannot be had leave no lease behind. */
static void a_snapshot_that_fails_holds_nothing(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	const struct weir_read_options options = {.size = sizeof options, .snapshot = true};
	struct weir_tx txs[3] = {{0}};

	db_fail_next(DB_FAULT_SNAPSHOT, 1, WEIR_ERR_DRIVER_BUSY);
	assert_code(weir_read_begin(db, &options, &txs[0], NULL), WEIR_ERR_DRIVER_BUSY);
	db_fail_next(DB_FAULT_SNAPSHOT, 1, WEIR_ERR_DRIVER_BUSY);
	assert_code(weir_read_begin_equal(db, NULL, txs, 3, NULL), WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(db_stats(db).readers.leased, 0);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_code(weir_read_begin_equal(db, NULL, txs, 3, NULL), WEIR_OK);
	for (int i = 0; i < 3; i++)
		weir_tx_end(&txs[i]);
	db_end(db);
}

/* ---- a file that is damaged ---- */

/* What is written to a file that nobody can find any more is lost when it is closed. */
static void a_file_that_was_deleted_takes_no_commits(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = make_db(*state, "keeper=manual");
	struct weir_write_result result = {.size = sizeof result};
	char path[sizeof fixture->path + 8];

	db_exec(db, "INSERT INTO t VALUES (1)");
	for (int i = 0; i < 3; i++) {
		static const char *const suffixes[] = {"", "-wal", "-shm"};

		(void)snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
		assert_int_equal(unlink(path), 0);
	}
	for (int i = 0; i < 5; i++) {
		assert_int_not_equal(weir_db_exec(db, "INSERT INTO t VALUES (2)", NULL, 0, &result, NULL),
		                     WEIR_OK);
		assert_true(result.outcome == WEIR_FAILED || result.outcome == WEIR_REJECTED);
	}
	db_end(db);
}

struct damage {
	const char *path;
	bool undo;
	bool failed;
	char kept[64 * 1024];
	size_t kept_bytes;
};

/* In a child: to close a descriptor of the file in this process would drop the
 * locks that SQLite has on it. */
static void damage_pages(void *arg)
{
	struct damage *const damage = arg;
	static char noise[64 * 1024];
	const int file = open(damage->path, O_RDWR);
	const off_t from = 2 * 4096;

	memset(noise, 0xee, sizeof noise);
	if (damage->undo)
		memcpy(noise, damage->kept, sizeof noise);
	else
		damage->kept_bytes = (size_t)pread(file, damage->kept, sizeof damage->kept, from);
	damage->failed = file < 0 || damage->kept_bytes != sizeof damage->kept ||
	                 pwrite(file, noise, sizeof noise, from) != (ssize_t)sizeof noise;
}

static void inflict(struct damage *damage, bool undo)
{
	damage->undo = undo;
	assert_true(unit_child_ends(damage_pages, damage));
	assert_false(damage->failed);
}

static int update_and_exit(struct weir_tx *tx, void *arg)
{
	(void)arg;
	(void)!weir_tx_exec(tx, "UPDATE big SET v = 1", NULL, 0, NULL, NULL);
	pthread_exit(NULL);
	return 0;
}

static void run_to_exit(void *arg)
{
	(void)!weir_db_run((struct weir_db *)arg, update_and_exit, NULL, NULL, NULL, NULL);
}

static void a_damaged_file_stops_what_reads_it(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *db = make_db(fixture, "keeper=manual&cache_size=64KiB");
	struct damage *const damage = unit_shared(sizeof *damage);
	struct weir_error err = WEIR_ERROR_INIT;
	struct crew crew;

	assert_non_null(damage);
	damage->path = fixture->path;
	db_exec(db, "CREATE TABLE big (v)");
	db_exec(db, "INSERT INTO big WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
	            "LIMIT 400) SELECT randomblob(1000) FROM c");
	db_exec(db, "CREATE TABLE small (v)");
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	db_end(db);
	inflict(damage, false);
	db = db_make(fixture, "keeper=manual&cache_size=64KiB");
	memset(&crew, 0, sizeof crew);
	for (int m = 0; m < MEMBERS; m++)
		crew.scripts[m].sql[0] = "INSERT INTO small VALUES (1)";
	crew.scripts[1].sql[0] = "UPDATE big SET v = 1";
	crew.scripts[1].careless = true; /* it matters all the same */
	crew.scripts[1].returns = 1;
	run_crew(db, &crew, DB_FAULT_BEGIN, 0, WEIR_OK);
	assert_code(crew.asked[1].code, WEIR_ERR_DRIVER_BROKEN);
	assert_int_equal(crew.asked[1].err.driver_code & 0xff, SQLITE_CORRUPT);
	assert_int_equal(crew.asked[1].result.outcome, WEIR_FAILED);
	for (int m = 0; m < MEMBERS; m++) {
		if (m != 1)
			assert_code(crew.asked[m].code, WEIR_OK);
	}
	/* A job that met it and ended its thread, or a lease, is over with its writer, too. */
	struct unit_thread thread;
	struct weir_tx tx = {0};

	unit_start(&thread, run_to_exit, db);
	unit_join(&thread);
	assert_int_equal(db_stats(db).writer_opens, 2);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_int_equal(db_stats(db).writer_opens, 3);
	assert_code(weir_tx_exec(&tx, "UPDATE big SET v = 1", NULL, 0, NULL, &err),
	            WEIR_ERR_DRIVER_BROKEN);
	weir_tx_end(&tx);
	inflict(damage, true);
	const struct weir_time until = db_soon();

	while (weir_db_exec(db, "UPDATE big SET v = 1", NULL, 0, NULL, &err) != WEIR_OK &&
	       weir_now().ns < until.ns)
		db_pause();
	assert_int_equal(db_number(db, "SELECT sum(v) FROM big"), 400);
	assert_int_equal(db_stats(db).writer_opens, 4);
	unit_shared_free(damage, sizeof *damage);
	db_end(db);
	db_assert_rows(fixture, "PRAGMA integrity_check", "ok");
}

/* ---- warnings ---- */

/* At the first group, and then not at each. */
static void what_the_engine_warns_of_is_reported_now_and_then(void **state)
{
	struct weir_db *const db = make_db(*state, "keeper=manual");
	uint32_t lines;

	lines = db_lines(*state);
	db_fail_next(DB_FAULT_WARNING, 1, WEIR_ERR_DRIVER_SQL);
	for (int i = 0; i < 100 && db_lines(*state) == lines; i++) /* ends: it is looked for */
		db_exec(db, "INSERT INTO t VALUES (1)");
	assert_true(db_was_told(*state, "the test has a warning"));
	lines = db_lines(*state);
	db_fail_next(DB_FAULT_WARNING, ALWAYS, WEIR_ERR_DRIVER_SQL);
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_lines(*state), lines);
	db_heal();
	db_end(db);
}

/* Without a sink they go to standard error. */
static void a_report_that_nobody_takes_is_printed(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_error why = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char path[160];
	char url[192];
	char text[256] = "";
	int before;
	int file;

	(void)snprintf(url, sizeof url, "sqlite://%s?keeper=manual&name=ledger", fixture->path);
	(void)snprintf(path, sizeof path, "%s/stderr", fixture->folder);
	db_heal();
	assert_code(weir_db_open(&db, db_faulty_driver(), url, &why), WEIR_OK);
	before = dup(STDERR_FILENO);
	file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(before >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
	db_fail_next(DB_FAULT_BEGIN, ALWAYS, WEIR_ERR_DRIVER_BROKEN);
	for (int i = 0; i < 3; i++)
		(void)!weir_db_exec(db, "CREATE TABLE t (v)", NULL, 0, NULL, NULL);
	db_heal();
	(void)fflush(stderr);
	(void)dup2(before, STDERR_FILENO);
	assert_true(pread(file, text, sizeof text - 1, 0) > 0);
	assert_has(text, "db.client.connection.pool.name=ledger message=\"writes are down");
	(void)close(before);
	(void)close(file);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_commit_that_fails_is_no_success),
		DB_TEST(a_leases_commit_that_fails_is_no_success),
		DB_TEST(no_trouble_reaches_the_innocent),
		DB_TEST(a_savepoint_that_does_not_end_costs_one_member),
		DB_TEST(a_tainted_writer_is_replaced),
		DB_TEST(another_writer_keeps_durable_commits),
		DB_TEST(writes_are_down_and_come_up_again),
		DB_TEST(each_job_of_a_group_is_told),
		DB_TEST(a_snapshot_that_fails_holds_nothing),
		DB_TEST(a_file_that_was_deleted_takes_no_commits),
		DB_TEST(a_damaged_file_stops_what_reads_it),
		DB_TEST(what_the_engine_warns_of_is_reported_now_and_then),
		DB_TEST(a_report_that_nobody_takes_is_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
