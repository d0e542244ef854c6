/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate dump` and `embed`: documents, on standard output or in a file.
 */
#include <stdlib.h>

#include "migrate_files.h"

/* Take over what was written, and put it where it belongs. */
static enum weir_code finish(struct migrate_call *call, struct migrate_memory *memory,
                             enum weir_code code, struct weir_error *err)
{
	const char *const output = call->request->output;

	if (code != WEIR_OK) {
		free(memory->text);
		return code;
	}
	call->text = memory->text;
	if (output == NULL)
		return WEIR_OK;
	(void)snprintf(call->made, sizeof(call->made), "%s", output);
	return migrate_write_file(output, call->text != NULL ? call->text : "", err);
}

enum weir_code migrate_run_dump(struct migrate_call *call, struct weir_error *err)
{
	struct migrate_memory memory = {0};
	const struct weir_writer writer = migrate_memory_writer(&memory);
	const enum weir_code code =
		weir_migrate_dump(call->db, call->request->table, call->request->history, &writer, err);

	return finish(call, &memory, code, err);
}

enum weir_code migrate_run_embed(struct migrate_call *call, struct weir_error *err)
{
	const char *const prefix = call->request->prefix != NULL ? call->request->prefix : "migrations";
	struct migrate_memory memory = {0};
	const struct weir_writer writer = migrate_memory_writer(&memory);
	const enum weir_code code = weir_migrate_embed(call->set, prefix, &writer, err);

	return finish(call, &memory, code, err);
}
