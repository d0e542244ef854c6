/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/error.h: codes, their hierarchy, and the detail of a failure.
 *
 * A code is category << 8 | number. Numbers are pinned: a new code is added at
 * the end of its category and none is ever reused. The category itself is a
 * code (number 0), so that weir_error_is(code, WEIR_ERR_POOL) reads as a
 * question about membership.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

#include <string.h>

#include <weir/base.h>

/*
 * X(NAME, value, retry, text)
 *
 * retry says whether calling again, unchanged, can succeed:
 *   NO     it cannot: the program or its configuration is wrong
 *   LATER  it can, once something outside the call has changed
 *   UNSURE the first call may have taken effect: find out before repeating it
 */
#define WEIR_ERROR_LIST(X)                                                                         \
	/* POOL: the pool could not give or take a lease. Retry can help, but for CLOSED, FORKED. */   \
	X(POOL, 0x0100, LATER, "the pool could not serve the call")                                    \
	X(ACQUIRE_TIMEOUT, 0x0101, LATER, "no lease became free before the deadline")                  \
	X(EXHAUSTED, 0x0102, LATER, "every connection is leased, or the wait queue is full")           \
	X(HEALTH, 0x0103, LATER, "connections failed validation")                                      \
	X(OPEN_FAILED, 0x0104, LATER, "a connection could not be opened")                              \
	X(CLOSED, 0x0105, NO, "the pool is closed")                                                    \
	X(SUSPENDED, 0x0106, LATER, "the pool is suspended")                                           \
	X(FORKED, 0x0107, NO, "the pool belongs to the parent process")                                \
	X(CLOSE_TIMEOUT, 0x0108, LATER, "leases were still out when the close deadline passed")        \
	X(UNAVAILABLE, 0x0109, LATER, "opens keep failing; only a probe may open a connection")        \
	/* USAGE: the caller broke a rule of the API. Retry never helps; fix the program. */           \
	X(USAGE, 0x0200, NO, "the call breaks a rule of the API")                                      \
	X(DOUBLE_RELEASE, 0x0201, NO, "the lease was released before")                                 \
	X(STALE_HANDLE, 0x0202, NO, "the lease is over and its slot serves someone else")              \
	X(FOREIGN_HANDLE, 0x0203, NO, "the lease does not belong to a pool of this process")           \
	X(BAD_ARGUMENT, 0x0204, NO, "an argument is outside what the call accepts")                    \
	X(REENTRANT, 0x0205, NO, "the thread holds the gate and would wait for itself")                \
	X(TICKET_PENDING, 0x0206, LATER, "the outcome is not there yet; the ticket stays")             \
	/* CONFIG: a setting, URL or file is wrong. Retry never helps; fix the configuration. */       \
	X(CONFIG, 0x0300, NO, "the configuration is not valid")                                        \
	X(CONFIG_SYNTAX, 0x0301, NO, "the text cannot be read as configuration")                       \
	X(CONFIG_UNKNOWN, 0x0302, NO, "there is no setting of that name")                              \
	X(CONFIG_VALUE, 0x0303, NO, "a setting has a value that is not allowed")                       \
	X(CONFIG_CONFLICT, 0x0304, NO, "two settings contradict each other")                           \
	/* DRIVER: the database or its library said no. Whether a retry helps is in driver_code. */    \
	X(DRIVER, 0x0400, LATER, "the database driver reported an error")                              \
	X(DRIVER_OPEN, 0x0401, LATER, "the driver could not open a connection")                        \
	X(DRIVER_BROKEN, 0x0402, LATER, "the connection is broken and must be discarded")              \
	X(DRIVER_DEADLINE, 0x0403, LATER, "the driver gave up at the deadline")                        \
	X(DRIVER_BUSY, 0x0404, LATER, "the database is locked by someone else")                        \
	X(DRIVER_UNSUPPORTED, 0x0405, NO, "the driver does not offer this operation")                  \
	X(DRIVER_SQL, 0x0406, NO, "the statement was refused")                                         \
	X(DRIVER_CANCELLED, 0x0407, LATER, "the statement was stopped because somebody asked for it")  \
	X(DRIVER_FULL, 0x0408, LATER, "the disk, or the database, is full")                            \
	/* GATE: the queue in front of the one writer. REJECTED and GATE_TIMEOUT never ran. */         \
	X(GATE, 0x0500, LATER, "the gate could not serve the call")                                    \
	X(REJECTED, 0x0501, LATER, "the gate refused the job: it would not start in time")             \
	X(GATE_TIMEOUT, 0x0502, LATER, "the job did not start before the deadline")                    \
	X(INDETERMINATE, 0x0503, UNSURE, "the commit failed midway: the outcome is unknown")           \
	X(CANCELLED, 0x0504, LATER, "the job was cancelled before it began")                           \
	X(JOB_FAILED, 0x0505, NO, "the job said that it failed; driver_code is what it returned")      \
	X(WRITER_DOWN, 0x0506, LATER, "the writer is broken, and could not be opened again yet")       \
	X(SNAPSHOT_EXPIRED, 0x0507, LATER, "the read was open too long and kept the log from ending")  \
	/* MIGRATE: schema migrations. Retry never helps before someone has looked. */                 \
	X(MIGRATE, 0x0600, NO, "the migration could not be carried out")                               \
	X(MIGRATE_SOURCE, 0x0601, NO, "a script, or the folder of them, is not right")                 \
	X(MIGRATE_HISTORY, 0x0602, NO, "the history of migrations cannot be understood")               \
	X(MIGRATE_FOREIGN, 0x0603, NO, "another tool keeps the versions of this database")             \
	X(MIGRATE_DRIFT, 0x0604, NO, "history, scripts and schema do not agree")                       \
	X(MIGRATE_ORDER, 0x0605, NO, "a migration is below one that is applied")                       \
	X(MIGRATE_SCRIPT, 0x0606, NO, "a statement of a script failed; its migration was undone")      \
	X(MIGRATE_KEYS, 0x0607, NO, "a migration breaks references; it was undone")                    \
	X(MIGRATE_INCOMPATIBLE, 0x0608, NO, "statements of programs in use would break")               \
	X(MIGRATE_LIMIT, 0x0609, LATER, "a migration passed a limit of time or disk; it was undone")   \
	X(MIGRATE_OPERATOR, 0x060a, NO, "a migration stopped midway: somebody has to look")            \
	X(MIGRATE_REHEARSAL, 0x060b, NO, "the rehearsal found that it is not safe")                    \
	/* SYSTEM: the operating system refused memory, a thread or a file. Retry can help. */         \
	X(SYSTEM, 0x0700, LATER, "the operating system refused a resource")                            \
	X(NO_MEMORY, 0x0701, LATER, "out of memory")                                                   \
	X(NO_THREAD, 0x0702, LATER, "a thread could not be started")                                   \
	X(IO, 0x0703, LATER, "a file could not be read or written")

