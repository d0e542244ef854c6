/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/gate.h: a fair queue in front of one resource that one may use at a time.
 *
 * It knows no database: weir_db puts it in front of the one writer that SQLite
 * allows, and a program may put one in front of anything else. Callers queue,
 * and come through in the order of arrival, each by its deadline or not at all.
 * Nobody passes anybody: a gate that is let go goes to the next in the queue.
 *
 * Entering is split-phase: queue an entry, wait for it (or poll), collect what
 * came of it; or abandon it. Three kinds of entry stand in one order:
 *
 *   exclusive    its thread holds the gate, from its turn until it leaves
 *   job          a piece of work that whoever leads carries out, beside others
 *   maintenance  exclusive, always in the bulk lane
 *
 * Jobs make groups. When the next in the queue is a job, one of the threads that
 * wait for a job leads: weir_gate_wait returns WEIR_GATE_LEAD, and that thread
 * takes jobs from the front (its own is among them, or comes later), carries
 * them out, finishes them, and leaves; then it waits on for its own. An entry
 * nobody waits for is led by whoever attends (weir_gate_attend), which the
 * unattended callback asks for.
 *
 * Two lanes: normal, and bulk for what may wait. Bulk goes when nothing normal
 * is queued, or once its oldest entry is older than ageing_ns, but never twice
 * in a row while something normal is queued.
 *
 * Who holds the gate must leave it, and who has promised to wait must come: a thread
 * that ends before keeps everybody out, and the figures and close name it. No call is
 * a cancellation point.
 *
 * Thread-safety: any thread, concurrently, but for create and destroy; an entry
 * belongs to one thread at a time. Progress: every call holds a short lock; wait
 * blocks to its entry's deadline.
 */
#ifndef WEIR_GATE_H
#define WEIR_GATE_H

#include <weir/base.h>
#include <weir/error.h>

struct weir_gate;
struct weir_gate_entry;

enum weir_gate_kind {
	WEIR_GATE_EXCLUSIVE = 0,
	WEIR_GATE_JOB = 1,
	WEIR_GATE_MAINTENANCE = 2,
};

enum weir_lane { WEIR_LANE_NORMAL = 0, WEIR_LANE_BULK = 1, WEIR_LANES };

/* Where an entry is. */
enum weir_gate_state {
	WEIR_GATE_QUEUED = 0, /* waits for its turn */
	WEIR_GATE_LEAD = 1,   /* the calling thread holds the gate: take jobs, then leave */
	WEIR_GATE_HELD = 2,   /* exclusive: the calling thread holds the gate, then leaves */
	WEIR_GATE_TAKEN = 3,  /* a job that somebody is carrying out */
	WEIR_GATE_DONE = 4,   /* over: collect it */
};

struct weir_gate_config {
	uint32_t size;       /* sizeof(struct weir_gate_config) */
	uint32_t length_max; /* entries that may be queued at once; 0: 10,000 */
	int64_t ageing_ns;   /* see above; 0: 100 ms */
	bool accept_late;    /* queue also what is not expected to start in time */
	/* The next in the queue is a job that no thread waits for, and the gate is
	 * free. Called without any lock, on the thread that queued or left. May be
	 * NULL: then such jobs wait until a thread waits for one, or attends. */
	void (*unattended)(void *arg);
	void *arg;
};

struct weir_gate_request {
	enum weir_gate_kind kind;
	enum weir_lane lane;       /* ignored for MAINTENANCE */
	struct weir_time deadline; /* until which it must have begun */
	const char *site;          /* "file:line" of the caller, static storage, or NULL */
	bool waits;                /* the caller will call weir_gate_wait at once */
	void *payload;             /* for whoever takes the job; the caller's */
};

