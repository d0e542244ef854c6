/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Figures as documents: each row of the table is in both, names cannot break out of either,
 * and a writer that has had enough is left alone.
 */
#include "unit_pool.h"

#include <jansson.h>
#include <string.h>
#include <weir/db.h>
#include <weir/histogram.h>

struct sheet {
	char bytes[262144];
	size_t length;
	uint32_t calls;
	uint32_t calls_max; /* it gives up after so many; 0: never */
};

static bool put(void *arg, const char *bytes, size_t length)
{
	struct sheet *const sheet = arg;

	sheet->calls++;
	if (sheet->calls_max > 0 && sheet->calls >= sheet->calls_max)
		return false;
	if (sheet->length + length >= sizeof sheet->bytes)
		return false;
	memcpy(sheet->bytes + sheet->length, bytes, length);
	sheet->length += length;
	sheet->bytes[sheet->length] = '\0';
	return true;
}

static struct sheet sheet;

static const char *written(const struct weir_metrics_source *sources, size_t count,
                           enum weir_metrics_format format)
{
	const struct weir_writer writer = {.write = put, .arg = &sheet};

	memset(&sheet, 0, sizeof sheet);
	assert_code(weir_metrics_write(sources, count, format, &writer, NULL), WEIR_OK);
	return sheet.bytes;
}

static struct weir_pool *named_pool(const char *name)
{
	const struct weir_driver *const driver = weir_stub_prompt_driver();
	struct weir_config config;
	struct weir_pool *pool = NULL;

	weir_config_init(&config, driver);
	(void)snprintf(config.name, sizeof config.name, "%s", name);
	assert_code(weir_pool_create(&pool, driver, NULL, &config, NULL), WEIR_OK);
	return pool;
}

static struct weir_db *named_db(const char *name)
{
	const struct weir_driver *const driver = weir_stub_engine_driver();
	struct weir_config config;
	struct weir_db *db = NULL;

	weir_config_init(&config, driver);
	(void)snprintf(config.name, sizeof config.name, "%s", name);
	assert_code(weir_db_create(&db, driver, &config, NULL, NULL), WEIR_OK);
	return db;
}

static void end_db(struct weir_db *db)
{
	assert_code(weir_db_close_until(db, weir_deadline_in(UNIT_PATIENCE_NS), NULL), WEIR_OK);
	weir_db_destroy(db);
}

/* How often part stands in text. */
static uint32_t occurrences(const char *text, const char *part)
{
	uint32_t count = 0;

	for (text = strstr(text, part); text != NULL; text = strstr(text + 1, part))
		count++;
	return count;
}

/* Bounds of a histogram and +Inf, its sum and its count. */
static size_t histogram_lines(bool of_db)
{
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);
	size_t lines = 0;

	for (size_t i = 0; i < count; i++) {
		if (of_db || !rows[i].is_db)
			lines += strcmp(rows[i].unit, "s") == 0 ? 24 + 3 : 11 + 3;
	}
	return lines;
}

static void each_name_is_declared_once_before_its_rows(void **state)
{
	struct weir_pool *pool = named_pool("bare");
	struct weir_db *db = named_db("base");
	const struct weir_metrics_source sources[] = {{.pool = pool}, {.db = db}};
	const char *text = written(sources, 2, WEIR_METRICS_PROMETHEUS);
	size_t count;
	const struct weir_metric *rows = weir_metrics_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char name[WEIR_METRIC_NAME_MAX];
		char part[256];

		weir_metrics_prometheus_name(&rows[i], name);
		assert_true(strlen(name) + 1 < sizeof name);
		(void)snprintf(part, sizeof part, "# HELP %s %s\n# TYPE %s %s\n%s{", name, rows[i].doc,
		               name, rows[i].instrument == WEIR_COUNTER ? "counter" : "gauge", name);
		if (occurrences(text, part) != 1)
			fail_msg("not once: %s", part);
		(void)snprintf(part, sizeof part, "# TYPE %s ", name);
		assert_int_equal(occurrences(text, part), 1);
	}
	/* A pool has none of the rows from the gate on. */
	assert_int_equal(occurrences(text, "{db_client_connection_pool_name=\"base\""),
	                 count + histogram_lines(true));
	assert_int_equal(occurrences(text, "{db_client_connection_pool_name=\"bare\""),
	                 WEIR_METRIC_GATE_NORMAL + histogram_lines(false));
	assert_has(text, "\ndb_client_connections{db_client_connection_pool_name=\"bare\","
	                 "db_client_connection_state=\"used\"} 0\n");
	unit_pool_end(pool, NULL);
	end_db(db);
}

