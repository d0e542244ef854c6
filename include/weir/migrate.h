/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir/migrate.h: schema versions that can be rehearsed, watched and trusted.
 *
 *     struct weir_migrations *set;
 *     weir_migrations_read(&set, "db/migrations", NULL, &err);
 *     code = weir_migrate_up(db, set, NULL, NULL, NULL, &err);
 *     weir_migrations_free(set);
 *
 * A set is a folder of scripts, or an array in the program, or both; weir/db.h is
 * what they are applied to, while it is in use: readers go on with the state they
 * began with, writers wait in the gate.
 *
 * One critical section. For each migration: the gate, a transaction that excludes
 * every writer, the history, read inside it; then the script, its row in the
 * history, and the commit. Whoever is killed leaves the old version or the new one,
 * and of several processes that start at once one migrates while the others wait,
 * and then find nothing to do. No lock outlives its process. Foreign keys are not
 * enforced meanwhile (a rebuilt table would take its children along), but a
 * migration that leaves a broken reference which was not there before is undone.
 *
 * What cannot run in a transaction is marked so in its script; it is run statement
 * by statement, each with its place in the history, and resumed there.
 *
 * Threads. A set is read-only once made: any thread. All functions that take a db:
 * any thread that holds nothing of it; they block. A report belongs to its caller.
 *
 * Exit codes of `weir migrate` come from weir_migrate_exit_code: 0 done, 1 failed and
 * rolled back, 2 bad input, 3 pending, 4 deadline, 5 drift, 6 incompatible, 7 needs an
 * operator, 8 cancelled.
 */
#ifndef WEIR_MIGRATE_H
#define WEIR_MIGRATE_H

#include <weir/base.h>
#include <weir/db.h>
#include <weir/db_schema.h>
#include <weir/error.h>
#include <weir/metrics.h>

struct weir_migrations;

/* ---- the set ---- */

/* How a folder is written. */
enum weir_migrate_format {
	WEIR_MIGRATE_DETECT = 0, /* by what is in it; none or several: refused */
	WEIR_MIGRATE_WEIR = 1,   /* 001_name.sql with "-- weir:up" and "-- weir:down" */
	WEIR_MIGRATE_GOLANG = 2, /* golang-migrate: 1_name.up.sql, 1_name.down.sql */
	WEIR_MIGRATE_DBMATE = 3, /* dbmate: 001_name.sql with "-- migrate:up" */
	WEIR_MIGRATE_GOOSE = 4,  /* goose: 001_name.sql with "-- +goose Up" */
};

#define WEIR_MIGRATE_VERSION_MAX 64 /* bytes, the end counted */
#define WEIR_MIGRATE_NAME_MAX 128
#define WEIR_MIGRATE_TAG_MAX 64
#define WEIR_MIGRATE_CHECKSUM_MAX 65 /* SHA-256 in hexadecimal */

struct weir_migrations_options {
	uint32_t size; /* sizeof(struct weir_migrations_options) */
	enum weir_migrate_format format;
	bool no_wrap; /* golang-migrate's x-no-tx-wrap: scripts begin and commit by themselves */
};

/* Part of a migration as a program has it: SQL, or a function in its place. A
 * function is given the transaction, returns 0, and may run twice (weir/db.h). */
struct weir_migration_step {
	const char *sql; /* NULL: none */
	weir_job run;    /* NULL: none */
	void *arg;
	bool no_transaction;    /* sql only */
	bool keep_foreign_keys; /* enforce them while it runs */
};

struct weir_migration_source {
	const char *version; /* digits */
	const char *name;
	const char *tag; /* NULL: none */
	struct weir_migration_step up;
	struct weir_migration_step down; /* neither sql nor run: it has none */
	const char *revision;            /* of the functions: what changes with their code; or NULL */
};

