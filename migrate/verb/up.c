/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Up, down, and what they would do.
 */
#include <string.h>

#include "guardian.h"

/* A report that the caller receives, whatever comes of the call. */
static enum weir_code begin(struct weir__apply *apply, struct weir_migrate_options *filled,
                            const struct weir_migrate_options *given,
                            struct weir_migrate_report **report, struct weir_error *err)
{
	enum weir_code code;

	if (report != NULL)
		*report = NULL;
	if (apply->set == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "migrate", 0, "the set is NULL");
	code = weir__options(given, filled, err);
	if (code != WEIR_OK)
		return code;
	apply->options = filled;
	apply->report = weir__report_new();
	if (apply->report == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "migrate", 0, "no memory for a report");
	return WEIR_OK;
}

/* Who watches over statements in use, and over contractions. */
static enum weir_code run_guarded(const struct weir__apply *apply,
                                  const struct weir_migrate_options *options,
                                  struct weir_error *err)
{
	struct weir__guardian guardian;
	struct weir__apply guarded = *apply;
	enum weir_code code = weir__guardian_begin(&guardian, apply->db, options, apply->report, err);

	if (code != WEIR_OK)
		return code;
	guardian.contractions = options->rolling;
	guardian.refuse = !apply->roll_back;
	guarded.before = weir__guardian_before;
	guarded.inspect = weir__guardian_inspect;
	guarded.arg = &guardian;
	code = weir__apply(&guarded, err);
	weir__guardian_end(&guardian);
	return code;
}

static bool is_guarded(const struct weir_migrate_options *options)
{
	return options->rolling || options->statements != NULL;
}

/* What it would break, in a transaction that is undone. */
static enum weir_code try_guarded(const struct weir__apply *apply,
                                  const struct weir_migrate_options *options,
                                  struct weir_error *err)
{
	struct weir__apply tried = *apply;
	enum weir_code code;

	tried.only_plan = false;
	tried.roll_back = true;
	code = run_guarded(&tried, options, err);
	return code == WEIR_OK ? weir__guardian_verdict(apply->report, err) : code;
}

enum weir_code weir_migrate_up(struct weir_db *db, const struct weir_migrations *set,
                               const char *target, const struct weir_migrate_options *options,
                               struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir_migrate_options filled = {0};
	struct weir__apply apply = {
		.db = db, .set = set, .direction = WEIR_MIGRATE_UP, .target = target, .what = "up"};
	enum weir_code code = begin(&apply, &filled, options, report, err);

	if (code != WEIR_OK)
		return code;
	apply.only_plan = filled.dry_run;
	if (!filled.dry_run && is_guarded(&filled))
		code = run_guarded(&apply, &filled, err);
	else
		code = weir__apply(&apply, err);
	if (code == WEIR_OK && filled.dry_run && is_guarded(&filled))
		code = try_guarded(&apply, &filled, err);
	weir__report_hand(apply.report, report);
	return code;
}

enum weir_code weir_migrate_down(struct weir_db *db, const struct weir_migrations *set,
                                 const char *target, const struct weir_migrate_options *options,
                                 struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir_migrate_options filled = {0};
	struct weir__apply apply = {
		.db = db, .set = set, .direction = WEIR_MIGRATE_DOWN, .target = target, .what = "down"};
	enum weir_code code = begin(&apply, &filled, options, report, err);

	if (code != WEIR_OK)
		return code;
	apply.only_plan = filled.dry_run;
	code = weir__apply(&apply, err);
	weir__report_hand(apply.report, report);
	return code;
}

enum weir_code weir_migrate_plan(struct weir_db *db, const struct weir_migrations *set,
                                 enum weir_migrate_direction direction, const char *target,
                                 const struct weir_migrate_options *options,
                                 struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir_migrate_options filled = {0};
	struct weir__apply apply = {.db = db,
	                            .set = set,
	                            .direction = direction,
	                            .target = target,
	                            .what = "plan",
	                            .only_plan = true};
	enum weir_code code = begin(&apply, &filled, options, report, err);

	if (code != WEIR_OK)
		return code;
	code = weir__apply(&apply, err);
	if (code == WEIR_OK && direction == WEIR_MIGRATE_UP && is_guarded(&filled))
		code = try_guarded(&apply, &filled, err);
	weir__report_hand(apply.report, report);
	return code;
}

enum weir_code weir_migrate_check(struct weir_db *db, const struct weir_migrations *set,
                                  const char *target, const struct weir_migrate_options *options,
                                  struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir_migrate_options filled = {0};
	struct weir__apply apply = {
		.db = db, .set = set, .direction = WEIR_MIGRATE_UP, .target = target, .what = "check"};
	enum weir_code code = begin(&apply, &filled, options, report, err);

	if (code != WEIR_OK)
		return code;
	filled.rolling = true;
	code = try_guarded(&apply, &filled, err);
	weir__report_hand(apply.report, report);
	return code;
}
