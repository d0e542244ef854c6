/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What stands in the history, and what is put there.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weir/version.h>

#include "context.h"
#include "foreign_ahead.h"
#include "state.h"

#define WHERE "migrate"

void weir__run_forget(struct weir__run *run)
{
	weir__history_free(&run->history);
	weir__foreign_free(&run->foreign);
	weir__keys_free(&run->before);
	weir__keys_unlist(&run->tables);
}

void weir__run_choose(struct weir__run *run, size_t at)
{
	const struct weir__apply *const apply = run->apply;
	struct weir_migrate_progress *const progress = &run->monitor.progress;

	run->item = &run->plan.items[at];
	run->migration = run->item->index == SIZE_MAX ? NULL : &apply->set->list[run->item->index];
	run->step = NULL;
	if (run->migration != NULL)
		run->step = apply->direction == WEIR_MIGRATE_UP ? &run->migration->up
		                                                : &run->migration->down;
	run->was = WEIR_MIGRATION_PENDING;
	run->resume_at = 0;
	run->skipped = false;
	run->stranded = false;
	memset(&run->row, 0, sizeof run->row);
	progress->version = run->item->version;
	progress->name = run->migration == NULL ? "" : run->migration->name;
	progress->step = (uint32_t)at + 1;
	progress->statement = 0;
	progress->line = 0;
	weir__monitor_forget_touched(&run->monitor);
}

static void note_state(struct weir__run *run, const struct weir_migrate_report *states)
{
	for (size_t i = 0; run->item != NULL && i < states->rows_count; i++) {
		const struct weir_migrate_row *const row = &states->rows[i];

		if (strcmp(row->version, run->item->version) != 0)
			continue;
		run->was = row->state;
		run->resume_at = row->resume_at;
	}
}

/* Only what up would do next to it is refused: down goes by each migration. */
static enum weir_code look_at_states(struct weir__run *run, struct weir_error *err)
{
	struct weir_migrate_report *const scratch = weir__report_new();
	enum weir_code code;

	if (scratch == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	code = weir__state_rows(run->apply->set, &run->history, scratch, err);
	if (code == WEIR_OK)
		note_state(run, scratch);
	if (code == WEIR_OK && run->apply->direction == WEIR_MIGRATE_UP)
		code = weir__state_refuse(scratch, run->apply->options->order, err);
	weir_migrate_report_free(scratch);
	return code;
}

static enum weir_code read_all(struct weir__run *run, const struct weir__session *session,
                               struct weir_error *err)
{
	const struct weir_migrate_options *const options = run->apply->options;
	enum weir_code code;

	weir__history_free(&run->history);
	weir__foreign_free(&run->foreign);
	code = weir__history_read(session, options->table, &run->history, err);
	if (code == WEIR_OK && run->history.there)
		code = weir__foreign_ahead(session, options->foreign_table, run->apply->set, &run->history,
		                           err);
	if (code == WEIR_OK && (!run->history.there || options->foreign == WEIR_MIGRATE_FOREIGN_KEEP))
		code = weir__foreign_read(session, options->foreign_table, &run->foreign, err);
	if (code != WEIR_OK)
		return code;
	if (run->foreign.format != WEIR_MIGRATE_DETECT && !run->history.there)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "%s keeps the versions of this database, in the table %.60s: take them "
		                 "over with `weir migrate adopt`",
		                 weir_migrate_format_name(run->foreign.format), run->foreign.table);
	if (run->foreign.dirty)
		return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
		                 "the table %.60s is dirty: a migration of %s stopped midway; see what the "
		                 "schema is like, and mend it there first",
		                 run->foreign.table, weir_migrate_format_name(run->foreign.format));
	return WEIR_OK;
}

enum weir_code weir__run_look(struct weir__run *run, const struct weir__session *session,
                              struct weir_error *err)
{
	enum weir_code code = read_all(run, session, err);
	const struct weir__history_row *row;
	enum weir__history_state state;

