/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements of weir_db on a real SQLite: values there and back, what is refused
 * and who hears of it, rows that are left open, and schemas that change beneath
 * what is prepared.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CHILD_TIMEOUT_S 20

static struct weir_db *db;
static struct weir_error err;

static void assert_ok(enum weir_code code)
{
	if (code != WEIR_OK)
		fail_msg("%s: %s", weir_error_name(code), err.message);
}

static void exec(const char *sql)
{
	assert_ok(weir_db_exec(db, sql, NULL, 0, NULL, &err));
}

static int open_db(void **state)
{
	struct fixture *fixture;

	if (make_fixture(state) != 0)
		return -1;
	fixture = *state;
	weir_error_init(&err);
	assert_ok(weir_db_create(&db, fixture->driver, &fixture->config, NULL, &err));
	exec("CREATE TABLE t(id INTEGER PRIMARY KEY, v, w)");
	exec("INSERT INTO t(v) VALUES (10), (20), (30)");
	return 0;
}

static int close_db(void **state)
{
	assert_ok(weir_db_close(db, &err));
	weir_db_destroy(db);
	db = NULL;
	return drop_fixture(state);
}

#define DB_TEST(test) cmocka_unit_test_setup_teardown(test, open_db, close_db)

static void begin_read(struct weir_tx *tx)
{
	memset(tx, 0, sizeof *tx);
	assert_ok(weir_read_begin(db, NULL, tx, &err));
}

static void query(struct weir_tx *tx, const char *sql, struct weir_rows *rows)
{
	assert_ok(weir_tx_query(tx, sql, NULL, 0, rows, &err));
}

static void next(struct weir_rows *rows)
{
	enum weir_code code = WEIR_OK;

	if (!weir_rows_next(rows, &code, &err))
		fail_msg("no row: %s", code == WEIR_OK ? "the end" : err.message);
}

static int64_t number_of(struct weir_rows *rows)
{
	struct weir_sql_value value = weir_null();

	assert_ok(weir_rows_value(rows, 0, &value, &err));
	assert_int_equal(value.type, WEIR_SQL_INT64);
	return value.as.int64;
}

/* The one number that sql yields, by a read of its own. */
static int64_t number(const char *sql)
{
	struct weir_tx tx;
	struct weir_rows rows;
	int64_t answer;

	begin_read(&tx);
	query(&tx, sql, &rows);
	next(&rows);
	answer = number_of(&rows);
	weir_rows_end(&rows);
	weir_tx_end(&tx);
	return answer;
}

/* ---- values ---- */

static int insert_values(struct weir_tx *tx, void *arg)
{
	const struct weir_sql_value *values = arg;

	for (int64_t i = 0; i < 6; i++) {
		const struct weir_sql_value params[2] = {weir_int64(100 + i), values[i]};
		int64_t changes = 0;

		if (weir_tx_exec(tx, "INSERT INTO t(id, v) VALUES (?, ?)", params, 2, &changes, NULL) !=
		        WEIR_OK ||
		    changes != 1)
			return 1;
	}
	return 0;
}

static void values_go_there_and_back(void **state)
{
	const struct weir_sql_value values[6] = {
		weir_null(),      weir_int64(INT64_MIN), weir_real(0.1),
		weir_text("ada"), weir_text(""),         weir_blob("\0\1\2", 3),
	};
	struct weir_tx tx;
	struct weir_rows rows;
	struct weir_sql_value got = weir_null();

	(void)state;
	assert_ok(weir_db_run(db, insert_values, (void *)(uintptr_t)values, NULL, NULL, &err));
	begin_read(&tx);
	query(&tx, "SELECT v FROM t WHERE id >= 100 ORDER BY id", &rows);
	assert_int_equal(rows.columns, 1);
	for (size_t i = 0; i < COUNT(values); i++) {
		next(&rows);
		assert_ok(weir_rows_value(&rows, 0, &got, &err));
		assert_int_equal(got.type, values[i].type);
		if (got.type == WEIR_SQL_INT64)
			assert_int_equal(got.as.int64, values[i].as.int64);
		if (got.type == WEIR_SQL_DOUBLE)
			assert_true(got.as.real >= 0.1 && got.as.real <= 0.1);
		if (got.type != WEIR_SQL_TEXT && got.type != WEIR_SQL_BLOB)
			continue;
		assert_int_equal(got.as.data.length, values[i].as.data.length);
		assert_memory_equal(got.as.data.bytes, values[i].as.data.bytes, got.as.data.length);
	}
	weir_rows_end(&rows);
	weir_tx_end(&tx);
}

/* ---- refusals ---- */