/* One migration of a set. Texts belong to the set. */
struct weir_migration {
	const char *version;
	const char *name;
	const char *tag;  /* "" none */
	const char *path; /* of the up script; "" it is in the program */
	const char *checksum;
	bool has_up; /* golang-migrate: a version without is a recorded no-op */
	bool has_down;
	bool no_transaction; /* of up */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Read a folder. options NULL: the defaults. *set is NULL on failure. Errors:
 * MIGRATE_SOURCE (what is wrong, with file and line), IO, NO_MEMORY, BAD_ARGUMENT. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrations_read(
	struct weir_migrations **set, const char *folder, const struct weir_migrations_options *options,
	struct weir_error *err);

/* Make a set of what a program has in it, `weir migrate embed` writes such arrays.
 * Texts and args must outlive the set. Errors: MIGRATE_SOURCE, NO_MEMORY. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrations_make(
	struct weir_migrations **set, const struct weir_migration_source *sources, size_t count,
	struct weir_error *err);

/* Free a set; NULL is accepted. */
WEIR_API void weir_migrations_free(struct weir_migrations *set);

WEIR_API size_t weir_migrations_count(const struct weir_migrations *set);
WEIR_API enum weir_migrate_format weir_migrations_format(const struct weir_migrations *set);

/* The migration at index, in the order in which they are applied; false past the end. */
WEIR_API bool weir_migrations_at(const struct weir_migrations *set, size_t index,
                                 struct weir_migration *migration);

/* "weir", "golang-migrate", "dbmate", "goose"; and back, DETECT for any other word. */
WEIR_API const char *weir_migrate_format_name(enum weir_migrate_format format);
WEIR_API enum weir_migrate_format weir_migrate_format_named(const char *name);

/* ---- what is to be done, and what was ---- */

enum weir_migration_state {
	WEIR_MIGRATION_PENDING = 0,
	WEIR_MIGRATION_APPLIED = 1,
	WEIR_MIGRATION_EDITED = 2,       /* applied, and its script has changed since */
	WEIR_MIGRATION_MISSING = 3,      /* applied, and not in the set */
	WEIR_MIGRATION_OUT_OF_ORDER = 4, /* pending, below one that is applied */
	WEIR_MIGRATION_REORDERED = 5,    /* applied, as the script that has another version now */
	WEIR_MIGRATION_INTERRUPTED = 6,  /* outside a transaction, and not at its end */
};

enum weir_migrate_direction { WEIR_MIGRATE_UP = 0, WEIR_MIGRATE_DOWN = 1 };

/* A migration in a report: where it stands, or what was (or would be) done to it. */
struct weir_migrate_row {
	char version[WEIR_MIGRATE_VERSION_MAX];
	char name[WEIR_MIGRATE_NAME_MAX];
	char tag[WEIR_MIGRATE_TAG_MAX];
	enum weir_migration_state state; /* before the call */
	enum weir_migrate_direction direction;
	bool done;           /* by this call */
	bool no_transaction; /* it runs outside one */
	bool has_down;
	uint32_t statements; /* that were run; in a plan 0 */
	uint32_t resume_at;  /* INTERRUPTED: statements that were done */
	int64_t applied_at;  /* seconds since 1970; 0: it is not */
	int64_t duration_ns; /* of script and commit */
	int64_t blocked_ns;  /* how long writers were kept out for it */
};

/* A finding: text for people, and where it belongs. */
enum weir_migrate_severity {
	WEIR_MIGRATE_NOTE = 0,
	WEIR_MIGRATE_WARNING = 1,
	WEIR_MIGRATE_FAILURE = 2,
};
struct weir_migrate_finding {
	enum weir_migrate_severity severity;
	const char *rule;    /* a stable word, as "dropped_column"; static */
	const char *version; /* of the migration; "" of none */
	const char *text;
	const char *sql; /* a statement, or what would mend it; "" none */
};

struct weir_migrate_report;

/* All rows and findings of a report; they belong to it. */
WEIR_API size_t weir_migrate_rows(const struct weir_migrate_report *report,
                                  const struct weir_migrate_row **rows);
WEIR_API size_t weir_migrate_findings(const struct weir_migrate_report *report,
                                      const struct weir_migrate_finding **findings);

/* Figures of a report, by name; 0 where there is none: "blocked_ns" (writers, in all),
 * "duration_ns", "checkpoint_ns", "copy_ns", "bytes", "log_bytes", "statements". */
WEIR_API int64_t weir_migrate_figure(const struct weir_migrate_report *report, const char *name);

/* The newest version applied, "" for none; the schema's fingerprint, "" if not asked. */
WEIR_API const char *weir_migrate_version(const struct weir_migrate_report *report);
WEIR_API const char *weir_migrate_fingerprint(const struct weir_migrate_report *report);
WEIR_API void weir_migrate_report_free(struct weir_migrate_report *report);

/* ---- doing it ---- */

/* Pending migrations below the newest that is applied. */
enum weir_migrate_order {
	WEIR_MIGRATE_ORDER_REFUSE = 0,
	WEIR_MIGRATE_ORDER_APPLY = 1,  /* before the rest, and recorded as what they are */
	WEIR_MIGRATE_ORDER_IGNORE = 2, /* as golang-migrate does; status shows them */
};

/* The table of another tool, kept as that tool would have left it. */
enum weir_migrate_foreign {
	WEIR_MIGRATE_FOREIGN_REFUSE = 0, /* a database with such a table and no history of
	                                  * weir's: adopt it first */
	WEIR_MIGRATE_FOREIGN_KEEP = 1,   /* written in the same transaction as the history, so
	                                  * that the other tool still works */
};

struct weir_migrate_progress {
	const char *phase; /* "waiting", "backup", "applying", "committing", … ; static */
	const char *version;
	const char *name;
	uint32_t step; /* migration, from 1 */
	uint32_t steps;
	uint32_t statement; /* of its script, from 1 */
	uint32_t line;
	double percent; /* of the phase; below 0: unknown */
	int64_t elapsed_ns;
	int64_t expected_ns; /* of the whole call, by the last rehearsal; 0: unknown */
	uint64_t log_bytes;  /* written ahead of the database so far */
};

struct weir_migrate_options {
	uint32_t size;     /* sizeof(struct weir_migrate_options) */
	const char *table; /* of the history; NULL: "weir_schema_history" */
	enum weir_migrate_order order;
	enum weir_migrate_foreign foreign;
	const char *foreign_table; /* NULL: the tool's own name for it */
	bool dry_run;              /* plan, check, report; change nothing */
	int64_t timeout_ns;        /* to have the database to oneself; 0: 60 s; 50 ms at least.
	                            * Several processes: 1 fails at once, more waits */
	int64_t lock_limit_ns;     /* undo a migration that keeps writers out for longer; 0: no limit */
	uint64_t disk_reserve;     /* bytes that must stay free; 0: 64 MiB */
	const char *backup;        /* folder for a copy before the first change; NULL: none */
	uint32_t backup_keep;      /* copies of that file name that are kept in it; 0: 3 */
	bool rolling;              /* refuse what breaks programs of before (see check) */
	const char *statements;    /* file of statements that must go on working; NULL: none */
	const char *tool;          /* who does it, for the history; NULL: "weir" and its version */
	/* Called from inside statements, some ten times a second; false: stop, undo. */
	bool (*on_progress)(void *arg, const struct weir_migrate_progress *progress);
	void *progress_arg;
};

/*
 * All functions below: options NULL: the defaults; *report (or NULL) receives what was
 * found and done, also of a call that fails, and is NULL if there is nothing. Errors of
 * all: MIGRATE_SOURCE, MIGRATE_HISTORY (the history cannot be read, or is of a newer
 * weir), MIGRATE_FOREIGN (another tool's table; it must be adopted first),
 * DRIVER_UNSUPPORTED (the driver has no weir_schema), NO_MEMORY, BAD_ARGUMENT, and those
 * of weir_db_maintain.
 */

/* Where every migration stands. Changes nothing. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_status(
	struct weir_db *db, const struct weir_migrations *set,
	const struct weir_migrate_options *options, struct weir_migrate_report **report,
	struct weir_error *err);

/*
 * Apply what is pending. target: NULL all, "+N" so many, else a version or a tag.
 * Errors also: MIGRATE_DRIFT (edited, missing or reordered), MIGRATE_ORDER,
 * MIGRATE_SCRIPT (a statement failed or was refused; its migration was undone),
 * MIGRATE_KEYS (broken references; undone), MIGRATE_INCOMPATIBLE (rolling; undone),
 * MIGRATE_LIMIT (lock_limit, disk_reserve; undone), MIGRATE_OPERATOR (a step outside a
 * transaction stopped midway; a tracking table is dirty), DRIVER_CANCELLED,
 * INDETERMINATE.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_up(struct weir_db *db,
                                                      const struct weir_migrations *set,
                                                      const char *target,
                                                      const struct weir_migrate_options *options,
                                                      struct weir_migrate_report **report,
                                                      struct weir_error *err);

/* Undo the newest. target: NULL one, "-N" so many, else the version or tag that shall be
 * the newest, "0" for none. Errors: as weir_migrate_up; MIGRATE_SOURCE (one has no down). */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_down(struct weir_db *db,
                                                        const struct weir_migrations *set,
                                                        const char *target,
                                                        const struct weir_migrate_options *options,
                                                        struct weir_migrate_report **report,
                                                        struct weir_error *err);

/* What up (or down) would do, in order, and findings about it; of up with rolling or
 * statements those of check, too. Errors: as up, of what can be told beforehand. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_plan(
	struct weir_db *db, const struct weir_migrations *set, enum weir_migrate_direction direction,
	const char *target, const struct weir_migrate_options *options,
	struct weir_migrate_report **report, struct weir_error *err);

/* Record migrations up to target (a version or tag; NULL: all) as applied, unrun. Only
 * on a database without history, of weir (MIGRATE_HISTORY) or another tool. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_baseline(
	struct weir_db *db, const struct weir_migrations *set, const char *target,
	const struct weir_migrate_options *options, struct weir_migrate_report **report,
	struct weir_error *err);

/* Take over what the table of another tool says, which stays as it is. Errors also:
 * MIGRATE_FOREIGN (none, several, or one that is not of the set's format),
 * MIGRATE_OPERATOR (it is dirty: the message says which version the schema matches). */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_adopt(struct weir_db *db,
                                                         const struct weir_migrations *set,
                                                         const struct weir_migrate_options *options,
                                                         struct weir_migrate_report **report,
                                                         struct weir_error *err);

/*
 * Make the history agree again: record the checksums of scripts that were edited, drop
 * the mark of an interrupted step (set_done: as done; else as never begun). version NULL:
 * all of them.
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_repair(
	struct weir_db *db, const struct weir_migrations *set, const char *version, bool set_done,
	const struct weir_migrate_options *options, struct weir_migrate_report **report,
	struct weir_error *err);

/* Whether history, set and schema agree; differences are findings with the SQL that
 * would undo them. Errors also: MIGRATE_DRIFT. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_verify(
	struct weir_db *db, const struct weir_migrations *set,
	const struct weir_migrate_options *options, struct weir_migrate_report **report,
	struct weir_error *err);

struct weir_rehearse_options {
	uint32_t size;
	const char *folder; /* for the copy; NULL: the database's own */
	bool keep;          /* leave the copy there */
	bool no_down;       /* do not roll down and up again */
	/* Queries that return rows only when something is wrong. */
	const char *const *invariants;
	size_t invariants_count;
	/* Tables whose number of rows must not change. NULL: none; "*" all there are: of one
	 * that is not named a difference is only a warning, since a migration may mean it. */
	const char *const *same_rows;
	size_t same_rows_count;
};

