/* SPDX-License-Identifier: BSD-2-Clause
 *
 * goose's table: a log, in which the row with the highest id says where a version
 * stands. Undoing deletes the rows of a version; old releases added one that is not
 * applied instead. Version 0 is there from the beginning.
 */
#include "foreign_tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WHERE "migrate.foreign"

static bool knows(const struct weir__foreign_shape *shape)
{
	return shape->id && shape->version_id && shape->is_applied;
}

/* The number of so many digits at text[at]; -1: there are others. */
static int digits(const char *text, size_t at, size_t count)
{
	int number = 0;

	for (size_t i = at; i < at + count; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* "2024-05-06 07:08:09", with anything behind it, as seconds since 1970 in UTC; 0: it is
 * none. Days are counted from March, so that a leap day is the last of its year. */
static int64_t seconds_of(const struct weir_sql_value *value)
{
	char text[32] = "";

	weir__value_text(value, text, sizeof text);
	if (value->type != WEIR_SQL_TEXT || strlen(text) < sizeof "2024-05-06 07:08:09" - 1)
		return 0;
	int year = digits(text, 0, 4);
	int month = digits(text, 5, 2);
	const int day = digits(text, 8, 2);
	const int hour = digits(text, 11, 2);
	const int minute = digits(text, 14, 2);
	const int second = digits(text, 17, 2);

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
	    minute < 0 || minute > 59 || second < 0 || second > 60)
		return 0;
	if (month < 3) {
		year--;
		month += 12;
	}
	const int64_t days = (int64_t)365 * year + year / 4 - year / 100 + year / 400 +
	                     (153 * (month - 3) + 2) / 5 + day - 1 - 719468;

	return days * 86400 + hour * 3600 + minute * 60 + second;
}

/* Take a version out of the list, if it is in it. */
static void forget(struct weir__foreign *foreign, const char *version)
{
	size_t i = 0;

	while (i < foreign->count && strcmp(foreign->versions[i], version) != 0)
		i++;
	if (i == foreign->count)
		return;
	foreign->count--;
	memmove(&foreign->versions[i], &foreign->versions[i + 1],
	        (foreign->count - i) * sizeof foreign->versions[0]);
	memmove(&foreign->applied_at[i], &foreign->applied_at[i + 1],
	        (foreign->count - i) * sizeof foreign->applied_at[0]);
}

static enum weir_code take(void *arg, const struct weir_sql_value *row, uint32_t columns,
                           struct weir_error *err)
{
	struct weir__foreign_reading *const reading = arg;
	struct weir__foreign *const foreign = reading->foreign;
	char text[WEIR_MIGRATE_VERSION_MAX];
	int64_t version = 0;
	int64_t applied = 0;

	if (!weir__foreign_number(&row[0], &version) || !weir__foreign_number(&row[1], &applied) ||
	    version < 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "table %.60s of goose has a row that it cannot have written: delete it",
		                 foreign->table);
	if (version == 0)
		return WEIR_OK;
	(void)snprintf(text, sizeof text, "%" PRId64, version);
	forget(foreign, text);
	if (applied == 0)
		return WEIR_OK;
	return weir__foreign_add(reading, text, columns > 2 ? seconds_of(&row[2]) : 0, err);
}

static enum weir_code read_log(const struct weir__session *session,
                               const struct weir__foreign_shape *shape,
                               struct weir__foreign *foreign, struct weir_error *err)
{
	struct weir__foreign_reading reading = {.foreign = foreign};

	return weir__foreign_query(session, foreign->table,
	                           shape->tstamp
	                               ? "SELECT version_id, is_applied, tstamp FROM %s ORDER BY id"
	                               : "SELECT version_id, is_applied FROM %s ORDER BY id",
	                           take, &reading, err);
}

static enum weir_code see_seed(void *arg, const struct weir_sql_value *row, uint32_t columns,
                               struct weir_error *err)
{
	bool *const seen = arg;

	(void)row;
	(void)columns;
	(void)err;
	*seen = true;
	return WEIR_OK;
}

/* Without version 0 goose takes its table for one that is being made. */
static enum weir_code seed(const struct weir__session *session, const char *table,
                           struct weir_error *err)
{
	bool seen = false;
	const enum weir_code code = weir__foreign_query(
		session, table, "SELECT id FROM %s WHERE version_id = 0", see_seed, &seen, err);

	if (code != WEIR_OK || seen)
		return code;
	return weir__foreign_exec(
		session, table, "INSERT INTO %s (version_id, is_applied) VALUES (0, TRUE)", NULL, 0, err);
}

static enum weir_code write_log(const struct weir__session *session,
                                const struct weir__foreign *foreign,
                                enum weir_migrate_direction direction, const char *version,
                                const char *below, struct weir_error *err)
{
	struct weir_sql_value value = weir_int64(0);
	enum weir_code code = weir__foreign_version(version, &value.as.int64, err);

	(void)below;
	if (code == WEIR_OK)
		code = seed(session, foreign->table, err);
	if (code != WEIR_OK || (direction == WEIR_MIGRATE_UP && weir__foreign_has(foreign, version)))
		return code;
	return weir__foreign_exec(session, foreign->table,
	                          direction == WEIR_MIGRATE_UP
	                              ? "INSERT INTO %s (version_id, is_applied) VALUES ($1, TRUE)"
	                              : "DELETE FROM %s WHERE version_id = $1",
	                          &value, 1, err);
}

const struct weir__foreign_tool weir__foreign_goose = {
	.format = WEIR_MIGRATE_GOOSE,
	.knows = knows,
	.read = read_log,
	.write = write_log,
};