static void names_follow_the_rules_of_prometheus(void **state)
{
	static const struct {
		struct weir_metric row;
		const char *name;
	} cases[] = {
		{{.name = "a.b", .instrument = WEIR_GAUGE}, "a_b"},
		{{.name = "a.b", .instrument = WEIR_COUNTER}, "a_b_total"},
		{{.name = "a.b.count", .instrument = WEIR_GAUGE}, "a_bs"},
		{{.name = "a.b.count", .instrument = WEIR_COUNTER}, "a_bs_total"},
		{{.name = "a.account", .instrument = WEIR_GAUGE}, "a_account"},
		{{.name = ".count", .instrument = WEIR_GAUGE}, "_count"},
		{{.name = "x", .instrument = WEIR_GAUGE}, "x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char name[WEIR_METRIC_NAME_MAX];

		weir_metrics_prometheus_name(&cases[i].row, name);
		assert_string_equal(name, cases[i].name);
	}
}

static void expect_label(const char *pool_name, const char *label)
{
	struct weir_pool *pool = named_pool(pool_name);
	const struct weir_metrics_source source = {.pool = pool};
	const char *text = written(&source, 1, WEIR_METRICS_PROMETHEUS);
	char part[512];

	(void)snprintf(part, sizeof part, "weir_pool_resets_total{db_client_connection_pool_name=%s} 0",
	               label);
	assert_has(text, part);
	unit_pool_end(pool, NULL);
}

static void names_of_pools_cannot_break_out_of_a_label(void **state)
{
	char full[WEIR_NAME_MAX];
	char label[3 * WEIR_NAME_MAX + 2] = "\"";

	(void)state;
	expect_label("plain", "\"plain\"");
	expect_label("\"} 1\nevil 2\n", "\"\\\"} 1\\nevil 2\\n\"");
	expect_label("back\\slash\\", "\"back\\\\slash\\\\\"");
	expect_label("caf\xc3\xa9 \xf0\x9f\x98\x80!", "\"caf\xc3\xa9 \xf0\x9f\x98\x80!\"");
	expect_label("x\xff\xc3y\xc3", "\"x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\"");
	memset(full, 0xff, sizeof full - 1);
	full[sizeof full - 1] = '\0';
	for (size_t i = 0; i < sizeof full - 1; i++)
		memcpy(label + 1 + 3 * i, "\xef\xbf\xbd", 4);
	memcpy(label + 1 + 3 * (sizeof full - 1), "\"", 2);
	expect_label(full, label);
}

static json_t *parsed(const struct weir_metrics_source *sources, size_t count)
{
	json_error_t error;
	json_t *root = json_loads(written(sources, count, WEIR_METRICS_JSON), 0, &error);

	if (root == NULL)
		fail_msg("%s at line %d, column %d", error.text, error.line, error.column);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "pools")), count);
	return root;
}

/* The metrics of pools[at] are the first count of the table, with these values. */
static void expect_rows(const json_t *root, size_t at, size_t count, const struct weir_metrics *now)
{
	const json_t *pool = json_array_get(json_object_get(root, "pools"), at);
	const json_t *metrics = json_object_get(pool, "metrics");
	size_t all;
	const struct weir_metric *rows = weir_metrics_table(&all);

	assert_int_equal(json_array_size(metrics), count);
	for (size_t i = 0; i < count; i++) {
		const json_t *row = json_array_get(metrics, i);
		const json_t *attributes = json_object_get(row, "attributes");

		assert_string_equal(json_string_value(json_object_get(row, "name")), rows[i].name);
		assert_string_equal(json_string_value(json_object_get(row, "unit")), rows[i].unit);
		assert_string_equal(json_string_value(json_object_get(row, "type")),
		                    rows[i].instrument == WEIR_COUNTER ? "counter" : "gauge");
		assert_int_equal(json_integer_value(json_object_get(row, "value")), now->values[i]);
		if (rows[i].attribute[0] == '\0')
			assert_null(attributes);
		else
			assert_string_equal(json_string_value(json_object_get(attributes, rows[i].attribute)),
			                    rows[i].value);
	}
}

