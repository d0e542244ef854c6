/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Everything that a run is written into. See outputs.h.
 */
#include "outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relative_path.h"
#include "report.h"
#include "report_peers.h"
#include "section.h"

static bool complain(const char *what, const char *path, const char *why)
{
	(void)fprintf(stderr, "weir-bench: cannot %s \"%.200s\": %s\n", what, path, why);
	return false;
}

bool bench_outputs_take_stdout(const struct bench_output_paths *paths)
{
	return paths->json != NULL && strcmp(paths->json, "-") == 0;
}

static bool open_one(struct bench_output_file *file, const char *path)
{
	return path == NULL || bench_output_open(file, path);
}

/* Whether two open files are one. A device takes what several write. */
static bool is_same(FILE *one, FILE *other)
{
	struct stat first;
	struct stat second;

	if (one == NULL || other == NULL || one == other)
		return one != NULL && one == other;
	return fstat(fileno(one), &first) == 0 && fstat(fileno(other), &second) == 0 &&
	       S_ISREG(first.st_mode) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Of two that are written to one path, one would be lost without a word. Asked of
 * files that are open, so that no other spelling of a path hides it. */
static bool are_apart(const struct bench_outputs *outputs)
{
	const struct {
		const char *option;
		const char *path;
		FILE *file;
	} files[] = {
		{"--json", outputs->paths.json,
	     bench_outputs_take_stdout(&outputs->paths) ? stdout : outputs->json.file},
		{"--report", outputs->paths.report, outputs->report.file},
		{"--html", outputs->paths.html, outputs->html.file},
		{"--peers", outputs->paths.peers, outputs->peers.file},
	};
	const size_t count = sizeof(files) / sizeof(files[0]);

	for (size_t i = 0; i < count; i++)
		for (size_t other = i + 1; other < count; other++)
			if (is_same(files[i].file, files[other].file)) {
				(void)fprintf(stderr,
				              "weir-bench: %s and %s both write \"%.200s\": give each a file of "
				              "its own\n",
				              files[i].option, files[other].option, files[other].path);
				return false;
			}
	return true;
}

bool bench_outputs_open(struct bench_outputs *outputs, const struct bench_output_paths *paths)
{
	*outputs = (struct bench_outputs){
		.paths = *paths,
		.made_plots = paths->plots != NULL && access(paths->plots, F_OK) != 0,
	};
	if (paths->plots != NULL &&
	    (!bench_make_dirs(paths->plots) || access(paths->plots, W_OK | X_OK) != 0))
		return complain("put pictures into", paths->plots, strerror(errno));
	return (bench_outputs_take_stdout(paths) || open_one(&outputs->json, paths->json)) &&
	       open_one(&outputs->report, paths->report) && open_one(&outputs->html, paths->html) &&
	       open_one(&outputs->peers, paths->peers) && are_apart(outputs);
}

/* A whole file; "" if it is not there, or is a FIFO or a device, which would not end;
 * NULL, with a message, if it cannot be read. */
static char *read_text(const char *path)
{
	struct stat there;
	char *text = NULL;
	size_t size = 0;
	ssize_t length = 0;
	FILE *file;

	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return strdup("");
	file = fopen(path, "re");
	if (file == NULL && errno == ENOENT)
		return strdup("");
	if (file != NULL) {
		length = getdelim(&text, &size, '\0', file);
		if (length < 0 && feof(file) && !ferror(file)) {
			free(text);
			text = strdup("");
			length = 0;
		}
		(void)fclose(file);
	}
	if (file != NULL && length >= 0 && text != NULL)
		return text;
	(void)complain("read", path, strerror(errno));
	free(text);
	return NULL;
}

/* ---- pictures ---- */

static bool write_picture(const char *directory, const struct bench_plot *plot)
{
	struct bench_output_file file;
	char path[BENCH_PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s.svg", directory, plot->name) >= (int)sizeof(path))
		return complain("write into", directory, strerror(ENAMETOOLONG));
	if (!bench_output_open(&file, path))
		return false;
	(void)fputs(plot->svg, file.file);
	return bench_output_commit(&file);
}

static bool write_pictures(const char *directory, const struct bench_plots *plots)
{
	if (plots->no_gnuplot)
		(void)fprintf(stderr, "no pictures: gnuplot is not installed (Debian: gnuplot-nox)\n");
	if (plots->failed)
		(void)fprintf(stderr, "weir-bench: gnuplot could not draw some of the pictures\n");
	for (unsigned i = 0; directory != NULL && i < plots->count; i++)
		if (!write_picture(directory, &plots->items[i]))
			return false;
	return true;
}

/* Where pictures are, seen from a file; NULL: nowhere. */
static const char *find_pictures(const struct bench_output_paths *paths, const char *from,
                                 char href[BENCH_PATH_MAX])
{
	if (paths->plots == NULL)
		return NULL;
	return bench_relative_path(href, BENCH_PATH_MAX, from, paths->plots) ? href : paths->plots;
}

/* ---- the peers' section ---- */

/* The report, with the peers' section that the one before it had. */
static bool write_report(struct bench_outputs *outputs, const struct bench_document *document,
                         const struct bench_plots *plots)
{
	FILE *const out = outputs->report.file;
	char href[BENCH_PATH_MAX];
	char *const before = read_text(outputs->paths.report);
	char *section;
	bool written;

	if (before == NULL)
		return false;
	section = bench_section_take(before, BENCH_PEERS_SECTION);
	written = bench_report_markdown(out, document, plots,
	                                find_pictures(&outputs->paths, outputs->paths.report, href));
	if (section != NULL)
		(void)fprintf(out, "\n%s\n", section);
	free(section);
	free(before);
	return written || complain("write", outputs->paths.report, "out of memory or of space");
}

static char *make_section(const struct bench_document *document, const struct bench_plots *plots,
                          const char *href)
{
	struct bench_writer writer;
	char *text = NULL;
	size_t size;
	FILE *const out = open_memstream(&text, &size);

	if (out == NULL)
		return NULL;
	bench_markdown_open(&writer, out, href);
	bench_report_peers(&writer, document, href != NULL ? plots : NULL);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool write_peers(struct bench_outputs *outputs, const struct bench_document *document,
                        const struct bench_plots *plots)
{
	const char *const path = outputs->paths.peers;
	char href[BENCH_PATH_MAX];
	char *const before = read_text(path);
	char *section;
	char *text;

	if (before == NULL)
		return false;
	section = make_section(document, plots, find_pictures(&outputs->paths, path, href));
	text = section != NULL ? bench_section_put(before, BENCH_PEERS_SECTION, section) : NULL;
	if (text != NULL)
		(void)fputs(text, outputs->peers.file);
	else
		(void)complain("write", path,
		               section != NULL ? "its section \"peers\" begins and does not end"
		                               : "out of memory");
	free(section);
	free(before);
	free(text);
	return text != NULL;
}

/* ---- all of it ---- */

static bool write_json(struct bench_outputs *outputs, const struct bench_document *document)
{
	if (bench_outputs_take_stdout(&outputs->paths)) {
		if (bench_json_write(stdout, document) && fflush(stdout) == 0)
			return true;
		return complain("write", "standard output", strerror(errno));
	}
	return outputs->json.file == NULL || bench_json_write(outputs->json.file, document) ||
	       complain("write", outputs->paths.json, "out of memory or of space");
}

static bool write_all(struct bench_outputs *outputs, const struct bench_document *document,
                      const struct bench_plots *plots)
{
	if (outputs->report.file != NULL && !write_report(outputs, document, plots))
		return false;
	if (outputs->html.file != NULL && !bench_report_html(outputs->html.file, document, plots))
		return complain("write", outputs->paths.html, "out of memory or of space");
	if (outputs->peers.file != NULL && !write_peers(outputs, document, plots))
		return false;
	return write_pictures(outputs->paths.plots, plots);
}

static bool commit_one(struct bench_output_file *file, const char *what)
{
	const bool there = file->file != NULL;

	if (!bench_output_commit(file))
		return false;
	if (there)
		(void)fprintf(stderr, "%s: %s\n", what, file->path);
	return true;
}

bool bench_outputs_write(struct bench_outputs *outputs, const struct bench_document *document)
{
	const bool pictures = outputs->html.file != NULL || outputs->paths.plots != NULL;
	struct bench_plots plots = {0};
	bool written = write_json(outputs, document);

	/* The figures took long, and are safe before anything is drawn from them. */
	written = written && commit_one(&outputs->json, "figures");
	if (written && pictures &&
	    !bench_plots_make(&plots, document->results,
	                      outputs->paths.peers != NULL ? BENCH_PEERS_SECTION "-" : ""))
		written = complain("draw", "pictures", "out of memory");
	written = written && write_all(outputs, document, &plots);
	bench_plots_free(&plots);
	return written && commit_one(&outputs->report, "report") &&
	       commit_one(&outputs->html, "page") && commit_one(&outputs->peers, "peers");
}

void bench_outputs_abandon(struct bench_outputs *outputs)
{
	/* Fails, as it should, once there are pictures. */
	if (outputs->made_plots)
		(void)rmdir(outputs->paths.plots);
	bench_output_abandon(&outputs->json);
	bench_output_abandon(&outputs->report);
	bench_output_abandon(&outputs->html);
	bench_output_abandon(&outputs->peers);
}
