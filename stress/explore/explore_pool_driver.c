/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pretended driver of the pool cases: it asserts what every driver is promised,
 * and fails when the explorer says so.
 */
#include "explore_pool.h"

static enum weir_code open_conn(const struct weir_open_request *request, void **conn,
                                struct weir_error *err)
{
	struct pool_world *world = (struct pool_world *)request->driver_data;
	struct pool_conn *made;

	xp_step("driver open");
	switch (xp_event(3)) {
	case 1:
		return weir_fail(err, WEIR_ERR_DRIVER_OPEN, "open", 0, "refused");
	case 2:
		while (wp_now() < request->deadline.ns) /* ends: the sleep lasts that long */
			(void)xp_sleep(world, request->deadline.ns);
		return weir_fail(err, WEIR_ERR_DRIVER_DEADLINE, "open", 0, "too late");
	default:
		break;
	}
	made = ghost_opened();
	made->open = 1;
	made->token = request->token;
	*conn = made;
	return WEIR_OK;
}

static void close_conn(void *conn)
{
	struct pool_conn *gone = (struct pool_conn *)conn;

	xp_step("driver close");
	XP_ASSERT(gone->open == 1 && gone->user == 0);
	gone->open = 0;
	gone->uses++;
	ghost_closed();
}

static enum weir_code validate_conn(void *conn, struct weir_time deadline, struct weir_error *err)
{
	struct pool_conn *checked = (struct pool_conn *)conn;

	(void)deadline;
	XP_ASSERT(checked->open == 1 && checked->user == 0);
	checked->uses++;
	if (xp_event(2) == 1)
		return weir_fail(err, WEIR_ERR_DRIVER, "validate", 0, "it is broken");
	return WEIR_OK;
}

bool pool_cancel_asked(const struct pool_conn *conn)
{
	return weir__cancel_asked(conn->token);
}

#define DRIVER(flag_bits, check)                                                                   \
	{                                                                                              \
		.abi = WEIR_DRIVER_ABI, .size = (uint32_t)sizeof(struct weir_driver), .name = "pretended", \
		.flags = (flag_bits) | WEIR_DRIVER_HEEDS_CANCEL, .open = open_conn, .close = close_conn,   \
		.validate = (check),                                                                       \
	}

const struct weir_driver *pool_driver(const struct pool_config *config)
{
	static const struct weir_driver prompt = DRIVER(WEIR_DRIVER_OPEN_HONOURS_DEADLINE, NULL);
	static const struct weir_driver checked =
		DRIVER(WEIR_DRIVER_OPEN_HONOURS_DEADLINE, validate_conn);
	static const struct weir_driver slow = DRIVER(0, NULL);

	if (config->helper)
		return &slow;
	return config->validate ? &checked : &prompt;
}
