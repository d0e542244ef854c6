/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading: leases of read-only connections, snapshots, and equal snapshots.
 *
 * A read takes no part in the gate. Each statement of a connection that has no
 * transaction open begins at the newest commit, so whoever was told of a commit
 * sees it (Q1, Q2). A private database has no second connection: there a read
 * holds the gate.
 */
#include <string.h>

#include "db_internal.h"
#include "thread_end.h"

/* Reads without a pin after which the keeper is asked for one: fewer are not
 * worth the trouble of pinning and unpinning. */
#define READS_TO_PIN 64

static bool are_valid(const struct weir_read_options *options)
{
	return options->size >= sizeof *options && options->timeout_ns >= 0 &&
	       (unsigned)options->when_down <= WEIR_DOWN_WAIT;
}

static enum weir_code check_begin(const struct weir_db *db, const struct weir_read_options *options,
                                  const struct weir_tx *tx, struct weir_error *err)
{
	const enum weir_code code = weir__db_check(db, "read.begin", err);

	if (code != WEIR_OK)
		return code;
	if (tx == NULL || tx->conn != NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "read.begin", 0,
		                 tx == NULL ? "tx is NULL" : "tx has not ended yet");
	if (options == NULL)
		return WEIR_OK;
	if (!are_valid(options))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "read.begin", 0,
		                 "options: set size to sizeof(struct weir_read_options); timeout_ns must "
		                 "not be negative");
	if (options->sequence > wp_load_acq_64(&db->sequence)) /* Q2 */
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "read.begin", 0,
		                 "no commit of this db has the sequence number %llu yet",
		                 (unsigned long long)options->sequence);
	return WEIR_OK;
}

/* Have the keeper pin, if reads come often. A hint: lost counts do no harm. */
static void note_unpinned(struct weir_db *db)
{
	const uint32_t reads = wp_load_rlx_32(&db->unpinned) + 1;

	wp_store_rlx_32(&db->unpinned, reads); /* E1 */
	if (reads % READS_TO_PIN == 0 && weir__db_setting(db, WEIR_SET_read_pin) != 0)
		weir__keeper_call(db);
}

static enum weir_code begin_snapshot(struct weir_tx *tx, struct weir_error *err)
{
	const enum weir_code code = tx->db->engine->snapshot_begin(tx->conn->conn, err);

	if (code == WEIR_OK)
		tx->conn->snapshot = true;
	else
		weir_tx_end(tx);
	return code;
}

/* A read of a private database: the one connection, with the gate held. It may
 * write, and is rolled back at its end in any case: that is what makes a read of
 * it. */
static enum weir_code begin_solo(struct weir_db *db, const struct weir_read_options *options,
                                 const char *site, struct weir_tx *tx, struct weir_error *err)
{
	struct weir_write_options patience = {.size = (uint32_t)sizeof patience};
	struct weir_gate_entry *entry = NULL;
	struct weir__job job;
	enum weir_code code = WEIR_OK;

	if (options != NULL)
		patience.timeout_ns = options->timeout_ns;
	/* What has begun goes on. */
	if (!weir_gate_is_mine(db->gate))
		code = weir__db_admit(db, &patience,
		                      options == NULL ? WEIR_DOWN_SETTING : options->when_down,
		                      "read.begin", err);
	if (code != WEIR_OK)
		return code;
	weir__job_init(&job, db, NULL, NULL, NULL, site);
	if (options != NULL && options->timeout_ns > 0)
		job.deadline_ns = weir__add_ns(job.asked_ns, options->timeout_ns);
	code = weir__writer_enter(db, WEIR_GATE_EXCLUSIVE, &job, &entry, err);
	if (code != WEIR_OK)
		return code;
	tx->db = db;
	tx->conn = db->writer;
	tx->entry = entry;
	tx->kind = WEIR__TX_SOLO_READ;
	weir__defer_begin();
	return begin_snapshot(tx, err);
}

