/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See writer_section.h. The order is what makes it safe: the gate; the script mode, which
 * switches foreign keys off, as no engine does inside a transaction; the transaction;
 * and back in the opposite order on every path.
 */
#include "writer_section.h"

#include <string.h>

#define SLICE_NS WEIR_MILLISECONDS(200)

struct occupation {
	struct weir__section *section;
	struct weir_error why;
	enum weir_code code;
};

static enum weir_code occupy(struct weir__section *section, struct weir_tx *tx,
                             struct weir_error *err)
{
	struct weir__monitor *const monitor = section->monitor;
	struct weir_error end = WEIR_ERROR_INIT;
	struct weir__session session;
	enum weir_code code = weir__session_init(&session, section->db, tx, err);

	if (code != WEIR_OK)
		return code;
	code = session.schema->script_begin(session.conn, monitor == NULL ? NULL : &monitor->guard,
	                                    section->keep_foreign_keys, err);
	if (code != WEIR_OK)
		return code;
	code = section->body(section->arg, &session, err);
	if (session.schema->script_end(session.conn, &end) == WEIR_OK || code != WEIR_OK)
		return code;
	return weir_fail(err, end.code, "migrate.section", end.driver_code,
	                 "what was done stands, but the connection could not be put back: %s",
	                 end.message);
}

static int run(struct weir_tx *tx, void *arg)
{
	struct occupation *const occupation = arg;
	struct weir__section *const section = occupation->section;
	const int64_t began_ns = weir_now().ns;

	if (section->monitor != NULL)
		section->monitor->locked_ns = began_ns;
	occupation->code = occupy(section, tx, &occupation->why);
	/* Of what failed or was undone, too; and before the next one has the writer. */
	weir_db_schema_changed(section->db);
	section->blocked_ns = weir_now().ns - began_ns;
	if (section->monitor != NULL)
		section->monitor->locked_ns = 0;
	/* A private database has no other writer; nor is there doubt about its commits. */
	if (occupation->code == WEIR_ERR_INDETERMINATE || occupation->code == WEIR_ERR_DRIVER_BROKEN)
		(void)!weir_db_reset(section->db, "a migration could not tell what became of it", NULL);
	return occupation->code == WEIR_OK ? 0 : 1;
}

enum weir_code weir__section_run(struct weir__section *section, struct weir_error *err)
{
	const struct weir_write_options options = {.size = sizeof options,
	                                           .lane = WEIR_LANE_BULK,
	                                           .once = true,
	                                           .timeout_ns = section->options->timeout_ns};
	struct occupation occupation = {.section = section, .code = WEIR_OK};
	enum weir_code code;

	weir_error_init(&occupation.why);
	code = weir_db_maintain(section->db, run, &occupation, &options, err);
	if (occupation.code == WEIR_OK)
		return code;
	return weir_fail(err, occupation.code, occupation.why.where, occupation.why.driver_code, "%s",
	                 occupation.why.message);
}

/* Others may have the database for long. Who can be stopped asks in pieces, and queues
 * anew for each. */
static enum weir_code begin(const struct weir__session *session,
                            const struct weir_migrate_options *options,
                            struct weir__monitor *monitor, struct weir_error *err)
{
	const struct weir_time until = weir_deadline_in(options->timeout_ns);
	enum weir_code code;
	bool waits;

	do { /* ends: at until */
		struct weir_time slice = weir_deadline_in(SLICE_NS);

		if (monitor == NULL || slice.ns > until.ns)
			slice = until;
		code = session->engine->begin(session->conn, WEIR_DURABILITY_DEFAULT, slice, err);
		waits = code == WEIR_ERR_DRIVER_BUSY || code == WEIR_ERR_DRIVER_DEADLINE;
	} while (waits && weir_now().ns < until.ns && monitor != NULL && weir__monitor_look(monitor));
	return code;
}

enum weir_code weir__section_within(
	const struct weir__session *session, const struct weir_migrate_options *options,
	struct weir__monitor *monitor,
	enum weir_code (*body)(void *arg, const struct weir__session *session, struct weir_error *err),
	void *arg, bool commit, struct weir_error *err)
{
	const struct weir_engine *const engine = session->engine;
	struct weir_error end = WEIR_ERROR_INIT;
	enum weir_code code;

	session->schema->settle(session->conn);
	code = begin(session, options, monitor, err);
	if (code != WEIR_OK)
		return code;
	code = body(arg, session, err);
	session->schema->settle(session->conn);
	if (code == WEIR_OK && commit)
		return engine->commit(session->conn, err);
	if (engine->rollback(session->conn, &end) == WEIR_OK || code != WEIR_OK)
		return code;
	return weir_fail(err, end.code, "migrate.section", end.driver_code, "%s", end.message);
}
