/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Statements that must go on working: what became of them. See catalog.h.
 *
 * Columns. A program may read them by name or by place. So new ones behind those that
 * were there, which only a star brings, are a warning (a program that insists on their
 * number is rare); anything else, one gone, renamed or moved, is a failure.
 *
 * Plans. Another one is a warning: only a rehearsal tells whether it is a slower one. An
 * index that was used and is gone is a failure: somebody made it for statements like it.
 *
 * A statement is told of once, with the first migration that changes something for it.
 */
#include "manifest.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WHERE "migrate.check"

struct looking {
	const struct weir__manifest *manifest;
	struct weir_migrate_report *report;
	const char *version;
	struct weir__names indexes; /* that are there now */
	struct weir__text place;    /* of the statement: "the statement at app.sql:12" */
	bool failed;                /* no memory */
};

static void put_place(struct looking *looking, const struct weir__manifest_item *item)
{
	looking->place.length = 0;
	if (item->line == 0)
		weir__text_put(&looking->place, "a statement that was recorded");
	else
		weir__text_printf(&looking->place, "the statement at %s:%u", looking->manifest->path,
		                  item->line);
	looking->failed = looking->place.failed;
}

/* what: where the text goes on behind the place; detail is put behind that. */
static void find(struct looking *looking, struct weir__manifest_item *item,
                 enum weir_migrate_severity severity, const char *rule, const char *what,
                 const char *detail)
{
	if (looking->failed)
		return;
	item->told = true;
	looking->failed = !weir__report_find(looking->report, severity, rule, looking->version,
	                                     item->sql, "%s %s%s", looking->place.bytes, what, detail);
}

/* ---- columns ---- */

static void put_names(struct weir__text *text, const struct weir__names *names)
{
	for (size_t i = 0; i < names->count; i++)
		weir__text_printf(text, "%s%s", i == 0 ? "" : ", ", names->list[i]);
	if (names->count == 0)
		weir__text_put(text, "none");
}

static bool begins_with(const struct weir__names *names, const struct weir__names *first)
{
	if (first->count > names->count)
		return false;
	for (size_t i = 0; i < first->count; i++) {
		if (strcasecmp(names->list[i], first->list[i]) != 0)
			return false;
	}
	return true;
}

static void look_at_columns(struct looking *looking, struct weir__manifest_item *item,
                            const struct weir__shape *now)
{
	const struct weir__names *const before = &item->before.columns;
	const bool more = begins_with(&now->columns, before) && before->count != 0;
	struct weir__text names = {0};

	if (more && now->columns.count == before->count)
		return;
	if (before->count == 0 && now->columns.count == 0)
		return;
	put_names(&names, before);
	weir__text_put(&names, "; now: ");
	put_names(&names, &now->columns);
	if (names.failed)
		looking->failed = true;
	else if (more)
		find(looking, item, WEIR_MIGRATE_WARNING, "columns",
		     "yields more columns than it did. Before: ", names.bytes);
	else
		find(looking, item, WEIR_MIGRATE_FAILURE, "columns",
		     "yields other columns than it did. Before: ", names.bytes);
	weir__text_free(&names);
}

/* ---- plans ---- */

static bool in_name(char letter)
{
	return letter == '_' || letter == '$' || (letter >= '0' && letter <= '9') ||
	       (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
	       (unsigned char)letter >= 0x80;
}

/* Whether plan has name, and not just as a part of another. */
static bool mentions(const char *plan, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = strstr(plan, name); at != NULL; at = strstr(at + 1, name)) {
		if ((at == plan || !in_name(at[-1])) && !in_name(at[length]))
			return true;
	}
	return false;
}

/* The first index that the plan of before used and that is gone; NULL: none. */
static const char *lost_index(const struct looking *looking, const char *plan)
{
	const struct weir__names *const before = &looking->manifest->indexes;

	for (size_t i = 0; i < before->count; i++) {
		if (!weir__names_have(&looking->indexes, before->list[i]) &&
		    mentions(plan, before->list[i]))
			return before->list[i];
	}
	return NULL;
}

static void look_at_plan(struct looking *looking, struct weir__manifest_item *item,
                         const struct weir__shape *now)
{
	const char *const before = item->before.plan;
	struct weir__text plans = {0};
	const char *index;

	if (strcmp(before, now->plan) == 0)
		return;
	index = lost_index(looking, before);
	if (index != NULL) {
		find(looking, item, WEIR_MIGRATE_FAILURE, "dropped_index",
		     "uses an index that is gone; drop it in a later release, when no program of before "
		     "runs any more: ",
		     index);
		return;
	}
	weir__text_printf(&plans, "%s\nNow:\n%s", before, now->plan);
	if (plans.failed)
		looking->failed = true;
	else
		find(looking, item, WEIR_MIGRATE_WARNING, "plan", "has another plan. Before:\n",
		     plans.bytes);
	weir__text_free(&plans);
}

/* ---- statements ---- */

static void look_at_shape(struct looking *looking, struct weir__manifest_item *item,
                          const struct weir__shape *now)
{
	char numbers[64];

	if (now->refused != NULL) {
		find(looking, item, WEIR_MIGRATE_FAILURE, "broken",
		     "does not work any more: ", now->refused);
		return;
	}
	if (now->parameters != item->before.parameters) {
		(void)snprintf(numbers, sizeof numbers, "%u; now: %u", item->before.parameters,
		               now->parameters);
		find(looking, item, WEIR_MIGRATE_FAILURE, "parameters",
		     "has another number of parameters. Before: ", numbers);
	}
	look_at_columns(looking, item, now);
	look_at_plan(looking, item, now);
}

static enum weir_code look(struct looking *looking, const struct weir__session *session,
                           struct weir__manifest_item *item, struct weir_error *err)
{
	struct weir__shape now;
	enum weir_code code;

	if (item->told)
		return WEIR_OK;
	put_place(looking, item);
	if (item->before.refused != NULL) {
		find(looking, item, WEIR_MIGRATE_WARNING, "broken",
		     "is refused without the migrations, too, and does not count: ", item->before.refused);
		return WEIR_OK;
	}
	code = weir__shape_take(session, item->sql, &now, err);
	if (code != WEIR_OK)
		return code;
	look_at_shape(looking, item, &now);
	weir__shape_free(&now);
	return WEIR_OK;
}

enum weir_code weir__manifest_after(struct weir__manifest *manifest,
                                    const struct weir__session *session,
                                    struct weir_migrate_report *report, const char *version,
                                    struct weir_error *err)
{
	struct looking looking = {.manifest = manifest, .report = report, .version = version};
	enum weir_code code = weir__names_of_indexes(session, &looking.indexes, err);

	for (size_t i = 0; code == WEIR_OK && !looking.failed && i < manifest->count; i++)
		code = look(&looking, session, &manifest->items[i], err);
	if (code == WEIR_OK && looking.failed)
		code = weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for findings");
	weir__names_free(&looking.indexes);
	weir__text_free(&looking.place);
	return code;
}
