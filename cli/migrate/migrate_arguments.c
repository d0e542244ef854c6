/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The options of `weir migrate`: one table, and the reader that it drives.
 *
 * getopt is of no use here: "-1" is a number of steps.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <weir/config.h>

#include "migrate_command.h"

#define FIELD(name) offsetof(struct migrate_request, name)
#define BESIDE_DATABASE (VERBS_ALL & ~(VERB_NEW | VERB_EMBED))
#define BESIDE_SET (VERBS_ALL & ~VERB_DUMP)
#define RUNNING (VERB_PLAN | VERB_REHEARSE | VERB_UP | VERB_DOWN | VERB_REDO | VERB_CHECK)
#define CHANGING (VERB_UP | VERB_DOWN | VERB_REDO | VERB_BASELINE | VERB_ADOPT | VERB_REPAIR)
#define HISTORY (BESIDE_DATABASE & ~VERB_REBUILD)

static const struct migrate_option options[] = {
	{"database", "URL", MIGRATE_TEXT, FIELD(database), BESIDE_DATABASE,
     "the database, as a URL or a path; else WEIR_DATABASE of the environment"},
	{"migrations", "DIR", MIGRATE_TEXT, FIELD(migrations), BESIDE_SET,
     "the folder of the scripts; else WEIR_MIGRATIONS, db/migrations or migrations"},
	{"format", "NAME", MIGRATE_TEXT, FIELD(format), BESIDE_SET,
     "weir, golang-migrate, dbmate or goose; else by what is in the folder"},
	{"table", "NAME", MIGRATE_TEXT, FIELD(table), HISTORY,
     "the table of the history; else weir_schema_history"},
	{"foreign-table", "NAME", MIGRATE_TEXT, FIELD(foreign_table), HISTORY & ~VERB_DUMP,
     "the other tool's table, where it does not have that tool's usual name"},
	{"keep-foreign", NULL, MIGRATE_FLAG, FIELD(keep_foreign), HISTORY & ~VERB_DUMP,
     "write to the other tool's table, too, so that the tool still works"},
	{"no-wrap", NULL, MIGRATE_FLAG, FIELD(no_wrap), BESIDE_SET & ~VERB_NEW,
     "golang-migrate's x-no-tx-wrap: scripts begin and commit by themselves"},
	{"allow-out-of-order", NULL, MIGRATE_FLAG, FIELD(allow_out_of_order), RUNNING & ~VERB_DOWN,
     "apply what is pending below the newest that is applied"},
	{"ignore-out-of-order", NULL, MIGRATE_FLAG, FIELD(ignore_out_of_order), RUNNING & ~VERB_DOWN,
     "leave out what is pending below the newest that is applied"},
	{"dry-run", NULL, MIGRATE_FLAG, FIELD(dry_run), CHANGING | VERB_NEW | VERB_REBUILD,
     "say what would be done, and change nothing"},
	{"timeout", "TIME", MIGRATE_DURATION, FIELD(timeout_ns), BESIDE_DATABASE,
     "how long to wait for the database, as in 30s; else 60s"},
	{"lock-limit", "TIME", MIGRATE_DURATION, FIELD(lock_limit_ns), VERB_UP | VERB_DOWN | VERB_REDO,
     "undo a migration that keeps writers out for longer; else no limit"},
	{"disk-reserve", "SIZE", MIGRATE_SIZE, FIELD(disk_reserve),
     VERB_UP | VERB_DOWN | VERB_REDO | VERB_REHEARSE,
     "what must stay free on the disk, as in 1GiB; else 64MiB"},
	{"backup", "DIR", MIGRATE_TEXT, FIELD(backup), VERB_UP | VERB_DOWN | VERB_REDO,
     "copy the database to this folder before the first change"},
	{"backup-keep", "N", MIGRATE_COUNT, FIELD(backup_keep), VERB_UP | VERB_DOWN | VERB_REDO,
     "how many copies stay there; else 3"},
	{"rolling", NULL, MIGRATE_FLAG, FIELD(rolling), VERB_UP | VERB_PLAN | VERB_REHEARSE,
     "refuse what breaks programs that were built for the schema before"},
	{"statements", "FILE", MIGRATE_TEXT, FIELD(statements),
     VERB_UP | VERB_PLAN | VERB_CHECK | VERB_REHEARSE,
     "SQL that must go on working, one statement after the other"},
	{"down", NULL, MIGRATE_FLAG, FIELD(down), VERB_PLAN, "what down would do"},
	{"folder", "DIR", MIGRATE_TEXT, FIELD(folder), VERB_REHEARSE,
     "where the copy goes; else beside the database"},
	{"keep", NULL, MIGRATE_FLAG, FIELD(keep), VERB_REHEARSE, "leave the copy there"},
	{"no-down", NULL, MIGRATE_FLAG, FIELD(no_down), VERB_REHEARSE, "do not roll down and up again"},
	{"invariant", "SQL", MIGRATE_LIST, FIELD(invariants), VERB_REHEARSE,
     "a query that returns rows only if something is wrong; may be repeated"},
	{"same-rows", "TABLE", MIGRATE_LIST, FIELD(same_rows), VERB_REHEARSE,
     "a table whose number of rows must not change, '*' for all; may be repeated"},
	{"exit-code", NULL, MIGRATE_FLAG, FIELD(exit_code), VERB_STATUS,
     "end with 3 when something is pending"},
	{"done", NULL, MIGRATE_FLAG, FIELD(done), VERB_REPAIR,
     "an interrupted migration was finished by hand; else it was undone by hand"},
	{"sql", "FILE", MIGRATE_TEXT, FIELD(sql), VERB_REBUILD,
     "the CREATE TABLE of what the table is to become; - is standard input"},
	{"column", "NAME=EXPR", MIGRATE_LIST, FIELD(columns), VERB_REBUILD,
     "what a new or changed column is filled with; NAME alone: it may go; may be repeated"},
	{"write", NULL, MIGRATE_FLAG, FIELD(write), VERB_REBUILD,
     "as a new migration in the folder, instead of on standard output"},
	{"seq", NULL, MIGRATE_FLAG, FIELD(sequential), VERB_NEW | VERB_REBUILD,
     "number it with the next number instead of the time"},
	{"history", NULL, MIGRATE_FLAG, FIELD(history), VERB_DUMP, "and the rows of the history"},
	{"prefix", "NAME", MIGRATE_TEXT, FIELD(prefix), VERB_EMBED,
     "what the names in the C source begin with; else migrations"},
	{"output", "FILE", MIGRATE_TEXT, FIELD(output), VERB_EMBED | VERB_DUMP,
     "the file to write; else standard output"},
	{"json", NULL, MIGRATE_FLAG, FIELD(json), VERBS_ALL, "one JSON object, with \"schema\":1"},
	{"quiet", NULL, MIGRATE_FLAG, FIELD(quiet), VERBS_ALL, "print nothing but errors"},
	{"help", NULL, MIGRATE_FLAG, FIELD(help), VERBS_ALL, "show this"},
};