enum weir_code {
	WEIR_OK = 0,
#define WEIR_ERROR_ENUM(name, value, retry, text) WEIR_ERR_##name = value,
	WEIR_ERROR_LIST(WEIR_ERROR_ENUM)
#undef WEIR_ERROR_ENUM
};

enum weir_retry {
	WEIR_RETRY_NO = 0,
	WEIR_RETRY_LATER = 1,
	WEIR_RETRY_UNSURE = 2,
};

/* Why an acquire ended without a lease. */
enum weir_wait_reason {
	WEIR_WAIT_NONE = 0,      /* the failure was not a wait */
	WEIR_WAIT_LEASED = 1,    /* every connection was leased */
	WEIR_WAIT_OPENING = 2,   /* capacity was there, but its opens did not finish */
	WEIR_WAIT_OPEN_DOWN = 3, /* opens kept failing: see last_open */
	WEIR_WAIT_CLOSED = 4,    /* the pool was closed during the wait */
	WEIR_WAIT_SUSPENDED = 5, /* the pool was suspended */
};

#define WEIR_ERROR_MESSAGE_MAX 256
#define WEIR_ERROR_HOLDERS_MAX 8
#define WEIR_ERROR_SIZE_MAX 65536

/*
 * Who holds a slot. Times are bounds, because leases are taken without reading
 * a clock: the pool counts ticks instead, and one passes whenever a thread
 * begins to wait.
 */
struct weir_holder {
	uint32_t slot;       /* index of the slot in its pool */
	uint32_t thread;     /* kernel thread id of the thread that acquired */
	const char *site;    /* "file:line" of the acquire; static storage */
	int64_t held_ns_min; /* held for at least this long */
	int64_t held_ns_max; /* and at most this long */
};

