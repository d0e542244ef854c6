/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Writing a history. See history.h.
 */
#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define WHERE "migrate.history"
#define SQL_MAX 1024

static enum weir_code insert(const struct weir__session *session, const char *table,
                             const struct weir__history_row *row, const char *down_script,
                             struct weir_error *err)
{
	const struct weir_sql_value values[] = {
		weir_int64(row->id),         weir_text(row->version),
		weir_text(row->name),        weir_text(row->direction),
		weir_text(row->outcome),     weir_text(row->checksum),
		weir_int64(row->applied_at), weir_int64(row->duration_ns),
		weir_text(row->tool),        weir_text(row->tag),
		weir_int64(row->statements), weir_text(row->done_hash),
		weir_text(row->fingerprint), weir_text(down_script == NULL ? "" : down_script),
	};
	char quoted[WEIR__QUOTED_MAX];
	char sql[SQL_MAX];

	(void)snprintf(
		sql, sizeof sql,
		"INSERT INTO %s (id, version, name, direction, outcome, checksum, applied_at, "
		"duration_ns, tool, tag, statements, done_hash, fingerprint, down_script) VALUES "
		"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
		weir__quote(table, quoted));
	return weir__session_exec(session, sql, values, (uint32_t)(sizeof values / sizeof values[0]),
	                          err);
}

enum weir_code weir__history_make(const struct weir__session *session, const char *table,
                                  struct weir__history *history, struct weir_error *err)
{
	const struct weir__history_row format = {
		.version = WEIR__HISTORY_FORMAT, .name = "format", .outcome = "done"};
	char quoted[WEIR__QUOTED_MAX];
	char sql[SQL_MAX];
	enum weir_code code;

	if (history->there)
		return WEIR_OK;
	(void)snprintf(sql, sizeof sql,
	               "CREATE TABLE %s (id BIGINT NOT NULL PRIMARY KEY, version TEXT NOT NULL, name "
	               "TEXT NOT NULL, direction TEXT NOT NULL, outcome TEXT NOT NULL, checksum TEXT "
	               "NOT NULL, applied_at BIGINT NOT NULL, duration_ns BIGINT NOT NULL, tool TEXT "
	               "NOT NULL, tag TEXT NOT NULL, statements BIGINT NOT NULL, done_hash TEXT NOT "
	               "NULL, fingerprint TEXT NOT NULL, down_script TEXT NOT NULL)",
	               weir__quote(table, quoted));
	code = weir__session_exec(session, sql, NULL, 0, err);
	if (code == WEIR_OK)
		code = insert(session, table, &format, NULL, err);
	if (code == WEIR_OK) {
		history->there = true;
		history->next_id = 1;
	}
	return code;
}

enum weir_code weir__history_add(const struct weir__session *session, const char *table,
                                 struct weir__history *history, struct weir__history_row *row,
                                 const char *down_script, struct weir_error *err)
{
	void *rows = history->rows;
	enum weir_code code;

	if (!weir__grow(&rows, sizeof *history->rows, history->count, &history->room))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the history");
	history->rows = rows;
	row->id = history->next_id;
	code = insert(session, table, row, down_script, err);
	if (code != WEIR_OK)
		return code;
	history->rows[history->count++] = *row;
	history->next_id++;
	return WEIR_OK;
}

enum weir_code weir__history_change(const struct weir__session *session, const char *table,
                                    const struct weir__history_row *row, struct weir_error *err)
{
	const struct weir_sql_value values[] = {
		weir_text(row->outcome),      weir_int64(row->statements), weir_text(row->done_hash),
		weir_int64(row->duration_ns), weir_text(row->fingerprint), weir_text(row->checksum),
		weir_int64(row->applied_at),  weir_text(row->tool),        weir_int64(row->id),
	};
	char quoted[WEIR__QUOTED_MAX];
	char sql[SQL_MAX];
	enum weir_code code;

	(void)snprintf(sql, sizeof sql,
	               "UPDATE %s SET outcome = $1, statements = $2, done_hash = $3, duration_ns = $4, "
	               "fingerprint = $5, checksum = $6, applied_at = $7, tool = $8 WHERE id = $9",
	               weir__quote(table, quoted));
	code =
		weir__session_exec(session, sql, values, (uint32_t)(sizeof values / sizeof values[0]), err);
	if (code != WEIR_OK || session->sql->changes(session->conn) == 1)
		return code;
	return weir_fail(err, WEIR_ERR_MIGRATE_HISTORY, WHERE, 0,
	                 "table %.60s: row %" PRId64 " of version %.40s is gone: something else writes "
	                 "to it",
	                 table, row->id, row->version);
}
