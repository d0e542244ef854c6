/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A migration outside a transaction: statement by statement, with a resume point.
 *
 * States of it in the history: none, running (so many statements stand), done. What can
 * run in a transaction does, together with its resume point; so does what a script puts
 * between its own BEGIN and COMMIT, with the point written before the COMMIT. What
 * cannot (VACUUM, settings) is repeated if the process dies between it and the next
 * point: it bears that. Settings are made again for what is resumed.
 *
 * Invariant: what the history says stands, stands; and what stands beyond it bears
 * repetition. The point is the offset behind the last statement and a hash of all text
 * before it, so that a script may be mended behind the point, and is refused if it was
 * changed before it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "sql_piece.h"

#define WHERE "migrate.script"
#define HASH_DIGITS 40

struct walk {
	struct weir__run *run;
	struct weir__script script;
	struct weir__sha256 sum; /* of the text up to summed */
	size_t summed;
	bool ran; /* by the statement's own transaction */
};

/* ---- the resume point ---- */

static void add_to_sum(struct walk *walk, size_t at)
{
	weir__sha256_add(&walk->sum, walk->script.sql + walk->summed, at - walk->summed);
	walk->summed = at;
}

static void print_point(struct walk *walk, size_t at, char *point, size_t size)
{
	char hex[WEIR_MIGRATE_CHECKSUM_MAX];
	struct weir__sha256 sum;

	add_to_sum(walk, at);
	sum = walk->sum;
	weir__sha256_end(&sum, hex);
	(void)snprintf(point, size, "%zu:%.*s", at, HASH_DIGITS, hex);
}

/* Where to go on, by the history. */
static enum weir_code find_point(struct walk *walk, struct weir_error *err)
{
	const struct weir__run *const run = walk->run;
	const struct weir__history_row *const row = &run->row;
	const size_t length = run->step->sql == NULL ? 0 : run->step->length;
	char point[WEIR_MIGRATE_CHECKSUM_MAX];
	size_t at = 0;

	if (row->id != 0)
		at = (size_t)strtoull(row->done_hash, NULL, 10);
	if (at <= length) {
		weir__script_init(&walk->script, walk->script.session, run->step, run->item->version, at,
		                  (uint32_t)row->statements);
		print_point(walk, at, point, sizeof point);
	}
	if (row->id == 0 || (at <= length && strcmp(point, row->done_hash) == 0))
		return WEIR_OK;
	return weir_fail(err, WEIR_ERR_MIGRATE_OPERATOR, WHERE, 0,
	                 "version %s stopped behind statement %" PRId64
	                 ", and its script was changed before that: restore it, or see to it by hand "
	                 "and then `weir migrate repair %s`",
	                 run->item->version, row->statements, run->item->version);
}

/* Write it, in the transaction that is open. */
static enum weir_code record(struct walk *walk, const struct weir__session *session,
                             struct weir_error *err)
{
	struct weir__run *const run = walk->run;
	const char *const table = run->apply->options->table;
	struct weir__history_row *const row = &run->row;
	enum weir_code code;

	print_point(walk, walk->script.at, row->done_hash, sizeof row->done_hash);
	row->statements = walk->script.statements;
	row->duration_ns = weir_now().ns - run->began_ns;
	if (row->id != 0)
		return weir__history_change(session, table, row, err);
	weir__run_describe(run);
	(void)snprintf(row->outcome, sizeof row->outcome, "running");
	code = weir__history_make(session, table, &run->history, err);
	if (code != WEIR_OK)
		return code;
	return weir__history_add(session, table, &run->history, row, weir__run_down_script(run), err);
}

/* ---- statements ---- */

static enum weir_code run_and_record(void *arg, const struct weir__session *session,
                                     struct weir_error *err)
{
	struct walk *const walk = arg;
	enum weir_code code = WEIR_OK;

	if (!walk->ran)
		code = weir__script_run(&walk->script, err);
	if (code == WEIR_OK && session->sql->txn_state(session->conn) == WEIR_TXN_NONE)
		code = weir__script_refuse(&walk->script, err, "ended the transaction it was run in");
	return code == WEIR_OK ? record(walk, session, err) : code;
}

static enum weir_code run_within(struct walk *walk, const struct weir__session *session,
                                 struct weir_error *err)
{
	return weir__section_within(session, walk->run->apply->options, &walk->run->monitor,
	                            run_and_record, walk, true, err);
}

