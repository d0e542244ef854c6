/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See plan.h. Up goes by the order of the set; down by that in which they were applied,
 * the newest first.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define WHERE "migrate.plan"

/* What a target stands for. */
struct reach {
	size_t most;         /* so many; SIZE_MAX: as many as there are */
	const char *version; /* up to it, or down to it; NULL: by number */
};

static enum weir_code no_memory(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a plan");
}

void weir__plan_free(struct weir__plan *plan)
{
	free(plan->items);
	memset(plan, 0, sizeof *plan);
}

static enum weir_code add(struct weir__plan *plan, size_t index, const char *version,
                          struct weir_error *err)
{
	void *items = plan->items;
	struct weir__plan_item *item;

	if (!weir__grow(&items, sizeof *plan->items, plan->count, &plan->room))
		return no_memory(err);
	plan->items = items;
	item = &plan->items[plan->count++];
	item->index = index;
	(void)strncpy(item->version, version, sizeof item->version - 1);
	item->version[sizeof item->version - 1] = '\0';
	return WEIR_OK;
}

/* ---- targets ---- */

static enum weir_code read_number(const char *target, struct reach *reach, struct weir_error *err)
{
	char *end = NULL;
	unsigned long long number;

	errno = 0;
	number = strtoull(target + 1, &end, 10);
	if (target[1] < '0' || target[1] > '9' || *end != '\0' || errno != 0 || number == 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "the target %.60s is no number of migrations", target);
	reach->most = (size_t)number;
	return WEIR_OK;
}

static const char *tagged_version(const struct weir__history *history, const char *tag)
{
	for (size_t i = history->count; tag[0] != '\0' && i > 0; i--) {
		const struct weir__history_row *const row = &history->rows[i - 1];

		if (strcmp(row->tag, tag) == 0 &&
		    weir__history_state(weir__history_of(history, row->version)) == WEIR__HISTORY_DONE)
			return row->version;
	}
	return NULL;
}

/* A version of the set, in the form that the set has it; by itself or by its tag. */
static const char *version_named(const struct weir_migrations *set, const char *name)
{
	size_t at = weir__set_find(set, name);

	for (size_t i = 0; at == SIZE_MAX && i < set->count; i++) {
		if (set->format != WEIR_MIGRATE_DBMATE && name[0] != '\0' &&
		    strspn(name, "0123456789") == strlen(name) &&
		    weir__version_compare(set->list[i].version, name) == 0)
			at = i;
	}
	if (at == SIZE_MAX)
		at = weir__set_find_tag(set, name);
	return at == SIZE_MAX ? NULL : set->list[at].version;
}

static enum weir_code read_target(const struct weir_migrations *set,
                                  const struct weir__history *history,
                                  enum weir_migrate_direction direction, const char *target,
                                  struct reach *reach, struct weir_error *err)
{
	const bool down = direction == WEIR_MIGRATE_DOWN;

	reach->version = NULL;
	reach->most = down ? 1 : SIZE_MAX;
	if (target == NULL)
		return WEIR_OK;
	if (target[0] == (down ? '-' : '+'))
		return read_number(target, reach, err);
	reach->most = SIZE_MAX;
	if (down && strcmp(target, "0") == 0)
		return WEIR_OK;
	reach->version = version_named(set, target);
	if (reach->version == NULL && down)
		reach->version = weir__history_of(history, target) != NULL
		                     ? weir__history_of(history, target)->version
		                     : tagged_version(history, target);
	if (reach->version == NULL)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "there is no version and no tag %.60s: `weir migrate status` lists them",
		                 target);
	return WEIR_OK;
}

/* ---- up ---- */

static enum weir_code refuse_direction(const struct weir__history_row *row, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
	                 "version %s stopped on its way %s, behind statement %lld: go on with `weir "
	                 "migrate %s`, or see to it by hand and then `weir migrate repair`",
	                 row->version, row->direction, (long long)row->statements, row->direction);
}

static size_t newest_applied(const struct weir_migrations *set, const struct weir__history *history)
{
	size_t newest = SIZE_MAX;

	for (size_t i = 0; i < set->count; i++) {
		if (weir__history_state(weir__history_of(history, set->list[i].version)) ==
		    WEIR__HISTORY_DONE)
			newest = i;
	}
	return newest;
}

/* Whether up has the one at index to do. */
static bool is_due(const struct weir__history_row *row, size_t index, size_t newest,
                   enum weir_migrate_order order)
{
	const bool below = newest != SIZE_MAX && index < newest;
	const enum weir__history_state state = weir__history_state(row);

	return state == WEIR__HISTORY_RUNNING ||
	       (state == WEIR__HISTORY_ABSENT && !(below && order == WEIR_MIGRATE_ORDER_IGNORE));
}

static enum weir_code plan_up(struct weir__plan *plan, const struct weir_migrations *set,
                              const struct weir__history *history, const struct reach *reach,
                              enum weir_migrate_order order, struct weir_error *err)
{
	const size_t newest = newest_applied(set, history);
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < set->count && plan->count < reach->most; i++) {
		const char *const version = set->list[i].version;
		const struct weir__history_row *const row = weir__history_of(history, version);

		if (weir__history_state(row) == WEIR__HISTORY_RUNNING && strcmp(row->direction, "up") != 0)
			code = refuse_direction(row, err);
		else if (is_due(row, i, newest, order))
			code = add(plan, i, version, err);
		if (reach->version != NULL && strcmp(version, reach->version) == 0)
			break;
	}
	return code;
}

/* ---- down ---- */

static enum weir_code check_down(const struct weir_migrations *set,
                                 const struct weir__history_row *row, size_t index,
                                 struct weir_error *err)
{
	const struct weir__migration *migration;

