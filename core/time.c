/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The public clock.
 */
#include <weir/base.h>

#include "platform_os.h"

struct weir_time weir_now(void)
{
	return (struct weir_time){wp_now()};
}

struct weir_time weir_deadline_in(int64_t timeout_ns)
{
	const int64_t now_ns = wp_now();

	if (timeout_ns <= 0)
		return (struct weir_time){now_ns};
	if (timeout_ns > INT64_MAX - now_ns)
		return (struct weir_time){WEIR_TIME_NEVER_NS};
	return (struct weir_time){now_ns + timeout_ns};
}
