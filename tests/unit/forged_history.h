/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histories written by hand, for tests of what checks histories.
 */
#ifndef WEIR_TESTS_FORGED_HISTORY_H
#define WEIR_TESTS_FORGED_HISTORY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "stress_history.h"

#define FORGED_MAX 4096

struct forged {
	struct stress_history history;
	struct stress_event events[FORGED_MAX];
	struct stress_verdict verdict;
};

static inline void forge_anew(struct forged *forged)
{
	memset(forged, 0, sizeof *forged);
	forged->history.events = forged->events;
}

/* One operation; change what it returns where the default does not do. */
static inline struct stress_event *forge(struct forged *forged, uint32_t thread, enum stress_op op,
                                         int64_t invoked_ns, int64_t returned_ns)
{
	struct stress_event *const event = &forged->events[forged->history.count++];

	assert_true(forged->history.count < FORGED_MAX);
	*event = (struct stress_event){
		.thread = thread,
		.op = (uint16_t)op,
		.invoked_ns = invoked_ns,
		.returned_ns = returned_ns,
		.outcome = WEIR_OK,
	};
	return event;
}

static inline void forged_check(struct forged *forged)
{
	stress_history_sort(&forged->history);
	memset(&forged->verdict, 0, sizeof forged->verdict);
	stress_history_check(&forged->history, &forged->verdict);
}

static inline void forged_is_accepted(struct forged *forged)
{
	forged_check(forged);
	if (forged->verdict.faults != 0)
		fail_msg("an honest history was refused: %s", forged->verdict.fault[0]);
}

/* Refused with that lie named, and both operations. */
static inline void forged_is_refused(struct forged *forged, const char *lie, const char *one,
                                     const char *other)
{
	forged_check(forged);
	assert_true(forged->verdict.faults > 0);
	for (uint32_t i = 0; i < forged->verdict.faults && i < STRESS_FOUND_MAX; i++) {
		const char *const text = forged->verdict.fault[i];

		if (strstr(text, lie) != NULL && strstr(text, one) != NULL && strstr(text, other) != NULL)
			return;
	}
	fail_msg("not found: \"%s\" with \"%s\" and \"%s\"; but: %s", lie, one, other,
	         forged->verdict.fault[0]);
}

#endif