/* Figures since creation (counters) and of now (gauges). */
struct weir_gate_stats {
	uint32_t size;               /* set by the caller */
	uint32_t length[WEIR_LANES]; /* gauge: entries queued */
	uint64_t entered;            /* entries that were queued */
	uint64_t groups;             /* times a leader left */
	uint64_t jobs;               /* jobs taken */
	uint64_t exclusives;         /* exclusive and maintenance entries that were held */
	uint64_t rejected;           /* refused: full, or not expected to start in time */
	uint64_t timeouts;           /* deadlines that passed in the queue */
	uint64_t cancelled;          /* abandoned in the queue */
	int64_t entry_ns;            /* gauge: what one entry takes, a moving average */
	int64_t held_ns;             /* gauge: how long the gate is held by now; 0: it is free */
	uint32_t holder_thread;      /* gauge: kernel id of the holding thread; 0: it is free */
	const char *holder_site;     /* gauge: the site of the holder's entry, or NULL */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Make a gate; config NULL: the defaults. Errors: BAD_ARGUMENT, NO_MEMORY. */
WEIR_API WEIR_MUST_USE enum weir_code weir_gate_create(struct weir_gate **gate,
                                                       const struct weir_gate_config *config,
                                                       struct weir_error *err);

/*
 * Refuse new entries, end those that are queued with CLOSED, and wait until
 * deadline for the holder to leave. Calling it again waits again. Errors:
 * CLOSE_TIMEOUT, naming the holder; REENTRANT (the caller holds the gate); FORKED.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_gate_close(struct weir_gate *gate,
                                                      struct weir_time deadline,
                                                      struct weir_error *err);

/* Free a gate that nobody uses and no entry is left of; NULL is accepted. In a
 * forked child it does nothing. */
WEIR_API void weir_gate_destroy(struct weir_gate *gate);

/*
 * Queue an entry. *entry is the caller's until collected or abandoned, and NULL
 * on failure. Never blocks.
 *
 * Errors, none of which leaves anything queued: REJECTED (length_max reached; or
 * what is queued before it is expected to take longer than to its deadline: its
 * number times the average that one entry took), GATE_TIMEOUT (the deadline has
 * passed already), REENTRANT (the calling thread holds the gate and would wait
 * for itself), CLOSED, FORKED, BAD_ARGUMENT, NO_MEMORY.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_gate_queue(struct weir_gate *gate,
                                                      const struct weir_gate_request *request,
                                                      struct weir_gate_entry **entry,
                                                      struct weir_error *err);

/*
 * Wait until something is to be done about entry, or until. Returns
 *   LEAD    lead: weir_gate_take … weir_gate_leave, then call this again
 *   HELD    the gate is held: weir_gate_leave ends it, then collect
 *   DONE    collect: it was finished, or its deadline passed, or the gate closed
 *   QUEUED, TAKEN   until has passed
 * A job's own deadline ends the wait for its turn, not for what has begun: while
 * it is TAKEN only until counts. until may lie in the past, to poll; a thread
 * that only polls may find itself leading, too. REENTRANT callers get QUEUED.
 */
WEIR_API WEIR_MUST_USE enum weir_gate_state weir_gate_wait(struct weir_gate_entry *entry,
                                                           struct weir_time until);

/* Where entry is, without touching it: QUEUED, TAKEN, HELD or DONE. Wait-free. */
WEIR_API WEIR_MUST_USE enum weir_gate_state weir_gate_poll(const struct weir_gate_entry *entry);

/* Give back an entry that is DONE. Returns OK, or why it never ran: GATE_TIMEOUT,
 * CLOSED. With any other state: BAD_ARGUMENT, and nothing is given back. */
WEIR_API WEIR_MUST_USE enum weir_code weir_gate_collect(struct weir_gate_entry *entry,
                                                        struct weir_error *err);

/* Take an entry that is QUEUED out of the queue and give it back, or one that is
 * DONE back; false if it is TAKEN or HELD, and then nothing has changed. */
WEIR_API WEIR_MUST_USE bool weir_gate_abandon(struct weir_gate_entry *entry);

/*
 * Become the leader for jobs that nobody waits for: true if the gate was free
 * and such a job was next. Then as after LEAD. Never blocks.
 */
WEIR_API WEIR_MUST_USE bool weir_gate_attend(struct weir_gate *gate, const char *site);

/*
 * The leader: take up to max jobs from the front of the lane whose turn it is,
 * as far as the next is a job, in their order. Those whose deadline has passed
 * are ended on the way. May be called again to take what has come since; returns
 * how many were taken.
 */
WEIR_API WEIR_MUST_USE uint32_t weir_gate_take(struct weir_gate *gate,
                                               struct weir_gate_entry **entries, uint32_t max);

/* The payload and the deadline of an entry, as requested. */
WEIR_API void *weir_gate_payload(const struct weir_gate_entry *entry);
WEIR_API struct weir_time weir_gate_deadline(const struct weir_gate_entry *entry);

/*
 * The leader: these jobs are over, whatever their payload says of them; code is
 * OK, or GATE_TIMEOUT or CANCELLED for one that was taken and then not begun.
 * Each may be collected, and its payload be gone, before this returns. Wakes
 * whoever waits for them.
 */
WEIR_API void weir_gate_finish(struct weir_gate *gate, struct weir_gate_entry *const *entries,
                               uint32_t count, enum weir_code code);

/*
 * The leader or exclusive holder leaves; the next in the queue is let through.
 * An exclusive entry is DONE afterwards. entries, count: jobs to finish with OK
 * as it leaves, woken after the next holder, so that it can begin; may be NULL, 0.
 */
WEIR_API void weir_gate_leave(struct weir_gate *gate, struct weir_gate_entry *const *entries,
                              uint32_t count);

/* Whether the calling thread holds the gate. Wait-free. */
WEIR_API bool weir_gate_is_mine(const struct weir_gate *gate);

/* Entries that are queued, in both lanes. A hint; wait-free. */
WEIR_API uint32_t weir_gate_length(const struct weir_gate *gate);

/* Fill stats (set its size first). Errors: BAD_ARGUMENT, FORKED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_gate_read_stats(struct weir_gate *gate,
                                                           struct weir_gate_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
