/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The ways of a rehearsal: up; down to where it began, and up again.
 */
#include "rehearsal.h"

#include <stdio.h>
#include <string.h>

#define WHERE "migrate.rehearse"

/* What up says against a migration itself, and not against how it was called. */
static bool is_verdict(enum weir_code code)
{
	static const enum weir_code verdicts[] = {
		WEIR_ERR_MIGRATE_SCRIPT, WEIR_ERR_MIGRATE_KEYS,     WEIR_ERR_MIGRATE_INCOMPATIBLE,
		WEIR_ERR_MIGRATE_LIMIT,  WEIR_ERR_MIGRATE_OPERATOR,
	};

	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		if (code == verdicts[i])
			return true;
	}
	return false;
}

/* A finding in the place of an error that is a verdict on what was rehearsed. */
static enum weir_code judge(struct weir__rehearsal *rehearsal, const char *rule,
                            enum weir_code code, const struct weir_error *problem,
                            struct weir_error *err)
{
	if (code == WEIR_OK)
		return WEIR_OK;
	if (!is_verdict(code))
		return weir_fail(err, code, WHERE, problem->driver_code, "%s", problem->message);
	if (weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, rule, "", "", "%s: %s", rule,
	                      problem->message))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for findings");
}

/* ---- up ---- */

static bool take_findings(struct weir_migrate_report *to, const struct weir_migrate_report *from)
{
	for (size_t i = 0; i < from->findings_count; i++) {
		const struct weir_migrate_finding *const finding = &from->findings[i];

		if (!weir__report_find(to, finding->severity, finding->rule, finding->version, finding->sql,
		                       "%s", finding->text))
			return false;
	}
	return true;
}

/* What up reported of the copy is what it will do to the database. */
static bool take_report(struct weir_migrate_report *to, const struct weir_migrate_report *from)
{
	for (size_t i = 0; i < from->rows_count; i++) {
		struct weir_migrate_row *const row = weir__report_row(to);

		if (row == NULL)
			return false;
		*row = from->rows[i];
		if (!row->done)
			continue;
		weir__report_add_figure(to, "blocked_ns", row->blocked_ns);
		weir__report_add_figure(to, "duration_ns", row->duration_ns);
		weir__report_add_figure(to, "statements", row->statements);
	}
	(void)snprintf(to->version, sizeof to->version, "%s", from->version);
	return take_findings(to, from);
}

enum weir_code weir__rehearsal_up(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	struct weir_error problem = WEIR_ERROR_INIT;
	const enum weir_code code = weir_migrate_up(rehearsal->copy.db, rehearsal->set,
	                                            rehearsal->target, &rehearsal->inner,
	                                            &rehearsal->up, &problem);

	if (rehearsal->up != NULL && !take_report(rehearsal->report, rehearsal->up))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	return judge(rehearsal, "up", code, &problem, err);
}

/* ---- down, and up again ---- */

/* How many of the newest that up did can be undone; *all: that is all of them. */
static size_t undoable(const struct weir_migrate_report *up, bool *all, const char **without)
{
	size_t count = 0;

	*all = true;
	for (size_t i = up->rows_count; i-- > 0;) {
		const struct weir_migrate_row *const row = &up->rows[i];

		if (!row->done)
			continue;
		if (!row->has_down) {
			*all = false;
			*without = row->version;
			break;
		}
		count++;
	}
	return count;
}

static enum weir_code read_catalog(struct weir__rehearsal *rehearsal, struct weir__catalog *catalog,
                                   struct weir_error *err)
{
	const struct weir_read_options options = {.size = sizeof options};
	struct weir__session session;
	struct weir_tx tx = {0};
	enum weir_code code = weir_read_begin(rehearsal->copy.db, &options, &tx, err);

	if (code == WEIR_OK)
		code = weir__session_init(&session, rehearsal->copy.db, &tx, err);
	if (code == WEIR_OK)
		code = weir__catalog_read(&session, rehearsal->options.table, catalog, err);
	weir_tx_end(&tx);
	return code;
}

/* Whether the copy's schema is wanted's; if not, findings. */
static enum weir_code compare(struct weir__rehearsal *rehearsal, const struct weir__catalog *wanted,
                              const char *rule, const char *text, struct weir_error *err)
{
	struct weir__catalog is = {0};
	bool found = true;
	const enum weir_code code = read_catalog(rehearsal, &is, err);

	if (code == WEIR_OK && strcmp(is.fingerprint, wanted->fingerprint) != 0)
		found =
			weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, rule, "", "", "%s", text) &&
			weir__catalog_differences(wanted, &is, rehearsal->report);
	weir__catalog_free(&is);
	if (code == WEIR_OK && !found)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for findings");
	return code;
}

static enum weir_code note_end(struct weir__rehearsal *rehearsal, const char *without,
                               struct weir_error *err)
{
	if (weir__report_find(rehearsal->report, WEIR_MIGRATE_NOTE, "no_down", without, "",
	                      "version %s has no way down: it, and those before it, were not undone",
	                      without))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for findings");
}

/* false in *went: there is a finding. */
static enum weir_code go_down(struct weir__rehearsal *rehearsal, size_t count, bool *went,
                              struct weir_error *err)
{
	struct weir_error problem = WEIR_ERROR_INIT;
	char target[32];
	enum weir_code code;

	(void)snprintf(target, sizeof target, "-%zu", count);
	code = weir_migrate_down(rehearsal->copy.db, rehearsal->set, target, &rehearsal->inner, NULL,
	                         &problem);
	*went = code == WEIR_OK;
	return judge(rehearsal, "down", code, &problem, err);
}

static enum weir_code go_up_again(struct weir__rehearsal *rehearsal, size_t count, bool *went,
                                  struct weir_error *err)
{
	struct weir_error problem = WEIR_ERROR_INIT;
	char target[32];
	enum weir_code code;

	(void)snprintf(target, sizeof target, "+%zu", count);
	code = weir_migrate_up(rehearsal->copy.db, rehearsal->set, target, &rehearsal->inner, NULL,
	                       &problem);
	*went = code == WEIR_OK;
	return judge(rehearsal, "again", code, &problem, err);
}

enum weir_code weir__rehearsal_walk(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	const char *without = "";
	bool all;
	bool went = true;
	const size_t count = undoable(rehearsal->up, &all, &without);
	enum weir_code code = all ? WEIR_OK : note_end(rehearsal, without, err);

	if (code != WEIR_OK || count == 0)
		return code;
	code = go_down(rehearsal, count, &went, err);
	if (code == WEIR_OK && went && all)
		code = compare(rehearsal, &rehearsal->before.catalog, "down_differs",
		               "down does not lead back to the schema that was there before up", err);
	if (code == WEIR_OK && went)
		code = go_up_again(rehearsal, count, &went, err);
	if (code == WEIR_OK && went)
		code = compare(rehearsal, &rehearsal->after.catalog, "again_differs",
		               "up after down makes another schema than up alone", err);
	return code;
}
