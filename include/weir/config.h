/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/config.h: the settings of a pool, and the ways to read them.
 *
 * One table below drives everything: the struct, parsing from a URL, pairs,
 * environment and INI files, validation, `weir config` and
 * docs/reference/config.md. A driver brings a table of its own of the same form
 * (weir/driver.h); its settings are written beside the pool's.
 *
 * Sources are applied one over the other in the order of the calls; a later one
 * wins. Every function reports all faults it finds, not the first.
 *
 * Thread-safety of the whole page: a struct weir_config belongs to one thread
 * at a time; the tables are constant. Nothing here blocks but reading a file.
 */
#ifndef WEIR_CONFIG_H
#define WEIR_CONFIG_H

#include <weir/base.h>
#include <weir/error.h>

enum weir_setting_type {
	WEIR_SETTING_COUNT = 0,    /* "8": a plain number */
	WEIR_SETTING_DURATION = 1, /* "250ms": ns, us, ms, s, m, h; kept in nanoseconds */
	WEIR_SETTING_SIZE = 2,     /* "64MiB": B, KiB, MiB, GiB; kept in bytes */
	WEIR_SETTING_BOOL = 3,     /* true|false, on|off, yes|no, 1|0 */
	WEIR_SETTING_CHOICE = 4,   /* one of the words of choices; kept as its index */
};

struct weir_setting {
	const char *name;
	enum weir_setting_type type;
	int64_t min;
	int64_t max;
	int64_t preset;      /* the default */
	bool changeable;     /* weir_pool_set may change it while the pool runs; false for
	                      * a driver's: they are read when a connection is opened */
	const char *choices; /* CHOICE: the words, as in "bounded|fifo"; else NULL */
	const char *doc;     /* one line */
};

#define WEIR_HOUR_NS (INT64_C(3600) * 1000000000)

/*
 * X(name, TYPE, min, max, default, changeable, choices, doc). Each is a field of
 * struct weir_config, an int64_t in the unit of its type. This order is the
 * struct's, so a setting of a later release goes to the end: programs built
 * before it keep their layout. Whatever prints the table sorts it by name.
 */
