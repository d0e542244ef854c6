/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing: jobs and their outcomes, write leases. What happens to
 * jobs in the end is in group.c; here is how they come and go.
 *
 * A job that is waited for lives on the stack of its caller: the gate promises
 * that nobody looks at it once its entry is DONE.
 */
#include <string.h>

#include "db_internal.h"
#include "error_internal.h"
#include "thread_end.h"

/* ---- the job ---- */

void weir__job_init(struct weir__job *job, struct weir_db *db, weir_job run, void *arg,
                    const struct weir_write_options *options, const char *site)
{
	int64_t timeout_ns = 0;

	memset(job, 0, sizeof *job);
	weir_error_init(&job->error);
	job->run = run;
	job->arg = arg;
	job->site = site;
	job->asked_ns = wp_now();
	if (options != NULL) {
		job->durability = options->durability;
		job->lane = options->lane;
		job->once = options->once;
		job->budget_ns = options->budget_ns;
		timeout_ns = options->timeout_ns;
	}
	if (timeout_ns == 0)
		timeout_ns = weir__db_setting(db, WEIR_SET_write_timeout);
	if (job->budget_ns == 0)
		job->budget_ns = weir__db_setting(db, WEIR_SET_job_timeout);
	job->deadline_ns = weir__add_ns(job->asked_ns, timeout_ns);
}

static bool are_valid(const struct weir_write_options *options)
{
	return options->size >= sizeof *options && (unsigned)options->durability <= 2 &&
	       (unsigned)options->lane < WEIR_LANES && options->timeout_ns >= 0 &&
	       options->budget_ns >= 0;
}

enum weir_code weir__job_check(const struct weir_db *db, weir_job run,
                               const struct weir_write_options *options, const char *where,
                               struct weir_error *err)
{
	const enum weir_code code = weir__db_check(db, where, err);

	if (code != WEIR_OK)
		return code;
	if (run == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "job is NULL");
	if (options != NULL && !are_valid(options))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0,
		                 "options: set size to sizeof(struct weir_write_options); durability, "
		                 "lane and times must be among those of db.h");
	return WEIR_OK;
}

void weir__job_end(struct weir__job *job, enum weir_outcome outcome, const struct weir_error *why)
{
	job->status = WEIR__JOB_OVER;
	job->result.outcome = outcome;
	job->code = why == NULL ? WEIR_OK : why->code;
	if (why != NULL)
		job->error = *why;
	job->result.queued_ns = (job->result.runs > 0 ? job->began_ns : wp_now()) - job->asked_ns;
}

/* The outcome of a job that the gate ended, or did not take. */
static enum weir_outcome unrun_outcome(enum weir_code code)
{
	return code == WEIR_ERR_GATE_TIMEOUT || code == WEIR_ERR_CANCELLED ? WEIR_TIMED_OUT
	                                                                   : WEIR_REJECTED;
}

void weir__job_refused(struct weir__job *job, enum weir_code code)
{
	const struct weir_error why = job->error;

	weir__job_end(job, unrun_outcome(code), &why);
}

enum weir_code weir__job_report(const struct weir__job *job, struct weir_write_result *result,
                                struct weir_error *err)
{
	if (result != NULL && result->size >= sizeof *result) {
		const uint32_t size = result->size;

		*result = job->result;
		result->size = size;
	}
	return job->code == WEIR_OK ? WEIR_OK : weir__error_store(err, &job->error);
}

bool weir__job_await(struct weir_db *db, struct weir_gate_entry *entry, struct weir_time until)
{
	for (;;) { /* ends: DONE, or until; each LEAD carried out what was queued */
		switch (weir_gate_wait(entry, until)) {
		case WEIR_GATE_LEAD:
			weir__group_lead(db);
			break;
		case WEIR_GATE_DONE:
			return true;
		default:
			return false;
		}
	}
}

/* A call that failed before there was a job. */
static enum weir_code refuse(struct weir_db *db, struct weir_write_result *result,
                             enum weir_code code)
{
	if (db != NULL && weir__db_ours(db))
		(void)wp_add_rlx_64(&db->outcomes[WEIR_REJECTED], 1);
	if (result != NULL && result->size >= sizeof *result) {
		const uint32_t size = result->size;

		memset(result, 0, sizeof *result);
		result->size = size;
		result->outcome = WEIR_REJECTED;
	}
	return code;
}

/* A job that is waited for, and what the gate says of it in the end. */
struct waited {
	struct weir_db *db;
	struct weir__job *job;
	struct weir_gate_entry *entry; /* NULL: it has ended */
	enum weir_code code;
};

/* See one's own job to its end. Also when its thread is ended by a job that it leads:
 * nobody else may look at the stack of a thread that is no more. */
