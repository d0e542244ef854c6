/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Runs scenarios, interleaving their variants. See runner.h.
 */
#include "runner.h"

#include <stdio.h>
#include <string.h>

#include "machine.h"

/* What creating and joining threads, and opening, adds to a repetition. */
#define OVERHEAD_S 0.05

/* Sparse has two sizes; no field is larger than this. */
#define CELLS_MAX 32

/* One row under way: a contender at one size. */
struct cell {
	size_t contender;
	unsigned conns;
	struct bench_row *row;
};

static bool wanted(const struct bench_run *run, const struct bench_selection *selection,
                   size_t contender)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	const char *const pool = field->contender(contender).name;

	if (field->takes_part != NULL && !field->takes_part(contender, selection))
		return false;
	for (unsigned i = 0; i < run->pools_count; i++)
		if (strcmp(run->pools[i], pool) == 0)
			return true;
	return run->pools_count == 0;
}

unsigned bench_run_pools(const struct bench_run *run, const struct bench_selection *selection)
{
	const struct bench_field *field = bench_field_of(selection->scenario->kind);
	unsigned count = 0;

	for (size_t i = 0; i < field->count; i++)
		count += wanted(run, selection, i);
	return count;
}

bool bench_pool_exists(const char *pool)
{
	static const enum bench_kind kinds[] = {BENCH_KIND_LEASES, BENCH_KIND_SPARSE, BENCH_KIND_SQL};

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		const struct bench_field *field = bench_field_of(kinds[kind]);

		for (size_t i = 0; i < field->count; i++)
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

static double rep_seconds(const struct bench_selection *selection)
{
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
	}
	return total;
}

static void describe_hold(char *text, size_t text_size, const struct bench_selection *selection)
{
	const unsigned reads = selection->scenario->sql.read_percent;

	if (selection->scenario->kind != BENCH_KIND_SQL)
		(void)snprintf(text, text_size, "%s", selection->hold.text);
	else if (reads == 0 || reads == 100)
		(void)snprintf(text, text_size, "%s", reads == 100 ? "read" : "write");
	else
		(void)snprintf(text, text_size, "mix:%u%%read,%u%%write", reads, 100 - reads);
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
		(void)snprintf(row->scenario, sizeof(row->scenario), "%s-%u", selection->scenario->name,
		               cell->conns);
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
		for (size_t i = 0; i < field->count; i++) {
			struct cell *cell = &cells[count];

			if (!wanted(run, selection, i) || count == CELLS_MAX ||
			    results->rows_count == BENCH_ROWS_MAX)
				continue;
			cell->contender = i;
			cell->conns = sizes[size];
			cell->row = &results->rows[results->rows_count++];
			describe_row(cell->row, selection, cell);
			count++;
		}
	return count;
}

/* One repetition of one cell, which the progress shows. */
static enum bench_outcome run_cell(const struct bench_run *run, struct bench_rep_spec *spec,
                                   const struct cell *cell, struct bench_progress *progress,
                                   struct weir_error *err)
{
	const struct bench_field *field = bench_field_of(spec->selection->scenario->kind);
	struct bench_rep rep;
	enum bench_outcome outcome;

	spec->contender = cell->contender;
	spec->conns = cell->conns;
	/* Every variant gets the same draws; every repetition others. */
	spec->seed = run->seed + cell->row->reps;
	bench_progress_show(progress, cell->row->scenario, cell->row->pool, cell->row->reps + 1,
	                    run->reps);
	outcome = field->run(spec, &rep, err);
	if (outcome != BENCH_DONE)
		return outcome;
	bench_row_add(cell->row, &rep.throughput, &rep.wait, &rep.sql, bench_processors());
	bench_progress_add(progress, rep_seconds(spec->selection));
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
		.tick = bench_progress_tick,
		.tick_context = progress,
	};
	struct cell cells[CELLS_MAX];
	const unsigned count = make_cells(run, selection, results, cells);
	enum bench_outcome outcome = BENCH_DONE;

	if (field->prepare != NULL && field->prepare(&spec, err) != WEIR_OK)
		return BENCH_FAILED;
	for (unsigned rep = 0; rep < run->reps && outcome == BENCH_DONE; rep++)
		for (unsigned i = 0; i < count && outcome == BENCH_DONE; i++)
			outcome = run_cell(run, &spec, &cells[(i + rep) % count], progress, err);
	if (field->clean != NULL)
		field->clean(&spec);
	return outcome;
}
