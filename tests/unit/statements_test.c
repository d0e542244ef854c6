/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The statements that a connection keeps: which are found, which are given up,
 * which texts are refused, that nothing of a caller's stays bound, and that a use
 * which is over is known by it.
 */
#include <stdlib.h>
#include <string.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_sql.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ROUNDS 20000
#define TEXTS 40

/* ---- one cache ---- */

static struct unit_sql_conn conn;
static struct weir__statements cache;
static struct weir_error err;

static void open_cache(uint32_t capacity)
{
	memset(&conn, 0, sizeof conn);
	weir_error_init(&err);
	assert_true(weir__statements_init(&cache, capacity));
}

/* Everything that was prepared is finalized. */
static void close_cache(void)
{
	weir__statements_free(&cache, &unit_sql);
	assert_int_equal(conn.finalized, conn.prepared);
}

static struct weir__statement *get_in(const char *text, uint32_t mode)
{
	struct weir__statement *statement = NULL;

	assert_code(weir__statements_get(&cache, &unit_sql, &conn, text, mode, &statement, &err),
	            WEIR_OK);
	assert_non_null(statement);
	return statement;
}

static struct weir__statement *get(const char *text)
{
	return get_in(text, WEIR__TX_JOB);
}

static void put(struct weir__statement *statement)
{
	weir__statements_put(&cache, &unit_sql, statement);
}

static void use(const char *text)
{
	put(get(text));
}

static void assert_counts(uint64_t hits, uint64_t misses)
{
	assert_int_equal(wp_load_rlx_64(&cache.hits), hits);
	assert_int_equal(wp_load_rlx_64(&cache.misses), misses);
}

/* Use text, which must (or must not) be prepared for it. */
static void assert_use(const char *text, bool prepares)
{
	const uint32_t before = conn.prepared;

	use(text);
	if ((conn.prepared != before) != prepares)
		fail_msg("%s was %s", text, prepares ? "found" : "not found");
}

static void a_text_is_prepared_once(void **state)
{
	(void)state;
	open_cache(4);
	for (int i = 0; i < 5; i++) {
		use("a one");
		use("b two");
	}
	assert_int_equal(conn.prepared, 2);
	assert_counts(8, 2);
	assert_int_equal(conn.finalized, 0);
	close_cache();
}

static void a_statement_that_is_put_is_reset(void **state)
{
	(void)state;
	open_cache(4);
	struct weir__statement *statement = get("a");
	const struct unit_sql_stmt *stmt = statement->stmt;

	put(statement);
	assert_int_equal(stmt->resets, 1);
	close_cache();
}

static void the_least_recently_used_is_given_up(void **state)
{
	(void)state;
	open_cache(3);
	use("a");
	use("b");
	use("c");
	use("a");
	use("d"); /* b goes */
	assert_int_equal(conn.finalized, 1);
	assert_use("c", false);
	assert_use("a", false);
	assert_use("d", false);
	assert_use("b", true); /* c goes */
	assert_use("c", true);
	close_cache();
}

static void an_open_statement_is_not_shared(void **state)
{
	(void)state;
	open_cache(4);
	struct weir__statement *first = get("a");
	struct weir__statement *second = get("a");

	assert_ptr_not_equal(first->stmt, second->stmt);
	assert_int_equal(conn.prepared, 2);
	put(second);
	assert_int_equal(conn.finalized, 1);
	put(first);
	assert_int_equal(conn.finalized, 1);
	assert_use("a", false);
	close_cache();
}

static void an_open_statement_is_not_given_up(void **state)
{
	(void)state;
	open_cache(2);
	struct weir__statement *a = get("a");
	struct weir__statement *b = get("b");
	struct weir__statement *c = get("c"); /* finds no room */

	assert_int_equal(conn.finalized, 0);
	put(c);
	assert_int_equal(conn.finalized, 1);
	put(b);
	use("d"); /* b goes, though a is older */
	assert_int_equal(conn.finalized, 2);
	put(a);
	assert_use("a", false);
	assert_use("b", true);
	close_cache();
}

static void each_mode_has_its_own(void **state)
{
	(void)state;
	open_cache(4);
	put(get_in("SAVEPOINT x", WEIR__TX_WRITE));
	put(get_in("SAVEPOINT x", WEIR__TX_JOB));
	assert_int_equal(conn.prepared, 2);
	put(get_in("SAVEPOINT x", WEIR__TX_WRITE));
	put(get_in("SAVEPOINT x", WEIR__TX_JOB));
	assert_int_equal(conn.prepared, 2);
	close_cache();
}

