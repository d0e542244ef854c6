/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A script, taken statement by statement.
 *
 * Where one ends and the next begins is what the engine's parser says: weir does not
 * split. It only looks at line ends, to name a line in messages.
 */
#ifndef WEIR_MIGRATE_SCRIPT_H
#define WEIR_MIGRATE_SCRIPT_H

#include "session.h"
#include "set.h"

struct weir__script {
	const struct weir__session *session;
	const char *version;
	const char *path; /* "" none */
	const char *sql;
	size_t length;
	size_t at;           /* where what was not yet prepared begins */
	size_t begin;        /* of the present statement */
	uint32_t line;       /* of begin, in the file */
	uint32_t statements; /* that were begun; the present one's number */
	void *stmt;          /* the present one; NULL: none */
	enum weir_statement_kind kind;
};

/* Begin at the byte `at` with so many statements done. */
void weir__script_init(struct weir__script *script, const struct weir__session *session,
                       const struct weir__step *step, const char *version, size_t at,
                       uint32_t statements);

/* Prepare the next statement; stmt is NULL at the end. Errors: MIGRATE_SCRIPT, any DRIVER
 * code. */
enum weir_code weir__script_next(struct weir__script *script, struct weir_error *err);

/* Run the present statement to its end, and drop it. Errors: as above. */
enum weir_code weir__script_run(struct weir__script *script, struct weir_error *err);
void weir__script_drop(struct weir__script *script);

/* Say that the present statement is refused. */
__attribute__((format(printf, 3, 4))) enum weir_code weir__script_refuse(
	const struct weir__script *script, struct weir_error *err, const char *format, ...);

#endif
