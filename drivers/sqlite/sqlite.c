/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The SQLite driver as the pool sees it: its settings, its calls, and the way
 * from a lease to SQLite's own handle.
 */
#include "sqlite_internal.h"

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* The most that SQLite maps unless it was built otherwise. */
#define MMAP_MAX INT64_C(0x7fff0000)

static const struct weir_setting settings[WEIR__SQLITE_SETTINGS] = {
	[WEIR__SQLITE_BUSY_TIMEOUT] =
		{
			.name = "busy_timeout",
			.type = WEIR_SETTING_DURATION,
			.max = WEIR_HOUR_NS,
			.preset = WEIR_SECONDS(5),
			.doc = "how long a statement waits for a lock that another connection holds",
		},
	[WEIR__SQLITE_CACHE_SIZE] =
		{
			.name = "cache_size",
			.type = WEIR_SETTING_SIZE,
			.min = 64 * KIB,
			.max = 64 * GIB,
			.preset = 8 * MIB,
			.doc = "page cache of each connection; taken as it fills",
		},
	[WEIR__SQLITE_FOREIGN_KEYS] =
		{
			.name = "foreign_keys",
			.type = WEIR_SETTING_BOOL,
			.max = 1,
			.preset = 1,
			.doc = "enforce foreign keys",
		},
	[WEIR__SQLITE_MMAP_SIZE] =
		{
			.name = "mmap_size",
			.type = WEIR_SETTING_SIZE,
			.max = MMAP_MAX,
			.doc = "how much of the file to read through a memory map; 0 none",
		},
	/* full, because whoever was told that a commit succeeded may act on it: a
	 * database that forgets it after a power cut is wrong, not merely slow. */
	[WEIR__SQLITE_SYNCHRONOUS] =
		{
			.name = "synchronous",
			.type = WEIR_SETTING_CHOICE,
			.max = 3,
			.preset = 2,
			.choices = "off|normal|full|extra",
			.doc = "full: a commit survives a power cut; normal: the last ones may not",
		},
	[WEIR__SQLITE_TEMP_STORE] =
		{
			.name = "temp_store",
			.type = WEIR_SETTING_CHOICE,
			.max = 2,
			.choices = "default|file|memory",
			.doc = "where temporary tables and statement journals live",
		},
	[WEIR__SQLITE_WAL_AUTOCHECKPOINT] =
		{
			.name = "wal_autocheckpoint",
			.type = WEIR_SETTING_COUNT,
			.max = 10000000,
			.preset = 1000,
			.doc = "a commit that leaves more pages than this in the WAL copies them; 0 never",
		},
	[WEIR__SQLITE_WAL_CEILING] =
		{
			.name = "wal_ceiling",
			.type = WEIR_SETTING_COUNT,
			.min = 10,
			.max = 10000000,
			.preset = 1000,
			.doc = "weir_db: a commit that leaves more frames in the WAL has them copied back",
		},
};

static const struct weir_driver driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "sqlite",
	.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE | WEIR_DRIVER_HEEDS_CANCEL,
	.settings_count = WEIR__SQLITE_SETTINGS,
	.settings = settings,
	.open = weir__sqlite_open,
	.close = weir__sqlite_close,
	.validate = weir__sqlite_validate,
	.reset = weir__sqlite_reset,
	.cancel = weir__sqlite_cancel,
	.sql = &weir__sqlite_sql,
	.engine = &weir__sqlite_engine,
	.schema = &weir__sqlite_schema,
};

const struct weir_driver *weir_sqlite_driver(void)
{
	return &driver;
}

/* From now on anything may happen to the connection: the reset looks. */
static sqlite3 *expose(struct weir__sqlite_conn *conn)
{
	conn->exposed = true;
	return conn->db;
}

struct sqlite3 *weir_sqlite_handle(const struct weir_lease *lease)
{
	if (lease == NULL || lease->pool == NULL || lease->conn == NULL)
		return NULL;
	if (weir_pool_driver(lease->pool) != &driver)
		return NULL;
	return expose(lease->conn);
}

struct sqlite3 *weir_sqlite_tx_handle(const struct weir_tx *tx)
{
	struct weir__sqlite_conn *const conn = weir_tx_driver_conn(tx, &driver);

	return conn == NULL ? NULL : expose(conn);
}
