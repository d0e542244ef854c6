/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Watching a migration while it runs: progress, limits, and what it touches.
 */
#ifndef WEIR_MIGRATE_MONITOR_H
#define WEIR_MIGRATE_MONITOR_H

#include "session.h"

enum weir__monitor_stop {
	WEIR__MONITOR_GO = 0,
	WEIR__MONITOR_ASKED = 1, /* on_progress returned false */
	WEIR__MONITOR_TIME = 2,  /* lock_limit_ns */
	WEIR__MONITOR_DISK = 3,  /* disk_reserve */
};

struct weir__monitor {
	struct weir_db *db;
	const struct weir_migrate_options *options;
	const char *what;
	struct weir_migrate_progress progress;
	struct weir_script_guard guard;
	int64_t began_ns;
	int64_t locked_ns; /* since when writers are kept out; 0: they are not */
	int64_t next_ns;   /* when to look again */
	enum weir__monitor_stop why;
	uint64_t disk_free;         /* as of the last look; UINT64_MAX: unknown */
	char folder[WEIR_PATH_MAX]; /* of the database; "" it has none */
	/* Tables that were written to, altered or dropped, by their names. */
	char **touched;
	size_t touched_count;
	size_t touched_room;
	bool touched_all;     /* it cannot be told: a function, or no memory */
	bool touched_history; /* so was the table of the history; reset by who asks */
};

void weir__monitor_init(struct weir__monitor *monitor, struct weir_db *db,
                        const struct weir_migrate_options *options, const char *what);
void weir__monitor_free(struct weir__monitor *monitor);

/* Another phase, told at once. Whether to go on. */
bool weir__monitor_phase(struct weir__monitor *monitor, const char *phase);

/* Look now, and whether to go on. */
bool weir__monitor_look(struct weir__monitor *monitor);

/* Between two statements: look if it is time to, and read what only the connection can
 * tell, which must not be asked from inside a statement. */
bool weir__monitor_between(struct weir__monitor *monitor, const struct weir__session *session);

/* What the stop was, in the place of the error that came of it. */
enum weir_code weir__monitor_fail(const struct weir__monitor *monitor, const char *version,
                                  struct weir_error *err);

void weir__monitor_forget_touched(struct weir__monitor *monitor);
bool weir__monitor_touched(const struct weir__monitor *monitor, const char *table);

#endif
