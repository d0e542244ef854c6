/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statements that one connection of weir_db keeps prepared.
 *
 * A statement is found by its text and by the mode it was prepared in: what may
 * be prepared depends on whose turn it is, so that one which a write lease was
 * allowed must not be found by a job. The cache holds at most capacity of them,
 * and gives up the one that was used least recently.
 *
 * States of a statement: IDLE (in the cache, to be found), OPEN (somebody runs it
 * or reads its rows; in the list of open ones).
 * Legal moves
 *   (none)→OPEN  get: prepared for this use, and put into the cache if there is room
 *   IDLE→OPEN    get: found
 *   OPEN→IDLE    put: it is the cache's
 *   OPEN→(none)  put: it is not
 *   IDLE→(none)  evicted, or its epoch is over, or the connection ends
 *
 * Invariants
 *   S1  An OPEN statement is never found, nor evicted: the same text is prepared a
 *       second time beside it, outside the cache.
 *   S2  An IDLE one is reset, and nothing of a caller's memory is bound to it.
 *   S3  No two uses on a connection have the same generation (but for 2^32 others
 *       between them), so that rows which outlived their use are known by it. It
 *       begins at a different number on each connection.
 *   S4  What is found was prepared in the present epoch: for the schema as it has been
 *       since it changed last, as far as the holder of the connection knows.
 *
 * Nothing here locks: the holder of the connection owns all of it. hits and
 * misses are stored relaxed by that holder and may be read by any thread: they
 * are counts, and nothing is concluded from them.
 */
#ifndef WEIR_CORE_STATEMENTS_H
#define WEIR_CORE_STATEMENTS_H

#include <weir/sql.h>

#include "platform_os.h"

struct weir__record;

struct weir__statement {
	void *stmt; /* the driver's */
	struct weir__statement *open_next;
	struct weir__statement *open_before;
	struct weir__statement *older;
	struct weir__statement *newer;
	struct weir__statement *chain; /* in its bucket, or among the spare ones */
	char *text;                    /* NULL: outside the cache */
	uint64_t hash;
	uint32_t mode;
	uint32_t generation; /* of its use; 0: IDLE */
	uint32_t parameters; /* UINT32_MAX: the driver does not say */
	/* Parameters from lent to lent_end (exclusive) may refer to a caller's bytes. */
	uint32_t lent;
	uint32_t lent_end;
	uint32_t epoch; /* in which it was prepared */
	bool stepped;   /* for whoever reads its rows */
};

struct weir__statements {
	struct weir__statement *newest;
	struct weir__statement *oldest;
	struct weir__statement *open;
	struct weir__statement *spare;
	struct weir__statement *entries; /* capacity of them; NULL: 0 */
	struct weir__statement **buckets;
	uint32_t mask; /* buckets - 1 */
	uint32_t generation;
	uint32_t epoch;              /* of the schema, as the holder knows it */
	struct weir__record *record; /* of what was prepared; NULL: none */
	wp_u64 hits;
	wp_u64 misses;
	/* Where dumps find the text of the statement that was begun last: it outlives the
	 * connection. NULL: nowhere. */
	wp_u64 *shown; /* the pointer; written rel, read acq, so that the text is whole */
};

/* false: no memory, and nothing to free. capacity 0: nothing is kept. */
bool weir__statements_init(struct weir__statements *s, uint32_t capacity);

/* Finalize everything; open ones, too. s is empty afterwards. */
void weir__statements_free(struct weir__statements *s, const struct weir_sql *sql);

/* The schema has changed: what is IDLE is finalized now, what is OPEN when it is put. */
void weir__statements_begin_epoch(struct weir__statements *s, const struct weir_sql *sql,
                                  uint32_t epoch);

/*
 * Find a statement, or prepare it; it is OPEN then, and ready to be bound.
 * Errors: DRIVER_SQL (also: text has no statement, or more than one), NO_MEMORY,
 * any DRIVER code.
 */
enum weir_code weir__statements_get(struct weir__statements *s, const struct weir_sql *sql,
                                    void *conn, const char *text, uint32_t mode,
                                    struct weir__statement **out, struct weir_error *err);

/* Bind all parameters of an OPEN statement that has not been stepped. The bytes
 * of values are lent until put. Errors: DRIVER_SQL (not as many parameters). */
enum weir_code weir__statements_bind(struct weir__statement *statement, const struct weir_sql *sql,
                                     const struct weir_sql_value *values, uint32_t count,
                                     struct weir_error *err);

/* The use of an OPEN statement is over. */
void weir__statements_put(struct weir__statements *s, const struct weir_sql *sql,
                          struct weir__statement *statement);

/* The same for all that are OPEN: whoever held the connection is done. */
void weir__statements_end_all(struct weir__statements *s, const struct weir_sql *sql);

/* Whether that use of statement is still going on. statement may be stale: it is
 * looked for, and not touched unless it is there. */
static inline bool weir__statements_is_open(const struct weir__statements *s, const void *statement,
                                            uint32_t generation)
{
	const struct weir__statement *at = s->open;

	while (at != NULL && at != statement)
		at = at->open_next;
	return at != NULL && at->generation == generation;
}

#endif
