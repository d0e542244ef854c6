/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_migrate_adopt: the history begins, or goes on, with what another tool's table
 * says, which stays as it is.
 */
#include "adopt.h"

#include <stdlib.h>
#include <string.h>

#include "critical.h"
#include "replay.h"

#define WHERE "migrate.adopt"

struct adopt {
	struct weir__frame frame;
	struct weir__catalog is; /* the schema, if the table is dirty */
};

/* ---- what cannot be adopted ---- */

static enum weir_code check_format(const struct weir__frame *frame, struct weir_error *err)
{
	const struct weir__foreign *const foreign = &frame->foreign;

	if (foreign->format == WEIR_MIGRATE_DETECT && frame->options.foreign_table != NULL)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "there is no table %.60s to adopt from", frame->options.foreign_table);
	if (foreign->format == WEIR_MIGRATE_DETECT)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "there is no table of golang-migrate, dbmate or goose: name it "
		                 "(--foreign-table), or begin with weir migrate baseline");
	if (foreign->format != frame->set->format)
		return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
		                 "table %.60s is that of %s, but the scripts are those of %s: give the "
		                 "folder that belongs to it",
		                 foreign->table, weir_migrate_format_name(foreign->format),
		                 weir_migrate_format_name(frame->set->format));
	return WEIR_OK;
}

/* golang-migrate itself does nothing on a version that it has no script of. */
static enum weir_code check_newest(const struct weir__frame *frame, struct weir_error *err)
{
	const struct weir__foreign *const foreign = &frame->foreign;

	if (foreign->format != WEIR_MIGRATE_GOLANG || foreign->count == 0 ||
	    weir__set_find(frame->set, foreign->versions[0]) != SIZE_MAX)
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
	                 "table %.60s is at version %s, of which the folder has no script: take the "
	                 "folder of the release that was run last",
	                 foreign->table, foreign->versions[0]);
}

/* ---- a dirty table ---- */

/* Whether the schema is what the first count scripts make; not, if they do not run.
 * Errors: NO_MEMORY. */
static enum weir_code compare_schema(const struct adopt *adopt, size_t count, bool *same,
                                     struct weir_error *err)
{
	const struct weir__frame *const frame = &adopt->frame;
	bool *const keep = calloc(frame->set->count + 1, sizeof *keep);
	struct weir__catalog made = {0};
	enum weir_code code = WEIR_ERR_NO_MEMORY;

	for (size_t i = 0; keep != NULL && i < count; i++)
		keep[i] = true;
	if (keep != NULL)
		code = weir__replay(weir_db_driver(frame->db), frame->set, keep, frame->options.table,
		                    &made, NULL);
	*same = code == WEIR_OK && strcmp(made.fingerprint, adopt->is.fingerprint) == 0;
	weir__catalog_free(&made);
	free(keep);
	if (code != WEIR_ERR_NO_MEMORY)
		return WEIR_OK;
	return weir_fail(err, code, WHERE, 0, "no memory to compare the schema");
}

/* The flag was set before the script began, at the version that was to be reached. */
static enum weir_code explain_dirty(const struct adopt *adopt, struct weir_error *err)
{
	const struct weir__frame *const frame = &adopt->frame;
	const struct weir__foreign *const foreign = &frame->foreign;
	const char *const version = foreign->count == 0 ? "none" : foreign->versions[0];
	const size_t at = foreign->count == 0 ? SIZE_MAX : weir__set_find(frame->set, version);
	const size_t last = at + 1; /* of none: 0 */
	/* Upwards it comes from the one below, downwards from the one above. */
	const size_t counts[] = {last, last - 1, last + 1};
	const bool can = weir__replay_can(weir_db_driver(frame->db)) &&
	                 (at != SIZE_MAX || foreign->count == 0);