static void json_has_every_row_of_every_source(void **state)
{
	static const char evil[] = "\"]}\\\n\x01";
	struct weir_pool *pool = named_pool(evil);
	struct weir_db *db = named_db("base");
	const struct weir_metrics_source sources[] = {{.pool = pool}, {.db = db}};
	struct weir_lease lease = unit_acquire(pool);
	struct weir_metrics now[2];
	json_t *root;

	(void)state;
	for (int i = 0; i < 2; i++) {
		now[i].size = sizeof now[i];
		assert_code(weir_metrics_read(&sources[i], &now[i]), WEIR_OK);
	}
	assert_int_equal(now[0].values[WEIR_METRIC_USED], 1);
	root = parsed(sources, 2);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(json_object_get(root, "pools"), 0),
	                                      "db.client.connection.pool.name")),
		evil);
	expect_rows(root, 0, WEIR_METRIC_GATE_NORMAL, &now[0]);
	expect_rows(root, 1, WEIR_METRICS_COUNT, &now[1]);
	json_decref(root);
	json_decref(parsed(NULL, 0));
	unit_release(&lease);
	unit_pool_end(pool, NULL);
	end_db(db);
}

/* At whichever piece it gives up: IO, and not one call more. */
static void a_writer_that_gives_up_is_left_alone(void **state)
{
	struct weir_pool *pool = named_pool("p");
	const struct weir_metrics_source source = {.pool = pool};
	const struct weir_writer writer = {.write = put, .arg = &sheet};

	(void)state;
	for (int format = WEIR_METRICS_PROMETHEUS; format <= WEIR_METRICS_JSON; format++) {
		(void)written(&source, 1, (enum weir_metrics_format)format);
		const uint32_t pieces = sheet.calls;

		for (uint32_t at = 1; at <= pieces; at++) {
			struct weir_error err = WEIR_ERROR_INIT;

			memset(&sheet, 0, sizeof sheet);
			sheet.calls_max = at;
			assert_code(
				weir_metrics_write(&source, 1, (enum weir_metrics_format)format, &writer, &err),
				WEIR_ERR_IO);
			assert_int_equal(sheet.calls, at);
			assert_code(err.code, WEIR_ERR_IO);
		}
	}
	unit_pool_end(pool, NULL);
}

static void refuses_bad_arguments(void **state)
{
	struct weir_pool *pool = named_pool("p");
	const struct weir_metrics_source sources[] = {{.pool = pool}, {.pool = NULL}};
	const struct weir_writer writer = {.write = put, .arg = &sheet};
	const struct weir_writer nobody = {.write = NULL};
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	memset(&sheet, 0, sizeof sheet);
	assert_code(weir_metrics_write(NULL, 1, WEIR_METRICS_JSON, &writer, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(err.code, WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_metrics_write(sources, 1, WEIR_METRICS_JSON, NULL, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_metrics_write(sources, 1, WEIR_METRICS_JSON, &nobody, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_metrics_write(sources, 1, (enum weir_metrics_format)2, &writer, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	/* One that cannot be read: nothing of any is written. */
	assert_code(weir_metrics_write(sources, 2, WEIR_METRICS_JSON, &writer, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(sheet.calls, 0);
	unit_pool_end(pool, NULL);
}

static void expect_refusal(struct weir_pool *pool, struct weir_db *db, const char *name)
{
	const struct weir_metrics_source sources[] = {{.pool = pool}, {.db = db}};
	const struct weir_writer writer = {.write = put, .arg = &sheet};

	for (int format = WEIR_METRICS_PROMETHEUS; format <= WEIR_METRICS_JSON; format++) {
		struct weir_error err = WEIR_ERROR_INIT;

		memset(&sheet, 0, sizeof sheet);
		assert_code(weir_metrics_write(sources, 2, (enum weir_metrics_format)format, &writer, &err),
		            WEIR_ERR_BAD_ARGUMENT);
		assert_has(err.message, name);
		assert_int_equal(sheet.calls, 0);
	}
}

/* Prometheus would refuse the figures of all. */
static void two_of_one_name_are_refused(void **state)
{
	struct weir_pool *pool = named_pool("twin");
	struct weir_db *db = named_db("twin");

	(void)state;
	expect_refusal(pool, db, "twin");
	unit_pool_end(pool, NULL);
	end_db(db);
	/* They differ in bytes that cannot be written. */
	pool = named_pool("a\xff");
	db = named_db("a\xfe");
	expect_refusal(pool, db, "a\xef\xbf\xbd");
	unit_pool_end(pool, NULL);
	end_db(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_name_is_declared_once_before_its_rows),
		cmocka_unit_test(names_follow_the_rules_of_prometheus),
		cmocka_unit_test(names_of_pools_cannot_break_out_of_a_label),
		cmocka_unit_test(json_has_every_row_of_every_source),
		cmocka_unit_test(a_writer_that_gives_up_is_left_alone),
		cmocka_unit_test(refuses_bad_arguments),
		cmocka_unit_test(two_of_one_name_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
