/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The history of migrations: one table of the database it is about.
 *
 * A log: rows are added, and that of an interrupted step changed, none is taken away.
 * Row 0 says which format the table has; another one is refused, since a newer weir may
 * mean something else by it. State of a version = its row with the highest id.
 *
 *   id           BIGINT   place in the log; 0: the format, in version
 *   version      TEXT
 *   name         TEXT
 *   direction    TEXT     up, down, baseline, adopt, repair
 *   outcome      TEXT     done; running: a step outside a transaction that has not ended
 *   checksum     TEXT     of the script (source/checksum.c)
 *   applied_at   BIGINT   seconds since 1970
 *   duration_ns  BIGINT
 *   tool         TEXT     "weir 0.5.0"
 *   tag          TEXT
 *   statements   BIGINT   run; of one that is running: the resume point
 *   done_hash    TEXT     bytes of the script that were run, and their hash, so that an
 *                         edited script is not resumed: "120:" and 40 digits of SHA-256
 *   fingerprint  TEXT     of the schema after it; "" not taken
 *   down_script  TEXT     so that a program without the script can undo it; "" none
 */
#ifndef WEIR_MIGRATE_HISTORY_H
#define WEIR_MIGRATE_HISTORY_H

#include "session.h"
#include "set.h"

#define WEIR__HISTORY_TABLE "weir_schema_history"
#define WEIR__HISTORY_FORMAT "1"

enum weir__history_state {
	WEIR__HISTORY_ABSENT = 0, /* never applied, or undone */
	WEIR__HISTORY_DONE = 1,
	WEIR__HISTORY_RUNNING = 2, /* interrupted, or under way */
};

struct weir__history_row {
	int64_t id;
	char version[WEIR_MIGRATE_VERSION_MAX];
	char name[WEIR_MIGRATE_NAME_MAX];
	char direction[16];
	char outcome[16];
	char checksum[WEIR_MIGRATE_CHECKSUM_MAX];
	char tag[WEIR_MIGRATE_TAG_MAX];
	char tool[64];
	char done_hash[WEIR_MIGRATE_CHECKSUM_MAX];
	char fingerprint[WEIR_MIGRATE_CHECKSUM_MAX];
	int64_t applied_at;
	int64_t duration_ns;
	int64_t statements;
};

struct weir__history {
	bool there;                     /* the table is */
	struct weir__history_row *rows; /* in the order of id; row 0 left out */
	size_t count;
	size_t room;
	int64_t next_id;
};

/* Read it. No table: an empty one that is not there. Errors: MIGRATE_HISTORY (unknown
 * format, columns missing, a value that cannot be), any DRIVER code. */
enum weir_code weir__history_read(const struct weir__session *session, const char *table,
                                  struct weir__history *history, struct weir_error *err);
void weir__history_free(struct weir__history *history);

/* Make the table, in the transaction that is open, unless it is there. */
enum weir_code weir__history_make(const struct weir__session *session, const char *table,
                                  struct weir__history *history, struct weir_error *err);

/* Add a row (id is filled in) with the down script; to the table and to history. */
enum weir_code weir__history_add(const struct weir__session *session, const char *table,
                                 struct weir__history *history, struct weir__history_row *row,
                                 const char *down_script, struct weir_error *err);

/* Change outcome, statements, done_hash, duration_ns, fingerprint, checksum, applied_at and
 * tool of a row. */
enum weir_code weir__history_change(const struct weir__session *session, const char *table,
                                    const struct weir__history_row *row, struct weir_error *err);

/* The row that says where a version stands; NULL: never heard of. Its state. */
const struct weir__history_row *weir__history_of(const struct weir__history *history,
                                                 const char *version);
enum weir__history_state weir__history_state(const struct weir__history_row *row);

#endif
