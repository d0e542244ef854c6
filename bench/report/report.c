/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run as a report for people. See report.h.
 */
#include "report.h"

#include <stdarg.h>
#include <string.h>

#include "format.h"
#include "report_notes.h"
#include "report_peers.h"
#include "report_summary.h"
#include "report_tables.h"

static void write_intro(struct bench_writer *writer, const struct bench_document *document)
{
	const struct bench_machine *const machine = &document->machine;

	/* Peers may have run in processes of their own. */
	bench_write_paragraph(
		writer,
		"weir beside the pools people write by hand%s, variant by variant in turn. "
		"%s run of %s, %s UTC, %.1f minutes, seed %llu.",
		bench_has_peers(document->results) ? " and other projects' pools, on one machine"
										   : ", on one machine, in one process",
		document->indicative ? "A short, indicative" : "A", machine->date, machine->time,
		document->minutes, (unsigned long long)document->seed);
	if (strcmp(machine->build, "optimised") == 0)
		return;
	writer->form->begin(writer, BENCH_PARAGRAPH);
	bench_write_text(writer, BENCH_STRONG, "This build is %s: the figures say nothing about speed.",
	                 strcmp(machine->build, "sanitizer") == 0 ? "instrumented by a sanitizer"
	                                                          : machine->build);
	writer->form->end(writer, BENCH_PARAGRAPH);
}

__attribute__((format(printf, 3, 4))) static void write_fact(struct bench_writer *writer,
                                                             const char *what, const char *format,
                                                             ...);

static void write_fact(struct bench_writer *writer, const char *what, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	writer->form->begin(writer, BENCH_ROW);
	bench_write_cell(writer, "%s", what);
	bench_write_cell(writer, "%s", text);
	writer->form->end(writer, BENCH_ROW);
}

void bench_report_machine(struct bench_writer *writer, const struct bench_document *document)
{
	static const struct bench_table_column heads[] = {{"what", false}, {"", false}};
	const struct bench_machine *const machine = &document->machine;
	const struct bench_versions *const versions = &document->versions;
	char fsync_text[BENCH_CELL_MAX];

	writer->form->table_begin(writer, heads, 2);
	write_fact(writer, "processor", "%s, %u for this process%s", machine->cpu, machine->processors,
	           machine->virtual_machine ? ", virtual machine" : "");
	write_fact(writer, "memory", "%.1f GiB", machine->memory_gib);
	write_fact(writer, "kernel", "%s, %s", machine->kernel, machine->arch);
	write_fact(writer, "frequency governor, idle driver", "%s, %s", machine->governor,
	           machine->idle_driver);
	write_fact(writer, "load before the run", "%.2f", machine->load_before);
	if (document->storage.file_system[0] != '\0') {
		bench_format_ns(fsync_text, sizeof(fsync_text), document->storage.fsync_ns_p50);
		write_fact(writer, "storage of SQL scenarios", "%s, fdatasync of 4 KiB %s (median)",
		           document->storage.file_system, fsync_text);
	}
	write_fact(writer, "compiler", "%s, glibc %s", machine->compiler, machine->libc);
	write_fact(writer, "versions", "weir %s, SQLite %s, Concurrency Kit %s", versions->weir,
	           versions->sqlite, versions->ck);
	write_fact(writer, "commit", "%s", machine->commit);
	writer->form->table_end(writer);
}

static void write_thread_plots(struct bench_writer *writer, const struct bench_plots *plots)
{
	bool begun = false;

	for (unsigned i = 0; plots != NULL && i < plots->count; i++) {
		if (plots->items[i].kind != BENCH_PLOT_THREADS)
			continue;
		if (!begun)
			writer->form->heading(writer, 2, "Throughput against threads");
		begun = true;
		writer->form->picture(writer, &plots->items[i]);
	}
}

static void write_scenarios(struct bench_writer *writer, const struct bench_document *document,
                            const struct bench_plots *plots)
{
	writer->form->heading(writer, 2, "Scenarios");
	writer->form->begin(writer, BENCH_PARAGRAPH);
	bench_write_text(
		writer, BENCH_PLAIN,
		"Medians over the repetitions; timeouts and busy errors are sums. The p99.99 "
		"is of the waits of all repetitions together, and is there from 100,000 waits on, "
		"of which %d are longer. ",
		BENCH_WAITS_BEYOND);
	bench_write_text(writer, BENCH_CODE, "none");
	bench_write_text(writer, BENCH_PLAIN,
	                 " is the load without any pool: the limit, not a baseline. "
	                 "docs/reference/benchmarks.md says what every column means.");
	writer->form->end(writer, BENCH_PARAGRAPH);
	if (plots != NULL && plots->no_gnuplot)
		bench_write_paragraph(writer, "There are no pictures: gnuplot was not found when this "
		                              "report was made.");
	else if (plots != NULL && plots->failed)
		bench_write_paragraph(writer, "Some pictures are missing: gnuplot could not draw them.");
	bench_report_tables(writer, document->results, plots);
}

void bench_report_write(struct bench_writer *writer, const struct bench_document *document,
                        const struct bench_plots *plots)
{
	write_intro(writer, document);
	bench_report_summary(writer, document);
	bench_report_targets(writer, document);
	write_thread_plots(writer, plots);
	write_scenarios(writer, document, plots);
	bench_report_notes(writer, document);
	writer->form->heading(writer, 2, "Machine");
	bench_report_machine(writer, document);
	if (document->command == NULL)
		return;
	writer->form->heading(writer, 2, "How to reproduce");
	writer->form->code(writer, document->command);
	bench_write_paragraph(writer, "It installs what is missing, builds, and runs. Absolute figures "
	                              "are this machine's; the ratios travel.");
}

bool bench_report_markdown(FILE *out, const struct bench_document *document,
                           const struct bench_plots *plots, const char *plots_href)
{
	struct bench_writer writer;

	bench_markdown_open(&writer, out, plots_href);
	writer.form->heading(&writer, 1, BENCH_REPORT_TITLE);
	bench_report_write(&writer, document, plots_href != NULL ? plots : NULL);
	return ferror(out) == 0;
}

bool bench_report_html(FILE *out, const struct bench_document *document,
                       const struct bench_plots *plots)
{
	struct bench_writer writer;

	if (bench_html_open(&writer, out))
		bench_report_write(&writer, document, plots);
	return bench_html_close(&writer, "weir: " BENCH_REPORT_TITLE);
}
