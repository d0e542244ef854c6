/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The history of a scenario while it runs: who records where, the check at the
 * end, and the file that is kept.
 */
#ifndef STRESS_JUDGE_H
#define STRESS_JUDGE_H

#include "stress_history.h"

struct stress_run;
struct stress_world;

/* Threads that record beside the callers. */
#define STRESS_RECORDERS_BESIDE 2

/* Make recorders for all threads of a world. */
void stress_judge_prepare(struct stress_world *world);

/* A new pool or gate: a new history. */
void stress_judge_begin(struct stress_world *world);

/* This pool or gate has none: recording takes time between two operations. */
void stress_judge_mute(struct stress_world *world);

/* Its threads have ended: check what they did. Lies are broken promises. */
void stress_judge(struct stress_world *world);

/* The scenario is over: write the last history if that was asked for or a promise
 * was broken, and give the memory back. */
void stress_judge_end(struct stress_world *world, const struct stress_run *run);

/* A call does not return: write what there is. Its threads still run, so that what
 * they record at this moment may be cut, and nothing is given back. */
void stress_judge_break_off(struct stress_world *world, const struct stress_run *run);

/* The recorders of the thread that runs the scenario and of the returner. */
struct stress_recorder *stress_judge_main(struct stress_world *world);
struct stress_recorder *stress_judge_returner(struct stress_world *world);

/* What a release or discard of that lease is recorded with. */
struct stress_event *stress_record_end_of(struct stress_recorder *recorder, enum stress_op op,
                                          const struct weir_lease *lease);

#endif
