/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The inside of weir_db: its parts, and what they call of each other.
 *
 *   db.c        making, changing, reading and ending one
 *   db_open.c   connections in their roles; the readers' pool
 *   writer.c    the one writer: its life, and when it is given up
 *   group.c     leading: jobs, transactions, outcomes
 *   db_write.c  jobs, write leases, maintenance      ticket.c   jobs without waiting
 *   db_read.c   reads                                db_statement.c   statements
 *   db_suspend.c  admitting nothing for a while
 *   upkeep.c    checkpoints, the read pin, warnings  keeper.c   when they are due
 *   db_histograms.c  how long all of that takes
 *   db_migration.c   what migrations need of it, and how far they are
 *
 * Who owns what. The holder of the gate owns the writer, and every field marked
 * (gate). The aide and the fields marked (aide) belong to whoever has aide_lock,
 * which the holder takes inside the gate, never the other way round. The rest is
 * constant after creation, or atomic.
 *
 * Memory order
 *   label operation                     order  pairs with  breaks if weaker
 *   Q1    commit: store sequence, then  rel    Q2          a reader is told of a commit that its
 *         finish the members                               statement might not see
 *   Q2    read: load sequence           acq    Q1          as Q1
 *   U1    upkeep: add upkeeping, then  full   U2          destroy finds the gate held by the
 *         load closing                                     keeper, and leaks a db nobody uses
 *   U2    destroy: exchange closing,    full   U1          as U1
 *         then load upkeeping
 *   E1    pinned, idle_wanted, unpinned rlx    -           nothing: hints for the keeper
 *   N1    schema_changed: add to epoch  full   N2          a connection looks at the schema as it
 *   N2    lease: load epoch             acq    N1          was before the commit, and keeps
 *                                                          statements for that one
 *
 * Forks. The struct lives in memory that is wiped in a forked child: there magic
 * is 0, and every call answers FORKED.
 */
#ifndef WEIR_CORE_DB_INTERNAL_H
#define WEIR_CORE_DB_INTERNAL_H

#include "db_conn.h"
#include "histogram_internal.h"
#include "lock.h"
#include "log_internal.h"
#include "pool_internal.h"
#include "ticker.h"

#define WEIR__DB_MAGIC UINT32_C(0x77646221)

/* Jobs that one hold of the gate can carry out: the maximum of group_max. */
#define WEIR__GROUP_MAX 1024

enum weir__job_status {
	WEIR__JOB_WAITING = 0, /* to be run */
	WEIR__JOB_SOUND = 1,   /* ran; what it did is in the open transaction */
	WEIR__JOB_OVER = 2,    /* has its outcome */
};

/*
 * A write job. r/o while queued but for stop; the leader's from the moment it is
 * taken until it is finished.
 */
struct weir__job {
	weir_job run;
	void *arg;
	const char *site;
	enum weir_durability durability;
	enum weir_lane lane;
	bool once;
	int64_t budget_ns; /* 0: none */
	int64_t asked_ns;
	int64_t deadline_ns;
	wp_u32 stop; /* any thread: it was asked to stop */

	enum weir__job_status status;
	enum weir_code code;
	int64_t began_ns;
	int64_t again_ns; /* when a neighbour undid its last run */
	struct weir_write_result result;
	struct weir_error error;
};

/* The writer's troubles: when it may be tried again, and what the last one was. */
struct weir__troubles {
	uint32_t failures; /* in a row, without a commit between them */
	int64_t retry_ns;
	struct weir_error last;
};

/* What a leader knows about when members come back (group.c). */
struct weir__linger {
	uint32_t last;     /* jobs of the last group */
	uint32_t vain;     /* groups that passed without lingering, the last time */
	uint32_t skip;     /* that are still to pass */
	int64_t commit_ns; /* what a commit takes, a moving average */
};

/* A reader as the keeper saw it: since when the log has been pinned beside it. */
struct weir__watched {
	uint32_t generation;
	int64_t since_ns;
};