#define WEIR_SETTINGS(X)                                                                           \
	X(acquire_timeout, DURATION, 0, 24 * WEIR_HOUR_NS, WEIR_SECONDS(5), true, NULL,                \
	  "how long weir_acquire waits for a lease; 0 never waits")                                    \
	X(close_timeout, DURATION, 0, WEIR_HOUR_NS, WEIR_SECONDS(10), true, NULL,                      \
	  "how long weir_pool_close waits for leases to come back")                                    \
	X(fairness, CHOICE, 0, 1, 0, false, "bounded|fifo",                                            \
	  "bounded: newcomers may pass waiters younger than fairness_window; fifo: never")             \
	X(fairness_window, DURATION, 0, WEIR_SECONDS(10), WEIR_MILLISECONDS(1), true, NULL,            \
	  "how long running threads may keep connections from waiters; served within it, mostly")      \
	X(idle_timeout, DURATION, 0, 24 * WEIR_HOUR_NS, WEIR_SECONDS(600), true, NULL,                 \
	  "retire a connection that was not used for this long; 0 never")                              \
	X(max_lifetime, DURATION, 0, 30 * 24 * WEIR_HOUR_NS, WEIR_SECONDS(1800), true, NULL,           \
	  "retire a connection this long after it was opened; 0 never")                                \
	X(max_opening, COUNT, 1, 64, 4, false, NULL,                                                   \
	  "connections that may be in the middle of opening at once")                                  \
	X(max_size, COUNT, 1, 65536, 10, false, NULL, "the most connections the pool opens")           \
	X(max_waiters, COUNT, 0, 1000000, 10000, true, NULL,                                           \
	  "callers that may wait at once; one more is refused with EXHAUSTED")                         \
	X(min_idle, COUNT, 0, 65536, 0, true, NULL,                                                    \
	  "idle connections that maintenance keeps ready, and creation opens")                         \
	X(open_timeout, DURATION, WEIR_MILLISECONDS(1), WEIR_HOUR_NS, WEIR_SECONDS(5), true, NULL,     \
	  "how long the driver may take to open one connection")                                       \
	X(validate_on_acquire, BOOL, 0, 1, 0, true, NULL,                                              \
	  "ask the driver whether a connection works before it is leased")                             \
	X(validate_timeout, DURATION, WEIR_MILLISECONDS(1), WEIR_HOUR_NS, WEIR_SECONDS(1), true, NULL, \
	  "how long the driver may take to validate one connection")                                   \
	X(wake_barrier, CHOICE, 0, 2, 0, false, "auto|membarrier|fence",                               \
	  "who pays for a safe wake-up: the waiter (membarrier) or both sides (fence)")                \
	X(write_timeout, DURATION, 0, 24 * WEIR_HOUR_NS, WEIR_SECONDS(5), true, NULL,                  \
	  "weir_db: how long a write waits for its turn")                                              \
	X(max_writers_waiting, COUNT, 1, 1000000, 10000, false, NULL,                                  \
	  "weir_db: writes that may wait at once; one more is REJECTED")                               \
	X(bulk_ageing, DURATION, WEIR_MILLISECONDS(1), WEIR_HOUR_NS, WEIR_MILLISECONDS(100), false,    \
	  NULL, "weir_db: bulk writes older than this take turns with normal ones")                    \
	X(group_max, COUNT, 1, 1024, 128, true, NULL,                                                  \
	  "weir_db: jobs that share one transaction at most")                                          \
	X(group_delay, DURATION, 0, WEIR_SECONDS(1), WEIR_MICROSECONDS(500), true, NULL,               \
	  "weir_db: how long a group waits for jobs that are expected at once; at most a commit")      \
	X(group_time, DURATION, 0, WEIR_SECONDS(10), WEIR_MILLISECONDS(5), true, NULL,                 \
	  "weir_db: a group takes no more jobs after this long")                                       \
	X(job_timeout, DURATION, 0, WEIR_HOUR_NS, 0, true, NULL,                                       \
	  "weir_db: stop a job that runs for longer; 0 never")                                         \
	X(hold_warning, DURATION, 0, WEIR_HOUR_NS, WEIR_SECONDS(1), true, NULL,                        \
	  "weir_db: report who holds the writer for longer; 0 never")                                  \
	X(snapshot_age, DURATION, 0, 24 * WEIR_HOUR_NS, WEIR_SECONDS(60), true, NULL,                  \
	  "weir_db: readers that pin the log for longer are over-age; 0 never")                        \
	X(snapshot_policy, CHOICE, 0, 2, 0, true, "warn|refuse|interrupt",                             \
	  "weir_db: report over-age readers; refuse their next statement; stop the one that runs")     \
	X(statement_cache, COUNT, 0, 4096, 64, false, NULL,                                            \
	  "weir_db: statements that each connection keeps prepared")                                   \
	X(read_pin, BOOL, 0, 1, 1, true, NULL,                                                         \
	  "weir_db: keep the newest snapshot open while reads come, which makes each cheaper")         \
	X(keeper, CHOICE, 0, 1, 0, false, "thread|manual",                                             \
	  "weir_db: upkeep by a thread of its own, or by weir_db_tick")                                \
	X(when_down, CHOICE, 0, 1, 0, true, "fail|wait",                                               \
	  "pool suspended, or its database down: callers fail at once, or wait")                       \
	X(keepalive, DURATION, 0, 24 * WEIR_HOUR_NS, WEIR_SECONDS(120), true, NULL,                    \
	  "validate a connection that was idle for this long, less up to a tenth; 0 never")            \
	X(validate_bypass, DURATION, 0, WEIR_HOUR_NS, 0, true, NULL,                                   \
	  "validate_on_acquire: not what was opened, or found working, this recently")                 \
	X(lifetime_jitter, COUNT, 0, 90, 10, true, NULL,                                               \
	  "percent by which max_lifetime is cut at most, drawn once when a connection opens")          \
	X(leak_after, DURATION, 0, 24 * WEIR_HOUR_NS, 0, true, NULL,                                   \
	  "a lease that is out for longer is a leak: counted, logged, called back; 0 never")           \
	X(use_warning, DURATION, 0, 24 * WEIR_HOUR_NS, 0, true, NULL,                                  \
	  "count and log leases that were held for longer; 0 never")                                   \
	X(breaker_failures, COUNT, 0, 1000, 3, true, NULL,                                             \
	  "after this many failed opens in a row, only one is tried at a time; 0 never")               \
	X(breaker_delay, DURATION, WEIR_MILLISECONDS(1), WEIR_HOUR_NS, WEIR_MILLISECONDS(100), true,   \
	  NULL, "how long after that the next is tried, less up to half; doubled by each that fails")  \
	X(breaker_delay_max, DURATION, WEIR_MILLISECONDS(1), WEIR_HOUR_NS, WEIR_SECONDS(1), true,      \
	  NULL, "what that delay grows to at most")                                                    \
	X(leak_policy, CHOICE, 0, 1, 0, false, "report|reclaim",                                       \
	  "leak_after: tell of a leak; or also open another connection in its stead")                  \
	X(metrics, BOOL, 0, 1, 1, false, NULL,                                                         \
	  "keep histograms of waits, uses, opens, commits and syncs")                                  \
	X(statement_record, COUNT, 0, 65536, 256, false, NULL,                                         \
	  "weir_db: different statements that are remembered, for migrations to check; 0 none")

