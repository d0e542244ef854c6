/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Others at the same file, and what the operator should know of them.
 *
 * weir keeps its own checkpoints safe from every writer; what it cannot keep safe
 * is a checkpoint that somebody else makes, with a SQLite that has the fault, and
 * closing a last connection or any commit with default settings makes one. Such a
 * connection shows itself in two ways: SQLite's count of changes moves between
 * two transactions of ours, or the wal-index says that frames were copied that no
 * checkpoint of ours has copied. Neither tells weir in another process from a
 * stranger, so nothing is noted while the turnstile has other users. Both also
 * tell how long the WAL is, which others make longer, and how much of it is copied.
 */
#include "sqlite_internal.h"

#include <stdio.h>

#include "turnstile.h"

/* ---- looking ---- */

/* Whether somebody else is at the turnstile, or was when this was first asked. */
static bool has_company(struct weir__sqlite_engine *engine)
{
	if (!engine->company && engine->turnstile != NULL)
		engine->company = weir__turnstile_processes(engine->turnstile) > 1;
	return engine->company;
}

static uint32_t version_of(sqlite3 *db)
{
	uint32_t version = 0;

	(void)sqlite3_file_control(db, "main", SQLITE_FCNTL_DATA_VERSION, &version);
	return version;
}

void weir__sqlite_note_version(struct weir__sqlite_conn *conn)
{
	struct weir__sqlite_engine *const engine = &conn->engine;

	if (engine->is_private)
		return;
	engine->version = version_of(conn->db);
	engine->version_known = true;
}

/* The words of the wal-index that are looked at: part of SQLite's file format
 * (walformat.html), in the byte order of the machine. */
#define SHM_REGION 32768
#define SHM_FRAMES 4
#define SHM_COPIED 24

/* The shared memory of the WAL, or NULL. SQLite has it mapped. */
static const uint32_t volatile *index_of(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	void volatile *region = NULL;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL || file->pMethods->iVersion < 2 ||
	    file->pMethods->xShmMap(file, 0, SHM_REGION, 0, &region) != SQLITE_OK)
		return NULL;
	return region;
}

static void look_at_index(struct weir__sqlite_conn *conn)
{
	struct weir__sqlite_engine *const engine = &conn->engine;
	const uint32_t volatile *const words = index_of(conn->db);

	if (words == NULL)
		return;

	const uint32_t frames = words[SHM_FRAMES];
	const uint32_t copied = words[SHM_COPIED] < frames ? words[SHM_COPIED] : frames;

	if (engine->index_known && copied > engine->copied && !has_company(engine))
		engine->foreign_checkpoint = true;
	if (frames < engine->stuck_at)
		engine->stuck_at = 0;
	engine->frames = frames;
	engine->copied = copied;
	engine->index_known = true;
}

void weir__sqlite_look_for_writes(struct weir__sqlite_conn *conn)
{
	struct weir__sqlite_engine *const engine = &conn->engine;

	if (engine->is_private || (engine->version_known && version_of(conn->db) == engine->version))
		return;
	if (engine->version_known && !engine->foreign_write && !has_company(engine))
		engine->foreign_write = true;
	look_at_index(conn);
}

void weir__sqlite_look_for_checkpoints(struct weir__sqlite_conn *conn)
{
	if (!conn->engine.is_private)
		look_at_index(conn);
}

/* ---- telling ---- */

static bool tell_fault(struct weir__sqlite_conn *conn, char *text, size_t text_size)
{
	const struct weir__sqlite_engine *const engine = &conn->engine;

	if (!engine->foreign_write && !engine->foreign_checkpoint)
		return false;
	if (!weir_sqlite_is_vulnerable(0))
		return false;
	(void)snprintf(
		text, text_size,
		"another connection %s this file, and SQLite %s can lose commits when such a one "
		"checkpoints: let it use weir, or SQLite 3.51.3, or PRAGMA wal_autocheckpoint=0",
		engine->foreign_checkpoint ? "checkpoints" : "writes to", sqlite3_libversion());
	return true;
}

static bool tell_second_copy(struct weir__sqlite_conn *conn, char *text, size_t text_size)
{
	(void)conn;
	return weir__sqlite_second_copy(text, text_size);
}

static bool tell_turnstile(struct weir__sqlite_conn *conn, char *text, size_t text_size)
{
	const char *const note = conn->engine.turnstile_note;

	if (note[0] == '\0')
		return false;
	(void)snprintf(text, text_size,
	               "no turnstile, so that writers of other processes are not queued fairly: %s",
	               note);
	return true;
}

struct tale {
	bool (*tell)(struct weir__sqlite_conn *conn, char *text, size_t text_size);
	bool asked_once; /* what it finds does not change */
};

static const struct tale tales[] = {
	{tell_turnstile, false},
	{tell_second_copy, true},
	{tell_fault, false},
};

bool weir__sqlite_warning(void *writer, char *text, size_t text_size)
{
	struct weir__sqlite_conn *const conn = writer;
	uint32_t *const told = &conn->engine.told;

	for (uint32_t i = 0; i < sizeof(tales) / sizeof(tales[0]); i++) {
		const uint32_t bit = UINT32_C(1) << i;

		if ((*told & bit) != 0)
			continue;

		const bool tells = tales[i].tell(conn, text, text_size);

		if (tells || tales[i].asked_once)
			*told |= bit;
		if (tells)
			return true;
	}
	return false;
}
