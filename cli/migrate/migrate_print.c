/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What came out, for people: rows, findings, and a sentence at the end.
 */
#include <stdlib.h>
#include <string.h>

#include "migrate_command.h"

#define NAME_BYTES (WEIR_MIGRATE_NAME_MAX + WEIR_MIGRATE_TAG_MAX + 4)
#define COLUMNS_MAX 6

/* The texts of one line of a table. */
struct line {
	char name[NAME_BYTES];
	char time[MIGRATE_FIGURE_MAX];
	char took[MIGRATE_FIGURE_MAX];
	char blocked[MIGRATE_FIGURE_MAX];
	char statements[16];
	char notes[96];
};

typedef void (*line_cells)(const struct weir_migrate_row *row, struct line *line,
                           const char **cells);

static void fill_notes(const struct weir_migrate_row *row, struct line *line)
{
	const char *separator = "";

	line->notes[0] = '\0';
	if (row->state == WEIR_MIGRATION_INTERRUPTED) {
		(void)snprintf(line->notes, sizeof(line->notes), "stopped after statement %u",
		               row->resume_at);
		separator = ", ";
	}
	if (row->no_transaction) {
		(void)snprintf(line->notes + strlen(line->notes), sizeof(line->notes) - strlen(line->notes),
		               "%soutside a transaction", separator);
		separator = ", ";
	}
	if (!row->has_down)
		(void)snprintf(line->notes + strlen(line->notes), sizeof(line->notes) - strlen(line->notes),
		               "%sno way back", separator);
}

static void fill_line(const struct weir_migrate_row *row, struct line *line)
{
	(void)snprintf(line->name, sizeof(line->name), row->tag[0] != '\0' ? "%s [%s]" : "%s",
	               row->name, row->tag);
	(void)migrate_text_time(line->time, row->applied_at);
	line->took[0] = '\0';
	line->blocked[0] = '\0';
	if (row->duration_ns > 0)
		(void)migrate_text_ns(line->took, row->duration_ns);
	if (row->blocked_ns > 0)
		(void)migrate_text_ns(line->blocked, row->blocked_ns);
	(void)snprintf(line->statements, sizeof(line->statements), "%u", row->statements);
	fill_notes(row, line);
}

static int colour_of(const struct weir_migrate_row *row)
{
	if (row->state == WEIR_MIGRATION_APPLIED)
		return COLOUR_NONE;
	return row->state == WEIR_MIGRATION_PENDING ? COLOUR_YELLOW : COLOUR_RED;
}

/* A table of the rows; coloured by state where there is one. */
static void print_rows(const struct weir_migrate_report *report, const char *const *headings,
                       size_t columns, line_cells cells_of, bool coloured)
{
	const struct weir_migrate_row *rows;
	const size_t count = weir_migrate_rows(report, &rows);
	struct line *lines = calloc(count + 1, sizeof(*lines));
	const char **cells = calloc((count + 1) * columns, sizeof(*cells));
	int *colours = calloc(count + 1, sizeof(*colours));

	for (size_t i = 0; i < count && lines != NULL && cells != NULL && colours != NULL; i++) {
		fill_line(&rows[i], &lines[i]);
		cells_of(&rows[i], &lines[i], cells + i * columns);
		colours[i] = coloured ? colour_of(&rows[i]) : COLOUR_NONE;
	}
	if (lines == NULL || cells == NULL || colours == NULL)
		(void)fprintf(stderr, "weir: out of memory\n");
	else if (count > 0)
		migrate_print_table(headings, cells, count, columns, colours);
	free(lines);
	free(cells);
	free(colours);
}

/* What there is to know of the place; a failure says it itself. */
static void print_place(const struct migrate_call *call, enum weir_code code)
{
	if (call->absent && code == WEIR_OK)
		(void)printf("%s: nothing there yet; `weir migrate up` makes it\n", call->path);
}

/* ---- findings ---- */

