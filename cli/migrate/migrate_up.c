/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate up`, `down` and `redo`.
 */
#include <string.h>

#include "migrate_command.h"

enum weir_code migrate_run_up(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_up(call->db, call->set, call->target, &call->options, &call->reports[0],
	                       err);
}

enum weir_code migrate_run_down(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_down(call->db, call->set, call->target, &call->options, &call->reports[0],
	                         err);
}

/* The version that redo is about, once it is sure that both ways are open. Errors: those
 * of the plans; MIGRATE_SOURCE (no way back). */
static enum weir_code look_ahead(struct migrate_call *call, char version[WEIR_MIGRATE_VERSION_MAX],
                                 struct weir_error *err)
{
	struct weir_migrate_report *plan = NULL;
	const struct weir_migrate_row *rows;
	enum weir_code code =
		weir_migrate_plan(call->db, call->set, WEIR_MIGRATE_UP, NULL, &call->options, NULL, err);

	if (code == WEIR_OK)
		code = weir_migrate_plan(call->db, call->set, WEIR_MIGRATE_DOWN, NULL, &call->options,
		                         &plan, err);
	version[0] = '\0';
	if (code == WEIR_OK && weir_migrate_rows(plan, &rows) > 0) {
		(void)snprintf(version, WEIR_MIGRATE_VERSION_MAX, "%s", rows[0].version);
		if (!rows[0].has_down)
			code = weir_fail(err, WEIR_ERR_MIGRATE_SOURCE, "redo", 0,
			                 "%s %s has no down: it cannot be done again", rows[0].version,
			                 rows[0].name);
	}
	weir_migrate_report_free(plan);
	return code;
}

enum weir_code migrate_run_redo(struct migrate_call *call, struct weir_error *err)
{
	char version[WEIR_MIGRATE_VERSION_MAX];
	enum weir_code code = look_ahead(call, version, err);

	if (code != WEIR_OK)
		return code;
	if (version[0] == '\0')
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "redo", 0,
		                 "nothing is applied that could be done again");
	call->reports_count = 1;
	code = weir_migrate_down(call->db, call->set, NULL, &call->options, &call->reports[0], err);
	if (code != WEIR_OK || call->request->dry_run)
		return code;
	/* One copy of before is enough, and that of in between would be taken for it. */
	call->options.backup = NULL;
	call->reports_count = 2;
	return weir_migrate_up(call->db, call->set, version, &call->options, &call->reports[1], err);
}