static bool is_bracket(enum weir_statement_kind kind)
{
	return kind == WEIR_STATEMENT_BEGIN || kind == WEIR_STATEMENT_COMMIT ||
	       kind == WEIR_STATEMENT_ROLLBACK;
}

static bool is_plain(enum weir_statement_kind kind)
{
	return kind == WEIR_STATEMENT_PLAIN || kind == WEIR_STATEMENT_SAVEPOINT;
}

/* One that is in a transaction of the script's own, or begins or ends it. A savepoint
 * outside of any would begin one, and is run in one of its own instead. */
static enum weir_code run_bracketed(struct walk *walk, const struct weir__session *session,
                                    struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	if (walk->script.kind == WEIR_STATEMENT_COMMIT)
		code = record(walk, session, err);
	return code == WEIR_OK ? weir__script_run(&walk->script, err) : code;
}

static enum weir_code run_statement(struct walk *walk, const struct weir__session *session,
                                    struct weir_error *err)
{
	const bool open = session->sql->txn_state(session->conn) != WEIR_TXN_NONE;
	const enum weir_statement_kind kind = walk->script.kind;
	enum weir_code code;

	walk->ran = false;
	if (is_bracket(kind) && walk->run->apply->set->format == WEIR_MIGRATE_WEIR)
		return weir__script_refuse(&walk->script, err,
		                           "begins or ends a transaction: outside one, weir runs each "
		                           "statement by itself, and remembers how far it got");
	if (open || is_bracket(kind))
		return run_bracketed(walk, session, err);
	if (is_plain(kind))
		return run_within(walk, session, err);
	code = weir__script_run(&walk->script, err);
	walk->ran = true;
	return code == WEIR_OK ? run_within(walk, session, err) : code;
}

/* Whether the run shall stop here. */
static enum weir_code watch(const struct walk *walk, const struct weir__session *session)
{
	struct weir__monitor *const monitor = &walk->run->monitor;

	monitor->progress.statement = walk->script.statements;
	monitor->progress.line = walk->script.line;
	return weir__monitor_between(monitor, session) ? WEIR_OK : WEIR_ERR_DRIVER_CANCELLED;
}

static enum weir_code run_all(struct walk *walk, const struct weir__session *session,
                              struct weir_error *err)
{
	enum weir_code code = weir__run_next(walk->run, &walk->script, err);

	while (code == WEIR_OK && walk->script.stmt != NULL) { /* ends: with the script */
		const struct weir__history_row stands = walk->run->row;

		code = watch(walk, session);
		if (code == WEIR_OK)
			code = run_statement(walk, session, err);
		if (code != WEIR_OK)
			walk->run->row = stands; /* the point went with the transaction */
		weir__script_drop(&walk->script);
		if (code == WEIR_OK)
			code = weir__run_next(walk->run, &walk->script, err);
	}
	if (code == WEIR_OK && session->sql->txn_state(session->conn) != WEIR_TXN_NONE)
		code = weir__script_refuse(
			&walk->script, err, "is the last, and leaves a transaction open: end it with COMMIT");
	return code;
}

/* ---- settings ---- */

static enum weir_code renew(const struct weir__session *session, const char *text, size_t length,
                            bool *open, struct weir_error *err)
{
	struct weir_error why = WEIR_ERROR_INIT;
	enum weir_sql_step step = WEIR_STEP_ROW;
	enum weir_statement_kind kind;
	void *stmt = NULL;
	size_t tail = 0;
	enum weir_code code = session->sql->prepare(session->conn, text, length, &stmt, &tail, &why);

	if (code == WEIR_ERR_DRIVER_SQL || (code == WEIR_OK && stmt == NULL))
		return WEIR_OK; /* it stands, and cannot be done again */
	if (code != WEIR_OK)
		return weir_fail(err, code, why.where, why.driver_code, "%s", why.message);
	kind = session->schema->kind(stmt);
	if (is_bracket(kind))
		*open = kind == WEIR_STATEMENT_BEGIN;
	if (kind == WEIR_STATEMENT_SETTING || (kind == WEIR_STATEMENT_FOREIGN_KEYS && !*open)) {
		while (code == WEIR_OK && step == WEIR_STEP_ROW) /* ends: as the statement does */
			code = session->sql->step(stmt, &step, err);
	}
	session->sql->finalize(stmt);
	return code;
}

