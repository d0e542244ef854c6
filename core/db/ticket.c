/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Jobs nobody waits for yet.
 *
 * A ticket is a job with its gate entry. It belongs to one thread, who waits,
 * polls, cancels, and then collects or discards it; the leader owns the job from
 * the moment it is taken until it is finished (group.c).
 *
 * A discarded ticket whose job is not over cannot be freed yet. It goes to the
 * graveyard of its db, which is swept whenever a ticket is discarded or
 * submitted, and at the end: only what the gate calls DONE is freed.
 */
#include <string.h>

#include "db_internal.h"
#include "error_internal.h"
#include "thread_end.h"

struct weir_ticket {
	struct weir_db *db;
	struct weir_gate_entry *entry; /* NULL: it was cancelled before it began */
	struct weir_ticket *next;      /* in the graveyard */
	struct weir__job job;
};

/* Give back a ticket whose entry is DONE or gone; counts its outcome. */
static void bury(struct weir_ticket *ticket, enum weir_code gate_code)
{
	if (gate_code != WEIR_OK)
		weir__job_refused(&ticket->job, gate_code);
	(void)wp_add_rlx_64(&ticket->db->outcomes[ticket->job.result.outcome], 1);
}

void weir__tickets_sweep(struct weir_db *db)
{
	struct weir_ticket *kept = NULL;
	struct weir_ticket *ticket;

	weir__lock(&db->discarded_lock);
	ticket = db->discarded;
	db->discarded = NULL;
	weir__unlock(&db->discarded_lock);
	while (ticket != NULL) {
		struct weir_ticket *next = ticket->next;

		if (weir_gate_poll(ticket->entry) == WEIR_GATE_DONE) {
			bury(ticket, weir_gate_collect(ticket->entry, &ticket->job.error));
			wp_free(ticket);
		} else {
			ticket->next = kept;
			kept = ticket;
		}
		ticket = next;
	}
	weir__lock(&db->discarded_lock);
	while (kept != NULL) {
		struct weir_ticket *next = kept->next;

		kept->next = db->discarded;
		db->discarded = kept;
		kept = next;
	}
	weir__unlock(&db->discarded_lock);
}

enum weir_code weir_db_submit_from(struct weir_db *db, weir_job run, void *arg,
                                   const struct weir_write_options *options, const char *site,
                                   struct weir_ticket **out, struct weir_error *err)
{
	struct weir_gate_request request;
	struct weir_ticket *ticket;
	enum weir_code code = weir__job_check(db, run, options, "db.submit", err);
	if (code == WEIR_OK)
		code = weir__db_admit(db, options, WEIR_DOWN_FAIL, "db.submit", err);

	if (out == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "db.submit", 0, "ticket is NULL");
	*out = NULL;
	if (code != WEIR_OK)
		return code;
	weir__tickets_sweep(db);
	ticket = (struct weir_ticket *)wp_alloc(WEIR__CACHE_LINE, sizeof *ticket);
	if (ticket == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "db.submit", 0, "no memory for a ticket");
	ticket->db = db;
	weir__job_init(&ticket->job, db, run, arg, options, site);
	memset(&request, 0, sizeof request);
	request.kind = WEIR_GATE_JOB;
	request.lane = ticket->job.lane;
	request.deadline.ns = ticket->job.deadline_ns;
	request.site = site;
	request.payload = &ticket->job;
	code = weir_gate_queue(db->gate, &request, &ticket->entry, err);
	if (code != WEIR_OK) {
		(void)wp_add_rlx_64(
			&db->outcomes[code == WEIR_ERR_GATE_TIMEOUT ? WEIR_TIMED_OUT : WEIR_REJECTED], 1);
		wp_free(ticket);
		return code;
	}
	*out = ticket;
	return WEIR_OK;
}

bool weir_ticket_poll(const struct weir_ticket *ticket)
{
	if (ticket == NULL || !weir__db_ours(ticket->db))
		return false;
	return ticket->entry == NULL || weir_gate_poll(ticket->entry) == WEIR_GATE_DONE;
}

bool weir_ticket_wait(struct weir_ticket *ticket, struct weir_time deadline)
{
	WEIR__CANCEL_DEFERRED;
	if (ticket == NULL || !weir__db_ours(ticket->db))
		return false;
	if (ticket->entry == NULL)
		return true;
	if (weir_gate_is_mine(ticket->db->gate))
		return weir_ticket_poll(ticket);
	return weir__job_await(ticket->db, ticket->entry, deadline);
}

void weir_ticket_cancel(struct weir_ticket *ticket)
{
	struct weir_error why = WEIR_ERROR_INIT;

	if (ticket == NULL || !weir__db_ours(ticket->db) || weir_ticket_poll(ticket))
		return;
	wp_store_rlx_32(&ticket->job.stop, 1);
	if (weir_gate_poll(ticket->entry) != WEIR_GATE_QUEUED || !weir_gate_abandon(ticket->entry))
		return;
	ticket->entry = NULL;
	if (ticket->job.status == WEIR__JOB_OVER) /* between the look and the step */
		return;
	(void)weir_fail(&why, WEIR_ERR_CANCELLED, "ticket.cancel", 0, "%s",
	                weir_error_text(WEIR_ERR_CANCELLED));
	weir__job_end(&ticket->job, WEIR_TIMED_OUT, &why);
}

enum weir_code weir_ticket_collect(struct weir_ticket *ticket, struct weir_time deadline,
                                   struct weir_write_result *result, struct weir_error *err)
{
	enum weir_code gate_code = WEIR_OK;
	enum weir_code code;

	if (ticket == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "ticket.collect", 0, "ticket is NULL");
	if (!weir__db_ours(ticket->db))
		return weir_fail(err, WEIR_ERR_FORKED, "ticket.collect", 0,
		                 "the job was submitted before fork: only the parent may collect it");
	if (!weir_ticket_wait(ticket, deadline))
		return weir_fail(err, WEIR_ERR_TICKET_PENDING, "ticket.collect", 0, "%s",
		                 weir_error_text(WEIR_ERR_TICKET_PENDING));
	if (ticket->entry != NULL)
		gate_code = weir_gate_collect(ticket->entry, &ticket->job.error);
	bury(ticket, gate_code);
	code = weir__job_report(&ticket->job, result, err);
	wp_free(ticket);
	return code;
}

void weir_ticket_discard(struct weir_ticket *ticket)
{
	if (ticket == NULL || !weir__db_ours(ticket->db))
		return;
	struct weir_db *db = ticket->db;

	if (ticket->entry == NULL) {
		bury(ticket, WEIR_OK);
		wp_free(ticket);
		return;
	}
	weir__lock(&db->discarded_lock);
	ticket->next = db->discarded;
	db->discarded = ticket;
	weir__unlock(&db->discarded_lock);
	weir__tickets_sweep(db);
}
