/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A migration in one transaction: script, checks, history, and the commit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"

/* Why a statement may not run in the transaction of its migration; NULL: it may. */
static const char *objection(enum weir_statement_kind kind)
{
	switch (kind) {
	case WEIR_STATEMENT_BEGIN:
	case WEIR_STATEMENT_COMMIT:
	case WEIR_STATEMENT_ROLLBACK:
		return "begins or ends a transaction, which weir does around the whole script: take it "
			   "out, or mark the script as one that runs outside (golang-migrate: --no-wrap)";
	case WEIR_STATEMENT_OUTSIDE:
		return "cannot run in a transaction: put it into a migration of its own, marked as one "
			   "that runs outside (weir: -- weir:up transaction:off)";
	case WEIR_STATEMENT_ATTACH:
		return "reaches for another database, which the transaction does not cover";
	case WEIR_STATEMENT_CHECKPOINT:
		return "copies the log, which weir does by itself: take it out";
	default:
		return NULL;
	}
}

enum weir_code weir__run_next(struct weir__run *run, struct weir__script *script,
                              struct weir_error *err)
{
	enum weir_code code;

	run->monitor.touched_history = false;
	code = weir__script_next(script, err);
	if (code != WEIR_OK || !run->monitor.touched_history)
		return code;
	weir__script_drop(script);
	return weir__script_refuse(script, err,
	                           "would change %.64s, the history, which weir alone writes: take it "
	                           "out",
	                           run->apply->options->table);
}

static enum weir_code run_statement(struct weir__run *run, struct weir__script *script,
                                    struct weir_error *err)
{
	const struct weir__session *const session = script->session;
	const char *const reason = objection(script->kind);
	enum weir_code code;

	run->monitor.progress.statement = script->statements;
	run->monitor.progress.line = script->line;
	if (reason != NULL)
		code = weir__script_refuse(script, err, "%s", reason);
	else
		code = weir__script_run(script, err);
	weir__script_drop(script);
	if (code == WEIR_OK && session->sql->txn_state(session->conn) == WEIR_TXN_NONE)
		code = weir__script_refuse(script, err, "ended the transaction of its migration");
	if (code == WEIR_OK && !weir__monitor_between(&run->monitor, session))
		code = WEIR_ERR_DRIVER_CANCELLED;
	return code;
}

/* What is the script's fault says what has become of it, and what to do. */
static enum weir_code undone(enum weir_code code, struct weir_error *err)
{
	if (code != WEIR_ERR_MIGRATE_SCRIPT || err == NULL)
		return code;
	return weir_fail(err, code, err->where, err->driver_code,
	                 "%.185s; nothing of the script was kept: mend it and try again", err->message);
}

static enum weir_code run_script(struct weir__run *run, const struct weir__session *session,
                                 const struct weir__step *step, struct weir_error *err)
{
	struct weir__script script;
	enum weir_code code;

	weir__script_init(&script, session, step, run->item->version, 0, 0);
	code = weir__run_next(run, &script, err);
	while (code == WEIR_OK && script.stmt != NULL) { /* ends: with the script */
		code = run_statement(run, &script, err);
		if (code == WEIR_OK)
			code = weir__run_next(run, &script, err);
	}
	run->row.statements = script.statements;
	return undone(code, err);
}

static enum weir_code run_function(struct weir__run *run, const struct weir__session *session,
                                   struct weir_error *err)
{
	int returned;

	run->monitor.touched_history = false;
	returned = run->step->run(session->tx, run->step->arg);
	run->monitor.touched_all = true;
	if (returned != 0)
		return weir_fail(err, WEIR_ERR_MIGRATE_SCRIPT, "migrate.script", returned,
		                 "the function of version %s returned %d, and was undone",
		                 run->item->version, returned);
	if (session->sql->txn_state(session->conn) == WEIR_TXN_NONE)
		return weir_fail(err, WEIR_ERR_MIGRATE_SCRIPT, "migrate.script", 0,
		                 "the function of version %s ended its transaction", run->item->version);
	if (run->monitor.touched_history)
		return weir_fail(err, WEIR_ERR_MIGRATE_SCRIPT, "migrate.script", 0,
		                 "the function of version %s changed %.64s, the history, which weir alone "
		                 "writes, and was undone",
		                 run->item->version, run->apply->options->table);
	return WEIR_OK;
}

/* ---- what only the history has ---- */

static enum weir_code take_text(void *arg, const struct weir_sql_value *row, uint32_t columns,
                                struct weir_error *err)
{
	struct weir__step *const step = arg;

	(void)columns;
	if (row[0].type != WEIR_SQL_TEXT)
		return WEIR_OK;
	step->sql = malloc(row[0].as.data.length + 1);
	if (step->sql == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "migrate", 0, "no memory for a script");
	memcpy(step->sql, row[0].as.data.bytes, row[0].as.data.length);
	step->length = row[0].as.data.length;
	step->sql[step->length] = '\0';
	return WEIR_OK;
}

static enum weir_code run_recorded(struct weir__run *run, const struct weir__session *session,
                                   struct weir_error *err)
{
	const char *const version = run->item->version;
	const struct weir_sql_value param = weir_text(version);
	struct weir__step step = {.line = 1};
	char quoted[WEIR__QUOTED_MAX];
	char sql[2 * WEIR__QUOTED_MAX + 256];
	enum weir_code code;

