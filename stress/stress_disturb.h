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

/* stress_fork.c: fork, and assert in the child what a child may and may not do. */
void stress_disturb_fork(struct stress_world *world);

/* stress_close.c: one life of a pool that ends under load. */
void stress_round_close(struct stress_world *world);

/* stress_duel.c: one release against one waiter, again and again. */
void stress_round_duel(struct stress_world *world);

/* stress_gate.c: one life of a gate. */
void stress_round_gate(struct stress_world *world);

#endif
