/* SPDX-License-Identifier: BSD-2-Clause
 *
 * dbmate's table: version, text, one row for each that is applied.
 */
#include "foreign_tool.h"

#include <string.h>

#define WHERE "migrate.foreign"

static bool knows(const struct weir__foreign_shape *shape)
{
	return shape->columns == 1 && shape->version && shape->version_is_text;
}

static enum weir_code take(void *arg, const struct weir_sql_value *row, uint32_t columns,
                           struct weir_error *err)
{
	struct weir__foreign_reading *const reading = arg;
	char version[WEIR_MIGRATE_VERSION_MAX];

	(void)columns;
	weir__value_text(&row[0], version, sizeof version);
	if (row[0].type != WEIR_SQL_TEXT || row[0].as.data.length >= sizeof version ||
	    strlen(version) != row[0].as.data.length || version[0] == '\0' ||
	    strspn(version, "0123456789") != strlen(version))
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "table %.60s of dbmate has version '%.60s', which it cannot have written: "
		                 "delete that row",
		                 reading->foreign->table, version);
	return weir__foreign_add(reading, version, 0, err);
}

static enum weir_code read_rows(const struct weir__session *session,
                                const struct weir__foreign_shape *shape,
                                struct weir__foreign *foreign, struct weir_error *err)
{
	struct weir__foreign_reading reading = {.foreign = foreign};

	(void)shape;
	return weir__foreign_query(session, foreign->table, "SELECT version FROM %s ORDER BY version",
	                           take, &reading, err);
}

static enum weir_code write_row(const struct weir__session *session,
                                const struct weir__foreign *foreign,
                                enum weir_migrate_direction direction, const char *version,
                                const char *below, struct weir_error *err)
{
	const struct weir_sql_value value = weir_text(version);

	(void)below;
	if (direction == WEIR_MIGRATE_UP && weir__foreign_has(foreign, version))
		return WEIR_OK; /* left over from before weir undid it and did not keep the table */
	return weir__foreign_exec(session, foreign->table,
	                          direction == WEIR_MIGRATE_UP ? "INSERT INTO %s (version) VALUES ($1)"
	                                                       : "DELETE FROM %s WHERE version = $1",
	                          &value, 1, err);
}

const struct weir__foreign_tool weir__foreign_dbmate = {
	.format = WEIR_MIGRATE_DBMATE,
	.knows = knows,
	.read = read_rows,
	.write = write_row,
};
