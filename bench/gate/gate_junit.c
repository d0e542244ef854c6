/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A verdict in JUnit's XML, which CI servers show: a test case for each figure
 * that decides. "Cannot tell" is an error there, not a failure. See gate_report.h.
 */
#include "gate_report.h"

#include "gate_words.h"

/* The length of the UTF-8 character that begins here if XML allows it, or 0. Raw
 * control characters are not allowed even when escaped. */
static size_t allowed_length(const unsigned char *at)
{
	static const struct {
		unsigned char mask;
		unsigned char lead;
		size_t length;
		unsigned least;
	} forms[] = {{0x80, 0x00, 1, 0x20},
	             {0xE0, 0xC0, 2, 0x80},
	             {0xF0, 0xE0, 3, 0x800},
	             {0xF8, 0xF0, 4, 0x10000}};

	for (size_t form = 0; form < sizeof(forms) / sizeof(forms[0]); form++) {
		unsigned code = *at & (unsigned char)~forms[form].mask;

		if ((*at & forms[form].mask) != forms[form].lead)
			continue;
		for (size_t i = 1; i < forms[form].length; i++) {
			if ((at[i] & 0xC0) != 0x80)
				return 0;
			code = code << 6 | (at[i] & 0x3Fu);
		}
		if (code < forms[form].least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF) ||
		    code == 0xFFFE || code == 0xFFFF)
			return 0;
		return forms[form].length;
	}
	return 0;
}

static void write_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		const size_t length = allowed_length(at);

		if (length == 0)
			(void)fputc(*at == '\n' || *at == '\t' ? ' ' : '?', out);
		else if (*at == '&')
			(void)fputs("&amp;", out);
		else if (*at == '<')
			(void)fputs("&lt;", out);
		else if (*at == '>')
			(void)fputs("&gt;", out);
		else if (*at == '"')
			(void)fputs("&quot;", out);
		else
			(void)fwrite(at, 1, length, out);
		at += length > 0 ? length : 1;
	}
}

static void write_attribute(FILE *out, const char *name, const char *value)
{
	(void)fprintf(out, " %s=\"", name);
	write_text(out, value);
	(void)fputc('"', out);
}

static void write_case(FILE *out, const struct bench_gate_report *report,
                       const struct bench_judgement *judgement)
{
	const struct bench_figure *const figure = &judgement->figure;
	char name[2 * BENCH_SERIES_NAME_MAX + 2];
	char reason[BENCH_WORDS_MAX];
	const char *element = NULL;

	(void)snprintf(name, sizeof(name), "%s%s%s", figure->pool, figure->pool[0] != '\0' ? " " : "",
	               figure->metric);
	bench_words_reason(report, judgement, reason, sizeof(reason));
	if (judgement->verdict == BENCH_VERDICT_REGRESSION)
		element = "failure";
	else if (judgement->verdict == BENCH_VERDICT_UNSURE)
		element = "error";
	(void)fputs("    <testcase", out);
	write_attribute(out, "classname", figure->scenario[0] != '\0' ? figure->scenario : "gate");
	write_attribute(out, "name", name);
	(void)fputs(">\n      ", out);
	if (element != NULL) {
		(void)fprintf(out, "<%s", element);
		write_attribute(out, "type", bench_verdict_word(judgement->verdict));
		write_attribute(out, "message", reason);
		(void)fputs("/>\n", out);
	} else {
		(void)fputs("<system-out>", out);
		write_text(out, reason);
		(void)fputs("</system-out>\n", out);
	}
	(void)fputs("    </testcase>\n", out);
}

bool bench_gate_junit(FILE *out, const struct bench_gate_report *report)
{
	size_t count[BENCH_VERDICT_REGRESSION + 1] = {0};

	for (size_t i = 0; i < report->count; i++)
		count[report->judgements[i].verdict]++;
	(void)fprintf(out,
	              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	              "<testsuites>\n"
	              "  <testsuite name=\"weir-bench %s\" tests=\"%zu\" failures=\"%zu\" "
	              "errors=\"%zu\" time=\"%.1f\" timestamp=\"%sT%s\">\n",
	              report->paired ? "gate" : "compare", report->count - count[BENCH_VERDICT_INFO],
	              count[BENCH_VERDICT_REGRESSION], count[BENCH_VERDICT_UNSURE],
	              report->minutes * 60.0, report->machine.date, report->machine.time);
	for (size_t i = 0; i < report->count; i++)
		if (report->judgements[i].verdict != BENCH_VERDICT_INFO)
			write_case(out, report, &report->judgements[i]);
	(void)fputs("  </testsuite>\n</testsuites>\n", out);
	return fflush(out) == 0 && ferror(out) == 0;
}
