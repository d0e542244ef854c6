/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What each tool's table is told by, and how it is read and written.
 */
#ifndef WEIR_MIGRATE_FOREIGN_TOOL_H
#define WEIR_MIGRATE_FOREIGN_TOOL_H

#include "foreign.h"

/* What a table is told by. Names are compared without regard to case. */
struct weir__foreign_shape {
	uint32_t columns;
	bool version;
	bool version_is_text;
	bool dirty;
	bool id;
	bool version_id;
	bool is_applied;
	bool tstamp;
};

/* How far the reading of a table has come. */
struct weir__foreign_reading {
	struct weir__foreign *foreign;
	size_t room;
};

struct weir__foreign_tool {
	enum weir_migrate_format format;
	bool (*knows)(const struct weir__foreign_shape *shape);
	/* Fill in what foreign says is applied. Errors: MIGRATE_FOREIGN (a row that the tool
	 * would not have written), NO_MEMORY, any DRIVER code. */
	enum weir_code (*read)(const struct weir__session *session,
	                       const struct weir__foreign_shape *shape, struct weir__foreign *foreign,
	                       struct weir_error *err);
	/* As weir__foreign_write. */
	enum weir_code (*write)(const struct weir__session *session,
	                        const struct weir__foreign *foreign,
	                        enum weir_migrate_direction direction, const char *version,
	                        const char *below, struct weir_error *err);
};
extern const struct weir__foreign_tool weir__foreign_golang;
extern const struct weir__foreign_tool weir__foreign_dbmate;
extern const struct weir__foreign_tool weir__foreign_goose;

/* Add a version that is applied, as the last. */
enum weir_code weir__foreign_add(struct weir__foreign_reading *reading, const char *version,
                                 int64_t applied_at, struct weir_error *err);

/* Run a statement with the table's name in place of its %s. */
enum weir_code weir__foreign_exec(const struct weir__session *session, const char *table,
                                  const char *sql, const struct weir_sql_value *params,
                                  uint32_t count, struct weir_error *err);
enum weir_code weir__foreign_query(const struct weir__session *session, const char *table,
                                   const char *sql, weir__on_row on_row, void *arg,
                                   struct weir_error *err);

/* A number or truth as the tool's driver has written it; false: it is none. */
bool weir__foreign_number(const struct weir_sql_value *value, int64_t *number);

/* A version as the number that these tables hold. Errors: MIGRATE_FOREIGN (too large). */
enum weir_code weir__foreign_version(const char *version, int64_t *number, struct weir_error *err);

#endif
