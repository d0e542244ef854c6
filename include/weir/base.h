/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/base.h: what every public header needs: visibility, must-use results,
 * and the monotonic time type.
 */
#ifndef WEIR_BASE_H
#define WEIR_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define WEIR_API __attribute__((visibility("default")))
#define WEIR_MUST_USE __attribute__((warn_unused_result))
#define WEIR_PRINTF(format_index, first_arg)                                                       \
	__attribute__((format(printf, format_index, first_arg)))
#else
#define WEIR_API
#define WEIR_MUST_USE
#define WEIR_PRINTF(format_index, first_arg)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A point on the monotonic clock, in nanoseconds. It is its own type so that a
 * deadline is never mistaken for a duration: durations are plain int64_t whose
 * name ends in _ns.
 */
struct weir_time {
	int64_t ns;
};

/* The end of time: a deadline that never passes. */
#define WEIR_TIME_NEVER_NS INT64_MAX

/*
 * The current monotonic time. Any thread; wait-free; costs one clock reading.
 */
WEIR_API struct weir_time weir_now(void);

/*
 * The deadline that lies timeout_ns from now; negative counts as 0, and a sum
 * past the end of time is WEIR_TIME_NEVER_NS. Any thread; wait-free.
 */
WEIR_API struct weir_time weir_deadline_in(int64_t timeout_ns);

/*
 * Where text is written to, piece by piece, on the calling thread: bytes are the
 * writer's until it returns. False: it has had enough, and nothing more is written.
 */
struct weir_writer {
	bool (*write)(void *arg, const char *bytes, size_t length);
	void *arg;
};

/* Seconds, milliseconds and microseconds as nanoseconds, for readable calls. */
#define WEIR_SECONDS(n) ((int64_t)(n)*INT64_C(1000000000))
#define WEIR_MILLISECONDS(n) ((int64_t)(n)*INT64_C(1000000))
#define WEIR_MICROSECONDS(n) ((int64_t)(n)*INT64_C(1000))

#ifdef __cplusplus
}
#endif

#endif
