/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The inside of the explorer: what its files know of each other.
 *
 *   explore_choice.c  which of several continuations: enumerate, draw, replay
 *   explore_schedule.c  points, who goes on, what goes wrong
 *   explore_thread.c  fibres, sleeping, waking, the life of a thread
 *   explore_memory.c  atomic words and store buffers
 *   explore_shared.c  which words several threads touch
 *   explore_os.c      platform_os.h over the three
 *   explore_pthread.c the pthread calls of core/opener.c
 *   explore_race.c    happens-before: races on plain memory
 *   explore_arena.c   memory that is put back before each run
 *   explore_run.c     one case, all its runs
 *
 * The choices of one run, in their order, are its interleaving: nothing else can
 * differ between two runs. A run with the choices of an earlier one is that run. Each
 * has a place, which counts the points that were left out (below) as well: what had
 * been learnt when a run failed need not be known to replay it.
 *
 * Total store order, and what is left out of it. A store goes into its thread's
 * buffer, first in, first out. It leaves it, in order, when the thread executes a
 * locked operation, a full fence or a futex wait (the kernel takes a lock there),
 * when somebody executes the heavy barrier, or at any other moment. That it does so
 * at other moments is tried only where it can be seen: just before another thread
 * reads a word that a waiting store is for, and just before another store to the word
 * arrives. All other moments lead to the same values. For the same reason no other
 * thread gets to go on before a store, but only before what the others can see or
 * what sees the others; emptying the buffer is such a thing. The heavy barrier, which
 * empties buffers, may leave behind what a thread stored since its last such point, as
 * if it had been interrupted before.
 *
 * Points are left out, too, where nobody can tell: before an access to a word that no
 * second thread touches, or that nobody writes. Freeing memory writes all of it.
 * Which words those are is learnt: the
 * enumeration begins with no word at all, and begins anew whenever a run shows that a
 * word is shared after all (explore_shared.c). So is what a lock guards: while a thread
 * holds the lock that every writer of a word holds, nobody can change it, unless
 * somebody frees the lock who does not hold it. What counts is the last enumeration,
 * which no run of it contradicts.
 *
 * Plain memory is not buffered. Where no two threads touch it without an order
 * between them that makes no difference, and explore_race.c asserts that.
 */
#ifndef EXPLORE_ENGINE_H
#define EXPLORE_ENGINE_H

#include <setjmp.h>
#include <stdio.h>

#include "explore.h"
#include "fiber.h"

#define XP_ARENA_BYTES (1024 * 1024)
#define XP_BUFFER_MAX 48
#define XP_CHOICES_MAX 4096
#define XP_STACK_BYTES (96 * 1024)
#define XP_PCT_CHANGES 2

/* A run that takes longer does not end. */
#define XP_STEPS_MAX 20000

enum xp_mode { XP_ENUMERATE = 0, XP_RANDOM = 1, XP_PCT = 2, XP_REPLAY = 3, XP_BYTES = 4 };

/* What a choice is about: random modes weigh them differently. */
enum xp_kind {
	XP_KIND_SWITCH = 0, /* whether to interrupt the thread that runs: costs a preemption */
	XP_KIND_NEXT = 1,   /* who goes on when it cannot */
	XP_KIND_FLUSH = 2,  /* which waiting stores arrive now */
	XP_KIND_EVENT = 3,  /* whether something goes wrong */
};

enum xp_status {
	XP_READY = 0,
	XP_BLOCKED = 1,
	XP_DONE = 2,
	XP_KILLED = 3,
};

struct xp_pending {
	void *word;
	uint64_t value;
	uint32_t size;
	enum xp_order order;
	uint32_t clock[XP_THREADS_MAX]; /* what a rel publishes (explore_race.c) */
};

struct xp_thread {
	struct xp_fiber fiber;
	enum xp_status status;
	uint32_t number;
	uint32_t first; /* of the waiting stores */
	uint32_t count;
	uint32_t recent; /* those of them that were stored since its last point, or more */
	struct xp_pending buffer[XP_BUFFER_MAX];
	const void *sleeps_on;
	uint32_t bits;
	int64_t deadline_ns;
	bool timed_out;
	uint32_t priority; /* XP_PCT */
	void (*entry)(void *argument);
	void *argument;
	uint32_t locks; /* a bit for each lock that it holds */
	uint64_t *words;
	void *stack;
};

struct xp_choice {
	uint32_t place;
	uint16_t chosen;
	uint16_t count;
};

struct xp_limits {
	enum xp_mode mode;
	uint32_t preemptions;
	uint32_t events;
	uint64_t runs_max; /* 0: no limit */
	int64_t until_ns;  /* on the machine's monotonic clock */
	uint64_t seed;
	bool trace;
	bool races;
	const char *schedule; /* XP_REPLAY */
	const uint8_t *bytes; /* XP_BYTES: a choice each, and 0 when they are used up */
	size_t bytes_count;
};

/* The one explorer: the operations of core have no argument to find it by. */
struct xp_engine {
	const struct xp_case *one;
	struct xp_limits limits;
	bool exploring;

	struct xp_thread threads[XP_THREADS_MAX];
	uint32_t threads_count; /* in this run */
	struct xp_thread *self;
	struct xp_fiber home;
	uint32_t ready;   /* a bit for each thread that could go on */
	uint32_t asleep;  /* a bit for each that is blocked */
	uint32_t pending; /* a bit for each with waiting stores */
	int64_t now_ns;
	uint64_t steps;
	bool changed;    /* some word, since the invariants were asserted */
	uint32_t forced; /* timers that fired because nobody could go on */

