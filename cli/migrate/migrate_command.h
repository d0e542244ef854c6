/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate`: what a verb is, what it was asked for, and what came out.
 *
 * A verb is a row of one table (cmd_migrate.c), an option a row of another
 * (migrate_arguments.c); help, checks and completion of names come from the tables. A
 * verb's function only calls weir/migrate.h: what it leaves in the call is printed
 * for it, as text or as JSON, also when it fails.
 */
#ifndef WEIR_CLI_MIGRATE_COMMAND_H
#define WEIR_CLI_MIGRATE_COMMAND_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include <weir/migrate.h>

#include "command.h"

#define MIGRATE_REPORTS_MAX 2
#define MIGRATE_TITLE_MAX 48

/* One bit for each verb: which ones take an option. */
enum migrate_verb_bit {
	VERB_NEW = 1 << 0,
	VERB_STATUS = 1 << 1,
	VERB_PLAN = 1 << 2,
	VERB_REHEARSE = 1 << 3,
	VERB_UP = 1 << 4,
	VERB_DOWN = 1 << 5,
	VERB_REDO = 1 << 6,
	VERB_VERIFY = 1 << 7,
	VERB_CHECK = 1 << 8,
	VERB_BASELINE = 1 << 9,
	VERB_ADOPT = 1 << 10,
	VERB_REPAIR = 1 << 11,
	VERB_REBUILD = 1 << 12,
	VERB_DUMP = 1 << 13,
	VERB_EMBED = 1 << 14,
};
#define VERBS_ALL ((1 << 15) - 1)

/* What a verb needs beforehand. */
enum migrate_need {
	NEED_SET = 1 << 0,      /* the folder, read */
	NEED_DATABASE = 1 << 1, /* opened */
	READS_ONLY = 1 << 2,    /* a database that is not there is not made */
	EMPTY_WILL_DO = 1 << 3, /* in its place an empty one in memory answers as well */
	TAKES_STEPS = 1 << 4,   /* its word may be a number of steps */
	STOPPABLE = 1 << 5,     /* Ctrl-C is asked for while it runs */
};

struct migrate_list {
	const char **items;
	size_t count;
};

/* The options, as they were given. Texts are the command line's. */
struct migrate_request {
	char title[MIGRATE_TITLE_MAX]; /* "weir migrate up" */
	const struct migrate_verb *verb;
	const char *database;
	const char *migrations;
	const char *format;
	const char *table;
	const char *foreign_table;
	const char *backup;
	const char *statements;
	const char *folder; /* of a rehearsal's copy */
	const char *sql;
	const char *prefix;
	const char *output;
	struct migrate_list invariants;
	struct migrate_list same_rows;
	struct migrate_list columns;
	int64_t timeout_ns;
	int64_t lock_limit_ns;
	int64_t disk_reserve;
	int64_t backup_keep;
	bool keep_foreign;
	bool no_wrap;
	bool allow_out_of_order;
	bool ignore_out_of_order;
	bool dry_run;
	bool rolling;
	bool json;
	bool quiet;
	bool exit_code;
	bool keep;
	bool no_down;
	bool done;
	bool history;
	bool sequential;
	bool write;
	bool down;
	bool help;
	const char *word; /* beside the options; NULL: none */
};

/* A verb while it runs. */
struct migrate_call {
	const struct migrate_request *request;
	const char *folder;              /* of the scripts; NULL: none was looked for */
	enum weir_migrate_format format; /* as asked for */
	struct weir_migrations *set;     /* NULL: it needs none */
	struct weir_db *db;              /* NULL: it needs none, or there is none yet */
	char path[WEIR_PATH_MAX];        /* of the database file; "" none */
	bool absent;                     /* that file is not there: db is empty, and in memory */
	bool no_wrap;                    /* by option or URL */
	char foreign_table[WEIR_NAME_MAX];
	struct weir_migrate_options options;
	const char *target; /* for weir/migrate.h; NULL: none given */
	char target_text[WEIR_MIGRATE_TAG_MAX + 2];

	/* What came out. */
	struct weir_migrate_report *reports[MIGRATE_REPORTS_MAX];
	size_t reports_count;
	char *text;               /* a document of its own: SQL, C; malloc'ed */
	char made[WEIR_PATH_MAX]; /* a file that was made, or would be */
	bool pending;             /* something is, for --exit-code */
};

struct migrate_verb {
	const char *name;
	enum migrate_verb_bit bit;
	unsigned needs;      /* enum migrate_need */
	const char *word;    /* its argument, as in help; NULL: it takes none */
	bool word_needed;    /* it does not work without */
	const char *summary; /* one line */
	const char *doc;     /* some more */
	enum weir_code (*run)(struct migrate_call *call, struct weir_error *err);
	void (*print)(const struct migrate_call *call, enum weir_code code);
};

/* ---- migrate_arguments.c, migrate_help.c ---- */

enum migrate_kind {
	MIGRATE_FLAG = 0,
	MIGRATE_TEXT = 1,
	MIGRATE_LIST = 2,
	MIGRATE_DURATION = 3,
	MIGRATE_SIZE = 4,
	MIGRATE_COUNT = 5,
};

struct migrate_option {
	const char *name;
	const char *value; /* what it is called in help; NULL for a flag */
	enum migrate_kind kind;
	size_t offset; /* of its field in struct migrate_request */
	unsigned verbs;
	const char *doc;
};

const struct migrate_option *migrate_options(size_t *count);

/* Read the words after the verb. EXIT_DONE: request is filled in; its lists are freed
 * with migrate_request_free, on every path. Else it was said what is wrong. */
enum exit_code migrate_read_options(struct migrate_request *request, int argc, char **argv);
void migrate_request_free(struct migrate_request *request);

/* The help of all verbs, or of one. */
void migrate_print_help(const struct migrate_verb *verbs, size_t count);
void migrate_print_verb_help(const struct migrate_verb *verb);

/* ---- migrate_place.c, migrate_target.c ---- */

/* The folder of the scripts, into call->folder. Errors: MIGRATE_SOURCE (there is none). */
enum weir_code migrate_find_folder(struct migrate_call *call, struct weir_error *err);

/* What the URL or path says beside the place: into call, before the folder is read. The
 * URL as weir reads it goes into url. Errors: BAD_ARGUMENT, CONFIG_SYNTAX. */
enum weir_code migrate_read_url(struct migrate_call *call, char *url, size_t size,
                                struct weir_error *err);

/* Open the database of url, or find that it is not there. Errors: those of
 * weir_db_create; BAD_ARGUMENT (it is not there, and the verb needs one). */
enum weir_code migrate_open(struct migrate_call *call, const char *url, struct weir_error *err);

/* The word of the command line as a target of weir/migrate.h: a number of steps, a
 * version or a tag. Errors: BAD_ARGUMENT. */
enum weir_code migrate_find_target(struct migrate_call *call, struct weir_error *err);

/* ---- migrate_stop.c, migrate_progress.c ---- */

/* Who listens for Ctrl-C while a verb runs. Zeroed to begin with. */
struct migrate_stop {
	const struct migrate_request *request;
	sigset_t old;
	pthread_t thread;
	bool listens; /* there is a thread, and a lock */
	pthread_mutex_t lock;
	/* Under the lock. */
	bool asked;         /* to stop */
	bool over;          /* the verb has ended */
	bool waits;         /* it was waiting for the database when it last asked */
	bool line;          /* a line of progress is on the terminal */
	uint64_t questions; /* how often it asked */
};

/* From here on Ctrl-C is a question, of verbs that are STOPPABLE; before any thread. */
void migrate_stop_begin(struct migrate_stop *stop, const struct migrate_request *request);
/* Whether to stop. waits: the verb waits for the database; line: progress is shown. */
bool migrate_stop_asked(struct migrate_stop *stop, bool waits, bool line);
void migrate_stop_end(struct migrate_stop *stop);

/* A verb that is watched: the line about it on a terminal, and its stop. */
struct migrate_watch {
	struct migrate_stop stop;
	bool shows;
	size_t width; /* of the line that is there */
};

/* options of call report to watch, which lasts until the end. */
void migrate_watch_begin(struct migrate_watch *watch, struct migrate_call *call);
void migrate_watch_end(struct migrate_watch *watch);

/* ---- migrate_text.c ---- */

#define MIGRATE_FIGURE_MAX 32

/* "1.24 ms", "64 MiB", "2026-11-28 11:00:00Z"; text has MIGRATE_FIGURE_MAX bytes. */
const char *migrate_text_ns(char *text, int64_t ns);
const char *migrate_text_bytes(char *text, int64_t bytes);
const char *migrate_text_time(char *text, int64_t seconds);
const char *migrate_state_name(enum weir_migration_state state);

/* Rows of cells, one after the other, under their headings; columns_count of each. Cells
 * are cut at no width. colour: an SGR number for each row, 0 none; or NULL. */
void migrate_print_table(const char *const *headings, const char *const *cells, size_t rows,
                         size_t columns, const int *colours);

/* ---- migrate_print.c, migrate_json.c ---- */

enum { COLOUR_NONE = 0, COLOUR_RED = 31, COLOUR_GREEN = 32, COLOUR_YELLOW = 33 };

/* Print text in a colour, where stdout is a terminal and NO_COLOR is not set. */
void migrate_print_colour(int colour, const char *text);

void migrate_print_status(const struct migrate_call *call, enum weir_code code);
void migrate_print_plan(const struct migrate_call *call, enum weir_code code);
void migrate_print_done(const struct migrate_call *call, enum weir_code code);
void migrate_print_rehearsal(const struct migrate_call *call, enum weir_code code);
void migrate_print_findings(const struct migrate_call *call, enum weir_code code);
void migrate_print_text(const struct migrate_call *call, enum weir_code code);
void migrate_print_made(const struct migrate_call *call, enum weir_code code);

/* The document of --json. exit: what the tool ends with. */
enum exit_code migrate_print_json(const struct migrate_call *call, enum weir_code code,
                                  const struct weir_error *err, int exit);

/* ---- the verbs ---- */

enum weir_code migrate_run_new(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_status(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_plan(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_rehearse(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_up(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_down(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_redo(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_verify(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_check(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_baseline(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_adopt(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_repair(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_rebuild(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_dump(struct migrate_call *call, struct weir_error *err);
enum weir_code migrate_run_embed(struct migrate_call *call, struct weir_error *err);

#endif
