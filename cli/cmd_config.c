/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir config`: apply sources as a program would, and show the result or every
 * fault; check them alone; or explain settings.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <weir/sqlite.h>
#include <weir/stub.h>

#include "config_explain.h"
#include "config_file.h"
#include "config_report.h"

static const char help[] =
	"Usage: weir config [show] [OPTION...]\n"
	"       weir config check [OPTION...]\n"
	"       weir config explain [--json] [SETTING...]\n"
	"\n"
	"show     apply the sources in the order given, one over the other, and show the\n"
	"         settings that result; or every fault, on standard error, exit code 2.\n"
	"         The same without a word\n"
	"check    only say what is wrong; exit code 0 if nothing is, else 2\n"
	"explain  what settings do, and what to know before changing them; without\n"
	"         names, list all\n"
	"\n"
	"  --url URL       a URL, as in 'sqlite:///var/lib/app.db?max_size=8'\n"
	"  --env PREFIX    the environment variables PREFIX<SETTING>, as in WEIR_MAX_SIZE\n"
	"  --ini FILE      an INI file; repeat --ini for more\n"
	"  --section NAME  the section of every --ini. Without it, and with no other source,\n"
	"                  every section is a database with a url, as for a service;\n"
	"                  otherwise the lines before the first section\n"
	"  --set PAIRS     name=value, or several of them\n"
	"  --driver NAME   sqlite or stub; without it the scheme of the --url, else sqlite\n"
	"  --json          one JSON object, with \"schema\":1\n"
	"  --reference     all settings of all drivers as the text of\n"
	"                  docs/reference/config.md; takes no source\n"
	"  --help          show this\n";

enum action {
	ACTION_SHOW = 0,
	ACTION_CHECK = 1,
	ACTION_EXPLAIN = 2,
};

static const char *const action_names[] = {"show", "check", "explain"};

#define ACTIONS_COUNT (sizeof(action_names) / sizeof(action_names[0]))

/* Print the outcome of a check; faults are printed already, or in log. */
static enum exit_code report_check(const struct config_request *request,
                                   const struct fault_log *log)
{
	const enum exit_code code = log->count == 0 ? EXIT_DONE : EXIT_USAGE;

	if (!request->json)
		return code;
	if (print_json(json_pack("{s:i,s:b,s:O}", "schema", 1, "good", (int)(log->count == 0), "faults",
	                         log->faults)) != EXIT_DONE)
		return EXIT_FAILED;
	return code;
}

/* Whether the sources are INI files whose sections are databases. */
static bool is_whole_file(const struct config_request *request)
{
	if (request->section != NULL || request->driver_name != NULL || request->sources_count == 0)
		return false;
	for (size_t i = 0; i < request->sources_count; i++) {
		if (request->sources[i].option != 'i' ||
		    !config_file_has_sections(request->sources[i].text))
			return false;
	}
	return true;
}

static enum exit_code run_files(const struct config_request *request, enum action action,
                                const struct weir_driver *const *drivers, struct fault_log *log)
{
	json_t *databases = json_array();
	struct config_file file;

	for (size_t i = 0; i < request->sources_count; i++) {
		const bool good = config_file_read(&file, request->sources[i].text, drivers, log);

		for (size_t j = 0; j < file.count && good && action == ACTION_SHOW; j++) {
			struct file_database *database = &file.list[j];

			if (request->json)
				(void)json_array_append_new(databases,
				                            config_json(&database->config, database->driver));
			else
				report_section(&database->config, database->driver, database->name, j == 0);
		}
		config_file_free(&file);
	}
	if (action == ACTION_CHECK || log->count > 0) {
		json_decref(databases);
		return action == ACTION_CHECK ? report_check(request, log) : EXIT_USAGE;
	}
	if (request->json)
		return print_json(json_pack("{s:i,s:o}", "schema", 1, "databases", databases));
	json_decref(databases);
	return EXIT_DONE;
}

static enum exit_code run_sources(const struct config_request *request, enum action action,
                                  const struct weir_driver *const *drivers, struct fault_log *log)
{
	const struct weir_driver *driver = choose_driver(request, drivers);
	struct weir_config config;
	bool good;

	if (driver == NULL)
		return EXIT_USAGE;
	weir_config_init(&config, driver);
	good = apply_all(request, &config, driver, log);
	if (action == ACTION_CHECK)
		return report_check(request, log);
	if (!good)
		return EXIT_USAGE;
	return request->json ? report_json(&config, driver) : report_text(&config, driver);
}

static enum exit_code run(const struct config_request *request, enum action action)
{
	const struct weir_driver *const drivers[DRIVERS_COUNT] = {weir_sqlite_driver(),
	                                                          weir_stub_driver()};
	struct fault_log log = {.title = request->title};
	enum exit_code code;

	if (request->reference && (request->sources_count > 0 || action != ACTION_SHOW)) {
		(void)fprintf(stderr, "%s: --reference takes no source\n", request->title);
		return usage_error(request->title);
	}
	if (request->reference)
		return report_reference(drivers, DRIVERS_COUNT);
	if (action == ACTION_CHECK && request->json)
		log.faults = json_array();
	code = is_whole_file(request) ? run_files(request, action, drivers, &log)
	                              : run_sources(request, action, drivers, &log);
	json_decref(log.faults);
	return code;
}

/* Read the options; false if that was all there is to do, with *code set. */
static bool read_options(struct config_request *request, int argc, char **argv,
                         enum exit_code *code)
{
	static const struct option options[] = {
		{"url", required_argument, NULL, 'u'},     {"env", required_argument, NULL, 'e'},
		{"ini", required_argument, NULL, 'i'},     {"set", required_argument, NULL, 's'},
		{"section", required_argument, NULL, 'S'}, {"driver", required_argument, NULL, 'd'},
		{"json", no_argument, NULL, 'j'},          {"reference", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
	};

	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case 'u':
		case 'e':
		case 'i':
		case 's':
			request->sources[request->sources_count++] = (struct config_source){option, optarg};
			break;
		case 'S':
			request->section = optarg;
			break;
		case 'd':
			request->driver_name = optarg;
			break;
		case 'j':
			request->json = true;
			break;
		case 'r':
			request->reference = true;
			break;
		case 'h':
			(void)fputs(help, stdout);
			*code = EXIT_DONE;
			return false;
		default:
			*code = usage_error(argv[0]);
			return false;
		}
	}
	return true;
}

/* What the first argument asks for; false, with a message, if it is no word of ours. */
static bool read_action(const char *title, const char *word, enum action *action)
{
	const char *near;

	for (size_t i = 0; i < ACTIONS_COUNT; i++) {
		if (strcmp(word, action_names[i]) == 0) {
			*action = (enum action)i;
			return true;
		}
	}
	near = weir_nearest(word, action_names, ACTIONS_COUNT);
	if (strchr(word, '=') != NULL)
		(void)fprintf(stderr, "%s: '%s' is not expected; pairs go after --set\n", title, word);
	else
		(void)fprintf(stderr, "%s: there is no '%s'; allowed: show, check, explain%s%s%s\n", title,
		              word, near != NULL ? "; did you mean " : "", near != NULL ? near : "",
		              near != NULL ? "?" : "");
	return false;
}

/* The words behind the options: names of settings, or none. */
static enum exit_code run_with_words(const struct config_request *request, enum action action,
                                     char **words, size_t count)
{
	const struct weir_driver *const drivers[DRIVERS_COUNT] = {weir_sqlite_driver(),
	                                                          weir_stub_driver()};

	if (action == ACTION_EXPLAIN && request->sources_count > 0) {
		(void)fprintf(stderr, "%s: explain takes names of settings, no source\n", request->title);
		return usage_error(request->title);
	}
	if (action == ACTION_EXPLAIN)
		return explain(request->title, words, count, request->json, drivers, DRIVERS_COUNT);
	if (count > 0) {
		(void)fprintf(stderr, "%s: '%s' is not expected; pairs go after --set\n", request->title,
		              words[0]);
		return usage_error(request->title);
	}
	return run(request, action);
}

enum exit_code cmd_config(int argc, char **argv)
{
	char *const title = argv[0];
	struct config_request request = {.title = title};
	enum action action = ACTION_SHOW;
	enum exit_code code;

	if (argc > 1 && argv[1][0] != '-') {
		if (!read_action(title, argv[1], &action))
			return usage_error(title);
		argv[1] = title;
		argc--;
		argv++;
	}
	/* Each source takes an argument of its own, so there are fewer than argc. */
	request.sources = calloc((size_t)argc, sizeof(*request.sources));
	if (request.sources == NULL) {
		(void)fprintf(stderr, "%s: out of memory\n", title);
		return EXIT_FAILED;
	}
	if (read_options(&request, argc, argv, &code))
		code = run_with_words(&request, action, argv + optind, (size_t)(argc - optind));
	free(request.sources);
	return code;
}