enum weir_code weir_read_begin_from(struct weir_db *db, const struct weir_read_options *options,
                                    const char *site, struct weir_tx *tx, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_acquire_options how = {.size = (uint32_t)sizeof how};
	enum weir_code code = check_begin(db, options, tx, err);

	if (code != WEIR_OK)
		return code;
	memset(tx, 0, sizeof *tx);
	if (db->readers == NULL) {
		code = begin_solo(db, options, site, tx, err);
	} else {
		if (options != NULL) {
			how.timeout_ns = options->timeout_ns;
			how.when_down = options->when_down;
			how.expected_long = options->expected_long;
		}
		/* Whoever has a reader may be waiting for the gate. */
		code = weir_gate_is_mine(db->gate)
		           ? weir_acquire_from(db->readers, &tx->lease, 0, site, err)
		           : weir_acquire_with_from(db->readers, &tx->lease, &how, site, err);
		if (code == WEIR_OK) {
			tx->db = db;
			tx->conn = (struct weir__db_conn *)tx->lease.conn;
			tx->kind = WEIR__TX_READ;
			if (how.expected_long)
				wp_store_rlx_32(&weir__pool_slot(db->readers, tx->lease.slot)->expected_long,
				                tx->lease.generation);
			weir__defer_begin();
			weir__db_look_for_schema(db, tx->conn);
			if (wp_load_rlx_32(&db->pinned) == 0)
				note_unpinned(db);
		}
	}
	if (code == WEIR_OK && options != NULL && options->snapshot && !tx->conn->snapshot)
		code = begin_snapshot(tx, err);
	return code;
}

/* Give up reads that were begun, all of them. */
static void end_all(struct weir_tx *txs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		weir_tx_end(&txs[i]);
}

/* Begin a snapshot on each while no writer of any process can commit: a write
 * transaction that does nothing keeps them out. */
static enum weir_code begin_equal(struct weir_db *db, struct weir_tx *txs, uint32_t count,
                                  const char *site, struct weir_error *err)
{
	struct weir_gate_entry *entry = NULL;
	struct weir__job job;
	enum weir_code code;

	weir__job_init(&job, db, NULL, NULL, NULL, site);
	code = weir__writer_enter(db, WEIR_GATE_EXCLUSIVE, &job, &entry, err);
	if (code != WEIR_OK)
		return code;
	const struct weir_time deadline = {job.deadline_ns};

	code = weir__writer_begin(db, WEIR_DURABILITY_DEFAULT, deadline, err);
	if (code == WEIR_OK) {
		struct weir_error why = WEIR_ERROR_INIT;

		for (uint32_t i = 0; i < count && code == WEIR_OK; i++)
			code = begin_snapshot(&txs[i], err);
		if (db->engine->rollback(db->writer->conn, &why) != WEIR_OK)
			weir__writer_give_up(db, &why);
	}
	weir__writer_leave(db, entry);
	return code;
}

/* Lease all of them, or none. One call at a time: two that each hold some, and wait
 * for the others, would wait for each other. */
static enum weir_code lease_all(struct weir_db *db, const struct weir_read_options *options,
                                struct weir_tx *txs, uint32_t count, const char *site,
                                struct weir_error *err)
{
	const struct weir_time never = {WEIR_TIME_NEVER_NS};
	struct weir_gate_request request;
	struct weir_gate_entry *entry = NULL;
	int64_t timeout_ns = options->timeout_ns;
	uint32_t begun = 0;
	enum weir_code code;

	if (timeout_ns == 0)
		timeout_ns = weir__db_setting(db, WEIR_SET_acquire_timeout);
	memset(&request, 0, sizeof request);
	request.kind = WEIR_GATE_EXCLUSIVE;
	request.deadline = weir_deadline_in(timeout_ns);
	request.site = site;
	request.waits = true;
	code = weir_gate_queue(db->equals, &request, &entry, err);
	if (code != WEIR_OK)
		return code;
	if (weir_gate_wait(entry, never) != WEIR_GATE_HELD)
		return weir_gate_collect(entry, err);
	while (begun < count && code == WEIR_OK) {
		txs[begun].conn = NULL;
		code = weir_read_begin_from(db, options, site, &txs[begun], err);
		if (code == WEIR_OK)
			begun++;
	}
	weir_gate_leave(db->equals, NULL, 0);
	(void)!weir_gate_collect(entry, NULL);
	if (code != WEIR_OK)
		end_all(txs, begun);
	return code;
}

