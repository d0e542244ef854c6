/* SPDX-License-Identifier: BSD-2-Clause
 *
 * One write of each way there is, to its fate in the book. True if it ended as it
 * was meant to: some are meant to fail.
 */
#ifndef STRESS_FAULT_WRITE_H
#define STRESS_FAULT_WRITE_H

#include "stress_fault_work.h"

bool write_schema(struct work *work);
bool write_plain(struct work *work);
bool write_visible(struct work *work);
bool write_durable(struct work *work);
bool write_once(struct work *work);
bool write_large(struct work *work);     /* more than the cache holds */
bool write_declined(struct work *work);  /* the job says no */
bool write_duplicate(struct work *work); /* a constraint does */
bool write_rollback(struct work *work);  /* a statement rolls the transaction back */
bool write_ticket(struct work *work);
bool write_cancelled(struct work *work); /* a ticket, before it has begun */
bool write_lease(struct work *work);
bool write_abandoned(struct work *work); /* a lease that is not committed */
bool write_group(struct work *work);     /* several tickets, one of which fails */

#endif
