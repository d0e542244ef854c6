/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run read back from its JSON. See json_in.h.
 */
#include "json_in.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "json_row.h"

#define SCHEMA_MAX 2

/* What a run needs to have been repeated to decide anything; schema 1 did not say
 * whether it was. */
#define FULL_REPS 5

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *const text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : otherwise;
}

static void copy_text(char *text, size_t text_size, const json_t *object, const char *key)
{
	bench_clean_text(text, text_size, text_or(object, key, "unknown"));
}

#define COPY(field, object, key) copy_text(field, sizeof(field), object, key)

static double number_or_nan(const json_t *value)
{
	return json_is_number(value) ? json_number_value(value) : NAN;
}

static void read_machine(struct bench_machine *machine, const json_t *root)
{
	const json_t *const object = json_object_get(root, "machine");

	COPY(machine->cpu, object, "cpu");
	COPY(machine->arch, object, "arch");
	COPY(machine->kernel, object, "kernel");
	COPY(machine->governor, object, "governor");
	COPY(machine->idle_driver, object, "idle_driver");
	machine->processors = (unsigned)json_integer_value(json_object_get(object, "processors"));
	machine->memory_gib = number_or_nan(json_object_get(object, "memory_gib"));
	machine->virtual_machine = json_is_true(json_object_get(object, "virtual_machine"));
	machine->load_before = number_or_nan(json_object_get(object, "load_before"));
	COPY(machine->compiler, root, "compiler");
	machine->build = text_or(root, "build", "optimised");
	COPY(machine->libc, json_object_get(root, "versions"), "libc");
	COPY(machine->commit, root, "commit");
	COPY(machine->date, root, "date");
	COPY(machine->time, root, "time");
}

static void read_storage(struct bench_storage *storage, const json_t *object)
{
	const json_t *const fsync = json_object_get(object, "fsync_ns");

	if (!json_is_object(object))
		return;
	COPY(storage->file_system, object, "file_system");
	storage->fsync_ns_p50 = number_or_nan(json_object_get(fsync, "p50"));
	storage->fsync_ns_p99 = number_or_nan(json_object_get(fsync, "p99"));
}

static void read_notes(struct bench_document *document, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_is_string(json_array_get(list, i)) && document->notes_count < BENCH_NOTES_MAX)
			document->notes[document->notes_count++] = json_string_value(json_array_get(list, i));
}

static void read_head(struct bench_document *document, const json_t *root)
{
	const json_t *const versions = json_object_get(root, "versions");
	const json_t *const indicative = json_object_get(root, "indicative");

	read_machine(&document->machine, root);
	read_storage(&document->storage, json_object_get(root, "storage"));
	document->versions = (struct bench_versions){
		.weir = text_or(versions, "weir", "unknown"),
		.sqlite = text_or(versions, "sqlite", "unknown"),
		.ck = text_or(versions, "ck", "unknown"),
		.jansson = text_or(versions, "jansson", "unknown"),
	};
	document->seed = (uint64_t)json_integer_value(json_object_get(root, "seed"));
	document->minutes = json_number_value(json_object_get(root, "minutes"));
	document->quick = json_is_true(json_object_get(root, "quick"));
	document->judged = json_is_true(json_object_get(root, "judged"));
	document->command = json_string_value(json_object_get(root, "command"));
	read_notes(document, json_object_get(root, "notes"));
	document->indicative = json_is_true(indicative);
	if (indicative == NULL)
		document->indicative = document->quick;
	for (unsigned i = 0; indicative == NULL && i < document->results->rows_count; i++)
		document->indicative = document->indicative || document->results->rows[i].reps < FULL_REPS;
}

static bool read_rows(struct bench_results *results, const json_t *list, char *problem,
                      size_t problem_size)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct bench_json_fault fault = {0};

		if (results->rows_count == BENCH_ROWS_MAX) {
			(void)snprintf(problem, problem_size, "\"results\" has more than %d entries",
			               BENCH_ROWS_MAX);
			return false;
		}
		if (!bench_json_read_row(&results->rows[results->rows_count++], json_array_get(list, i),
		                         &fault)) {
			(void)snprintf(problem, problem_size, "results[%zu]%s%s %s", i,
			               fault.where[0] != '\0' ? "." : "", fault.where, fault.what);
			return false;
		}
	}
	return true;
}

static bool read_root(struct bench_json_run *run, char *problem, size_t problem_size)
{
	const json_t *const schema = json_object_get(run->root, "schema");
	const json_t *const list = json_object_get(run->root, "results");

	if (!json_is_integer(schema) || !json_is_array(list)) {
		(void)snprintf(problem, problem_size,
		               "is no file of weir-bench run --json: it has no \"%s\"",
		               json_is_integer(schema) ? "results" : "schema");
		return false;
	}
	if (json_integer_value(schema) < 1 || json_integer_value(schema) > SCHEMA_MAX) {
		(void)snprintf(problem, problem_size,
		               "has schema %lld, and this weir-bench reads 1 to %d: a newer one wrote it",
		               (long long)json_integer_value(schema), SCHEMA_MAX);
		return false;
	}
	if (!read_rows(run->results, list, problem, problem_size))
		return false;
	if (run->results->rows_count == 0) {
		(void)snprintf(problem, problem_size, "has no results");
		return false;
	}
	run->document.results = run->results;
	read_head(&run->document, run->root);
	return true;
}

static json_t *load(const char *path, char *problem, size_t problem_size)
{
	FILE *const file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	json_error_t error;
	json_t *root;

	if (file == NULL) {
		(void)snprintf(problem, problem_size, "cannot be read: %s", strerror(errno));
		return NULL;
	}
	root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	if (file != stdin)
		(void)fclose(file);
	if (root == NULL)
		(void)snprintf(problem, problem_size, "is not JSON: line %d, column %d: %s", error.line,
		               error.column, error.text);
	return root;
}

bool bench_json_read(struct bench_json_run *run, const char *path, char *problem,
                     size_t problem_size)
{
	*run = (struct bench_json_run){
		.root = load(path, problem, problem_size),
		.results = calloc(1, sizeof(*run->results)),
	};
	if (run->results == NULL)
		(void)snprintf(problem, problem_size, "needs more memory than there is");
	if (run->root != NULL && run->results != NULL && read_root(run, problem, problem_size))
		return true;
	bench_json_free(run);
	return false;
}

void bench_json_free(struct bench_json_run *run)
{
	if (run->results != NULL)
		bench_results_clear(run->results);
	free(run->results);
	json_decref(run->root);
	*run = (struct bench_json_run){0};
}
