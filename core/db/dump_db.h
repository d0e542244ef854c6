/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A db in a dump: its lines one after the other, each formatted while the caller is
 * counted in (dump_guard.h) and written when it is not. Async-signal-safe.
 */
#ifndef WEIR_CORE_DUMP_DB_H
#define WEIR_CORE_DUMP_DB_H

#include "db_internal.h"
#include "dump_text.h"

/* Where a dump of a db is. Zero: at its beginning. */
struct weir__dump_at {
	uint32_t part;
	uint32_t slot;
};

/*
 * Format the next line and move on; false: there is none, which also may be so for
 * one part only: the caller goes on while *at is not at its end.
 */
bool weir__dump_db_next(const struct weir_db *db, struct weir__dump_at *at, int64_t now_ns,
                        struct weir__dump_line *line);

/* Whether everything was said. */
static inline bool weir__dump_at_end(const struct weir__dump_at *at)
{
	return at->part == UINT32_MAX;
}

#endif
