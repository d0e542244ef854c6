/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate new`: an empty script, in the folder's format.
 */
#include "migrate_command.h"

enum weir_code migrate_run_new(struct migrate_call *call, struct weir_error *err)
{
	const struct migrate_request *const request = call->request;

	return weir_migrate_new(call->folder, call->format, request->word, request->sequential,
	                        request->dry_run, call->made, sizeof(call->made), err);
}
