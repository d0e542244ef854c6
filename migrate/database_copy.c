/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See database_copy.h.
 */
#include "database_copy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define WHERE "migrate.copy"
#define TELL_EVERY_NS WEIR_MILLISECONDS(100)

/* ---- the database's own file ---- */

bool weir__database_is_private(struct weir_db *db)
{
	const struct weir_engine *const engine = weir_db_driver(db)->engine;

	return engine->is_private != NULL && engine->is_private(weir_db_config(db));
}

const char *weir__database_name(struct weir_db *db)
{
	const char *const path = weir_db_config(db)->path;
	const char *const slash = strrchr(path, '/');

	if (weir__database_is_private(db))
		return "memory";
	return slash == NULL ? path : slash + 1;
}

void weir__database_folder(struct weir_db *db, char *folder, size_t size)
{
	const char *const path = weir_db_config(db)->path;
	const char *const slash = strrchr(path, '/');

	if (slash == NULL)
		(void)snprintf(folder, size, ".");
	else if (slash == path)
		(void)snprintf(folder, size, "/");
	else
		(void)snprintf(folder, size, "%.*s", (int)(slash - path), path);
}

/* ---- its version ---- */

static bool is_done(const struct weir__history *history, const char *version)
{
	return weir__history_state(weir__history_of(history, version)) == WEIR__HISTORY_DONE;
}

static const char *newest_of_set(const struct weir__history *history,
                                 const struct weir_migrations *set)
{
	const char *newest = "";

	for (size_t i = 0; set != NULL && i < set->count; i++) {
		if (is_done(history, set->list[i].version))
			newest = set->list[i].version;
	}
	return newest;
}

static const char *newest_by_number(const struct weir__history *history)
{
	const char *newest = "";

	for (size_t i = 0; i < history->count; i++) {
		const char *const version = history->rows[i].version;

		if (is_done(history, version) &&
		    (newest[0] == '\0' || weir__version_compare(version, newest) > 0))
			newest = version;
	}
	return newest;
}

enum weir_code weir__database_version(const struct weir__session *session, const char *table,
                                      const struct weir_migrations *set,
                                      char version[WEIR_MIGRATE_VERSION_MAX],
                                      struct weir_error *err)
{
	struct weir__history history = {0};
	const enum weir_code code =
		weir__history_read(session, table != NULL ? table : WEIR__HISTORY_TABLE, &history, err);
	const char *newest = "";

	if (code == WEIR_OK)
		newest = newest_of_set(&history, set);
	if (code == WEIR_OK && newest[0] == '\0')
		newest = newest_by_number(&history);
	(void)snprintf(version, WEIR_MIGRATE_VERSION_MAX, "%s", newest);
	weir__history_free(&history);
	return code;
}

/* ---- room ---- */

static enum weir_code check_room(struct weir__database_copy *copy,
                                 const struct weir__session *session, struct weir_error *err)
{
	struct weir_schema_facts facts = {.size = sizeof facts};
	struct statvfs room;
	char folder[WEIR__PATH_MAX];
	const char *const slash = strrchr(copy->path, '/');
	uint64_t needed;
	uint64_t available;
	const enum weir_code code = session->schema->facts(session->conn, &facts, err);

	if (code != WEIR_OK)
		return code;
	copy->bytes = facts.pages * facts.page_size;
	copy->log_bytes = facts.log_bytes;
	needed = (copy->bytes + copy->log_bytes) * copy->times;
	if (needed > UINT64_MAX - copy->options->disk_reserve)
		needed = UINT64_MAX;
	else
		needed += copy->options->disk_reserve;
	(void)snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - copy->path),
	               slash == NULL ? "." : copy->path);
	if (statvfs(folder[0] == '\0' ? "/" : folder, &room) != 0)
		return weir_fail(err, WEIR_ERR_IO, WHERE, errno, "%s: %s", folder, strerror(errno));
	available = (uint64_t)room.f_bavail * room.f_frsize;
	if (available < needed)
		return weir_fail(err, WEIR_ERR_DRIVER_FULL, WHERE, ENOSPC,
		                 "%s: no room for a copy of the database: %" PRIu64
		                 " bytes are needed, %" PRIu64 " are free; name another folder",
		                 folder, needed, available);
	return WEIR_OK;
}

/* ---- copying ---- */

struct telling {
	const struct weir_migrate_options *options;
	struct weir_migrate_progress progress;
	int64_t began_ns;
	int64_t told_ns; /* 0: never */
};

static bool tell(void *arg, uint64_t done, uint64_t all)
{
	struct telling *const telling = arg;
	const int64_t now = weir_now().ns;

	if (telling->options->on_progress == NULL)
		return true;
	if (telling->told_ns != 0 && now - telling->told_ns < TELL_EVERY_NS && done < all)
		return true;
	telling->told_ns = now;
	telling->progress.percent = all == 0 ? -1.0 : 100.0 * (double)done / (double)all;
	telling->progress.elapsed_ns = now - telling->began_ns;
	return telling->options->on_progress(telling->options->progress_arg, &telling->progress);
}

static enum weir_code copy_from(struct weir__database_copy *copy,
                                const struct weir__session *session, struct weir_error *err)
{
	struct telling telling = {
		.options = copy->options,
		.progress = {.phase = copy->phase, .version = "", .name = "", .percent = -1.0},
		.began_ns = weir_now().ns,
	};
	enum weir_code code = check_room(copy, session, err);

	if (code == WEIR_OK && !tell(&telling, 0, 0))
		code = weir_fail(err, WEIR_ERR_DRIVER_CANCELLED, WHERE, 0, "stopped before the copy");
	if (code == WEIR_OK)
		code = session->schema->copy(session->conn, copy->path, tell, &telling, err);
	copy->duration_ns = weir_now().ns - telling.began_ns;
	return code;
}

enum weir_code weir__database_copy(struct weir__database_copy *copy, struct weir_error *err)
{
	const struct weir_read_options options = {
		.size = sizeof options,
		.timeout_ns = weir__read_timeout(copy->options),
		.expected_long = true,
	};
	struct weir__session session;
	struct weir_tx tx = {0};
	enum weir_code code = weir__session_check(copy->db, err);

	if (code != WEIR_OK)
		return code;
	code = weir_read_begin(copy->db, &options, &tx, err);
	if (code == WEIR_OK)
		code = weir__session_init(&session, copy->db, &tx, err);
	if (code == WEIR_OK && session.schema->copy == NULL)
		code = weir_fail(err, WEIR_ERR_DRIVER_UNSUPPORTED, WHERE, 0,
		                 "driver %s cannot copy a database", session.driver->name);
	else if (code == WEIR_OK)
		code = copy_from(copy, &session, err);
	weir_tx_end(&tx);
	return code;
}