/* The values of the choices above, in the order of their words. */
enum weir_fairness { WEIR_FAIRNESS_BOUNDED = 0, WEIR_FAIRNESS_FIFO = 1 };
enum weir_snapshot_policy {
	WEIR_SNAPSHOT_WARN = 0,
	WEIR_SNAPSHOT_REFUSE = 1,
	WEIR_SNAPSHOT_INTERRUPT = 2,
};

enum weir_leak_policy { WEIR_LEAK_REPORT = 0, WEIR_LEAK_RECLAIM = 1 };
enum weir_keeper_choice { WEIR_KEEPER_THREAD = 0, WEIR_KEEPER_MANUAL = 1 };
enum weir_wake_barrier { WEIR_WAKE_AUTO = 0, WEIR_WAKE_MEMBARRIER = 1, WEIR_WAKE_FENCE = 2 };

enum weir_setting_id {
#define WEIR_SETTING_ID(name, ...) WEIR_SET_##name,
	WEIR_SETTINGS(WEIR_SETTING_ID)
#undef WEIR_SETTING_ID
		WEIR_SETTINGS_COUNT
};

#define WEIR_SETTINGS_MAX 64 /* room in struct weir_config for later releases */
#define WEIR_DRIVER_SETTINGS_MAX 24
#define WEIR_NAME_MAX 64
#define WEIR_PATH_MAX 4096

/* Where a value comes from. */
enum weir_origin {
	WEIR_ORIGIN_DEFAULT = 0,
	WEIR_ORIGIN_URL = 1,
	WEIR_ORIGIN_PAIR = 2,
	WEIR_ORIGIN_ENV = 3,
	WEIR_ORIGIN_INI = 4,
	WEIR_ORIGIN_CODE = 5,
};

/*
 * Beside the settings a source may give two words: "url", a whole URL, which the
 * source's own settings override; and "name", the pool's name.
 *
 * size is how much of the struct the caller knows; a function never touches
 * more, and a setting past it counts as unknown. Origins are kept by the
 * weir_config_apply functions; a value the program stores by itself keeps
 * the origin it had.
 */
struct weir_config {
	uint32_t size;                     /* set by weir_config_init */
	char name[WEIR_NAME_MAX];          /* of the pool; names it in messages */
	char scheme[16];                   /* of the URL; the driver's name */
	char authority[256];               /* of the URL, percent-decoded: host:port; empty for files */
	char path[WEIR_PATH_MAX];          /* of the URL, percent-decoded: file or database */
	uint8_t origin[WEIR_SETTINGS_MAX]; /* enum weir_origin of each setting */
	uint8_t driver_origin[WEIR_DRIVER_SETTINGS_MAX];
	int64_t driver_values[WEIR_DRIVER_SETTINGS_MAX]; /* parallel to the driver's table */
#define WEIR_SETTING_FIELD(name, ...) int64_t name;
	WEIR_SETTINGS(WEIR_SETTING_FIELD)
#undef WEIR_SETTING_FIELD
};

/* One fault in a configuration. Strings live until the sink returns. */
struct weir_fault {
	enum weir_code code; /* CONFIG_SYNTAX, _UNKNOWN, _VALUE, _CONFLICT; IO, NO_MEMORY */
	const char *source;  /* "URL", "environment", the file's path, … */
	int line;            /* in a file; 0 elsewhere */
	const char *setting; /* its name as written; "" where none is concerned */
	const char *value;   /* the value as given, perhaps unfit to print; "" if none */
	const char *allowed; /* what is allowed: "1 to 65536", "bounded or fifo", … */
	const char *hint;    /* "did you mean max_size?"; "" if nothing is close */
	const char *message; /* all of the above as one sentence, printable, one line */
};

/* Called once for each fault, on the calling thread, before the function
 * returns. A NULL sink, or one with a NULL fault function, is accepted: then
 * only the summary in struct weir_error tells. */
struct weir_fault_sink {
	void (*fault)(const struct weir_fault *fault, void *user);
	void *user;
};

struct weir_driver;

