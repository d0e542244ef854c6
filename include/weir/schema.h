/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/schema.h: the optional schema face of a driver, for weir/migrate.h.
 *
 * What migrations need of an engine beyond weir/sql.h and weir/engine.h: to run
 * somebody's script under watch, to say what a statement is and touches (the
 * engine's own parser says it, never one of weir's), to list what a database
 * consists of, to check it and to copy it. All functions are called by the one
 * thread that owns the connection at the time: the writer by the holder of the
 * gate, outside any job; any other by whoever leased it. None may be NULL unless
 * it says so.
 */
#ifndef WEIR_SCHEMA_H
#define WEIR_SCHEMA_H

#include <weir/base.h>
#include <weir/config.h>
#include <weir/error.h>
#include <weir/sql.h>

#define WEIR_SCHEMA_ABI 1

/* What a prepared statement is, as far as a script runner must know. */
enum weir_statement_kind {
	WEIR_STATEMENT_PLAIN = 0,        /* may run in a transaction */
	WEIR_STATEMENT_BEGIN = 1,        /* begins a transaction */
	WEIR_STATEMENT_COMMIT = 2,       /* ends it: COMMIT, END */
	WEIR_STATEMENT_ROLLBACK = 3,     /* ends it: ROLLBACK, but not ROLLBACK TO */
	WEIR_STATEMENT_SAVEPOINT = 4,    /* SAVEPOINT, RELEASE, ROLLBACK TO */
	WEIR_STATEMENT_OUTSIDE = 5,      /* refuses to run in a transaction: VACUUM */
	WEIR_STATEMENT_FOREIGN_KEYS = 6, /* switches foreign keys on or off */
	WEIR_STATEMENT_SETTING = 7,      /* changes a setting of the connection or file */
	WEIR_STATEMENT_ATTACH = 8,       /* reaches for another database: ATTACH, DETACH */
	WEIR_STATEMENT_CHECKPOINT = 9,   /* the engine's upkeep, which is weir_db's */
};

/* What a statement does to an object. */
enum weir_touch {
	WEIR_TOUCH_READ = 0,
	WEIR_TOUCH_WRITE = 1, /* rows inserted, changed or deleted */
	WEIR_TOUCH_CREATE = 2,
	WEIR_TOUCH_ALTER = 3,
	WEIR_TOUCH_DROP = 4,
};

/* Who watches over a script. Any function may be NULL. */
struct weir_script_guard {
	uint32_t size;
	/* Whether the script shall stop: cheap; asked from inside running statements,
	 * some thousand times a second. A stop fails the statement with
	 * DRIVER_CANCELLED, and with it the script; what was open is rolled back. */
	bool (*stop)(void *arg);
	/* What the statement that is being prepared would touch. type: "table",
	 * "index", "view" or "trigger"; table: what an index or trigger is on, else
	 * NULL. Texts are valid during the call. weir's own rewriting is not told. */
	void (*touches)(void *arg, enum weir_touch touch, const char *type, const char *name,
	                const char *table);
	void *arg;
};

/* One object of a database, its own internal ones left out. Texts are valid during the
 * call. Objects come sorted: tables first, by type, then by name. */
struct weir_schema_object {
	const char *type; /* "table", "index", "view", "trigger" */
	const char *name;
	const char *table; /* the table of an index or trigger; name itself otherwise */
	const char *sql;   /* what makes it; NULL: made with its table (a constraint's index) */
};

/* One column of a table or view, in order. */
struct weir_schema_column {
	const char *name;
	const char *type;          /* as declared; "" none */
	const char *default_value; /* SQL text, or NULL */
	bool not_null;
	bool generated; /* its value is computed */
	uint32_t key;   /* place in the primary key from 1; 0: not in it */
};

/* Rows that point to nothing: child table, its row's number, parent table. */
struct weir_schema_violation {
	const char *table;
	int64_t row; /* -1: the table has no row numbers */
	const char *parent;
};

struct weir_schema_facts {
	uint32_t size;      /* set by the caller */
	uint32_t page_size; /* in bytes; 0: the engine has none */
	uint64_t pages;     /* of the database, as this connection sees it */
	uint64_t log_bytes; /* of the log beside it */
	uint64_t disk_free; /* bytes free where the database is; UINT64_MAX: unknown */
	char version[32];   /* of the engine, "3.40.1" */
	bool in_memory;     /* no file */
	bool foreign_keys;  /* enforced on this connection */
	bool transactional; /* changes of the schema are part of transactions */
};

