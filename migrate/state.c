/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See state.h.
 */
#include "state.h"

#include <stdio.h>
#include <string.h>

#define WHERE "migrate"

/* The row by which version was applied: repairs come later, and say nothing of when. */
static const struct weir__history_row *origin(const struct weir__history *history,
                                              const struct weir__history_row *newest)
{
	for (size_t i = (size_t)(newest - history->rows) + 1; i > 0; i--) {
		const struct weir__history_row *const row = &history->rows[i - 1];
		const bool down = strcmp(row->direction, "down") == 0;

		if (strcmp(row->version, newest->version) != 0 || strcmp(row->direction, "repair") == 0)
			continue;
		if (!down)
			return row;
		if (strcmp(row->outcome, "running") != 0)
			break;
	}
	return newest;
}

static bool is_of_another(const struct weir_migrations *set, const char *checksum,
                          const char *version)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->list[i].checksum, checksum) == 0 &&
		    strcmp(set->list[i].version, version) != 0)
			return true;
	}
	return false;
}

/* What an applied migration's script has to say. */
static enum weir_migration_state compare(const struct weir_migrations *set,
                                         const struct weir__migration *migration,
                                         const struct weir__history_row *row)
{
	if (row->checksum[0] == '\0' || strcmp(row->checksum, migration->checksum) == 0)
		return WEIR_MIGRATION_APPLIED;
	return is_of_another(set, row->checksum, migration->version) ? WEIR_MIGRATION_REORDERED
	                                                             : WEIR_MIGRATION_EDITED;
}

/* What the history says of an applied or interrupted one. */
static void fill_from_history(const struct weir__history *history,
                              const struct weir__history_row *newest, struct weir_migrate_row *row)
{
	const struct weir__history_row *from = newest;

	if (weir__history_state(newest) == WEIR__HISTORY_RUNNING) {
		row->resume_at = (uint32_t)newest->statements;
		if (strcmp(newest->direction, "down") == 0)
			row->direction = WEIR_MIGRATE_DOWN;
		return;
	}
	from = origin(history, newest);
	row->applied_at = from->applied_at;
	row->duration_ns = from->duration_ns;
	row->statements = (uint32_t)from->statements;
}

static enum weir_code add_known(const struct weir_migrations *set,
                                const struct weir__history *history,
                                const struct weir__migration *migration,
                                struct weir_migrate_report *report, struct weir_error *err)
{
	const struct weir__history_row *const newest = weir__history_of(history, migration->version);
	struct weir_migrate_row *const row = weir__report_row(report);

	if (row == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the state");
	memcpy(row->version, migration->version, sizeof row->version);
	memcpy(row->name, migration->name, sizeof row->name);
	memcpy(row->tag, migration->tag, sizeof row->tag);
	row->no_transaction = migration->up.no_transaction;
	row->has_down = migration->down.there;
	switch (weir__history_state(newest)) {
	case WEIR__HISTORY_ABSENT:
		row->state = WEIR_MIGRATION_PENDING;
		return WEIR_OK;
	case WEIR__HISTORY_RUNNING:
		row->state = WEIR_MIGRATION_INTERRUPTED;
		break;
	case WEIR__HISTORY_DONE:
		row->state = compare(set, migration, newest);
		break;
	}
	fill_from_history(history, newest, row);
	return WEIR_OK;
}

static enum weir_code add_missing(const struct weir__history *history,
                                  const struct weir__history_row *newest,
                                  struct weir_migrate_report *report, struct weir_error *err)
{
	struct weir_migrate_row *const row = weir__report_row(report);