	if (code == WEIR_OK)
		code = look_at_states(run, err);
	if (code == WEIR_OK && run->item != NULL)
		code = weir__plan_check(run->item, run->apply->set, &run->history, run->apply->direction,
		                        run->apply->options->order, err);
	if (code != WEIR_OK || run->item == NULL)
		return code;
	row = weir__history_of(&run->history, run->item->version);
	state = weir__history_state(row);
	run->skipped = run->apply->direction == WEIR_MIGRATE_UP ? state == WEIR__HISTORY_DONE
	                                                        : state == WEIR__HISTORY_ABSENT;
	if (state == WEIR__HISTORY_RUNNING)
		run->row = *row;
	run->began_ns = weir_now().ns;
	return WEIR_OK;
}

void weir__run_describe(struct weir__run *run)
{
	const struct weir__apply *const apply = run->apply;
	const struct weir__history_row *const known =
		weir__history_of(&run->history, run->item->version);
	struct weir__history_row *const row = &run->row;

	(void)snprintf(row->version, sizeof row->version, "%s", run->item->version);
	(void)snprintf(row->direction, sizeof row->direction, "%s",
	               apply->direction == WEIR_MIGRATE_UP ? "up" : "down");
	if (run->migration != NULL) {
		(void)snprintf(row->name, sizeof row->name, "%s", run->migration->name);
		(void)snprintf(row->tag, sizeof row->tag, "%s", run->migration->tag);
		(void)snprintf(row->checksum, sizeof row->checksum, "%s", run->migration->checksum);
	} else if (known != NULL) {
		(void)snprintf(row->name, sizeof row->name, "%s", known->name);
		(void)snprintf(row->checksum, sizeof row->checksum, "%s", known->checksum);
	}
	if (apply->options->tool != NULL)
		(void)snprintf(row->tool, sizeof row->tool, "%s", apply->options->tool);
	else
		(void)snprintf(row->tool, sizeof row->tool, "weir %s", weir_version());
	row->applied_at = (int64_t)time(NULL);
	row->duration_ns = weir_now().ns - run->began_ns;
}

const char *weir__run_down_script(const struct weir__run *run)
{
	const struct weir__step *down;

	if (run->apply->direction != WEIR_MIGRATE_UP || run->migration == NULL)
		return "";
	down = &run->migration->down;
	return down->there && down->sql != NULL && !down->no_transaction && !down->own_transactions
	           ? down->sql
	           : "";
}

static enum weir_code write_foreign(const struct weir__run *run,
                                    const struct weir__session *session, struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	const char *below = "";

	if (run->foreign.format == WEIR_MIGRATE_DETECT ||
	    apply->options->foreign != WEIR_MIGRATE_FOREIGN_KEEP)
		return WEIR_OK;
	for (size_t i = 0; i < apply->set->count; i++) {
		const char *const version = apply->set->list[i].version;

		if (weir__history_state(weir__history_of(&run->history, version)) == WEIR__HISTORY_DONE)
			below = version;
	}
	return weir__foreign_write(session, &run->foreign, apply->direction, run->item->version, below,
	                           err);
}

enum weir_code weir__run_record(struct weir__run *run, const struct weir__session *session,
                                struct weir_error *err)
{
	const char *const table = run->apply->options->table;
	struct weir__catalog catalog = {0};
	enum weir_code code = weir__catalog_read(session, table, &catalog, err);

	if (code != WEIR_OK)
		return code;
	weir__run_describe(run);
	(void)snprintf(run->row.outcome, sizeof run->row.outcome, "done");
	(void)snprintf(run->row.fingerprint, sizeof run->row.fingerprint, "%s", catalog.fingerprint);
	(void)snprintf(run->apply->report->fingerprint, sizeof run->apply->report->fingerprint, "%s",
	               catalog.fingerprint);
	weir__catalog_free(&catalog);
	code = weir__history_make(session, table, &run->history, err);
	if (code == WEIR_OK && run->row.id == 0)
		code = weir__history_add(session, table, &run->history, &run->row,
		                         weir__run_down_script(run), err);
	else if (code == WEIR_OK)
		code = weir__history_change(session, table, &run->row, err);
	return code == WEIR_OK ? write_foreign(run, session, err) : code;
}