#ifdef __cplusplus
extern "C" {
#endif

/* The pool's table and, for a driver (NULL gives count 0), the driver's.
 * Static storage. Any thread; wait-free. */
WEIR_API const struct weir_setting *weir_settings(size_t *count);
WEIR_API const struct weir_setting *weir_driver_settings(const struct weir_driver *driver,
                                                         size_t *count);

/* Fill config, of which the caller knows size bytes, with the defaults of the
 * pool's table and the driver's (driver may be NULL: then no driver settings are
 * known, and a URL may have any scheme). Does nothing for NULL, or a size too
 * small to hold any setting. */
WEIR_API void weir_config_init_sized(struct weir_config *config, uint32_t size,
                                     const struct weir_driver *driver);

static inline void weir_config_init(struct weir_config *config, const struct weir_driver *driver)
{
	weir_config_init_sized(config, (uint32_t)sizeof(*config), driver);
}

/*
 * Apply "scheme://authority/path?name=value&…" or "scheme:path?…". The scheme
 * must be the driver's name. Percent escapes are decoded; a space, a control
 * character or "#" must be written as one. On any fault config is left as it
 * was, every fault goes to sink, and err holds a summary under the code of the
 * first. Errors: CONFIG_SYNTAX, CONFIG_UNKNOWN, CONFIG_VALUE, NO_MEMORY,
 * BAD_ARGUMENT (a NULL, or a config that was never initialised).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_config_apply_url(struct weir_config *config,
                                                            const struct weir_driver *driver,
                                                            const char *url,
                                                            const struct weir_fault_sink *sink,
                                                            struct weir_error *err);

/* Apply "name=value" pairs separated by white space, commas or semicolons.
 * As in every source, a setting given twice is a fault. Errors as above. */
WEIR_API WEIR_MUST_USE enum weir_code weir_config_apply_pairs(struct weir_config *config,
                                                              const struct weir_driver *driver,
                                                              const char *pairs,
                                                              const struct weir_fault_sink *sink,
                                                              struct weir_error *err);

/* Apply one setting by name. Errors as above. */
WEIR_API WEIR_MUST_USE enum weir_code weir_config_apply_setting(struct weir_config *config,
                                                                const struct weir_driver *driver,
                                                                const char *name, const char *value,
                                                                const struct weir_fault_sink *sink,
                                                                struct weir_error *err);

/*
 * Apply every environment variable called prefix (not empty) followed by the
 * name of a setting in capitals: with "WEIR_", WEIR_MAX_SIZE=8. A variable with
 * the prefix that names no setting is a fault only when it is close to one.
 * Reads the environment: not while another thread changes it. Errors as above.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_config_apply_env(struct weir_config *config,
                                                            const struct weir_driver *driver,
                                                            const char *prefix,
                                                            const struct weir_fault_sink *sink,
                                                            struct weir_error *err);

/*
 * Apply the section [section] of the INI file at path: one "name = value" a
 * line, 197 bytes at most. "" means the lines before the first section. The pool
 * takes the section's name unless the section says otherwise. Other sections may
 * hold anything; a missing section is a fault that lists those there are. Blocks
 * while it reads. Errors as above, and IO.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_config_apply_ini(struct weir_config *config,
                                                            const struct weir_driver *driver,
                                                            const char *path, const char *section,
                                                            const struct weir_fault_sink *sink,
                                                            struct weir_error *err);

/*
 * Check ranges and the rules that span settings (min_idle ≤ max_size,
 * idle_timeout < max_lifetime); weir_pool_create does the same. Errors:
 * CONFIG_VALUE, CONFIG_CONFLICT, BAD_ARGUMENT.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_config_check(const struct weir_config *config,
                                                        const struct weir_driver *driver,
                                                        const struct weir_fault_sink *sink,
                                                        struct weir_error *err);

/* Write a value of that setting ("250ms", "bounded") as it can be read back;
 * always terminated; returns the whole length, as snprintf. */
WEIR_API size_t weir_setting_format(const struct weir_setting *setting, int64_t value, char *text,
                                    size_t text_size);

/* Write what the setting accepts ("0 to 24h, as in 250ms", "bounded or fifo");
 * always terminated; returns the whole length, as snprintf. */
WEIR_API size_t weir_setting_allowed(const struct weir_setting *setting, char *text,
                                     size_t text_size);

/*
 * Read text as a value of that setting. false when it is malformed or outside
 * min and max; then *value is untouched and allowed (if not NULL) receives what
 * weir_setting_allowed writes.
 */
WEIR_API bool weir_setting_parse(const struct weir_setting *setting, const char *text,
                                 int64_t *value, char *allowed, size_t allowed_size);

/* The value of the setting with that id, and its place to write to; NULL if
 * there is no such setting or config's size does not cover it. */
WEIR_API int64_t *weir_config_value(struct weir_config *config, enum weir_setting_id id);

/* A word for an origin ("default", "URL", "environment", …). Static storage. */
WEIR_API const char *weir_origin_name(enum weir_origin origin);

/* The one of names that name is most likely a slip of, or NULL if none is
 * close: for hints as weir's own messages give them. "-" and "_", capitals and
 * small letters count as equal. */
WEIR_API const char *weir_nearest(const char *name, const char *const *names, size_t count);

#ifdef __cplusplus
}
#endif

#endif
