/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Where gate and compare write their verdict. See gate_output.h.
 */
#include "gate_output.h"

#include "run_command.h"

static bool open_one(struct bench_output_file *file, const char *path)
{
	return path == NULL || bench_output_open(file, path);
}

bool bench_gate_output_open(struct bench_gate_output *output,
                            const struct bench_gate_options *options)
{
	return open_one(&output->json, options->json) &&
	       open_one(&output->markdown, options->markdown) &&
	       open_one(&output->junit, options->junit) && open_one(&output->record, options->record);
}

static bool write_one(struct bench_output_file *file, const struct bench_gate_report *report,
                      bool (*write_report)(FILE *, const struct bench_gate_report *))
{
	if (file->file == NULL)
		return true;
	if (!write_report(file->file, report)) {
		(void)fprintf(stderr, "weir-bench: cannot write \"%s\"\n", file->path);
		return false;
	}
	return bench_output_commit(file);
}

int bench_gate_output_write(struct bench_gate_output *output,
                            const struct bench_gate_report *report)
{
	const bool taken = output->json.file == stdout || output->markdown.file == stdout ||
	                   output->junit.file == stdout;
	bool written = bench_gate_table(taken ? stderr : stdout, report);

	written = write_one(&output->json, report, bench_gate_json) && written;
	written = write_one(&output->markdown, report, bench_gate_markdown) && written;
	written = write_one(&output->junit, report, bench_gate_junit) && written;
	/* A verdict that cannot be kept is no verdict. */
	if (!written)
		return BENCH_EXIT_USAGE;
	if (report->verdict == BENCH_VERDICT_REGRESSION)
		return BENCH_EXIT_FAILED;
	return report->verdict == BENCH_VERDICT_NONE ? BENCH_EXIT_DONE : BENCH_EXIT_UNSURE;
}

void bench_gate_output_abandon(struct bench_gate_output *output)
{
	bench_output_abandon(&output->json);
	bench_output_abandon(&output->markdown);
	bench_output_abandon(&output->junit);
	bench_output_abandon(&output->record);
}
