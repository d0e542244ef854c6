/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/db.h: a database that many threads read and write, whatever its engine.
 *
 * The single-writer rule. SQLite lets one transaction write at a time. weir_db
 * owns the one writer, puts a fair queue (weir/gate.h) in front of it, and
 * leases read-only connections to readers, who never wait for writers. A caller
 * writes in one of two ways:
 *
 *   job    a function, run inside a transaction that it shares with the jobs
 *          beside it in the queue: one begin, one commit, one sync for all of
 *          them, and for each an outcome of its own. Prefer it.
 *   lease  the writer itself, exclusively, for a transaction of one's own
 *
 *     static int add_visit(struct weir_tx *tx, void *arg)
 *     {
 *             struct weir_sql_value name = weir_text(arg);
 *             return weir_tx_exec(tx, "INSERT INTO visit(name) VALUES (?)", &name, 1, NULL, NULL);
 *     }
 *     …
 *     code = weir_db_run(db, add_visit, "Ada", NULL, NULL, &err);
 *
 * What a job must know. It may run on another caller's thread, and more than
 * once: a neighbour that fails undoes what was done beside it, and the others
 * run again. Only the effects of its last run are committed; what it does beside
 * the database must bear repetition, or it is marked once and gets a transaction
 * of its own. It sees what its neighbours did before it. It must not wait for
 * the database in any other way: weir answers REENTRANT to that, and to a read
 * that would have to wait, EXHAUSTED. It keeps nothing of tx, and publishes nothing
 * before its outcome is there.
 *
 * Outcomes. Every write ends in exactly one of enum weir_outcome, and a success
 * is never reported that is not on disk at the durability asked for. The
 * deadline bounds the wait until the job begins (REJECTED, TIMED_OUT: it never
 * ran); from then on the call returns with the outcome, however long that takes.
 *
 * Threads. All functions that take a db: any thread, concurrently, but for
 * create and destroy. A struct weir_tx stays on the thread that began it.
 *
 * Threads that end. No call is a cancellation point, jobs and callbacks inside it
 * included, and a thread with a tx is not cancelled before it has ended it, unless it
 * sets PTHREAD_CANCEL_ENABLE meanwhile. A job shall not end its thread, which may be
 * another caller's or weir's own; one that does it nevertheless, with pthread_exit, has
 * failed (JOB_FAILED), and the thread ends once those beside it have their outcomes. A
 * thread that ends with a read keeps its connection out; one that ends with a write
 * lease, or with a read of a private database, keeps everybody else out: hold_warning
 * names it, and close fails with CLOSE_TIMEOUT.
 *
 * In a forked child every call fails with FORKED and touches nothing. The child of a
 * job or callback that forks has no call to come back to: it ends with _exit or exec.
 */
#ifndef WEIR_DB_H
#define WEIR_DB_H

#include <string.h>

#include <weir/base.h>
#include <weir/config.h>
#include <weir/driver.h>
#include <weir/engine.h>
#include <weir/error.h>
#include <weir/gate.h>
#include <weir/lease.h>
#include <weir/log.h>
#include <weir/sql.h>
#include <weir/ticket.h>

struct weir_db;
struct weir_tx;

/* How a write ended. */
enum weir_outcome {
	WEIR_OUTCOME_NONE = 0,
	WEIR_COMMITTED = 1,     /* on disk at the durability asked for */
	WEIR_FAILED = 2,        /* it ran; nothing of it is in the database */
	WEIR_REJECTED = 3,      /* it never ran: full, not in time, closed, or writes are down */
	WEIR_TIMED_OUT = 4,     /* it never ran: its deadline passed, or it was cancelled */
	WEIR_INDETERMINATE = 5, /* the commit itself failed: find out before repeating it */
};

struct weir_write_result {
	uint32_t size; /* set by the caller */
	enum weir_outcome outcome;
	uint64_t sequence;   /* of the commit; readers that ask for it see the write */
	uint32_t group_size; /* jobs committed together, this one counted */
	uint32_t runs;       /* how often the job was called */
	int64_t queued_ns;   /* from the call until it first began */
};

