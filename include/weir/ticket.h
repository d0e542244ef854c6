/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/ticket.h: something asked for that will be there later.
 *
 * A ticket is had from weir_db_submit. It belongs to one thread at a time and
 * ends by weir_ticket_collect or weir_ticket_discard, one of which must be
 * called. Waiting for a ticket may carry out its job, and those beside it, on
 * the waiting thread: whoever waits leads.
 */
#ifndef WEIR_TICKET_H
#define WEIR_TICKET_H

#include <weir/base.h>
#include <weir/error.h>

struct weir_ticket;
struct weir_write_result;

#ifdef __cplusplus
extern "C" {
#endif

/* Wait until the outcome is there, or deadline; true if it is. Blocks. In a
 * thread that holds the gate it returns at once. */
WEIR_API WEIR_MUST_USE bool weir_ticket_wait(struct weir_ticket *ticket, struct weir_time deadline);

/* Whether the outcome is there. Wait-free. */
WEIR_API WEIR_MUST_USE bool weir_ticket_poll(const struct weir_ticket *ticket);

/*
 * Ask to stop. What has not begun never will (CANCELLED); a job that runs is
 * stopped at its next statement and fails (DRIVER_CANCELLED), unless it is done
 * before. The outcome is to be collected all the same. Never blocks.
 */
WEIR_API void weir_ticket_cancel(struct weir_ticket *ticket);

/*
 * Wait until deadline, then give the outcome and free the ticket. Returns as
 * weir_db_run does; *result is filled as there (NULL: not wanted). One more
 * error: TICKET_PENDING, the outcome is not there by deadline; the ticket stays.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_ticket_collect(struct weir_ticket *ticket,
                                                          struct weir_time deadline,
                                                          struct weir_write_result *result,
                                                          struct weir_error *err);

/* Give the ticket up; its job still runs, and must not need what belongs to the
 * caller. NULL is accepted. Never blocks. */
WEIR_API void weir_ticket_discard(struct weir_ticket *ticket);

#ifdef __cplusplus
}
#endif

#endif
