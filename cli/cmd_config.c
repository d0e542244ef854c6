/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir config`: apply sources as a program would, and show the result or every
 * fault.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <weir/sqlite.h>
#include <weir/stub.h>

#include "config_report.h"

static const char help[] =
	"Usage: weir config [OPTION...]\n"
	"\n"
	"Apply the sources in the order given, one over the other, and show the settings\n"
	"that result; or every fault, on standard error, with exit code 2.\n"
	"\n"
	"  --url URL       a URL, as in 'sqlite:///var/lib/app.db?max_size=8'\n"
	"  --env PREFIX    the environment variables PREFIX<SETTING>, as in WEIR_MAX_SIZE\n"
	"  --ini FILE      an INI file; repeat --ini for more\n"
	"  --section NAME  the section of every --ini; without it the lines before the\n"
	"                  first section\n"
	"  --set PAIRS     name=value, or several of them\n"
	"  --driver NAME   sqlite or stub; without it the scheme of the --url, else sqlite\n"
	"  --json          as {\"schema\":1,...,\"settings\":[...]}\n"
	"  --reference     all settings of all drivers as the text of\n"
	"                  docs/reference/config.md; takes no source\n"
	"  --help          show this\n";

#define DRIVERS_COUNT 2

struct source {
	int option; /* 'u', 'e', 'i' or 's' */
	const char *text;
};

struct request {
	const char *title;
	const char *driver_name;
	const char *section;
	bool json;
	bool reference;
	struct source *sources;
	size_t sources_count;
};

struct fault_printer {
	const char *title;
	size_t count;
};

static void print_fault(const struct weir_fault *fault, void *user)
{
	struct fault_printer *printer = user;

	printer->count++;
	(void)fprintf(stderr, "%s: %s\n", printer->title, fault->message);
}

static const struct weir_driver *find_driver(const struct weir_driver *const *drivers,
                                             const char *name, size_t length)
{
	for (size_t i = 0; i < DRIVERS_COUNT; i++) {
		if (strlen(drivers[i]->name) == length && strncasecmp(drivers[i]->name, name, length) == 0)
			return drivers[i];
	}
	return NULL;
}

/* The driver asked for; NULL, with a message, if there is none of that name. */
static const struct weir_driver *choose_driver(const struct request *request,
                                               const struct weir_driver *const *drivers)
{
	const char *name = request->driver_name;
	const char *names[DRIVERS_COUNT];
	const struct weir_driver *found = NULL;

	if (name != NULL) {
		found = find_driver(drivers, name, strlen(name));
		if (found != NULL)
			return found;
		(void)fprintf(stderr, "%s: there is no driver '%s'; allowed:", request->title, name);
		for (size_t i = 0; i < DRIVERS_COUNT; i++) {
			names[i] = drivers[i]->name;
			(void)fprintf(stderr, " %s", names[i]);
		}
		name = weir_nearest(name, names, DRIVERS_COUNT);
		if (name != NULL)
			(void)fprintf(stderr, "; did you mean %s?", name);
		(void)fputc('\n', stderr);
		return NULL;
	}
	for (size_t i = 0; i < request->sources_count; i++) {
		const char *url = request->sources[i].text;

		if (request->sources[i].option == 'u' && found == NULL)
			found = find_driver(drivers, url, strcspn(url, ":"));
	}
	return found != NULL ? found : drivers[0];
}

static enum weir_code apply(const struct request *request, const struct source *source,
                            struct weir_config *config, const struct weir_driver *driver,
                            const struct weir_fault_sink *sink, struct weir_error *err)
{
	switch (source->option) {
	case 'u':
		return weir_config_apply_url(config, driver, source->text, sink, err);
	case 'e':
		return weir_config_apply_env(config, driver, source->text, sink, err);
	case 'i':
		return weir_config_apply_ini(config, driver, source->text, request->section, sink, err);
	default:
		return weir_config_apply_pairs(config, driver, source->text, sink, err);
	}
}

/* Apply and check all; false if there was a fault, which has been printed. */
static bool apply_all(const struct request *request, struct weir_config *config,
                      const struct weir_driver *driver)
{
	struct fault_printer printer = {.title = request->title};
	const struct weir_fault_sink sink = {print_fault, &printer};
	struct weir_error err = WEIR_ERROR_INIT;
	bool good = true;

	for (size_t i = 0; i < request->sources_count; i++) {
		const size_t before = printer.count;

		if (apply(request, &request->sources[i], config, driver, &sink, &err) == WEIR_OK)
			continue;
		good = false;
		if (printer.count == before)
			(void)fprintf(stderr, "%s: %s\n", request->title, err.message);
	}
	/* Without a source that was refused, settings may clash that otherwise do not. */
	return good && weir_config_check(config, driver, &sink, &err) == WEIR_OK;
}

static enum exit_code run(const struct request *request)
{
	const struct weir_driver *const drivers[DRIVERS_COUNT] = {weir_sqlite_driver(),
	                                                          weir_stub_driver()};
	struct weir_config config;

	if (request->reference && request->sources_count > 0) {
		(void)fprintf(stderr, "%s: --reference takes no source\n", request->title);
		return usage_error(request->title);
	}
	if (request->reference)
		return report_reference(drivers, DRIVERS_COUNT);

	const struct weir_driver *driver = choose_driver(request, drivers);

	if (driver == NULL)
		return EXIT_USAGE;
	weir_config_init(&config, driver);
	if (!apply_all(request, &config, driver))
		return EXIT_USAGE;
	return request->json ? report_json(&config, driver) : report_text(&config, driver);
}

/* Read the options; false if that was all there is to do, with *code set. */
static bool read_options(struct request *request, int argc, char **argv, enum exit_code *code)
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
			request->sources[request->sources_count++] = (struct source){option, optarg};
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
	if (optind < argc) {
		(void)fprintf(stderr, "%s: '%s' is not expected; pairs go after --set\n", argv[0],
		              argv[optind]);
		*code = usage_error(argv[0]);
		return false;
	}
	return true;
}

enum exit_code cmd_config(int argc, char **argv)
{
	struct request request = {.title = argv[0], .section = ""};
	enum exit_code code;

	/* Each source takes an argument of its own, so there are fewer than argc. */
	request.sources = calloc((size_t)argc, sizeof(struct source));
	if (request.sources == NULL) {
		(void)fprintf(stderr, "%s: out of memory\n", argv[0]);
		return EXIT_FAILED;
	}
	if (read_options(&request, argc, argv, &code))
		code = run(&request);
	free(request.sources);
	return code;
}
