/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate verify`, `check` and `rehearse`: what is found before or after.
 */
#include "migrate_command.h"

enum weir_code migrate_run_verify(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_verify(call->db, call->set, &call->options, &call->reports[0], err);
}

enum weir_code migrate_run_check(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_check(call->db, call->set, call->target, &call->options, &call->reports[0],
	                          err);
}

enum weir_code migrate_run_rehearse(struct migrate_call *call, struct weir_error *err)
{
	const struct migrate_request *const request = call->request;
	const struct weir_rehearse_options rehearsal = {
		.size = sizeof(rehearsal),
		.folder = request->folder,
		.keep = request->keep,
		.no_down = request->no_down,
		.invariants = request->invariants.items,
		.invariants_count = request->invariants.count,
		.same_rows = request->same_rows.items,
		.same_rows_count = request->same_rows.count,
	};

	call->reports_count = 1;
	return weir_migrate_rehearse(call->db, call->set, call->target, &call->options, &rehearsal,
	                             &call->reports[0], err);
}