struct weir__keeper {
	struct weir__ticker own;     /* without a thread: keeper=manual */
	struct weir__ticker *ticker; /* whom to call: own, or the service's; r/o in use */
	/* The keeper's own, or the ticking thread's. */
	int64_t pool_due_ns;
	int64_t pin_looked_ns;
	int64_t pin_renewed_ns;
	uint64_t reads_seen;
	uint64_t entered_seen;
	int64_t sequence_seen;
	bool watching;    /* readers are out beside which the log is pinned */
	int64_t quiet_ns; /* since when nothing has been going on; 0: something is */
	int64_t hold_told_ns;
	int64_t age_told_ns;
};

/* What the holders of one connection's place found prepared, and what not: theirs
 * to write, when they end. Apart from the next place's, since reads end everywhere. */
struct weir__db_counts {
	wp_u64 hits;
	wp_u64 misses;
	wp_u64 sql; /* pointer: the statement begun last, for dumps; NULL: none, or it is not kept */
	char apart[WEIR__CACHE_LINE - 3 * sizeof(wp_u64)];
};

/* What a migration is doing. */
struct weir__db_migration {
	struct weir__lock lock;
	struct weir_db_migration last; /* under lock: as it was noted */
	wp_u64 applied;                /* written under lock */
	/* The same for dumps: whether one runs, and how far it is. */
	wp_u32 runs;
	wp_u32 step;
	wp_u32 steps;
	wp_u32 statement;
};

struct weir__entry;
struct weir__record;

struct weir_db {
	uint32_t magic;
	wp_u32 closing;
	wp_u32 suspended; /* futex; 1: writes are not admitted (db_suspend.c) */
	struct weir_gate *gate;
	struct weir_gate *equals;  /* in front of equal reads: one call leases at a time */
	struct weir_pool *readers; /* NULL: private */
	const struct weir_driver *driver;
	const struct weir_engine *engine;
	const struct weir_sql *sql;
	struct weir_driver reader_driver; /* what the readers' pool opens with */
	struct weir__record *record;      /* of statements; NULL: none is kept */
	wp_u32 schema_epoch;              /* N1; seldom changes, like what is around it */
	struct weir_db_options options;
	struct weir__lock set_lock;
	wp_u64 settings[WEIR_SETTINGS_COUNT];

	struct weir__watched *watched; /* by reader's slot; the keeper's */
	wp_u32 *refused; /* by reader's slot: the generation whose statements are refused */
	struct weir__db_counts *counts; /* by reader's slot; the last is the writer's */

	/* By enum weir_histogram_id. r/o after creation; NULL: the pool's, or metrics is off. */
	struct weir__histogram *histograms[WEIR_HISTOGRAMS_COUNT];

	/* (gate) */
	struct weir__db_conn *writer; /* NULL: to be opened */
	bool durable;                 /* a durable commit was asked for */
	struct weir__troubles troubles;
	wp_u32 writer_old; /* to be opened anew before it is used (db_reset.c) */
	wp_u32 aide_old;
	wp_u32 pool_wanted; /* housekeeping of the readers' pool, now */
	wp_u32 keeping;     /* the thread that does it, while it does; 0: none */
	wp_u32 writer_down; /* writes are refused for a while; read by health */
	uint32_t cautious;  /* groups that still set savepoints */
	struct weir__linger lingering;
	uint32_t groups_to_warning;

	/* (aide) */
	struct weir__lock aide_lock;
	struct weir__db_conn *aide; /* NULL: none, or to be opened */
	wp_u32 pinned;
	wp_u32 idle_wanted; /* a checkpoint when nobody waits */
	wp_u32 unpinned;    /* reads that met no pin; E1 */
	wp_u32 upkeeping;   /* futex; who holds the gate, or will, for upkeep alone; U1 */
	wp_u32 maintained;  /* a maintenance job runs: no pin */
	wp_u32 stuck;       /* the last checkpoint could not copy everything */