/*
 * Do on a copy what up would do, and look at what comes out: storage, references,
 * invariants; down and up again to the same schema; the time of each step. Findings say
 * what is wrong; "blocked_ns" is how long up will keep writers out, and is remembered
 * for its progress. Errors also: MIGRATE_REHEARSAL (up would not be safe).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_rehearse(
	struct weir_db *db, const struct weir_migrations *set, const char *target,
	const struct weir_migrate_options *options, const struct weir_rehearse_options *rehearsal,
	struct weir_migrate_report **report, struct weir_error *err);

/*
 * Whether statements go on working: each is prepared before, and in the uncommitted
 * transaction after, what up would do, which is then rolled back. statements: those of
 * options->statements, and of db (weir_db_statements). Findings: "broken",
 * "parameters", "columns", "plan", and what contracts the schema: "dropped_table",
 * "renamed_table", "dropped_column", "renamed_column", "new_not_null", "changed_type",
 * "dropped_index". Errors also: MIGRATE_INCOMPATIBLE (one of them is a failure).
 */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_check(struct weir_db *db,
                                                         const struct weir_migrations *set,
                                                         const char *target,
                                                         const struct weir_migrate_options *options,
                                                         struct weir_migrate_report **report,
                                                         struct weir_error *err);

/* ---- schema ---- */

