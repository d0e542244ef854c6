/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Leading: the jobs at the front of the gate, in one transaction where that is
 * possible, and for each an outcome of its own.
 *
 * A leader takes jobs from the gate, in batches, as long as there are any, up to
 * group_max and for group_time. It runs them in order in an open transaction and
 * commits when it runs dry. What queued while the last group was being committed
 * is the next group; group_linger.c says when a leader that runs dry waits for more.
 *
 * States of a job: WAITING, SOUND (ran; what it did is in the open transaction),
 * OVER (has its outcome).
 * Legal moves
 *   WAITING→SOUND  it ran well
 *   WAITING→OVER   it failed; or it could not begin (deadline, cancelled, no writer)
 *   SOUND→OVER     its transaction was committed, refused, or neither is known
 *   SOUND→WAITING  a neighbour spoiled the transaction: it runs again
 *
 * Undoing one job without its neighbours. A savepoint for each would cost some
 * 15 % of the throughput of a group, and failures are rare, so none is set: the
 * transaction is rolled back, the sound ones run again, and the next CAUTIOUS
 * groups do set savepoints. The first job of a transaction never needs one: to
 * undo it is to roll back. A job that destroys the transaction from inside (OR
 * ROLLBACK, a write that was interrupted) costs the same in either way; after
 * LOSSES_MAX of those in one hold each remaining job is committed by itself, so
 * that a hold of n jobs runs at most (LOSSES_MAX + 2) * n times.
 *
 * Invariants
 *   J1  Every job that was taken is OVER, with an outcome, when it is finished.
 *   J2  A job is COMMITTED only by a commit that returned OK after its last run
 *       ended SOUND, with nothing rolled back in between.
 *   J3  Whatever fails without saying whether it happened (INDETERMINATE) ends
 *       all jobs of that transaction, and the writer.
 *   J4  A job marked once is alone in its transaction, and run once.
 *   J5  The deadline of a job counts until its first run, not after.
 *
 * A job may end its thread (pthread_exit), which is the leader's. It has failed
 * then, and before the thread goes on to end it carries on the hold from where it
 * was: the others have their outcomes, and the gate is let go. All of this is in a
 * cleanup handler (thread_end.h). If a later job of the hold does the same, the
 * handler is entered again in the midst of itself, and only the inner one comes to its
 * end: the thread goes on to end from there.
 */
#include <string.h>

#include "group.h"
#include "probe.h"
#include "thread_end.h"

/* Jobs taken at a time: few, so that group_time is heeded, and enough that the
 * gate's lock is nothing beside them. */
#define BATCH 8

#define CAUTIOUS 64
#define LOSSES_MAX 3

/* Groups between two looks for something to warn of. */
#define WARNING_EVERY 64

bool weir__group_take(struct weir__group *group)
{
	struct weir_db *db = group->db;
	const uint32_t max = (uint32_t)weir__db_setting(db, WEIR_SET_group_max);
	const int64_t time_ns = weir__db_setting(db, WEIR_SET_group_time);
	const uint32_t room = group->count < max ? max - group->count : 0;
	uint32_t taken;

	if (room == 0 || (group->count > 0 && wp_now() - group->began_ns >= time_ns))
		return false;
	taken = weir_gate_take(db->gate, &group->entries[group->count], room < BATCH ? room : BATCH);
	group->count += taken;
	return taken > 0;
}

/* The transaction is gone: what was sound in it is to run again. */
static void rewind_sound(struct weir__group *group)
{
	const int64_t now_ns = wp_now();

	for (uint32_t i = group->first; i < group->count; i++) {
		struct weir__job *job = weir__group_job(group, i);

		if (job->status != WEIR__JOB_SOUND)
			continue;
		job->status = WEIR__JOB_WAITING;
		job->again_ns = now_ns;
	}
	group->sound = 0;
}

static void roll_back(struct weir__group *group)
{
	struct weir_db *db = group->db;
	struct weir_error why = WEIR_ERROR_INIT;

	group->in_txn = false;
	if (db->writer != NULL && db->engine->rollback(db->writer->conn, &why) != WEIR_OK)
		weir__writer_give_up(db, &why);
}

/* End what is sound with one outcome. */
static void end_sound(struct weir__group *group, enum weir_outcome outcome,
                      const struct weir_error *why)
{
	const uint64_t sequence = wp_load_rlx_64(&group->db->sequence);

	for (uint32_t i = group->first; i < group->count; i++) {
		struct weir__job *job = weir__group_job(group, i);

		if (job->status != WEIR__JOB_SOUND)
			continue;
		job->result.sequence = outcome == WEIR_COMMITTED ? sequence : 0;
		job->result.group_size = group->sound;
		weir__job_end(job, outcome, why);
	}
	group->sound = 0;
}

