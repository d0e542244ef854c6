/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/service.h: several named databases under one roof.
 *
 *     struct weir_service *service;
 *     weir_service_create(&service, NULL, &err);
 *     weir_service_add_ini(service, "/etc/app/weir.ini", drivers, 1, NULL, &err);
 *     weir_service_start(service, WEIR_WARM_FAIL_FAST, weir_deadline_in(WEIR_SECONDS(5)), &err);
 *     struct weir_db *users = weir_service_get(service, "users", &err);
 *     ...
 *     weir_service_put(service, users);
 *     weir_service_drain(service, weir_deadline_in(WEIR_SECONDS(30)), &verdict, &err);
 *     weir_service_destroy(service);
 *
 * One keeper thread does the upkeep of all (or weir_service_tick, by hand). The
 * table of names is replaced as a whole and read under RCU: a lookup takes no
 * lock, whatever is added, replaced or removed beside it.
 *
 * Callbacks (of sinks, leaks, drivers) may call anything here but destroy: what
 * would wait for the thread that calls back is queued for the keeper instead.
 *
 * Thread-safety: any thread, unless it says owner.
 */
#ifndef WEIR_SERVICE_H
#define WEIR_SERVICE_H

#include <weir/base.h>
#include <weir/config.h>
#include <weir/db.h>
#include <weir/error.h>
#include <weir/log.h>
#include <weir/metrics.h>

struct weir_service;

struct weir_service_options {
	uint32_t size;        /* sizeof(struct weir_service_options) */
	bool manual;          /* no thread: call weir_service_tick */
	struct weir_log *log; /* for all of its databases; NULL: warnings to stderr */
	weir_on_leak on_leak; /* NULL: none; see weir/pool.h */
	void *leak_arg;
	int dump_signal; /* weir_service_dump to stderr when it comes (SIGUSR1); 0: never. At
	                  * most one service of a process, and a signal nobody else handles */
};

/* How start brings the databases up. */
enum weir_warm {
	WEIR_WARM_BACKGROUND = 0, /* min_idle is opened behind the caller's back */
	WEIR_WARM_FILL = 1,       /* wait until min_idle is open everywhere, or deadline */
	WEIR_WARM_FAIL_FAST = 2,  /* the same, and the first that cannot open is an error */
};

/* What a database is in. */
enum weir_service_state {
	WEIR_SERVICE_RUNNING = 0,
	WEIR_SERVICE_SUSPENDED = 1, /* callers get SUSPENDED, or wait */
	WEIR_SERVICE_DRAINING = 2,  /* no new leases; those that are out may finish */
	WEIR_SERVICE_STOPPED = 3,
};

#define WEIR_VERDICT_LATE_MAX 8

/* How a drain ended. */
struct weir_verdict {
	uint32_t size;      /* set by the caller */
	uint32_t databases; /* that were drained */
	uint32_t clean;     /* of these, with nothing left out */
	uint32_t late;      /* leases and writes that did not come back by the deadline */
	int64_t took_ns;
	struct {
		char database[WEIR_NAME_MAX];
		struct weir_holder holder;
	} late_holders[WEIR_VERDICT_LATE_MAX]; /* the first of them */
};

/* Whether the databases work. A full pool is busy, not broken. */
enum weir_health_status {
	WEIR_HEALTH_OK = 0,
	WEIR_HEALTH_BUSY = 1,     /* every connection is leased and callers wait */
	WEIR_HEALTH_DEGRADED = 2, /* suspended, draining, or recovering from an outage */
	WEIR_HEALTH_BROKEN = 3,   /* opens fail and none is left, or the writer is down */
};