static void without_capacity_nothing_is_kept(void **state)
{
	(void)state;
	open_cache(0);
	assert_use("a", true);
	assert_use("a", true);
	assert_int_equal(conn.finalized, 2);
	assert_counts(0, 2);
	close_cache();
}

static void a_very_long_text_is_not_kept(void **state)
{
	const size_t length = (size_t)1 << 20;
	char *text = malloc(length + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', length);
	text[length] = '\0';
	open_cache(4);
	assert_use(text, true);
	assert_int_equal(conn.finalized, 1);
	assert_use(text, true);
	free(text);
	close_cache();
}

/* ---- texts ---- */

struct text_case {
	const char *text;
	const char *refusal; /* NULL: accepted */
};

static const struct text_case text_cases[] = {
	{"SELECT 1", NULL},
	{"SELECT 1;", NULL},
	{"SELECT 1 ; ;\n\t ;", NULL},
	{"SELECT 1; -- that is all", NULL},
	{"SELECT 1; -- that is all\n", NULL},
	{"SELECT 1; /* ; SELECT 2 */ ;", NULL},
	{"SELECT 1; /* to the end", NULL},
	{"SELECT 1; /*/ SELECT 2 */", NULL},
	{"", "no statement"},
	{" ;; ", "no statement"},
	{"-- nothing", "no statement"},
	{"SELECT 1; SELECT 2", "more than one statement; after the first comes: SELECT 2"},
	{"SELECT 1;x", "more than one"},
	{"SELECT 1; --\nSELECT 2", "more than one"},
	{"SELECT 1; /**/SELECT 2", "more than one"},
	{"SELECT 1; - 2", "more than one"},
	{"SELECT 1; / 2", "more than one"},
};

static void texts_that_are_not_one_statement_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(text_cases); i++) {
		const struct text_case *row = &text_cases[i];
		struct weir__statement *statement = NULL;
		enum weir_code code;

		open_cache(1);
		use("kept");
		code = weir__statements_get(&cache, &unit_sql, &conn, row->text, 0, &statement, &err);
		if (code != (row->refusal == NULL ? WEIR_OK : WEIR_ERR_DRIVER_SQL))
			fail_msg("\"%s\": code %d, %s", row->text, code, err.message);
		if (row->refusal != NULL) {
			assert_null(statement);
			assert_has(err.message, row->refusal);
			assert_use("kept", false); /* nothing went for it */
		}
		close_cache();
	}
}

static void what_prepare_says_is_passed_on(void **state)
{
	struct weir__statement *statement = NULL;

	(void)state;
	open_cache(1);
	use("kept");
	conn.prepare_fails = WEIR_ERR_DRIVER_BUSY;
	assert_code(weir__statements_get(&cache, &unit_sql, &conn, "a", 0, &statement, &err),
	            WEIR_ERR_DRIVER_BUSY);
	assert_int_equal(err.driver_code, 7);
	assert_null(statement);
	conn.prepare_fails = WEIR_OK;
	assert_use("kept", false);
	close_cache();
}

/* ---- parameters ---- */

static const char bytes[] = "lent";

static void nothing_of_a_caller_stays_bound(void **state)
{
	(void)state;
	open_cache(1);
	const struct weir_sql_value values[UNIT_SQL_PARAMETERS] = {
		weir_int64(1),
		weir_text(bytes),
		weir_real(2),
		weir_blob(bytes, 2),
	};
	struct weir__statement *statement = get("a");
	const struct unit_sql_stmt *stmt = statement->stmt;

	assert_code(weir__statements_bind(statement, &unit_sql, values, UNIT_SQL_PARAMETERS, &err),
	            WEIR_OK);
	for (int i = 0; i < UNIT_SQL_PARAMETERS; i++)
		assert_int_equal(stmt->bound[i].type, values[i].type);
	assert_ptr_equal(stmt->bound[1].as.data.bytes, bytes);
	put(statement);
	assert_int_equal(stmt->bound[0].type, WEIR_SQL_INT64); /* lends nothing */
	assert_int_equal(stmt->bound[1].type, WEIR_SQL_NULL);
	assert_int_equal(stmt->bound[3].type, WEIR_SQL_NULL);
	assert_use("a", false);
	close_cache();
}

