/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See frame.h.
 */
#include "frame.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "state.h"

#define WHERE "migrate"

enum weir_code weir__frame_begin(struct weir__frame *frame, struct weir_db *db,
                                 const struct weir_migrations *set,
                                 const struct weir_migrate_options *given,
                                 struct weir_migrate_report **report, struct weir_error *err)
{
	enum weir_code code;

	if (report != NULL)
		*report = NULL;
	memset(frame, 0, sizeof *frame);
	code = weir__session_check(db, err);
	if (code == WEIR_OK && set == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "the set is NULL");
	if (code == WEIR_OK)
		code = weir__options(given, &frame->options, err);
	if (code != WEIR_OK)
		return code;
	frame->report = weir__report_new();
	frame->before = weir__report_new();
	if (frame->report == NULL || frame->before == NULL) {
		weir__frame_end(frame, NULL);
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	}
	frame->db = db;
	frame->set = set;
	frame->now = (int64_t)time(NULL);
	return WEIR_OK;
}

void weir__frame_end(struct weir__frame *frame, struct weir_migrate_report **report)
{
	weir__history_free(&frame->history);
	weir__foreign_free(&frame->foreign);
	weir__report_hand(frame->report, report);
	weir_migrate_report_free(frame->before);
	frame->report = NULL;
	frame->before = NULL;
}

enum weir_code weir__frame_read(const struct weir__frame *frame,
                                enum weir_code (*body)(void *arg,
                                                       const struct weir__session *session,
                                                       struct weir_error *err),
                                void *arg, struct weir_error *err)
{
	const struct weir_read_options options = {.size = (uint32_t)sizeof options,
	                                          .snapshot = true,
	                                          .expected_long = true,
	                                          .timeout_ns = weir__read_timeout(&frame->options)};
	struct weir_tx tx = WEIR_LEASE_EMPTY;
	struct weir__session session;
	enum weir_code code = weir_read_begin(frame->db, &options, &tx, err);

	if (code != WEIR_OK)
		return code;
	code = weir__session_init(&session, frame->db, &tx, err);
	if (code == WEIR_OK)
		code = body(arg, &session, err);
	weir_tx_end(&tx);
	return code;
}

size_t weir__frame_find(const struct weir_migrations *set, const char *name)
{
	const size_t at = weir__set_find(set, name);
	const bool number = name[0] != '\0' && strspn(name, "0123456789") == strlen(name);

	if (at != SIZE_MAX)
		return at;
	for (size_t i = 0; number && set->format != WEIR_MIGRATE_DBMATE && i < set->count; i++) {
		if (weir__version_compare(set->list[i].version, name) == 0)
			return i;
	}
	return weir__set_find_tag(set, name);
}

const struct weir_migrate_row *weir__frame_row(const struct weir__frame *frame, const char *version)
{
	for (size_t i = 0; i < frame->before->rows_count; i++) {
		if (strcmp(frame->before->rows[i].version, version) == 0)
			return &frame->before->rows[i];
	}
	return NULL;
}

/* What a program that does not have the script could undo it with. */
static const char *down_script(const struct weir__migration *migration, const char *direction)
{
	const struct weir__step *const down = &migration->down;

	if (strcmp(direction, "down") == 0 || !down->there || down->sql == NULL ||
	    down->no_transaction || down->own_transactions)
		return "";
	return down->sql;
}

static void describe(const struct weir__frame *frame, const struct weir__frame_note *note,
                     size_t index, struct weir__history_row *row)
{
	const struct weir__history_row *const known = weir__history_of(&frame->history, note->version);

	memset(row, 0, sizeof *row);
	(void)snprintf(row->version, sizeof row->version, "%s", note->version);
	if (index != SIZE_MAX) {
		const struct weir__migration *const migration = &frame->set->list[index];

		memcpy(row->name, migration->name, sizeof row->name);
		memcpy(row->tag, migration->tag, sizeof row->tag);
		memcpy(row->checksum, migration->checksum, sizeof row->checksum);
	} else if (known != NULL) {
		memcpy(row->name, known->name, sizeof row->name);
		memcpy(row->tag, known->tag, sizeof row->tag);
		memcpy(row->checksum, known->checksum, sizeof row->checksum);
	}
	(void)snprintf(row->direction, sizeof row->direction, "%s", note->direction);
	(void)snprintf(row->outcome, sizeof row->outcome, "done");
	(void)snprintf(row->tool, sizeof row->tool, "%s", frame->options.tool);
	(void)snprintf(row->fingerprint, sizeof row->fingerprint, "%s", note->fingerprint);
	row->applied_at = note->applied_at;
}

static enum weir_code report_row(struct weir__frame *frame, const struct weir__history_row *row,
                                 struct weir_error *err)
{
	const struct weir_migrate_row *const before = weir__frame_row(frame, row->version);
	struct weir_migrate_row *const reported = weir__report_row(frame->report);
	const bool down = strcmp(row->direction, "down") == 0;

	if (reported == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	if (before != NULL)
		*reported = *before;
	else
		memcpy(reported->version, row->version, sizeof reported->version);
	reported->direction = down ? WEIR_MIGRATE_DOWN : WEIR_MIGRATE_UP;
	reported->done = !frame->options.dry_run;
	reported->applied_at = down ? 0 : row->applied_at;
	return WEIR_OK;
}

enum weir_code weir__frame_add(struct weir__frame *frame, const struct weir__session *session,
                               const struct weir__frame_note *note, struct weir_error *err)
{
	const size_t index = weir__set_find(frame->set, note->version);
	const char *const down =
		index == SIZE_MAX ? "" : down_script(&frame->set->list[index], note->direction);
	struct weir__history_row row;
	enum weir_code code = weir__history_make(session, frame->options.table, &frame->history, err);

	if (code != WEIR_OK)
		return code;
	describe(frame, note, index, &row);
	code = weir__history_add(session, frame->options.table, &frame->history, &row, down, err);
	return code == WEIR_OK ? report_row(frame, &row, err) : code;
}

enum weir_code weir__frame_look(struct weir__frame *frame, const struct weir__session *session,
                                struct weir_error *err)
{
	struct weir__catalog catalog = {0};
	enum weir_code code = weir__state_rows(frame->set, &frame->history, frame->before, err);

	if (code == WEIR_OK)
		code = weir__catalog_read(session, frame->options.table, &catalog, err);
	if (code == WEIR_OK)
		memcpy(frame->report->fingerprint, catalog.fingerprint, sizeof catalog.fingerprint);
	weir__catalog_free(&catalog);
	return code;
}

enum weir_code weir__frame_version(struct weir__frame *frame, struct weir_error *err)
{
	struct weir_migrate_report *const now = weir__report_new();
	enum weir_code code;

	if (now == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	code = weir__state_rows(frame->set, &frame->history, now, err);
	memcpy(frame->report->version, now->version, sizeof now->version);
	weir_migrate_report_free(now);
	return code;
}

enum weir_code weir__frame_found(bool added, struct weir_error *err)
{
	return added ? WEIR_OK
	             : weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a finding");
}
