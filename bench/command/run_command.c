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
#include "entrants.h"
#include "injected_delay.h"
#include "monotonic.h"
#include "options.h"
#include "outputs.h"
#include "phase_table.h"
#include "table.h"
#include "work.h"

#define RESULTS_DIR "results"
#define QUICK_DIR "build/bench"

/* Where a run of a kind writes what no flag gives a place to. */
static const struct bench_output_paths full_paths = {
	.report = RESULTS_DIR "/benchmark_results.md",
	.html = RESULTS_DIR "/benchmark_results.html",
	.plots = RESULTS_DIR "/plots",
};
static const struct bench_output_paths peers_paths = {
	.peers = RESULTS_DIR "/benchmark_results.md",
	.plots = RESULTS_DIR "/plots",
};
static const struct bench_output_paths quick_paths = {
	.json = QUICK_DIR "/quick.json",
	.report = QUICK_DIR "/quick.md",
	.html = QUICK_DIR "/quick.html",
	.plots = QUICK_DIR "/plots",
};

struct session {
	struct bench_options options;
	struct bench_document document;
	struct bench_results *results;
	struct bench_outputs outputs;
	char dated[BENCH_TEXT_MAX]; /* where a full run puts its figures */
	double links_per_us;        /* of work, on this processor */
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

/* What flags say, and otherwise what the kind of run does. */
static void fill_paths(struct bench_output_paths *paths, const struct bench_output_paths *others)
{
	paths->json = paths->json != NULL ? paths->json : others->json;
	paths->report = paths->report != NULL ? paths->report : others->report;
	paths->html = paths->html != NULL ? paths->html : others->html;
	paths->plots = paths->plots != NULL ? paths->plots : others->plots;
	paths->peers = paths->peers != NULL ? paths->peers : others->peers;
}

/* Whether the run can be slowed down as the environment asks, if it does. */
static bool check_delay(struct session *session)
{
	const struct bench_run *run = &session->options.run;
	char problem[200];

	session->links_per_us = bench_work_calibrate();
	if (!bench_delay_prepare(session->links_per_us, problem, sizeof(problem))) {
		(void)fprintf(stderr, "weir-bench: %s\n", problem);
		return false;
	}
	for (unsigned i = 0; i < run->selections_count; i++) {
		if (!bench_delay_is_set() || run->selections[i].scenario->kind == BENCH_KIND_LEASES)
			continue;
		(void)fprintf(stderr, "weir-bench: WEIR_BENCH_DELAY does not reach into %s\n",
		              run->selections[i].name);
		return false;
	}
	return true;
}

/* Open what the run is to write. */
static bool open_outputs(struct session *session)
{
	const struct bench_options *options = &session->options;
	const struct bench_machine *machine = &session->document.machine;
	struct bench_output_paths paths = options->paths;

	if (options->full) {
		if (access(RESULTS_DIR, W_OK | X_OK) != 0) {
			(void)fprintf(stderr,
			              "weir-bench: a full run writes to " RESULTS_DIR "/, which is not "
			              "here: start it at the root of weir's source tree, or name a scenario\n");
			return false;
		}
		(void)snprintf(session->dated, sizeof(session->dated), RESULTS_DIR "/%s-%.2s%.2s%s.json",
		               machine->date, machine->time, machine->time + 3,
		               options->pools.peers ? "-peers" : "");
		paths.json = paths.json != NULL ? paths.json : session->dated;
		fill_paths(&paths, options->pools.peers ? &peers_paths : &full_paths);
	} else if (options->quick) {
		fill_paths(&paths, &quick_paths);
		if (!bench_make_dirs(QUICK_DIR)) {
			(void)fprintf(stderr, "weir-bench: cannot make " QUICK_DIR ": %s\n", strerror(errno));
			return false;
		}
	}
	return bench_outputs_open(&session->outputs, &paths);
}

/* A scenario without a row would vanish without a word. */
static void say_nobody(const struct bench_run *run, const struct bench_selection *selection)
{
	char why[BENCH_LEFT_OUT_MAX];

	bench_run_left_out(run, selection, why, sizeof(why));
	if (why[0] != '\0')
		(void)fprintf(stderr, "weir-bench: %s: nobody takes part: %s\n", selection->name, why);
}

static enum bench_outcome run_selections(struct session *session, struct weir_error *err)
{
	struct bench_run *run = &session->options.run;
	const double planned_s = bench_run_seconds(run);
	const int64_t started_ns = bench_now();
	enum bench_outcome outcome = BENCH_DONE;
	struct bench_progress progress;
	FILE *const tables = bench_outputs_take_stdout(&session->outputs.paths) ? stderr : stdout;

