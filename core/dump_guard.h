/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a dump reads is not freed beneath it.
 *
 * A dump runs in a signal handler of any thread, so it can take no lock and be in no
 * read section. It counts itself in, looks, and counts itself out, and whoever frees
 * what dumps can reach (a table of a service's, a db, the text of a statement) first
 * unlinks it and then waits until nobody is counted. A dump never writes while it is
 * counted, so that a full pipe keeps nobody waiting: it looks at one thing, formats a
 * line, counts itself out, and writes.
 *
 *   label operation                       order  pairs with  breaks if weaker
 *   J1    dump: add to the count, then    full   J2          a dump reads memory that was
 *         follow links                                       freed: it found the link before
 *                                                            it was counted, or the freeing
 *                                                            thread the count before the link
 *                                                            was gone
 *   J2    free: unlink, full fence, then  full   J1          as J1
 *         load the count
 *   J3    dump: subtract                  full   J2          its last loads come after the free
 * Progress: a dump never waits. Who frees waits for a dump that is counted, some
 * hundred instructions of another thread; in a handler on its own thread a dump has
 * ended by the time the thread goes on.
 */
#ifndef WEIR_CORE_DUMP_GUARD_H
#define WEIR_CORE_DUMP_GUARD_H

#include "platform_os.h"

/* Dumps that are looking at something, in the whole process. */
extern wp_u32 weir__dumps_looking;

static inline void weir__dump_look(void)
{
	(void)wp_add_full_32(&weir__dumps_looking, 1); /* J1 */
}

static inline void weir__dump_look_away(void)
{
	(void)wp_add_full_32(&weir__dumps_looking, UINT32_MAX); /* J3 */
}

/* After unlinking, before freeing. */
static inline void weir__dump_await(void)
{
	wp_fence_full();
	while (wp_load_acq_32(&weir__dumps_looking) != 0) /* J2; ends: see progress */
		wp_yield();
}

#endif
