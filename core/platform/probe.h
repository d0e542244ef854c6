/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Static probes: places that a tracer (bpftrace, perf, gdb, SystemTap) can watch in a
 * running program. Each is one nop and a note in the file that says where it is and in
 * which registers its arguments are; docs/guides/probes.md has the table for users.
 *
 * None is on a path that neither waits, nor opens, closes or commits anything. Their
 * arguments are values that are there anyway; where a time would have to be read for the
 * probe alone, weir__probe_now does, and only where probes are compiled in.
 *
 * Without WEIR_PROBES, which the build defines for libweir where <sys/sdt.h> is, they are
 * nothing: so for the checkers, which compile the same sources.
 */
#ifndef WEIR_PLATFORM_PROBE_H
#define WEIR_PLATFORM_PROBE_H

#include <stdint.h>

#include "platform_atomic.h"
#include "platform_os.h"

#ifdef WEIR_PROBES
#include <sys/sdt.h>

WP_INLINE int64_t weir__probe_now(void)
{
	return wp_now();
}
#else
#define DTRACE_PROBE3(provider, name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define DTRACE_PROBE4(provider, name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))

WP_INLINE int64_t weir__probe_now(void)
{
	return 0;
}
#endif

/* The macros of sys/sdt.h have it; Clang blames whoever uses them. */
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif

/* A caller leaves the queue after queued_ns; grant is an enum weir__grant. */
WP_INLINE void weir__probe_acquire_wait(const char *pool, int64_t queued_ns, int32_t grant)
{
	DTRACE_PROBE3(weir, acquire__wait, pool, queued_ns, grant);
}

/* Times that were read in two threads: the later one may have read first. */
WP_INLINE int64_t weir__probe_past(int64_t time_ns)
{
	return time_ns > 0 ? time_ns : 0;
}

/* A lease of slot is given to a waiter that has queued for age_ns. */
WP_INLINE void weir__probe_hand_off(const char *pool, uint32_t slot, int64_t age_ns)
{
	DTRACE_PROBE3(weir, hand__off, pool, slot, weir__probe_past(age_ns));
}

/* The driver was asked for a connection, and took open_ns; code is an enum weir_code. */
WP_INLINE void weir__probe_open(const char *pool, uint32_t slot, int64_t open_ns, int32_t code)
{
	DTRACE_PROBE4(weir, open, pool, slot, open_ns, code);
}

/* A connection is about to be closed; reason is an enum weir_close_reason. */
WP_INLINE void weir__probe_retire(const char *pool, uint32_t slot, int32_t reason)
{
	DTRACE_PROBE3(weir, retire, pool, slot, reason);
}

/* An entry of a gate begins to hold it, or is taken by who leads, after waited_ns; lane is
 * an enum weir_lane. */
WP_INLINE void weir__probe_gate_enter(const char *gate, int64_t waited_ns, int32_t lane)
{
	DTRACE_PROBE3(weir, gate__enter, gate, weir__probe_past(waited_ns), lane);
}

/* A transaction of that many jobs was committed, or was not; code is an enum weir_code. */
WP_INLINE void weir__probe_group_commit(const char *db, uint32_t jobs, int64_t commit_ns,
                                        int32_t code)
{
	DTRACE_PROBE4(weir, group__commit, db, jobs, commit_ns, code);
}

/* A checkpoint ended; stall_ns: how long writers stood still. Both are 0 if it failed. */
WP_INLINE void weir__probe_checkpoint(const char *db, uint64_t frames, int64_t stall_ns,
                                      int32_t code)
{
	DTRACE_PROBE4(weir, checkpoint, db, frames, stall_ns, code);
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

#endif