/* A write job: 0 to be committed; anything else to fail, undone. It then is the
 * driver_code of the error, unless a statement of the job has failed: that
 * statement's error is reported. */
typedef int (*weir_job)(struct weir_tx *tx, void *arg);

struct weir_write_options {
	uint32_t size;                   /* sizeof(struct weir_write_options) */
	enum weir_durability durability; /* a group has that of its strongest member */
	enum weir_lane lane;
	bool once;          /* jobs: run at most once, in a transaction of its own */
	int64_t timeout_ns; /* until it begins; 0: the write_timeout setting */
	int64_t budget_ns;  /* jobs: stop it after this long; 0: the job_timeout setting */
};

struct weir_read_options {
	uint32_t size;                 /* sizeof(struct weir_read_options) */
	bool snapshot;                 /* all statements see one state, that of the beginning */
	int64_t timeout_ns;            /* for a reader to become free; 0: the acquire_timeout setting */
	uint64_t sequence;             /* see at least this commit */
	enum weir_when_down when_down; /* what it does when no reader can be had (weir/lease.h) */
	bool expected_long;            /* neither leak_after nor use_warning concerns it */
};

/* Where statements run: a read lease, a write lease, or what a job is given.
 * Zero before the first use (= {0}); all fields are weir's. */
struct weir_tx {
	struct weir_db *db;
	struct weir__db_conn *conn; /* NULL: not begun, or over */
	struct weir_lease lease;    /* of a reader */
	struct weir_gate_entry *entry;
	struct weir__job *job;
	uint32_t kind;
};

/* Rows being read. They end with weir_rows_end, or with their tx. */
struct weir_rows {
	struct weir_tx *tx;
	void *statement;
	void *cached;
	uint32_t columns;
	uint32_t state;
};

struct weir_db_options {
	uint32_t size;        /* sizeof(struct weir_db_options) */
	void *driver_data;    /* for each open; must outlive the db */
	struct weir_log *log; /* NULL: warnings to stderr; must outlive the db */
	weir_on_leak on_leak; /* of readers, see weir/pool.h; NULL: none */
	void *leak_arg;
};

struct weir_db_stats {
	uint32_t size; /* set by the caller */
	struct weir_pool_stats readers;
	struct weir_gate_stats gate;
	uint64_t commits;                      /* transactions committed */
	uint64_t jobs[WEIR_INDETERMINATE + 1]; /* jobs and leases by outcome */
	uint64_t runs_again;                   /* jobs that ran once more, because of a neighbour */
	uint64_t savepoints;
	uint64_t checkpoints;
	uint64_t checkpoint_failures;
	int64_t checkpoint_stall_ns_max;
	int64_t checkpoint_stall_ns_sum;
	uint32_t log_frames;     /* gauge: frames in the log, as of the last checkpoint */
	uint32_t pinned;         /* gauge: 1 while the read pin is held */
	uint64_t sequence;       /* of the last commit */
	uint64_t statement_hits; /* statements found prepared, and not */
	uint64_t statement_misses;
	uint64_t writer_opens; /* 1, and 1 more for each that broke */
	uint64_t warnings;     /* lines for the operator */
};

