/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What goes wrong while the callers run.
 */
#ifndef STRESS_DISTURB_H
#define STRESS_DISTURB_H

struct stress_world;

void stress_disturb_opens(struct stress_world *world);
void stress_disturb_hangs(struct stress_world *world);
void stress_disturb_health(struct stress_world *world);
void stress_disturb_maintain(struct stress_world *world);
void stress_disturb_everything(struct stress_world *world);
void stress_disturb_settings(struct stress_world *world);

/* stress_fork.c: fork, and assert in the child what a child may and may not do. */
void stress_disturb_fork(struct stress_world *world);

/* stress_threads.c: callers are cancelled, and replaced; they get signals; other
 * threads end with a lease. */
void stress_disturb_cancel(struct stress_world *world);
void stress_disturb_signals(struct stress_world *world);
void stress_disturb_orphans(struct stress_world *world);

/* stress_stopped.c: a process that is stopped and goes on, so that its deadlines pass
 * at once. */
void stress_round_stopped(struct stress_world *world);

/* stress_db.c: one life of a database, and the same with jobs that end their thread. */
void stress_round_db(struct stress_world *world);
void stress_round_leader(struct stress_world *world);

/* stress_close.c: one life of a pool that ends under load. */
void stress_round_close(struct stress_world *world);

/* stress_duel.c: one release against one waiter, again and again. */
void stress_round_duel(struct stress_world *world);

/* stress_gate.c: one life of a gate. */
void stress_round_gate(struct stress_world *world);

/* The same, and its callers are cancelled. */
void stress_round_gate_cancel(struct stress_world *world);

#endif