/* SQL, each line set in. */
static void print_sql(const char *sql)
{
	while (*sql != '\0') {
		const size_t length = strcspn(sql, "\n");

		(void)printf("    %.*s\n", (int)length, sql);
		sql += length + (sql[length] == '\n');
	}
}

static void print_finding(const struct weir_migrate_finding *finding)
{
	static const struct {
		const char *word;
		int colour;
	} severities[] = {
		[WEIR_MIGRATE_NOTE] = {"note", COLOUR_NONE},
		[WEIR_MIGRATE_WARNING] = {"warning", COLOUR_YELLOW},
		[WEIR_MIGRATE_FAILURE] = {"failure", COLOUR_RED},
	};

	migrate_print_colour(severities[finding->severity].colour, severities[finding->severity].word);
	(void)printf(": %s%s%s: %s\n", finding->rule, finding->version[0] != '\0' ? " " : "",
	             finding->version, finding->text);
	print_sql(finding->sql);
}

static size_t print_all_findings(const struct migrate_call *call)
{
	const struct weir_migrate_finding *findings;
	size_t all = 0;

	for (size_t i = 0; i < call->reports_count; i++) {
		const size_t count = weir_migrate_findings(call->reports[i], &findings);

		for (size_t j = 0; j < count; j++)
			print_finding(&findings[j]);
		all += count;
	}
	return all;
}

void migrate_print_findings(const struct migrate_call *call, enum weir_code code)
{
	print_place(call, code);
	if (print_all_findings(call) == 0 && code == WEIR_OK)
		(void)printf("nothing found\n");
}

/* ---- status ---- */

static void status_cells(const struct weir_migrate_row *row, struct line *line, const char **cells)
{
	cells[0] = row->version;
	cells[1] = line->name;
	cells[2] = migrate_state_name(row->state);
	cells[3] = line->time;
	cells[4] = line->took;
	cells[5] = line->notes;
}

static void print_counts(const struct weir_migrate_report *report)
{
	const struct weir_migrate_row *rows;
	const size_t count = weir_migrate_rows(report, &rows);
	size_t counts[WEIR_MIGRATION_INTERRUPTED + 1] = {0};
	const char *separator = "";

	for (size_t i = 0; i < count; i++)
		counts[rows[i].state]++;
	for (int i = 0; i <= WEIR_MIGRATION_INTERRUPTED; i++) {
		/* Applied comes first in reading, pending in the enum. */
		const int state = i < 2 ? 1 - i : i;

		if (counts[state] == 0)
			continue;
		(void)printf("%s%zu %s", separator, counts[state],
		             migrate_state_name((enum weir_migration_state)state));
		separator = ", ";
	}
	(void)printf("%s\n", count == 0 ? "no migrations" : "");
}

void migrate_print_status(const struct migrate_call *call, enum weir_code code)
{
	static const char *const headings[] = {"VERSION", "NAME", "STATE", "APPLIED", "TOOK", "NOTES"};

	print_place(call, code);
	for (size_t i = 0; i < call->reports_count; i++) {
		print_rows(call->reports[i], headings, 6, status_cells, true);
		if (code == WEIR_OK)
			print_counts(call->reports[i]);
	}
	(void)print_all_findings(call);
}

/* ---- plan ---- */

static void name_cells(const struct weir_migrate_row *row, struct line *line, const char **cells)
{
	cells[0] = row->version;
	cells[1] = line->name;
}

static void way_cells(const struct weir_migrate_row *row, struct line *line, const char **cells)
{
	name_cells(row, line, cells);
	cells[2] = row->direction == WEIR_MIGRATE_UP ? "up" : "down";
}

static void plan_cells(const struct weir_migrate_row *row, struct line *line, const char **cells)
{
	way_cells(row, line, cells);
	cells[3] = line->notes;
}

