/* SPDX-License-Identifier: BSD-2-Clause
 *
 * gnuplot's SVG made fit for a page. See plot_svg.h.
 */
#include "plot_svg.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "plot_style.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is replaced: from alone, or from up to and including until. Inside a tag
 * only, or outside of tags only, so that no name in a text is taken for one. */
struct rule {
	const char *from;
	const char *until;
	const char *to; /* NULL: a name of this picture's own */
	bool in_tag;
};

static const struct rule rules[] = {
	{"<title>", "</title>", "", false},
	{"<desc>", "</desc>", "", false},
	{"<filter ", "</filter>", "", false},
	{"gpPt", NULL, NULL, true},
	{"gpDot", NULL, NULL, true},
	{" id=\"gnuplot", "\"", "", true},
	{" font-family=\"" BENCH_PLOT_FONT_BOLD "\"", NULL, " font-weight=\"600\"", true},
	{" font-family=\"" BENCH_PLOT_FONT "\"", NULL, "", true},
	{" stroke-linecap=\"butt\"", NULL, "", true},
	{" stroke-linejoin=\"miter\"", NULL, "", true},
	{" stroke-width=\"1.00\"", NULL, "", true},
	{" shape-rendering='crispEdges'", NULL, "", true},
};

static const struct rule *rule_at(const char *at, bool in_tag)
{
	for (size_t i = 0; i < COUNT(rules); i++)
		if (rules[i].in_tag == in_tag && strncmp(at, rules[i].from, strlen(rules[i].from)) == 0)
			return &rules[i];
	return NULL;
}

/* What follows a group without anything in it; NULL: there is none here. */
static const char *after_empty_group(const char *at)
{
	static const char end[] = "\n</g>\n";
	const char *close;

	if (strncmp(at, "<g ", 3) != 0)
		return NULL;
	close = strchr(at, '>');
	return close != NULL && strncmp(close + 1, end, sizeof(end) - 1) == 0 ? close + sizeof(end)
	                                                                      : NULL;
}

/* gnuplot writes one colour in several ways; a style sheet has to know one. Returns
 * what follows it, or NULL if there is none here. */
static const char *write_colour(FILE *out, const char *at)
{
	unsigned long parts[3];
	char *end;

	if (strncmp(at, "rgb(", 4) != 0)
		return NULL;
	at += 4;
	for (size_t i = 0; i < COUNT(parts); i++) {
		parts[i] = strtoul(at, &end, 10);
		if (end == at || *end != (i + 1 < COUNT(parts) ? ',' : ')'))
			return NULL;
		at = end + 1;
	}
	(void)fprintf(out, "#%02lx%02lx%02lx", parts[0] & 0xff, parts[1] & 0xff, parts[2] & 0xff);
	return at;
}

static void write_body(FILE *out, const char *at, const char *name)
{
	bool in_tag = false;

	while (*at != '\0') {
		const struct rule *const rule = rule_at(at, in_tag);
		const char *const next = in_tag ? write_colour(out, at) : after_empty_group(at);

		if (next != NULL) {
			at = next;
			continue;
		}
		if (rule != NULL) {
			const char *const end =
				rule->until != NULL ? strstr(at + strlen(rule->from), rule->until) : NULL;

			if (rule->to == NULL)
				(void)fprintf(out, "%s-%c", name, rule->from[2]);
			else
				(void)fputs(rule->to, out);
			at = end != NULL ? end + strlen(rule->until) : at + strlen(rule->from);
			continue;
		}
		/* gnuplot leaves it as it is, and "]]>" is not allowed in a text of XML. */
		if (*at == '>' && !in_tag) {
			(void)fputs("&gt;", out);
			at++;
			continue;
		}
		if (*at == '<')
			in_tag = true;
		else if (*at == '>')
			in_tag = false;
		(void)fputc(*at++, out);
	}
}

static void write_selectors(FILE *out, const struct bench_plot_tone *tone)
{
	static const char *const attributes[] = {"fill", "stroke", "color"};

	for (size_t i = 0; i < COUNT(attributes); i++)
		(void)fprintf(out, ".weir-plot [%s=\"#%06x\"]{%s:%s}\n", attributes[i], tone->rgb,
		              attributes[i], tone->dark);
}

static void write_style(FILE *out)
{
	size_t count;
	const struct bench_plot_tone *const tones = bench_plot_tones(&count);

	(void)fputs("<style>\n.weir-plot{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,"
	            "Helvetica,Arial,sans-serif}\n"
	            "@media (prefers-color-scheme:dark){\n",
	            out);
	for (size_t i = 0; i < count; i++)
		write_selectors(out, &tones[i]);
	(void)fputs("}\n</style>\n", out);
}

char *bench_plot_svg(const char *raw, const char *name, const char *alt, unsigned width,
                     unsigned height)
{
	const char *const svg = strstr(raw, "<svg");
	const char *const body = svg != NULL ? strchr(svg, '>') : NULL;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (body == NULL || strstr(body, "</svg>") == NULL)
		return NULL;
	out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	(void)fprintf(out,
	              "<svg class=\"weir-plot\" xmlns=\"http://www.w3.org/2000/svg\" "
	              "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 %u %u\" "
	              "width=\"%u\" height=\"%u\" role=\"img\" stroke-linecap=\"round\" "
	              "stroke-linejoin=\"round\" font-family=\"sans-serif\">\n<title>",
	              width, height, width, height);
	bench_escape_xml(out, alt);
	(void)fputs("</title>\n", out);
	write_style(out);
	write_body(out, body + 1, name);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