#define OPTIONS_COUNT (sizeof(options) / sizeof(options[0]))

const struct migrate_option *migrate_options(size_t *count)
{
	*count = OPTIONS_COUNT;
	return options;
}

static const struct migrate_option *find_option(const char *name, size_t length)
{
	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		if (strlen(options[i].name) == length && strncmp(options[i].name, name, length) == 0)
			return &options[i];
	}
	return NULL;
}

static enum exit_code unknown_option(const struct migrate_request *request, const char *name)
{
	const char *names[OPTIONS_COUNT];
	size_t count = 0;

	for (size_t i = 0; i < OPTIONS_COUNT; i++) {
		if ((options[i].verbs & (unsigned)request->verb->bit) != 0)
			names[count++] = options[i].name;
	}

	const char *const bare = name + strspn(name, "-");
	char word[WEIR_NAME_MAX];
	const char *near;

	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(bare, "="), bare);
	near = weir_nearest(word, names, count);
	(void)fprintf(stderr, "%s: there is no option '%s'", request->title, name);
	if (near != NULL)
		(void)fprintf(stderr, "; did you mean '--%s'?", near);
	(void)fputc('\n', stderr);
	return usage_error(request->title);
}

static bool list_add(struct migrate_list *list, const char *text)
{
	const char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL)
		return false;
	items[list->count++] = text;
	list->items = items;
	return true;
}

/* A number with a unit, read as weir reads its settings. */
static bool store_number(const struct migrate_request *request, const struct migrate_option *option,
                         const char *text, int64_t *value)
{
	static const struct weir_setting settings[] = {
		[MIGRATE_DURATION] = {.type = WEIR_SETTING_DURATION, .min = 1, .max = 24 * WEIR_HOUR_NS},
		[MIGRATE_SIZE] = {.type = WEIR_SETTING_SIZE, .min = 1, .max = INT64_C(1) << 60},
		[MIGRATE_COUNT] = {.type = WEIR_SETTING_COUNT, .min = 1, .max = 1000},
	};
	char allowed[128];

	if (weir_setting_parse(&settings[option->kind], text, value, allowed, sizeof(allowed)))
		return true;
	(void)fprintf(stderr, "%s: --%s cannot be '%s'; allowed: %s\n", request->title, option->name,
	              text, allowed);
	return false;
}