static void a_wrong_number_of_values_is_refused(void **state)
{
	static const uint32_t counts[] = {0, UNIT_SQL_PARAMETERS - 1, UNIT_SQL_PARAMETERS + 1};
	struct weir_sql_value values[UNIT_SQL_PARAMETERS + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++)
		values[i] = weir_text(bytes);
	for (size_t i = 0; i < COUNT(counts); i++) {
		open_cache(1);
		struct weir__statement *statement = get("a");

		assert_code(weir__statements_bind(statement, &unit_sql, values, counts[i], &err),
		            WEIR_ERR_DRIVER_SQL);
		assert_has(err.message, "4 parameters");
		put(statement);
		close_cache();
	}
}

static void without_a_count_no_value_is_left_for_the_next(void **state)
{
	struct weir_sql old_sql = unit_sql;

	(void)state;
	old_sql.size = offsetof(struct weir_sql, parameters);
	open_cache(1);
	const struct weir_sql_value values[UNIT_SQL_PARAMETERS + 1] = {
		weir_int64(1), weir_int64(2), weir_int64(3), weir_text(bytes), weir_null(),
	};
	struct weir__statement *statement = NULL;

	assert_code(weir__statements_get(&cache, &old_sql, &conn, "a", 0, &statement, &err), WEIR_OK);
	const struct unit_sql_stmt *stmt = statement->stmt;

	assert_code(weir__statements_bind(statement, &old_sql, values, UNIT_SQL_PARAMETERS + 1, &err),
	            WEIR_ERR_DRIVER_SQL);
	assert_int_equal(stmt->bound[3].type, WEIR_SQL_TEXT);
	put(statement);
	for (int i = 0; i < UNIT_SQL_PARAMETERS; i++)
		assert_int_equal(stmt->bound[i].type, WEIR_SQL_NULL);
	close_cache();
}

static void what_cannot_be_unbound_is_not_kept(void **state)
{
	const struct weir_sql_value values[UNIT_SQL_PARAMETERS] = {
		weir_int64(1),
		weir_text(bytes),
		weir_int64(2),
		weir_int64(3),
	};

	(void)state;
	open_cache(2);
	struct weir__statement *statement = get("a");

	assert_code(weir__statements_bind(statement, &unit_sql, values, UNIT_SQL_PARAMETERS, &err),
	            WEIR_OK);
	conn.no_unbinding = true;
	put(statement);
	assert_int_equal(conn.finalized, 1);
	assert_use("a", true);
	close_cache();
}

/* ---- uses ---- */

static void a_use_that_is_over_is_known(void **state)
{
	(void)state;
	open_cache(2);
	struct weir__statement *statement = get("a");
	const uint32_t first = statement->generation;

	assert_true(weir__statements_is_open(&cache, statement, first));
	assert_false(weir__statements_is_open(&cache, statement, first + 1));
	assert_false(weir__statements_is_open(&cache, &conn, first));
	put(statement);
	assert_false(weir__statements_is_open(&cache, statement, first));
	assert_ptr_equal(get("a"), statement);
	assert_false(weir__statements_is_open(&cache, statement, first));
	assert_true(weir__statements_is_open(&cache, statement, statement->generation));
	close_cache();
}

static void generations_pass_over_zero(void **state)
{
	(void)state;
	open_cache(2);
	cache.generation = UINT32_MAX - 1;
	assert_int_equal(get("a")->generation, UINT32_MAX);
	assert_int_equal(get("b")->generation, 1);
	close_cache();
}

static void whatever_is_open_can_be_ended(void **state)
{
	struct weir__statement *open[4];

	(void)state;
	open_cache(2);
	open[0] = get("a");
	open[1] = get("a");
	open[2] = get("b");
	open[3] = get("c");
	const uint32_t generation = open[2]->generation;

	put(open[1]); /* from the middle of the list */
	assert_true(weir__statements_is_open(&cache, open[2], generation));
	weir__statements_end_all(&cache, &unit_sql);
	assert_null(cache.open);
	assert_false(weir__statements_is_open(&cache, open[2], generation));
	assert_int_equal(conn.finalized, 2); /* those outside the cache */
	assert_use("a", false);
	assert_use("b", false);
	weir__statements_end_all(&cache, &unit_sql);
	close_cache();
}

