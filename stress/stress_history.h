/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histories: what each thread asked of a pool or a gate, when, and what it got.
 *
 * A thread writes into a ring of its own and touches nothing that is shared, so
 * that recording orders no two threads. When the scenario is over, the rings are
 * gathered into one history, which is checked, written to a file, and read back.
 *
 * Parts: stress_history.c (recording, gathering), _pool (slots as resources with
 * one owner), _search (the same by a search for a legal order, as a second
 * opinion), _gate (outcomes of a gate as a serial order), _file (text).
 *
 * Times. Each operation has the moment before its first step (invoked) and one
 * after its last (returned), on CLOCK_MONOTONIC, which Linux keeps in order over
 * all processors: were their counters not synchronous, it would not read them.
 * Reading it waits for the loads before it, not for stores, and what follows may
 * start early: so a full fence comes after the one reading and before the other.
 * Then everything an operation did is visible to all at some moment between its
 * two times; the error of an order is 0, that of a length some 50 ns. The fences
 * lie outside the operation and leave the races inside it as they are.
 *
 * A ring keeps the newest operations. complete_from_ns says from when on nothing
 * is missing: each operation that returned later is there.
 */
#ifndef STRESS_HISTORY_H
#define STRESS_HISTORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/weir.h>

enum stress_op {
	/* Of a pool. place: slot; what: generation; detail: connection. */
	STRESS_OP_ACQUIRE = 0,
	STRESS_OP_TRY = 1,
	STRESS_OP_RELEASE = 2,
	STRESS_OP_DISCARD = 3,
	STRESS_OP_OTHER = 4, /* whatever else may have had a slot for a moment */
	/* Of a gate. what: number of the job. */
	STRESS_OP_QUEUE = 5,    /* place: lane */
	STRESS_OP_HOLD = 6,     /* what: the hold, 0; the gate was held from invoked to returned */
	STRESS_OP_TAKE = 7,     /* by whoever leads */
	STRESS_OP_EFFECT = 8,   /* detail: its place in the log of the guarded resource */
	STRESS_OP_END = 9,      /* collected: the outcome says what was reported */
	STRESS_OP_ABANDON = 10, /* given up; it may have been over by then */
	STRESS_OPS = 11,
};

/* Generations wrap, and begin anywhere: which of two is later, if fewer than 2^31 lie
 * between them. */
static inline bool stress_is_later(uint32_t generation, uint32_t than)
{
	return (int32_t)(generation - than) > 0;
}

#define STRESS_PENDING INT64_MAX /* as returned_ns: it had not returned */

struct stress_event {
	int64_t invoked_ns;
	int64_t returned_ns;
	uint32_t thread;
	uint16_t op;      /* enum stress_op */
	uint16_t outcome; /* enum weir_code */
	uint32_t place;
	uint32_t reserved;
	uint64_t what;
	uint64_t detail;
};

/* A thread's ring. Its own from begin to gather; room is a power of two. */
struct stress_recorder {
	struct stress_event *events;
	uint64_t count; /* that were begun */
	uint32_t room;
	uint32_t thread;
	bool mute; /* nothing is recorded */
};

#define STRESS_NAME_MAX 32
#define STRESS_SETTINGS_MAX 256
#define STRESS_FOUND_MAX 8
#define STRESS_FOUND_TEXT 400

/* Where a history comes from, which is what it takes to have it again. */
struct stress_origin {
	char scenario[STRESS_NAME_MAX];
	char settings[STRESS_SETTINGS_MAX]; /* of the pool */
	uint64_t seed;
	uint64_t round; /* the last one is recorded */
	double seconds;
	uint32_t threads;     /* as asked for; 0: as the scenario says */
	uint32_t found_count; /* promises that were found broken as it ran */
	char found[STRESS_FOUND_MAX][STRESS_FOUND_TEXT];
};

struct stress_history {
	struct stress_origin origin;
	int64_t complete_from_ns;
	uint32_t count;
	struct stress_event *events; /* by invoked_ns */
};

