/* SPDX-License-Identifier: BSD-2-Clause
 *
 * How many lines of one event are let through in a second.
 *
 * word: the second in the upper half, lines let through in it in the lower. No order is
 * needed of its operations: nothing is concluded from it but the count.
 * Progress: lock-free.
 */
#ifndef WEIR_CORE_LOG_RATE_H
#define WEIR_CORE_LOG_RATE_H

#include <stdbool.h>

#include "platform_atomic.h"

struct weir__log_rate {
	wp_u64 word;
	wp_u64 suppressed; /* since the last line that was let through */
	wp_u64 total;      /* of those, ever */
};

/* Whether a line may pass at now_ns, of per_second; *suppressed: how many did not since
 * the last that did. */
bool weir__log_rate_pass(struct weir__log_rate *rate, int64_t now_ns, uint32_t per_second,
                         uint64_t *suppressed);

#endif
