/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The stub's four drivers: the calls of weir/driver.h over a pretended server.
 * Also the smallest complete example of a driver.
 *
 * Every call on a watched connection leaves its ticket in the state word while
 * it runs. Finding another's ticket, or the mark of a closed connection, is a
 * misuse; so is not finding one's own at the end. The word is read and written
 * without a locked instruction, which would cost as much as the lease that is
 * being measured; two calls that each last a few nanoseconds can therefore miss
 * each other, one that sleeps cannot.
 */
#include "stub_internal.h"

#include <stdlib.h>

#define LATENCY_SETTING(name, what)                                                                \
	{                                                                                              \
		name, WEIR_SETTING_DURATION, 0, WEIR_HOUR_NS, 0, false, NULL, what                         \
	}

static const struct weir_setting settings[] = {
	LATENCY_SETTING("close_latency", "how long each close takes"),
	LATENCY_SETTING("open_latency", "how long each open takes"),
	LATENCY_SETTING("reset_latency", "how long each reset takes"),
	LATENCY_SETTING("validate_latency", "how long each validation takes"),
};

#define SETTINGS_COUNT ((uint32_t)(sizeof(settings) / sizeof(settings[0])))

/* Which call each setting above is about. */
static const enum weir__stub_call setting_calls[SETTINGS_COUNT] = {
	WEIR__STUB_CLOSE,
	WEIR__STUB_OPEN,
	WEIR__STUB_RESET,
	WEIR__STUB_VALIDATE,
};

static const struct weir_time never = {WEIR_TIME_NEVER_NS};

/* Whether the call may go on; then leave must follow. */
static bool enter(struct weir__stub_conn *conn, const char *ticket)
{
	const uintptr_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	if (state != WEIR__STUB_LIVE) {
		weir__stub_misuse(conn->server);
		return false;
	}
	atomic_store_explicit(&conn->state, (uintptr_t)ticket, memory_order_relaxed);
	return true;
}

static void leave(struct weir__stub_conn *conn, const char *ticket)
{
	const uintptr_t state = atomic_load_explicit(&conn->state, memory_order_relaxed);

	if (state != (uintptr_t)ticket)
		weir__stub_misuse(conn->server);
	if (state != WEIR__STUB_CLOSED)
		atomic_store_explicit(&conn->state, WEIR__STUB_LIVE, memory_order_relaxed);
}

static void count_one(_Atomic uint64_t *counter)
{
	const uint64_t count = atomic_load_explicit(counter, memory_order_relaxed);

	/* Release: who reads the count also sees the ticket, and so a call that has
	 * been counted is known to be under way. */
	atomic_store_explicit(counter, count + 1, memory_order_release);
}

static enum weir_code refuse_misuse(const char *where, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, where, 0,
	                 "the connection is closed, or in another call");
}

/* deadline is what this driver honours: NEVER for the plain one. */
static enum weir_code open_until(const struct weir_open_request *request, struct weir_time deadline,
                                 void **out, struct weir_error *err)
{
	struct weir__stub_conn *conn = aligned_alloc(WEIR__STUB_LINE, sizeof(*conn));

	if (conn == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "stub.open", 0, "no memory for a connection");
	*conn = (struct weir__stub_conn){.server = request->driver_data};
	atomic_init(&conn->state, WEIR__STUB_LIVE);
	for (uint32_t i = 0; i < SETTINGS_COUNT; i++)
		conn->latency_ns[setting_calls[i]] = request->config->driver_values[i];

	enum weir_code code = WEIR_OK;

	if (conn->server != NULL)
		code = weir__stub_admit(conn->server, conn, deadline, err);
	else if (!weir__stub_pause(conn->latency_ns[WEIR__STUB_OPEN], deadline))
		code = weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, "stub.open", 0,
		                 "the open takes longer than its deadline allows");
	if (code != WEIR_OK) {
		free(conn);
		return code;
	}
	*out = conn;
	return WEIR_OK;
}

static enum weir_code open_plain(const struct weir_open_request *request, void **conn,
                                 struct weir_error *err)
{
	return open_until(request, never, conn, err);
}