static void see_through(void *arg)
{
	const struct weir_time never = {WEIR_TIME_NEVER_NS};
	struct waited *waited = (struct waited *)arg;

	if (waited->entry == NULL)
		return;
	pthread_cleanup_push(see_through, arg);
	(void)weir__job_await(waited->db, waited->entry, never);
	pthread_cleanup_pop(0);
	waited->code = weir_gate_collect(waited->entry, &waited->job->error);
	waited->entry = NULL;
	if (waited->code != WEIR_OK)
		weir__job_refused(waited->job, waited->code);
	(void)wp_add_rlx_64(&waited->db->outcomes[waited->job->result.outcome], 1);
}

enum weir_code weir_db_run_from(struct weir_db *db, weir_job run, void *arg,
                                const struct weir_write_options *options, const char *site,
                                struct weir_write_result *result, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_gate_request request;
	struct weir__job job;
	struct waited waited = {db, &job, NULL, WEIR_OK};
	enum weir_code code = weir__job_check(db, run, options, "db.run", err);
	if (code == WEIR_OK)
		code = weir__db_admit(db, options, WEIR_DOWN_SETTING, "db.run", err);

	if (code != WEIR_OK)
		return refuse(db, result, code);
	weir__job_init(&job, db, run, arg, options, site);
	memset(&request, 0, sizeof request);
	request.kind = WEIR_GATE_JOB;
	request.lane = job.lane;
	request.deadline.ns = job.deadline_ns;
	request.site = site;
	request.payload = &job;
	request.waits = true;
	code = weir_gate_queue(db->gate, &request, &waited.entry, &job.error);
	if (code == WEIR_OK) {
		see_through(&waited);
	} else {
		weir__job_refused(&job, code);
		(void)wp_add_rlx_64(&db->outcomes[job.result.outcome], 1);
	}
	return weir__job_report(&job, result, err);
}

/* ---- one statement ---- */

struct statement {
	const char *sql;
	const struct weir_sql_value *params;
	uint32_t count;
};

static int run_statement(struct weir_tx *tx, void *arg)
{
	const struct statement *statement = (const struct statement *)arg;

	return weir_tx_exec(tx, statement->sql, statement->params, statement->count, NULL, NULL) !=
	       WEIR_OK;
}

enum weir_code weir_db_exec_from(struct weir_db *db, const char *sql,
                                 const struct weir_sql_value *params, uint32_t count,
                                 const char *site, struct weir_write_result *result,
                                 struct weir_error *err)
{
	struct statement statement = {sql, params, count};

	return weir_db_run_from(db, run_statement, &statement, NULL, site, result, err);
}

/* ---- the writer to oneself ---- */

/* Hold the gate, with a writer that is ready. */
enum weir_code weir__writer_enter(struct weir_db *db, enum weir_gate_kind kind,
                                  const struct weir__job *job, struct weir_gate_entry **entry,
                                  struct weir_error *err)
{
	const struct weir_time never = {WEIR_TIME_NEVER_NS};
	struct weir_gate_request request;
	enum weir_code code;

	memset(&request, 0, sizeof request);
	request.kind = kind;
	request.lane = job->lane;
	request.deadline.ns = job->deadline_ns;
	request.site = job->site;
	request.waits = true;
	code = weir_gate_queue(db->gate, &request, entry, err);
	if (code != WEIR_OK)
		return code;
	if (weir_gate_wait(*entry, never) != WEIR_GATE_HELD)
		return weir_gate_collect(*entry, err);
	weir__keeper_stir(db); /* a hold that does not end is to be noticed */
	code = weir__writer_ready(db, err);
	if (code != WEIR_OK)
		weir__writer_leave(db, *entry);
	return code;
}

void weir__writer_leave(struct weir_db *db, struct weir_gate_entry *entry)
{
	weir__keeper_stir(db);
	weir_gate_leave(db->gate, NULL, 0);
	(void)!weir_gate_collect(entry, NULL);
}

void weir__committed(struct weir_db *db)
{
	weir__bump(&db->commits);
	wp_store_rel_64(&db->sequence, wp_load_rlx_64(&db->sequence) + 1); /* Q1 */
}

/* ---- write leases ---- */

