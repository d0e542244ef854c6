/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The machine that cases run on: what core/platform/relacy promises, and what a case
 * may ask of it. Everything is forgotten between two executions, and nothing depends
 * on addresses or on real time, so that an execution can be repeated.
 */
#ifndef WEIR_RELACY_MACHINE_H
#define WEIR_RELACY_MACHINE_H

#include "platform_os.h"

#define MACHINE_THREADS 3

/* ---- for cases ---- */

/* The calling thread reads, or writes, plain data at that address: a data race with
 * an access of another thread that is not ordered with it ends the execution. */
void machine_read(const void *plain, const wp_place &place = wp_place::here());
void machine_write(const void *plain, const wp_place &place = wp_place::here());

/* End the execution as failed. */
[[noreturn]] void machine_fail(const char *what, const wp_place &place = wp_place::here());

#define MACHINE_CHECK(condition) ((condition) ? (void)0 : machine_fail(#condition))

/* 0 and up. */
int machine_thread(void);

/* The newest value of a word, for a check that is no part of what is checked; the
 * word must have been touched. */
uint64_t machine_peek(const void *word);

/* The scheduler may switch here. */
void machine_pause(const wp_place &place = wp_place::here());

/* In before only: each thread on its own processor. */
void machine_own_processors(void);

/* ---- for the engine ---- */

/* Begin an execution; unseen marks the first value of a word, in the data that Relacy
 * keeps of it, as read by nobody (the number of threads is part of that data's type). */
void machine_begin(int threads, void (*unseen)(void *data));
void machine_end(void);
void machine_thread_begins(void);
void machine_thread_ended(void);
void machine_threads_ended(void);

#endif
