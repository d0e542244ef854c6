/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See apply.h. A look first, by a reader: it makes the list, and keeps a program that
 * finds nothing to do away from the gate. Then a critical section for each migration.
 *
 * States of a migration: pending, in its section, applied. Legal moves: pending → in its
 * section (the gate is held; the history says that it is still to be done) → applied (the
 * commit) or pending (anything else: a rollback, a kill).
 */
#include "apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "state.h"

#define WHERE "migrate"

/* ---- the list ---- */

static enum weir_code plan_from(struct weir__run *run, const struct weir__session *session,
                                struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	enum weir_code code = weir__run_look(run, session, err);

	if (code == WEIR_OK)
		code = weir__plan_make(&run->plan, apply->set, &run->history, apply->direction,
		                       apply->target, apply->options->order, err);
	return code;
}

static enum weir_code look(struct weir__run *run, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	const struct weir_read_options options = {.size = sizeof options,
	                                          .snapshot = true,
	                                          .expected_long = true,
	                                          .timeout_ns = weir__read_timeout(apply->options)};
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	struct weir__session session;
	enum weir_code code = weir_read_begin(apply->db, &options, &tx, err);

	if (code != WEIR_OK)
		return code;
	code = weir__session_init(&session, apply->db, &tx, err);
	if (code == WEIR_OK)
		code = plan_from(run, &session, err);
	weir_tx_end(&tx);
	return code;
}

/* ---- what comes of one ---- */

static void tell(const struct weir__run *run, enum weir_db_migration_phase phase,
                 const struct weir_error *err)
{
	struct weir_db_migration now = {.size = sizeof now, .phase = phase, .permille = -1};

	(void)snprintf(now.version, sizeof now.version, "%s", run->item->version);
	(void)snprintf(now.what, sizeof now.what, "%s", run->apply->what);
	now.step = run->monitor.progress.step;
	now.steps = run->monitor.progress.steps;
	now.elapsed_ns = weir_now().ns - run->monitor.began_ns;
	weir_db_note_migration(run->apply->db, &now, err);
}

