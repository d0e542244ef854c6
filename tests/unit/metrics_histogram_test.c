/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histograms as they are asked for: of a pool and of a db, what neither keeps, and what
 * is refused.
 */
#include "db_fixture.h"
#include "unit_child.h"
#include "unit_pool.h"

#include <string.h>
#include <weir/histogram.h>

static struct weir_histogram copy; /* too large for a stack in a child, and of one thread */

static enum weir_code read_into_copy(struct weir_pool *pool, struct weir_db *db,
                                     enum weir_histogram_id id)
{
	const struct weir_metrics_source source = {.db = db, .pool = pool};

	memset(&copy, 0xff, sizeof copy);
	copy.size = sizeof copy;
	return weir_metrics_histogram(&source, id, &copy);
}

static void expect_empty(struct weir_pool *pool, struct weir_db *db, enum weir_histogram_id id)
{
	const struct weir_histogram empty = {.size = sizeof empty};

	assert_code(read_into_copy(pool, db, id), WEIR_OK);
	assert_memory_equal(&copy, &empty, sizeof copy);
}

static void a_pool_has_none_of_a_dbs(void **state)
{
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	struct weir_lease lease = unit_acquire(pool);
	size_t count = 0;
	const struct weir_histogram_row *rows = weir_histogram_table(&count);

	(void)state;
	unit_release(&lease);
	for (size_t id = 0; id < count; id++) {
		if (rows[id].is_db) {
			expect_empty(pool, NULL, (enum weir_histogram_id)id);
			continue;
		}
		assert_code(read_into_copy(pool, NULL, (enum weir_histogram_id)id), WEIR_OK);
		assert_int_equal(copy.count, 1);
	}
	unit_pool_end(pool, stub);
}

static void a_db_has_those_of_its_readers(void **state)
{
	struct db_fixture *fixture = *state;
	struct weir_db *db = db_make(fixture, NULL);

	db_exec(db, "CREATE TABLE t (x)");
	for (int i = 0; i < 5; i++)
		assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
	assert_code(read_into_copy(NULL, db, WEIR_HISTOGRAM_WAIT), WEIR_OK);
	assert_int_equal(copy.count, db_stats(db).readers.acquires);
	assert_true(copy.count >= 5);
	assert_code(read_into_copy(NULL, db, WEIR_HISTOGRAM_CREATE), WEIR_OK);
	assert_int_equal(copy.count, db_stats(db).readers.opens);
	assert_true(copy.count >= 1);
	db_end(db);
}

static void a_db_without_metrics_has_none(void **state)
{
	struct db_fixture *fixture = *state;
	struct weir_db *db = db_make(fixture, "metrics=false");

	db_exec(db, "CREATE TABLE t (x)");
	assert_int_equal(db_number(db, "SELECT count(*) FROM t"), 0);
	for (int id = 0; id < WEIR_HISTOGRAMS_COUNT; id++)
		expect_empty(NULL, db, (enum weir_histogram_id)id);
	db_end(db);
}

static void wrong_use_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct weir_db *db = db_make(fixture, NULL);
	struct weir_stub *stub = unit_stub(NULL);
	struct weir_pool *pool = unit_pool_prompt(stub, "max_size=1");
	const struct weir_metrics_source source = {.pool = pool};

	assert_code(read_into_copy(NULL, NULL, WEIR_HISTOGRAM_WAIT), WEIR_ERR_BAD_ARGUMENT);
	assert_code(read_into_copy(pool, db, WEIR_HISTOGRAM_WAIT), WEIR_ERR_BAD_ARGUMENT);
	assert_code(read_into_copy(pool, NULL, WEIR_HISTOGRAMS_COUNT), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_metrics_histogram(NULL, WEIR_HISTOGRAM_WAIT, &copy), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_metrics_histogram(&source, WEIR_HISTOGRAM_WAIT, NULL), WEIR_ERR_BAD_ARGUMENT);
	copy.size = sizeof copy - 8;
	assert_code(weir_metrics_histogram(&source, WEIR_HISTOGRAM_WAIT, &copy), WEIR_ERR_BAD_ARGUMENT);
	unit_pool_end(pool, stub);
	db_end(db);
}

struct fork_look {
	struct weir_pool *pool;
	struct weir_db *db;
	enum weir_code *codes; /* shared */
};

static void look_in_child(void *argument)
{
	struct fork_look *look = argument;

	look->codes[0] = read_into_copy(look->pool, NULL, WEIR_HISTOGRAM_USE);
	look->codes[1] = read_into_copy(NULL, look->db, WEIR_HISTOGRAM_USE);
	look->codes[2] = read_into_copy(NULL, look->db, WEIR_HISTOGRAM_COMMIT);
}

static void a_forked_child_is_told(void **state)
{
	struct db_fixture *fixture = *state;
	struct fork_look look = {NULL, db_make(fixture, NULL), NULL};
	struct weir_stub *stub = unit_stub(NULL);
	const size_t bytes = 3 * sizeof look.codes[0];

	look.pool = unit_pool_prompt(stub, "max_size=1");
	look.codes = unit_shared(bytes);
	assert_non_null(look.codes);
	assert_true(unit_child_ends(look_in_child, &look));
	for (int i = 0; i < 3; i++)
		assert_code(look.codes[i], WEIR_ERR_FORKED);
	unit_shared_free(look.codes, bytes);
	unit_pool_end(look.pool, stub);
	db_end(look.db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_has_none_of_a_dbs),
		DB_TEST(a_db_has_those_of_its_readers),
		DB_TEST(a_db_without_metrics_has_none),
		DB_TEST(wrong_use_is_refused),
		DB_TEST(a_forked_child_is_told),
	};

	return cmocka_run_group_tests(tests, unit_count_threads, unit_await_threads);
}
