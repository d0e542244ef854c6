/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms as documents: each bound of Prometheus' has what is below it, by no more than
 * the documented error; sums and quantiles are in the unit; and what a source does not keep
 * is not there.
 */
#include "unit_pool.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <weir/db.h>
#include <weir/histogram.h>

#include "testing.h"

#define LABEL "{db_client_connection_pool_name=\"base\""
#define BOUNDS_MAX 64

/* Of value, on either side. */
#define ERROR_MAX 0.008

struct sheet {
	char bytes[262144];
	size_t length;
};

static struct sheet sheet;

static bool put(void *arg, const char *bytes, size_t length)
{
	struct sheet *const to = arg;

	if (to->length + length >= sizeof to->bytes)
		return false;
	memcpy(to->bytes + to->length, bytes, length);
	to->length += length;
	to->bytes[to->length] = '\0';
	return true;
}

static const char *written(struct weir_db *db, struct weir_pool *pool,
                           enum weir_metrics_format format)
{
	const struct weir_metrics_source source = {.db = db, .pool = pool};
	const struct weir_writer writer = {.write = put, .arg = &sheet};

	sheet.length = 0;
	assert_code(weir_metrics_write(&source, 1, format, &writer, NULL), WEIR_OK);
	return sheet.bytes;
}

static struct weir_db *make_db(const char *pairs)
{
	const struct weir_driver *const driver = weir_stub_engine_driver();
	struct weir_config config;
	struct weir_db *db = NULL;

	weir_config_init(&config, driver);
	(void)snprintf(config.name, sizeof config.name, "base");
	assert_code(weir_config_apply_pairs(&config, driver, pairs, NULL, NULL), WEIR_OK);
	assert_code(weir_db_create(&db, driver, &config, NULL, NULL), WEIR_OK);
	return db;
}

static void end_db(struct weir_db *db)
{
	assert_code(weir_db_close_until(db, weir_deadline_in(UNIT_PATIENCE_NS), NULL), WEIR_OK);
	weir_db_destroy(db);
}

/* ---- Prometheus ---- */

/* What stands behind a name with its labels, up to the end of the line. */
static const char *figure(const char *text, const char *name, const char *labels)
{
	static char value[64];
	char part[256];
	const char *at;

	(void)snprintf(part, sizeof part, "\n%s%s} ", name, labels);
	at = strstr(text, part);
	if (at == NULL)
		fail_msg("there is no %s", part);
	at += strlen(part);
	(void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\n"), at);
	return value;
}

struct bound {
	double le;
	uint64_t below;
};

/* The buckets of a histogram, +Inf last; returns how many. */
static size_t read_bounds(const char *text, const char *name, struct bound *bounds)
{
	char part[256];
	size_t count = 0;

	(void)snprintf(part, sizeof part, "\n%s_bucket" LABEL ",le=\"", name);
	for (const char *at = strstr(text, part); at != NULL; at = strstr(at, part)) {
		char *end;

		at += strlen(part);
		assert_in_range(count, 0, BOUNDS_MAX - 1);
		bounds[count].le = strtod(at, &end);
		assert_int_equal(strncmp(end, "\"} ", 3), 0);
		bounds[count++].below = strtoull(end + 3, NULL, 10);
	}
	assert_true(count > 1);
	assert_true(isinf(bounds[count - 1].le));
	return count;
}

/* Everywhere between 1 ns and 100 s, a few in every bucket. */
#define VALUES 20000

static int64_t value_of(uint32_t i)
{
	return (int64_t)exp((double)i / VALUES * log(1e11));
}

static uint64_t below(double bound_ns)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < VALUES; i++)
		count += (double)value_of(i) <= bound_ns;
	return count;
}

