/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls of the system, and of the allocator, that fail when a test says so. The
 * linker puts these in the place of the real ones, in the tests that link with
 * unit_faults (--wrap), so core runs unchanged.
 *
 * Calls are counted over all threads of the process: a test arms only while no other
 * thread makes the call, or while it wants that one to fail as well.
 */
#ifndef WEIR_UNIT_FAULT_H
#define WEIR_UNIT_FAULT_H

#include <stdint.h>

enum unit_fault {
	UNIT_FAULT_ALLOC,   /* wp_alloc: NULL */
	UNIT_FAULT_WIPED,   /* wp_alloc_wiped: NULL */
	UNIT_FAULT_STRDUP,  /* strdup: NULL */
	UNIT_FAULT_THREAD,  /* pthread_create returns the error */
	UNIT_FAULT_BARRIER, /* membarrier, by syscall */
	UNIT_FAULT_CPU,     /* sched_getcpu */
	UNIT_FAULT_MMAP,
	UNIT_FAULT_MADVISE,
	UNIT_FAULT_OPEN,
	UNIT_FAULT_FSTAT,
	UNIT_FAULT_PWRITE, /* of error 0: one byte short */
	UNIT_FAULT_FCNTL,
	UNIT_FAULT_FCHOWN,
	UNIT_FAULT_NOW, /* wp_now, which cannot fail: for interrupts */
	UNIT_FAULTS
};

/* From the nth call on (1: the next), so many calls fail, with that errno. */
void unit_fault_arm(enum unit_fault fault, uint32_t nth, uint32_t calls, int error);

/* Before the nth call from now, in its thread, this is done; then the call is made as
 * ever. For what another thread or process may do at that moment. */
void unit_fault_interrupt(enum unit_fault fault, uint32_t nth, void (*then)(void *argument),
                          void *argument);

/* How often the armed fault has struck by now: to wait for. */
uint32_t unit_fault_struck(void);

/* Nothing fails any more; how often the armed fault struck. */
uint32_t unit_fault_disarm(void);

#endif
