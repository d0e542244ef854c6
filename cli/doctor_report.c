/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Findings, as text and as JSON.
 */
#include "doctor_report.h"

#include <stdarg.h>
#include <string.h>

static const char *const status_words[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARN] = "warn",
	[FINDING_FAIL] = "fail",
	[FINDING_UNKNOWN] = "unknown",
};

static const char *const status_marks[] = {
	[FINDING_OK] = "OK",
	[FINDING_WARN] = "WARN",
	[FINDING_FAIL] = "FAIL",
	[FINDING_UNKNOWN] = "?",
};

bool report_begin(struct report *report, const char *path)
{
	memset(report, 0, sizeof(*report));
	report->path = path;
	report->facts = json_object();
	return report->facts != NULL;
}

void report_end(struct report *report)
{
	json_decref(report->facts);
	report->facts = NULL;
}

/* File names and SQLite's messages may hold anything; a finding is one line. */
static void make_printable(char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

void report_add(struct report *report, enum finding_status status, const char *check,
                const char *advice, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	if (report->count == FINDINGS_MAX)
		return;
	finding = &report->findings[report->count++];
	finding->status = status;
	finding->check = check;
	finding->advice = advice;
	va_start(args, format);
	(void)vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
	make_printable(finding->text);
}

void report_fact(struct report *report, const char *check, const char *name, json_t *value)
{
	json_t *figures = json_object_get(report->facts, check);

	if (figures == NULL) {
		if (json_object_set_new(report->facts, check, json_object()) != 0)
			report->out_of_memory = true;
		figures = json_object_get(report->facts, check);
	}
	if (json_object_set_new(figures, name, value) != 0)
		report->out_of_memory = true;
}

static size_t count_of(const struct report *report, enum finding_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < report->count; i++)
		count += report->findings[i].status == status;
	return count;
}

static enum exit_code verdict(const struct report *report, bool strict)
{
	if (count_of(report, FINDING_FAIL) > 0)
		return EXIT_FAILED;
	if (count_of(report, FINDING_UNKNOWN) > 0)
		return EXIT_UNSURE;
	return strict && count_of(report, FINDING_WARN) > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* The worst that was found, as a word. */
static const char *worst(const struct report *report)
{
	static const enum finding_status order[] = {FINDING_FAIL, FINDING_UNKNOWN, FINDING_WARN};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (count_of(report, order[i]) > 0)
			return status_words[order[i]];
	}
	return status_words[FINDING_OK];
}

static void print_text(const struct report *report)
{
	(void)printf("%s\n\n", report->path);
	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		(void)printf("%-4s  %-11s  %s\n", status_marks[finding->status], finding->check,
		             finding->text);
		if (finding->advice != NULL)
			(void)printf("%-4s  %-11s  -> %s\n", "", "", finding->advice);
	}
	(void)printf("\n%zu ok, %zu warnings, %zu failures", count_of(report, FINDING_OK),
	             count_of(report, FINDING_WARN), count_of(report, FINDING_FAIL));
	if (count_of(report, FINDING_UNKNOWN) > 0)
		(void)printf(", %zu not known", count_of(report, FINDING_UNKNOWN));
	(void)putchar('\n');
}

static enum exit_code print_as_json(const struct report *report)
{
	json_t *root = json_pack("{s:i,s:o,s:s}", "schema", 1, "database", json_text(report->path),
	                         "status", worst(report));
	json_t *checks = json_array();
	int failed = report->out_of_memory ? 1 : 0;

	for (size_t i = 0; i < report->count; i++) {
		const struct finding *finding = &report->findings[i];

		failed |= json_array_append_new(
			checks, json_pack("{s:s,s:s,s:o,s:s?}", "check", finding->check, "status",
		                      status_words[finding->status], "text", json_text(finding->text),
		                      "advice", finding->advice));
	}
	failed |= json_object_set_new(root, "checks", checks);
	failed |= json_object_set(root, "facts", report->facts);
	if (failed != 0) {
		json_decref(root);
		return print_json(NULL);
	}
	return print_json(root);
}

enum exit_code report_print(struct report *report, bool json, bool strict)
{
	if (!json)
		print_text(report);
	else if (print_as_json(report) != EXIT_DONE)
		return EXIT_FAILED;
	return verdict(report, strict);
}
