/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading: what a read sees and when, equal snapshots, and that no writer is ever
 * waited for.
 */
#include "db_fixture.h"

#include <string.h>

static struct weir_db *make_db(struct db_fixture *fixture, const char *settings)
{
	struct weir_db *const db = db_make(fixture, settings);

	db_exec(db, "CREATE TABLE t (v)");
	db_exec(db, "INSERT INTO t VALUES (1)");
	return db;
}

static struct weir_read_options read_options(void)
{
	return (struct weir_read_options){.size = sizeof(struct weir_read_options)};
}

static int64_t count_rows(struct weir_tx *tx)
{
	struct weir_error err = WEIR_ERROR_INIT;
	int64_t count = -1;

	if (db_tx_number(tx, "SELECT count(*) FROM t", &count, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return count;
}

/* ---- what is seen ---- */

static void each_statement_sees_what_was_acknowledged(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_read_options options = read_options();
	struct weir_tx loose = {0};
	struct weir_tx fixed = {0};

	options.snapshot = true;
	assert_code(weir_read_begin(db, NULL, &loose, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, &options, &fixed, NULL), WEIR_OK);
	for (int64_t rows = 2; rows < 5; rows++) {
		db_exec(db, "INSERT INTO t VALUES (1)");
		assert_int_equal(count_rows(&loose), rows);
		/* Of its beginning, not of its first statement. */
		assert_int_equal(count_rows(&fixed), 1);
	}
	weir_tx_end(&fixed);
	weir_tx_end(&loose);
	weir_tx_end(&loose);
	assert_code(weir_read_begin(db, &options, &fixed, NULL), WEIR_OK);
	assert_int_equal(count_rows(&fixed), 4);
	weir_tx_end(&fixed);
	db_end(db);
}

static void readers_refuse_to_write(void **state)
{
	static const char *const texts[] = {
		"INSERT INTO t VALUES (2)",
		"UPDATE t SET v = 2",
		"DELETE FROM t",
		"CREATE TABLE u (v)",
		"DROP TABLE t",
		"PRAGMA user_version=7",
		"PRAGMA query_only=off",
		"BEGIN",
		"BEGIN IMMEDIATE",
		"COMMIT",
		"ATTACH ':memory:' AS more",
		"PRAGMA wal_checkpoint",
		"VACUUM",
	};
	struct weir_db *const db = make_db(*state, "max_size=1");
	struct weir_read_options options = read_options();

	for (int snapshot = 0; snapshot < 2; snapshot++) {
		options.snapshot = snapshot == 1;
		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
			struct weir_error err = WEIR_ERROR_INIT;
			struct weir_tx tx = {0};

			assert_code(weir_read_begin(db, &options, &tx, NULL), WEIR_OK);
			if (weir_tx_exec(&tx, texts[i], NULL, 0, NULL, &err) == WEIR_OK)
				fail_msg("a reader did %s", texts[i]);
			assert_int_equal(count_rows(&tx), 1);
			weir_tx_end(&tx);
		}
	}
	assert_code(weir_db_query(db, "DELETE FROM t", NULL, 0, NULL, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	db_assert_rows(*state, "SELECT v FROM t", "1");
	db_assert_rows(*state, "PRAGMA user_version", "0");
	db_end(db);
}

static void a_read_never_waits_for_a_writer(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_read_options options = read_options();
	struct weir_tx write = {0};
	struct weir_tx read = {0};

	options.snapshot = true;
	assert_code(weir_write_begin(db, NULL, &write, NULL), WEIR_OK);
	db_tx_exec(&write, "INSERT INTO t VALUES (2)");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	assert_code(weir_read_begin(db, &options, &read, NULL), WEIR_OK);
	assert_int_equal(count_rows(&read), 1);
	/* Nor a writer for a read. */
	assert_code(weir_write_commit(&write, NULL, NULL), WEIR_OK);
	assert_int_equal(count_rows(&read), 1);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_OK);
	assert_int_equal(count_rows(&read), 1);
	weir_tx_end(&read);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 2);
	db_end(db);
}

/* ---- beginning and ending ---- */

static void a_read_waits_for_a_connection_and_no_longer(void **state)
{
	struct weir_db *const db = make_db(*state, "max_size=1");
	struct weir_read_options options = read_options();
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx first = {0};
	struct weir_tx second = {0};

	options.timeout_ns = WEIR_MILLISECONDS(5);
	assert_code(weir_read_begin(db, NULL, &first, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, &options, &second, &err), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(err.holders_count, 1);
	assert_has(err.holders[0].site, "db_read_test.c");
	/* It was not begun, and is not over: nothing can be done with it. */
	assert_code(weir_tx_exec(&second, "SELECT 1", NULL, 0, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	weir_tx_end(&second);
	weir_tx_end(&first);
	assert_code(weir_read_begin(db, &options, &second, &err), WEIR_OK);
	weir_tx_end(&second);
	db_end(db);
}

static void a_sequence_must_have_been_given(void **state)
{
	struct weir_db *const db = make_db(*state, NULL);
	struct weir_read_options options = read_options();
	struct weir_tx tx = {0};

	options.sequence = db_stats(db).sequence;
	assert_code(weir_read_begin(db, &options, &tx, NULL), WEIR_OK);
	weir_tx_end(&tx);
	options.sequence++;
	assert_code(weir_read_begin(db, &options, &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
}

/* ---- one statement ---- */

struct seen {
	int64_t sum;
	int rows;
	int stop_at;
};

static int add_row(struct weir_rows *rows, void *arg)
{
	struct seen *const seen = arg;
	struct weir_sql_value value;

	if (weir_rows_value(rows, 0, &value, NULL) != WEIR_OK)
		return -1;
	seen->sum += value.as.int64;
	return ++seen->rows == seen->stop_at ? 9 : 0;
}

static void a_query_calls_for_each_row(void **state)
{
	struct weir_db *const db = make_db(*state, "max_size=1");
	const struct weir_sql_value most = weir_int64(4);
	const char *const text =
		"WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ?) SELECT x FROM c";
	struct weir_error err = WEIR_ERROR_INIT;
	struct seen seen = {0, 0, 0};

	assert_code(weir_db_query(db, text, &most, 1, add_row, &seen, &err), WEIR_OK);
	assert_int_equal(seen.sum, 10);
	seen = (struct seen){0, 0, 2};
	assert_code(weir_db_query(db, text, &most, 1, add_row, &seen, &err), WEIR_ERR_JOB_FAILED);
	assert_int_equal(err.driver_code, 9);
	assert_int_equal(seen.rows, 2);
	assert_code(weir_db_query(db, text, &most, 1, NULL, NULL, &err), WEIR_OK);
	assert_code(weir_db_query(db, text, NULL, 0, add_row, &seen, &err), WEIR_ERR_DRIVER_SQL);
	assert_code(weir_db_query(db, "SELECT v FROM nowhere", NULL, 0, add_row, &seen, &err),
	            WEIR_ERR_DRIVER_SQL);
	assert_code(weir_db_query(db, NULL, NULL, 0, add_row, &seen, &err), WEIR_ERR_BAD_ARGUMENT);
	/* The one connection has come back each time. */
	assert_int_equal(db_stats(db).readers.leased, 0);
	db_end(db);
}

/* ---- equal snapshots, and one's own writes, under load ---- */

#define WRITERS 4
#define EQUALS 3
#define ROUNDS 60

struct load {
	struct weir_db *db;
	_Atomic bool stop;
	_Atomic uint32_t failures;
	_Atomic uint32_t commits;
};

/* Move money between two of eight accounts: no commit changes the sum. */
static void move_money(void *arg)
{
	struct load *const load = arg;
	uint64_t random = (uint64_t)(uintptr_t)&random ^ (uint64_t)weir_now().ns;

	while (!atomic_load(&load->stop)) {
		const struct weir_sql_value amount = weir_int64((int64_t)(unit_random(&random) % 100));
		const struct weir_sql_value values[] = {
			amount,
			weir_int64((int64_t)(unit_random(&random) % 8)),
			weir_int64((int64_t)(unit_random(&random) % 8)),
		};
		struct weir_write_result result = {.size = sizeof result};

		if (weir_db_exec(load->db,
		                 "UPDATE a SET m = m - ?1 * (id = ?2) + ?1 * (id = ?3) "
		                 "WHERE id IN (?2, ?3)",
		                 values, 3, &result, NULL) != WEIR_OK)
			load->failures++;
		else
			load->commits++;
	}
}

/* The same by another program, which knows of no gate. */
struct foreign_load {
	struct load *load;
	sqlite3 *foreign;
	uint32_t commits;
};

static void move_foreign_money(void *arg)
{
	struct foreign_load *const mine = arg;

	while (!atomic_load(&mine->load->stop)) {
		mine->commits += sqlite3_exec(mine->foreign,
		                              "UPDATE a SET m = m - (id = 1) + (id = 2) WHERE id IN (1, 2)",
		                              NULL, NULL, NULL) == SQLITE_OK;
		db_pause();
	}
}

static int64_t ask(struct weir_tx *tx, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;
	int64_t number = 0;

	if (db_tx_number(tx, sql, &number, &err) != WEIR_OK)
		fail_msg("%s: %s", sql, err.message);
	return number;
}

static void look_equally(struct weir_db *db)
{
	struct weir_tx txs[EQUALS] = {{0}};
	struct weir_error err = WEIR_ERROR_INIT;
	int64_t prints[EQUALS];

	if (weir_read_begin_equal(db, NULL, txs, EQUALS, &err) != WEIR_OK)
		fail_msg("begin_equal: %s", err.message);
	for (int i = 0; i < EQUALS; i++) {
		assert_int_equal(ask(&txs[i], "SELECT sum(m) FROM a"), 8000);
		/* Two states with the same sum differ in this. */
		prints[i] = ask(&txs[i], "SELECT sum(m * (id + 1) * 1000003 % 1000000007) FROM a");
		assert_int_equal(prints[i], prints[0]);
	}
	for (int i = 0; i < EQUALS; i++)
		weir_tx_end(&txs[i]);
}

static void equal_snapshots_are_equal(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=6&synchronous=off");
	struct load load = {.db = db};
	struct foreign_load foreign = {.load = &load, .foreign = db_foreign(*state)};
	struct unit_thread threads[WRITERS];
	struct unit_thread stranger;

	db_exec(db, "CREATE TABLE a (id INTEGER PRIMARY KEY, m INTEGER)");
	db_exec(db, "INSERT INTO a VALUES (0, 1000), (1, 1000), (2, 1000), (3, 1000), (4, 1000), "
	            "(5, 1000), (6, 1000), (7, 1000)");
	for (int i = 0; i < WRITERS; i++)
		unit_start(&threads[i], move_money, &load);
	db_foreign_exec(foreign.foreign, "PRAGMA wal_autocheckpoint=0; PRAGMA synchronous=off");
	unit_start(&stranger, move_foreign_money, &foreign);
	/* The writers, too, must have had their turns. */
	for (int i = 0; i < ROUNDS || atomic_load(&load.commits) <= ROUNDS; i++)
		look_equally(db);
	atomic_store(&load.stop, true);
	for (int i = 0; i < WRITERS; i++)
		unit_join(&threads[i]);
	unit_join(&stranger);
	assert_int_equal(sqlite3_close(foreign.foreign), SQLITE_OK);
	assert_true(foreign.commits > 0);
	assert_int_equal(load.failures, 0);
	assert_true(load.commits > ROUNDS);
	assert_int_equal(db_stats(db).readers.leased, 0);
	db_end(db);
}

#define RIVALS 3
#define RIVAL_ROUNDS 40

struct rival {
	struct weir_db *db;
	struct unit_thread thread;
	uint32_t begun;
};

static void rival(void *arg)
{
	struct rival *const mine = arg;

	for (int i = 0; i < RIVAL_ROUNDS; i++) {
		struct weir_tx txs[3] = {{0}};

		if (weir_read_begin_equal(mine->db, NULL, txs, 3, NULL) == WEIR_OK)
			mine->begun++;
		for (int t = 0; t < 3; t++)
			weir_tx_end(&txs[t]);
	}
}

/* Two of them with two of the four readers each would wait for each other. */
static void equal_reads_do_not_starve_each_other(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=4&acquire_timeout=20s&write_timeout=20s");
	struct rival rivals[RIVALS] = {{0}};

	for (int i = 0; i < RIVALS; i++) {
		rivals[i].db = db;
		unit_start(&rivals[i].thread, rival, &rivals[i]);
	}
	for (int i = 0; i < RIVALS; i++) {
		unit_join(&rivals[i].thread);
		assert_int_equal(rivals[i].begun, RIVAL_ROUNDS);
	}
	db_end(db);
}

/* The reader may be with somebody who waits for the gate. */
static int read_beside(struct weir_tx *tx, void *arg)
{
	struct weir_tx read = {0};

	(void)tx;
	assert_code(weir_read_begin(arg, NULL, &read, NULL), WEIR_ERR_EXHAUSTED);
	return 0;
}

static void a_read_inside_a_job_does_not_wait(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=1&acquire_timeout=1h");
	struct weir_tx tx = {0};

	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_code(weir_db_run(db, read_beside, db, NULL, NULL, NULL), WEIR_OK);
	weir_tx_end(&tx);
	db_end(db);
}

static void equal_reads_are_begun_all_or_none(void **state)
{
	struct weir_db *const db = make_db(*state, "max_size=3");
	struct weir_read_options options = read_options();
	struct weir_tx txs[4] = {{0}};
	struct weir_tx taken = {0};

	options.timeout_ns = WEIR_MILLISECONDS(5);
	assert_code(weir_read_begin_equal(db, &options, txs, 4, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin_equal(db, &options, txs, 0, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin(db, NULL, &taken, NULL), WEIR_OK);
	assert_code(weir_read_begin_equal(db, &options, txs, 3, NULL), WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_int_equal(db_stats(db).readers.leased, 1);
	assert_code(weir_read_begin_equal(db, &options, txs, 2, NULL), WEIR_OK);
	assert_int_equal(db_stats(db).readers.leased, 3);
	weir_tx_end(&taken);
	weir_tx_end(&txs[0]);
	weir_tx_end(&txs[1]);
	db_exec(db, "INSERT INTO t VALUES (2)");
	/* A writer of another program's could commit between two of them: no. */
	sqlite3 *const foreign = db_foreign(*state);

	assert_code(weir_db_set(db, "write_timeout", "300ms", NULL), WEIR_OK);
	db_foreign_exec(foreign, "BEGIN IMMEDIATE");
	assert_code(weir_read_begin_equal(db, NULL, txs, 3, NULL), WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(db_stats(db).readers.leased, 0);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_end(db);
}

struct author {
	struct weir_db *db;
	int64_t id;
	uint32_t wrong;
	enum weir_code code;
};

/* Write, and look at once, by the sequence: on whatever connection comes. */
static void write_and_look(void *arg)
{
	struct author *const author = arg;

	for (int64_t round = 1; round <= ROUNDS; round++) {
		const struct weir_sql_value values[] = {weir_int64(round), weir_int64(author->id)};
		struct weir_write_result result = {.size = sizeof result};
		struct weir_read_options options = read_options();
		struct weir_tx tx = {0};
		int64_t seen = 0;
		char text[64];

		author->code =
			weir_db_exec(author->db, "UPDATE s SET v = ? WHERE id = ?", values, 2, &result, NULL);
		if (author->code != WEIR_OK)
			return;
		options.sequence = result.sequence;
		options.snapshot = round % 2 == 0;
		author->code = weir_read_begin(author->db, &options, &tx, NULL);
		(void)snprintf(text, sizeof text, "SELECT v FROM s WHERE id = %d", (int)author->id);
		if (author->code == WEIR_OK)
			author->code = db_tx_number(&tx, text, &seen, NULL);
		weir_tx_end(&tx);
		if (author->code != WEIR_OK)
			return;
		author->wrong += seen != round;
	}
}

static void everybody_reads_their_own_writes(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=2&synchronous=off");
	struct author authors[WRITERS];
	struct unit_thread threads[WRITERS];

	db_exec(db, "CREATE TABLE s (id INTEGER PRIMARY KEY, v)");
	db_exec(db, "INSERT INTO s VALUES (0, 0), (1, 0), (2, 0), (3, 0)");
	for (int i = 0; i < WRITERS; i++) {
		authors[i] = (struct author){.db = db, .id = i};
		unit_start(&threads[i], write_and_look, &authors[i]);
	}
	for (int i = 0; i < WRITERS; i++) {
		unit_join(&threads[i]);
		assert_code(authors[i].code, WEIR_OK);
		assert_int_equal(authors[i].wrong, 0);
	}
	db_end(db);
}

/* ---- deadlines ---- */

struct equals_asked {
	struct unit_thread thread;
	struct weir_db *db;
	struct weir_tx txs[2];
	int64_t timeout_ns;
	enum weir_code code;
};

static void ask_for_equals(void *arg)
{
	struct equals_asked *const asked = arg;
	struct weir_read_options options = read_options();

	options.timeout_ns = asked->timeout_ns;
	asked->code = weir_read_begin_equal(asked->db, &options, asked->txs, 2, NULL);
	weir_tx_end(&asked->txs[0]);
	weir_tx_end(&asked->txs[1]);
}

/* One that waits for leases keeps the others out, and they keep their deadlines. */
static void equal_reads_in_line_keep_their_deadlines(void **state)
{
	struct weir_db *const db = make_db(*state, "max_size=2");
	struct equals_asked first = {.db = db, .timeout_ns = DB_PATIENCE_NS};
	struct equals_asked second = {.db = db, .timeout_ns = WEIR_MILLISECONDS(5)};
	struct weir_tx held = {0};
	int64_t began_ns;

	assert_code(weir_read_begin(db, NULL, &held, NULL), WEIR_OK);
	unit_start(&first.thread, ask_for_equals, &first);
	while (db_stats(db).readers.waiters == 0) /* ends: the first has one lease and waits */
		db_pause();
	began_ns = weir_now().ns;
	ask_for_equals(&second);
	assert_code(second.code, WEIR_ERR_GATE_TIMEOUT);
	assert_true(weir_now().ns - began_ns >= second.timeout_ns);
	second.timeout_ns = 1; /* it has passed before anything is looked at */
	ask_for_equals(&second);
	assert_code(second.code, WEIR_ERR_GATE_TIMEOUT);
	weir_tx_end(&held);
	unit_join(&first.thread);
	assert_code(first.code, WEIR_OK);
	assert_int_equal(db_stats(db).readers.leased, 0);
	db_end(db);
}

struct solo_asked {
	struct weir_db *db;
	enum weir_code code;
};

static void read_in_a_hurry(void *arg)
{
	struct solo_asked *const asked = arg;
	struct weir_read_options options = read_options();
	struct weir_tx tx = {0};

	options.timeout_ns = WEIR_MILLISECONDS(5);
	asked->code = weir_read_begin(asked->db, &options, &tx, NULL);
	weir_tx_end(&tx);
}

static void a_read_of_a_private_database_keeps_its_deadline(void **state)
{
	struct solo_asked asked = {.code = WEIR_OK};
	struct weir_error err = WEIR_ERROR_INIT;
	struct unit_thread thread;
	struct weir_tx tx = {0};

	(void)state;
	assert_code(weir_db_open(&asked.db, weir_sqlite_driver(), "sqlite::memory:", &err), WEIR_OK);
	assert_code(weir_write_begin(asked.db, NULL, &tx, NULL), WEIR_OK);
	unit_start(&thread, read_in_a_hurry, &asked);
	unit_join(&thread);
	assert_code(asked.code, WEIR_ERR_GATE_TIMEOUT);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	read_in_a_hurry(&asked);
	assert_code(asked.code, WEIR_OK);
	db_end(asked.db);
}

/* ---- validation ---- */

static _Atomic int validations;
static _Atomic int broken;

static enum weir_code count_validation(void *conn, struct weir_time deadline,
                                       struct weir_error *err)
{
	atomic_fetch_add(&validations, 1);
	if (atomic_exchange(&broken, 0) != 0)
		return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "test.validate", 0, "it is broken");
	return weir_sqlite_driver()->validate(conn, deadline, err);
}

/* A reader that turns out broken is replaced before anybody has it. */
static void readers_are_validated_if_that_is_wanted(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_driver driver = *weir_sqlite_driver();
	struct weir_db *db;

	driver.validate = count_validation;
	fixture->driver = &driver;
	db = make_db(fixture, "max_size=1&validate_on_acquire=on");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	const int before = atomic_load(&validations);
	const uint64_t opens = db_stats(db).readers.opens;

	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	assert_int_equal(atomic_load(&validations), before + 1);
	atomic_store(&broken, 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	assert_int_equal(db_stats(db).readers.opens, opens + 1);
	assert_int_equal(db_stats(db).readers.closed[WEIR_CLOSE_VALIDATE], 1);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(each_statement_sees_what_was_acknowledged),
		DB_TEST(readers_refuse_to_write),
		DB_TEST(a_read_never_waits_for_a_writer),
		DB_TEST(a_read_waits_for_a_connection_and_no_longer),
		DB_TEST(a_sequence_must_have_been_given),
		DB_TEST(a_query_calls_for_each_row),
		DB_TEST(equal_snapshots_are_equal),
		DB_TEST(equal_reads_do_not_starve_each_other),
		DB_TEST(a_read_inside_a_job_does_not_wait),
		DB_TEST(equal_reads_are_begun_all_or_none),
		DB_TEST(everybody_reads_their_own_writes),
		DB_TEST(equal_reads_in_line_keep_their_deadlines),
		DB_TEST(a_read_of_a_private_database_keeps_its_deadline),
		DB_TEST(readers_are_validated_if_that_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