/*
 * What a script has set before it stopped went with its connection: set it again for the
 * rest. The schema has gone on, and so the engine cannot say any more where each of the
 * statements ends; a semicolon inside of one parts it, but no piece of one is a setting.
 */
static enum weir_code renew_settings(const struct walk *walk, const struct weir__session *session,
                                     struct weir_error *err)
{
	const struct weir__script *const script = &walk->script;
	enum weir_code code = WEIR_OK;
	bool open = false;
	size_t at = 0;

	while (code == WEIR_OK && at < script->at) { /* ends: at the resume point */
		const size_t length = weir__sql_end(script->sql + at);
		const size_t left = script->at - at;

		code = renew(session, script->sql + at, length < left ? length : left, &open, err);
		at += length;
	}
	return code;
}

/* ---- the whole ---- */

static enum weir_code look(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct walk *const walk = arg;
	enum weir_code code = weir__run_look(walk->run, session, err);

	if (code == WEIR_OK && !walk->run->skipped)
		code = weir__keys_read(&walk->run->before, session, NULL, NULL, err);
	if (code == WEIR_OK && !walk->run->skipped)
		code = weir__run_before(walk->run, session, err);
	return code == WEIR_OK && !walk->run->skipped ? find_point(walk, err) : code;
}

static enum weir_code finish(void *arg, const struct weir__session *session, struct weir_error *err)
{
	struct walk *const walk = arg;
	const struct weir__apply *const apply = walk->run->apply;
	struct weir__keys after = {0};
	enum weir_code code = weir__keys_read(&after, session, NULL, NULL, err);

	if (code == WEIR_OK)
		code = weir__keys_compare(&walk->run->before, &after, walk->run->item->version, err);
	weir__keys_free(&after);
	walk->run->row.statements = walk->script.statements;
	if (code == WEIR_OK)
		code = weir__run_record(walk->run, session, err);
	if (code == WEIR_OK && apply->inspect != NULL)
		code = apply->inspect(apply->arg, session, walk->run->migration, apply->direction, err);
	return code;
}

static enum weir_code end(struct walk *walk, const struct weir__session *session,
                          struct weir_error *err)
{
	const struct weir__history_row stands = walk->run->row;
	const enum weir_code code = weir__section_within(session, walk->run->apply->options,
	                                                 &walk->run->monitor, finish, walk, true, err);

	if (code != WEIR_OK)
		walk->run->row = stands;
	return code;
}

/* Part of it stands, and no rollback takes that away. Somebody has to look, unless trying
 * again is all that is needed. */
static enum weir_code strand(struct weir__run *run, enum weir_code code, struct weir_error *err)
{
	const struct weir__monitor *const monitor = &run->monitor;
	const bool stopped = monitor->why != WEIR__MONITOR_GO;
	char why[WEIR_ERROR_MESSAGE_MAX];

	if (run->row.id == 0 || err == NULL || code == WEIR_ERR_INDETERMINATE)
		return code;
	run->stranded = true;
	(void)snprintf(why, sizeof why, "%s", stopped ? "it was stopped" : err->message);
	if (stopped)
		code = monitor->why == WEIR__MONITOR_ASKED ? WEIR_ERR_DRIVER_CANCELLED
		                                           : WEIR_ERR_MIGRATE_LIMIT;
	else if (weir_error_retry(code) != WEIR_RETRY_LATER)
		code = WEIR_ERR_MIGRATE_OPERATOR;
	return weir_fail(err, code, WHERE, err->driver_code,
	                 "%.150s; the %" PRId64 " statements before stand: %srun it again, which goes "
	                 "on there",
	                 why, run->row.statements,
	                 code == WEIR_ERR_MIGRATE_OPERATOR ? "mend it and " : "");
}

enum weir_code weir__run_outside(void *arg, const struct weir__session *session,
                                 struct weir_error *err)
{
	struct weir__run *const run = arg;
	struct walk walk = {.run = run};
	enum weir_code code;

	weir__sha256_begin(&walk.sum);
	walk.script.session = session;
	walk.script.sql = run->step->sql == NULL ? "" : run->step->sql;
	code =
		weir__section_within(session, run->apply->options, &run->monitor, look, &walk, false, err);
	if (code != WEIR_OK || run->skipped)
		return code;
	code = renew_settings(&walk, session, err);
	if (code == WEIR_OK)
		code = run_all(&walk, session, err);
	if (code == WEIR_OK)
		code = end(&walk, session, err);
	return code == WEIR_OK ? WEIR_OK : strand(run, code, err);
}
