/* SPDX-License-Identifier: BSD-2-Clause
 *
 * golang-migrate's table: version and dirty, in one row. No row, or version -1, is
 * nothing applied. It is replaced whole.
 */
#include "foreign_tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WHERE "migrate.foreign"

static bool knows(const struct weir__foreign_shape *shape)
{
	return shape->version && shape->dirty;
}

struct one_row {
	struct weir__foreign_reading reading;
	bool seen;
};

static enum weir_code take(void *arg, const struct weir_sql_value *row, uint32_t columns,
                           struct weir_error *err)
{
	struct one_row *const one = arg;
	struct weir__foreign *const foreign = one->reading.foreign;
	char text[WEIR_MIGRATE_VERSION_MAX];
	int64_t version = 0;
	int64_t dirty = 0;

	(void)columns;
	if (one->seen)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "table %.60s of golang-migrate has more than one row: delete all but the "
		                 "right one",
		                 foreign->table);
	one->seen = true;
	if (!weir__foreign_number(&row[0], &version) || !weir__foreign_number(&row[1], &dirty) ||
	    version < -1)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "table %.60s of golang-migrate has a row that it cannot have written: "
		                 "set it with migrate force VERSION",
		                 foreign->table);
	foreign->dirty = dirty != 0;
	if (version < 0)
		return WEIR_OK;
	(void)snprintf(text, sizeof text, "%" PRId64, version);
	return weir__foreign_add(&one->reading, text, 0, err);
}

static enum weir_code read_row(const struct weir__session *session,
                               const struct weir__foreign_shape *shape,
                               struct weir__foreign *foreign, struct weir_error *err)
{
	struct one_row one = {.reading = {.foreign = foreign}};

	(void)shape;
	return weir__foreign_query(session, foreign->table, "SELECT version, dirty FROM %s", take, &one,
	                           err);
}

/* The highest is what counts: one that was applied out of order leaves the row alone. */
static enum weir_code is_behind(const struct weir__session *session,
                                const struct weir__foreign *foreign, const char *version,
                                bool *behind, struct weir_error *err)
{
	struct weir__foreign now = {.format = foreign->format};
	enum weir_code code;

	memcpy(now.table, foreign->table, sizeof now.table);
	code = read_row(session, NULL, &now, err);
	*behind = code == WEIR_OK && now.count != 0 &&
	          weir__version_compare(version, now.versions[0]) < 0;
	weir__foreign_free(&now);
	return code;
}

static enum weir_code write_row(const struct weir__session *session,
                                const struct weir__foreign *foreign,
                                enum weir_migrate_direction direction, const char *version,
                                const char *below, struct weir_error *err)
{
	const char *const newest = direction == WEIR_MIGRATE_UP ? version : below;
	struct weir_sql_value value = weir_int64(0);
	enum weir_code code = WEIR_OK;
	bool behind = false;

	if (newest[0] != '\0')
		code = weir__foreign_version(newest, &value.as.int64, err);
	if (code == WEIR_OK && direction == WEIR_MIGRATE_UP)
		code = is_behind(session, foreign, version, &behind, err);
	if (code != WEIR_OK || behind)
		return code;
	code = weir__foreign_exec(session, foreign->table, "DELETE FROM %s", NULL, 0, err);
	if (code != WEIR_OK || newest[0] == '\0')
		return code;
	return weir__foreign_exec(session, foreign->table,
	                          "INSERT INTO %s (version, dirty) VALUES ($1, FALSE)", &value, 1, err);
}

const struct weir__foreign_tool weir__foreign_golang = {
	.format = WEIR_MIGRATE_GOLANG,
	.knows = knows,
	.read = read_row,
	.write = write_row,
};
