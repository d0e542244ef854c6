/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench run`: from options to tables, JSON and report. Everything that
 * can be found wrong is found before the first pass, not after twenty minutes.
 */
#include "run_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cancel.h"
#include "document.h"
#include "monotonic.h"
#include "options.h"
#include "output_file.h"
#include "phase_table.h"
#include "table.h"
#include "work.h"

#define RESULTS_DIR "results"
#define RESULTS_REPORT RESULTS_DIR "/benchmark_results.md"
#define QUICK_DIR "build/bench"
#define QUICK_REPORT QUICK_DIR "/quick.md"
#define QUICK_JSON QUICK_DIR "/quick.json"

struct session {
	struct bench_options options;
	struct bench_document document;
	struct bench_results *results;
	struct bench_output_file json;
	struct bench_output_file report;
};

static bool uses_file(const struct bench_selection *selection)
{
	return selection->scenario->kind == BENCH_KIND_SQL;
}

/* Look at the place for database files, if a scenario needs one. */
static bool check_storage(struct session *session)
{
	const struct bench_run *run = &session->options.run;
	struct bench_storage *storage = &session->document.storage;
	bool needed = false;

	for (unsigned i = 0; i < run->selections_count; i++)
		needed = needed || uses_file(&run->selections[i]);
	if (!needed)
		return true;
	if (!bench_make_dirs(run->dir) || access(run->dir, W_OK | X_OK) != 0 ||
	    !bench_storage_read(storage, run->dir)) {
		(void)fprintf(stderr,
		              "weir-bench: cannot keep database files in \"%s\": %s; name another "
		              "place with --dir\n",
		              run->dir, strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < run->selections_count; i++) {
		const struct bench_selection *selection = &run->selections[i];

		if (!bench_scenario_writes(selection->scenario) || !storage->in_memory)
			continue;
		(void)fprintf(stderr,
		              "weir-bench: %s measures durable writes, and \"%s\" is %s, which keeps "
		              "nothing: name a directory on a disk with --dir, or other scenarios\n",
		              selection->scenario->name, run->dir, storage->file_system);
		return false;
	}
	bench_storage_measure(storage, run->dir);
	return true;
}

/* Open what the run is to write. */
static bool open_outputs(struct session *session)
{
	const struct bench_options *options = &session->options;
	const struct bench_machine *machine = &session->document.machine;
	char dated[BENCH_TEXT_MAX];
	const char *json = options->json;
	const char *report = options->report;

	if (options->full) {
		if (access(RESULTS_DIR, W_OK | X_OK) != 0) {
			(void)fprintf(stderr,
			              "weir-bench: a full run writes to " RESULTS_DIR "/, which is not "
			              "here: start it at the root of weir's source tree, or name a scenario\n");
			return false;
		}
		(void)snprintf(dated, sizeof(dated), RESULTS_DIR "/%s-%.2s%.2s.json", machine->date,
		               machine->time, machine->time + 3);
		json = json != NULL ? json : dated;
		report = report != NULL ? report : RESULTS_REPORT;
	} else if (options->quick) {
		if ((json == NULL || report == NULL) && !bench_make_dirs(QUICK_DIR)) {
			(void)fprintf(stderr, "weir-bench: cannot make " QUICK_DIR ": %s\n", strerror(errno));
			return false;
		}
		json = json != NULL ? json : QUICK_JSON;
		report = report != NULL ? report : QUICK_REPORT;
	}
	return (json == NULL || bench_output_open(&session->json, json)) &&
	       (report == NULL || bench_output_open(&session->report, report));
}

static enum bench_outcome run_selections(struct session *session, struct weir_error *err)
{
	struct bench_run *run = &session->options.run;
	const double planned_s = bench_run_seconds(run);
	const int64_t started_ns = bench_now();
	const double links_per_us = bench_work_calibrate();
	enum bench_outcome outcome = BENCH_DONE;
	struct bench_progress progress;

	if (planned_s < 120.0)
		(void)fprintf(stderr, "about %.0f seconds; ", planned_s);
	else
		(void)fprintf(stderr, "about %.0f minutes; ", planned_s / 60.0);
	(void)fprintf(stderr, "seed %llu\n", (unsigned long long)run->seed);
	bench_progress_start(&progress, planned_s);
	for (unsigned i = 0; i < run->selections_count && outcome == BENCH_DONE; i++) {
		const unsigned first = session->results->rows_count;

		bench_hold_calibrate(&run->selections[i].hold, links_per_us);
		run->selections[i].links_per_us = links_per_us;
		outcome = bench_run_selection(run, &run->selections[i], &progress, session->results, err);
		bench_progress_clear(&progress);
		if (outcome == BENCH_DONE)
			bench_table_print(stdout, session->results, first);
		if (outcome == BENCH_DONE)
			bench_phase_table_print(stdout, session->results, first);
	}
	session->document.minutes = (double)(bench_now() - started_ns) / 60e9;
	return outcome;
}

/* Put what was measured into its files. */
static bool write_outputs(struct session *session)
{
	const struct bench_document *document = &session->document;

	if (session->json.file != NULL && !bench_json_write(session->json.file, document)) {
		(void)fprintf(stderr, "weir-bench: cannot write \"%s\"\n", session->json.path);
		return false;
	}
	if (session->report.file != NULL && !bench_report_write(session->report.file, document)) {
		(void)fprintf(stderr, "weir-bench: cannot write \"%s\"\n", session->report.path);
		return false;
	}
	if (session->json.file != NULL)
		(void)fprintf(stderr, "figures: %s\n", session->json.path);
	if (session->report.file != NULL)
		(void)fprintf(stderr, "report: %s\n", session->report.path);
	return bench_output_commit(&session->json) && bench_output_commit(&session->report);
}

static int run_session(struct session *session)
{
	struct weir_error err = WEIR_ERROR_INIT;
	char text[2048];

	switch (run_selections(session, &err)) {
	case BENCH_DONE:
		return write_outputs(session) ? BENCH_EXIT_DONE : BENCH_EXIT_FAILED;
	case BENCH_CANCELLED:
		(void)fprintf(stderr, "weir-bench: stopped; no file was written\n");
		return BENCH_EXIT_CANCELLED;
	case BENCH_FAILED:
		break;
	}
	(void)weir_error_describe(&err, text, sizeof(text));
	(void)fprintf(stderr, "weir-bench: %s\n", text);
	return BENCH_EXIT_FAILED;
}

static void free_scenarios(struct bench_run *run)
{
	while (run->loaded_count > 0)
		bench_scenario_free(run->loaded[--run->loaded_count]);
}

int bench_command_run(int argc, char **argv)
{
	struct session session = {0};
	int exit_code = BENCH_EXIT_USAGE;

	if (!bench_options_read(&session.options, argc, argv)) {
		free_scenarios(&session.options.run);
		return BENCH_EXIT_USAGE;
	}
	if (session.options.help) {
		(void)fputs(bench_options_help, stdout);
		return BENCH_EXIT_DONE;
	}
	session.results = calloc(1, sizeof(*session.results));
	if (session.results == NULL) {
		(void)fprintf(stderr, "weir-bench: out of memory\n");
		return BENCH_EXIT_FAILED;
	}
	bench_cancel_prepare();
	bench_document_init(&session.document);
	session.document.results = session.results;
	session.document.seed = session.options.run.seed;
	session.document.quick = session.options.quick;
	session.document.judged = session.options.as_made;
	session.document.indicative = session.options.short_;
	session.document.command = session.options.command;
	if (open_outputs(&session) && check_storage(&session))
		exit_code = run_session(&session);
	bench_output_abandon(&session.json);
	bench_output_abandon(&session.report);
	bench_results_clear(session.results);
	free(session.results);
	free_scenarios(&session.options.run);
	return exit_code;
}