void migrate_print_plan(const struct migrate_call *call, enum weir_code code)
{
	static const char *const headings[] = {"VERSION", "NAME", "DO", "NOTES"};
	const struct weir_migrate_row *rows;

	print_place(call, code);
	for (size_t i = 0; i < call->reports_count; i++) {
		print_rows(call->reports[i], headings, 4, plan_cells, false);
		if (weir_migrate_rows(call->reports[i], &rows) == 0 && code == WEIR_OK)
			(void)printf("nothing to do\n");
	}
	(void)print_all_findings(call);
}

/* ---- what was done ---- */

static void done_cells(const struct weir_migrate_row *row, struct line *line, const char **cells)
{
	way_cells(row, line, cells);
	cells[3] = line->statements;
	cells[4] = line->took;
	cells[5] = line->blocked;
}

static void print_figure(const struct migrate_call *call, const char *name, const char *before)
{
	char text[MIGRATE_FIGURE_MAX];
	int64_t sum = 0;

	for (size_t i = 0; i < call->reports_count; i++)
		sum += weir_migrate_figure(call->reports[i], name);
	if (sum > 0)
		(void)printf("; %s %s", before, migrate_text_ns(text, sum));
}

static void print_sentence(const struct migrate_call *call, size_t count)
{
	const struct weir_migrate_report *const last = call->reports[call->reports_count - 1];
	const char *const version = weir_migrate_version(last);
	const char *const verb = call->request->dry_run ? "would be done" : "done";

	if (count == 0)
		(void)printf("nothing to do");
	else
		(void)printf("%zu %s", count, verb);
	if (*version != '\0')
		(void)printf("; version %s", version);
	if (!call->request->dry_run)
		print_figure(call, "blocked_ns", "writers were kept out for");
	(void)printf("%s\n", call->request->dry_run ? "; nothing was changed" : "");
}

void migrate_print_done(const struct migrate_call *call, enum weir_code code)
{
	static const char *const headings[] = {"VERSION",    "NAME", "DO",
	                                       "STATEMENTS", "TOOK", "WRITERS OUT"};
	const struct weir_migrate_row *rows;
	const unsigned running = VERB_UP | VERB_DOWN | VERB_REDO;
	const bool runs = (call->request->verb->bit & running) != 0;
	size_t count = 0;

	print_place(call, code);
	for (size_t i = 0; i < call->reports_count; i++) {
		count += weir_migrate_rows(call->reports[i], &rows);
		if (runs && !call->request->dry_run)
			print_rows(call->reports[i], headings, 6, done_cells, false);
		else
			print_rows(call->reports[i], headings, runs ? 3 : 2, runs ? way_cells : name_cells,
			           false);
	}
	(void)print_all_findings(call);
	if (code == WEIR_OK && call->reports_count > 0)
		print_sentence(call, count);
}

void migrate_print_rehearsal(const struct migrate_call *call, enum weir_code code)
{
	static const char *const headings[] = {"VERSION",    "NAME", "DO",
	                                       "STATEMENTS", "TOOK", "WRITERS OUT"};

	print_place(call, code);
	for (size_t i = 0; i < call->reports_count; i++)
		print_rows(call->reports[i], headings, 6, done_cells, false);
	(void)print_all_findings(call);
	if (code != WEIR_OK || call->reports_count == 0)
		return;
	(void)printf("safe");
	print_figure(call, "blocked_ns", "up will keep writers out for about");
	print_figure(call, "copy_ns", "the copy took");
	(void)putchar('\n');
}

/* ---- documents and files ---- */

void migrate_print_text(const struct migrate_call *call, enum weir_code code)
{
	if (code != WEIR_OK)
		return;
	if (call->text != NULL && call->made[0] == '\0')
		(void)fputs(call->text, stdout);
	if (call->made[0] != '\0')
		migrate_print_made(call, code);
}

void migrate_print_made(const struct migrate_call *call, enum weir_code code)
{
	if (code != WEIR_OK)
		return;
	(void)printf("%s%s\n", call->made, call->request->dry_run ? " would be made" : "");
	if (call->request->dry_run && call->text != NULL)
		(void)fputs(call->text, stdout);
}