static enum weir_code report(struct weir__run *run, int64_t blocked_ns, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	struct weir_migrate_row *const row = weir__report_row(apply->report);

	if (row == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	(void)snprintf(row->version, sizeof row->version, "%s", run->item->version);
	(void)snprintf(row->name, sizeof row->name, "%s", run->row.name);
	(void)snprintf(row->tag, sizeof row->tag, "%s", run->row.tag);
	row->state = run->was;
	row->resume_at = run->resume_at;
	row->direction = apply->direction;
	row->done = !apply->roll_back;
	row->statements = (uint32_t)run->row.statements;
	row->applied_at = run->row.applied_at;
	row->duration_ns = run->row.duration_ns;
	row->blocked_ns = blocked_ns;
	row->no_transaction = run->step != NULL && run->step->no_transaction;
	if (run->item->index != SIZE_MAX)
		row->has_down = apply->set->list[run->item->index].down.there;
	weir__report_add_figure(apply->report, "blocked_ns", blocked_ns);
	weir__report_add_figure(apply->report, "duration_ns", row->duration_ns);
	weir__report_add_figure(apply->report, "statements", run->row.statements);
	return WEIR_OK;
}

/* The monitor's stop shows as a cancelled statement: say what it was. What an engine says
 * of the commit or of the history is not about a statement: say of which migration. */
static enum weir_code settle(struct weir__run *run, enum weir_code code, struct weir_error *err)
{
	if (code == WEIR_OK)
		return WEIR_OK;
	if (run->monitor.why != WEIR__MONITOR_GO && !run->stranded && code != WEIR_ERR_INDETERMINATE)
		code = weir__monitor_fail(&run->monitor, run->item->version, err);
	else if (err->where == NULL || strncmp(err->where, "migrate", strlen("migrate")) != 0)
		code = weir_fail(err, code, err->where, err->driver_code, "version %.40s: %.200s",
		                 run->item->version, err->message);
	tell(run, WEIR_DB_MIGRATION_FAILED, err);
	return code;
}

/* The newest that is applied, for the report; the present migration counts as done. */
static void note_version(const struct weir__run *run)
{
	const struct weir__apply *const apply = run->apply;
	const bool up = apply->direction == WEIR_MIGRATE_UP;
	const char *newest = "";

	for (size_t i = 0; i < apply->set->count; i++) {
		const char *const version = apply->set->list[i].version;
		bool applied = weir__history_state(weir__history_of(&run->history, version)) ==
		               WEIR__HISTORY_DONE;

		if (run->item != NULL && run->item->index == i)
			applied = up;
		if (applied)
			newest = version;
	}
	(void)snprintf(apply->report->version, sizeof apply->report->version, "%s", newest);
}

/* ---- one after the other ---- */

/* Between two statements of its own transactions any process could come in between. Not
 * at one go, so that the wait can be stopped. */
static enum weir_code keep_others_out(struct weir__run *run, void **lock, struct weir_error *err)
{
	const struct weir_schema *const schema = weir_db_driver(run->apply->db)->schema;
	const int64_t until_ns = weir_deadline_in(run->apply->options->timeout_ns).ns;
	enum weir_code code = WEIR_OK;

	if (schema->lock == NULL)
		return WEIR_OK;
	do { /* ends: at until_ns */
		struct weir_time slice = weir_deadline_in(WEIR_MILLISECONDS(100));

		if (slice.ns > until_ns)
			slice.ns = until_ns;
		code = schema->lock(weir_db_config(run->apply->db), slice, lock, err);
	} while (code == WEIR_ERR_DRIVER_BUSY && weir_now().ns < until_ns &&
	         weir__monitor_look(&run->monitor));
	return code;
}

static enum weir_code run_section(struct weir__run *run, size_t at, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	struct weir__section section = {
		.db = apply->db, .options = apply->options, .monitor = &run->monitor, .arg = run};
	enum weir_code code = WEIR_OK;
	void *lock = NULL;

	weir__run_choose(run, at);
	if (run->step != NULL)
		section.keep_foreign_keys = run->step->keep_foreign_keys && !apply->roll_back;
	section.body = run->step != NULL && !apply->roll_back &&
	                       (run->step->no_transaction || run->step->own_transactions)
	                   ? weir__run_outside
	                   : weir__run_within;
	if (!weir__monitor_phase(&run->monitor, "waiting"))
		code = WEIR_ERR_DRIVER_CANCELLED;
	if (code == WEIR_OK && section.body == weir__run_outside)
		code = keep_others_out(run, &lock, err);
	if (code == WEIR_OK) {
		run->monitor.progress.phase = "applying";
		code = weir__section_run(&section, err);
	}
	if (lock != NULL)
		weir_db_driver(apply->db)->schema->unlock(lock);
	if (code == WEIR_OK && !apply->roll_back)
		note_version(run);
	weir__run_forget(run);
	code = settle(run, code, err);
	if (code != WEIR_OK)
		return code;
	if (apply->roll_back)
		weir__report_figure(apply->report, "blocked_ns", section.blocked_ns);
	if (apply->roll_back || run->skipped) {
		tell(run, WEIR_DB_MIGRATION_NONE, NULL); /* it does not run any more */
		return WEIR_OK;
	}
	tell(run, WEIR_DB_MIGRATION_APPLIED, NULL);
	return report(run, section.blocked_ns, err);
}

static enum weir_code back_up(const struct weir__run *run, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	char path[WEIR_PATH_MAX];
	enum weir_code code;

	if (apply->options->backup == NULL || apply->roll_back)
		return WEIR_OK;
	code = weir__backup(apply->db, apply->options, path, sizeof path, err);
	if (code == WEIR_OK)
		(void)weir__report_find(apply->report, WEIR_MIGRATE_NOTE, "backup", NULL, NULL,
		                        "the state of before is in %s", path);
	return code;
}

static enum weir_code run_plan(struct weir__run *run, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	const size_t sections = apply->roll_back ? 1 : run->plan.count;
	enum weir_code code = back_up(run, err);

	run->monitor.progress.steps = (uint32_t)run->plan.count;
	run->monitor.progress.expected_ns = weir__rehearsed_ns(
		apply->db, apply->report->version, run->plan.items[run->plan.count - 1].version);
	for (size_t i = 0; code == WEIR_OK && i < sections; i++)
		code = run_section(run, i, err);
	return code;
}

/* What would be done, as rows that are not. */
static enum weir_code list(const struct weir__run *run, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	const bool up = apply->direction == WEIR_MIGRATE_UP;

	for (size_t i = 0; i < run->plan.count; i++) {
		const struct weir__plan_item *const item = &run->plan.items[i];
		struct weir_migrate_row *const row = weir__report_row(apply->report);
		const struct weir__migration *migration;

		if (row == NULL)
			return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
		(void)snprintf(row->version, sizeof row->version, "%s", item->version);
		row->direction = apply->direction;
		row->state = up ? WEIR_MIGRATION_PENDING : WEIR_MIGRATION_APPLIED;
		if (item->index == SIZE_MAX)
			continue;
		migration = &apply->set->list[item->index];
		(void)snprintf(row->name, sizeof row->name, "%s", migration->name);
		(void)snprintf(row->tag, sizeof row->tag, "%s", migration->tag);
		row->has_down = migration->down.there;
		row->no_transaction = up ? migration->up.no_transaction : migration->down.no_transaction;
	}
	return WEIR_OK;
}

enum weir_code weir__apply(const struct weir__apply *apply, struct weir_error *err)
{
	struct weir_error own = WEIR_ERROR_INIT;
	struct weir__run run = {.apply = apply};
	enum weir_code code = weir__session_check(apply->db, err);

	if (code != WEIR_OK)
		return code;
	weir__monitor_init(&run.monitor, apply->db, apply->options, apply->what);
	code = look(&run, &own);
	note_version(&run);
	weir__run_forget(&run);
	if (code == WEIR_OK && apply->only_plan)
		code = list(&run, &own);
	else if (code == WEIR_OK && run.plan.count != 0)
		code = run_plan(&run, &own);
	weir__plan_free(&run.plan);
	weir__monitor_free(&run.monitor);
	if (code == WEIR_OK)
		return WEIR_OK;
	return weir_fail(err, code, own.where, own.driver_code, "%s", own.message);
}