static enum exit_code store(struct migrate_request *request, const struct migrate_option *option,
                            const char *text)
{
	void *const field = (char *)request + option->offset;

	switch (option->kind) {
	case MIGRATE_FLAG:
		*(bool *)field = true;
		return EXIT_DONE;
	case MIGRATE_TEXT:
		if (*text != '\0') {
			*(const char **)field = text;
			return EXIT_DONE;
		}
		(void)fprintf(stderr, "%s: --%s cannot be empty\n", request->title, option->name);
		return usage_error(request->title);
	case MIGRATE_LIST:
		if (list_add(field, text))
			return EXIT_DONE;
		(void)fprintf(stderr, "%s: out of memory\n", request->title);
		return EXIT_FAILED;
	default:
		return store_number(request, option, text, field) ? EXIT_DONE : usage_error(request->title);
	}
}

/* One option, at argv[*at]; *at moves on to its value, if that is a word of its own. */
static enum exit_code read_option(struct migrate_request *request, int argc, char **argv, int *at)
{
	const char *const name = argv[*at] + 2;
	const char *value = strchr(name, '=');
	const struct migrate_option *option =
		find_option(name, value != NULL ? (size_t)(value - name) : strlen(name));

	if (option == NULL)
		return unknown_option(request, argv[*at]);
	if ((option->verbs & (unsigned)request->verb->bit) == 0) {
		(void)fprintf(stderr, "%s: --%s is not for '%s'\n", request->title, option->name,
		              request->verb->name);
		return usage_error(request->title);
	}
	if (option->kind == MIGRATE_FLAG && value != NULL) {
		(void)fprintf(stderr, "%s: --%s takes no value\n", request->title, option->name);
		return usage_error(request->title);
	}
	if (option->kind == MIGRATE_FLAG)
		return store(request, option, NULL);
	if (value == NULL && *at + 1 == argc) {
		(void)fprintf(stderr, "%s: --%s needs a value: %s\n", request->title, option->name,
		              option->value);
		return usage_error(request->title);
	}
	return store(request, option, value != NULL ? value + 1 : argv[++*at]);
}

static enum exit_code take_word(struct migrate_request *request, const char *word)
{
	if (request->verb->word == NULL || request->word != NULL) {
		(void)fprintf(stderr, "%s: '%s' is not expected\n", request->title, word);
		return usage_error(request->title);
	}
	request->word = word;
	return EXIT_DONE;
}

static enum exit_code check_request(const struct migrate_request *request)
{
	const char *fault = NULL;

	if (request->verb->word_needed && request->word == NULL)
		fault = "an argument is missing";
	else if (request->allow_out_of_order && request->ignore_out_of_order)
		fault = "give one of --allow-out-of-order and --ignore-out-of-order";
	else if (request->backup_keep > 0 && request->backup == NULL)
		fault = "--backup-keep needs --backup";
	else if (request->verb->bit == VERB_REBUILD && request->sql == NULL)
		fault = "--sql FILE is missing: the CREATE TABLE of what the table is to become";
	else if (request->verb->bit == VERB_REBUILD && request->sequential && !request->write)
		fault = "--seq needs --write";
	else if (request->format != NULL &&
	         weir_migrate_format_named(request->format) == WEIR_MIGRATE_DETECT)
		fault = "--format must be one of weir, golang-migrate, dbmate, goose";
	if (fault == NULL)
		return EXIT_DONE;
	(void)fprintf(stderr, "%s: %s\n", request->title, fault);
	return usage_error(request->title);
}

enum exit_code migrate_read_options(struct migrate_request *request, int argc, char **argv)
{
	bool only_words = false;
	enum exit_code code = EXIT_DONE;

	for (int i = 0; i < argc && code == EXIT_DONE; i++) {
		const char *const word = argv[i];

		if (!only_words && strcmp(word, "--") == 0)
			only_words = true;
		else if (!only_words && strcmp(word, "-h") == 0)
			request->help = true;
		else if (!only_words && strncmp(word, "--", 2) == 0)
			code = read_option(request, argc, argv, &i);
		else if (!only_words && word[0] == '-' && isdigit((unsigned char)word[1]) == 0)
			code = unknown_option(request, word);
		else
			code = take_word(request, word);
	}
	return code == EXIT_DONE && !request->help ? check_request(request) : code;
}

void migrate_request_free(struct migrate_request *request)
{
	free(request->invariants.items);
	free(request->same_rows.items);
	free(request->columns.items);
}
