/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir doctor`: what state an SQLite database is in, without touching it.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_integrity.h"

static const char help[] =
	"Usage: weir doctor [OPTION...] DATABASE\n"
	"\n"
	"Say what state an SQLite database is in, while programs use it or not: header,\n"
	"log and how much of it is copied back, readers, who holds which lock, what a\n"
	"crash left behind, free pages, place and rights. It reads bytes and asks the\n"
	"kernel about locks; it takes none, recovers nothing and makes no file.\n"
	"\n"
	"  --integrity[=full|quick]\n"
	"             also run SQLite's integrity_check (quick: quick_check) and\n"
	"             foreign_key_check on a connection that cannot write. It reads the\n"
	"             whole file. While programs use the database it takes read locks and\n"
	"             keeps their log from ending. Not where reading needs recovery\n"
	"  --strict   a warning makes the exit code 1\n"
	"  --json     as {\"schema\":1,\"database\":...,\"status\":...,\"checks\":...,\"facts\":...}\n"
	"  --help     show this\n"
	"\n"
	"Exit codes: 0 nothing worse than a warning, 1 a failure, 2 wrong use, or not a\n"
	"database that can be read, 3 something could not be found out.\n";

struct request {
	const char *path;
	bool json;
	bool strict;
	bool integrity;
	bool quick;
};

static enum exit_code examine(const struct request *request, struct subject *subject,
                              struct report *report)
{
	static void (*const checks[])(const struct subject *, struct report *) = {
		check_library, check_header,  check_log,   check_index,   check_readers,
		check_locks,   check_journal, check_place, check_sidecar,
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](subject, report);
	subject_close(subject);
	if (request->integrity)
		check_integrity(subject, request->quick, report);
	return report_print(report, request->json, request->strict);
}

static enum exit_code run(const struct request *request, const char *title)
{
	struct subject *subject = malloc(sizeof(*subject));
	struct report *report = malloc(sizeof(*report));
	enum exit_code code = EXIT_FAILED;

	if (subject == NULL || report == NULL || !report_begin(report, request->path)) {
		(void)fprintf(stderr, "%s: out of memory\n", title);
		free(subject);
		free(report);
		return code;
	}
	code = subject_open(subject, title, request->path);
	if (code == EXIT_DONE)
		code = examine(request, subject, report);
	subject_close(subject);
	report_end(report);
	free(subject);
	free(report);
	return code;
}

/* False for a word that is neither. */
static bool read_depth(struct request *request, const char *word)
{
	request->integrity = true;
	request->quick = word != NULL && strcmp(word, "quick") == 0;
	return word == NULL || request->quick || strcmp(word, "full") == 0;
}

enum exit_code cmd_doctor(int argc, char **argv)
{
	static const struct option options[] = {
		{"integrity", optional_argument, NULL, 'i'},
		{"strict", no_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct request request = {0};

	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == 'h') {
			(void)fputs(help, stdout);
			return EXIT_DONE;
		}
		if (option == 'i' && !read_depth(&request, optarg)) {
			(void)fprintf(stderr, "%s: --integrity cannot be '%s'; allowed: full, quick\n", argv[0],
			              optarg);
			return usage_error(argv[0]);
		}
		if (option == '?')
			return usage_error(argv[0]);
		request.json = request.json || option == 'j';
		request.strict = request.strict || option == 's';
	}
	if (optind + 1 != argc) {
		(void)fprintf(stderr, "%s: name one database file\n", argv[0]);
		return usage_error(argv[0]);
	}
	request.path = argv[optind];
	return run(&request, argv[0]);
}
