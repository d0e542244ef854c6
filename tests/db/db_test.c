/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The life of a db: made, changed, counted, closed, destroyed; a private one; a
 * forked child; and what each function says to arguments that are none.
 */
#include "db_fixture.h"

#include "unit_child.h"

#include <pthread.h>
#include <string.h>

static int nothing(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 0;
}

/* ---- opening ---- */

static void a_url_is_enough(void **state)
{
	const struct db_fixture *const fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char url[256];

	(void)snprintf(url, sizeof url, "sqlite://%s?max_size=2", fixture->path);
	assert_code(weir_db_open(&db, weir_sqlite_driver(), url, &err), WEIR_OK);
	db_exec(db, "CREATE TABLE t (v)");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
	assert_int_equal(db_stats(db).writer_opens, 1);
	db_end(db);
}

struct bad_url {
	const char *query;
	enum weir_code code;
};

static const struct bad_url bad_urls[] = {
	{"?max_size=0", WEIR_ERR_CONFIG_VALUE},
	{"?max_size", WEIR_ERR_CONFIG_SYNTAX},
	{"?nonsense=1", WEIR_ERR_CONFIG_UNKNOWN},
	{"?keeper=sometimes", WEIR_ERR_CONFIG_VALUE},
	{"?group_max=5000", WEIR_ERR_CONFIG_VALUE},
	{"?min_idle=3&max_size=2", WEIR_ERR_CONFIG_CONFLICT},
	{"/below/a/file.db", WEIR_ERR_DRIVER_OPEN},
};

static void a_bad_url_makes_no_db(void **state)
{
	const struct db_fixture *const fixture = *state;

	for (size_t i = 0; i < sizeof bad_urls / sizeof bad_urls[0]; i++) {
		struct weir_error err = WEIR_ERROR_INIT;
		struct weir_db *db = (struct weir_db *)(uintptr_t)1;
		char url[256];

		(void)snprintf(url, sizeof url, "sqlite://%s%s", fixture->path, bad_urls[i].query);
		assert_code(weir_db_open(&db, weir_sqlite_driver(), url, &err), bad_urls[i].code);
		assert_null(db);
		assert_int_equal(err.code, bad_urls[i].code);
	}
}

