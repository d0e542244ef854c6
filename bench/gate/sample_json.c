/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading what a benchmark printed: text to elements. See sample_json.h.
 */
#include "sample_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "rank_test.h"
#include "sample_form.h"

#define SCHEMA_MAX 2
#define FILE_BYTES_MAX ((size_t)64 << 20)

static const struct {
	const char *key;
	bench_sample_element *read;
} forms[] = {
	{"results", bench_sample_weir},
	{"benchmarks", bench_sample_google},
	{"metrics", bench_sample_plain},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool bench_sample_fault(const struct bench_sample_reader *reader, const char *key,
                        const char *fault)
{
	(void)snprintf(reader->problem, BENCH_PROBLEM_MAX, "%s%s%s %s", reader->at,
	               key != NULL ? "." : "", key != NULL ? key : "", fault);
	return false;
}

bool bench_sample_text(const struct bench_sample_reader *reader, const json_t *element,
                       const char *key, const char *fallback, char text[BENCH_SERIES_NAME_MAX])
{
	const json_t *const value = json_object_get(element, key);
	const char *read = fallback;

	if (value != NULL) {
		if (!json_is_string(value))
			return bench_sample_fault(reader, key, "must be a string");
		read = json_string_value(value);
	}
	if (read == NULL)
		return bench_sample_fault(reader, key, "is missing");
	if (strlen(read) >= BENCH_SERIES_NAME_MAX)
		return bench_sample_fault(reader, key, "is longer than 127 bytes");
	bench_clean_text(text, BENCH_SERIES_NAME_MAX, read);
	return true;
}

bool bench_sample_number(const struct bench_sample_reader *reader, const json_t *value,
                         const char *key, double *number)
{
	if (!json_is_number(value) && !json_is_null(value))
		return bench_sample_fault(reader, key, "must be a number, or null if not measured");
	*number = json_is_null(value) ? NAN : json_number_value(value);
	return true;
}

bool bench_sample_add(const struct bench_sample_reader *reader, const struct bench_figure *figure,
                      const json_t *values, const char *key, bool merge)
{
	const size_t count = json_is_array(values) ? json_array_size(values) : 1;
	struct bench_series *series = bench_series_find(reader->set, figure);

	if (series != NULL && !merge)
		return bench_sample_fault(reader, NULL, "is a figure that is there already");
	if (count == 0)
		return bench_sample_fault(reader, key, "is empty");
	if (series == NULL)
		series = bench_series_add(reader->set, figure);
	if (series == NULL)
		return bench_sample_fault(reader, NULL, "is one figure too many (12288 at most)");
	for (size_t i = 0; i < count; i++) {
		double number;

		if (!bench_sample_number(reader, json_is_array(values) ? json_array_get(values, i) : values,
		                         key, &number))
			return false;
		if (series->count == BENCH_VALUES_MAX)
			return bench_sample_fault(reader, key, "has more than 400 values");
		if (!bench_series_append(series, number))
			return bench_sample_fault(reader, NULL, "does not fit into memory");
	}
	return true;
}

static bool read_list(struct bench_sample_reader *reader, const char *key, const json_t *list,
                      bench_sample_element *read)
{
	(void)snprintf(reader->at, sizeof(reader->at), "\"%s\"", key);
	if (!json_is_array(list))
		return bench_sample_fault(reader, NULL, "must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		(void)snprintf(reader->at, sizeof(reader->at), "%s[%zu]", key, i);
		if (!json_is_object(json_array_get(list, i)))
			return bench_sample_fault(reader, NULL, "must be an object");
		if (!read(reader, json_array_get(list, i)))
			return false;
	}
	(void)snprintf(reader->at, sizeof(reader->at), "\"%s\"", key);
	return reader->set->count > 0 || bench_sample_fault(reader, NULL, "holds no figures");
}

static bool read_root(struct bench_sample_reader *reader, const json_t *root)
{
	(void)snprintf(reader->at, sizeof(reader->at), "the JSON");
	if (!json_is_object(root))
		return bench_sample_fault(reader, NULL, "must be an object");
	for (size_t i = 0; i < COUNT(forms); i++) {
		const json_t *const list = json_object_get(root, forms[i].key);
		const json_t *const schema = json_object_get(root, "schema");

		if (list == NULL)
			continue;
		if (schema != NULL &&
		    (json_integer_value(schema) < 1 || json_integer_value(schema) > SCHEMA_MAX))
			return bench_sample_fault(reader, NULL,
			                          "has a \"schema\" that this weir-bench does not know");
		return read_list(reader, forms[i].key, list, forms[i].read);
	}
	return bench_sample_fault(
		reader, NULL,
		"has neither \"results\" (weir-bench), \"benchmarks\" (google-benchmark) nor \"metrics\"");
}

bool bench_sample_parse(struct bench_series_set *set, const char *text, size_t length,
                        char problem[BENCH_PROBLEM_MAX])
{
	struct bench_sample_reader reader = {.set = set, .problem = problem};
	json_error_t error;
	json_t *root;
	bool read;

	*set = (struct bench_series_set){0};
	if (length == 0) {
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "there is nothing to read");
		return false;
	}
	root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		char text_of[sizeof(error.text)];

		/* It quotes what it could not read. */
		bench_clean_text(text_of, sizeof(text_of), error.text);
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "not JSON: line %d, column %d: %s", error.line,
		               error.column, text_of);
		return false;
	}
	read = read_root(&reader, root);
	json_decref(root);
	if (!read)
		bench_series_set_free(set);
	return read;
}

bool bench_sample_read(struct bench_series_set *set, const char *path,
                       char problem[BENCH_PROBLEM_MAX])
{
	FILE *const file = fopen(path, "re");
	char *text = NULL;
	size_t length = 0;
	bool read = false;

	*set = (struct bench_series_set){0};
	if (file == NULL) {
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "%s", strerror(errno));
		return false;
	}
	text = malloc(FILE_BYTES_MAX);
	errno = 0;
	if (text != NULL)
		length = fread(text, 1, FILE_BYTES_MAX, file);
	if (text == NULL || ferror(file) != 0)
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "cannot be read: %s", strerror(errno));
	else if (length == FILE_BYTES_MAX)
		(void)snprintf(problem, BENCH_PROBLEM_MAX, "is larger than 64 MiB");
	else
		read = bench_sample_parse(set, text, length, problem);
	free(text);
	(void)fclose(file);
	return read;
}
