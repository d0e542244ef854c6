/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A scenario with phases in another project's pool, which runs in a process of its
 * own and is told less than a scenario can say.
 */
#ifndef BENCH_CHILD_PHASES_H
#define BENCH_CHILD_PHASES_H

#include "field.h"
#include "peer_child.h"

/* Why a child cannot be told to run it; NULL: it can. */
const char *bench_child_phases_refuse(const struct bench_scenario *scenario);

/* One repetition of a scenario that was not refused, stretched to the selection's
 * seconds. */
enum bench_outcome bench_child_phases_run(struct bench_peer_child *child,
                                          const struct bench_rep_spec *spec,
                                          int64_t open_timeout_ns, struct bench_rep *rep,
                                          struct weir_error *err);

#endif