static void what_is_open_ends_with_the_connection(void **state)
{
	(void)state;
	open_cache(1);
	(void)get("a");
	(void)get("b");
	close_cache();
	assert_int_equal(conn.finalized, 2);
}

/* ---- against a model ---- */

/* The texts in the cache, the one used last at the end. */
struct model {
	int kept[TEXTS];
	size_t count;
	size_t capacity;
};

static bool model_use(struct model *model, int text)
{
	size_t at = 0;
	bool found;

	while (at < model->count && model->kept[at] != text)
		at++;
	found = at < model->count;
	if (!found && model->count < model->capacity)
		model->count++;
	else if (!found)
		at = 0;
	for (; at + 1 < model->count; at++)
		model->kept[at] = model->kept[at + 1];
	model->kept[model->count - 1] = text;
	return found;
}

static void it_finds_what_a_simple_list_would(void **state)
{
	static const uint32_t capacities[] = {1, 2, 3, 7, 16, 33};
	const unsigned seed = (unsigned)weir_now().ns;

	(void)state;
	print_message("seed %u\n", seed);
	srand(seed);
	for (size_t c = 0; c < COUNT(capacities); c++) {
		struct model model = {.capacity = capacities[c]};

		open_cache(capacities[c]);
		for (int i = 0; i < ROUNDS; i++) {
			const int number = rand() % (rand() % TEXTS + 1);
			char text[32];

			(void)snprintf(text, sizeof text, "select %d from t", number);
			assert_use(text, !model_use(&model, number));
		}
		assert_true(conn.prepared > capacities[c]);
		assert_int_equal(conn.prepared - conn.finalized, capacities[c]);
		close_cache();
	}
}

/* ---- a schema that changes ---- */

static void none_of_an_earlier_epoch_is_found(void **state)
{
	struct weir__statement *open;

	(void)state;
	open_cache(4);
	assert_use("a", true);
	assert_use("b", true);
	assert_use("a", false);
	open = get("c");
	weir__statements_begin_epoch(&cache, &unit_sql, 8);
	assert_use("b", true);
	assert_use("a", true);
	assert_use("a", false);
	assert_int_equal(conn.finalized, 2);
	assert_use("c", true); /* beside the open one */
	assert_int_equal(conn.finalized, 3);
	put(open);
	assert_int_equal(conn.finalized, 4);
	assert_use("c", true);
	assert_use("c", false);
	close_cache();
}

static void what_is_prepared_is_recorded(void **state)
{
	struct weir__record *record = weir__record_make(4);

	(void)state;
	assert_non_null(record);
	open_cache(1);
	cache.record = record;
	use("a");
	use("b");
	use("a");
	assert_int_equal(weir__record_count(record), 2);
	close_cache();
	weir__record_free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_prepared_once),
		cmocka_unit_test(a_statement_that_is_put_is_reset),
		cmocka_unit_test(the_least_recently_used_is_given_up),
		cmocka_unit_test(an_open_statement_is_not_shared),
		cmocka_unit_test(an_open_statement_is_not_given_up),
		cmocka_unit_test(each_mode_has_its_own),
		cmocka_unit_test(without_capacity_nothing_is_kept),
		cmocka_unit_test(a_very_long_text_is_not_kept),
		cmocka_unit_test(texts_that_are_not_one_statement_are_refused),
		cmocka_unit_test(what_prepare_says_is_passed_on),
		cmocka_unit_test(nothing_of_a_caller_stays_bound),
		cmocka_unit_test(a_wrong_number_of_values_is_refused),
		cmocka_unit_test(without_a_count_no_value_is_left_for_the_next),
		cmocka_unit_test(what_cannot_be_unbound_is_not_kept),
		cmocka_unit_test(a_use_that_is_over_is_known),
		cmocka_unit_test(generations_pass_over_zero),
		cmocka_unit_test(whatever_is_open_can_be_ended),
		cmocka_unit_test(what_is_open_ends_with_the_connection),
		cmocka_unit_test(it_finds_what_a_simple_list_would),
		cmocka_unit_test(none_of_an_earlier_epoch_is_found),
		cmocka_unit_test(what_is_prepared_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
