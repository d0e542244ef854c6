/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/stub.h: a driver without a database, scripted, for tests and benches.
 *
 * A struct weir_stub is the pretended server: pass it as driver_data to
 * weir_pool_create, and change its behaviour at any time. It also watches: what
 * breaks the rules of weir/driver.h is counted in misuses, and is no undefined
 * behaviour, because the last 4096 closed connections are kept for comparison.
 *
 * Without a server (driver_data NULL) everything succeeds at once, nothing is
 * counted, and a call costs next to nothing. Settings add latency either way:
 * stub:?open_latency=5ms, and validate_latency, reset_latency, close_latency.
 */
#ifndef WEIR_STUB_H
#define WEIR_STUB_H

#include <weir/base.h>
#include <weir/driver.h>
#include <weir/error.h>

/*
 * What the pretended server does. Zero means: works, at once. An open first
 * hangs, then takes its latency, then fails, as far as each is asked for. While
 * the server is down, opens and validations fail without using up fail_opens
 * or fail_validates.
 */
struct weir_stub_script {
	uint32_t size;             /* sizeof(struct weir_stub_script), so that it can grow */
	uint32_t fail_opens;       /* the next n opens fail; UINT32_MAX: all */
	uint32_t hang_opens;       /* the next n opens hang until weir_stub_unhang; UINT32_MAX: all */
	uint32_t fail_validates;   /* the next n validations fail */
	uint32_t fail_resets;      /* the next n resets fail */
	uint32_t break_after_uses; /* a connection fails validation after n resets; 0: never */
	int64_t open_latency_ns;   /* every open takes this long */
	int64_t validate_latency_ns;
	int64_t reset_latency_ns;
	int64_t close_latency_ns;
	int64_t up_ns;       /* flap: up for this long from weir_stub_set on, … */
	int64_t down_ns;     /* … then down for this long, and so on; 0: always up */
	int32_t driver_code; /* reported with every scripted failure */
};

/* What happened so far. */
struct weir_stub_counts {
	uint64_t opens;
	uint64_t open_failures;
	uint64_t closes;
	uint64_t validates;
	uint64_t resets;
	uint64_t cancels;
	uint64_t live;     /* connections open now */
	uint64_t live_max; /* the most there ever were */
	uint64_t hanging;  /* opens that hang now */
	uint64_t misuses;  /* calls on a closed connection, or two at once on one: the second
	                    * is certain when one of the two takes time, likely otherwise */
};

struct weir_stub;

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The drivers; all are called "stub". Static storage; any thread; wait-free.
 *   plain   opens take as long as they take, so the pool opens on helper threads
 *   prompt  declares that its opens honour deadlines, and does
 *   bare    prompt, without validate, reset and cancel: the least a driver can be
 *   engine  prompt, for weir_db: every text up to a semicolon is a statement without
 *           rows, and nothing is stored; begin fails while the server is down
 */
WEIR_API const struct weir_driver *weir_stub_driver(void);
WEIR_API const struct weir_driver *weir_stub_prompt_driver(void);
WEIR_API const struct weir_driver *weir_stub_bare_driver(void);
WEIR_API const struct weir_driver *weir_stub_engine_driver(void);

/* A server that works, or NULL without memory. Any thread. */
WEIR_API WEIR_MUST_USE struct weir_stub *weir_stub_create(void);

/* Destroy a server once no pool uses it; NULL is accepted. Connections that are
 * still open are freed with it. Owner. */
WEIR_API void weir_stub_destroy(struct weir_stub *stub);

/*
 * Wait until no open is under way and no connection is live; false if the
 * deadline passes first. A pool may be gone while an open on one of its helper
 * threads is not: drain before weir_stub_destroy then. Hanging opens go on
 * hanging until weir_stub_unhang. Any thread; blocks until deadline.
 */
WEIR_API WEIR_MUST_USE bool weir_stub_drain(struct weir_stub *stub, struct weir_time deadline);

/* Replace the script (NULL: works, at once) and start its flapping anew. A size
 * of 0 counts as that of this header; what lies past size counts as zero. Any
 * thread; takes a short lock. */
WEIR_API void weir_stub_set(struct weir_stub *stub, const struct weir_stub_script *script);

/* Let every open that hangs now go on; the script stays, so later ones may hang
 * again. Any thread; takes a short lock. */
WEIR_API void weir_stub_unhang(struct weir_stub *stub);

/* Fill counts. Any thread; takes a short lock. */
WEIR_API void weir_stub_read(struct weir_stub *stub, struct weir_stub_counts *counts);

#ifdef __cplusplus
}
#endif

#endif
