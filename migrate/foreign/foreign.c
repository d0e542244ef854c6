/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Finding the table of another tool. See foreign.h.
 */
#include "foreign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "foreign_tool.h"
#include "text.h"

#define WHERE "migrate.foreign"
#define SQL_MAX 512

static const struct weir__foreign_tool *const tools[] = {
	&weir__foreign_golang,
	&weir__foreign_dbmate,
	&weir__foreign_goose,
};

/* golang-migrate's and dbmate's; goose's. */
static const char *const usual_names[] = {"schema_migrations", "goose_db_version"};
#define USUAL_NAMES (sizeof usual_names / sizeof usual_names[0])

bool weir__foreign_is_table(const char *name)
{
	for (size_t i = 0; i < USUAL_NAMES; i++) {
		if (strcasecmp(usual_names[i], name) == 0)
			return true;
	}
	return false;
}

static const struct weir__foreign_tool *tool_of(enum weir_migrate_format format)
{
	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
		if (tools[i]->format == format)
			return tools[i];
	}
	return NULL;
}

/* ---- recognising ---- */

struct sign {
	const char *name;
	size_t offset;
};

#define SIGN(field)                                                                                \
	{                                                                                              \
#field, offsetof(struct weir__foreign_shape, field)                                        \
	}

static const struct sign signs[] = {
	SIGN(version), SIGN(dirty), SIGN(id), SIGN(version_id), SIGN(is_applied), SIGN(tstamp),
};

static bool is_text(const char *type)
{
	return strcasestr(type, "char") != NULL || strcasestr(type, "text") != NULL;
}

static bool see_column(void *arg, const struct weir_schema_column *column)
{
	struct weir__foreign_shape *const shape = arg;

	shape->columns++;
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
		if (strcasecmp(signs[i].name, column->name) == 0)
			*(bool *)((char *)shape + signs[i].offset) = true;
	}
	if (strcasecmp(column->name, "version") == 0)
		shape->version_is_text = is_text(column->type);
	return true;
}

/* Rails has the table that dbmate has, and one more beside it. */
static enum weir_code refuse_rails(const struct weir__session *session, const char *table,
                                   struct weir_error *err)
{
	bool there = false;
	const enum weir_code code =
		weir__session_has_table(session, "ar_internal_metadata", &there, err);

	if (code != WEIR_OK || !there)
		return code;
	return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
	                 "table %.60s is that of Rails (there is ar_internal_metadata, too), whose "
	                 "migrations weir cannot run: go on with Rails, or with weir migrate baseline",
	                 table);
}

static enum weir_code recognise(const struct weir__session *session, const char *table,
                                struct weir__foreign_shape *shape,
                                const struct weir__foreign_tool **tool, struct weir_error *err)
{
	enum weir_code code = session->schema->columns(session->conn, table, see_column, shape, err);

	*tool = NULL;
	for (size_t i = 0; code == WEIR_OK && i < sizeof tools / sizeof tools[0]; i++) {
		if (tools[i]->knows(shape))
			*tool = tools[i];
	}
	if (code == WEIR_OK && *tool == NULL)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "table %.60s has not the columns of golang-migrate, dbmate or goose: name "
		                 "their table, or begin with weir migrate baseline",
		                 table);
	if (code == WEIR_OK && *tool == &weir__foreign_dbmate)
		code = refuse_rails(session, table, err);
	return code;
}

/* ---- reading ---- */

static enum weir_code read_table(const struct weir__session *session, const char *table,
                                 struct weir__foreign *foreign, struct weir_error *err)
{
	struct weir__foreign_shape shape = {0};
	const struct weir__foreign_tool *tool = NULL;
	enum weir_code code;

	if (strlen(table) >= sizeof foreign->table)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "the name of a table is too long");
	code = recognise(session, table, &shape, &tool, err);
	if (code != WEIR_OK || tool == NULL)
		return code;
	foreign->format = tool->format;
	(void)snprintf(foreign->table, sizeof foreign->table, "%s", table);
	return tool->read(session, &shape, foreign, err);
}

static enum weir_code read_usual(const struct weir__session *session, struct weir__foreign *foreign,
                                 struct weir_error *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < USUAL_NAMES; i++) {
		bool there = false;
		const enum weir_code code = weir__session_has_table(session, usual_names[i], &there, err);

		if (code != WEIR_OK)
			return code;
		if (there && found != NULL)
			return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
			                 "there are tables of two tools, %s and %s: say which counts "
			                 "(--foreign-table), or drop the other",
			                 found, usual_names[i]);
		if (there)
			found = usual_names[i];
	}
	return found == NULL ? WEIR_OK : read_table(session, found, foreign, err);
}

