/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The writer to oneself, outside of any transaction: maintenance by a job, and
 * checkpoints that are asked for.
 */
#include <string.h>

#include "db_internal.h"
#include "error_internal.h"
#include "thread_end.h"

/* A job that has the writer to itself. */
struct maintenance {
	struct weir_db *db;
	struct weir_gate_entry *entry;
	struct weir_tx tx;
	struct weir_error why;
	int returned;
	bool returns; /* else its job has ended the thread */
};

/* Also when the job ends its thread. */
static void end_maintenance(void *arg)
{
	struct maintenance *m = (struct maintenance *)arg;
	struct weir_db *db = m->db;

	weir__statements_end_all(&m->tx.conn->statements, db->sql);
	if (!m->returns)
		(void)weir_fail(&m->why, WEIR_ERR_JOB_FAILED, "db.maintain", 0, "the job ended its thread");
	else if (m->returned != 0 && m->tx.conn->failed)
		m->why = m->tx.conn->failure;
	else if (m->returned != 0)
		(void)weir_fail(&m->why, WEIR_ERR_JOB_FAILED, "db.maintain", m->returned,
		                "the job returned %d", m->returned);
	wp_store_rlx_32(&db->maintained, 0);
	weir__writer_settle(db, m->why.code == WEIR_OK,
	                    m->why.code == WEIR_ERR_DRIVER_BROKEN ? &m->why : NULL);
	weir__writer_leave(db, m->entry);
}

enum weir_code weir_db_maintain_from(struct weir_db *db, weir_job run, void *arg,
                                     const struct weir_write_options *options, const char *site,
                                     struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct maintenance m;
	struct weir__job job;
	enum weir_code code = weir__job_check(db, run, options, "db.maintain", err);
	if (code == WEIR_OK)
		code = weir__db_admit(db, options, WEIR_DOWN_SETTING, "db.maintain", err);

	if (code != WEIR_OK)
		return code;
	memset(&m, 0, sizeof m);
	weir_error_init(&m.why);
	m.db = db;
	weir__job_init(&job, db, run, arg, options, site);
	code = weir__writer_enter(db, WEIR_GATE_MAINTENANCE, &job, &m.entry, err);
	if (code != WEIR_OK)
		return code;
	m.tx.db = db;
	m.tx.conn = db->writer;
	m.tx.kind = WEIR__TX_MAINTAIN;
	m.tx.conn->failed = false;
	wp_store_rlx_32(&db->maintained, 1);
	weir__upkeep_unpin(db); /* it would keep VACUUM and the log from ending */
	pthread_cleanup_push(end_maintenance, &m);
	m.returned = run(&m.tx, arg);
	m.returns = true;
	pthread_cleanup_pop(1);
	return m.why.code == WEIR_OK ? WEIR_OK : weir__error_store(err, &m.why);
}

enum weir_code weir_db_checkpoint(struct weir_db *db, struct weir_checkpoint_result *result,
                                  struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_gate_entry *entry = NULL;
	struct weir__job job;
	enum weir_code code = weir__db_check(db, "db.checkpoint", err);

	if (code != WEIR_OK)
		return code;
	if (db->engine->checkpoint == NULL || db->readers == NULL)
		return weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, "db.checkpoint", 0,
		                 "%s: there is no log to copy", db->config.name);
	weir__job_init(&job, db, NULL, NULL, NULL, WEIR_HERE);
	code = weir__writer_enter(db, WEIR_GATE_MAINTENANCE, &job, &entry, err);
	if (code != WEIR_OK)
		return code;
	const struct weir_time deadline = {job.deadline_ns};

	code = weir__upkeep_checkpoint(db, deadline, result, err);
	weir__writer_leave(db, entry);
	return code;
}
