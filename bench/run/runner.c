/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs scenarios, interleaving their variants. See runner.h.
 */
#include "runner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_phases.h"
#include "machine.h"

/* What creating and joining threads, and opening, adds to a repetition. */
#define OVERHEAD_S 0.05

/* Sparse has two sizes; no field is larger than half of this. */
#define CELLS_MAX 64

/* Repetitions whose timelines are kept until one is chosen. */
#define TIMELINES_MAX 9

/* More late operations than this, and the load generator could not keep up. */
#define LATE_SHARE 0.01

/* One row under way: a contender at one size. */
struct cell {
	size_t contender;
	unsigned conns;
	struct bench_row *row;
	unsigned timelines_count;
	struct bench_timeline *timelines[TIMELINES_MAX]; /* of the first repetitions */
	unsigned late; /* repetitions in which the load generator could not keep up */
};

static bool is_named(const char *name, const struct bench_scenario *scenario)
{
	for (unsigned i = 0; i < scenario->pools_count; i++)
		if (strcmp(scenario->pools[i], name) == 0)
			return true;
	return scenario->pools_count == 0;
}

static bool asked_for(const struct bench_run *run, const char *pool)
{
	for (unsigned i = 0; i < run->pools_count; i++)
		if (strcmp(run->pools[i], pool) == 0)
			return true;
	return run->pools_count == 0;
}

/* As the left_out of struct bench_field. A scenario says which of the pools that it
 * knows take part, and knows nothing of those that somebody brings along. */
static const char *left_out(const struct bench_selection *selection, size_t contender)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	const struct bench_contender who = field->contender(contender);
	const bool brought = who.standing == BENCH_STANDING_PEER || who.standing == BENCH_STANDING_USER;

	if (!brought && !is_named(who.name, selection->scenario))
		return "";
	return field->left_out != NULL ? field->left_out(contender, selection) : NULL;
}

static bool wanted(const struct bench_run *run, const struct bench_selection *selection,
                   size_t contender)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);

	return left_out(selection, contender) == NULL &&
	       asked_for(run, field->contender(contender).name);
}

void bench_run_left_out(const struct bench_run *run, const struct bench_selection *selection,
                        char *text, size_t text_size)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);

	text[0] = '\0';
	for (size_t i = 0; i < field->count(); i++) {
		const char *const name = field->contender(i).name;
		const char *const why = left_out(selection, i);
		const size_t used = strlen(text);

		if (why != NULL && why[0] != '\0' && asked_for(run, name))
			(void)snprintf(text + used, text_size - used, "%s%s (%s)", used > 0 ? ", " : "", name,
			               why);
	}
}

unsigned bench_run_pools(const struct bench_run *run, const struct bench_selection *selection)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	unsigned count = 0;

	for (size_t i = 0; i < field->count(); i++)
		count += wanted(run, selection, i);
	return count;
}

bool bench_pool_exists(const char *pool)
{
	static const enum bench_kind kinds[] = {BENCH_KIND_LEASES, BENCH_KIND_SQL};

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		const struct bench_field *field = bench_field_of(kinds[kind]);

		for (size_t i = 0; i < field->count(); i++)
			if (strcmp(field->contender(i).name, pool) == 0)
				return true;
	}
	return false;
}

static unsigned sizes_count(const struct bench_selection *selection)
{
	const struct bench_scenario *scenario = selection->scenario;

	return scenario->kind == BENCH_KIND_SPARSE && selection->conns != scenario->conns_small ? 2 : 1;
}

/* What the first repetition takes longer than the others. */
static double first_seconds(const struct bench_run *run, const struct bench_selection *selection)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	double total = 0.0;

	for (size_t i = 0; i < field->count(); i++)
		if (wanted(run, selection, i))
			total += 2.0 * field->contender(i).warm_s;
	return total;
}

static double rep_seconds(const struct bench_selection *selection)
{
	/* It warms nothing up, and is one pass. */
	if (selection->scenario->kind == BENCH_KIND_PHASES)
		return selection->seconds + OVERHEAD_S;
	return bench_pass_seconds(selection->seconds) + bench_pass_seconds(selection->wait_seconds) +
	       OVERHEAD_S;
}