	if (row == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the state");
	memcpy(row->version, newest->version, sizeof row->version);
	memcpy(row->name, newest->name, sizeof row->name);
	memcpy(row->tag, newest->tag, sizeof row->tag);
	row->state = WEIR_MIGRATION_MISSING;
	fill_from_history(history, newest, row);
	return WEIR_OK;
}

/* dbmate goes by the names of files, which begin with the version. */
static int order_of(const struct weir_migrations *set, const char *left, const char *right)
{
	const int order = set->format == WEIR_MIGRATE_DBMATE ? 0 : weir__version_compare(left, right);

	return order != 0 ? order : strcmp(left, right);
}

/* The lowest version above `above` that only the history has; NULL: there is none. */
static const struct weir__history_row *next_missing(const struct weir_migrations *set,
                                                    const struct weir__history *history,
                                                    const char *above)
{
	const struct weir__history_row *found = NULL;

	for (size_t i = 0; i < history->count; i++) {
		const struct weir__history_row *const row = &history->rows[i];

		if (above != NULL && order_of(set, row->version, above) <= 0)
			continue;
		if (found != NULL && order_of(set, row->version, found->version) >= 0)
			continue;
		if (weir__set_find(set, row->version) != SIZE_MAX)
			continue;
		const struct weir__history_row *const newest = weir__history_of(history, row->version);

		if (weir__history_state(newest) != WEIR__HISTORY_ABSENT)
			found = newest;
	}
	return found;
}

/* Say what is behind what, once all rows are there. */
static void look_back(const struct weir__history *history, struct weir_migrate_report *report,
                      size_t begin)
{
	bool behind = false;

	report->version[0] = '\0';
	for (size_t i = report->rows_count; i > begin; i--) {
		struct weir_migrate_row *const row = &report->rows[i - 1];

		if (row->state == WEIR_MIGRATION_PENDING) {
			if (behind)
				row->state = WEIR_MIGRATION_OUT_OF_ORDER;
			continue;
		}
		behind = true;
		if (report->version[0] == '\0' &&
		    weir__history_state(weir__history_of(history, row->version)) == WEIR__HISTORY_DONE)
			memcpy(report->version, row->version, sizeof report->version);
	}
}

enum weir_code weir__state_rows(const struct weir_migrations *set,
                                const struct weir__history *history,
                                struct weir_migrate_report *report, struct weir_error *err)
{
	const size_t begin = report->rows_count;
	const struct weir__history_row *missing = next_missing(set, history, NULL);
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < set->count; i++) {
		while (code == WEIR_OK && missing != NULL &&
		       order_of(set, missing->version, set->list[i].version) < 0) {
			code = add_missing(history, missing, report, err);
			missing = next_missing(set, history, missing->version);
		}
		if (code == WEIR_OK)
			code = add_known(set, history, &set->list[i], report, err);
	}
	for (; code == WEIR_OK && missing != NULL;
	     missing = next_missing(set, history, missing->version))
		code = add_missing(history, missing, report, err);
	if (code == WEIR_OK)
		look_back(history, report, begin);
	return code;
}

/* ---- refusing ---- */

#define LIST_MAX 160

/* The versions in that state, as many as fit in size; their number. */
static size_t list(const struct weir_migrate_report *report, enum weir_migration_state state,
                   char *text, size_t size)
{
	const size_t reserve = sizeof " and 1000000 more";
	size_t count = 0;
	size_t left_out = 0;
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; i < report->rows_count; i++) {
		const char *const version = report->rows[i].version;

		if (report->rows[i].state != state)
			continue;
		count++;
		if (left_out != 0 || (at != 0 && at + strlen(version) + 2 + reserve > size))
			left_out++;
		else
			at += (size_t)snprintf(text + at, size - at, "%s%s", at == 0 ? "" : ", ", version);
	}
	if (left_out != 0)
		(void)snprintf(text + at, size - at, " and %zu more", left_out);
	return count;
}

struct drift {
	enum weir_migration_state state;
	const char *what;
};

static const struct drift drifts[] = {
	{WEIR_MIGRATION_EDITED, "edited since applied"},
	{WEIR_MIGRATION_MISSING, "applied, but not in the set"},
	{WEIR_MIGRATION_REORDERED, "applied under another version"},
};
#define DRIFTS (sizeof drifts / sizeof drifts[0])

static size_t count_of(const struct weir_migrate_report *report, enum weir_migration_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < report->rows_count; i++)
		count += report->rows[i].state == state;
	return count;
}

static enum weir_code refuse_drift(const struct weir_migrate_report *report, struct weir_error *err)
{
	const bool missing = count_of(report, WEIR_MIGRATION_MISSING) != 0;
	char text[LIST_MAX + 64] = "";
	size_t kinds = 0;
	size_t at = 0;

	for (size_t i = 0; i < DRIFTS; i++)
		kinds += count_of(report, drifts[i].state) != 0;
	if (kinds == 0)
		return WEIR_OK;
	for (size_t i = 0; i < DRIFTS; i++) {
		char versions[LIST_MAX];

		if (list(report, drifts[i].state, versions, kinds == 1 ? 120 : 76 / kinds) != 0)
			at += (size_t)snprintf(text + at, sizeof text - at, "%s%s: %s", at == 0 ? "" : "; ",
			                       drifts[i].what, versions);
	}
	return weir_fail(err, WEIR_ERR_MIGRATE_DRIFT, WHERE, 0,
	                 "%s. Put the scripts back, or accept what is: weir migrate repair%s", text,
	                 missing ? ", with VERSION for one that is gone" : "");
}

static const char *newest_done(const struct weir_migrate_report *report)
{
	for (size_t i = report->rows_count; i > 0; i--) {
		const enum weir_migration_state state = report->rows[i - 1].state;

		if (state != WEIR_MIGRATION_PENDING && state != WEIR_MIGRATION_OUT_OF_ORDER)
			return report->rows[i - 1].version;
	}
	return "";
}

enum weir_code weir__state_refuse(const struct weir_migrate_report *report,
                                  enum weir_migrate_order order, struct weir_error *err)
{
	const enum weir_code code = refuse_drift(report, err);
	char versions[LIST_MAX];

	if (code != WEIR_OK || order != WEIR_MIGRATE_ORDER_REFUSE)
		return code;
	if (list(report, WEIR_MIGRATION_OUT_OF_ORDER, versions, 90) == 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_MIGRATE_ORDER, WHERE, 0,
	                 "pending below %.40s, which is applied: %s. Give them higher versions, or "
	                 "use --allow-out-of-order",
	                 newest_done(report), versions);
}
