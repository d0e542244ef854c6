/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_migrate_verify: whether history, scripts and schema agree.
 *
 * The schema is compared with the fingerprint that the last migration left. Where that
 * does not fit, or was never taken, the scripts that are applied are run on an empty
 * database in memory, and what differs is said as SQL.
 */
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "replay.h"
#include "state.h"

#define WHERE "migrate.verify"

struct verify {
	struct weir__frame frame;
	struct weir__catalog is;
	const char *recorded; /* the fingerprint; "" none was taken */
	bool incomplete;      /* not all that is applied can be run again */
};

static enum weir_code look(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct verify *const verify = arg;
	struct weir__frame *const frame = &verify->frame;
	enum weir_code code = weir__history_read(session, frame->options.table, &frame->history, err);

	if (code == WEIR_OK)
		code = weir__state_rows(frame->set, &frame->history, frame->report, err);
	if (code == WEIR_OK)
		code = weir__catalog_read(session, frame->options.table, &verify->is, err);
	if (code != WEIR_OK)
		return code;
	memcpy(frame->report->fingerprint, verify->is.fingerprint, sizeof verify->is.fingerprint);
	verify->recorded = "";
	for (size_t i = frame->history.count; i > 0 && verify->recorded[0] == '\0'; i--)
		verify->recorded = frame->history.rows[i - 1].fingerprint;
	return WEIR_OK;
}

/* ---- history and scripts ---- */

struct complaint {
	enum weir_migration_state state;
	enum weir_migrate_severity severity;
	const char *rule;
	const char *text;
};

static const struct complaint complaints[] = {
	{WEIR_MIGRATION_EDITED, WEIR_MIGRATE_FAILURE, "edited",
     "its script is not the one that was applied: restore it, or accept it with weir migrate "
     "repair"},
	{WEIR_MIGRATION_MISSING, WEIR_MIGRATE_FAILURE, "missing_script",
     "it is applied, and its script is gone: put it back, or forget it with weir migrate repair "
     "VERSION"},
	{WEIR_MIGRATION_REORDERED, WEIR_MIGRATE_FAILURE, "reordered",
     "the script that was applied is under another version now: restore its name, or accept it "
     "with weir migrate repair"},
	{WEIR_MIGRATION_INTERRUPTED, WEIR_MIGRATE_FAILURE, "interrupted",
     "it stopped midway: go on with it, or end it with weir migrate repair"},
	{WEIR_MIGRATION_OUT_OF_ORDER, WEIR_MIGRATE_WARNING, "stranded",
     "it is pending below one that is applied: give it a higher version, or use "
     "--allow-out-of-order"},
};

static const struct complaint *complaint_of(enum weir_migration_state state)
{
	for (size_t i = 0; i < sizeof complaints / sizeof complaints[0]; i++) {
		if (complaints[i].state == state)
			return &complaints[i];
	}
	return NULL;
}

static enum weir_code complain(struct verify *verify, struct weir_error *err)
{
	const struct weir__frame *const frame = &verify->frame;
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < frame->report->rows_count; i++) {
		const struct weir_migrate_row *const row = &frame->report->rows[i];
		const struct complaint *const complaint = complaint_of(row->state);

		if (complaint == NULL)
			continue;
		if (complaint->severity == WEIR_MIGRATE_FAILURE)
			verify->incomplete = true;
		code = weir__frame_found(weir__report_find(frame->report, complaint->severity,
		                                           complaint->rule, row->version, NULL,
		                                           "version %s: %s", row->version, complaint->text),
		                         err);
	}
	return code;
}

/* ---- schema ---- */

static enum weir_code say(const struct verify *verify, enum weir_migrate_severity severity,
                          const char *rule, const char *text, const char *why,
                          struct weir_error *err)
{
	return weir__frame_found(weir__report_find(verify->frame.report, severity, rule,
	                                           verify->frame.report->version, NULL, "%s%s%s", text,
	                                           why[0] == '\0' ? "" : ": ", why),
	                         err);
}

/* The schema is another, and what it should be like cannot be shown. */
static enum weir_code say_unshown(const struct verify *verify, const char *why,
                                  struct weir_error *err)
{
	if (verify->recorded[0] != '\0')
		return say(verify, WEIR_MIGRATE_FAILURE, "schema",
		           "the schema is not what the last migration left; what differs cannot be shown",
		           why, err);
	return say(verify, WEIR_MIGRATE_WARNING, "not_compared",
	           "the schema was not compared: no fingerprint was taken", why, err);
}