struct weir_health {
	uint32_t size;                              /* set by the caller */
	enum weir_health_status status;             /* the worst of all */
	uint32_t databases[WEIR_HEALTH_BROKEN + 1]; /* how many are in each */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Make a service without databases; options NULL: the defaults. Owner. Errors:
 * BAD_ARGUMENT, NO_MEMORY. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_create(
	struct weir_service **service, const struct weir_service_options *options,
	struct weir_error *err);

/* Stop without waiting, if that was not done, and free it; NULL is accepted. In a
 * forked child it does nothing. Owner, with no other call under way. */
WEIR_API void weir_service_destroy(struct weir_service *service);

/*
 * Open a database and add it under config's name. The service sets keeper=manual.
 * driver and driver_data must outlive the service. Before start nothing but the
 * writer is opened. Blocks for open_timeout at most. Errors: those of
 * weir_db_create; CONFIG_CONFLICT (the name is taken); CLOSED; BAD_ARGUMENT (no name).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_add(struct weir_service *service,
                                                       const struct weir_driver *driver,
                                                       void *driver_data,
                                                       const struct weir_config *config,
                                                       struct weir_error *err);

/*
 * Add every section of an INI file as a database of that name; each has a url
 * whose scheme names one of drivers. All or none; every fault of the file goes to
 * sink. Errors: those of weir_config_apply_ini and weir_service_add.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_add_ini(
	struct weir_service *service, const char *path, const struct weir_driver *const *drivers,
	size_t drivers_count, const struct weir_fault_sink *sink, struct weir_error *err);

/*
 * Read the file again: databases that are new are added, settings that are
 * changeable are changed in place, what else differs is replaced, and those whose
 * section is gone are removed. A file with faults changes nothing. Errors: as
 * weir_service_add_ini.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_reload_ini(
	struct weir_service *service, const char *path, const struct weir_driver *const *drivers,
	size_t drivers_count, const struct weir_fault_sink *sink, struct weir_error *err);

/* Put a new database in the place of the one of the same name, which ends as by
 * weir_service_remove. Errors: as weir_service_add; CONFIG_UNKNOWN. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_replace(struct weir_service *service,
                                                           const struct weir_driver *driver,
                                                           void *driver_data,
                                                           const struct weir_config *config,
                                                           struct weir_error *err);

/* Take a database out of the table; it is closed once its last user has put it
 * back, by the keeper. Never blocks. Errors: CONFIG_UNKNOWN. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_remove(struct weir_service *service,
                                                          const char *name, struct weir_error *err);

/* Start the keeper and bring everything up. Errors: ACQUIRE_TIMEOUT (FILL: not by
 * the deadline), OPEN_FAILED (FAIL_FAST), NO_THREAD, CLOSED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_start(struct weir_service *service,
                                                         enum weir_warm warm,
                                                         struct weir_time deadline,
                                                         struct weir_error *err);

/*
 * The database of that name, held until weir_service_put: it is not closed before.
 * Get it once and keep it; a lookup costs four locked instructions. NULL: err says
 * why. Lock-free. Errors: CONFIG_UNKNOWN (with the nearest name), CLOSED, FORKED,
 * BAD_ARGUMENT.
 */
WEIR_API struct weir_db *weir_service_get(struct weir_service *service, const char *name,
                                          struct weir_error *err);
WEIR_API void weir_service_put(struct weir_service *service, struct weir_db *db);

/* Suspend one database (name NULL: all): acquires and writes get SUSPENDED, or
 * wait for resume when they ask to; what is out goes on. Errors: CONFIG_UNKNOWN,
 * CLOSED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_suspend(struct weir_service *service,
                                                           const char *name,
                                                           struct weir_error *err);
WEIR_API WEIR_MUST_USE enum weir_code weir_service_resume(struct weir_service *service,
                                                          const char *name, struct weir_error *err);

/* Change a setting of one database that is changeable while running; it is logged
 * with its old value. Errors: as weir_db_set; CONFIG_UNKNOWN (the name). */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_set(struct weir_service *service,
                                                       const char *name, const char *setting,
                                                       const char *value, struct weir_error *err);

/*
 * Admit nothing more, wake those who wait with CLOSED, and wait until deadline for
 * what is out. verdict may be NULL. The service cannot be started again. Errors:
 * CLOSE_TIMEOUT (the verdict names who is late), REENTRANT (called from the keeper
 * or with a gate held).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_drain(struct weir_service *service,
                                                         struct weir_time deadline,
                                                         struct weir_verdict *verdict,
                                                         struct weir_error *err);

/*
 * One pass of upkeep over everything, for manual services. now: the present, or
 * what a test says it is. Returns when it wants to be called next. One thread at a
 * time.
 */
WEIR_API struct weir_time weir_service_tick(struct weir_service *service, struct weir_time now);

/* Fill health (set its size first). Errors: BAD_ARGUMENT, FORKED. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_read_health(struct weir_service *service,
                                                               struct weir_health *health);

/* Figures of all databases; and what each is doing now, as JSON: settings, gauges,
 * holders, waiters, gate, log. Errors: as weir_metrics_write. */
WEIR_API WEIR_MUST_USE enum weir_code weir_service_write_metrics(struct weir_service *service,
                                                                 enum weir_metrics_format format,
                                                                 const struct weir_writer *writer,
                                                                 struct weir_error *err);
WEIR_API WEIR_MUST_USE enum weir_code weir_service_write_pools(struct weir_service *service,
                                                               const struct weir_writer *writer,
                                                               struct weir_error *err);

/*
 * Write the state of everything to fd as text: every slot with its state, holder's
 * thread and name, acquire site, age and, for SQLite readers, last statement; the
 * waiters with their age, gate and log. Async-signal-safe,
 * on any thread: takes no lock, allocates nothing. Preserves errno.
 */
WEIR_API void weir_service_dump(struct weir_service *service, int fd);

#ifdef __cplusplus
}
#endif

#endif
