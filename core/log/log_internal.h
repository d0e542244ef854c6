/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Saying something: what the rest of core calls of the log.
 */
#ifndef WEIR_CORE_LOG_INTERNAL_H
#define WEIR_CORE_LOG_INTERNAL_H

#include <weir/log.h>

enum weir__field_type {
	WEIR__FIELD_TEXT = 0,
	WEIR__FIELD_INT = 1,
	WEIR__FIELD_SECONDS = 2, /* number holds nanoseconds; written as seconds */
};

/* One value of a line. Its name is that of a metric or attribute (weir/metrics.h),
 * or "message". Texts are copied, and cut where they do not fit. */
struct weir__field {
	const char *name;
	enum weir__field_type type;
	int64_t number;
	const char *text;
};

static inline struct weir__field weir__text_field(const char *name, const char *text)
{
	struct weir__field field = {name, WEIR__FIELD_TEXT, 0, text};

	return field;
}

static inline struct weir__field weir__int_field(const char *name, int64_t number)
{
	struct weir__field field = {name, WEIR__FIELD_INT, number, NULL};

	return field;
}

static inline struct weir__field weir__seconds_field(const char *name, int64_t ns)
{
	struct weir__field field = {name, WEIR__FIELD_SECONDS, ns, NULL};

	return field;
}

/* The attribute that names the pool, in every line and metric. */
#define WEIR__ATTR_POOL "db.client.connection.pool.name"

/*
 * Put a line into the queue. log NULL: stderr, if the event is at WARN or above.
 * Any thread, never in a signal handler; lock-free, allocates nothing and never
 * waits. Not on any path that counts nanoseconds.
 */
void weir__log(struct weir_log *log, enum weir_log_event event, const struct weir__field *fields,
               size_t count);

#endif