static void commit(struct weir__group *group)
{
	struct weir_db *db = group->db;
	struct weir_error why = WEIR_ERROR_INIT;
	const int64_t began_ns = wp_now();
	const enum weir_code code = db->engine->commit(db->writer->conn, &why);
	const int64_t commit_ns = wp_now() - began_ns;

	weir__probe_group_commit(db->config.name, group->sound, commit_ns, (int32_t)code);
	db->lingering.commit_ns += (commit_ns - db->lingering.commit_ns) / 8;
	group->in_txn = false;
	if (code == WEIR_OK) {
		weir__committed(db);
		group->committed = true;
		weir__db_note(db, WEIR_HISTOGRAM_COMMIT, commit_ns);
		weir__db_note(db, WEIR_HISTOGRAM_GROUP_SIZE, group->sound);
		end_sound(group, WEIR_COMMITTED, NULL);
	} else if (code == WEIR_ERR_INDETERMINATE) {
		end_sound(group, WEIR_INDETERMINATE, &why); /* J3 */
		weir__writer_give_up(db, &why);
	} else {
		end_sound(group, WEIR_FAILED, &why);
		if (code == WEIR_ERR_DRIVER_BROKEN)
			weir__writer_give_up(db, &why);
	}
}

/* ---- running ---- */

/* The job that is being run ends its thread; arg: the group. */
static void carry_on(void *arg);

/* What came of one run. */
struct verdict {
	enum weir_job_end end;
	bool failed;
	struct weir_error why;
};

/* Call the job; what it left of the thread calls carry_on. */
static int call(struct weir__group *group, struct weir__job *job, struct weir_tx *tx)
{
	int returned;

	pthread_cleanup_push(carry_on, group);
	returned = job->run(tx, job->arg);
	pthread_cleanup_pop(0);
	return returned;
}

/* The job is over: so is what it left running; and what its statements found. */
static enum weir_job_end close_run(struct weir__group *group, struct weir_error *why)
{
	struct weir_db *db = group->db;
	struct weir__db_conn *conn = db->writer;

	weir__statements_end_all(&conn->statements, db->sql);
	if (conn->failed && conn->failure.code == WEIR_ERR_DRIVER_BROKEN) {
		group->broken = true;
		group->broken_why = conn->failure;
	}
	return db->engine->job_end(conn->conn, why);
}

static void run(struct weir__group *group, struct weir__job *job, struct verdict *verdict)
{
	struct weir_db *db = group->db;
	struct weir__db_conn *conn = db->writer;
	const int64_t now_ns = wp_now();
	struct weir_tx tx;
	struct weir_job_guard guard;
	int returned;

	memset(&tx, 0, sizeof tx);
	tx.db = db;
	tx.conn = conn;
	tx.job = job;
	tx.kind = WEIR__TX_JOB;
	guard.deadline.ns = job->budget_ns > 0 ? weir__add_ns(now_ns, job->budget_ns) : INT64_MAX;
	guard.cancelled = weir__job_is_stopped;
	guard.token = job;
	if (job->result.runs++ > 0) {
		weir__bump(&db->runs_again);
	} else {
		job->began_ns = now_ns;
		weir__db_note(db, WEIR_HISTOGRAM_GATE_WAIT, now_ns - job->asked_ns);
	}
	conn->failed = false;
	db->engine->job_begin(conn->conn, &guard);
	returned = call(group, job, &tx);
	verdict->end = close_run(group, &verdict->why);
	verdict->failed = verdict->end != WEIR_JOB_SOUND || returned != 0;
	if (verdict->failed && conn->failed)
		verdict->why = conn->failure;
	else if (verdict->failed && verdict->end == WEIR_JOB_SOUND)
		(void)weir_fail(&verdict->why, WEIR_ERR_JOB_FAILED, "db.write", returned,
		                "the job returned %d", returned);
}

/* Undo a job that failed, and no more than necessary; true if the transaction
 * went with it. */
static bool undo(struct weir__group *group, const struct verdict *verdict, bool saved)
{
	struct weir_db *db = group->db;
	struct weir_error why = WEIR_ERROR_INIT;

	if (verdict->end == WEIR_JOB_LOST) {
		group->losses++;
	} else {
		if (saved && db->engine->savepoint_undo(db->writer->conn, &why) == WEIR_OK)
			return false;
		if (group->sound > 0)
			db->cautious = CAUTIOUS;
	}
	roll_back(group);
	return true;
}