/* The schema as a script that makes it, sorted; with history, its rows, too. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_dump(struct weir_db *db, const char *table,
                                                        bool history,
                                                        const struct weir_writer *writer,
                                                        struct weir_error *err);

/* The script that rebuilds a table (weir/schema.h), to be put into a migration. *script
 * is freed with free. */
struct weir_schema_rebuild;
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_rebuild(
	struct weir_db *db, const struct weir_schema_rebuild *request, char **script,
	struct weir_error *err);

/* C source with the scripts of a set: an array `prefix`_sources of struct
 * weir_migration_source, and its count. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_embed(const struct weir_migrations *set,
                                                         const char *prefix,
                                                         const struct weir_writer *writer,
                                                         struct weir_error *err);

/* Make an empty script in folder, in the folder's format, and its path in path (size
 * bytes). sequential: the next number instead of the time. dry_run: only say the path, or
 * why there would be none. Errors: MIGRATE_SOURCE, IO, NO_MEMORY, BAD_ARGUMENT. */
WEIR_API WEIR_MUST_USE enum weir_code weir_migrate_new(const char *folder,
                                                       enum weir_migrate_format format,
                                                       const char *name, bool sequential,
                                                       bool dry_run, char *path, size_t size,
                                                       struct weir_error *err);

/* The exit code of a tool whose call ended with code. */
WEIR_API int weir_migrate_exit_code(enum weir_code code);

#ifdef __cplusplus
}
#endif

#endif
