/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one writer: opened at creation, kept for life, and given up when it can no
 * longer be trusted (a commit that failed midway, a rollback that failed, a file
 * that is damaged or gone). All of it with the gate held.
 *
 * States: READY (writer is there), DOWN (it is not, until retry_ns), and then
 * whoever leads next tries to open it: one prober however many wait, since only
 * the holder of the gate can be it. Pauses double from 10 ms to 1 s. Failures in
 * a row count until a commit: a writer that opens, and then breaks in every
 * transaction, is DOWN most of the time, too.
 *
 * Commits that were durable stay so. Where syncing is off, an engine makes good what
 * a durable commit builds on, and from then on syncs enough to keep it; but it knows
 * that by connection. So the first transaction of a writer is durable if any was
 * asked to be before.
 */
#include "db_internal.h"

#include "error_internal.h"

#define PAUSE_FIRST_NS WEIR_MILLISECONDS(10)
#define PAUSE_LAST_NS WEIR_SECONDS(1)

/* How long the first failures in a row pass without a pause: a connection that
 * was merely old deserves a new one at once. */
#define FAILURES_FREE 2

static void note_failure(struct weir_db *db, const struct weir_error *why)
{
	struct weir__troubles *troubles = &db->troubles;
	int64_t pause_ns = PAUSE_FIRST_NS;

	troubles->last = *why;
	troubles->failures++;
	if (troubles->failures <= FAILURES_FREE)
		return;
	for (uint32_t i = FAILURES_FREE + 1; i < troubles->failures && pause_ns < PAUSE_LAST_NS; i++)
		pause_ns *= 2;
	if (pause_ns > PAUSE_LAST_NS)
		pause_ns = PAUSE_LAST_NS;
	troubles->retry_ns = weir__add_ns(wp_now(), pause_ns);
	wp_store_rlx_32(&db->writer_down, 1);
	if (troubles->failures == FAILURES_FREE + 1)
		weir__db_say(db, WEIR_LOG_WRITER_EVENT, NULL, 0, "writes are down: %s", why->message);
}

void weir__writer_give_up(struct weir_db *db, const struct weir_error *why)
{
	note_failure(db, why); /* first: why may live in the writer */
	weir__db_conn_close(db->writer);
	db->writer = NULL;
}

enum weir_code weir__writer_ready(struct weir_db *db, struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;

	if (wp_load_acq_32(&db->writer_old) != 0 && wp_xchg_full_32(&db->writer_old, 0) != 0) {
		weir__db_conn_close(db->writer);
		db->writer = NULL;
	}
	const int64_t now_ns = db->writer == NULL ? wp_now() : 0;
	enum weir_code code;

	if (db->writer != NULL) {
		weir__db_look_for_schema(db, db->writer);
		return WEIR_OK;
	}
	if (now_ns < db->troubles.retry_ns)
		return weir_fail(err, WEIR_ERR_WRITER_DOWN, "db.write", db->troubles.last.driver_code,
		                 "%s: the writer is down and will be tried again: %.160s", db->config.name,
		                 db->troubles.last.message);
	const int64_t open_ns = weir__db_setting(db, WEIR_SET_open_timeout);
	const struct weir_time deadline = {weir__add_ns(now_ns, open_ns)};

	code = weir__db_conn_open(db, WEIR_ROLE_WRITER, deadline, &db->writer, &why);
	if (code == WEIR_OK) {
		weir__bump(&db->writer_opens);
		return WEIR_OK;
	}
	note_failure(db, &why);
	return weir_fail(err, WEIR_ERR_WRITER_DOWN, "db.write", why.driver_code,
	                 "%s: the writer cannot be opened: %.160s", db->config.name, why.message);
}

enum weir_code weir__writer_begin(struct weir_db *db, enum weir_durability durability,
                                  struct weir_time deadline, struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;

	for (int tries = 0; tries < 2; tries++) {
		enum weir_code code = weir__writer_ready(db, err);

		if (code != WEIR_OK)
			return code;
		db->durable |= durability == WEIR_DURABILITY_DURABLE;
		if (db->durable && !db->writer->begun)
			durability = WEIR_DURABILITY_DURABLE;
		code = db->engine->begin(db->writer->conn, durability, deadline, &why);
		if (code == WEIR_OK) {
			db->writer->begun = true;
			return WEIR_OK;
		}
		if (code == WEIR_ERR_DRIVER_BUSY)
			return weir__error_store(err, &why);
		/* Nobody was in the way: it is the caller who came late. */
		if (code == WEIR_ERR_DRIVER_DEADLINE)
			return weir_fail(err, WEIR_ERR_GATE_TIMEOUT, "db.write", why.driver_code, "%s",
			                 weir_error_text(WEIR_ERR_GATE_TIMEOUT));
		weir__writer_give_up(db, &why);
	}
	return weir_fail(err, WEIR_ERR_WRITER_DOWN, "db.write", why.driver_code,
	                 "%s: no transaction can be begun: %.160s", db->config.name, why.message);
}

void weir__writer_settle(struct weir_db *db, bool committed, const struct weir_error *broken)
{
	struct weir__db_conn *writer = db->writer;
	struct weir_error why = WEIR_ERROR_INIT;

	if (writer == NULL)
		return;
	weir__db_count(db, writer, weir__pool_places(&db->config));
	if (broken != NULL) {
		weir__writer_give_up(db, broken);
		return;
	}
	if (committed && db->troubles.failures > 0) {
		if (db->troubles.failures > FAILURES_FREE)
			weir__db_say(db, WEIR_LOG_WRITER_EVENT, NULL, 0, "writes are up again");
		db->troubles.failures = 0;
		wp_store_rlx_32(&db->writer_down, 0);
	}
	/* Something a holder left that cannot be undone is no fault of the database:
	 * the next writer is opened at once. */
	if (writer->driver->reset != NULL &&
	    writer->driver->reset(writer->conn, weir_deadline_in(WEIR_SECONDS(1)), &why) != WEIR_OK) {
		weir__db_conn_close(writer);
		db->writer = NULL;
	}
}
