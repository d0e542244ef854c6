/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a rehearsal's copy is like at one time.
 */
#include "rehearsal.h"

#include <stdio.h>

#define WHERE "migrate.rehearse"

bool weir__rehearsal_show(struct weir__rehearsal *rehearsal,
                          const struct weir_migrate_progress *progress)
{
	const struct weir_migrate_options *const options = &rehearsal->options;
	struct weir_migrate_progress told = *progress;
	struct weir_db_migration now = {
		.size = sizeof now,
		.phase = WEIR_DB_MIGRATION_RUNNING,
		.what = "rehearse",
		.step = progress->step,
		.steps = progress->steps,
		.statement = progress->statement,
		.permille = progress->percent < 0.0 ? -1 : (int32_t)(progress->percent * 10.0),
	};

	told.elapsed_ns = weir_now().ns - rehearsal->began_ns;
	now.elapsed_ns = told.elapsed_ns;
	(void)snprintf(now.version, sizeof now.version, "%s", progress->version);
	weir_db_note_migration(rehearsal->db, &now, NULL);
	return options->on_progress == NULL || options->on_progress(options->progress_arg, &told);
}

void weir__rehearsal_show_end(struct weir__rehearsal *rehearsal)
{
	const struct weir_db_migration none = {
		.size = sizeof none,
		.phase = WEIR_DB_MIGRATION_NONE,
		.what = "rehearse",
		.permille = -1,
		.elapsed_ns = weir_now().ns - rehearsal->began_ns,
	};

	weir_db_note_migration(rehearsal->db, &none, NULL);
}

enum weir_code weir__rehearsal_tell(struct weir__rehearsal *rehearsal, const char *phase,
                                    struct weir_error *err)
{
	const struct weir_migrate_progress progress = {
		.phase = phase, .version = "", .name = "", .percent = -1.0};

	if (weir__rehearsal_show(rehearsal, &progress))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_DRIVER_CANCELLED, WHERE, 0, "stopped while %s", phase);
}

static enum weir_code look(const struct weir__rehearsal *rehearsal,
                           const struct weir__session *session, struct weir__rehearsal_state *state,
                           bool first, struct weir_error *err)
{
	struct weir_schema_facts facts = {.size = sizeof facts};
	const char *const table = rehearsal->options.table;
	enum weir_code code = session->schema->facts(session->conn, &facts, err);

	if (code == WEIR_OK)
		code = weir__database_version(session, table, rehearsal->set, state->version, err);
	if (code == WEIR_OK)
		code = weir__catalog_read(session, table, &state->catalog, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_references_read(session, &state->catalog, &state->references, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_counts_read(rehearsal, session, &state->catalog, first,
		                                   &state->counts, err);
	if (code == WEIR_OK)
		code = weir__rehearsal_probes_run(session, &state->catalog, &state->probes, err);
	state->bytes = facts.pages * facts.page_size;
	state->log_bytes = facts.log_bytes;
	return code;
}

enum weir_code weir__rehearsal_look(struct weir__rehearsal *rehearsal,
                                    struct weir__rehearsal_state *state, bool first,
                                    struct weir_error *err)
{
	const struct weir_read_options options = {.size = sizeof options, .expected_long = true};
	struct weir__session session;
	struct weir_tx tx = {0};
	enum weir_code code = weir__rehearsal_tell(rehearsal, "looking", err);

	if (code != WEIR_OK)
		return code;
	code = weir_read_begin(rehearsal->copy.db, &options, &tx, err);
	if (code == WEIR_OK)
		code = weir__session_init(&session, rehearsal->copy.db, &tx, err);
	if (code == WEIR_OK)
		code = look(rehearsal, &session, state, first, err);
	weir_tx_end(&tx);
	return code;
}

void weir__rehearsal_state_free(struct weir__rehearsal_state *state)
{
	weir__catalog_free(&state->catalog);
	weir__rehearsal_references_free(&state->references);
	weir__rehearsal_counts_free(&state->counts);
	weir__rehearsal_probes_free(&state->probes);
}
