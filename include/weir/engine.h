/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/engine.h: the optional transactional face of a driver, for weir_db.
 *
 * weir_db knows no database: what it needs beyond weir/driver.h and weir/sql.h is
 * here. It opens connections in roles, begins and ends transactions on the one
 * writer, runs jobs inside them one after the other, and has the engine's upkeep
 * done. All functions are called by the one thread that owns the connection at
 * the time; those of the writer and of the aide only by the holder of the gate,
 * unless it says otherwise. A function that may be NULL says so.
 */
#ifndef WEIR_ENGINE_H
#define WEIR_ENGINE_H

#include <weir/base.h>
#include <weir/driver.h>
#include <weir/error.h>

#define WEIR_ENGINE_ABI 1

/* What a write is acknowledged for. */
enum weir_durability {
	WEIR_DURABILITY_DEFAULT = 0, /* as the driver is configured */
	WEIR_DURABILITY_VISIBLE = 1, /* every reader sees it; a power cut may undo it */
	WEIR_DURABILITY_DURABLE = 2, /* survives a power cut */
};

/* How a job runs: what may end it from outside. */
struct weir_job_guard {
	struct weir_time deadline; /* its time budget; WEIR_TIME_NEVER_NS: none */
	/* Whether it was asked to stop; cheap; called from inside statements. */
	bool (*cancelled)(const void *token);
	const void *token;
};

/* What a driver found when a job had returned. */
enum weir_job_end {
	WEIR_JOB_SOUND = 0,   /* the transaction stands, with what the job did in it */
	WEIR_JOB_REFUSED = 1, /* it stands, but the job must be undone: err says why */
	WEIR_JOB_LOST = 2,    /* the whole transaction is gone, or must go: err says why */
};

/* Whether the log of a connection's database should be copied back. */
enum weir_checkpoint_need {
	WEIR_CHECKPOINT_NONE = 0,
	WEIR_CHECKPOINT_IDLE = 1, /* when nobody waits */
	WEIR_CHECKPOINT_NOW = 2,  /* before the next group */
};

struct weir_checkpoint_result {
	uint32_t size;
	uint32_t frames; /* in the log */
	uint32_t copied; /* of these, by now in the database */
	uint32_t reserved;
	int64_t stall_ns; /* how long writers were kept out */
};

struct weir_engine {
	uint32_t abi;
	uint32_t size;

	/*
	 * Whether the database of this configuration lives in one connection only
	 * (":memory:"): weir_db then opens no other. May be NULL: it does not.
	 */
	bool (*is_private)(const struct weir_config *config);

	/*
	 * Begin a write transaction, which excludes every other writer, of other
	 * processes too; wait for those until deadline. durability: that of its
	 * commit. Errors, with no transaction open: DRIVER_BUSY (somebody else wrote
	 * until deadline), DRIVER_DEADLINE (it passed with nobody in the way),
	 * DRIVER_BROKEN and others.
	 */
	enum weir_code (*begin)(void *conn, enum weir_durability durability, struct weir_time deadline,
	                        struct weir_error *err);

	/*
	 * Commit. OK: committed at the durability asked for. INDETERMINATE: it may or
	 * may not have been; the connection is of no more use. Any other error: rolled
	 * back. In all cases the transaction is over.
	 */
	enum weir_code (*commit)(void *conn, struct weir_error *err);

	/* Roll back whatever is open, also if nothing is. Errors: DRIVER_BROKEN, and
	 * the connection is of no more use. */
	enum weir_code (*rollback)(void *conn, struct weir_error *err);

	/* A savepoint of the writer's own, one at a time: set it; forget it; undo
	 * what was done since, and forget it. */
	enum weir_code (*savepoint)(void *conn, struct weir_error *err);
	enum weir_code (*savepoint_release)(void *conn, struct weir_error *err);
	enum weir_code (*savepoint_undo)(void *conn, struct weir_error *err);

	/*
	 * Around each job in a transaction: in between, statements that would end
	 * or nest the transaction are refused (DRIVER_SQL), and guard is heeded. end
	 * resets what the job left running and checks what would make the commit
	 * fail on its account (deferred constraints); err is filled unless SOUND.
	 */
	void (*job_begin)(void *conn, const struct weir_job_guard *guard);
	enum weir_job_end (*job_end)(void *conn, struct weir_error *err);

	/* Begin a read transaction whose snapshot is taken by the time this returns;
	 * end it. */
	enum weir_code (*snapshot_begin)(void *conn, struct weir_error *err);
	void (*snapshot_end)(void *conn);

	/* The remaining may be NULL, for an engine without a log that needs copying. */

	enum weir_checkpoint_need (*checkpoint_need)(void *writer);

	/*
	 * Copy the log into the database while no writer of any process can commit:
	 * done on aide while writer keeps them out. No transaction is open before or
	 * after. Errors: DRIVER_BUSY (a foreign writer until deadline), any DRIVER code.
	 */
	enum weir_code (*checkpoint)(void *writer, void *aide, struct weir_time deadline,
	                             struct weir_checkpoint_result *result, struct weir_error *err);

	/* Make aide hold, or hold anew, the newest snapshot, so that other readers'
	 * locks stay inside the process; let go of it. Called under a lock of
	 * weir_db's that also covers checkpoint; pin must not block. */
	void (*pin)(void *aide);
	void (*unpin)(void *aide);

	/* Something the operator should know, since the last call, as one line; false
	 * if there is nothing. Called on the writer by the holder, after groups. */
	bool (*warning)(void *writer, char *text, size_t text_size);
};

#endif