struct refusal_case {
	const char *sql;
	uint32_t count;
	enum weir_code code;
	const char *message;
};

static const struct refusal_case refusal_cases[] = {
	{"SELECT v FROM t WHERE id = ?", 0, WEIR_ERR_DRIVER_SQL, "1 parameters, and 0 values"},
	{"SELECT v FROM t WHERE id = ?", 2, WEIR_ERR_DRIVER_SQL, "1 parameters, and 2 values"},
	{"SELECT ?5", 1, WEIR_ERR_DRIVER_SQL, "5 parameters"},
	{"SELECT 1; SELECT 2", 0, WEIR_ERR_DRIVER_SQL, "more than one statement"},
	{"SELECT 1; SELEC", 0, WEIR_ERR_DRIVER_SQL, "more than one statement"},
	/* What SQLite takes for the beginning of a comment, or for white space. */
	{"SELECT 1; /*", 0, WEIR_ERR_DRIVER_SQL, "more than one statement"},
	{"SELECT 1;\v", 0, WEIR_ERR_DRIVER_SQL, "more than one statement"},
	{" -- nothing", 0, WEIR_ERR_DRIVER_SQL, "no statement"},
	{"SELECT v FROM nowhere", 0, WEIR_ERR_DRIVER_SQL, "nowhere"},
	{NULL, 0, WEIR_ERR_BAD_ARGUMENT, "text of the statement is NULL"},
};

/* One statement, and what SQLite does not count as one: a byte order mark, too. */
static const char *const single_texts[] = {
	"SELECT 1",
	"\xef\xbb\xbfSELECT 1;\xef\xbb\xbf",
	" ;; SELECT 1 ; ;\n\t\f ;",
	"SELECT 1; -- that is all",
	"/* SELECT 0 */ SELECT 1; /* ; SELECT 2 */ ;",
	"SELECT 1; /* to the end",
};

static void one_statement_is_what_sqlite_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(single_texts); i++) {
		struct weir_tx tx;

		begin_read(&tx);
		assert_int_equal(weir_tx_exec(&tx, single_texts[i], NULL, 0, NULL, &err), WEIR_OK);
		weir_tx_end(&tx);
	}
}

static int run_refusal(struct weir_tx *tx, void *arg)
{
	const struct weir_sql_value params[2] = {weir_int64(1), weir_int64(2)};
	const struct refusal_case *row = arg;

	return weir_tx_exec(tx, row->sql, params, row->count, NULL, NULL) == WEIR_OK ? 0 : 1;
}

static void what_is_refused_is_told_by_whoever_asks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusal_cases); i++) {
		const struct weir_sql_value params[2] = {weir_int64(1), weir_int64(2)};
		struct refusal_case row = refusal_cases[i];
		struct weir_tx tx;
		struct weir_rows rows;
		enum weir_code code;

		begin_read(&tx);
		assert_int_equal(weir_tx_exec(&tx, row.sql, params, row.count, NULL, &err), row.code);
		assert_non_null(strstr(err.message, row.message));
		assert_int_equal(weir_tx_query(&tx, row.sql, params, row.count, &rows, &err), row.code);
		assert_non_null(strstr(err.message, row.message));
		assert_false(weir_rows_next(&rows, &code, &err));
		weir_rows_end(&rows);
		weir_tx_end(&tx);
		/* The job itself wanted no struct weir_error. */
		assert_int_equal(weir_db_run(db, run_refusal, &row, NULL, NULL, &err), row.code);
		assert_non_null(strstr(err.message, row.message));
	}
}

