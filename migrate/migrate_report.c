/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See migrate_report.h.
 */
#include "migrate_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct weir_migrate_report *weir__report_new(void)
{
	return calloc(1, sizeof(struct weir_migrate_report));
}

struct weir_migrate_row *weir__report_row(struct weir_migrate_report *report)
{
	void *rows = report->rows;
	struct weir_migrate_row *row;

	if (!weir__grow(&rows, sizeof *report->rows, report->rows_count, &report->rows_room))
		return NULL;
	report->rows = rows;
	row = &report->rows[report->rows_count++];
	memset(row, 0, sizeof *row);
	return row;
}

__attribute__((format(printf, 1, 0))) static char *print(const char *format, va_list arguments)
{
	va_list again;
	char *text = NULL;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length >= 0)
		text = malloc((size_t)length + 1);
	if (text != NULL)
		(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	return text;
}

static void free_finding(const struct weir_migrate_finding *finding)
{
	free((void *)(uintptr_t)finding->version);
	free((void *)(uintptr_t)finding->text);
	free((void *)(uintptr_t)finding->sql);
}

bool weir__report_find(struct weir_migrate_report *report, enum weir_migrate_severity severity,
                       const char *rule, const char *version, const char *sql, const char *format,
                       ...)
{
	void *findings = report->findings;
	struct weir_migrate_finding finding = {severity, rule, NULL, NULL, NULL};
	va_list arguments;

	if (!weir__grow(&findings, sizeof *report->findings, report->findings_count,
	                &report->findings_room))
		return false;
	report->findings = findings;
	va_start(arguments, format);
	finding.text = print(format, arguments);
	va_end(arguments);
	finding.version = strdup(version == NULL ? "" : version);
	finding.sql = strdup(sql == NULL ? "" : sql);
	if (finding.text == NULL || finding.version == NULL || finding.sql == NULL) {
		free_finding(&finding);
		return false;
	}
	report->findings[report->findings_count++] = finding;
	return true;
}

/* The figure of that name, made if it is not there; NULL: there is no room. */
static int64_t *figure(struct weir_migrate_report *report, const char *name)
{
	for (size_t i = 0; i < report->figures_count; i++) {
		if (strcmp(report->figures[i].name, name) == 0)
			return &report->figures[i].value;
	}
	if (report->figures_count == WEIR__FIGURES_MAX)
		return NULL;
	report->figures[report->figures_count].name = name;
	return &report->figures[report->figures_count++].value;
}

void weir__report_figure(struct weir_migrate_report *report, const char *name, int64_t value)
{
	int64_t *const place = figure(report, name);

	if (place != NULL)
		*place = value;
}

void weir__report_add_figure(struct weir_migrate_report *report, const char *name, int64_t value)
{
	int64_t *const place = figure(report, name);

	if (place != NULL)
		*place += value;
}

bool weir__report_failed(const struct weir_migrate_report *report)
{
	for (size_t i = 0; i < report->findings_count; i++) {
		if (report->findings[i].severity == WEIR_MIGRATE_FAILURE)
			return true;
	}
	return false;
}

void weir__report_hand(struct weir_migrate_report *report, struct weir_migrate_report **out)
{
	if (out != NULL)
		*out = report;
	else
		weir_migrate_report_free(report);
}

size_t weir_migrate_rows(const struct weir_migrate_report *report,
                         const struct weir_migrate_row **rows)
{
	*rows = report == NULL ? NULL : report->rows;
	return report == NULL ? 0 : report->rows_count;
}

size_t weir_migrate_findings(const struct weir_migrate_report *report,
                             const struct weir_migrate_finding **findings)
{
	*findings = report == NULL ? NULL : report->findings;
	return report == NULL ? 0 : report->findings_count;
}

int64_t weir_migrate_figure(const struct weir_migrate_report *report, const char *name)
{
	for (size_t i = 0; report != NULL && i < report->figures_count; i++) {
		if (strcmp(report->figures[i].name, name) == 0)
			return report->figures[i].value;
	}
	return 0;
}

const char *weir_migrate_version(const struct weir_migrate_report *report)
{
	return report == NULL ? "" : report->version;
}

const char *weir_migrate_fingerprint(const struct weir_migrate_report *report)
{
	return report == NULL ? "" : report->fingerprint;
}

void weir_migrate_report_free(struct weir_migrate_report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->findings_count; i++)
		free_finding(&report->findings[i]);
	free(report->findings);
	free(report->rows);
	free(report);
}