/*
 * The detail of a failure, owned by the caller. Set size (weir_error_init does)
 * and pass it to any call; NULL is accepted everywhere. A successful call
 * leaves it untouched; a failing one overwrites it whole.
 *
 * size is how much of the struct the caller knows, and no call writes past it:
 * a program built before a field existed goes without it, and text that size
 * cuts is terminated at the cut. A size that cannot be one, below 8 or above
 * WEIR_ERROR_SIZE_MAX (memory that was never initialised), counts as NULL.
 */
struct weir_error {
	uint32_t size; /* sizeof(struct weir_error), so that it can grow */
	enum weir_code code;
	int32_t driver_code; /* the database's own code, 0 if it gave none */
	uint32_t reserved;
	const char *where; /* the weir function or stage that failed; static storage */
	char message[WEIR_ERROR_MESSAGE_MAX];

	/* Filled when an acquire fails; zero otherwise. */
	enum weir_wait_reason reason;
	uint32_t queue_length;         /* waiters in the queue at the end, this one not counted */
	int64_t queued_ns;             /* time spent waiting for a slot */
	int64_t open_ns;               /* time spent opening connections on this thread */
	int64_t validate_ns;           /* time spent validating connections on this thread */
	enum weir_code last_open_code; /* WEIR_OK if no open has failed */
	int32_t last_open_driver_code;
	int64_t last_open_age_ns; /* how long ago the last open failed */
	char last_open_message[WEIR_ERROR_MESSAGE_MAX];
	uint32_t holders_count; /* entries used below: the longest holders, longest first */
	uint32_t holders_total; /* slots leased in all */
	struct weir_holder holders[WEIR_ERROR_HOLDERS_MAX];
};

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Prepare err for use: zero it and set its size. err must not be NULL. The
 * caller owns it; one thread at a time; wait-free. Inline, because only the
 * caller's compiler knows the size of the caller's struct.
 */
static inline void weir_error_init(struct weir_error *err)
{
	memset(err, 0, sizeof(*err));
	err->size = (uint32_t)sizeof(*err);
}

/* An initialised error for a declaration: struct weir_error err = WEIR_ERROR_INIT; */
#ifdef __cplusplus
static inline struct weir_error weir_error_initialised(void)
{
	struct weir_error err;

	weir_error_init(&err);
	return err;
}
#define WEIR_ERROR_INIT weir_error_initialised()
#else
#define WEIR_ERROR_INIT                                                                            \
	{                                                                                              \
		.size = (uint32_t)sizeof(struct weir_error)                                                \
	}
#endif

/*
 * Fill err (NULL: do nothing) as a failing call does, and return code: drivers
 * and extensions report with it, as in
 *     return weir_fail(err, WEIR_ERR_DRIVER_OPEN, "sqlite.open", rc, "%s: %s", path, text);
 * where must have static storage; the message is cut to fit. Fields past what
 * err->size covers are not touched. Any thread that owns err; wait-free.
 */
WEIR_API enum weir_code weir_fail(struct weir_error *err, enum weir_code code, const char *where,
                                  int32_t driver_code, const char *format, ...) WEIR_PRINTF(5, 6);

/*
 * Whether code is family, or lies in family when that is a category:
 * weir_error_is(WEIR_ERR_EXHAUSTED, WEIR_ERR_POOL) is true. WEIR_OK is in no
 * family. Any thread; wait-free.
 */
WEIR_API bool weir_error_is(enum weir_code code, enum weir_code family);

/* The name of a code ("ACQUIRE_TIMEOUT"), "OK", or NULL for one that does not
 * exist. Static storage. Any thread; wait-free. */
WEIR_API const char *weir_error_name(enum weir_code code);

/* One sentence about a code, or NULL for one that does not exist. Static
 * storage. Any thread; wait-free. */
WEIR_API const char *weir_error_text(enum weir_code code);

/* Whether calling again can help; NO for a code that does not exist. Any
 * thread; wait-free. */
WEIR_API enum weir_retry weir_error_retry(enum weir_code code);

/* Words for a reason ("leased", "opening", …); static storage. Any thread;
 * wait-free. */
WEIR_API const char *weir_wait_reason_name(enum weir_wait_reason reason);

/*
 * Write err as readable text, several lines for a timeout (reason, stages, last
 * open error, holders), into text, always terminated unless text_size is 0. The
 * last line ends without a line feed. Returns the length the whole text has, as
 * snprintf does; 0 for NULL. Any thread that owns err; wait-free.
 */
WEIR_API size_t weir_error_describe(const struct weir_error *err, char *text, size_t text_size);

#ifdef __cplusplus
}
#endif

#endif