double bench_run_seconds(const struct bench_run *run)
{
	double total = 0.0;

	for (unsigned i = 0; i < run->selections_count; i++) {
		const struct bench_selection *selection = &run->selections[i];

		total += bench_run_pools(run, selection) * sizes_count(selection) * run->reps *
		         rep_seconds(selection);
		total += first_seconds(run, selection);
	}
	return total;
}

/* What share of a role's operations reads, in percent. */
static double read_percent(const struct bench_scenario *scenario)
{
	const struct bench_scenario_role *const role = &scenario->roles[0];
	double percent = 0.0;

	for (unsigned i = 0; i < role->run_count; i++)
		if (!scenario->statements[role->run[i].statement].call.writes)
			percent += role->run[i].percent;
	return percent;
}

static void describe_hold(char *text, size_t text_size, const struct bench_selection *selection)
{
	const double reads = read_percent(selection->scenario);

	if (selection->scenario->kind != BENCH_KIND_SQL)
		(void)snprintf(text, text_size, "%s", selection->hold.text);
	else if (reads <= 0.0 || reads >= 100.0)
		(void)snprintf(text, text_size, "%s", reads > 0.0 ? "read" : "write");
	else
		(void)snprintf(text, text_size, "mix:%g%%read,%g%%write", reads, 100.0 - reads);
}

/* Fill in the row of a cell but for its values. */
static void describe_row(struct bench_row *row, const struct bench_selection *selection,
                         const struct cell *cell)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	const struct bench_contender contender = field->contender(cell->contender);

	row->kind = selection->scenario->kind;
	row->pool = contender.name;
	row->extra_work = contender.extra_work;
	row->standing = contender.standing;
	row->driver = field->driver;
	row->threads = field->threads != NULL ? field->threads(cell->contender, selection)
	                                      : selection->threads;
	row->conns = cell->conns;
	row->sleeps = bench_hold_sleeps(&selection->hold);
	row->seconds = selection->seconds;
	describe_hold(row->hold, sizeof(row->hold), selection);
	row->doc = selection->scenario->doc;
	(void)snprintf(row->scenario, sizeof(row->scenario), "%s", selection->name);
	if (cell->conns != selection->conns) {
		row->doc = NULL;
		(void)snprintf(row->scenario, sizeof(row->scenario), "%.*s-%u", BENCH_SCENARIO_WORD_MAX,
		               selection->scenario->name, cell->conns);
	}
}

/* List the cells of a selection and give each a row. */
static unsigned make_cells(const struct bench_run *run, const struct bench_selection *selection,
                           struct bench_results *results, struct cell *cells)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	const unsigned sizes[2] = {selection->conns, selection->scenario->conns_small};
	unsigned count = 0;

	for (unsigned size = 0; size < sizes_count(selection); size++)
		for (size_t i = 0; i < field->count(); i++) {
			struct cell *cell = &cells[count];

			if (!wanted(run, selection, i) || count == CELLS_MAX ||
			    results->rows_count == BENCH_ROWS_MAX)
				continue;
			cell->contender = i;
			cell->conns = sizes[size];
			cell->row = &results->rows[results->rows_count++];
			describe_row(cell->row, selection, cell);
			if (count == 0)
				bench_run_left_out(run, selection, cell->row->left_out,
				                   sizeof(cell->row->left_out));
			count++;
		}
	return count;
}

static enum bench_outcome out_of_memory(struct weir_error *err)
{
	(void)weir_fail(err, WEIR_ERR_NO_MEMORY, "bench.run", 0, "no memory for the waits of a pool");
	return BENCH_FAILED;
}

static void keep_timeline(struct cell *cell, struct bench_timeline *timeline)
{
	if (timeline != NULL && cell->timelines_count < TIMELINES_MAX)
		cell->timelines[cell->timelines_count++] = timeline;
	else
		bench_timeline_free(timeline);
}

static int by_response(const void *a, const void *b)
{
	const double left = (*(struct bench_timeline *const *)a)->response.p999;
	const double right = (*(struct bench_timeline *const *)b)->response.p999;

	return (left > right) - (left < right);
}

