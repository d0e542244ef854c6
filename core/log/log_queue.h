/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What was said and is not yet written: a bounded ring of entries, many who put in and
 * one who takes out.
 *
 * An entry's turn says whose it is. Places are counted from 0 without end; place p is in
 * entry p modulo the capacity.
 *   turn = p      free for whoever puts in place p
 *   turn = p + 1  filled, for the one who takes place p out
 * Legal moves: p → p + 1 (who put it in), p + 1 → p + capacity (who took it out).
 *
 * Invariants
 *   I1  An entry has at most one thread that writes to it: the one whose CAS moved tail
 *       past its place, until it stores the turn.
 *   I2  Places are taken out in order: one that is being filled holds back those behind
 *       it, for as long as that thread is preempted.
 *   I3  Nothing is overwritten: a full ring refuses.
 *
 *   label operation                     order  pairs with  breaks if weaker
 *   E1    put: load turn                acq    E4          the entry is written while it is
 *                                                          still being read
 *   E2    put: CAS tail                 acqrel itself      nothing but I1 above
 *   E3    put: store turn               rel    E5          half an entry is written out
 *   E4    take: store turn              rel    E1          as E1
 *   E5    take: load turn               acq    E3          as E3
 * Source of the algorithm: D. Vyukov, bounded MPMC queue (2010), with one consumer.
 * Progress: put is lock-free and never waits; take is wait-free.
 */
#ifndef WEIR_CORE_LOG_QUEUE_H
#define WEIR_CORE_LOG_QUEUE_H

#include "log_internal.h"
#include "platform_os.h"

#define WEIR__LOG_FIELDS_MAX 12
#define WEIR__LOG_TEXT_MAX 640 /* bytes of all texts of a line, their ends counted */

/* A line before it is formatted. */
struct weir__log_line {
	enum weir_log_event event;
	uint32_t count;
	uint64_t suppressed; /* lines of this event since the last that was let through */
	int64_t wall_ns;     /* since 1970 */
	struct weir__field fields[WEIR__LOG_FIELDS_MAX]; /* their texts are in text */
	char text[WEIR__LOG_TEXT_MAX];
};

struct weir__log_entry {
	wp_u64 turn;
	struct weir__log_line line;
};

struct weir__log_queue {
	struct weir__log_entry *entries;
	uint64_t mask; /* capacity - 1 */
	wp_u64 tail;   /* the next place to put into */
	wp_u64 head;   /* the next place to take from; its one thread's */
};

/* Copy what a line consists of, secrets masked; what does not fit is cut. */
void weir__log_fill(struct weir__log_line *line, enum weir_log_event event,
                    const struct weir__field *fields, size_t count, uint64_t suppressed);

/* false: no memory. capacity is raised to a power of two. */
bool weir__log_queue_init(struct weir__log_queue *queue, uint32_t capacity);
void weir__log_queue_free(struct weir__log_queue *queue);

/* A place to fill, which put must follow; NULL: it is full. */
struct weir__log_line *weir__log_queue_claim(struct weir__log_queue *queue);
void weir__log_queue_put(struct weir__log_queue *queue, struct weir__log_line *line);

/* The next line, which done must follow; NULL: there is none, or it is being filled. One
 * thread at a time. */
struct weir__log_line *weir__log_queue_take(struct weir__log_queue *queue);
void weir__log_queue_done(struct weir__log_queue *queue);

#endif
