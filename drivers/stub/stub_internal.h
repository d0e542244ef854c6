/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the two files of the stub share: the connection, and the questions a
 * call puts to the pretended server (stub_script.c) before it does its part
 * (stub.c).
 *
 * A connection with a server is on one of the server's two lists, live or
 * closed, from its open until the server drops it; the server owns the memory.
 * One without a server belongs to the pool that opened it.
 */
#ifndef WEIR_STUB_INTERNAL_H
#define WEIR_STUB_INTERNAL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <weir/engine.h>
#include <weir/sql.h>
#include <weir/stub.h>

/* The calls of a driver that can be scripted. */
enum weir__stub_call {
	WEIR__STUB_OPEN = 0,
	WEIR__STUB_VALIDATE = 1,
	WEIR__STUB_RESET = 2,
	WEIR__STUB_CLOSE = 3,
	WEIR__STUB_CALLS
};

/* Two neighbours on one cache line would make a benchmark of the pool measure
 * the stub. */
#define WEIR__STUB_LINE 64

struct weir__stub_conn {
	/* Who is in a call: LIVE, CLOSED, or the address of the caller's ticket. */
	alignas(WEIR__STUB_LINE) _Atomic uintptr_t state;
	/* Written by the holder only, with plain load and store; summed by others. */
	_Atomic uint64_t validates;
	_Atomic uint64_t resets;
	/* r/o after open */
	struct weir_stub *server; /* NULL: nobody watches */
	int64_t latency_ns[WEIR__STUB_CALLS];
	/* under the server's lock */
	struct weir__stub_conn *next;
	struct weir__stub_conn *prev;
};

#define WEIR__STUB_LIVE ((uintptr_t)1)
#define WEIR__STUB_CLOSED ((uintptr_t)2)

/* Sleep for latency_ns, but not past deadline; false if the deadline was in the
 * way. A latency of 0 with a deadline that has passed is false too. */
bool weir__stub_pause(int64_t latency_ns, struct weir_time deadline);

/*
 * An open arrives: hang and take time as the script says, then fail or succeed.
 * On success conn is on the list of live connections. deadline is NEVER for the
 * driver that does not honour it.
 */
enum weir_code weir__stub_admit(struct weir_stub *server, struct weir__stub_conn *conn,
                                struct weir_time deadline, struct weir_error *err);

/* A call on a live connection: take time and fail as the script says. */
enum weir_code weir__stub_serve(struct weir__stub_conn *conn, enum weir__stub_call call,
                                struct weir_time deadline, struct weir_error *err);

/* Whether the script has the server down now. */
bool weir__stub_is_down(struct weir_stub *server);

/* stub_sql.c */
extern const struct weir_sql weir__stub_sql;
extern const struct weir_engine weir__stub_engine;

/* The connection is closed: off the live list, into quarantine. */
void weir__stub_dismiss(struct weir__stub_conn *conn);

/* A rule of weir/driver.h was broken. */
void weir__stub_misuse(struct weir_stub *server);

/* The server saw a cancel. */
void weir__stub_note_cancel(struct weir_stub *server);

#endif
