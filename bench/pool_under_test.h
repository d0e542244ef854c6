/* SPDX-License-Identifier: BSD-2-Clause
 *
 * pool_under_test.h: how a pool is put under weir-bench's scenarios: weir's own,
 * the baselines, other projects' and yours, all through this one table.
 *
 * To try your pool, fill in a struct pool_under_test, return it from a function
 * named pool_under_test_entry, and build a shared object:
 *
 *     cc -shared -fPIC -I bench my_pool.c -o my_pool.so
 *     weir-bench run --pool-so ./my_pool.so churn blocking
 *
 * examples/pool_plugin.c is a complete one. This header needs nothing else of
 * weir's. Zero or NULL always means: not there, or the default.
 *
 * Threads. create and destroy are called by one thread while nobody uses the
 * pool; acquire, release and execute by many at a time. Callers are numbered
 * from 0 to setup.threads - 1, and a number belongs to one thread at a time, so
 * that a pool can keep something for each caller without asking who it is.
 */
#ifndef POOL_UNDER_TEST_H
#define POOL_UNDER_TEST_H

#include <stddef.h>
#include <stdint.h>

#define POOL_UNDER_TEST_VERSION 1u

/*
 * Where connections come from in scenarios without a database: every pool opens
 * the same, and a scenario decides how long that takes and whether the server is
 * up. Each function may be called by any thread, for different connections at
 * the same time.
 */
struct pool_source {
	void *self;

	/* Open a connection, by deadline_ns on CLOCK_MONOTONIC at the latest; 0, or
	 * something else and *conn is NULL. Blocks as long as the scenario says. */
	int (*open)(void *self, int64_t deadline_ns, void **conn);

	/* Close it. Does not block. */
	void (*close)(void *conn);

	/* 0: the connection works. What it costs is the scenario's to say. */
	int (*ping)(void *conn);
};

/* What every connection of a source begins with. */
struct pool_conn {
	const struct pool_source *source;
};

/* What a pool is made for. Valid until destroy has returned. */
struct pool_setup {
	size_t size;      /* of this struct; it grows at its end */
	unsigned threads; /* callers */

	/* Connections: open conns_min of them in create, never more than conns_max.
	 * They differ in scenarios for pools that grow only. */
	unsigned conns_min;
	unsigned conns_max;

	int64_t acquire_timeout_ns; /* how long an acquire may wait */
	int64_t open_timeout_ns;

	const struct pool_source *source; /* NULL: the scenario has a database */
	const char *database;             /* NULL, or what names it: a path for SQLite */
	int durable;                      /* a write is on disk when execute returns; 0: visible */
	unsigned cache_kib;               /* of page cache for each connection */
};

/* A caller's hold on a connection. The caller zeroes it once, sets broken before
 * a release, and hands it back as it is. */
struct pool_lease {
	void *conn;      /* set by acquire */
	uint64_t own[3]; /* the pool's, from acquire to release */
	int broken;      /* set by the caller: the connection is of no use any more */
};

/* A value bound to a statement, or a number of them in the order of its marks. */
enum pool_value_type {
	POOL_VALUE_NULL = 0,
	POOL_VALUE_INT64 = 1,
	POOL_VALUE_REAL = 2,
	POOL_VALUE_TEXT = 3,
	POOL_VALUE_BLOB = 4,
};

struct pool_value {
	enum pool_value_type type;
	union {
		int64_t int64;
		double real;
		const void *data; /* TEXT and BLOB: length bytes, valid during the call */
	} as;
	size_t length;
};

struct pool_statement {
	unsigned index;  /* from 0, the same for the same text: a key for prepared statements */
	const char *sql; /* constant while the pool lives */
	int writes;      /* it changes the database; 0: it only reads */
};

enum pool_outcome {
	POOL_DONE = 0,
	POOL_TIMEOUT = 1, /* no connection in time */
	POOL_BUSY = 2,    /* the database gave up waiting for a lock */
	POOL_FAILED = 3,
};

/* What a pool can do, for scenarios that ask for it. */
#define POOL_GROWS 1u /* opens connections on demand, up to conns_max */
#define POOL_HEALS 2u /* replaces a connection that was returned as broken */

struct pool_under_test {
	size_t size;      /* sizeof(struct pool_under_test); fields past it count as NULL */
	unsigned version; /* POOL_UNDER_TEST_VERSION */

	const char *name; /* in tables, and for --pools; at most 31 characters */
	const char *doc;  /* one line */

	/* What it does at each lease that others do not, such as "pings at every
	 * acquire": a note beside its figures. NULL: nothing. */
	const char *extra_work;
	unsigned abilities; /* POOL_…, or'ed */

	/* Make a pool with conns_min connections open. 0, or something else: *pool is
	 * NULL, and problem says why. */
	int (*create)(void **pool, const struct pool_setup *setup, char *problem, size_t problem_size);

	/* Close every connection and free the pool. NULL is accepted. */
	void (*destroy)(void *pool);

	/*
	 * Acquire for caller number thread, who may hold other leases, waiting
	 * acquire_timeout_ns at most, and set lease->conn. 0, or something else: no
	 * connection in that time. lease->own stays as it was since its last release.
	 */
	int (*acquire)(void *pool, unsigned thread, struct pool_lease *lease);

	/* Return a lease, acquired by this caller or another, and set lease->conn to
	 * NULL. */
	void (*release)(void *pool, unsigned thread, struct pool_lease *lease);

	/*
	 * One operation on a database, from asking for a connection to the outcome:
	 * a transaction of its own if the statement writes. Rows are read to the end
	 * and dropped. NULL: this pool takes no part in scenarios with a database.
	 */
	enum pool_outcome (*execute)(void *pool, unsigned thread,
	                             const struct pool_statement *statement,
	                             const struct pool_value *values, unsigned values_count);
};

/* What a shared object exports; the result stays valid while it is loaded. */
#ifdef __cplusplus
extern "C"
#endif
	const struct pool_under_test *
	pool_under_test_entry(void);

#endif