static enum weir_code read_named(const struct weir__session *session, const char *table,
                                 struct weir__foreign *foreign, struct weir_error *err)
{
	bool there = false;
	const enum weir_code code = weir__session_has_table(session, table, &there, err);

	return code == WEIR_OK && there ? read_table(session, table, foreign, err) : code;
}

enum weir_code weir__foreign_read(const struct weir__session *session, const char *table,
                                  struct weir__foreign *foreign, struct weir_error *err)
{
	enum weir_code code;

	memset(foreign, 0, sizeof *foreign);
	if (table == NULL)
		code = read_usual(session, foreign, err);
	else
		code = read_named(session, table, foreign, err);
	if (code != WEIR_OK)
		weir__foreign_free(foreign);
	return code;
}

void weir__foreign_free(struct weir__foreign *foreign)
{
	free(foreign->versions);
	free(foreign->applied_at);
	memset(foreign, 0, sizeof *foreign);
}

bool weir__foreign_has(const struct weir__foreign *foreign, const char *version)
{
	if (version == NULL)
		return foreign->count == 0;
	if (foreign->format == WEIR_MIGRATE_GOLANG)
		return foreign->count != 0 && weir__version_compare(version, foreign->versions[0]) <= 0;
	for (size_t i = 0; i < foreign->count; i++) {
		if (strcmp(foreign->versions[i], version) == 0)
			return true;
	}
	return false;
}

enum weir_code weir__foreign_write(const struct weir__session *session,
                                   const struct weir__foreign *foreign,
                                   enum weir_migrate_direction direction, const char *version,
                                   const char *below, struct weir_error *err)
{
	const struct weir__foreign_tool *const tool = tool_of(foreign->format);

	if (tool == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "there is no table of another tool to write to");
	return tool->write(session, foreign, direction, version, below, err);
}

/* ---- what the tools share ---- */

enum weir_code weir__foreign_add(struct weir__foreign_reading *reading, const char *version,
                                 int64_t applied_at, struct weir_error *err)
{
	struct weir__foreign *const foreign = reading->foreign;
	void *versions = foreign->versions;
	void *times = foreign->applied_at;
	size_t room = reading->room;
	const bool grown =
		weir__grow(&versions, sizeof *foreign->versions, foreign->count, &room) &&
		weir__grow(&times, sizeof *foreign->applied_at, foreign->count, &reading->room);

	foreign->versions = versions;
	foreign->applied_at = times;
	if (!grown)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the versions");
	(void)snprintf(foreign->versions[foreign->count], sizeof foreign->versions[0], "%s", version);
	foreign->applied_at[foreign->count++] = applied_at;
	return WEIR_OK;
}

static void with_table(char sql[SQL_MAX], const char *pattern, const char *table)
{
	char quoted[WEIR__QUOTED_MAX];
	const char *const place = strstr(pattern, "%s");

	(void)snprintf(sql, SQL_MAX, "%.*s%s%s", (int)(place - pattern), pattern,
	               weir__quote(table, quoted), place + 2);
}

enum weir_code weir__foreign_exec(const struct weir__session *session, const char *table,
                                  const char *sql, const struct weir_sql_value *params,
                                  uint32_t count, struct weir_error *err)
{
	char text[SQL_MAX];

	with_table(text, sql, table);
	return weir__session_exec(session, text, params, count, err);
}

enum weir_code weir__foreign_query(const struct weir__session *session, const char *table,
                                   const char *sql, weir__on_row on_row, void *arg,
                                   struct weir_error *err)
{
	char text[SQL_MAX];

	with_table(text, sql, table);
	return weir__session_query(session, text, NULL, 0, on_row, arg, err);
}

bool weir__foreign_number(const struct weir_sql_value *value, int64_t *number)
{
	char text[32];
	char *end = text;

	if (value->type == WEIR_SQL_INT64) {
		*number = value->as.int64;
		return true;
	}
	if (value->type != WEIR_SQL_TEXT || value->as.data.length >= sizeof text)
		return false;
	weir__value_text(value, text, sizeof text);
	if (strcmp(text, "t") == 0 || strcmp(text, "true") == 0) {
		*number = 1;
		return true;
	}
	if (strcmp(text, "f") == 0 || strcmp(text, "false") == 0) {
		*number = 0;
		return true;
	}
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

enum weir_code weir__foreign_version(const char *version, int64_t *number, struct weir_error *err)
{
	char *end = NULL;

	errno = 0;
	*number = strtoll(version, &end, 10);
	if (errno == 0 && end != version && *end == '\0' && *number >= 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
	                 "version %.60s does not fit into the other tool's table: do not keep it",
	                 version);
}
