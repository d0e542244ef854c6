/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The explorer, as its cases see it.
 *
 * A case is a small program of two to four threads over the real sources of core,
 * compiled against core/platform/explore. The explorer runs it again and again,
 * each time along another interleaving: every shared access is a point at which
 * another thread may go on, and stores wait in a buffer for each thread, as on the
 * machines that weir runs on (total store order). What else can happen is an
 * action, too: a deadline passes, a sleeper wakes for nothing, an allocation or an
 * open fails, a process dies.
 *
 * A case is set up once, on the explorer's own stack; what it allocated is then
 * put back as it was before each run. So everything that a run changes must be
 * memory of wp_alloc: cases have no other variables.
 */
#ifndef EXPLORE_H
#define EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform_os.h"

#define XP_THREADS_MAX 6

struct xp_case {
	char name[120];
	uint32_t threads;
	uint32_t processes;         /* threads are processes that may be killed; 0: they are not */
	uint32_t fewer;             /* preemptions less than others are given: it has helper threads */
	bool refuted;               /* a wrong program: the explorer must find it out */
	uint32_t least_preemptions; /* when it is enumerated, whatever others are given */
	uint32_t least_events;
	const void *argument;
	void (*setup)(const struct xp_case *self);
	/* One thread's part; number is 0 … threads-1. */
	void (*thread)(const struct xp_case *self, uint32_t number);
	/* Asserted at each point (those that are left out, too) if a word has changed in
	 * memory since the last one; or NULL. Not between stores that arrive together. */
	void (*invariant)(const struct xp_case *self);
	/* Asserted when every thread has ended and every store has arrived. */
	void (*finish)(const struct xp_case *self);
};

/* The memory of the case: what setup returns to itself. Survives into each run. */
void xp_keep(void *state);
void *xp_kept(void);

/* The number of the thread that runs; in setup, of the thread it acts for. */
uint32_t xp_self(void);
void xp_act_as(uint32_t number);

/* One of count outcomes; 0 is what happens unless something goes wrong. At most so
 * many go wrong in a run as --events says. */
uint32_t xp_event(uint32_t count);

/* How many things have gone wrong in this run. */
uint32_t xp_events_used(void);

/* Whether this is the build that sees plain memory. */
bool xp_races_looked_for(void);

/* How often time had to go on because nobody could. */
uint32_t xp_forced(void);

/* Begin a further thread, as pthread_create would; false if there is no room. */
bool xp_spawn(void (*entry)(void *argument), void *argument);

/* Sleep until xp_wake of the same address, or the deadline: what pthread_cond_t is
 * made of. True if the deadline has passed. */
bool xp_sleep(const void *address, int64_t deadline_ns);
void xp_wake(const void *address, uint32_t count);

/* Be visible to the scheduler: another thread may go on here. */
void xp_step(const char *what);

/* Whether the thread has been killed. */
bool xp_killed(uint32_t number);

/* The value of a word in memory, for invariants: no step, and no store buffer. */
uint64_t xp_peek(const void *word, uint32_t size);

/* Whether memory of wp_alloc was freed in this run. */
bool xp_freed(const void *address);

/* That word is a lock: 0 is free. At most four. Says only where to look for what a lock
 * guards: it need not be right. */
void xp_lock_word(const void *word);

/* Call a range of memory by a name in traces. */
void xp_name(const void *address, size_t size, const char *name, uint32_t index);

/* End the run: a promise is broken. */
void xp_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A function that reads and writes what only the case knows: in the build that looks
 * for races it is not looked at, since ghosts race by nature. */
#define XP_GHOST __attribute__((no_sanitize_thread))

#define XP_ASSERT(condition)                                                                       \
	((condition) ? (void)0 : xp_fail("%s (%s:%d)", #condition, __FILE__, __LINE__))

#endif