/* Rebuild a table whose definition cannot be altered in place. */
struct weir_schema_rebuild {
	uint32_t size;
	const char *table;
	const char *sql; /* CREATE TABLE of what it is to become, by its own name */
	/* Values for columns that are new or change: pairs of a column's name and the SQL
	 * expression over the old table that yields it; NULL: it may go, with its values.
	 * Others are copied by name. */
	const char *const *columns;
	const char *const *expressions;
	uint32_t columns_count;
};

struct weir_schema {
	uint32_t abi;
	uint32_t size;

	/* Text to put before a query so that its rows tell the plan, and the column of
	 * those rows that holds the text. */
	const char *explain_prefix;
	uint32_t explain_column;

	/*
	 * Around everything that a script does, in a transaction or not; begin with no
	 * transaction open. In between foreign keys are not enforced (unless
	 * keep_foreign_keys) and guard watches; beginning and ending transactions by
	 * statement is possible; a checkpoint, ATTACH or VACUUM INTO is not. end puts
	 * everything back as it was, after a rollback of what is still open; it is called on
	 * every path.
	 * Errors of begin: any DRIVER code, with nothing changed; of end: DRIVER_BROKEN,
	 * and the connection is of no more use.
	 */
	enum weir_code (*script_begin)(void *conn, const struct weir_script_guard *guard,
	                               bool keep_foreign_keys, struct weir_error *err);
	enum weir_code (*script_end)(void *conn, struct weir_error *err);

	/* What a statement is that was prepared inside a script, by weir_sql.prepare. */
	enum weir_statement_kind (*kind)(void *stmt);

	/* The statements the connection still runs are ended: a schema cannot change
	 * under them. */
	void (*settle)(void *conn);

	/* All objects; all columns of one table or view. A callback that returns false
	 * ends the walk, which then fails with JOB_FAILED. Errors: any DRIVER code. */
	enum weir_code (*objects)(void *conn, bool (*each)(void *, const struct weir_schema_object *),
	                          void *arg, struct weir_error *err);
	enum weir_code (*columns)(void *conn, const char *table,
	                          bool (*each)(void *, const struct weir_schema_column *), void *arg,
	                          struct weir_error *err);

	/* Broken references of table (NULL: of all tables), as the connection sees them.
	 * Reads all rows of it. As objects. */
	enum weir_code (*violations)(void *conn, const char *table,
	                             bool (*each)(void *, const struct weir_schema_violation *),
	                             void *arg, struct weir_error *err);

	/* Tables that table's foreign keys point to. As objects. */
	enum weir_code (*parents)(void *conn, const char *table,
	                          bool (*each)(void *, const char *parent), void *arg,
	                          struct weir_error *err);

	/* Whether the storage is sound; reads all of it. Errors: DRIVER (it is not: the
	 * message says where first), any DRIVER code. */
	enum weir_code (*integrity)(void *conn, struct weir_error *err);

	enum weir_code (*facts)(void *conn, struct weir_schema_facts *facts, struct weir_error *err);

	/*
	 * Copy the database, as it is at one moment, to a new file at path; readers and
	 * writers go on. progress (or NULL) is told pages done and in all, and stops the
	 * copy by returning false (DRIVER_CANCELLED). On failure no file is left. May be
	 * NULL: the engine has no such copy. Errors: IO (path exists, or cannot be made),
	 * DRIVER_FULL, any DRIVER code.
	 */
	enum weir_code (*copy)(void *conn, const char *path,
	                       bool (*progress)(void *, uint64_t done, uint64_t all), void *arg,
	                       struct weir_error *err);

	/*
	 * Keep other processes from running a script outside a transaction on the database
	 * of config, until unlock or the end of this process; several at once would run the
	 * same statements. *held is NULL where nobody else can reach it. Waits until
	 * deadline. Both may be NULL. Errors: DRIVER_BUSY (somebody else had it until then),
	 * IO, NO_MEMORY.
	 */
	enum weir_code (*lock)(const struct weir_config *config, struct weir_time deadline, void **held,
	                       struct weir_error *err);
	void (*unlock)(void *held); /* NULL is accepted */

	/*
	 * The SQL that rebuilds a table: a script without transaction statements, to be
	 * run between script_begin and script_end. *script is malloc'ed. May be NULL: the
	 * engine alters in place whatever there is. Errors: DRIVER_SQL (no such table; the
	 * new definition is not of a table of that name; a column that would lose its
	 * values is not named; an index is on a column that goes; an expression is none
	 * over one row), NO_MEMORY.
	 */
	enum weir_code (*rebuild)(void *conn, const struct weir_schema_rebuild *request, char **script,
	                          struct weir_error *err);
};

#endif