	if (index == SIZE_MAX)
		return WEIR_OK; /* the history may have its script */
	migration = &set->list[index];
	if (!migration->down.there)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "version %s (%.60s) has no down script: write one, or go up instead",
		                 migration->version, migration->name);
	if (row->checksum[0] != '\0' && strcmp(row->checksum, migration->checksum) != 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_DRIFT, WHERE, 0,
		                 "version %s was edited after it was applied, so its down script may not "
		                 "fit: restore it, or accept it with `weir migrate repair %s`",
		                 row->version, row->version);
	return WEIR_OK;
}

/* When a version was applied: a repair or a resumption since does not count. */
static int64_t applied_id(const struct weir__history *history, const char *version)
{
	int64_t id = 0;

	for (size_t i = history->count; i > 0; i--) {
		const struct weir__history_row *const row = &history->rows[i - 1];

		if (strcmp(row->version, version) != 0)
			continue;
		if (id != 0 && strcmp(row->direction, "down") == 0)
			break;
		id = row->id;
	}
	return id;
}

/* Of the versions that are applied, the one that was last applied before id, whose place
 * in the history becomes *at. */
static const struct weir__history_row *next_down(const struct weir__history *history, int64_t id,
                                                 int64_t *at)
{
	const struct weir__history_row *next = NULL;

	*at = 0;
	for (size_t i = 0; i < history->count; i++) {
		const struct weir__history_row *const row = &history->rows[i];
		int64_t applied;

		if (weir__history_of(history, row->version) != row ||
		    weir__history_state(row) == WEIR__HISTORY_ABSENT)
			continue;
		applied = applied_id(history, row->version);
		if (applied < id && applied > *at) {
			next = row;
			*at = applied;
		}
	}
	return next;
}

static enum weir_code plan_down(struct weir__plan *plan, const struct weir_migrations *set,
                                const struct weir__history *history, const struct reach *reach,
                                struct weir_error *err)
{
	int64_t at = 0;
	const struct weir__history_row *row = next_down(history, INT64_MAX, &at);
	enum weir_code code = WEIR_OK;

	if (reach->version != NULL &&
	    weir__history_state(weir__history_of(history, reach->version)) != WEIR__HISTORY_DONE)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "version %s is not applied: nothing can be undone down to it",
		                 reach->version);
	for (; code == WEIR_OK && row != NULL && plan->count < reach->most;
	     row = next_down(history, at, &at)) {
		const size_t index = weir__set_find(set, row->version);

		if (reach->version != NULL && strcmp(row->version, reach->version) == 0)
			break;
		if (weir__history_state(row) == WEIR__HISTORY_RUNNING &&
		    strcmp(row->direction, "down") != 0)
			return refuse_direction(row, err);
		code = check_down(set, row, index, err);
		if (code == WEIR_OK)
			code = add(plan, index, row->version, err);
	}
	return code;
}

enum weir_code weir__plan_make(struct weir__plan *plan, const struct weir_migrations *set,
                               const struct weir__history *history,
                               enum weir_migrate_direction direction, const char *target,
                               enum weir_migrate_order order, struct weir_error *err)
{
	struct reach reach;
	enum weir_code code = read_target(set, history, direction, target, &reach, err);

	memset(plan, 0, sizeof *plan);
	if (code != WEIR_OK)
		return code;
	code = direction == WEIR_MIGRATE_UP ? plan_up(plan, set, history, &reach, order, err)
	                                    : plan_down(plan, set, history, &reach, err);
	if (code != WEIR_OK)
		weir__plan_free(plan);
	return code;
}

/* ---- later ---- */

static enum weir_code check_up(const struct weir__plan_item *item,
                               const struct weir_migrations *set,
                               const struct weir__history *history, enum weir_migrate_order order,
                               struct weir_error *err)
{
	const size_t newest = order == WEIR_MIGRATE_ORDER_IGNORE ? newest_applied(set, history)
	                                                         : SIZE_MAX;

	for (size_t i = 0; i < item->index; i++) {
		const char *const below = set->list[i].version;

		if (is_due(weir__history_of(history, below), i, newest, order))
			return weir_fail(err, WEIR_ERR_MIGRATE_ORDER, WHERE, 0,
			                 "version %s, below %s, is not applied any more: somebody else went "
			                 "down meanwhile. See `weir migrate status`, and go up again",
			                 below, item->version);
	}
	return WEIR_OK;
}

static enum weir_code check_newest(const struct weir__plan_item *item,
                                   const struct weir_migrations *set,
                                   const struct weir__history *history, struct weir_error *err)
{
	int64_t at;
	const struct weir__history_row *const newest = next_down(history, INT64_MAX, &at);

	if (strcmp(newest->version, item->version) == 0)
		return check_down(set, newest, item->index, err);
	return weir_fail(err, WEIR_ERR_MIGRATE_ORDER, WHERE, 0,
	                 "version %s is not the newest any more: somebody else went up to %s "
	                 "meanwhile. See `weir migrate status`, and go down again",
	                 item->version, newest->version);
}

enum weir_code weir__plan_check(const struct weir__plan_item *item,
                                const struct weir_migrations *set,
                                const struct weir__history *history,
                                enum weir_migrate_direction direction,
                                enum weir_migrate_order order, struct weir_error *err)
{
	const bool up = direction == WEIR_MIGRATE_UP;
	const struct weir__history_row *const row = weir__history_of(history, item->version);
	const enum weir__history_state state = weir__history_state(row);

	if (state == (up ? WEIR__HISTORY_DONE : WEIR__HISTORY_ABSENT))
		return WEIR_OK;
	if (state == WEIR__HISTORY_RUNNING && strcmp(row->direction, up ? "up" : "down") != 0)
		return refuse_direction(row, err);
	return up ? check_up(item, set, history, order, err) : check_newest(item, set, history, err);
}