#ifdef __cplusplus
extern "C" {
#endif

/* ---- life ---- */

/*
 * Open a database: the writer first, then what upkeep needs, then min_idle
 * readers of at most max_size. A private database (SQLite's ":memory:") has one
 * connection in all, and reads wait in the gate, too. options NULL: the defaults.
 * *db is NULL on failure. Owner. Blocks for open_timeout at most. Errors: those
 * of weir_pool_create; DRIVER_UNSUPPORTED (the driver has no weir_engine).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_create(struct weir_db **db,
                                                     const struct weir_driver *driver,
                                                     const struct weir_config *config,
                                                     const struct weir_db_options *options,
                                                     struct weir_error *err);

/* The same from a URL, over the defaults. Errors also: CONFIG_SYNTAX,
 * CONFIG_UNKNOWN. */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_open(struct weir_db **db,
                                                   const struct weir_driver *driver,
                                                   const char *url, struct weir_error *err);

/*
 * End it: refuse new reads and writes with CLOSED, end what is queued, and wait
 * until deadline for readers, the writer and the keeper. Calling it again waits
 * again. Errors: CLOSE_TIMEOUT, naming who is still out: a write by its site,
 * readers as holders in err; REENTRANT; FORKED.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_close_until(struct weir_db *db,
                                                          struct weir_time deadline,
                                                          struct weir_error *err);

/* The same with the close_timeout setting. */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_close(struct weir_db *db, struct weir_error *err);

/* Free a db, closing it first without waiting if that was not done; NULL is
 * accepted. If something is still out, what it needs is leaked rather than freed
 * beneath it. Owner. */
WEIR_API void weir_db_destroy(struct weir_db *db);

/*
 * One pass of upkeep, for the setting keeper=manual: lead jobs nobody waits for,
 * renew or drop the read pin, checkpoint when idle, warn. now: the present, or
 * what a test says it is. Returns when it wants to be called next, at the latest;
 * a submit may need it sooner. Any thread, one at a time. Blocks while it works.
 */
WEIR_API struct weir_time weir_db_tick(struct weir_db *db, struct weir_time now);

/* Change a setting that is changeable while running. As weir_pool_set. */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_set(struct weir_db *db, const char *name,
                                                  const char *value, struct weir_error *err);

/* Declare every connection old, as weir_pool_reset does; the next group opens a new
 * writer. Errors: as weir_pool_reset; DRIVER_UNSUPPORTED (a private database). */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_reset(struct weir_db *db, const char *reason,
                                                    struct weir_error *err);

/*
 * Admit no new reads and writes until resume: they fail with SUSPENDED, or, with the
 * setting when_down=wait, wait to their timeout (weir_db_submit never does). What has
 * begun goes on, and so does what is queued. Any thread; takes a short lock. Errors:
 * CLOSED, FORKED, BAD_ARGUMENT.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_suspend(struct weir_db *db, struct weir_error *err);
WEIR_API WEIR_MUST_USE enum weir_code weir_db_resume(struct weir_db *db, struct weir_error *err);

/* The driver and the configuration it was made with. Wait-free; valid as long as db. */
WEIR_API const struct weir_driver *weir_db_driver(const struct weir_db *db);
WEIR_API const struct weir_config *weir_db_config(const struct weir_db *db);

/* Fill stats (set its size first). Errors: BAD_ARGUMENT, FORKED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_read_stats(struct weir_db *db,
                                                         struct weir_db_stats *stats);

/* ---- reading ---- */

/*
 * Begin a read: a lease of a read-only connection, until weir_tx_end. Each
 * statement sees every commit that was acknowledged before it began; with
 * snapshot all of them see one state. options NULL: the defaults. Never waits
 * for writers. A thread that holds the gate (in a job, or with a write lease) does
 * not wait for a reader either: EXHAUSTED. Errors: as weir_acquire.
 */
#define weir_read_begin(db, options, tx, err)                                                      \
	weir_read_begin_from((db), (options), WEIR_HERE, (tx), (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_read_begin_from(struct weir_db *db,
                                                           const struct weir_read_options *options,
                                                           const char *site, struct weir_tx *tx,
                                                           struct weir_error *err);

/*
 * Begin count reads that all see the same snapshot, which no commit divides: it
 * waits in the gate for a moment without a writer. All or none. count is at most
 * max_size. Errors: as weir_read_begin and weir_write_begin.
 */
#define weir_read_begin_equal(db, options, txs, count, err)                                        \
	weir_read_begin_equal_from((db), (options), WEIR_HERE, (txs), (count), (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_read_begin_equal_from(
	struct weir_db *db, const struct weir_read_options *options, const char *site,
	struct weir_tx *txs, uint32_t count, struct weir_error *err);

/* ---- writing ---- */

/*
 * Run a job and wait for its outcome. options, result NULL: defaults, not
 * wanted. site is recorded by the macro.
 *
 * Returns OK exactly if the outcome is COMMITTED. Errors, by outcome:
 *   FAILED         the error of the statement that failed; JOB_FAILED (the job
 *                  said so: driver_code is what it returned); DRIVER_DEADLINE
 *                  (over its budget); DRIVER_CANCELLED; any DRIVER code
 *   REJECTED       REJECTED, CLOSED, WRITER_DOWN, REENTRANT, FORKED,
 *                  BAD_ARGUMENT, NO_MEMORY
 *   TIMED_OUT      GATE_TIMEOUT, DRIVER_BUSY (a foreign writer until the deadline)
 *   INDETERMINATE  INDETERMINATE
 */
#define weir_db_run(db, job, arg, options, result, err)                                            \
	weir_db_run_from((db), (job), (arg), (options), WEIR_HERE, (result), (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_db_run_from(struct weir_db *db, weir_job job, void *arg,
                                                       const struct weir_write_options *options,
                                                       const char *site,
                                                       struct weir_write_result *result,
                                                       struct weir_error *err);

/* Queue a job and return at once with a ticket for its outcome. Never blocks.
 * Errors: those of REJECTED above; *ticket is NULL then. */
#define weir_db_submit(db, job, arg, options, ticket, err)                                         \
	weir_db_submit_from((db), (job), (arg), (options), WEIR_HERE, (ticket), (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_db_submit_from(
	struct weir_db *db, weir_job job, void *arg, const struct weir_write_options *options,
	const char *site, struct weir_ticket **ticket, struct weir_error *err);

/*
 * Begin a write lease: wait for the gate, and begin a transaction that excludes
 * every other writer (SQLite: BEGIN IMMEDIATE). Everybody who writes waits until
 * it ends: keep it short. End it on the same thread with weir_write_commit or
 * weir_tx_end, which rolls back. Errors: those of REJECTED and TIMED_OUT above.
 */
#define weir_write_begin(db, options, tx, err)                                                     \
	weir_write_begin_from((db), (options), WEIR_HERE, (tx), (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_write_begin_from(
	struct weir_db *db, const struct weir_write_options *options, const char *site,
	struct weir_tx *tx, struct weir_error *err);

/* Commit a write lease; tx is over in any case. Errors: those of FAILED and
 * INDETERMINATE above, BAD_ARGUMENT (not a write lease). */
WEIR_API WEIR_MUST_USE enum weir_code weir_write_commit(struct weir_tx *tx,
                                                        struct weir_write_result *result,
                                                        struct weir_error *err);

/*
 * Run job alone on the writer, outside any transaction, with the gate held: for
 * what SQLite refuses inside one (VACUUM, a journal mode). It goes through the
 * bulk lane. result: COMMITTED if job returned 0. Errors: as weir_db_run.
 */
#define weir_db_maintain(db, job, arg, options, err)                                               \
	weir_db_maintain_from((db), (job), (arg), (options), WEIR_HERE, (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_db_maintain_from(
	struct weir_db *db, weir_job job, void *arg, const struct weir_write_options *options,
	const char *site, struct weir_error *err);

/* Copy the log into the database now. result may be NULL. Errors: DRIVER_BUSY,
 * those of REJECTED and TIMED_OUT above, DRIVER_UNSUPPORTED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_db_checkpoint(struct weir_db *db,
                                                         struct weir_checkpoint_result *result,
                                                         struct weir_error *err);

/* ---- statements ---- */

/* Run one statement to its end on tx. params: count values, or NULL and 0.
 * changes: rows it changed, or NULL. The statement stays prepared on the
 * connection. Errors: DRIVER_SQL (also: text has more than one statement, or not
 * as many parameters), DRIVER_BUSY, any DRIVER code; BAD_ARGUMENT (tx is over). */
WEIR_API WEIR_MUST_USE enum weir_code weir_tx_exec(struct weir_tx *tx, const char *sql,
                                                   const struct weir_sql_value *params,
                                                   uint32_t count, int64_t *changes,
                                                   struct weir_error *err);

/*
 * Begin to read the rows of a statement. Values live until the next call on
 * rows; those of params must live until weir_rows_end.
 *
 *     code = weir_tx_query(tx, "SELECT name FROM visit", NULL, 0, &rows, err);
 *     while (code == WEIR_OK && weir_rows_next(&rows, &code, err))
 *             code = weir_rows_value(&rows, 0, &name, err);
 *     weir_rows_end(&rows);
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_tx_query(struct weir_tx *tx, const char *sql,
                                                    const struct weir_sql_value *params,
                                                    uint32_t count, struct weir_rows *rows,
                                                    struct weir_error *err);
WEIR_API bool weir_rows_next(struct weir_rows *rows, enum weir_code *code, struct weir_error *err);
WEIR_API WEIR_MUST_USE enum weir_code weir_rows_value(struct weir_rows *rows, uint32_t column,
                                                      struct weir_sql_value *value,
                                                      struct weir_error *err);
WEIR_API void weir_rows_end(struct weir_rows *rows);

/* End a read, or roll a write lease back; one that is over or was never begun is
 * left alone. For jobs it does nothing. */
WEIR_API void weir_tx_end(struct weir_tx *tx);

/* For drivers: the connection that driver opened, behind tx; NULL if tx is over
 * or of another driver. Wait-free. */
WEIR_API void *weir_tx_driver_conn(const struct weir_tx *tx, const struct weir_driver *driver);

/* One statement by itself: a write that joins a group; a read. */
#define weir_db_exec(db, sql, params, count, result, err)                                          \
	weir_db_exec_from((db), (sql), (params), (count), WEIR_HERE, (result), (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_db_exec_from(struct weir_db *db, const char *sql,
                                                        const struct weir_sql_value *params,
                                                        uint32_t count, const char *site,
                                                        struct weir_write_result *result,
                                                        struct weir_error *err);

/* on_row is called for each row, and ends the reading by returning anything but
 * 0. NULL: rows are dropped. Errors: as weir_read_begin and weir_tx_query;
 * JOB_FAILED (on_row returned driver_code). */
typedef int (*weir_on_row)(struct weir_rows *row, void *arg);
#define weir_db_query(db, sql, params, count, on_row, arg, err)                                    \
	weir_db_query_from((db), (sql), (params), (count), (on_row), (arg), WEIR_HERE, (err))
WEIR_API WEIR_MUST_USE enum weir_code weir_db_query_from(struct weir_db *db, const char *sql,
                                                         const struct weir_sql_value *params,
                                                         uint32_t count, weir_on_row on_row,
                                                         void *arg, const char *site,
                                                         struct weir_error *err);

#ifdef __cplusplus
}
#endif

/* Values to bind. The bytes stay the caller's. */
static inline struct weir_sql_value weir_null(void)
{
	struct weir_sql_value value;

	memset(&value, 0, sizeof(value));
	return value;
}

static inline struct weir_sql_value weir_int64(int64_t number)
{
	struct weir_sql_value value = weir_null();

	value.type = WEIR_SQL_INT64;
	value.as.int64 = number;
	return value;
}

static inline struct weir_sql_value weir_real(double number)
{
	struct weir_sql_value value = weir_null();

	value.type = WEIR_SQL_DOUBLE;
	value.as.real = number;
	return value;
}

static inline struct weir_sql_value weir_text(const char *text)
{
	struct weir_sql_value value = weir_null();

	value.type = WEIR_SQL_TEXT;
	value.as.data.bytes = text;
	value.as.data.length = strlen(text);
	return value;
}

static inline struct weir_sql_value weir_blob(const void *bytes, size_t length)
{
	struct weir_sql_value value = weir_null();

	value.type = WEIR_SQL_BLOB;
	value.as.data.bytes = bytes;
	value.as.data.length = length;
	return value;
}

/* Declare an empty tx that ends with its block, as weir_tx_end does: a write
 * lease that was not committed is rolled back. Needs GCC or Clang. */
#if defined(__GNUC__)
#define WEIR_SCOPED_TX(name)                                                                       \
	__attribute__((cleanup(weir_tx_end))) struct weir_tx name = WEIR_LEASE_EMPTY
#endif

#endif
