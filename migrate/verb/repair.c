/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_migrate_repair: the history made to agree with what somebody has seen to. Rows
 * are added, so that what was there before can still be read.
 */
#include <string.h>

#include "critical.h"
#include "frame.h"

#define WHERE "migrate.repair"

struct repair {
	struct weir__frame frame;
	const char *version; /* NULL: all */
	bool set_done;
};

/* What is recorded of a version, or NULL: there is nothing to repair. */
static const char *remedy(const struct repair *repair, const struct weir_migrate_row *row,
                          enum weir__history_state state)
{
	const bool down = row->direction == WEIR_MIGRATE_DOWN;

	if (state == WEIR__HISTORY_RUNNING)
		return repair->set_done != down ? "repair" : "down";
	switch (row->state) {
	case WEIR_MIGRATION_EDITED:
	case WEIR_MIGRATION_REORDERED:
		return "repair";
	case WEIR_MIGRATION_MISSING: /* forgotten only if it is named */
		return repair->version != NULL ? "down" : NULL;
	default:
		return NULL;
	}
}

static const char *newest_done(const struct weir__frame *frame)
{
	for (size_t i = frame->set->count; i > 0; i--) {
		const char *const version = frame->set->list[i - 1].version;

		if (weir__history_state(weir__history_of(&frame->history, version)) == WEIR__HISTORY_DONE)
			return version;
	}
	return "";
}

/* Keep the other tool's table, where whether a version is applied has changed. */
static enum weir_code keep_foreign(struct weir__frame *frame, const struct weir__session *session,
                                   const char *version, bool applied, struct weir_error *err)
{
	if (frame->foreign.format == WEIR_MIGRATE_DETECT ||
	    weir__foreign_has(&frame->foreign, version) == applied)
		return WEIR_OK;
	return weir__foreign_write(session, &frame->foreign,
	                           applied ? WEIR_MIGRATE_UP : WEIR_MIGRATE_DOWN, version,
	                           newest_done(frame), err);
}

static enum weir_code mend(const struct repair *repair, struct weir__frame *frame,
                           const struct weir__session *session, const char *version,
                           struct weir_error *err)
{
	const enum weir__history_state state =
		weir__history_state(weir__history_of(&frame->history, version));
	const char *const direction = remedy(repair, weir__frame_row(frame, version), state);
	struct weir__frame_note note = {
		.version = version, .direction = direction, .applied_at = frame->now};
	enum weir_code code;

	if (direction == NULL)
		return WEIR_OK;
	/* Who ends an interrupted one has seen to the schema; who accepts a script has not. */
	note.fingerprint = state == WEIR__HISTORY_RUNNING ? frame->report->fingerprint : "";
	code = weir__frame_add(frame, session, &note, err);
	return code == WEIR_OK
	           ? keep_foreign(frame, session, version, strcmp(direction, "repair") == 0, err)
	           : code;
}

/* What was left as it is: scripts that are gone, or everything. */
static enum weir_code note_rest(struct weir__frame *frame, size_t rows_before,
                                struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < frame->before->rows_count; i++) {
		const struct weir_migrate_row *const row = &frame->before->rows[i];

		if (row->state == WEIR_MIGRATION_MISSING &&
		    weir__history_state(weir__history_of(&frame->history, row->version)) !=
		        WEIR__HISTORY_ABSENT)
			code = weir__frame_found(
				weir__report_find(frame->report, WEIR_MIGRATE_WARNING, "missing", row->version,
			                      NULL,
			                      "version %s is applied, and its script is gone: put it back, or "
			                      "forget it with weir migrate repair %s",
			                      row->version, row->version),
				err);
	}
	if (code == WEIR_OK && frame->history.count == rows_before &&
	    frame->report->findings_count == 0)
		code =
			weir__frame_found(weir__report_find(frame->report, WEIR_MIGRATE_NOTE, "nothing_to_do",
		                                        NULL, NULL, "there was nothing to repair"),
		                      err);
	return code;
}

/* The version as set or history has it, or NULL: there is none of that name. */
static const char *named(const struct weir__frame *frame, const char *name)
{
	const size_t at = weir__frame_find(frame->set, name);
	const struct weir_migrate_row *const row =
		weir__frame_row(frame, at == SIZE_MAX ? name : frame->set->list[at].version);

	return row == NULL ? NULL : row->version;
}

static enum weir_code mend_all(const struct repair *repair, struct weir__frame *frame,
                               const struct weir__session *session, struct weir_error *err)
{
	const char *const only = repair->version == NULL ? NULL : named(frame, repair->version);
	enum weir_code code = WEIR_OK;

	if (repair->version != NULL && only == NULL)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "there is no version and no tag %.60s: weir migrate status lists them",
		                 repair->version);
	for (size_t i = 0; code == WEIR_OK && i < frame->before->rows_count; i++) {
		const char *const version = frame->before->rows[i].version;

		if (only == NULL || strcmp(version, only) == 0)
			code = mend(repair, frame, session, version, err);
	}
	return code;
}

static enum weir_code record(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct repair *const repair = arg;
	struct weir__frame *const frame = &repair->frame;
	enum weir_code code = weir__history_read(session, frame->options.table, &frame->history, err);

	if (code == WEIR_OK && frame->options.foreign == WEIR_MIGRATE_FOREIGN_KEEP)
		code = weir__foreign_read(session, frame->options.foreign_table, &frame->foreign, err);
	if (code == WEIR_OK)
		code = weir__frame_look(frame, session, err);
	const size_t rows = frame->history.count;

	if (code == WEIR_OK)
		code = mend_all(repair, frame, session, err);
	if (code == WEIR_OK)
		code = weir__frame_version(frame, err);
	return code == WEIR_OK ? note_rest(frame, rows, err) : code;
}

/* Who runs a migration outside a transaction is between two of its own, and would go on
 * as if nothing had been repaired. */
static enum weir_code repair_alone(struct repair *repair, struct weir_error *err)
{
	const struct weir_migrate_options *const options = &repair->frame.options;
	struct weir_db *const db = repair->frame.db;
	const struct weir_schema *const schema = weir_db_driver(db)->schema;
	void *lock = NULL;
	enum weir_code code = WEIR_OK;

	if (schema->lock != NULL)
		code = schema->lock(weir_db_config(db), weir_deadline_in(options->timeout_ns), &lock, err);
	if (code == WEIR_OK)
		code = weir__critical(db, options, record, repair, !options->dry_run, err);
	if (lock != NULL)
		schema->unlock(lock);
	return code;
}

enum weir_code weir_migrate_repair(struct weir_db *db, const struct weir_migrations *set,
                                   const char *version, bool set_done,
                                   const struct weir_migrate_options *options,
                                   struct weir_migrate_report **report, struct weir_error *err)
{
	struct repair repair;
	enum weir_code code = weir__frame_begin(&repair.frame, db, set, options, report, err);

	if (code != WEIR_OK)
		return code;
	repair.version = version;
	repair.set_done = set_done;
	code = repair_alone(&repair, err);
	weir__frame_end(&repair.frame, report);
	return code;
}
