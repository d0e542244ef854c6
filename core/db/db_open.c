/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Connections of weir_db in their roles, and the pool of readers.
 *
 * The readers' pool leases struct weir__db_conn: a driver of weir_db's own wraps
 * the real one, so that each connection has its prepared statements beside it,
 * and both end together.
 */
#include <string.h>

#include "db_internal.h"

/* Open through the real driver, with statements beside the connection. */
static enum weir_code open_conn(const struct weir_db *db, const struct weir_open_request *request,
                                struct weir__db_conn **out, struct weir_error *err)
{
	struct weir__db_conn *conn = (struct weir__db_conn *)wp_alloc(WEIR__CACHE_LINE, sizeof *conn);
	enum weir_code code;

	if (conn == NULL ||
	    !weir__statements_init(&conn->statements, (uint32_t)db->config.statement_cache)) {
		wp_free(conn);
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "db.open", 0, "no memory for a connection");
	}
	conn->driver = db->driver;
	if (request->role != WEIR_ROLE_AIDE)
		conn->statements.shown = &db->counts[request->slot].sql;
	conn->statements.record = db->record;
	weir_error_init(&conn->failure);
	code = db->driver->open(request, &conn->conn, err);
	if (code != WEIR_OK) {
		weir__statements_free(&conn->statements, db->sql);
		wp_free(conn);
		return code;
	}
	*out = conn;
	return WEIR_OK;
}

void weir__db_conn_close(struct weir__db_conn *conn)
{
	if (conn == NULL)
		return;
	weir__statements_free(&conn->statements, conn->driver->sql);
	conn->driver->close(conn->conn);
	wp_free(conn);
}

enum weir_code weir__db_conn_open(struct weir_db *db, enum weir_role role,
                                  struct weir_time deadline, struct weir__db_conn **conn,
                                  struct weir_error *err)
{
	struct weir_open_request request;

	memset(&request, 0, sizeof request);
	request.size = (uint32_t)sizeof request;
	request.config = &db->config;
	request.deadline = deadline;
	request.driver_data = db->options.driver_data;
	request.role = role;
	request.slot = weir__pool_places(&db->config); /* not a reader's */
	if (db->histograms[WEIR_HISTOGRAM_SYNC] != NULL) {
		request.synced = weir__db_note_sync;
		request.synced_arg = db;
	}
	*conn = NULL;
	return open_conn(db, &request, conn, err);
}

static void move_count(wp_u64 *to, wp_u64 *from)
{
	wp_store_rlx_64(to, wp_load_rlx_64(to) + wp_load_rlx_64(from));
	wp_store_rlx_64(from, 0);
}

void weir__db_count(struct weir_db *db, struct weir__db_conn *conn, uint32_t slot)
{
	move_count(&db->counts[slot].hits, &conn->statements.hits);
	move_count(&db->counts[slot].misses, &conn->statements.misses);
}

/* ---- the driver of the readers' pool ---- */

static enum weir_code reader_open(const struct weir_open_request *request, void **out,
                                  struct weir_error *err)
{
	const struct weir_db *db = (const struct weir_db *)request->driver_data;
	struct weir_open_request inner = *request;
	struct weir__db_conn *conn = NULL;
	enum weir_code code;

	inner.driver_data = db->options.driver_data;
	inner.role = WEIR_ROLE_READER;
	code = open_conn(db, &inner, &conn, err);
	if (code == WEIR_OK)
		*out = conn;
	return code;
}

static void reader_close(void *opaque)
{
	weir__db_conn_close((struct weir__db_conn *)opaque);
}

static enum weir_code reader_validate(void *opaque, struct weir_time deadline,
                                      struct weir_error *err)
{
	struct weir__db_conn *conn = (struct weir__db_conn *)opaque;

	return conn->driver->validate(conn->conn, deadline, err);
}

static enum weir_code reader_reset(void *opaque, struct weir_time deadline, struct weir_error *err)
{
	struct weir__db_conn *conn = (struct weir__db_conn *)opaque;

	return conn->driver->reset(conn->conn, deadline, err);
}

static void wrap_driver(struct weir_db *db)
{
	const struct weir_driver *driver = db->driver;
	struct weir_driver *wrapper = &db->reader_driver;

	memset(wrapper, 0, sizeof *wrapper);
	wrapper->abi = driver->abi;
	wrapper->size = (uint32_t)sizeof *wrapper;
	wrapper->name = driver->name;
	wrapper->flags = driver->flags;
	wrapper->settings_count = driver->settings_count;
	wrapper->settings = driver->settings;
	wrapper->open = reader_open;
	wrapper->close = reader_close;
	wrapper->validate = driver->validate != NULL ? reader_validate : NULL;
	wrapper->reset = driver->reset != NULL ? reader_reset : NULL;
}

enum weir_code weir__db_open_readers(struct weir_db *db, struct weir_error *err)
{
	wrap_driver(db);
	const struct weir_pool_options options = {(uint32_t)sizeof options, db->options.log,
	                                          db->options.on_leak, db->options.leak_arg};

	return weir_pool_create_with(&db->readers, &db->reader_driver, db, &db->config, &options, err);
}