static void bounds_have_what_is_below_them(void **state)
{
	struct weir_db *db = make_db("metrics=true");
	struct bound bounds[BOUNDS_MAX];
	uint64_t sum = 0;
	char wanted[64];

	(void)state;
	for (uint32_t i = 0; i < VALUES; i++) {
		weir__db_note(db, WEIR_HISTOGRAM_COMMIT, value_of(i));
		sum += (uint64_t)value_of(i);
	}
	const char *const text = written(db, NULL, WEIR_METRICS_PROMETHEUS);
	const size_t count = read_bounds(text, "weir_transaction_commit_time_seconds", bounds);

	assert_int_equal(bounds[count - 1].below, VALUES);
	for (size_t i = 0; i + 1 < count; i++) {
		const double bound_ns = bounds[i].le * 1e9;

		assert_true(i == 0 || bounds[i].le > bounds[i - 1].le);
		assert_true(bounds[i].below >= below(bound_ns * (1 - ERROR_MAX)));
		assert_true(bounds[i].below <= below(bound_ns * (1 + ERROR_MAX)));
	}
	assert_string_equal(figure(text, "weir_transaction_commit_time_seconds_count", LABEL), "20000");
	(void)snprintf(wanted, sizeof wanted, "%llu.%09llu", (unsigned long long)(sum / 1000000000),
	               (unsigned long long)(sum % 1000000000));
	assert_string_equal(figure(text, "weir_transaction_commit_time_seconds_sum", LABEL), wanted);
	end_db(db);
}

/* 1, 2.5 and 5 of each decade, from a microsecond on: as text and as what is counted. */
static void bounds_of_times_are_round(void **state)
{
	static const double steps[] = {1, 2.5, 5};
	struct weir_db *db = make_db("metrics=true");
	struct bound bounds[BOUNDS_MAX];
	double decade_ns = 1000;
	size_t count;

	(void)state;
	count = read_bounds(written(db, NULL, WEIR_METRICS_PROMETHEUS),
	                    "db_client_connection_wait_time_seconds", bounds);
	assert_int_equal(count, 25);
	for (size_t i = 0; i + 1 < count; i++) {
		const double bound_ns = decade_ns * steps[i % 3];

		assert_true(fabs(bounds[i].le * 1e9 / bound_ns - 1) < 1e-9);
		if (i % 3 == 2)
			decade_ns *= 10;
		/* Well within it, and well beyond. */
		weir__db_note(db, WEIR_HISTOGRAM_SYNC, (int64_t)(bound_ns * 0.95));
	}
	weir__db_note(db, WEIR_HISTOGRAM_SYNC, INT64_MAX);
	weir__db_note(db, WEIR_HISTOGRAM_GATE_WAIT, 1500);
	count = read_bounds(written(db, NULL, WEIR_METRICS_PROMETHEUS), "weir_file_sync_time_seconds",
	                    bounds);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(bounds[i].below, i + 1);
	assert_string_equal(figure(sheet.bytes, "weir_gate_wait_time_seconds_sum", LABEL),
	                    "0.000001500");
	end_db(db);
}

static void sizes_of_groups_are_counted_exactly(void **state)
{
	struct weir_db *db = make_db("metrics=true");
	struct bound bounds[BOUNDS_MAX];
	size_t count;

	(void)state;
	for (int64_t size = 1; size <= 100; size++)
		weir__db_note(db, WEIR_HISTOGRAM_GROUP_SIZE, size);
	const char *const text = written(db, NULL, WEIR_METRICS_PROMETHEUS);

	count = read_bounds(text, "weir_gate_group_size", bounds);
	assert_int_equal(count, 12);
	for (size_t i = 0; i + 1 < count; i++) {
		const uint64_t bound = UINT64_C(1) << i;

		assert_true(bounds[i].le == (double)bound);
		assert_int_equal(bounds[i].below, bound < 100 ? bound : 100);
	}
	assert_string_equal(figure(text, "weir_gate_group_size_sum", LABEL), "5050");
	end_db(db);
}

