/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See script.h.
 */
#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHERE "migrate.script"
#define REASON_MAX 200

/* Engines copy or scan all text they are given, for each statement of it; a long script
 * is shown to them through a window, which grows until a statement fits. */
#define WINDOW_LEAST ((size_t)16 << 10)

void weir__script_init(struct weir__script *script, const struct weir__session *session,
                       const struct weir__step *step, const char *version, size_t at,
                       uint32_t statements)
{
	memset(script, 0, sizeof *script);
	script->session = session;
	script->version = version;
	script->path = step->path == NULL ? "" : step->path;
	script->sql = step->sql == NULL ? "" : step->sql;
	script->length = step->sql == NULL ? 0 : step->length;
	script->line = step->line;
	script->at = at;
	script->statements = statements;
	for (size_t i = 0; i < at; i++)
		script->line += script->sql[i] == '\n';
	script->begin = at;
}

/* ---- messages ---- */

/* "file:12: statement 3 of version 7", as far as there is a file. */
static void describe(const struct weir__script *script, char *text, size_t size)
{
	const char *const slash = strrchr(script->path, '/');
	const char *const file = slash == NULL ? script->path : slash + 1;

	if (*file != '\0')
		(void)snprintf(text, size, "%.80s:%u: statement %u", file, script->line,
		               script->statements);
	else
		(void)snprintf(text, size, "version %s, line %u: statement %u", script->version,
		               script->line, script->statements);
}

enum weir_code weir__script_refuse(const struct weir__script *script, struct weir_error *err,
                                   const char *format, ...)
{
	char where[128];
	char reason[REASON_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	describe(script, where, sizeof where);
	return weir_fail(err, WEIR_ERR_MIGRATE_SCRIPT, WHERE, 0, "%s %s", where, reason);
}

/* What the engine says about a statement is the script's fault, unless it is not. */
static enum weir_code blame(const struct weir__script *script, const struct weir_error *why,
                            struct weir_error *err)
{
	const bool faulty = why->code == WEIR_ERR_DRIVER_SQL || why->code == WEIR_ERR_DRIVER;
	char where[128];

	describe(script, where, sizeof where);
	return weir_fail(err, faulty ? WEIR_ERR_MIGRATE_SCRIPT : why->code, WHERE, why->driver_code,
	                 "%s failed: %s", where, why->message);
}

/* ---- statements ---- */

/* Behind white space and comments at from; only to name a line. */
static size_t skip_blank(const char *sql, size_t from, size_t length)
{
	while (from < length) { /* ends: each round goes on */
		if (strchr(" \t\r\n\f;", sql[from]) != NULL) {
			from++;
		} else if (strncmp(sql + from, "--", 2) == 0) {
			from += strcspn(sql + from, "\n");
		} else if (strncmp(sql + from, "/*", 2) == 0) {
			const char *const end = strstr(sql + from + 2, "*/");

			from = end == NULL ? length : (size_t)(end - sql) + 2;
		} else {
			break;
		}
	}
	return from < length ? from : length;
}

static void move_to(struct weir__script *script, size_t begin)
{
	const size_t at = skip_blank(script->sql, begin, script->length);

	for (; script->begin < at; script->begin++)
		script->line += script->sql[script->begin] == '\n';
}

static enum weir_code prepare(struct weir__script *script, size_t *tail, struct weir_error *why)
{
	const struct weir__session *const session = script->session;
	const char *const text = script->sql + script->at;
	const size_t left = script->length - script->at;
	size_t window = left < WINDOW_LEAST ? left : WINDOW_LEAST;

	for (;;) { /* ends: the window grows to all that is left */
		const enum weir_code code =
			session->sql->prepare(session->conn, text, window, &script->stmt, tail, why);

		if (window == left || (code == WEIR_OK && *tail < window))
			return code;
		if (code == WEIR_OK)
			weir__script_drop(script);
		window = window > left / 2 ? left : window * 2;
	}
}

enum weir_code weir__script_next(struct weir__script *script, struct weir_error *err)
{
	while (script->at < script->length) { /* ends: each round goes on by tail */
		struct weir_error why = WEIR_ERROR_INIT;
		size_t tail = 0;
		enum weir_code code;

		script->stmt = NULL;
		script->statements++;
		move_to(script, script->at);
		code = prepare(script, &tail, &why);
		if (code != WEIR_OK)
			return blame(script, &why, err);
		script->at += tail == 0 ? script->length - script->at : tail;
		if (script->stmt != NULL) {
			script->kind = script->session->schema->kind(script->stmt);
			return WEIR_OK;
		}
		script->statements--;
	}
	return WEIR_OK;
}

void weir__script_drop(struct weir__script *script)
{
	if (script->stmt != NULL)
		script->session->sql->finalize(script->stmt);
	script->stmt = NULL;
}

enum weir_code weir__script_run(struct weir__script *script, struct weir_error *err)
{
	const struct weir_sql *const sql = script->session->sql;
	struct weir_error why = WEIR_ERROR_INIT;
	enum weir_sql_step step = WEIR_STEP_ROW;
	enum weir_code code = WEIR_OK;

	while (code == WEIR_OK && step == WEIR_STEP_ROW) /* ends: as the statement does */
		code = sql->step(script->stmt, &step, &why);
	weir__script_drop(script);
	return code == WEIR_OK ? WEIR_OK : blame(script, &why, err);
}
