/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir migrate`: one table of verbs, and what happens around each.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/config.h>

#include "migrate_command.h"

static const struct migrate_verb verbs[] = {
	{"new", VERB_NEW, 0, "NAME", true, "make an empty script",
     "Make an empty script in the folder, in the folder's format, and print its path.\n"
     "A folder that is not there is made; an empty one is in weir's own format, unless\n"
     "--format says another.",
     migrate_run_new, migrate_print_made},
	{"status", VERB_STATUS, NEED_SET | NEED_DATABASE | READS_ONLY | EMPTY_WILL_DO, NULL, false,
     "show where every migration stands", "Show where every migration stands. Changes nothing.",
     migrate_run_status, migrate_print_status},
	{"plan", VERB_PLAN, NEED_SET | NEED_DATABASE | READS_ONLY | EMPTY_WILL_DO | TAKES_STEPS,
     "N | VERSION | TAG", false, "show what up or down would do",
     "Show what up (with --down, or -N: down) would do, in order, and what there is to\n"
     "know about it. Runs nothing; with --rolling or --statements it does what check does.",
     migrate_run_plan, migrate_print_plan},
	{"rehearse", VERB_REHEARSE, NEED_SET | NEED_DATABASE | READS_ONLY | TAKES_STEPS | STOPPABLE,
     "N | VERSION | TAG", false, "do it on a copy, and say whether it is safe",
     "Copy the database, do there what up would do, look at what comes out, roll down and\n"
     "up again, and say whether up is safe and how long it will keep writers out.",
     migrate_run_rehearse, migrate_print_rehearsal},
	{"up", VERB_UP, NEED_SET | NEED_DATABASE | EMPTY_WILL_DO | TAKES_STEPS | STOPPABLE,
     "N | VERSION | TAG", false, "apply what is pending",
     "Apply what is pending: all, the next N (+N), or up to a version or a tag. Each\n"
     "migration is one transaction with its line of the history; Ctrl-C undoes the one\n"
     "that is running. A bare number that is a version is the version.",
     migrate_run_up, migrate_print_done},
	{"down", VERB_DOWN, NEED_SET | NEED_DATABASE | TAKES_STEPS | STOPPABLE, "N | VERSION | TAG",
     false, "undo the newest",
     "Undo the newest: one, N (-N), or those above a version or a tag; 0 undoes all. A\n"
     "bare number that is a version is the version.",
     migrate_run_down, migrate_print_done},
	{"redo", VERB_REDO, NEED_SET | NEED_DATABASE | STOPPABLE, NULL, false,
     "undo the newest and apply it again",
     "Undo the newest and apply it again. Refused beforehand if it has no way back.",
     migrate_run_redo, migrate_print_done},
	{"verify", VERB_VERIFY, NEED_SET | NEED_DATABASE | READS_ONLY, NULL, false,
     "say whether history, scripts and schema agree",
     "Say whether history, scripts and schema agree; differences are shown as the SQL that\n"
     "would undo them.",
     migrate_run_verify, migrate_print_findings},
	{"check", VERB_CHECK,
     NEED_SET | NEED_DATABASE | READS_ONLY | EMPTY_WILL_DO | TAKES_STEPS | STOPPABLE,
     "N | VERSION | TAG", false, "say which statements of programs would break",
     "Prepare statements of programs before, and in the transaction after, what up would\n"
     "do, which is then undone; and say which would break or change.",
     migrate_run_check, migrate_print_findings},
	{"baseline", VERB_BASELINE, NEED_SET | NEED_DATABASE, "VERSION | TAG", false,
     "record migrations as applied, unrun",
     "Record all migrations, or those up to a version, as applied, without running them.\n"
     "Only for a database without history, of weir or another tool.",
     migrate_run_baseline, migrate_print_done},
	{"adopt", VERB_ADOPT, NEED_SET | NEED_DATABASE, NULL, false, "take over from another tool",
     "Take over what the table of golang-migrate, dbmate or goose says. The table stays.",
     migrate_run_adopt, migrate_print_done},
	{"repair", VERB_REPAIR, NEED_SET | NEED_DATABASE, "VERSION", false,
     "make the history agree again",
     "Record the checksums of scripts that were edited, and drop the marks of interrupted\n"
     "migrations: of all, or of one version.",
     migrate_run_repair, migrate_print_done},
	{"rebuild", VERB_REBUILD, NEED_DATABASE | READS_ONLY, "TABLE", true,
     "write the script that rebuilds a table",
     "Write the script that gives a table another definition, with its rows, indexes,\n"
     "triggers and views. Runs nothing.",
     migrate_run_rebuild, migrate_print_text},
	{"dump", VERB_DUMP, NEED_DATABASE | READS_ONLY, NULL, false, "write the schema as a script",
     "Write the schema as a script that makes it, sorted.", migrate_run_dump, migrate_print_text},
	{"embed", VERB_EMBED, NEED_SET, NULL, false, "write the scripts as C source",
     "Write the scripts as C source, for weir_migrations_make.", migrate_run_embed,
     migrate_print_text},
};

#define VERBS_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct migrate_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERBS_COUNT; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	}
	return NULL;
}

static enum exit_code unknown_verb(const char *title, const char *name)
{
	const char *names[VERBS_COUNT];
	const char *near;

	for (size_t i = 0; i < VERBS_COUNT; i++)
		names[i] = verbs[i].name;
	near = weir_nearest(name, names, VERBS_COUNT);
	(void)fprintf(stderr, "%s: there is no '%s'", title, name);
	if (near != NULL)
		(void)fprintf(stderr, "; did you mean '%s'?", near);
	(void)fputc('\n', stderr);
	return usage_error(title);
}

/* ---- around a verb ---- */

static void fill_options(struct migrate_call *call)
{
	const struct migrate_request *const request = call->request;
	struct weir_migrate_options *const options = &call->options;

	options->table = request->table;
	if (request->allow_out_of_order)
		options->order = WEIR_MIGRATE_ORDER_APPLY;
	if (request->ignore_out_of_order)
		options->order = WEIR_MIGRATE_ORDER_IGNORE;
	if (request->keep_foreign)
		options->foreign = WEIR_MIGRATE_FOREIGN_KEEP;
	options->foreign_table = request->foreign_table;
	if (request->foreign_table == NULL && call->foreign_table[0] != '\0')
		options->foreign_table = call->foreign_table;
	options->dry_run = request->dry_run;
	options->timeout_ns = request->timeout_ns;
	options->lock_limit_ns = request->lock_limit_ns;
	options->disk_reserve = (uint64_t)request->disk_reserve;
	options->backup = request->backup;
	options->backup_keep = (uint32_t)request->backup_keep;
	options->rolling = request->rolling;
	options->statements = request->statements;
}

static enum weir_code read_set(struct migrate_call *call, struct weir_error *err)
{
	const struct weir_migrations_options options = {
		.size = sizeof(options),
		.format = call->format,
		.no_wrap = call->request->no_wrap || call->no_wrap,
	};
	enum weir_code code = migrate_find_folder(call, err);

	if (code == WEIR_OK)
		code = weir_migrations_read(&call->set, call->folder, &options, err);
	return code == WEIR_OK ? migrate_find_target(call, err) : code;
}

/* All that comes before the verb: the place, the scripts, the database. */
static enum weir_code prepare(struct migrate_call *call, struct weir_error *err)
{
	const unsigned needs = call->request->verb->needs;
	char url[2 * WEIR_PATH_MAX];
	enum weir_code code = WEIR_OK;

	if (call->request->format != NULL)
		call->format = weir_migrate_format_named(call->request->format);
	if (call->request->verb->bit == VERB_NEW)
		code = migrate_find_folder(call, err);
	if ((needs & NEED_DATABASE) != 0)
		code = migrate_read_url(call, url, sizeof(url), err);
	if (code == WEIR_OK && (needs & NEED_SET) != 0)
		code = read_set(call, err);
	fill_options(call);
	if (code == WEIR_OK && (needs & NEED_DATABASE) != 0)
		code = migrate_open(call, url, err);
	return code;
}

/* Print the outcome; the exit code. */
static enum exit_code finish(const struct migrate_call *call, enum weir_code code,
                             const struct weir_error *err)
{
	const struct migrate_request *const request = call->request;
	int exit = weir_migrate_exit_code(code);

	if (code == WEIR_OK && request->exit_code && call->pending)
		exit = 3;
	if (request->json) {
		if (migrate_print_json(call, code, err, exit) != EXIT_DONE)
			return EXIT_FAILED;
		return (enum exit_code)exit;
	}
	if (!request->quiet)
		request->verb->print(call, code);
	if (code != WEIR_OK) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "%s: %s\n", request->title, err->message);
	}
	return (enum exit_code)exit;
}

static enum exit_code run(const struct migrate_request *request)
{
	struct migrate_call *call = calloc(1, sizeof(*call));
	struct weir_error err = WEIR_ERROR_INIT;
	struct migrate_watch watch;
	enum exit_code exit;
	enum weir_code code;

	if (call == NULL) {
		(void)fprintf(stderr, "%s: out of memory\n", request->title);
		return EXIT_FAILED;
	}
	call->request = request;
	call->options.size = sizeof(call->options);
	migrate_watch_begin(&watch, call);
	code = prepare(call, &err);
	if (code == WEIR_OK)
		code = request->verb->run(call, &err);
	migrate_watch_end(&watch);
	exit = finish(call, code, &err);
	/* What it had to say was said: an end that takes its time changes nothing. */
	if (call->db != NULL && weir_db_close(call->db, &err) != WEIR_OK)
		(void)fprintf(stderr, "%s: %s\n", request->title, err.message);
	for (size_t i = 0; i < call->reports_count; i++)
		weir_migrate_report_free(call->reports[i]);
	weir_db_destroy(call->db);
	weir_migrations_free(call->set);
	free(call->text);
	free(call);
	return exit;
}

static enum exit_code run_verb(const struct migrate_verb *verb, int argc, char **argv)
{
	struct migrate_request request = {.verb = verb};
	enum exit_code code;

	(void)snprintf(request.title, sizeof(request.title), "weir migrate %s", verb->name);
	code = migrate_read_options(&request, argc, argv);
	if (code == EXIT_DONE && request.help)
		migrate_print_verb_help(verb);
	else if (code == EXIT_DONE)
		code = run(&request);
	migrate_request_free(&request);
	return code;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

enum exit_code cmd_migrate(int argc, char **argv)
{
	const struct migrate_verb *verb;
	const char *const name = argc > 1 ? argv[1] : "help";
	const bool help = is_help(name);

	if (help && (argc < 3 || is_help(argv[2]))) {
		migrate_print_help(verbs, VERBS_COUNT);
		return argc > 1 ? EXIT_DONE : EXIT_USAGE;
	}
	verb = find_verb(help ? argv[2] : name);
	if (verb == NULL)
		return unknown_verb(argv[0], help ? argv[2] : name);
	if (help) {
		migrate_print_verb_help(verb);
		return EXIT_DONE;
	}
	return run_verb(verb, argc - 2, argv + 2);
}
