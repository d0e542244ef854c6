/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/log.h: what weir has to say to an operator, as structured lines.
 *
 * Whoever has something to say puts it into a bounded queue and goes on: no call
 * of a pool's or a db's ever waits for a file, a terminal or a sink. A thread of
 * the log's own writes the lines. When the queue is full, lines are dropped and
 * counted, and the count is written as soon as there is room.
 *
 * A pool or db without a log (NULL) writes what is at level WARN and above to
 * stderr, on the thread that has it to say.
 */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <weir/base.h>
#include <weir/error.h>

enum weir_log_level {
	WEIR_LOG_DEBUG = 0,
	WEIR_LOG_INFO = 1,
	WEIR_LOG_WARN = 2,
	WEIR_LOG_ERROR = 3,
	WEIR_LOG_OFF = 4,
};

enum weir_log_format {
	WEIR_LOG_LOGFMT = 0,
	WEIR_LOG_JSON = 1,
};

/*
 * X(NAME, "event", LEVEL, per_second, doc): per_second lines of one event are
 * written at most, by log; more are counted as suppressed.
 */
#define WEIR_LOG_EVENTS(X)                                                                         \
	X(OPEN_FAILED, "weir.connection.open_failed", INFO, 1, "a connection could not be opened")     \
	X(LEAK, "weir.lease.leak", WARN, 10, "a lease has been out for longer than leak_after")        \
	X(OVER_USE, "weir.lease.over_use", INFO, 10, "a lease was held for longer than use_warning")   \
	X(RESET, "weir.pool.reset", WARN, 100, "every connection of a pool was declared old")          \
	X(SETTING, "weir.setting.changed", INFO, 100, "a setting was changed while running")           \
	X(POOL, "weir.pool.state", INFO, 100, "a pool was added, replaced, suspended, drained, …")     \
	X(HOLD, "weir.gate.hold", WARN, 10, "somebody has held the writer for long")                   \
	X(WRITER, "weir.writer.state", WARN, 10, "writes are down, or up again")                       \
	X(JOB, "weir.job.ended", WARN, 10, "a job ended the thread that ran it")                       \
	X(SNAPSHOT, "weir.snapshot.age", WARN, 10, "a read keeps the log from ending")                 \
	X(ENGINE, "weir.engine.warning", WARN, 10, "the database engine has something to tell")        \
	X(SERVICE, "weir.service.state", INFO, 100, "the service was started, stopped, …")             \
	X(BREAKER, "weir.breaker.state", WARN, 100, "opens began to fail, or to succeed again")        \
	X(MIGRATION, "weir.migration.state", INFO, 100,                                                \
	  "a migration began, was applied, or was undone")                                             \
	X(DROPPED, "weir.log.dropped", WARN, 1, "lines did not fit into the log's queue")

enum weir_log_event {
#define WEIR_LOG_EVENT_ID(name, ...) WEIR_LOG_##name##_EVENT,
	WEIR_LOG_EVENTS(WEIR_LOG_EVENT_ID)
#undef WEIR_LOG_EVENT_ID
		WEIR_LOG_EVENTS_COUNT
};

/*
 * Where lines go: line is length bytes, ends with a line feed, and is the sink's
 * until it returns. Called by the log's thread alone (weir_log_flush in a manual
 * log), so it may block and may call weir. Returns false if it could not write;
 * that is counted, and the line is lost.
 */
typedef bool (*weir_log_sink)(void *arg, enum weir_log_level level, const char *line,
                              size_t length);

struct weir_log;

struct weir_log_options {
	uint32_t size;             /* sizeof(struct weir_log_options) */
	enum weir_log_level level; /* what is below it is not even formatted */
	enum weir_log_format format;
	weir_log_sink sink; /* NULL: the file at path, or stderr */
	void *sink_arg;
	const char *path;  /* appended to; NULL: stderr. Not with sink */
	uint32_t capacity; /* lines the queue holds; 0: 1024 */
	bool manual;       /* no thread: weir_log_flush writes */
};

struct weir_log_stats {
	uint32_t size;       /* set by the caller */
	uint64_t written;    /* lines given to the sink */
	uint64_t dropped;    /* no room in the queue */
	uint64_t suppressed; /* beyond their event's rate */
	uint64_t failed;     /* the sink returned false */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Make a log; options NULL: INFO, logfmt, stderr. Owner. Errors: BAD_ARGUMENT,
 * IO (path cannot be opened), NO_MEMORY, NO_THREAD. */
WEIR_API WEIR_MUST_USE enum weir_code weir_log_create(struct weir_log **log,
                                                      const struct weir_log_options *options,
                                                      struct weir_error *err);

/* A log that says nothing, not even warnings: static storage, never destroyed. */
WEIR_API struct weir_log *weir_log_silent(void);

/* Write what is queued and free the log; NULL is accepted. Pools that use it must
 * be gone. Blocks as long as the sink does. Owner. */
WEIR_API void weir_log_destroy(struct weir_log *log);

/* Wait until what was queued before the call has gone to the sink, or deadline;
 * in a manual log, write it on this thread. True if it has. Any thread, but not
 * the sink. */
WEIR_API bool weir_log_flush(struct weir_log *log, struct weir_time deadline);

/* Change the level. Any thread; wait-free. */
WEIR_API void weir_log_set_level(struct weir_log *log, enum weir_log_level level);

/* Fill stats (set its size first). Any thread; wait-free. Errors: BAD_ARGUMENT. */
WEIR_API WEIR_MUST_USE enum weir_code weir_log_read_stats(struct weir_log *log,
                                                          struct weir_log_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