static enum weir_code open_prompt(const struct weir_open_request *request, void **conn,
                                  struct weir_error *err)
{
	return open_until(request, request->deadline, conn, err);
}

static void close_conn(void *opaque)
{
	struct weir__stub_conn *conn = opaque;

	if (conn->server == NULL) {
		(void)weir__stub_pause(conn->latency_ns[WEIR__STUB_CLOSE], never);
		free(conn);
		return;
	}

	const uintptr_t state =
		atomic_exchange_explicit(&conn->state, WEIR__STUB_CLOSED, memory_order_relaxed);

	if (state != WEIR__STUB_LIVE)
		weir__stub_misuse(conn->server);
	if (state == WEIR__STUB_CLOSED)
		return;
	(void)weir__stub_serve(conn, WEIR__STUB_CLOSE, never, NULL);
	weir__stub_dismiss(conn);
}

static enum weir_code validate_conn(void *opaque, struct weir_time deadline, struct weir_error *err)
{
	struct weir__stub_conn *conn = opaque;
	const char ticket = 0;

	if (conn->server == NULL) {
		if (conn->latency_ns[WEIR__STUB_VALIDATE] == 0)
			return WEIR_OK;
		return weir__stub_serve(conn, WEIR__STUB_VALIDATE, deadline, err);
	}
	if (!enter(conn, &ticket))
		return refuse_misuse("stub.validate", err);
	count_one(&conn->validates);

	const enum weir_code code = weir__stub_serve(conn, WEIR__STUB_VALIDATE, deadline, err);

	leave(conn, &ticket);
	return code;
}

static enum weir_code reset_conn(void *opaque, struct weir_time deadline, struct weir_error *err)
{
	struct weir__stub_conn *conn = opaque;
	const char ticket = 0;

	if (conn->server == NULL) {
		if (conn->latency_ns[WEIR__STUB_RESET] == 0)
			return WEIR_OK;
		return weir__stub_serve(conn, WEIR__STUB_RESET, deadline, err);
	}
	if (!enter(conn, &ticket))
		return refuse_misuse("stub.reset", err);
	count_one(&conn->resets);

	const enum weir_code code = weir__stub_serve(conn, WEIR__STUB_RESET, deadline, err);

	leave(conn, &ticket);
	return code;
}

static void cancel_conn(void *opaque)
{
	struct weir__stub_conn *conn = opaque;

	if (conn->server == NULL)
		return;
	if (atomic_load_explicit(&conn->state, memory_order_relaxed) == WEIR__STUB_CLOSED)
		weir__stub_misuse(conn->server);
	else
		weir__stub_note_cancel(conn->server);
}

static const struct weir_driver plain_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "stub",
	.settings_count = SETTINGS_COUNT,
	.settings = settings,
	.open = open_plain,
	.close = close_conn,
	.validate = validate_conn,
	.reset = reset_conn,
	.cancel = cancel_conn,
};

static const struct weir_driver prompt_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "stub",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.settings_count = SETTINGS_COUNT,
	.settings = settings,
	.open = open_prompt,
	.close = close_conn,
	.validate = validate_conn,
	.reset = reset_conn,
	.cancel = cancel_conn,
};

static const struct weir_driver engine_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "stub",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.settings_count = SETTINGS_COUNT,
	.settings = settings,
	.open = open_prompt,
	.close = close_conn,
	.validate = validate_conn,
	.reset = reset_conn,
	.cancel = cancel_conn,
	.sql = &weir__stub_sql,
	.engine = &weir__stub_engine,
};

static const struct weir_driver bare_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "stub",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.settings_count = SETTINGS_COUNT,
	.settings = settings,
	.open = open_prompt,
	.close = close_conn,
};

const struct weir_driver *weir_stub_driver(void)
{
	return &plain_driver;
}

const struct weir_driver *weir_stub_prompt_driver(void)
{
	return &prompt_driver;
}

const struct weir_driver *weir_stub_engine_driver(void)
{
	return &engine_driver;
}

const struct weir_driver *weir_stub_bare_driver(void)
{
	return &bare_driver;
}
