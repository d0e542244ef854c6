/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir_migrate_rehearse: what up would do, done to a copy and looked at.
 */
#include "rehearsal.h"
#include "rehearse_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHERE "migrate.rehearse"

/* ---- arguments ---- */

static enum weir_code take_wishes(struct weir__rehearsal *rehearsal,
                                  const struct weir_rehearse_options *given, struct weir_error *err)
{
	struct weir_rehearse_options *const wishes = &rehearsal->wishes;

	wishes->size = sizeof *wishes;
	if (given == NULL)
		return WEIR_OK;
	if (given->size < sizeof given->size || given->size > WEIR_ERROR_SIZE_MAX)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "the size of the rehearsal's options is not set");
	memcpy(wishes, given, given->size < sizeof *wishes ? given->size : sizeof *wishes);
	if ((wishes->invariants == NULL && wishes->invariants_count != 0) ||
	    (wishes->same_rows == NULL && wishes->same_rows_count != 0))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0,
		                 "a count of the rehearsal's options has no list");
	return WEIR_OK;
}

/* Up on the copy is one phase, whatever it does. */
static bool forward(void *arg, const struct weir_migrate_progress *progress)
{
	struct weir_migrate_progress told = *progress;

	told.phase = "rehearsing";
	return weir__rehearsal_show(arg, &told);
}

static void make_inner_options(struct weir__rehearsal *rehearsal)
{
	rehearsal->inner = rehearsal->options;
	rehearsal->inner.backup = NULL;
	rehearsal->inner.dry_run = false;
	rehearsal->inner.on_progress = forward;
	rehearsal->inner.progress_arg = rehearsal;
}

static enum weir_code prepare(struct weir__rehearsal *rehearsal,
                              const struct weir_migrate_options *options,
                              const struct weir_rehearse_options *wishes, struct weir_error *err)
{
	enum weir_code code = weir__session_check(rehearsal->db, err);

	if (code == WEIR_OK && rehearsal->set == NULL)
		code = weir_fail(err, WEIR_ERR_BAD_ARGUMENT, WHERE, 0, "set is NULL");
	if (code == WEIR_OK)
		code = weir__options(options, &rehearsal->options, err);
	if (code == WEIR_OK)
		code = take_wishes(rehearsal, wishes, err);
	if (code != WEIR_OK)
		return code;
	make_inner_options(rehearsal);
	rehearsal->began_ns = weir_now().ns;
	rehearsal->report = weir__report_new();
	if (rehearsal->report == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a report");
	return WEIR_OK;
}

/* ---- on the copy ---- */

/* How long writers are kept out by copying the log back, once up has filled it: by the
 * keeper as well as by this call. */
static enum weir_code measure_checkpoint(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	struct weir_checkpoint_result result = {.size = sizeof result};
	struct weir_db_stats stats;
	enum weir_code code = weir_db_checkpoint(rehearsal->copy.db, &result, err);

	memset(&stats, 0, sizeof stats);
	stats.size = sizeof stats;
	if (code == WEIR_ERR_DRIVER_UNSUPPORTED)
		return WEIR_OK;
	if (code == WEIR_OK)
		code = weir_db_read_stats(rehearsal->copy.db, &stats);
	if (code == WEIR_OK)
		weir__report_figure(rehearsal->report, "checkpoint_ns", stats.checkpoint_stall_ns_sum);
	return code;
}

static enum weir_code rehearse(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	struct weir_migrate_report *const report = rehearsal->report;
	enum weir_code code = weir__rehearsal_tell(rehearsal, "copying", err);

	if (code == WEIR_OK)
		code = weir__rehearsal_copy_make(rehearsal, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_look(rehearsal, &rehearsal->before, true, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_up(rehearsal, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_look(rehearsal, &rehearsal->after, false, err);
	if (code != WEIR_OK)
		return code;
	(void)snprintf(report->fingerprint, sizeof report->fingerprint, "%s",
	               rehearsal->after.catalog.fingerprint);
	weir__report_figure(report, "log_bytes", (int64_t)rehearsal->after.log_bytes);
	code = measure_checkpoint(rehearsal, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_check(rehearsal, err);
	if (code == WEIR_OK && rehearsal->up != NULL && !weir__report_failed(rehearsal->up) &&
	    !rehearsal->wishes.no_down)
		code = weir__rehearsal_walk(rehearsal, err);
	return code;
}

/* ---- the end ---- */

/* The last that was done: where up will end. NULL: there was nothing to do. */
static const char *last_done(const struct weir_migrate_report *report)
{
	for (size_t i = report->rows_count; i-- > 0;) {
		if (report->rows[i].done)
			return report->rows[i].version;
	}
	return NULL;
}

static enum weir_code remember(const struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	const char *const last = last_done(rehearsal->report);
	struct weir__memory memory;

	if (last == NULL)
		return WEIR_OK;
	memset(&memory, 0, sizeof memory);
	(void)snprintf(memory.from, sizeof memory.from, "%s", rehearsal->before.version);
	(void)snprintf(memory.to, sizeof memory.to, "%s", last);
	memory.blocked_ns = weir_migrate_figure(rehearsal->report, "blocked_ns");
	memory.duration_ns = weir_migrate_figure(rehearsal->report, "duration_ns");
	if (weir__memory_write(rehearsal->db, &memory, rehearsal->report))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory to remember the rehearsal");
}

static enum weir_code conclude(const struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	const struct weir_migrate_report *const report = rehearsal->report;
	const char *first = NULL;
	size_t failures = 0;

	for (size_t i = 0; i < report->findings_count; i++) {
		if (report->findings[i].severity != WEIR_MIGRATE_FAILURE)
			continue;
		if (failures++ == 0)
			first = report->findings[i].text;
	}
	if (failures == 0)
		return remember(rehearsal, err);
	return weir_fail(err, WEIR_ERR_MIGRATE_REHEARSAL, WHERE, 0,
	                 "%zu finding%s against it; the first: %s", failures, failures == 1 ? "" : "s",
	                 first);
}

static enum weir_code run(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	enum weir_code code = rehearse(rehearsal, err);

	if (code == WEIR_OK) {
		code = weir__rehearsal_copy_end(rehearsal, err);
		return code == WEIR_OK ? conclude(rehearsal, err) : code;
	}
	/* What went wrong first is what the caller has to know. */
	(void)weir__rehearsal_copy_end(rehearsal, NULL);
	return code;
}

enum weir_code weir_migrate_rehearse(struct weir_db *db, const struct weir_migrations *set,
                                     const char *target, const struct weir_migrate_options *options,
                                     const struct weir_rehearse_options *wishes,
                                     struct weir_migrate_report **report, struct weir_error *err)
{
	struct weir__rehearsal *const rehearsal = calloc(1, sizeof *rehearsal);
	enum weir_code code;

	if (report != NULL)
		*report = NULL;
	if (rehearsal == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a rehearsal");
	rehearsal->db = db;
	rehearsal->set = set;
	rehearsal->target = target;
	code = prepare(rehearsal, options, wishes, err);
	if (code == WEIR_OK) {
		code = run(rehearsal, err);
		weir__rehearsal_show_end(rehearsal);
	}
	if (rehearsal->report != NULL)
		weir__report_hand(rehearsal->report, report);
	weir_migrate_report_free(rehearsal->up);
	weir__rehearsal_state_free(&rehearsal->before);
	weir__rehearsal_state_free(&rehearsal->after);
	free(rehearsal);
	return code;
}