	struct weir__lock discarded_lock;
	struct weir_ticket *discarded; /* under discarded_lock: given up, perhaps not over */

	wp_u64 sequence;
	wp_u64 commits;
	wp_u64 outcomes[WEIR_INDETERMINATE + 1];
	wp_u64 runs_again;
	wp_u64 savepoints;
	wp_u64 checkpoints;
	wp_u64 checkpoint_failures;
	wp_u64 stall_ns_max;
	wp_u64 stall_ns_sum;
	wp_u64 log_frames;
	wp_u64 writer_opens;
	wp_u64 warnings;
	struct weir__db_migration migration;
	struct weir__keeper keeper;
	struct weir__entry *entry; /* of a service's; NULL: it is in none */
	struct weir_config config; /* r/o after creation */
};

static inline int64_t weir__db_setting(const struct weir_db *db, enum weir_setting_id id)
{
	return (int64_t)wp_load_rlx_64(&db->settings[id]);
}

static inline bool weir__db_ours(const struct weir_db *db)
{
	return db->magic == WEIR__DB_MAGIC;
}

/* Count a value; nothing is done where there is no such histogram. */
static inline void weir__db_note(struct weir_db *db, enum weir_histogram_id id, int64_t value)
{
	weir__histogram_add(db->histograms[id], 0, value, 1);
}

/* Counters with one writer at a time need no locked instruction. */
static inline void weir__bump(wp_u64 *counter)
{
	wp_store_rlx_64(counter, wp_load_rlx_64(counter) + 1);
}

/* db.c: whether db may be used: BAD_ARGUMENT, FORKED, CLOSED. */
enum weir_code weir__db_check(const struct weir_db *db, const char *where, struct weir_error *err);

/* db.c: one line for the operator: the pool's name, a message, and at most 6 fields. */
void weir__db_say(struct weir_db *db, enum weir_log_event event, const struct weir__field *fields,
                  size_t count, const char *format, ...) WEIR_PRINTF(5, 6);

/* db_open.c: open a connection in a role; *conn is NULL on failure. */
enum weir_code weir__db_conn_open(struct weir_db *db, enum weir_role role,
                                  struct weir_time deadline, struct weir__db_conn **conn,
                                  struct weir_error *err);
void weir__db_conn_close(struct weir__db_conn *conn);
enum weir_code weir__db_open_readers(struct weir_db *db, struct weir_error *err);

/* db_open.c: the holder of conn is done; slot is its place; weir__pool_places
 * is the writer's. */
void weir__db_count(struct weir_db *db, struct weir__db_conn *conn, uint32_t slot);

/* db_histograms.c: false without memory; then free what there is. */
bool weir__db_histograms_make(struct weir_db *db);
void weir__db_histograms_free(struct weir_db *db);
/* db_migration.c: the schema has changed since conn was used last; epoch is the present
 * one. Holder, outside a transaction. */
void weir__db_meet_schema(const struct weir_db *db, struct weir__db_conn *conn, uint32_t epoch);

/* Before the holder of conn uses it. */
static inline void weir__db_look_for_schema(const struct weir_db *db, struct weir__db_conn *conn)
{
	const uint32_t epoch = wp_load_acq_32(&db->schema_epoch); /* N2 */

	if (epoch != conn->statements.epoch)
		weir__db_meet_schema(db, conn, epoch);
}

/* For weir_open_request.synced; arg: the db. */
void weir__db_note_sync(void *arg, int64_t took_ns);

/* writer.c, (gate): have a writer, opening it if need be. Errors: WRITER_DOWN. */
enum weir_code weir__writer_ready(struct weir_db *db, struct weir_error *err);

/* writer.c, (gate): begin a transaction, on another writer if this one is found
 * broken. Errors, with none open: DRIVER_BUSY, GATE_TIMEOUT, WRITER_DOWN. */
