/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_migrate_baseline: migrations recorded as applied, for a database whose schema was
 * there before.
 */
#include "critical.h"
#include "frame.h"

#define WHERE "migrate.baseline"

struct baseline {
	struct weir__frame frame;
	size_t count; /* of the set, from its beginning */
};

static enum weir_code refuse_history(const struct weir__frame *frame, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_HISTORY, WHERE, 0,
	                 "there is a history already, table %.60s with %zu rows: baseline is for a "
	                 "database without one. See weir migrate status",
	                 frame->options.table, frame->history.count);
}

/* What another tool has applied is known, and is not all there is to apply. */
static enum weir_code refuse_foreign(struct weir__frame *frame, const struct weir__session *session,
                                     struct weir_error *err)
{
	const struct weir__foreign *const foreign = &frame->foreign;
	enum weir_code code =
		weir__foreign_read(session, frame->options.foreign_table, &frame->foreign, err);

	if (code != WEIR_OK || foreign->format == WEIR_MIGRATE_DETECT)
		return code;
	return weir_fail(err, WEIR_ERR_MIGRATE_FOREIGN, WHERE, 0,
	                 "%s keeps the versions of this database, in the table %.60s: take them over "
	                 "with `weir migrate adopt`, which knows which were applied",
	                 weir_migrate_format_name(foreign->format), foreign->table);
}

static enum weir_code record(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct baseline *const baseline = arg;
	struct weir__frame *const frame = &baseline->frame;
	const char *const table = frame->options.table;
	enum weir_code code = weir__history_read(session, table, &frame->history, err);

	if (code == WEIR_OK && frame->history.count != 0)
		return refuse_history(frame, err);
	if (code == WEIR_OK && !frame->history.there)
		code = refuse_foreign(frame, session, err);
	if (code == WEIR_OK)
		code = weir__frame_look(frame, session, err);
	if (code == WEIR_OK)
		code = weir__history_make(session, table, &frame->history, err);
	for (size_t i = 0; code == WEIR_OK && i < baseline->count; i++) {
		const struct weir__frame_note note = {
			.version = frame->set->list[i].version,
			.direction = "baseline",
			.fingerprint = i + 1 == baseline->count ? frame->report->fingerprint : "",
			.applied_at = frame->now,
		};

		code = weir__frame_add(frame, session, &note, err);
	}
	return code == WEIR_OK ? weir__frame_version(frame, err) : code;
}

static enum weir_code find_target(struct baseline *baseline, const char *target,
                                  struct weir_error *err)
{
	const struct weir_migrations *const set = baseline->frame.set;
	const size_t at = target == NULL ? SIZE_MAX : weir__frame_find(set, target);

	baseline->count = target == NULL ? set->count : at + 1;
	if (target != NULL && at == SIZE_MAX)
		return weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, WHERE, 0,
		                 "there is no version and no tag %.60s: weir migrate status lists them",
		                 target);
	return WEIR_OK;
}

enum weir_code weir_migrate_baseline(struct weir_db *db, const struct weir_migrations *set,
                                     const char *target, const struct weir_migrate_options *options,
                                     struct weir_migrate_report **report, struct weir_error *err)
{
	struct baseline baseline = {.count = 0};
	struct weir__frame *const frame = &baseline.frame;
	enum weir_code code = weir__frame_begin(frame, db, set, options, report, err);

	if (code != WEIR_OK)
		return code;
	code = find_target(&baseline, target, err);
	if (code == WEIR_OK)
		code = weir__critical(db, &frame->options, record, &baseline, !frame->options.dry_run, err);
	weir__frame_end(frame, report);
	return code;
}
