/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Options as callers give them, checked, with the defaults filled in (apply.h).
 */
#include "apply.h"

#include <string.h>

#include <weir/version.h>

#define WHERE "migrate"
#define TABLE_MAX 128 /* bytes, the end counted; struct weir__foreign has as many */
#define TOOL_MAX 64   /* struct weir__history_row has as many */
#define TIMEOUT_NS 60000000000
#define TIMEOUT_LEAST_NS WEIR_MILLISECONDS(50)
#define READ_TIMEOUT_NS WEIR_SECONDS(5)
#define DISK_RESERVE (UINT64_C(64) << 20)
#define BACKUP_KEEP 3

static bool fits(const char *text, size_t room)
{
	return text == NULL || (text[0] != '\0' && strlen(text) < room);
}

/* What is wrong with options, or NULL. */
static const char *fault(const struct weir_migrate_options *options)
{
	if ((unsigned)options->order > WEIR_MIGRATE_ORDER_IGNORE)
		return "order is none of enum weir_migrate_order";
	if ((unsigned)options->foreign > WEIR_MIGRATE_FOREIGN_KEEP)
		return "foreign is none of enum weir_migrate_foreign";
	if (!fits(options->table, TABLE_MAX))
		return "table must be a name of 1 to 127 bytes, or NULL";
	if (!fits(options->foreign_table, TABLE_MAX))
		return "foreign_table must be a name of 1 to 127 bytes, or NULL";
	if (options->foreign_table != NULL &&
	    strcasecmp(options->table == NULL ? WEIR__HISTORY_TABLE : options->table,
	               options->foreign_table) == 0)
		return "table and foreign_table must not be the same";
	if (!fits(options->tool, TOOL_MAX))
		return "tool must have 1 to 63 bytes, or be NULL";
	if (options->timeout_ns < 0 || options->lock_limit_ns < 0)
		return "timeout_ns and lock_limit_ns must not be negative";
	if (!fits(options->backup, SIZE_MAX) || !fits(options->statements, SIZE_MAX))
		return "backup and statements must name something, or be NULL";
	return NULL;
}

enum weir_code weir__options(const struct weir_migrate_options *given,
                             struct weir_migrate_options *filled, struct weir_error *err)
{
	memset(filled, 0, sizeof *filled);
	if (given != NULL && given->size < sizeof *given)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "options: set size to sizeof(struct weir_migrate_options)");
	if (given != NULL)
		*filled = *given;
	const char *const what = fault(filled);

	if (what != NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "options: %s", what);
	filled->size = (uint32_t)sizeof *filled;
	if (filled->table == NULL)
		filled->table = WEIR__HISTORY_TABLE;
	if (filled->tool == NULL)
		filled->tool = "weir " WEIR_VERSION_STRING;
	if (filled->timeout_ns == 0)
		filled->timeout_ns = TIMEOUT_NS;
	/* A gate refuses who comes with a deadline that has passed, free or not. */
	if (filled->timeout_ns < TIMEOUT_LEAST_NS)
		filled->timeout_ns = TIMEOUT_LEAST_NS;
	if (filled->disk_reserve == 0)
		filled->disk_reserve = DISK_RESERVE;
	if (filled->backup_keep == 0)
		filled->backup_keep = BACKUP_KEEP;
	return WEIR_OK;
}

int64_t weir__read_timeout(const struct weir_migrate_options *options)
{
	return options->timeout_ns < READ_TIMEOUT_NS ? READ_TIMEOUT_NS : options->timeout_ns;
}