enum weir_code weir_write_begin_from(struct weir_db *db, const struct weir_write_options *options,
                                     const char *site, struct weir_tx *tx, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_gate_entry *entry = NULL;
	struct weir__job job;
	enum weir_code code;

	if (tx == NULL || tx->conn != NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "write.begin", 0,
		                 tx == NULL ? "tx is NULL" : "tx has not ended yet");
	code = weir__job_check(db, run_statement, options, "write.begin", err);
	if (code == WEIR_OK)
		code = weir__db_admit(db, options, WEIR_DOWN_SETTING, "write.begin", err);
	if (code != WEIR_OK)
		return code;
	weir__job_init(&job, db, NULL, NULL, options, site);
	code = weir__writer_enter(db, WEIR_GATE_EXCLUSIVE, &job, &entry, err);
	if (code == WEIR_OK) {
		const struct weir_time deadline = {job.deadline_ns};

		code = weir__writer_begin(db, job.durability, deadline, err);
		if (code != WEIR_OK) {
			weir__writer_settle(db, false, NULL);
			weir__writer_leave(db, entry);
		}
	}
	if (code != WEIR_OK) {
		const enum weir_code why = code == WEIR_ERR_DRIVER_BUSY ? WEIR_ERR_GATE_TIMEOUT : code;

		(void)wp_add_rlx_64(&db->outcomes[unrun_outcome(why)], 1);
		return code;
	}
	memset(tx, 0, sizeof *tx);
	tx->db = db;
	tx->conn = db->writer;
	tx->conn->failed = false;
	tx->entry = entry;
	tx->kind = WEIR__TX_WRITE;
	weir__db_note(db, WEIR_HISTOGRAM_GATE_WAIT, wp_now() - job.asked_ns);
	weir__defer_begin();
	return WEIR_OK;
}

/* Whether the calling thread holds that write lease. */
static enum weir_code check_lease(const struct weir_tx *tx, struct weir_error *err)
{
	if (tx == NULL || tx->conn == NULL || tx->kind != WEIR__TX_WRITE)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "write.commit", 0,
		                 "tx is no write lease, or is over");
	if (!weir__db_ours(tx->db))
		return weir_fail(err, WEIR_ERR_FORKED, "write.commit", 0,
		                 "the write was begun before fork: only the parent may end it");
	if (!weir_gate_is_mine(tx->db->gate))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "write.commit", 0,
		                 "another thread began this write: it must end there");
	return WEIR_OK;
}

/* End a write lease whose transaction is over; outcome and broken say how. */
static void end_lease(struct weir_tx *tx, enum weir_outcome outcome,
                      const struct weir_error *broken)
{
	struct weir_db *db = tx->db;
	struct weir_gate_entry *entry = tx->entry;

	(void)wp_add_rlx_64(&db->outcomes[outcome], 1);
	weir__writer_settle(db, outcome == WEIR_COMMITTED, broken);
	tx->conn = NULL;
	weir__defer_end();
	tx->entry = NULL;
	if (outcome == WEIR_COMMITTED)
		weir__upkeep_after_write(db);
	weir__writer_leave(db, entry);
}

static enum weir_code commit_timed(struct weir_tx *tx, struct weir_error *why)
{
	struct weir_db *db = tx->db;
	const int64_t began_ns = wp_now();
	const enum weir_code code = db->engine->commit(tx->conn->conn, why);

	if (code == WEIR_OK) {
		weir__committed(db);
		weir__db_note(db, WEIR_HISTOGRAM_COMMIT, wp_now() - began_ns);
	}
	return code;
}

enum weir_code weir_write_commit(struct weir_tx *tx, struct weir_write_result *result,
                                 struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_error why = WEIR_ERROR_INIT;
	enum weir_outcome outcome = WEIR_COMMITTED;
	enum weir_code code = check_lease(tx, err);
	struct weir_db *db;

	if (code != WEIR_OK)
		return code;
	db = tx->db;
	weir__statements_end_all(&tx->conn->statements, db->sql);
	code = commit_timed(tx, &why);
	if (code != WEIR_OK)
		outcome = code == WEIR_ERR_INDETERMINATE ? WEIR_INDETERMINATE : WEIR_FAILED;
	if (result != NULL && result->size >= sizeof *result) {
		const uint32_t size = result->size;

		memset(result, 0, sizeof *result);
		result->size = size;
		result->outcome = outcome;
		result->group_size = 1;
		result->runs = 1;
		result->sequence = outcome == WEIR_COMMITTED ? wp_load_rlx_64(&db->sequence) : 0;
	}
	end_lease(tx, outcome,
	          code == WEIR_ERR_INDETERMINATE || code == WEIR_ERR_DRIVER_BROKEN ? &why : NULL);
	return code == WEIR_OK ? WEIR_OK : weir__error_store(err, &why);
}

void weir__write_roll_back(struct weir_tx *tx)
{
	struct weir_error why = WEIR_ERROR_INIT;
	bool broken = false;

	if (check_lease(tx, NULL) != WEIR_OK)
		return;
	weir__statements_end_all(&tx->conn->statements, tx->db->sql);
	if (tx->conn->failed && tx->conn->failure.code == WEIR_ERR_DRIVER_BROKEN) {
		broken = true;
		why = tx->conn->failure;
	}
	if (tx->db->engine->rollback(tx->conn->conn, &why) != WEIR_OK)
		broken = true;
	end_lease(tx, WEIR_FAILED, broken ? &why : NULL);
}
