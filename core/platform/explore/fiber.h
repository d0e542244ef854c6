/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Fibres: threads of the explored program, all on one thread of the machine. A
 * switch saves what the calling convention says a call keeps, and nothing else.
 */
#ifndef WEIR_PLATFORM_FIBER_H
#define WEIR_PLATFORM_FIBER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)

struct xp_fiber {
	void *stack_pointer;
};

/* In assembly, where ucontext would make two system calls of it. */
__attribute__((naked, noinline, unused)) static void xp_fiber_switch(struct xp_fiber *from
                                                                     __attribute__((unused)),
                                                                     const struct xp_fiber *to
                                                                     __attribute__((unused)))
{
	__asm__("push %rbp\n\t"
	        "push %rbx\n\t"
	        "push %r12\n\t"
	        "push %r13\n\t"
	        "push %r14\n\t"
	        "push %r15\n\t"
	        "mov %rsp, (%rdi)\n\t"
	        "mov (%rsi), %rsp\n\t"
	        "pop %r15\n\t"
	        "pop %r14\n\t"
	        "pop %r13\n\t"
	        "pop %r12\n\t"
	        "pop %rbx\n\t"
	        "pop %rbp\n\t"
	        "ret");
}

/* Make fiber begin in entry, which must never return. */
static inline void xp_fiber_prepare(struct xp_fiber *fiber, void *stack, size_t size,
                                    void (*entry)(void))
{
	uintptr_t *top = (uintptr_t *)(((uintptr_t)stack + size) & ~(uintptr_t)15);

	/* From the top: no return address for entry, entry itself, six registers. */
	*--top = 0;
	*--top = (uintptr_t)entry;
	for (int i = 0; i < 6; i++)
		*--top = 0;
	fiber->stack_pointer = top;
}

#else
#include <ucontext.h>

struct xp_fiber {
	ucontext_t context;
};

static inline void xp_fiber_switch(struct xp_fiber *from, const struct xp_fiber *to)
{
	(void)swapcontext(&from->context, &to->context);
}

static inline void xp_fiber_prepare(struct xp_fiber *fiber, void *stack, size_t size,
                                    void (*entry)(void))
{
	(void)getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = stack;
	fiber->context.uc_stack.ss_size = size;
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, entry, 0);
}

#endif

#endif