	for (size_t i = 0; can && i < sizeof counts / sizeof counts[0]; i++) {
		const size_t count = counts[i];
		bool same = false;

		if (count > frame->set->count)
			continue;
		if (compare_schema(adopt, count, &same, err) != WEIR_OK)
			return WEIR_ERR_NO_MEMORY;
		if (!same)
			continue;
		return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
		                 "table %.40s is dirty at version %.40s; the schema is that of %.40s: look "
		                 "at the rows, then set it (migrate force %.40s), and adopt again",
		                 foreign->table, version,
		                 count == 0 ? "no version" : frame->set->list[count - 1].version,
		                 count == 0 ? "-1" : frame->set->list[count - 1].version);
	}
	return weir_fail(
		err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
		"table %.40s is dirty at version %.40s, and the schema is %s: mend it by hand, "
		"set the version (migrate force VERSION), and adopt again",
		foreign->table, version,
		can ? "neither its nor that of the versions beside it" : "not to be compared");
}

/* ---- adopting ---- */

static enum weir_code warn_unknown(const struct weir__frame *frame, const char *version,
                                   struct weir_error *err)
{
	if (weir__set_find(frame->set, version) != SIZE_MAX)
		return WEIR_OK;
	return weir__frame_found(
		weir__report_find(frame->report, WEIR_MIGRATE_WARNING, "unknown_version", version, NULL,
	                      "version %s is applied, and there is no script of it: put it back, or "
	                      "forget it with weir migrate repair %s",
	                      version, version),
		err);
}

static enum weir_code record(struct weir__frame *frame, const struct weir__session *session,
                             struct weir_error *err)
{
	struct weir__adoption adoption;
	enum weir_code code = weir__adoption_make(&adoption, frame, err);

	if (code != WEIR_OK)
		return code;
	for (size_t i = 0; code == WEIR_OK && i < adoption.count; i++) {
		const struct weir__adoption_step *const step = &adoption.steps[i];
		const struct weir__frame_note note = {
			.version = step->version,
			.direction = step->applied ? "adopt" : "down",
			.fingerprint = i + 1 == adoption.count ? frame->report->fingerprint : "",
			.applied_at = step->applied_at != 0 ? step->applied_at : frame->now,
		};

		code = weir__frame_add(frame, session, &note, err);
		if (code == WEIR_OK && step->applied)
			code = warn_unknown(frame, step->version, err);
	}
	weir__adoption_free(&adoption);
	return code;
}

static enum weir_code take_over(void *arg, const struct weir__session *session,
                                struct weir_error *err)
{
	struct adopt *const adopt = arg;
	struct weir__frame *const frame = &adopt->frame;
	const char *const table = frame->options.table;
	enum weir_code code = weir__history_read(session, table, &frame->history, err);

	if (code == WEIR_OK)
		code = weir__foreign_read(session, frame->options.foreign_table, &frame->foreign, err);
	if (code == WEIR_OK)
		code = check_format(frame, err);
	if (code == WEIR_OK && frame->foreign.dirty) {
		code = weir__catalog_read(session, table, &adopt->is, err);
		if (code == WEIR_OK)
			code = weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0, "table %.60s is dirty",
			                 frame->foreign.table);
		return code;
	}
	if (code == WEIR_OK)
		code = check_newest(frame, err);
	if (code == WEIR_OK)
		code = weir__frame_look(frame, session, err);
	if (code == WEIR_OK)
		code = weir__history_make(session, table, &frame->history, err);
	if (code == WEIR_OK)
		code = record(frame, session, err);
	return code == WEIR_OK ? weir__frame_version(frame, err) : code;
}

enum weir_code weir_migrate_adopt(struct weir_db *db, const struct weir_migrations *set,
                                  const struct weir_migrate_options *options,
                                  struct weir_migrate_report **report, struct weir_error *err)
{
	struct adopt adopt = {0};
	struct weir__frame *const frame = &adopt.frame;
	enum weir_code code = weir__frame_begin(frame, db, set, options, report, err);

	if (code != WEIR_OK)
		return code;
	code = weir__critical(db, &frame->options, take_over, &adopt, !frame->options.dry_run, err);
	if (adopt.is.fingerprint[0] != '\0') /* the gate is free again: scripts may take their time */
		code = explain_dirty(&adopt, err);
	weir__catalog_free(&adopt.is);
	weir__frame_end(frame, report);
	return code;
}