static void a_driver_needs_transactions(void **state)
{
	struct weir_driver odd = *weir_sqlite_driver();
	struct weir_engine old = *odd.engine;
	struct weir_db *db = NULL;

	(void)state;
	odd.engine = NULL;
	assert_code(weir_db_open(&db, &odd, "sqlite:///tmp/none", NULL), WEIR_ERR_DRIVER_UNSUPPORTED);
	odd.engine = &old;
	old.abi = WEIR_ENGINE_ABI + 1;
	assert_code(weir_db_open(&db, &odd, "sqlite:///tmp/none", NULL), WEIR_ERR_BAD_ARGUMENT);
	odd.size = offsetof(struct weir_driver, engine);
	assert_code(weir_db_open(&db, &odd, "sqlite:///tmp/none", NULL), WEIR_ERR_DRIVER_UNSUPPORTED);
	assert_code(weir_db_open(&db, NULL, "sqlite:///tmp/none", NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(db);
}

/* Each function that may not be NULL, and structs that end before the last of them. */
static void a_driver_lacks_no_function(void **state)
{
	const struct weir_engine whole_engine = *weir_sqlite_driver()->engine;
	const struct weir_sql whole_sql = *weir_sqlite_driver()->sql;
	struct weir_engine engine = whole_engine;
	struct weir_sql sql = whole_sql;
	struct weir_driver odd = *weir_sqlite_driver();
	struct weir_db *db = NULL;

	(void)state;
	odd.engine = &engine;
	odd.sql = &sql;
	for (size_t at = offsetof(struct weir_engine, begin);
	     at <= offsetof(struct weir_engine, snapshot_end); at += sizeof(void *)) {
		memset((char *)&engine + at, 0, sizeof(void *));
		assert_code(weir_db_open(&db, &odd, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
		engine = whole_engine;
	}
	for (size_t at = offsetof(struct weir_sql, prepare); at <= offsetof(struct weir_sql, txn_state);
	     at += sizeof(void *)) {
		memset((char *)&sql + at, 0, sizeof(void *));
		assert_code(weir_db_open(&db, &odd, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
		sql = whole_sql;
	}
	sql.abi = WEIR_SQL_ABI + 1;
	assert_code(weir_db_open(&db, &odd, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
	sql = whole_sql;
	sql.size = offsetof(struct weir_sql, txn_state);
	assert_code(weir_db_open(&db, &odd, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
	sql = whole_sql;
	odd.open = NULL;
	assert_code(weir_db_open(&db, &odd, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
	odd.open = weir_sqlite_driver()->open;
	odd.flags |= UINT32_C(1) << 31;
	assert_code(weir_db_open(&db, &odd, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(db);
}

/* ---- arguments ---- */

static void bad_arguments_are_told(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	const struct weir_write_options negative = {.size = sizeof negative, .timeout_ns = -1};
	const struct weir_write_options small = {.size = 4};
	const struct weir_write_options lane = {.size = sizeof lane, .lane = WEIR_LANES};
	const struct weir_write_options level = {.size = sizeof level,
	                                         .durability = (enum weir_durability)3};
	const struct weir_write_options *const wrong[] = {&negative, &small, &lane, &level};
	const struct weir_read_options early = {.size = sizeof early, .timeout_ns = -1};
	const struct weir_db_options options = {.size = 4};
	struct weir_db_stats stats = {.size = 4};
	struct weir_ticket *ticket = NULL;
	struct weir_db *other = NULL;
	struct weir_tx tx = {0};

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct weir_write_result result = {.size = sizeof result};

		assert_code(weir_db_run(db, nothing, NULL, wrong[i], &result, NULL), WEIR_ERR_BAD_ARGUMENT);
		assert_int_equal(result.outcome, WEIR_REJECTED);
		assert_code(weir_db_submit(db, nothing, NULL, wrong[i], &ticket, NULL),
		            WEIR_ERR_BAD_ARGUMENT);
		assert_code(weir_write_begin(db, wrong[i], &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
		assert_code(weir_db_maintain(db, nothing, NULL, wrong[i], NULL), WEIR_ERR_BAD_ARGUMENT);
	}
	assert_null(ticket);
	assert_code(weir_db_run(db, NULL, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_maintain(db, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_submit(db, nothing, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin(db, &early, &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin(db, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_begin(db, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_commit(NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	/* Not twice, and a read is no write. */
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	weir_tx_end(&tx);
	assert_code(weir_db_read_stats(db, &stats), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_read_stats(db, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_create(&other, weir_sqlite_driver(), NULL, &options, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_create(NULL, weir_sqlite_driver(), NULL, NULL, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_open(NULL, weir_sqlite_driver(), "sqlite:///x", NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_ticket_collect(NULL, db_soon(), NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_false(weir_ticket_poll(NULL));
	assert_false(weir_ticket_wait(NULL, db_soon()));
	weir_ticket_cancel(NULL);
	assert_null(weir_sqlite_tx_handle(&tx));
	assert_null(weir_tx_driver_conn(NULL, weir_sqlite_driver()));
	weir_tx_end(NULL);
	weir_tx_end(&tx);
	db_end(db);
}

static void no_db_is_no_crash(void **state)
{
	struct weir_db_stats stats = {.size = sizeof stats};
	struct weir_ticket *ticket = NULL;
	struct weir_db *db = (struct weir_db *)&stats; /* anything but NULL */
	struct weir_tx tx = {0};

	(void)state;
	assert_code(weir_db_create(&db, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(db);
	assert_code(weir_db_create(NULL, weir_sqlite_driver(), NULL, NULL, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_open(&db, NULL, "sqlite::memory:", NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_open(NULL, weir_sqlite_driver(), "sqlite::memory:", NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_run(NULL, nothing, NULL, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_exec(NULL, "SELECT 1", NULL, 0, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_query(NULL, "SELECT 1", NULL, 0, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_submit(NULL, nothing, NULL, NULL, &ticket, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_maintain(NULL, nothing, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_checkpoint(NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_set(NULL, "group_max", "1", NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_read_stats(NULL, &stats), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_close(NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin(NULL, NULL, &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_read_begin_equal(NULL, NULL, &tx, 1, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_write_begin(NULL, NULL, &tx, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_db_tick(NULL, weir_now()).ns, INT64_MAX);
	weir_db_destroy(NULL);
}

/* ---- settings ---- */

struct change {
	const char *name;
	const char *value;
	enum weir_code code;
};

static const struct change changes[] = {
	{"group_max", "2", WEIR_OK},
	{"write_timeout", "20s", WEIR_OK},
	{"acquire_timeout", "5ms", WEIR_OK},
	{"max_size", "1", WEIR_ERR_BAD_ARGUMENT},
	{"group_max", "0", WEIR_ERR_CONFIG_VALUE},
	{"group_max", "many", WEIR_ERR_CONFIG_VALUE},
	{"group_maximum", "2", WEIR_ERR_CONFIG_UNKNOWN},
	{"keeper", "manual", WEIR_ERR_BAD_ARGUMENT},
	{"statement_cache", "1", WEIR_ERR_BAD_ARGUMENT},
	{"synchronous", "off", WEIR_ERR_BAD_ARGUMENT},
	{NULL, "2", WEIR_ERR_BAD_ARGUMENT},
	{"group_max", NULL, WEIR_ERR_BAD_ARGUMENT},
};

static void settings_change_while_it_runs(void **state)
{
	struct weir_db *const db = db_make(*state, "keeper=manual&max_size=1");
	struct db_script script = {.sql = {"SELECT 1"}};
	struct db_asked asked[4];
	struct weir_tx first = {0};
	struct weir_tx second = {0};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		assert_code(weir_db_set(db, changes[i].name, changes[i].value, NULL), changes[i].code);
	/* They count: two at a time, and little patience. */
	for (int i = 0; i < 4; i++)
		db_submit(db, &script, NULL, &asked[i]);
	for (int i = 0; i < 4; i++) {
		db_collect(&asked[i]);
		assert_int_equal(asked[i].result.group_size, 2);
	}
	assert_code(weir_read_begin(db, NULL, &first, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &second, NULL), WEIR_ERR_ACQUIRE_TIMEOUT);
	weir_tx_end(&first);
	db_end(db);
}

/* ---- figures ---- */

static void figures_add_up(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_tx tx = {0};

	db_exec(db, "CREATE TABLE t (v)");
	for (int i = 0; i < 10; i++) {
		db_exec(db, "INSERT INTO t VALUES (1)");
		assert_int_equal(db_number(db, "SELECT count(*) FROM t"), i + 1);
	}
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);

	const struct weir_db_stats stats = db_stats(db);

	weir_tx_end(&tx);
	assert_int_equal(stats.commits, 11);
	assert_int_equal(stats.sequence, 11);
	assert_int_equal(stats.jobs[WEIR_COMMITTED], 11);
	assert_int_equal(stats.gate.jobs, 11);
	assert_int_equal(stats.gate.groups, 11);
	assert_int_equal(stats.readers.leased, 1);
	assert_int_equal(stats.writer_opens, 1);
	assert_int_equal(stats.warnings, 0);
	/* Nine of the ten reads were on a connection that knew the statement, and
     * nine of the ten inserts. */
	assert_int_equal(stats.statement_hits, 18);
	assert_int_equal(stats.statement_misses, 3);
	db_end(db);
}

/* ---- the end ---- */

static void a_closed_db_refuses(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_write_result result = {.size = sizeof result};
	struct weir_db_stats stats = {.size = sizeof stats};
	struct weir_ticket *ticket = NULL;
	struct weir_tx tx = {0};

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_db_close(db, &err), WEIR_OK);
	assert_code(weir_db_run(db, nothing, NULL, NULL, &result, &err), WEIR_ERR_CLOSED);
	assert_int_equal(result.outcome, WEIR_REJECTED);
	assert_code(weir_db_submit(db, nothing, NULL, NULL, &ticket, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_db_maintain(db, nothing, NULL, NULL, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_db_checkpoint(db, NULL, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_db_set(db, "group_max", "1", NULL), WEIR_ERR_CLOSED);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_read_begin_equal(db, NULL, &tx, 1, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_ERR_CLOSED);
	assert_code(weir_db_read_stats(db, &stats), WEIR_OK);
	assert_code(weir_db_close(db, &err), WEIR_OK);
	weir_db_destroy(db);
	db_assert_rows(*state, "SELECT count(*) FROM t", "0");
}

static void close_waits_and_names_who_is_out(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx read = {0};
	struct db_holder holder;

	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_read_begin(db, NULL, &read, NULL), WEIR_OK);
	db_hold(&holder, db);
	/* A write by its site; then readers as holders. */
	assert_code(weir_db_close_until(db, weir_deadline_in(WEIR_MILLISECONDS(20)), &err),
	            WEIR_ERR_CLOSE_TIMEOUT);
	assert_has(err.message, "db_fixture.c");
	db_end_hold(&holder);
	weir_error_init(&err);
	assert_code(weir_db_close_until(db, weir_deadline_in(WEIR_MILLISECONDS(20)), &err),
	            WEIR_ERR_CLOSE_TIMEOUT);
	assert_int_equal(err.holders_count, 1);
	assert_has(err.holders[0].site, "db_test.c");
	/* What was begun goes on, and a destroy frees nothing beneath it. */
	weir_db_destroy(db);
	db_tx_exec(&read, "SELECT * FROM t");
	weir_tx_end(&read);
	db_end(db);
}

static void a_lease_ends_though_its_db_is_closed(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct db_holder holder;

	db_exec(db, "CREATE TABLE t (v)");
	db_hold(&holder, db);
	assert_code(weir_db_close_until(db, (struct weir_time){0}, NULL), WEIR_ERR_CLOSE_TIMEOUT);
	db_end_hold(&holder);
	db_end(db);
}

/* ---- a private database ---- */

static struct weir_db *make_private(void)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;

	if (weir_db_open(&db, weir_sqlite_driver(), "sqlite:///:memory:?max_size=4", &err) != WEIR_OK)
		fail_msg("%s", err.message);
	return db;
}

static void a_private_database_has_one_connection(void **state)
{
	struct weir_db *const db = make_private();
	struct weir_read_options options = {.size = sizeof options, .snapshot = true};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	struct weir_tx other = {0};

	(void)state;
	db_exec(db, "CREATE TABLE t (v)");
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 1);
	/* A read keeps writers out; it would wait for itself. */
	assert_code(weir_read_begin(db, &options, &tx, NULL), WEIR_OK);
	assert_code(weir_db_exec(db, "INSERT INTO t VALUES (2)", NULL, 0, NULL, NULL),
	            WEIR_ERR_REENTRANT);
	assert_code(weir_read_begin(db, NULL, &other, NULL), WEIR_ERR_REENTRANT);
	weir_tx_end(&tx);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &other, NULL), WEIR_ERR_REENTRANT);
	db_tx_exec(&tx, "INSERT INTO t VALUES (3)");
	weir_tx_end(&tx);
	/* What a read writes is not kept. */
	(void)!weir_db_query(db, "DELETE FROM t", NULL, 0, NULL, NULL, NULL);
	assert_int_equal(db_number(db, "SELECT sum(v) FROM t"), 1);
	assert_code(weir_read_begin_equal(db, NULL, &tx, 1, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_checkpoint(db, NULL, &err), WEIR_ERR_DRIVER_UNSUPPORTED);
	assert_code(weir_db_set(db, "group_max", "3", NULL), WEIR_OK);
	assert_int_equal(db_stats(db).readers.opens, 0);
	db_end(db);
}

static void read_private(void *arg)
{
	struct db_asked *const asked = arg;
	struct weir_tx tx = {0};
	struct weir_db *const db = (struct weir_db *)asked->ticket;

	asked->code = weir_read_begin(db, NULL, &tx, &asked->err);
	weir_tx_end(&tx);
}

static void its_readers_wait_in_the_gate(void **state)
{
	struct weir_db *const db = make_private();
	struct db_asked asked = {.ticket = (struct weir_ticket *)db};
	struct unit_thread thread;
	struct weir_tx tx = {0};

	(void)state;
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	unit_start(&thread, read_private, &asked);
	db_await_queue(db, 1);
	assert_code(weir_write_commit(&tx, NULL, NULL), WEIR_OK);
	unit_join(&thread);
	assert_code(asked.code, WEIR_OK);
	db_end(db);
}

/* ---- a forked child ---- */

#define FINDINGS_MAX 24

struct inheritance {
	struct weir_db *db;
	struct weir_ticket *ticket;
	struct weir_tx read;
	struct weir_tx write;
	struct weir_rows rows;
	enum weir_code *found; /* shared; FINDINGS_MAX */
	const char *own_url;
};

static enum weir_code use_own_db(const char *url)
{
	struct weir_db *db = NULL;
	enum weir_code code = weir_db_open(&db, weir_sqlite_driver(), url, NULL);

	if (code == WEIR_OK)
		code = weir_db_exec(db, "CREATE TABLE t (v)", NULL, 0, NULL, NULL);
	weir_db_destroy(db);
	return code == WEIR_OK ? WEIR_ERR_FORKED : code;
}

static void live_as_child(void *arg)
{
	struct inheritance *const mine = arg;
	struct weir_db *const db = mine->db;
	struct weir_db_stats stats = {.size = sizeof stats};
	struct weir_ticket *ticket = NULL;
	struct weir_tx tx = {0};
	struct weir_sql_value value;
	enum weir_code rows_code = WEIR_OK;
	enum weir_code *at = mine->found;
	int cancellation = PTHREAD_CANCEL_DISABLE;

	*at++ = weir_db_run(db, nothing, NULL, NULL, NULL, NULL);
	*at++ = weir_db_exec(db, "INSERT INTO t VALUES (9)", NULL, 0, NULL, NULL);
	*at++ = weir_db_submit(db, nothing, NULL, NULL, &ticket, NULL);
	*at++ = weir_db_query(db, "SELECT 1", NULL, 0, NULL, NULL, NULL);
	*at++ = weir_read_begin(db, NULL, &tx, NULL);
	*at++ = weir_read_begin_equal(db, NULL, &tx, 1, NULL);
	*at++ = weir_write_begin(db, NULL, &tx, NULL);
	*at++ = weir_db_maintain(db, nothing, NULL, NULL, NULL);
	*at++ = weir_db_checkpoint(db, NULL, NULL);
	*at++ = weir_db_set(db, "group_max", "1", NULL);
	*at++ = weir_db_read_stats(db, &stats);
	*at++ = weir_db_close(db, NULL);
	*at++ = weir_tx_exec(&mine->write, "INSERT INTO t VALUES (9)", NULL, 0, NULL, NULL);
	*at++ = weir_tx_exec(&mine->read, "SELECT 1", NULL, 0, NULL, NULL);
	(void)weir_rows_next(&mine->rows, &rows_code, NULL);
	*at++ = rows_code;
	*at++ = weir_rows_value(&mine->rows, 0, &value, NULL);
	*at++ = weir_write_commit(&mine->write, NULL, NULL);
	*at++ = weir_ticket_collect(mine->ticket, db_soon(), NULL, NULL);
	weir_ticket_cancel(mine->ticket);
	if (weir_ticket_wait(mine->ticket, db_soon()) || weir_ticket_poll(mine->ticket) ||
	    weir_tx_driver_conn(&mine->read, weir_sqlite_driver()) != NULL ||
	    weir_db_tick(db, weir_now()).ns != INT64_MAX)
		*at = WEIR_ERR_USAGE;
	else
		*at = WEIR_ERR_FORKED;
	at++;
	weir_rows_end(&mine->rows);
	weir_ticket_discard(mine->ticket);
	weir_tx_end(&mine->read);
	weir_tx_end(&mine->write);
	weir_db_destroy(db);
	*at++ = use_own_db(mine->own_url);
	(void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancellation);
	*at++ = mine->write.conn == NULL && cancellation == PTHREAD_CANCEL_ENABLE ? WEIR_ERR_FORKED
	                                                                          : WEIR_ERR_USAGE;
	*at = WEIR_ERR_USAGE; /* the end of the list */
}

static void a_child_is_refused_and_the_parent_goes_on(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, "keeper=manual");
	struct inheritance mine = {.db = db};
	struct db_script script = {.sql = {"INSERT INTO t VALUES (5)"}};
	struct db_asked asked;
	enum weir_code rows_code = WEIR_OK;
	uint32_t count = 0;
	char url[256];

	(void)snprintf(url, sizeof url, "sqlite://%s/other.db?keeper=manual", fixture->folder);
	mine.own_url = url;
	mine.found = unit_shared(FINDINGS_MAX * sizeof *mine.found);
	assert_non_null(mine.found);
	db_exec(db, "CREATE TABLE t (v)");
	db_exec(db, "INSERT INTO t VALUES (1), (2)");
	db_submit(db, &script, NULL, &asked);
	mine.ticket = asked.ticket;
	assert_code(weir_read_begin(db, NULL, &mine.read, NULL), WEIR_OK);
	assert_code(weir_tx_query(&mine.read, "SELECT v FROM t", NULL, 0, &mine.rows, NULL), WEIR_OK);
	assert_true(weir_rows_next(&mine.rows, &rows_code, NULL));
	db_collect(&asked); /* or its job would lead in the midst of the lease */
	db_submit(db, &script, NULL, &asked);
	mine.ticket = asked.ticket;
	assert_true(unit_child_ends(live_as_child, &mine));
	while (count < FINDINGS_MAX && mine.found[count] != WEIR_ERR_USAGE) {
		/* The write lease was not begun: a thread of its own could not be forked. */
		const bool unbegun = count == 12 || count == 16;

		if (mine.found[count] != (unbegun ? WEIR_ERR_BAD_ARGUMENT : WEIR_ERR_FORKED))
			fail_msg("call %u of the child gave %#x", count, mine.found[count]);
		count++;
	}
	assert_int_equal(count, 21);
	assert_true(weir_rows_next(&mine.rows, &rows_code, NULL));
	weir_rows_end(&mine.rows);
	weir_tx_end(&mine.read);
	db_collect(&asked);
	assert_code(asked.code, WEIR_OK);
	db_assert_rows(fixture, "SELECT v FROM t ORDER BY rowid", "1,2,5,5");
	unit_shared_free(mine.found, FINDINGS_MAX * sizeof *mine.found);
	db_end(db);
}

/* A write lease of the parent's, looked at by the child. */
static void a_childs_commit_is_refused(void **state)
{
	struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(fixture, "keeper=manual");
	struct inheritance mine = {.db = db, .own_url = "sqlite:///nowhere/at/all"};

	mine.found = unit_shared(FINDINGS_MAX * sizeof *mine.found);
	assert_non_null(mine.found);
	db_exec(db, "CREATE TABLE t (v)");
	assert_code(weir_write_begin(db, NULL, &mine.write, NULL), WEIR_OK);
	db_tx_exec(&mine.write, "INSERT INTO t VALUES (1)");
	assert_true(unit_child_ends(live_as_child, &mine));
	assert_code(mine.found[12], WEIR_ERR_FORKED);
	assert_code(mine.found[16], WEIR_ERR_FORKED);
	assert_code(mine.found[20], WEIR_ERR_FORKED); /* it is over for the child all the same */
	db_tx_exec(&mine.write, "INSERT INTO t VALUES (2)");
	assert_code(weir_write_commit(&mine.write, NULL, NULL), WEIR_OK);
	db_assert_rows(fixture, "SELECT v FROM t ORDER BY rowid", "1,2");
	unit_shared_free(mine.found, FINDINGS_MAX * sizeof *mine.found);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_url_is_enough),
		DB_TEST(a_bad_url_makes_no_db),
		DB_TEST(a_driver_needs_transactions),
		DB_TEST(a_driver_lacks_no_function),
		DB_TEST(bad_arguments_are_told),
		DB_TEST(no_db_is_no_crash),
		DB_TEST(settings_change_while_it_runs),
		DB_TEST(figures_add_up),
		DB_TEST(a_closed_db_refuses),
		DB_TEST(close_waits_and_names_who_is_out),
		DB_TEST(a_lease_ends_though_its_db_is_closed),
		DB_TEST(a_private_database_has_one_connection),
		DB_TEST(its_readers_wait_in_the_gate),
		DB_TEST(a_child_is_refused_and_the_parent_goes_on),
		DB_TEST(a_childs_commit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