enum weir_code weir_read_begin_equal_from(struct weir_db *db,
                                          const struct weir_read_options *options, const char *site,
                                          struct weir_tx *txs, uint32_t count,
                                          struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_read_options plain;
	enum weir_code code = check_begin(db, options, txs, err);

	if (code != WEIR_OK)
		return code;
	if (count == 0 || db->readers == NULL || count > (uint32_t)db->config.max_size)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "read.begin_equal", 0,
		                 "%u equal reads were asked for; there are %u connections", count,
		                 db->readers == NULL ? 1 : (uint32_t)db->config.max_size);
	if (weir_gate_is_mine(db->gate))
		return weir_fail(err, WEIR_ERR_REENTRANT, "read.begin_equal", 0, "%s",
		                 weir_error_text(WEIR_ERR_REENTRANT));
	memset(&plain, 0, sizeof plain);
	plain.size = (uint32_t)sizeof plain;
	if (options != NULL)
		plain = *options;
	plain.snapshot = false;
	/* The leases first: nobody may hold the gate while waiting for a reader. */
	code = lease_all(db, &plain, txs, count, site, err);
	if (code != WEIR_OK)
		return code;
	code = begin_equal(db, txs, count, site, err);
	if (code != WEIR_OK)
		end_all(txs, count);
	return code;
}

void weir_tx_end(struct weir_tx *tx)
{
	WEIR__CANCEL_DEFERRED;
	if (tx == NULL || tx->conn == NULL || tx->kind == WEIR__TX_JOB || tx->kind == WEIR__TX_MAINTAIN)
		return;
	if (!weir__db_ours(tx->db)) {
		tx->conn = NULL; /* a forked child: the lease is the parent's */
		weir__defer_end();
		return;
	}
	if (tx->kind == WEIR__TX_WRITE) {
		weir__write_roll_back(tx);
		return;
	}
	/* Another thread cannot let go of the gate: its own may still end it. */
	if (tx->kind == WEIR__TX_SOLO_READ && !weir_gate_is_mine(tx->db->gate))
		return;
	struct weir_db *db = tx->db;
	struct weir__db_conn *conn = tx->conn;

	weir__statements_end_all(&conn->statements, db->sql);
	if (conn->snapshot) {
		conn->snapshot = false;
		db->engine->snapshot_end(conn->conn);
	}
	tx->conn = NULL;
	weir__defer_end();
	if (tx->kind == WEIR__TX_READ) {
		weir__db_count(db, conn, tx->lease.slot);
		(void)!weir_release(&tx->lease, NULL);
	} else {
		struct weir_gate_entry *entry = tx->entry;

		tx->entry = NULL;
		weir__writer_settle(db, false, NULL);
		weir__writer_leave(db, entry);
	}
}

enum weir_code weir_db_query_from(struct weir_db *db, const char *sql,
                                  const struct weir_sql_value *params, uint32_t count,
                                  weir_on_row on_row, void *arg, const char *site,
                                  struct weir_error *err)
{
	struct weir_tx tx;
	struct weir_rows rows;
	enum weir_code code;
	int returned = 0;

	memset(&tx, 0, sizeof tx);
	code = weir_read_begin_from(db, NULL, site, &tx, err);
	if (code != WEIR_OK)
		return code;
	memset(&rows, 0, sizeof rows);
	code = weir_tx_query(&tx, sql, params, count, &rows, err);
	while (code == WEIR_OK && returned == 0 && weir_rows_next(&rows, &code, err)) {
		if (on_row != NULL)
			returned = on_row(&rows, arg);
	}
	weir_rows_end(&rows);
	weir_tx_end(&tx);
	if (code == WEIR_OK && returned != 0)
		code = weir_fail(err, WEIR_ERR_JOB_FAILED, "db.query", returned, "on_row returned %d",
		                 returned);
	return code;
}

void *weir_tx_driver_conn(const struct weir_tx *tx, const struct weir_driver *driver)
{
	if (tx == NULL || tx->conn == NULL || !weir__db_ours(tx->db) || tx->db->driver != driver)
		return NULL;
	return tx->conn->conn;
}
