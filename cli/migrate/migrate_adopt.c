/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate baseline`, `adopt` and `repair`: what changes the history alone.
 */
#include "migrate_command.h"

enum weir_code migrate_run_baseline(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_baseline(call->db, call->set, call->target, &call->options,
	                             &call->reports[0], err);
}

enum weir_code migrate_run_adopt(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_adopt(call->db, call->set, &call->options, &call->reports[0], err);
}

enum weir_code migrate_run_repair(struct migrate_call *call, struct weir_error *err)
{
	call->reports_count = 1;
	return weir_migrate_repair(call->db, call->set, call->target, call->request->done,
	                           &call->options, &call->reports[0], err);
}
