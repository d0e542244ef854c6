/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Beginning a group's transaction: who may still begin, how long to wait for
 * writers of other processes, and what becomes of jobs that never began. The
 * protocol is in group.c.
 */
#include "group.h"

/* It never ran, for a reason that the code says all of. */
static void end_unrun(struct weir__job *job, enum weir_code code)
{
	struct weir_error why = WEIR_ERROR_INIT;

	(void)weir_fail(&why, code, "db.write", 0, "%s", weir_error_text(code));
	weir__job_end(job, WEIR_TIMED_OUT, &why);
}

bool weir__group_may_begin(struct weir__job *job, int64_t now_ns)
{
	if (job->result.runs > 0)
		return true; /* J5 */
	if (!weir__job_is_stopped(job) && now_ns < job->deadline_ns)
		return true;
	end_unrun(job, weir__job_is_stopped(job) ? WEIR_ERR_CANCELLED : WEIR_ERR_GATE_TIMEOUT);
	return false;
}

/* A job that no transaction could be begun for. */
static void end_unbegun(struct weir__job *job, const struct weir_error *why)
{
	if (job->result.runs > 0)
		weir__job_end(job, WEIR_FAILED, why);
	else if (why->code == WEIR_ERR_DRIVER_BUSY || why->code == WEIR_ERR_GATE_TIMEOUT)
		weir__job_end(job, WEIR_TIMED_OUT, why);
	else
		weir__job_end(job, WEIR_REJECTED, why);
}

/* Until when a transaction may be waited for on behalf of a job. */
static int64_t begin_until(const struct weir__group *group, const struct weir__job *job)
{
	const int64_t patience_ns = weir__db_setting(group->db, WEIR_SET_write_timeout);

	/* One that runs again has met its deadline (J5), and pays for no neighbour: it
	 * has as much time again, from when it was undone. */
	return job->result.runs == 0 ? job->deadline_ns : weir__add_ns(job->again_ns, patience_ns);
}

/* Tell at once those whose deadline has passed while another process wrote: they
 * would wait for the others of the group, which have more time. */
static void end_overdue(struct weir__group *group, const struct weir_error *why)
{
	const int64_t now_ns = wp_now();
	uint32_t kept = group->first;

	for (uint32_t i = group->first; i < group->count; i++) {
		struct weir_gate_entry *entry = group->entries[i];
		struct weir__job *job = weir__group_job(group, i);

		if (job->status == WEIR__JOB_WAITING && now_ns >= begin_until(group, job))
			end_unbegun(job, why);
		if (job->status == WEIR__JOB_OVER)
			weir_gate_finish(group->db->gate, &entry, 1, WEIR_OK);
		else
			group->entries[kept++] = entry;
	}
	group->count = kept;
}

/* What is configured may be either of the others. */
static const uint8_t strength[] = {
	[WEIR_DURABILITY_DEFAULT] = 1,
	[WEIR_DURABILITY_VISIBLE] = 0,
	[WEIR_DURABILITY_DURABLE] = 2,
};

uint8_t weir__durability_strength(enum weir_durability durability)
{
	return strength[durability];
}

/* The strongest durability, and the earliest deadline, of those that wait. */
static struct weir_time survey(struct weir__group *group)
{
	struct weir_time deadline = {WEIR_TIME_NEVER_NS};

	group->durability = WEIR_DURABILITY_VISIBLE;
	for (uint32_t i = group->first; i < group->count; i++) {
		const struct weir__job *job = weir__group_job(group, i);

		if (job->status != WEIR__JOB_WAITING)
			continue;
		if (begin_until(group, job) < deadline.ns)
			deadline.ns = begin_until(group, job);
		if (strength[job->durability] > strength[group->durability])
			group->durability = job->durability;
	}
	return deadline;
}

bool weir__group_begin(struct weir__group *group, struct weir__job *job)
{
	struct weir_db *db = group->db;
	const struct weir_time deadline = survey(group);
	struct weir_error why = WEIR_ERROR_INIT;

	switch (weir__writer_begin(db, group->durability, deadline, &why)) {
	case WEIR_OK:
		group->in_txn = true;
		return true;
	case WEIR_ERR_DRIVER_BUSY:
	case WEIR_ERR_GATE_TIMEOUT:
		end_overdue(group, &why);
		return false;
	default:
		end_unbegun(job, &why);
		return false;
	}
}