	if (planned_s < 120.0)
		(void)fprintf(stderr, "about %.0f seconds; ", planned_s);
	else
		(void)fprintf(stderr, "about %.0f minutes; ", planned_s / 60.0);
	(void)fprintf(stderr, "seed %llu\n", (unsigned long long)run->seed);
	bench_progress_start(&progress, planned_s);
	for (unsigned i = 0; i < run->selections_count && outcome == BENCH_DONE; i++) {
		const unsigned first = session->results->rows_count;

		if (bench_run_pools(run, &run->selections[i]) == 0)
			say_nobody(run, &run->selections[i]);
		bench_hold_calibrate(&run->selections[i].hold, session->links_per_us);
		bench_delay_stretch(&run->selections[i].hold);
		run->selections[i].links_per_us = session->links_per_us;
		outcome = bench_run_selection(run, &run->selections[i], &progress, session->results, err);
		bench_progress_clear(&progress);
		if (outcome == BENCH_DONE)
			bench_table_print(tables, session->results, first);
		if (outcome == BENCH_DONE)
			bench_phase_table_print(tables, session->results, first);
	}
	session->document.minutes = (double)(bench_now() - started_ns) / 60e9;
	return outcome;
}

/* Who took no part, or not to the end: a run without them is no failure, unless it
 * began with them. */
static void say_who_is_missing(struct session *session)
{
	struct bench_peer_notes *const notes = &session->options.pools.notes;
	struct bench_document *const document = &session->document;

	bench_peer_notes_dropped(notes, session->results);
	for (unsigned i = 0; i < notes->count && i < BENCH_NOTES_MAX; i++) {
		document->notes[document->notes_count++] = notes->notes[i];
		(void)fprintf(stderr, "weir-bench: %s\n", notes->notes[i]);
	}
}

static int run_session(struct session *session)
{
	struct weir_error err = WEIR_ERROR_INIT;
	char text[2048];

	switch (run_selections(session, &err)) {
	case BENCH_DONE:
		say_who_is_missing(session);
		return bench_outputs_write(&session->outputs, &session->document) &&
		               !session->options.pools.notes.failed
		           ? BENCH_EXIT_DONE
		           : BENCH_EXIT_FAILED;
	case BENCH_CANCELLED:
		(void)fprintf(stderr, "weir-bench: stopped; no file was written\n");
		return BENCH_EXIT_CANCELLED;
	case BENCH_FAILED:
	case BENCH_DROPPED:
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

	bench_cancel_prepare();
	if (!bench_options_read(&session.options, argc, argv)) {
		free_scenarios(&session.options.run);
		bench_entrants_clear();
		return BENCH_EXIT_USAGE;
	}
	if (session.options.help) {
		(void)fputs(bench_options_help, stdout);
		return BENCH_EXIT_DONE;
	}
	session.results = calloc(1, sizeof(*session.results));
	if (session.results == NULL) {
		(void)fprintf(stderr, "weir-bench: out of memory\n");
		bench_entrants_clear();
		return BENCH_EXIT_FAILED;
	}
	bench_document_init(&session.document);
	session.document.results = session.results;
	session.document.seed = session.options.run.seed;
	session.document.quick = session.options.quick;
	session.document.judged = session.options.as_made;
	session.document.indicative = session.options.short_;
	session.document.command = session.options.command;
	if (open_outputs(&session) && check_storage(&session) && check_delay(&session))
		exit_code = run_session(&session);
	bench_outputs_abandon(&session.outputs);
	bench_results_clear(session.results);
	free(session.results);
	free_scenarios(&session.options.run);
	bench_entrants_clear();
	return exit_code;
}
