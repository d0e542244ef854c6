/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Series. See series.h.
 */
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "stats.h"

void bench_series_set_free(struct bench_series_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->items[i].values);
	free(set->items);
	*set = (struct bench_series_set){0};
}

struct bench_series *bench_series_add(struct bench_series_set *set,
                                      const struct bench_figure *figure)
{
	struct bench_series *items;

	if (set->count == BENCH_SERIES_MAX)
		return NULL;
	items = realloc(set->items, (set->count + 1) * sizeof(*items));
	if (items == NULL)
		return NULL;
	set->items = items;
	items[set->count] = (struct bench_series){.figure = *figure};
	return &items[set->count++];
}

bool bench_series_append(struct bench_series *series, double value)
{
	double *const values = realloc(series->values, (series->count + 1) * sizeof(*values));

	if (values == NULL)
		return false;
	series->values = values;
	values[series->count++] = value;
	return true;
}

struct bench_series *bench_series_find(const struct bench_series_set *set,
                                       const struct bench_figure *figure)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct bench_figure *const other = &set->items[i].figure;

		if (strcmp(other->scenario, figure->scenario) == 0 &&
		    strcmp(other->pool, figure->pool) == 0 && strcmp(other->metric, figure->metric) == 0)
			return &set->items[i];
	}
	return NULL;
}

double bench_series_median(const struct bench_series *series)
{
	return bench_median(series->values, series->count);
}

bool bench_series_measured(const struct bench_series *series)
{
	for (size_t i = 0; i < series->count; i++)
		if (!isnan(series->values[i]))
			return true;
	return false;
}

void bench_figure_text(const struct bench_figure *figure, char *text, size_t text_size)
{
	char whole[BENCH_FIGURE_TEXT_MAX];

	(void)snprintf(whole, sizeof(whole), "%s%s%s%s%s", figure->scenario,
	               figure->scenario[0] != '\0' ? " " : "", figure->pool,
	               figure->pool[0] != '\0' ? " " : "", figure->metric);
	bench_clean_text(text, text_size, whole);
}
