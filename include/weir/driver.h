/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/driver.h: what a database must offer to live in a pool.
 *
 * A driver is one constant struct of functions. To write one: fill in name,
 * open and close; add validate, reset and cancel where the database has them
 * (NULL means "nothing to do"); declare in flags what open promises; list your
 * own settings; run tests/conformance against it. drivers/stub is the smallest
 * complete example; docs/guides/writing-a-driver.md goes through all of it.
 *
 * The pool guarantees: calls on one connection never overlap, except cancel;
 * open is called for a slot only while that slot has no connection; every
 * connection that open produced is closed exactly once, unless the process is
 * a forked child, which closes nothing; no function is left half done because its
 * thread was cancelled: the request waits (pthread_setcancelstate).
 */
#ifndef WEIR_DRIVER_H
#define WEIR_DRIVER_H

#include <weir/base.h>
#include <weir/config.h>
#include <weir/error.h>

#define WEIR_DRIVER_ABI 1

/* open returns by its deadline (give or take a scheduling delay), whatever the
 * database does, and mostly at once, as opening a file does. Then the pool opens on the
 * caller's thread; without this flag it opens on helper threads, so that a hanging
 * open never holds a caller past the caller's own deadline, and so that a caller can
 * have a connection that comes back while one is being opened for it. */
#define WEIR_DRIVER_OPEN_HONOURS_DEADLINE UINT32_C(1)

/* The driver heeds weir_open_request.cancelled, so that weir_cancel works. */
#define WEIR_DRIVER_HEEDS_CANCEL UINT32_C(2)

/* What a connection is for. */
enum weir_role {
	WEIR_ROLE_ANY = 0,    /* a bare pool's: its holder reads and writes */
	WEIR_ROLE_READER = 1, /* weir_db: statements that write are refused */
	WEIR_ROLE_WRITER = 2, /* weir_db: the one that writes */
	WEIR_ROLE_AIDE = 3,   /* weir_db: checkpoints and the read pin */
};

/* What open is asked for. Valid until open returns. */
struct weir_open_request {
	uint32_t size;
	uint32_t slot;                    /* the slot the connection is for, 0 … max_size-1; with
	                                   * leak_policy=reclaim max_size/4+1 more */
	const struct weir_config *config; /* scheme, authority, path, driver_values */
	struct weir_time deadline;        /* give up with DRIVER_DEADLINE when it passes */
	void *driver_data;                /* as given to weir_pool_create */
	enum weir_role role;
	/* Whether the present holder of the connection was asked to stop
	 * (weir_cancel): cheap, for the holder's thread while a lease is out, false
	 * for a holder that came later. NULL: nobody can ask. Outlives conn. */
	bool (*cancelled)(const void *token);
	const void *token;
	/* To be called when a file of this connection was made to reach the disk, with how
	 * long that took, on the thread that did it. Does not block. A driver that cannot
	 * tell leaves it. NULL: nobody wants to know. Valid until close returns. */
	void (*synced)(void *arg, int64_t took_ns);
	void *synced_arg;
};

struct weir_sql;
struct weir_engine;
struct weir_schema;

struct weir_driver {
	uint32_t abi;            /* WEIR_DRIVER_ABI; anything else is refused */
	uint32_t size;           /* sizeof(struct weir_driver); fields past it count as NULL */
	const char *name;        /* also the URL scheme; at most 15 characters */
	uint32_t flags;          /* WEIR_DRIVER_… of above; unknown bits are refused */
	uint32_t settings_count; /* at most WEIR_DRIVER_SETTINGS_MAX */
	const struct weir_setting *settings;

	/*
	 * Open one connection and store it in *conn (never NULL on success).
	 * Thread: a caller of acquire or create, or a helper (see the flag);
	 * several opens may run at once. May block; deadline per the flag.
	 * Errors: DRIVER_OPEN, DRIVER_DEADLINE, NO_MEMORY, or any DRIVER code. On
	 * failure nothing may be left behind, and *conn is untouched.
	 */
	enum weir_code (*open)(const struct weir_open_request *request, void **conn,
	                       struct weir_error *err);

	/*
	 * Close a connection and free it. Cannot fail. Thread: any thread that
	 * uses the pool. May block briefly; has no deadline.
	 */
	void (*close)(void *conn);

	/*
	 * Whether the connection still works. May be NULL. Thread: the one that is
	 * acquiring, or maintaining. May block until deadline, which it honours.
	 * Errors: any DRIVER code; the pool then retires the connection.
	 */
	enum weir_code (*validate)(void *conn, struct weir_time deadline, struct weir_error *err);

	/*
	 * Undo what a borrower left behind (open transaction, busy statements).
	 * May be NULL. Thread: the one that releases. Should not block; has the
	 * deadline to tell the database. Errors: any DRIVER code; the pool then
	 * retires the connection, and the release still succeeds.
	 */
	enum weir_code (*reset)(void *conn, struct weir_time deadline, struct weir_error *err);

	/*
	 * Interrupt what the connection is doing, from another thread. May be
	 * NULL. Thread: any, while the holder uses the connection. Must not
	 * block. A driver may also fail what the holder starts afterwards, until
	 * the next reset or validate; those two are not hindered, and end it.
	 */
	void (*cancel)(void *conn);

	/* The SQL operations (weir/sql.h), or NULL. */
	const struct weir_sql *sql;

	/* The transactional operations (weir/engine.h), or NULL: no weir_db. */
	const struct weir_engine *engine;

	/* What migrations need (weir/schema.h), or NULL: no weir_migrate. */
	const struct weir_schema *schema;
};

#endif
