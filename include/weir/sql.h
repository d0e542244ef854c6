/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/sql.h: the optional SQL face of a driver.
 *
 * With it weir can run statements without knowing the engine. All functions
 * are called by the thread that holds the lease of the connection, one at a
 * time; none may be NULL but the last. Text is UTF-8. Parameters and columns count from 0.
 */
#ifndef WEIR_SQL_H
#define WEIR_SQL_H

#include <weir/base.h>
#include <weir/error.h>

#define WEIR_SQL_ABI 1

enum weir_sql_step {
	WEIR_STEP_ROW = 0,  /* a row is there: read its columns */
	WEIR_STEP_DONE = 1, /* the statement has finished */
};

enum weir_sql_type {
	WEIR_SQL_NULL = 0,
	WEIR_SQL_INT64 = 1,
	WEIR_SQL_DOUBLE = 2,
	WEIR_SQL_TEXT = 3,
	WEIR_SQL_BLOB = 4,
};

/* How far a transaction has gone. */
enum weir_txn_state {
	WEIR_TXN_NONE = 0,
	WEIR_TXN_READ = 1,
	WEIR_TXN_WRITE = 2,
	WEIR_TXN_FAILED = 3, /* open, but only a rollback is accepted */
};

/*
 * A value to bind, or one that was read. Bytes of TEXT and BLOB are not copied:
 * those of a bind belong to the caller, who keeps them until the parameter is
 * bound anew or the statement finalized, since bindings outlive a reset; those
 * of a column belong to the statement until its next step, reset or finalize.
 * Length 0 is an empty value, whatever bytes is; a column's bytes are not NULL.
 */
struct weir_sql_value {
	enum weir_sql_type type;
	uint32_t reserved;
	union {
		int64_t int64;
		double real;
		struct {
			const void *bytes;
			size_t length; /* in bytes, a terminator not counted */
		} data;
	} as;
};

struct weir_sql {
	uint32_t abi;
	uint32_t size;

	/*
	 * Compile the first statement of text (length bytes). *tail receives the
	 * offset at which the next one begins; *stmt receives NULL when there was
	 * only white space or comment. A NUL byte in text is refused. May block on
	 * a lock of the database up to the driver's own busy timeout. Errors:
	 * DRIVER_SQL, any DRIVER code.
	 */
	enum weir_code (*prepare)(void *conn, const char *text, size_t length, void **stmt,
	                          size_t *tail, struct weir_error *err);

	/* Bind a parameter of a statement that is new or reset. Never blocks.
	 * Errors: DRIVER_SQL (no such parameter; the statement was run). */
	enum weir_code (*bind)(void *stmt, uint32_t parameter, const struct weir_sql_value *value,
	                       struct weir_error *err);

	/* Run to the next row or the end; after the end or an error, reset before
	 * the next step. Blocks as long as the statement runs. Errors: DRIVER_SQL,
	 * DRIVER_BUSY, DRIVER_BROKEN, any DRIVER code. */
	enum weir_code (*step)(void *stmt, enum weir_sql_step *result, struct weir_error *err);

	/* Columns of the statement; 0 for one that yields no rows. Never blocks. */
	uint32_t (*columns)(void *stmt);

	/* The name of a column, owned by the statement; NULL past the last. */
	const char *(*column_name)(void *stmt, uint32_t column);

	/* A column of the current row. Errors: DRIVER_SQL (no row, no column). */
	enum weir_code (*column)(void *stmt, uint32_t column, struct weir_sql_value *value,
	                         struct weir_error *err);

	/* Make the statement ready to run again; bindings stay. Never fails: what
	 * the last step reported was reported there. */
	void (*reset)(void *stmt);

	/* Free the statement. NULL is accepted. */
	void (*finalize)(void *stmt);

	/* Rows changed by the last statement that finished on the connection. */
	int64_t (*changes)(void *conn);

	/* How far the current transaction has gone; READ also for one that was begun
	 * and has not done anything. Never blocks. */
	enum weir_txn_state (*txn_state)(void *conn);

	/* Parameters of the statement, which can all be bound. Never blocks. NULL, or
	 * past size: nobody can tell, and those that are not bound count as NULL. */
	uint32_t (*parameters)(void *stmt);
};

#endif
