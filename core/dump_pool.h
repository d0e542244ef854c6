/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines about a pool and a gate for dumps. Async-signal-safe: only words that are
 * atomic are read, nothing is locked. The caller is counted in (dump_guard.h), and the
 * pool alive. What is read belongs to others: a line may be torn between two leases.
 */
#ifndef WEIR_CORE_DUMP_POOL_H
#define WEIR_CORE_DUMP_POOL_H

#include "dump_text.h"
#include "gate_internal.h"
#include "pool_internal.h"

/* How many waiters a dump lists. */
#define WEIR__DUMP_WAITERS_MAX 16

/* Figures of the pool, on one line. */
void weir__dump_pool(const struct weir_pool *pool, struct weir__dump_line *line);

/* A slot; false, and no line, if it is empty. */
bool weir__dump_slot(const struct weir_pool *pool, uint32_t index, int64_t now_ns,
                     struct weir__dump_line *line);

/* The ages of those who wait, as many as are listed; false if nobody does. */
bool weir__dump_waiters(const struct weir_pool *pool, int64_t now_ns, struct weir__dump_line *line);

/* How long the one that has waited longest has; 0: nobody waits. */
int64_t weir__dump_oldest_wait(const struct weir_pool *pool, int64_t now_ns);

/* Who has the gate, and how many wait for it. */
void weir__dump_gate(const struct weir_gate *gate, int64_t now_ns, struct weir__dump_line *line);

#endif