/* What the scripts that are applied make of an empty database. */
static enum weir_code rebuild(const struct verify *verify, struct weir__catalog *wanted,
                              struct weir_error *err)
{
	const struct weir__frame *const frame = &verify->frame;
	bool *const keep = calloc(frame->set->count + 1, sizeof *keep);
	enum weir_code code;

	if (keep == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a set");
	for (size_t i = 0; i < frame->set->count; i++)
		keep[i] = weir__history_state(weir__history_of(
					  &frame->history, frame->set->list[i].version)) == WEIR__HISTORY_DONE;
	code = weir__replay(weir_db_driver(frame->db), frame->set, keep, frame->options.table, wanted,
	                    err);
	free(keep);
	return code;
}

static enum weir_code show_differences(const struct verify *verify,
                                       const struct weir__catalog *wanted, struct weir_error *err)
{
	struct weir_migrate_report *const report = verify->frame.report;
	const size_t before = report->findings_count;

	if (!weir__catalog_differences(wanted, &verify->is, report))
		return weir__frame_found(false, err);
	if (report->findings_count != before) {
		for (size_t i = before; i < report->findings_count; i++)
			report->findings[i].severity = WEIR_MIGRATE_FAILURE;
		return WEIR_OK;
	}
	if (verify->recorded[0] == '\0' || strcmp(verify->recorded, verify->is.fingerprint) == 0)
		return WEIR_OK;
	return say(verify, WEIR_MIGRATE_WARNING, "fingerprint",
	           "the schema is what the scripts make, but not what the last migration left: it was "
	           "changed by hand, then or since",
	           "", err);
}

static enum weir_code compare_schema(const struct verify *verify, struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;
	struct weir__catalog wanted = {0};
	enum weir_code code;

	if (strcmp(verify->recorded, verify->is.fingerprint) == 0)
		return WEIR_OK;
	if (verify->incomplete)
		return say_unshown(verify, "not all that was applied can be run again", err);
	if (!weir__replay_can(weir_db_driver(verify->frame.db)))
		return say_unshown(verify, "the driver has no databases in memory to run the scripts on",
		                   err);
	code = rebuild(verify, &wanted, &why);
	if (code == WEIR_ERR_NO_MEMORY)
		return weir_fail(err, code, why.where, 0, "%s", why.message);
	code = code == WEIR_OK ? show_differences(verify, &wanted, err)
	                       : say_unshown(verify, why.message, err);
	weir__catalog_free(&wanted);
	return code;
}

/* ---- the verdict ---- */

static enum weir_code verdict(const struct verify *verify, struct weir_error *err)
{
	const struct weir_migrate_report *const report = verify->frame.report;
	size_t failures = 0;
	const char *first = "";

	for (size_t i = report->findings_count; i > 0; i--) {
		if (report->findings[i - 1].severity != WEIR_MIGRATE_FAILURE)
			continue;
		failures++;
		first = report->findings[i - 1].text;
	}
	if (failures == 0)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_MIGRATE_DRIFT, WHERE, 0,
	                 "%zu difference%s between history, scripts and schema: %.170s", failures,
	                 failures == 1 ? "" : "s", first);
}

static enum weir_code compare(struct verify *verify, struct weir_error *err)
{
	enum weir_code code;

	if (!verify->frame.history.there)
		return say(verify, WEIR_MIGRATE_NOTE, "no_history",
		           "there is no history to compare with: nothing was applied by weir", "", err);
	code = complain(verify, err);
	if (code == WEIR_OK)
		code = compare_schema(verify, err);
	return code == WEIR_OK ? verdict(verify, err) : code;
}

enum weir_code weir_migrate_verify(struct weir_db *db, const struct weir_migrations *set,
                                   const struct weir_migrate_options *options,
                                   struct weir_migrate_report **report, struct weir_error *err)
{
	struct verify verify = {0};
	enum weir_code code = weir__frame_begin(&verify.frame, db, set, options, report, err);

	if (code != WEIR_OK)
		return code;
	code = weir__frame_read(&verify.frame, look, &verify, err);
	if (code == WEIR_OK) /* the reader is free again: scripts may take their time */
		code = compare(&verify, err);
	weir__catalog_free(&verify.is);
	weir__frame_end(&verify.frame, report);
	return code;
}