static void parameters_that_are_not_there_are_refused(void **state)
{
	struct weir_tx tx;

	(void)state;
	begin_read(&tx);
	assert_int_equal(weir_tx_exec(&tx, "SELECT ?", NULL, 1, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	weir_tx_end(&tx);
}

static void a_tx_that_is_over_runs_nothing(void **state)
{
	struct weir_tx tx;
	struct weir_rows rows;

	(void)state;
	memset(&tx, 0, sizeof tx);
	assert_int_equal(weir_tx_exec(&tx, "SELECT 1", NULL, 0, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	begin_read(&tx);
	weir_tx_end(&tx);
	assert_int_equal(weir_tx_exec(&tx, "SELECT 1", NULL, 0, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_tx_query(&tx, "SELECT 1", NULL, 0, &rows, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_non_null(strstr(err.message, "over"));
	assert_ok(weir_write_begin(db, NULL, &tx, &err));
	assert_ok(weir_write_commit(&tx, NULL, &err));
	assert_int_equal(weir_tx_exec(&tx, "SELECT 1", NULL, 0, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
}

/* ---- rows ---- */

static void rows_end_with_their_tx(void **state)
{
	enum weir_code code = WEIR_OK;
	struct weir_sql_value value;
	struct weir_rows old;
	struct weir_rows rows;
	struct weir_tx tx;

	(void)state;
	begin_read(&tx);
	query(&tx, "SELECT v FROM t ORDER BY id", &old);
	next(&old);
	weir_tx_end(&tx);
	assert_false(weir_rows_next(&old, &code, &err));
	assert_int_equal(code, WEIR_ERR_BAD_ARGUMENT);
	/* The same statement of the same connection, in another use. */
	begin_read(&tx);
	query(&tx, "SELECT v FROM t ORDER BY id", &rows);
	next(&rows);
	assert_false(weir_rows_next(&old, &code, &err));
	assert_int_equal(weir_rows_value(&old, 0, &value, &err), WEIR_ERR_BAD_ARGUMENT);
	weir_rows_end(&old);
	next(&rows);
	assert_int_equal(number_of(&rows), 20);
	weir_rows_end(&rows);
	weir_rows_end(&rows);
	weir_tx_end(&tx);
}

static void rows_that_are_left_are_read_anew(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(number("SELECT v FROM t ORDER BY id"), 10);
}

static void the_same_text_can_be_read_twice_at_once(void **state)
{
	static const char sql[] = "SELECT v FROM t ORDER BY id";
	struct weir_rows outer;
	struct weir_tx tx;
	int64_t sum = 0;

	(void)state;
	begin_read(&tx);
	query(&tx, sql, &outer);
	for (int i = 0; i < 3; i++) {
		struct weir_rows inner;

		next(&outer);
		query(&tx, sql, &inner);
		for (int k = 0; k < 3; k++) {
			next(&inner);
			sum += number_of(&outer) * number_of(&inner);
		}
		weir_rows_end(&inner);
	}
	assert_int_equal(sum, 60 * 60);
	weir_rows_end(&outer);
	weir_tx_end(&tx);
}

static int leave_rows(struct weir_tx *tx, void *arg)
{
	enum weir_code code = WEIR_OK;
	struct weir_rows read;
	struct weir_rows written;

	(void)arg;
	if (weir_tx_query(tx, "SELECT v FROM t", NULL, 0, &read, NULL) != WEIR_OK ||
	    !weir_rows_next(&read, &code, NULL))
		return 1;
	if (weir_tx_query(tx, "INSERT INTO t(v) VALUES (40), (50) RETURNING id", NULL, 0, &written,
	                  NULL) != WEIR_OK ||
	    !weir_rows_next(&written, &code, NULL))
		return 2;
	return 0;
}

static void rows_that_a_job_leaves_do_not_hinder_its_commit(void **state)
{
	(void)state;
	for (int64_t i = 1; i <= 3; i++) {
		assert_ok(weir_db_run(db, leave_rows, NULL, NULL, NULL, &err));
		assert_int_equal(number("SELECT count(*) FROM t"), 3 + 2 * i);
	}
}

static void rows_that_a_write_lease_leaves_do_not_hinder_its_commit(void **state)
{
	struct weir_tx tx = WEIR_LEASE_EMPTY;

	(void)state;
	assert_ok(weir_write_begin(db, NULL, &tx, &err));
	assert_int_equal(leave_rows(&tx, NULL), 0);
	assert_ok(weir_write_commit(&tx, NULL, &err));
	assert_int_equal(number("SELECT count(*) FROM t"), 5);
}

static void exec_drops_rows_and_holds_no_snapshot(void **state)
{
	struct weir_tx tx;

	(void)state;
	begin_read(&tx);
	assert_ok(weir_tx_exec(&tx, "SELECT * FROM t", NULL, 0, NULL, &err));
	exec("INSERT INTO t(v) VALUES (40)");
	struct weir_rows rows;

	query(&tx, "SELECT count(*) FROM t", &rows);
	next(&rows);
	assert_int_equal(number_of(&rows), 4);
	weir_rows_end(&rows);
	weir_tx_end(&tx);
}

/* ---- what is prepared ---- */

static void columns_follow_a_schema_that_changed(void **state)
{
	struct weir_rows rows;
	struct weir_tx tx;

	(void)state;
	begin_read(&tx);
	for (uint32_t columns = 3; columns <= 5; columns++) {
		struct weir_sql_value value = weir_int64(0);
		char sql[64];

		query(&tx, "SELECT * FROM t", &rows);
		next(&rows);
		assert_int_equal(rows.columns, columns);
		assert_ok(weir_rows_value(&rows, columns - 1, &value, &err));
		weir_rows_end(&rows);
		(void)snprintf(sql, sizeof sql, "ALTER TABLE t ADD COLUMN c%u DEFAULT 7", columns);
		exec(sql);
	}
	weir_tx_end(&tx);
}

static int set_savepoint(struct weir_tx *tx, void *arg)
{
	(void)arg;
	return weir_tx_exec(tx, "SAVEPOINT mine", NULL, 0, NULL, NULL) == WEIR_OK ? 0 : 1;
}

static void a_job_does_not_find_what_a_lease_may_do(void **state)
{
	struct weir_tx tx = WEIR_LEASE_EMPTY;

	(void)state;
	assert_ok(weir_write_begin(db, NULL, &tx, &err));
	assert_ok(weir_tx_exec(&tx, "SAVEPOINT mine", NULL, 0, NULL, &err));
	assert_ok(weir_tx_exec(&tx, "RELEASE mine", NULL, 0, NULL, &err));
	assert_ok(weir_write_commit(&tx, NULL, &err));
	assert_int_equal(weir_db_run(db, set_savepoint, NULL, NULL, NULL, &err), WEIR_ERR_DRIVER_SQL);
}

static void without_a_cache_all_is_the_same(void **state)
{
	struct fixture *const fixture = *state;

	assert_ok(weir_db_close(db, &err));
	weir_db_destroy(db);
	fixture->config.statement_cache = 0;
	assert_ok(weir_db_create(&db, fixture->driver, &fixture->config, NULL, &err));
	rows_that_a_job_leaves_do_not_hinder_its_commit(state);
	the_same_text_can_be_read_twice_at_once(state);
	rows_end_with_their_tx(state);
}

/* Who does not ask for the code, or for rows at all. */
static void what_is_not_wanted_may_be_left_out(void **state)
{
	struct weir_sql_value value;
	struct weir_rows rows;
	struct weir_tx tx;
	enum weir_code code = WEIR_OK;
	int count = 0;

	(void)state;
	begin_read(&tx);
	assert_int_equal(weir_tx_query(&tx, "SELECT 1", NULL, 0, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_false(weir_rows_next(NULL, &code, &err));
	assert_int_equal(code, WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_rows_value(NULL, 0, &value, &err), WEIR_ERR_BAD_ARGUMENT);
	weir_rows_end(NULL);
	query(&tx, "SELECT 1 UNION SELECT 2", &rows);
	assert_int_equal(weir_rows_value(&rows, 0, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
	while (weir_rows_next(&rows, NULL, NULL)) /* ends: two rows */
		count++;
	assert_int_equal(count, 2);
	weir_rows_end(&rows);
	weir_tx_end(&tx);
}

static void a_forked_child_is_refused(void **state)
{
	struct weir_rows rows;
	struct weir_tx tx;
	int status = 0;
	pid_t child;

	(void)state;
	begin_read(&tx);
	query(&tx, "SELECT v FROM t ORDER BY id", &rows);
	next(&rows);
	child = fork();
	if (child == 0) {
		enum weir_code code = WEIR_OK;

		(void)alarm(CHILD_TIMEOUT_S);
		if (weir_tx_exec(&tx, "SELECT 1", NULL, 0, NULL, NULL) != WEIR_ERR_FORKED)
			_exit(1);
		if (weir_rows_next(&rows, &code, NULL) || code != WEIR_ERR_FORKED)
			_exit(2);
		weir_rows_end(&rows);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	next(&rows);
	assert_int_equal(number_of(&rows), 20);
	weir_rows_end(&rows);
	weir_tx_end(&tx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(values_go_there_and_back),
		DB_TEST(what_is_refused_is_told_by_whoever_asks),
		DB_TEST(one_statement_is_what_sqlite_says),
		DB_TEST(parameters_that_are_not_there_are_refused),
		DB_TEST(a_tx_that_is_over_runs_nothing),
		DB_TEST(rows_end_with_their_tx),
		DB_TEST(rows_that_are_left_are_read_anew),
		DB_TEST(the_same_text_can_be_read_twice_at_once),
		DB_TEST(rows_that_a_job_leaves_do_not_hinder_its_commit),
		DB_TEST(rows_that_a_write_lease_leaves_do_not_hinder_its_commit),
		DB_TEST(exec_drops_rows_and_holds_no_snapshot),
		DB_TEST(columns_follow_a_schema_that_changed),
		DB_TEST(a_job_does_not_find_what_a_lease_may_do),
		DB_TEST(without_a_cache_all_is_the_same),
		DB_TEST(what_is_not_wanted_may_be_left_out),
		DB_TEST(a_forked_child_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
