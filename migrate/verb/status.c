/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_migrate_status: where every migration stands, and what somebody should look at.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adopt.h"
#include "state.h"
#include "text.h"

#define WHERE "migrate.status"

/* ---- another tool's table ---- */

/* A table that cannot be understood is no reason to say nothing of the rest. */
static enum weir_code read_foreign(struct weir__frame *frame, const struct weir__session *session,
                                   struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;
	const enum weir_code code =
		weir__foreign_read(session, frame->options.foreign_table, &frame->foreign, &why);

	if (code == WEIR_ERR_MIGRATE_FOREIGN)
		return weir__frame_found(weir__report_find(frame->report, WEIR_MIGRATE_WARNING,
		                                           "foreign_table", NULL, NULL, "%s", why.message),
		                         err);
	if (code != WEIR_OK)
		return weir_fail(err, code, why.where, why.driver_code, "%s", why.message);
	return WEIR_OK;
}

/* Take what the tool says for the history: it is what is true of the schema. */
static enum weir_code believe(struct weir__frame *frame, const struct weir__adoption *adoption,
                              struct weir_error *err)
{
	struct weir__history *const history = &frame->history;

	for (size_t i = 0; i < adoption->count; i++) {
		void *rows = history->rows;
		struct weir__history_row *row;

		if (!weir__grow(&rows, sizeof *history->rows, history->count, &history->room))
			return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for the state");
		history->rows = rows;
		row = &history->rows[history->count++];
		memset(row, 0, sizeof *row);
		row->id = (int64_t)history->count;
		(void)snprintf(row->version, sizeof row->version, "%s", adoption->steps[i].version);
		(void)snprintf(row->direction, sizeof row->direction, "adopt");
		(void)snprintf(row->outcome, sizeof row->outcome, "done");
		row->applied_at = adoption->steps[i].applied_at;
	}
	return WEIR_OK;
}

static enum weir_code say_not_adopted(const struct weir__frame *frame, struct weir_error *err)
{
	const struct weir__foreign *const foreign = &frame->foreign;

	return weir__frame_found(
		weir__report_find(frame->report, WEIR_MIGRATE_WARNING, "not_adopted", NULL, NULL,
	                      "%s keeps the versions of this database, in the table %s, and the states "
	                      "are what it says: take them over with weir migrate adopt",
	                      weir_migrate_format_name(foreign->format), foreign->table),
		err);
}

/* There is a history: what the tool has done or undone since is not in it. */
static enum weir_code say_differs(const struct weir__frame *frame,
                                  const struct weir__adoption *adoption, struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < adoption->count; i++) {
		const struct weir__adoption_step *const step = &adoption->steps[i];

		code = weir__frame_found(
			weir__report_find(
				frame->report, WEIR_MIGRATE_WARNING, "foreign_differs", step->version, NULL,
				"the table %s has version %s as %s, the history has not: take it over "
				"with weir migrate adopt",
				frame->foreign.table, step->version, step->applied ? "applied" : "undone"),
			err);
	}
	return code;
}

static enum weir_code look_at_foreign(struct weir__frame *frame, struct weir_error *err)
{
	const struct weir__foreign *const foreign = &frame->foreign;
	struct weir__adoption adoption;
	enum weir_code code = WEIR_OK;

	if (foreign->format == WEIR_MIGRATE_DETECT)
		return WEIR_OK;
	if (foreign->dirty)
		code = weir__frame_found(
			weir__report_find(frame->report, WEIR_MIGRATE_FAILURE, "dirty",
		                      foreign->count == 0 ? "" : foreign->versions[0], NULL,
		                      "the table %s is dirty: %s stopped midway, and nobody knows what it "
		                      "has done; weir migrate adopt tells which version the schema is of",
		                      foreign->table, weir_migrate_format_name(foreign->format)),
			err);
	if (code == WEIR_OK && !frame->history.there)
		code = say_not_adopted(frame, err);
	if (code != WEIR_OK || foreign->dirty || foreign->format != frame->set->format)
		return code;
	if (weir__adoption_make(&adoption, frame, NULL) != WEIR_OK)
		return WEIR_OK; /* one is interrupted, which its state says */
	code = frame->history.there ? say_differs(frame, &adoption, err)
	                            : believe(frame, &adoption, err);
	weir__adoption_free(&adoption);
	return code;
}

/* ---- rows that call for somebody ---- */

static enum weir_code say_stranded(const struct weir__frame *frame,
                                   const struct weir_migrate_row *row, struct weir_error *err)
{
	return weir__frame_found(
		weir__report_find(frame->report, WEIR_MIGRATE_WARNING, "stranded", row->version, NULL,
	                      "version %s is pending below one that is applied%s: give it a higher "
	                      "version, or use --allow-out-of-order",
	                      row->version,
	                      frame->set->format == WEIR_MIGRATE_GOLANG
	                          ? ", where golang-migrate never runs it"
	                          : ""),
		err);
}

static enum weir_code say_interrupted(const struct weir__frame *frame,
                                      const struct weir_migrate_row *row, struct weir_error *err)
{
	const char *const way = row->direction == WEIR_MIGRATE_DOWN ? "down" : "up";

	return weir__frame_found(
		weir__report_find(frame->report, WEIR_MIGRATE_WARNING, "interrupted", row->version, NULL,
	                      "version %s stopped on its way %s behind statement %" PRIu32 ": go on "
	                      "with weir migrate %s, or end it with weir migrate repair %s",
	                      row->version, way, row->resume_at, way, row->version),
		err);
}

static enum weir_code look_at_rows(const struct weir__frame *frame, struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < frame->report->rows_count; i++) {
		const struct weir_migrate_row *const row = &frame->report->rows[i];

		if (row->state == WEIR_MIGRATION_OUT_OF_ORDER)
			code = say_stranded(frame, row, err);
		else if (row->state == WEIR_MIGRATION_INTERRUPTED)
			code = say_interrupted(frame, row, err);
	}
	return code;
}

static enum weir_code look(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct weir__frame *const frame = arg;
	enum weir_code code = weir__history_read(session, frame->options.table, &frame->history, err);

	if (code == WEIR_OK)
		code = read_foreign(frame, session, err);
	if (code == WEIR_OK)
		code = look_at_foreign(frame, err);
	if (code == WEIR_OK)
		code = weir__state_rows(frame->set, &frame->history, frame->report, err);
	return code == WEIR_OK ? look_at_rows(frame, err) : code;
}

enum weir_code weir_migrate_status(struct weir_db *db, const struct weir_migrations *set,
                                   const struct weir_migrate_options *options,
                                   struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir__frame frame;
	enum weir_code code = weir__frame_begin(&frame, db, set, options, report, err);

	if (code != WEIR_OK)
		return code;
	code = weir__frame_read(&frame, look, &frame, err);
	weir__frame_end(&frame, report);
	return code;
}