enum weir_code weir__writer_begin(struct weir_db *db, enum weir_durability durability,
                                  struct weir_time deadline, struct weir_error *err);

/* writer.c, (gate): it is of no more use: close it, and note why. */
void weir__writer_give_up(struct weir_db *db, const struct weir_error *why);

/* writer.c, (gate): after whoever had it: clean it, or give it up, if it was
 * found broken or cannot be cleaned. */
void weir__writer_settle(struct weir_db *db, bool committed, const struct weir_error *broken);

/* group.c, (gate): carry out what is queued, finish it and leave. */
void weir__group_lead(struct weir_db *db);

/* db_write.c */
void weir__job_init(struct weir__job *job, struct weir_db *db, weir_job run, void *arg,
                    const struct weir_write_options *options, const char *site);
enum weir_code weir__job_check(const struct weir_db *db, weir_job run,
                               const struct weir_write_options *options, const char *where,
                               struct weir_error *err);
void weir__job_end(struct weir__job *job, enum weir_outcome outcome, const struct weir_error *why);
/* The gate ended it with code, which its error says too. */
void weir__job_refused(struct weir__job *job, enum weir_code code);
enum weir_code weir__job_report(const struct weir__job *job, struct weir_write_result *result,
                                struct weir_error *err);
/* Wait until entry is DONE or until, leading when asked to; true if it is DONE. */
bool weir__job_await(struct weir_db *db, struct weir_gate_entry *entry, struct weir_time until);
enum weir_code weir__writer_enter(struct weir_db *db, enum weir_gate_kind kind,
                                  const struct weir__job *job, struct weir_gate_entry **entry,
                                  struct weir_error *err);
void weir__writer_leave(struct weir_db *db, struct weir_gate_entry *entry);
void weir__committed(struct weir_db *db);

/* db_suspend.c: whether a write, or a read of a private db, may enter the gate; as when_down
 * says it waits for that, until its timeout. Errors: SUSPENDED, CLOSED. */
enum weir_code weir__db_admit(struct weir_db *db, const struct weir_write_options *options,
                              enum weir_when_down when_down, const char *where,
                              struct weir_error *err);
/* For close, which has set closing: whoever waits for resume looks again. */
void weir__db_unsuspend(struct weir_db *db);

/* db_write.c: what weir_tx_end does of a write lease. */
void weir__write_roll_back(struct weir_tx *tx);

/* upkeep.c, (gate): whether a checkpoint is due before the next write. */
bool weir__upkeep_is_due(struct weir_db *db);

/* upkeep.c, (gate): after a write: checkpoint if it is due, renew the pin. */
void weir__upkeep_after_write(struct weir_db *db);

/* upkeep.c, (gate): copy the log. */
enum weir_code weir__upkeep_checkpoint(struct weir_db *db, struct weir_time deadline,
                                       struct weir_checkpoint_result *result,
                                       struct weir_error *err);
void weir__upkeep_pin(struct weir_db *db);

/* upkeep.c: the gate is about to be held for upkeep alone, and it is over; destroy
 * waits for that. False: not any more, the db is closing. */
bool weir__upkeep_enter(struct weir_db *db);
void weir__upkeep_leave(struct weir_db *db);
void weir__upkeep_await(struct weir_db *db);
void weir__upkeep_unpin(struct weir_db *db);

/* ticket.c: free what was discarded and is over. */
void weir__tickets_sweep(struct weir_db *db);

/* keeper.c */
void weir__keeper_init(struct weir_db *db);
/* Before anybody uses db: calls go to ticker, whose tick calls weir_db_tick. */
void weir__db_attend_by(struct weir_db *db, struct weir__ticker *ticker);
enum weir_code weir__keeper_start(struct weir_db *db, struct weir_error *err);
void weir__keeper_stop(struct weir_db *db);
void weir__keeper_call(struct weir_db *db);
/* Wake the keeper if it sleeps for good, since something goes on again. */
void weir__keeper_stir(struct weir_db *db);

#endif