	/* explore_choice.c */
	struct xp_choice choices[XP_CHOICES_MAX];
	uint32_t depth; /* choices that are prescribed */
	uint32_t at;    /* choices made so far in this run; to replay: prescribed ones */
	uint32_t place; /* of the next choice */
	bool astray;    /* the schedule is that of another program */
	uint32_t preemptions_left;
	uint32_t events_left;
	size_t bytes_used;
	uint64_t random;
	uint64_t run_seed;
	uint64_t change_at[XP_PCT_CHANGES]; /* XP_PCT: the steps at which a priority falls */
	uint64_t length;                    /* of a typical run, in steps */

	bool failed;
	bool at_home; /* on the explorer's own stack */
	jmp_buf after_failure;
	char why[512];
	void *kept;
};

extern struct xp_engine xp;

static inline uint32_t xp_bit(const struct xp_thread *thread)
{
	return UINT32_C(1) << thread->number;
}

/* In a loop, since plain x86-64 counts by a call into the compiler's library. */
static inline uint32_t xp_count_of(uint32_t set)
{
	uint32_t count = 0;

	for (; set != 0; set &= set - 1)
		count++;
	return count;
}

/* The nth thread of a set. */
static inline struct xp_thread *xp_nth_of(uint32_t set, uint32_t nth)
{
	while (nth-- > 0)
		set &= set - 1;
	return &xp.threads[__builtin_ctz(set)];
}

/* ---- explore_choice.c ---- */

/* One of count, which is more than 1. */
uint32_t xp_choose(enum xp_kind kind, uint32_t count);
/* The same, of threads and events; wish is what the priorities say (XP_PCT). */
uint32_t xp_choose_thread(enum xp_kind kind, uint32_t count, uint32_t wish);
void xp_choices_begin(void);
/* Prescribe the next interleaving; false if there is none. */
bool xp_choices_next(void);
/* A schedule: the limits that choices are counted by (events, preemptions), then
 * place:choice for each choice that is not 0, joined with dots. */
void xp_choices_print(char *text, size_t size);
bool xp_choices_parse(const char *text);
uint64_t xp_draw(void);
/* What the priorities say, for xp_choose_thread: which of a set goes on; and whether the
 * thread that runs does (0), which of the others, or which event. */
uint32_t xp_wish_next(uint32_t set);
uint32_t xp_wish_switch(uint32_t others, uint32_t events);
/* At the steps that were drawn for it, that of the thread that runs does. */
void xp_priorities_fall(void);

/* ---- explore_schedule.c ---- */

/* Before an access to word; NULL: to what every thread sees. Whoever writes empties
 * its buffer: plain stores have no point. */
void xp_point(const char *what, const void *word, bool writes);
/* Before the whole block is freed. */
void xp_point_free(const void *block, size_t bytes);
/* The thread that runs cannot go on. */
void xp_give_up_processor(void);
void xp_choose_first(void);

/* ---- explore_thread.c ---- */

void xp_rouse(struct xp_thread *thread, bool timed_out);
void xp_switch_to(struct xp_thread *thread);
void xp_threads_begin(void);
/* Run threads until all have ended, or one has failed. */
void xp_run_threads(void);
void xp_wake_bits(const void *address, uint32_t bits); /* of sleepers whose bits meet these */
void xp_trace(const char *what, const void *word, uint64_t value);

/* ---- explore_shared.c ---- */

void xp_shared_reset(void); /* for a new case */
/* The thread that runs touches word; whether another one's access could come between. */
bool xp_shared_touch(const void *word, bool writes);
/* The thread that runs frees a block: it writes all words of it. */
bool xp_shared_free(const void *block, size_t bytes);
/* Whether another thread could tell that a store to word arrives. */
bool xp_shared_seen(const void *word);
/* The thread that runs has changed word from old to value. */
void xp_shared_lock(const void *word, uint64_t old, uint64_t value);
/* Whether any of that has become known since the last call. */
bool xp_shared_grown(void);

/* ---- explore_memory.c ---- */

void xp_drain(struct xp_thread *thread);
void xp_drain_all(void);
/* The heavy barrier: of each buffer, but for what its thread may not have stored yet. */
void xp_drain_others(void);
/* Let stores to word arrive, as chosen: of all threads but those of the set busy. */
void xp_expose(const void *word, uint32_t busy);

/* ---- explore_arena.c ---- */

void *xp_arena_alloc(size_t alignment, size_t bytes);
void xp_arena_free(void *memory);
size_t xp_arena_size(const void *memory); /* of a block */
void xp_arena_reset(void);                /* for a new case */
void xp_arena_remember(void);             /* what each run begins with */
void xp_arena_restore(void);
/* Whether anything was freed, and whether this was. */
bool xp_arena_freed(const void *address);
bool xp_arena_has(const void *address);
size_t xp_arena_offset(const void *address);
const char *xp_arena_name(const void *address, char *text, size_t size);

/* ---- explore_race.c ---- */

void xp_race_begin(void);
void xp_race_spawn(uint32_t parent, uint32_t child);
void xp_race_publish(struct xp_pending *pending);
void xp_race_arrive(const struct xp_pending *pending);
void xp_race_load(const void *word, enum xp_order order);
void xp_race_exchange(const void *word, enum xp_order order);
void xp_race_fence(void);
/* Freeing a block is a write to all of it. */
void xp_race_free(const void *block, size_t bytes);
void xp_race_edge_release(const void *word);
void xp_race_edge_acquire(const void *word);

#endif