/* A row shows one repetition, that with the median of the p99.9 response: a median
 * of curves shows what never happened. */
static void choose_timeline(struct cell *cell)
{
	const unsigned middle = cell->timelines_count / 2;

	qsort(cell->timelines, cell->timelines_count, sizeof(cell->timelines[0]), by_response);
	for (unsigned i = 0; i < cell->timelines_count; i++)
		if (i == middle)
			cell->row->timeline = cell->timelines[i];
		else
			bench_timeline_free(cell->timelines[i]);
}

/* Figures that are those of the load generator must not be taken for the pool's. */
static void warn_if_late(const struct cell *cell, struct bench_progress *progress)
{
	if (cell->late == 0)
		return;
	bench_progress_clear(progress);
	(void)fprintf(stderr,
	              "weir-bench: %s, %s: the load generator itself came late in %u of %u "
	              "repetitions; its waits include that: lower the rate, or take more processors\n",
	              cell->row->scenario, cell->row->pool, cell->late, cell->row->reps);
}

/* One repetition of one cell, which the progress shows. */
static enum bench_outcome run_cell(const struct bench_run *run, struct bench_rep_spec *spec,
                                   struct cell *cell, struct bench_progress *progress,
                                   struct weir_error *err)
{
	const struct bench_field *field = bench_field_of(spec->selection->scenario->kind);
	struct bench_rep rep = {.late = NAN};
	enum bench_outcome outcome;

	if (cell->row->failure[0] != '\0')
		return BENCH_DONE;
	spec->contender = cell->contender;
	spec->conns = cell->conns;
	/* Every variant gets the same draws; every repetition others. */
	spec->seed = (spec->selection->seed != 0 ? spec->selection->seed : run->seed) + cell->row->reps;
	bench_progress_show(progress, cell->row->scenario, cell->row->pool, cell->row->reps + 1,
	                    run->reps);
	memset(spec->waits, 0, BENCH_ROLES * sizeof(*spec->waits));
	outcome = field->run(spec, &rep, err);
	if (outcome == BENCH_DONE) {
		bench_row_add(cell->row, &rep.throughput, &rep.wait, &rep.sql, bench_processors());
		if (!bench_row_add_waits(cell->row, spec->waits))
			return out_of_memory(err);
	} else if (outcome == BENCH_DROPPED) {
		(void)snprintf(cell->row->failure, sizeof(cell->row->failure), "%s", err->message);
	} else {
		return outcome;
	}
	bench_progress_add(progress, rep_seconds(spec->selection));
	cell->late += rep.late > LATE_SHARE;
	keep_timeline(cell, rep.timeline);
	return BENCH_DONE;
}

enum bench_outcome bench_run_selection(const struct bench_run *run,
                                       const struct bench_selection *selection,
                                       struct bench_progress *progress,
                                       struct bench_results *results, struct weir_error *err)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	struct bench_rep_spec spec = {
		.selection = selection,
		.dir = run->dir,
		.waits = calloc(BENCH_ROLES, sizeof(*spec.waits)),
		.tick = bench_progress_tick,
		.tick_context = progress,
	};
	struct cell cells[CELLS_MAX] = {0};
	const unsigned count = make_cells(run, selection, results, cells);
	enum bench_outcome outcome = BENCH_DONE;

	if (spec.waits == NULL)
		return out_of_memory(err);
	if (field->prepare != NULL && field->prepare(&spec, err) != WEIR_OK)
		outcome = BENCH_FAILED;
	for (unsigned rep = 0; rep < run->reps && outcome == BENCH_DONE; rep++)
		for (unsigned i = 0; i < count && outcome == BENCH_DONE; i++)
			outcome = run_cell(run, &spec, &cells[(i + rep) % count], progress, err);
	if (field->clean != NULL)
		field->clean(&spec);
	free(spec.waits);
	for (unsigned i = 0; i < count; i++) {
		choose_timeline(&cells[i]);
		warn_if_late(&cells[i], progress);
	}
	return outcome;
}
