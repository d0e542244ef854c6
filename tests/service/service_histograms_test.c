/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms in the JSON of a service: every one is there, its buckets are those that are
 * not empty, and its figures are theirs.
 */
#include "service_fixture.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "testing.h"

static json_t *pools_of(struct weir_service *service)
{
	static struct service_text text;
	json_error_t error;
	json_t *root;

	service_text_init(&text);
	assert_code(weir_service_write_pools(service, &text.writer, NULL), WEIR_OK);
	root = json_loads(text.bytes, 0, &error);
	if (root == NULL)
		fail_msg("%s at column %d", error.text, error.column);
	return root;
}

static const json_t *histograms_of(const json_t *root)
{
	return json_object_get(json_array_get(json_object_get(root, "pools"), 0), "histograms");
}

static json_int_t number(const json_t *object, const char *name)
{
	const json_t *const value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("there is no %s", name);
	return json_integer_value(value);
}

/* Buckets rise, none is empty, and together they are count. */
static void expect_sound(const json_t *histogram)
{
	const json_t *const buckets = json_object_get(histogram, "buckets");
	json_int_t total = 0;
	json_int_t upper = -1;
	json_t *bucket;
	size_t index;

	assert_true(json_is_array(buckets));
	json_array_foreach(buckets, index, bucket)
	{
		assert_int_equal(json_array_size(bucket), 2);
		assert_true(json_integer_value(json_array_get(bucket, 0)) > upper);
		assert_true(json_integer_value(json_array_get(bucket, 1)) > 0);
		upper = json_integer_value(json_array_get(bucket, 0));
		total += json_integer_value(json_array_get(bucket, 1));
	}
	assert_int_equal(total, number(histogram, "count"));
}

static void all_are_there(void **state)
{
	static const char *const names[] = {"wait",   "use",  "create",     "gate_wait",
	                                    "commit", "sync", "checkpoint", "group_size"};
	struct service_fixture *fixture = *state;
	struct weir_db *db;
	const json_t *histograms;
	json_t *root;

	service_add_sqlite(fixture, "users", "synchronous=full");
	db = weir_service_get(fixture->service, "users", NULL);
	for (int i = 0; i < 3; i++)
		assert_code(weir_db_exec(db, "CREATE TABLE IF NOT EXISTS t (x)", NULL, 0, NULL, NULL),
		            WEIR_OK);
	root = pools_of(fixture->service);
	histograms = histograms_of(root);
	assert_int_equal(json_object_size(histograms), sizeof names / sizeof names[0]);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		expect_sound(json_object_get(histograms, names[i]));
	assert_int_equal(number(json_object_get(histograms, "gate_wait"), "count"), 3);
	assert_int_equal(number(json_object_get(histograms, "commit"), "count"), 3);
	assert_true(number(json_object_get(histograms, "sync"), "count") >= 1);
	assert_true(number(json_object_get(histograms, "sync"), "sum_ns") > 0);
	assert_int_equal(number(json_object_get(histograms, "group_size"), "sum"), 3);
	assert_int_equal(number(json_object_get(histograms, "checkpoint"), "count"), 0);
	json_decref(root);
	weir_service_put(fixture->service, db);
}

static void expect_near(json_int_t value, double wanted)
{
	if (!(fabs((double)value / wanted - 1) <= 0.008))
		fail_msg("%lld is not %g", (long long)value, wanted);
}

/* More buckets than fit into a piece, and a value that is in the last one. */
static void figures_are_those_of_the_values(void **state)
{
	struct service_fixture *fixture = *state;
	const json_t *commit;
	struct weir_db *db;
	json_t *root;

	service_add_stub(fixture, "remote", NULL);
	db = weir_service_get(fixture->service, "remote", NULL);
	for (int i = 1; i <= 1000; i++)
		weir__db_note(db, WEIR_HISTOGRAM_COMMIT, WEIR_MICROSECONDS(i));
	for (int64_t i = 1; i <= 4000; i++)
		weir__db_note(db, WEIR_HISTOGRAM_GATE_WAIT, 250 * i * i);
	weir__db_note(db, WEIR_HISTOGRAM_GROUP_SIZE, INT64_MAX / 2);
	root = pools_of(fixture->service);
	commit = json_object_get(histograms_of(root), "commit");
	expect_sound(commit);
	expect_sound(json_object_get(histograms_of(root), "gate_wait"));
	assert_int_equal(number(commit, "count"), 1000);
	assert_int_equal(number(commit, "sum_ns"), 500500 * WEIR_MICROSECONDS(1));
	assert_int_equal(number(commit, "max_ns"), WEIR_MILLISECONDS(1));
	expect_near(number(commit, "p50_ns"), 500e3);
	expect_near(number(commit, "p99_ns"), 990e3);
	expect_near(number(commit, "p999_ns"), 999e3);

	const json_t *const size = json_object_get(histograms_of(root), "group_size");

	expect_sound(size);
	assert_int_equal(number(size, "max"), INT64_MAX / 2);
	assert_int_equal(
		json_integer_value(json_array_get(json_array_get(json_object_get(size, "buckets"), 0), 0)),
		INT64_MAX / 2);
	json_decref(root);
	weir_service_put(fixture->service, db);
}

static void without_metrics_there_are_none(void **state)
{
	struct service_fixture *fixture = *state;
	json_t *root;

	service_add_stub(fixture, "remote", "metrics=false");
	root = pools_of(fixture->service);
	assert_true(json_is_null(histograms_of(root)));
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(all_are_there),
		SERVICE_TEST(figures_are_those_of_the_values),
		SERVICE_TEST(without_metrics_there_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
