/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate status` and `plan`: what stands where, and what would be done.
 */
#include "migrate_command.h"

enum weir_code migrate_run_status(struct migrate_call *call, struct weir_error *err)
{
	const struct weir_migrate_row *rows;
	enum weir_code code;

	call->reports_count = 1;
	code = weir_migrate_status(call->db, call->set, &call->options, &call->reports[0], err);

	const size_t count = weir_migrate_rows(call->reports[0], &rows);

	for (size_t i = 0; i < count; i++)
		call->pending |= rows[i].state == WEIR_MIGRATION_PENDING ||
		                 rows[i].state == WEIR_MIGRATION_OUT_OF_ORDER ||
		                 rows[i].state == WEIR_MIGRATION_INTERRUPTED;
	return code;
}

enum weir_code migrate_run_plan(struct migrate_call *call, struct weir_error *err)
{
	const bool down = call->request->down ||
	                  (call->request->word != NULL && call->request->word[0] == '-');

	call->reports_count = 1;
	return weir_migrate_plan(call->db, call->set, down ? WEIR_MIGRATE_DOWN : WEIR_MIGRATE_UP,
	                         call->target, &call->options, &call->reports[0], err);
}
