/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pictures of a run. See plots.h.
 */
#include "plots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gnuplot.h"
#include "plot_kinds.h"
#include "plot_style.h"
#include "plot_svg.h"

static const struct {
	const char *name; /* of files */
	const char *alt;
	unsigned (*write)(FILE *script, const struct bench_results *results, const char *scenario);
} kinds[BENCH_PLOT_KINDS] = {
	[BENCH_PLOT_LATENCY] = {"latency", "latency by percentile of each pool", bench_plot_latency},
	[BENCH_PLOT_FAIRNESS] = {"fairness", "fairness of each pool, as bars", bench_plot_fairness},
	[BENCH_PLOT_TIMELINE] = {"timeline", "queue length and pool size over time",
                             bench_plot_timeline},
	[BENCH_PLOT_THREADS] = {"threads", "throughput against threads", bench_plot_threads},
};

unsigned bench_scenario_size(const struct bench_results *results, const char *scenario,
                             char base[BENCH_SCENARIO_NAME_MAX])
{
	const char *const dash = strrchr(scenario, '-');
	unsigned long size;

	if (dash == NULL || dash == scenario || dash[1] < '1' || dash[1] > '9' ||
	    strspn(dash + 1, "0123456789") != strlen(dash + 1))
		return 0;
	size = strtoul(dash + 1, NULL, 10);
	for (unsigned i = 0; i < results->rows_count; i++) {
		const struct bench_row *const row = &results->rows[i];

		if (strcmp(row->scenario, scenario) != 0 || row->threads != size ||
		    row->kind == BENCH_KIND_SPARSE)
			continue;
		(void)snprintf(base, BENCH_SCENARIO_NAME_MAX, "%.*s", (int)(dash - scenario), scenario);
		return row->threads;
	}
	return 0;
}

void bench_plot_subtitle(char *text, size_t text_size, const struct bench_row *row)
{
	if (row->kind == BENCH_KIND_SQL && row->doc != NULL) {
		(void)snprintf(text, text_size, "%s", row->doc);
		return;
	}
	(void)snprintf(text, text_size, "%u thread%s, %u connection%s%s%s", row->threads,
	               row->threads == 1 ? "" : "s", row->conns, row->conns == 1 ? "" : "s",
	               row->hold[0] == '\0'          ? ""
	               : row->kind == BENCH_KIND_SQL ? ", "
	                                             : ", hold ",
	               row->hold);
}

/* A name for a file: nothing in it leads elsewhere. */
static void name_plot(struct bench_plot *plot, const char *prefix)
{
	(void)snprintf(plot->name, sizeof(plot->name), "%s%s-%s", prefix, kinds[plot->kind].name,
	               plot->scenario);
	for (char *at = plot->name; *at != '\0'; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *at) == NULL)
			*at = '_';
}

static bool append(struct bench_plots *plots, const struct bench_plot *plot)
{
	struct bench_plot *const items =
		realloc(plots->items, (plots->count + 1) * sizeof(*plots->items));

	if (items == NULL)
		return false;
	plots->items = items;
	plots->items[plots->count++] = *plot;
	return true;
}

/* Run a script and keep its picture; false without memory. */
static bool draw(struct bench_plots *plots, struct bench_plot *plot, const char *script,
                 size_t script_size, unsigned height)
{
	char *raw = NULL;

	switch (bench_gnuplot_run(script, script_size, &raw)) {
	case BENCH_GNUPLOT_MISSING:
		plots->no_gnuplot = true;
		return true;
	case BENCH_GNUPLOT_FAILED:
		plots->failed = true;
		return true;
	case BENCH_GNUPLOT_DRAWN:
		break;
	}
	plot->svg = bench_plot_svg(raw, plot->name, plot->alt, BENCH_PLOT_WIDTH, height);
	free(raw);
	if (plot->svg == NULL) {
		plots->failed = true;
		return true;
	}
	if (append(plots, plot))
		return true;
	free(plot->svg);
	return false;
}

static bool make_plot(struct bench_plots *plots, const struct bench_results *results,
                      enum bench_plot_kind kind, const char *scenario, const char *prefix)
{
	struct bench_plot plot = {.kind = kind};
	char *text = NULL;
	size_t size = 0;
	FILE *const script = open_memstream(&text, &size);
	unsigned height;
	bool made = true;

	if (script == NULL)
		return false;
	(void)snprintf(plot.scenario, sizeof(plot.scenario), "%s", scenario);
	(void)snprintf(plot.alt, sizeof(plot.alt), "%s: %s", scenario, kinds[kind].alt);
	name_plot(&plot, prefix);
	height = kinds[kind].write(script, results, scenario);
	if (fclose(script) != 0)
		made = false;
	else if (height > 0)
		made = draw(plots, &plot, text, size, height);
	free(text);
	return made;
}

bool bench_plots_make(struct bench_plots *plots, const struct bench_results *results,
                      const char *prefix)
{
	bool made = true;

	*plots = (struct bench_plots){0};
	for (unsigned i = 0; i < results->rows_count; i++) {
		const char *const scenario = results->rows[i].scenario;
		char base[BENCH_SCENARIO_NAME_MAX];

		/* A picture belongs to the first row that would ask for it. */
		for (int kind = 0; kind < BENCH_PLOT_THREADS && !plots->no_gnuplot && made; kind++)
			if (bench_row_is_first(results, i))
				made = make_plot(plots, results, (enum bench_plot_kind)kind, scenario, prefix);
		if (!plots->no_gnuplot && made && bench_scenario_size(results, scenario, base) != 0 &&
		    bench_plots_find(plots, BENCH_PLOT_THREADS, base) == NULL)
			made = make_plot(plots, results, BENCH_PLOT_THREADS, base, prefix);
	}
	return made;
}

void bench_plots_free(struct bench_plots *plots)
{
	for (unsigned i = 0; i < plots->count; i++)
		free(plots->items[i].svg);
	free(plots->items);
	*plots = (struct bench_plots){0};
}

const struct bench_plot *bench_plots_find(const struct bench_plots *plots,
                                          enum bench_plot_kind kind, const char *scenario)
{
	for (unsigned i = 0; plots != NULL && i < plots->count; i++)
		if (plots->items[i].kind == kind && strcmp(plots->items[i].scenario, scenario) == 0)
			return &plots->items[i];
	return NULL;
}