/* Run the job at index at in the open transaction. Returns where to go on. */
static uint32_t run_at(struct weir__group *group, uint32_t at)
{
	struct weir_db *db = group->db;
	struct weir__job *job = weir__group_job(group, at);
	const bool saved = group->sound > 0 && db->cautious > 0;
	struct verdict verdict = {WEIR_JOB_SOUND, false, WEIR_ERROR_INIT};

	if (saved) {
		if (db->engine->savepoint(db->writer->conn, &verdict.why) != WEIR_OK) {
			group->losses++;
			roll_back(group);
			rewind_sound(group);
			return group->first;
		}
		weir__bump(&db->savepoints);
	}
	group->at = at;
	run(group, job, &verdict);
	if (!verdict.failed && saved &&
	    db->engine->savepoint_release(db->writer->conn, &verdict.why) != WEIR_OK) {
		verdict.failed = true;
		verdict.end = WEIR_JOB_LOST;
	}
	if (!verdict.failed) {
		job->status = WEIR__JOB_SOUND;
		group->sound++;
		if (job->once || group->losses >= LOSSES_MAX)
			commit(group);
		return at + 1;
	}
	weir__job_end(job, WEIR_FAILED, &verdict.why);
	if (!undo(group, &verdict, saved) || group->sound == 0)
		return at + 1;
	rewind_sound(group);
	return group->first;
}

/* Whether a job may not share the open transaction. */
static bool stands_apart(const struct weir__group *group, const struct weir__job *job)
{
	return group->sound > 0 && (job->once || weir__durability_strength(job->durability) >
	                                             weir__durability_strength(group->durability));
}

/* Deal with the job at index at. Returns where to go on. */
static uint32_t step(struct weir__group *group, uint32_t at)
{
	struct weir__job *job = weir__group_job(group, at);

	if (job->status != WEIR__JOB_WAITING)
		return at + 1;
	if (stands_apart(group, job)) {
		commit(group);
		group->first = at;
	}
	if (!weir__group_may_begin(job, wp_now()))
		return at + 1;
	if (!group->in_txn) {
		if (!weir__group_begin(group, job))
			return group->first;
		/* It may have been cancelled while another process wrote. */
		if (!weir__group_may_begin(job, wp_now()))
			return at + 1;
	}
	return run_at(group, at);
}

static void carry_out(struct weir__group *group, uint32_t at)
{
	while (at < group->count || weir__group_take(group) ||
	       weir__group_linger(group)) /* ends: group_max */
		at = step(group, at);
	if (group->sound > 0)
		commit(group);
	else if (group->in_txn)
		roll_back(group);
}

/* Something for the operator, from time to time. */
static void warn(struct weir_db *db)
{
	char line[WEIR_ERROR_MESSAGE_MAX];

	if (db->groups_to_warning-- > 0 || db->writer == NULL || db->engine->warning == NULL)
		return;
	db->groups_to_warning = WARNING_EVERY;
	while (db->engine->warning(db->writer->conn, line, sizeof line))
		weir__db_say(db, WEIR_LOG_ENGINE_EVENT, NULL, 0, "%s", line);
}

/* Carry out what there is from that index on, and let go of the gate. */
static void lead_from(struct weir__group *group, uint32_t at)
{
	struct weir_db *db = group->db;

	carry_out(group, at);
	db->lingering.last = group->count;
	if (db->cautious > 0)
		db->cautious--;
	weir__writer_settle(db, group->committed, group->broken ? &group->broken_why : NULL);
	const bool early = group->committed && weir__upkeep_is_due(db);

	if (early) {
		/* Those who are served do not wait for the checkpoint. */
		(void)weir__upkeep_enter(db);
		weir_gate_finish(db->gate, group->entries, group->count, WEIR_OK);
		group->count = 0;
	}
	if (group->committed)
		weir__upkeep_after_write(db);
	warn(db);
	weir__keeper_stir(db);
	weir_gate_leave(db->gate, group->entries, group->count);
	if (early)
		weir__upkeep_leave(db);
}

static void carry_on(void *arg)
{
	struct weir__group *group = (struct weir__group *)arg;

	struct weir_db *db = group->db;
	struct weir__job *job = weir__group_job(group, group->at);
	struct weir_error why = WEIR_ERROR_INIT;
	const bool alone = group->sound == 0;

	(void)close_run(group, &why);
	(void)weir_fail(&why, WEIR_ERR_JOB_FAILED, "db.write", 0, "the job ended its thread");
	const struct weir__field site = weir__text_field("weir.gate.holder.site", job->site);

	weir__db_say(db, WEIR_LOG_JOB_EVENT, &site, 1,
	             "the job ended its thread, which is a caller's or weir's own");
	weir__job_end(job, WEIR_FAILED, &why);
	if (!alone)
		group->losses++;
	roll_back(group);
	rewind_sound(group);
	lead_from(group, alone ? group->at + 1 : group->first);
}

void weir__group_lead(struct weir_db *db)
{
	struct weir__group group;

	memset(&group, 0, offsetof(struct weir__group, entries));
	group.db = db;
	group.began_ns = wp_now();
	weir__keeper_stir(db); /* a job that does not end is to be noticed */
	lead_from(&group, 0);
}
