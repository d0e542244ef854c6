/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_watched.h.
 */
#include "unit_watched.h"

#include <sched.h>
#include <stdlib.h>

struct watched_conn {
	struct unit_watched *server;
	_Atomic uint32_t users;
	uint64_t uses; /* plain on purpose */
};

static enum weir_code open_watched(const struct weir_open_request *request, void **conn,
                                   struct weir_error *err)
{
	struct unit_watched *server = request->driver_data;
	const uint64_t number = atomic_fetch_add(&server->tries, 1) + 1;
	const uint32_t fail_every = atomic_load(&server->fail_every);

	if (fail_every != 0 && number % fail_every == 0)
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, "watched.open", 42, "an open that fails");

	struct watched_conn *made = calloc(1, sizeof *made);

	if (made == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "watched.open", 0, "no memory");
	made->server = server;
	atomic_fetch_add(&server->opens, 1);
	*conn = made;
	return WEIR_OK;
}

static bool enter(struct watched_conn *conn)
{
	if (atomic_fetch_add_explicit(&conn->users, 1, memory_order_relaxed) == 0)
		return true;
	atomic_fetch_add(&conn->server->overlaps, 1);
	return false;
}

static void leave(struct watched_conn *conn)
{
	atomic_fetch_sub_explicit(&conn->users, 1, memory_order_relaxed);
}

void unit_watched_use(void *opaque, uint32_t spins)
{
	struct watched_conn *conn = opaque;

	if (enter(conn))
		conn->uses++;
	for (uint32_t i = 0; i < spins; i++)
		(void)sched_yield();
	leave(conn);
}

static void close_watched(void *opaque)
{
	struct watched_conn *conn = opaque;

	(void)enter(conn);
	atomic_fetch_add(&conn->server->closes, 1);
	free(conn);
}

static enum weir_code reset_watched(void *opaque, struct weir_time deadline, struct weir_error *err)
{
	struct watched_conn *conn = opaque;
	uint32_t left = atomic_load(&conn->server->reset_fails);

	(void)deadline;
	unit_watched_use(conn, 0);
	while (left > 0) { /* ends: left only goes down */
		if (atomic_compare_exchange_weak(&conn->server->reset_fails, &left, left - 1))
			return weir_fail(err, WEIR_ERR_DRIVER_BROKEN, "watched.reset", 7, "a reset that fails");
	}
	return WEIR_OK;
}

static const struct weir_driver prompt = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "watched",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.open = open_watched,
	.close = close_watched,
};

static const struct weir_driver plain = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "watched",
	.open = open_watched,
	.close = close_watched,
};

static const struct weir_driver resets = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "watched",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE,
	.open = open_watched,
	.close = close_watched,
	.reset = reset_watched,
};

const struct weir_driver *unit_watched_prompt(void)
{
	return &prompt;
}

const struct weir_driver *unit_watched_plain(void)
{
	return &plain;
}

const struct weir_driver *unit_watched_resets(void)
{
	return &resets;
}