	(void)snprintf(
		sql, sizeof sql,
		"SELECT down_script FROM %s WHERE version = $1 AND down_script <> '' AND id > (SELECT "
		"coalesce(max(id), 0) FROM %s WHERE version = $1 AND direction = 'down' AND outcome = "
		"'done') ORDER BY id DESC LIMIT 1",
		weir__quote(run->apply->options->table, quoted), quoted);
	code = weir__session_query(session, sql, &param, 1, take_text, &step, err);
	if (code == WEIR_OK && step.length == 0)
		code = weir_fail(err, WEIR_ERR_MIGRATE_DRIFT, "migrate", 0,
		                 "version %s is applied, but neither in the folder nor does the history "
		                 "have a script that undoes it",
		                 version);
	if (code == WEIR_OK)
		code = run_script(run, session, &step, err);
	free(step.sql);
	return code;
}

/* ---- the transaction ---- */

static enum weir_code check_keys(struct weir__run *run, const struct weir__session *session,
                                 struct weir_error *err)
{
	struct weir__keys after = {0};
	enum weir_code code = weir__keys_read(&after, session, &run->monitor, &run->tables, err);

	if (code == WEIR_OK && after.count != 0 && !run->before.read)
		code = weir__keys_read_committed(&run->before, session->db, err);
	if (code == WEIR_OK)
		code = weir__keys_compare(&run->before, &after, run->item->version, err);
	weir__keys_free(&after);
	return code;
}

/* Where there is no second connection that still sees the state of before. */
static enum weir_code read_keys_before(struct weir__run *run, const struct weir__session *session,
                                       struct weir_error *err)
{
	struct weir_schema_facts facts = {.size = sizeof facts};
	enum weir_code code = session->schema->facts(session->conn, &facts, err);

	if (code == WEIR_OK && facts.in_memory && !run->before.read)
		code = weir__keys_read(&run->before, session, NULL, NULL, err);
	return code;
}

static enum weir_code run_step(struct weir__run *run, const struct weir__session *session,
                               struct weir_error *err)
{
	if (run->migration == NULL)
		return run_recorded(run, session, err);
	if (run->step->run != NULL)
		return run_function(run, session, err);
	return run_script(run, session, run->step, err);
}

enum weir_code weir__run_before(struct weir__run *run, const struct weir__session *session,
                                struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	enum weir_code code = WEIR_OK;

	if (apply->before != NULL && !run->looked_before)
		code = apply->before(apply->arg, session, err);
	run->looked_before = true;
	return code;
}

/* It was marked as one that runs outside when it stopped: what stands would be repeated. */
static enum weir_code refuse_midway(const struct weir__run *run, struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, "migrate", 0,
	                 "version %s stopped outside a transaction, behind statement %" PRId64
	                 ", and is to run in one now: mark it as before, or see to it by hand and "
	                 "then `weir migrate repair %s`",
	                 run->item->version, run->row.statements, run->item->version);
}

static enum weir_code do_one(struct weir__run *run, const struct weir__session *session,
                             struct weir_error *err)
{
	const struct weir__apply *const apply = run->apply;
	enum weir_code code = weir__run_look(run, session, err);

	if (code != WEIR_OK || run->skipped)
		return code;
	if (run->row.id != 0)
		return refuse_midway(run, err);
	code = read_keys_before(run, session, err);
	if (code == WEIR_OK)
		code = weir__keys_list(&run->tables, session, err);
	if (code == WEIR_OK)
		code = weir__run_before(run, session, err);
	if (code == WEIR_OK)
		code = run_step(run, session, err);
	session->schema->settle(session->conn);
	if (code == WEIR_OK)
		code = check_keys(run, session, err);
	if (code == WEIR_OK)
		code = weir__run_record(run, session, err);
	if (code == WEIR_OK && apply->inspect != NULL)
		code = apply->inspect(apply->arg, session, run->migration, apply->direction, err);
	if (code == WEIR_OK && !apply->roll_back && !weir__monitor_phase(&run->monitor, "committing"))
		code = WEIR_ERR_DRIVER_CANCELLED;
	return code;
}

static enum weir_code do_all(struct weir__run *run, const struct weir__session *session,
                             struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; code == WEIR_OK && i < run->plan.count; i++) {
		weir__run_choose(run, i);
		if (run->step != NULL && (run->step->no_transaction || run->step->own_transactions)) {
			(void)weir__report_find(run->apply->report, WEIR_MIGRATE_WARNING, "not_tried",
			                        run->item->version, NULL,
			                        "version %s runs outside a transaction, so neither it nor what "
			                        "comes behind it was tried here: rehearse it",
			                        run->item->version);
			break;
		}
		code = do_one(run, session, err);
	}
	return code;
}

static enum weir_code transact(void *arg, const struct weir__session *session,
                               struct weir_error *err)
{
	struct weir__run *const run = arg;

	return run->apply->roll_back ? do_all(run, session, err) : do_one(run, session, err);
}

enum weir_code weir__run_within(void *arg, const struct weir__session *session,
                                struct weir_error *err)
{
	struct weir__run *const run = arg;

	return weir__section_within(session, run->apply->options, &run->monitor, transact, arg,
	                            !run->apply->roll_back, err);
}