/* What a check came to. */
struct stress_verdict {
	uint64_t operations;      /* that were looked at */
	uint64_t windows;         /* that were searched */
	uint64_t windows_large;   /* that were too large for a search */
	uint64_t exhausted;       /* tries that found nothing */
	uint64_t exhausted_alone; /* of these, with no operation beside them */
	uint32_t faults;
	char fault[STRESS_FOUND_MAX][STRESS_FOUND_TEXT];
};

/* ---- stress_history.c ---- */

static inline struct stress_event *stress_record_begin(struct stress_recorder *recorder,
                                                       enum stress_op op)
{
	struct stress_event *event;

	if (recorder->mute)
		return NULL;
	event = &recorder->events[recorder->count++ & (recorder->room - 1)];
	*event = (struct stress_event){
		.returned_ns = STRESS_PENDING,
		.thread = recorder->thread,
		.op = (uint16_t)op,
		.invoked_ns = weir_now().ns,
	};
	atomic_thread_fence(memory_order_seq_cst);
	return event;
}

static inline void stress_record_end(struct stress_event *event, enum weir_code outcome)
{
	if (event == NULL)
		return;
	atomic_thread_fence(memory_order_seq_cst);
	event->outcome = (uint16_t)outcome;
	event->returned_ns = weir_now().ns;
}

/* The same with what a lease says. */
void stress_record_lease(struct stress_event *event, const struct weir_lease *lease,
                         enum weir_code outcome);

/* Make rings of so many events for all threads; without memory nothing is
 * recorded. forget begins a new history, or none if it is to be mute. */
void stress_recorders_init(struct stress_recorder *recorders, uint32_t count, uint32_t room);
void stress_recorders_forget(struct stress_recorder *recorders, uint32_t count, bool mute);
void stress_recorders_free(struct stress_recorder *recorders, uint32_t count);

/* Bring the rings together, once their threads have ended; false without memory.
 * history->origin is left alone. */
bool stress_history_gather(struct stress_history *history, const struct stress_recorder *recorders,
                           uint32_t count);
void stress_history_free(struct stress_history *history);

/* Sort by invoked_ns, which all that follows relies on. */
void stress_history_sort(struct stress_history *history);

const char *stress_op_name(enum stress_op op);

/* The op of that name; STRESS_OPS if there is none. */
enum stress_op stress_op_find(const char *name);

/* An operation as text, for messages. */
void stress_event_describe(const struct stress_event *event, char *text, size_t text_size);

/* Note a lie; those past STRESS_FOUND_MAX are only counted. */
void stress_verdict_add(struct stress_verdict *verdict, const char *format, ...) WEIR_PRINTF(2, 3);

/* The same, naming the operations; b may be NULL. */
void stress_verdict_accuse(struct stress_verdict *verdict, const char *lie,
                           const struct stress_event *a, const struct stress_event *b);

/* ---- the checks ---- */

/* All checks that apply. */
void stress_history_check(const struct stress_history *history, struct stress_verdict *verdict);

/* stress_history_pool.c */
void stress_history_check_pool(const struct stress_history *history,
                               struct stress_verdict *verdict);

/* stress_history_search.c: operations on one slot, by invoked_ns. */
struct stress_search_op {
	const struct stress_event *event;
	int64_t invoked_ns;
	int64_t returned_ns;
	uint32_t generation;
	bool ends; /* the lease; else it begins it */
};

/* Whether the operations of a slot can be put in an order that respects their times
 * and lets one lease begin only where the one before has ended, with a higher
 * generation. Each lease begins; the last of them need not end. */
void stress_history_search(const struct stress_search_op *ops, uint32_t count, uint32_t slot,
                           struct stress_verdict *verdict);

/* stress_history_gate.c */
void stress_history_check_gate(const struct stress_history *history,
                               struct stress_verdict *verdict);

/* ---- stress_history_file.c ---- */

/* Write to path; false with errno set. */
bool stress_history_write(const struct stress_history *history, const char *path);

/* Read from path; false with the reason in why. Free the history in either case. */
bool stress_history_read(struct stress_history *history, const char *path, char *why,
                         size_t why_size);

#endif
