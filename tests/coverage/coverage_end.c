/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Linked into every test of the coverage build: a process that ends by _exit or by
 * abort, as forked children and broken invariants do, leaves its counters too. What
 * is killed from outside leaves none.
 */
#include <stdlib.h>
#include <unistd.h>

void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __real_abort(void);
_Noreturn void __wrap__exit(int status);
_Noreturn void __wrap_abort(void);

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

_Noreturn void __wrap_abort(void)
{
	__gcov_dump();
	__real_abort();
}