/* An empty one is there, so that a rate begins at 0. */
static void names_and_declarations_follow_the_table(void **state)
{
	struct weir_db *db = make_db("metrics=true");
	const char *const text = written(db, NULL, WEIR_METRICS_PROMETHEUS);
	size_t count;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char name[WEIR_METRIC_NAME_MAX];
		char suffixed[WEIR_METRIC_NAME_MAX + 8];
		char part[512];
		const bool is_time = strcmp(rows[i].unit, "s") == 0;

		weir_histogram_prometheus_name(&rows[i], name);
		assert_true(strlen(name) + 1 < sizeof name);
		assert_null(strchr(name, '.'));
		assert_int_equal(strstr(name, "_seconds") != NULL, is_time);
		(void)snprintf(part, sizeof part, "# HELP %s %s\n# TYPE %s histogram\n%s_bucket" LABEL,
		               name, rows[i].doc, name, name);
		assert_has(text, part);
		(void)snprintf(suffixed, sizeof suffixed, "%s_count", name);
		assert_string_equal(figure(text, suffixed, LABEL), "0");
	}
	assert_has(text, "# TYPE db_client_connection_use_time_seconds histogram\n");
	end_db(db);
}

static void what_is_not_kept_is_not_there(void **state)
{
	struct weir_db *db = make_db("metrics=false");
	struct weir_pool *pool = unit_pool_prompt(NULL, NULL);
	const char *text = written(db, NULL, WEIR_METRICS_PROMETHEUS);

	(void)state;
	assert_null(strstr(text, " histogram\n"));
	text = written(db, NULL, WEIR_METRICS_JSON);
	assert_has(text, ",\"histograms\":[]}");
	/* A bare pool has no gate. */
	text = written(NULL, pool, WEIR_METRICS_PROMETHEUS);
	assert_has(text, "# TYPE db_client_connection_wait_time_seconds histogram\n");
	assert_has(text, "# TYPE db_client_connection_create_time_seconds histogram\n");
	assert_null(strstr(text, "weir_gate_wait_time"));
	assert_null(strstr(text, "weir_gate_group_size"));
	unit_pool_end(pool, NULL);
	end_db(db);
}

/* ---- JSON ---- */

static const json_t *find(const json_t *root, const char *name)
{
	const json_t *const pool = json_array_get(json_object_get(root, "pools"), 0);
	const json_t *const histograms = json_object_get(pool, "histograms");
	size_t index;
	json_t *each;

	json_array_foreach(histograms, index, each)
	{
		if (strcmp(json_string_value(json_object_get(each, "name")), name) == 0)
			return each;
	}
	fail_msg("there is no %s", name);
	return NULL;
}

static void expect_number(const json_t *histogram, const char *name, double wanted, double error)
{
	const double number = json_number_value(json_object_get(histogram, name));

	if (!(fabs(number - wanted) <= error * wanted))
		fail_msg("%s is %g, not %g", name, number, wanted);
}

static void json_is_in_the_unit(void **state)
{
	struct weir_db *db = make_db("metrics=true");
	const json_t *histogram;
	json_t *root;

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		weir__db_note(db, WEIR_HISTOGRAM_CHECKPOINT, WEIR_MILLISECONDS(i));
		weir__db_note(db, WEIR_HISTOGRAM_GROUP_SIZE, i <= 995 ? 3 : 7);
	}
	root = json_loads(written(db, NULL, WEIR_METRICS_JSON), 0, NULL);
	assert_non_null(root);
	histogram = find(root, "weir.checkpoint.time");
	assert_string_equal(json_string_value(json_object_get(histogram, "unit")), "s");
	expect_number(histogram, "count", 1000, 0);
	expect_number(histogram, "sum", 500.5, 1e-9);
	expect_number(histogram, "max", 1, 0);
	expect_number(histogram, "p50", 0.5, ERROR_MAX);
	expect_number(histogram, "p99", 0.99, ERROR_MAX);
	expect_number(histogram, "p99.9", 0.999, ERROR_MAX);
	histogram = find(root, "weir.gate.group_size");
	expect_number(histogram, "sum", 995 * 3 + 5 * 7, 0);
	expect_number(histogram, "p99", 3, 0);
	expect_number(histogram, "p99.9", 7, 0);
	expect_number(find(root, "db.client.connection.use_time"), "count", 0, 0);
	json_decref(root);
	end_db(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_have_what_is_below_them),
		cmocka_unit_test(bounds_of_times_are_round),
		cmocka_unit_test(sizes_of_groups_are_counted_exactly),
		cmocka_unit_test(names_and_declarations_follow_the_table),
		cmocka_unit_test(what_is_not_kept_is_not_there),
		cmocka_unit_test(json_is_in_the_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
