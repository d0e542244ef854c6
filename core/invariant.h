/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Assertions that stay on in release builds. They guard the protocol's words:
 * going on after one is broken would hand one connection to two threads.
 */
#ifndef WEIR_CORE_INVARIANT_H
#define WEIR_CORE_INVARIANT_H

#include <stdio.h>
#include <stdlib.h>

static inline void weir__assert_failed(const char *what, const char *where)
{
	(void)fprintf(stderr, "weir: broken invariant: %s (%s)\n", what, where);
	abort();
}

#define WEIR_ASSERT_TEXT_(x) #x
#define WEIR_ASSERT_TEXT(x) WEIR_ASSERT_TEXT_(x)
#define WEIR_ASSERT(condition)                                                                     \
	((condition) ? (void)0                                                                         \
	             : weir__assert_failed(#condition, __FILE__ ":" WEIR_ASSERT_TEXT(__LINE__)))

#endif
