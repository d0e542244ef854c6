/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Health and JSON: busy is not broken, and every name is a JSON string.
 */
#include "service_fixture.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

static struct weir_health health_of(struct weir_service *service)
{
	struct weir_health health = {.size = sizeof health};

	assert_code(weir_service_read_health(service, &health), WEIR_OK);
	return health;
}

static json_t *pools_of(struct weir_service *service)
{
	struct service_text text;
	json_t *root;

	service_text_init(&text);
	assert_code(weir_service_write_pools(service, &text.writer, NULL), WEIR_OK);
	root = json_loads(text.bytes, 0, NULL);
	assert_non_null(root);
	return root;
}

/* Another thread that asks for a read. */
struct waiter {
	struct unit_thread thread;
	struct weir_db *db;
	enum weir_code code;
};

static void read_once(void *arg)
{
	struct waiter *const waiter = arg;
	struct weir_tx tx = {0};

	waiter->code = weir_read_begin(waiter->db, NULL, &tx, NULL);
	weir_tx_end(&tx);
}

static void tells_busy_from_broken(void **state)
{
	struct service_fixture *fixture = *state;
	const struct weir_stub_script down = {.fail_opens = UINT32_MAX};
	struct weir_tx tx = {0};
	struct weir_db *db;

	service_add_stub(fixture, "remote", NULL);
	assert_int_equal(health_of(fixture->service).status, WEIR_HEALTH_OK);
	db = weir_service_get(fixture->service, "remote", NULL);
	weir_stub_set(fixture->stub, &down);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_ERR_OPEN_FAILED);
	assert_int_equal(health_of(fixture->service).status, WEIR_HEALTH_BROKEN);
	assert_int_equal(health_of(fixture->service).databases[WEIR_HEALTH_BROKEN], 1);
	weir_stub_set(fixture->stub, NULL);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	weir_tx_end(&tx);
	assert_int_equal(health_of(fixture->service).status, WEIR_HEALTH_OK);
	assert_code(weir_service_suspend(fixture->service, NULL, NULL), WEIR_OK);
	assert_int_equal(health_of(fixture->service).status, WEIR_HEALTH_DEGRADED);
	weir_service_put(fixture->service, db);
}

static void writes_json(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_config config;
	struct weir_tx tx = {0};
	struct weir_db *db;
	json_t *root;
	json_t *pool;
	json_t *breaker;

	service_sqlite_config(fixture, &config, "users", NULL);
	(void)strcpy(config.name, "a\"<b>\xff");
	assert_code(weir_service_add(fixture->service, weir_sqlite_driver(), NULL, &config, NULL),
	            WEIR_OK);
	db = weir_service_get(fixture->service, config.name, NULL);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	root = pools_of(fixture->service);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	pool = json_array_get(json_object_get(root, "pools"), 0);
	assert_string_equal(json_string_value(json_object_get(pool, "name")), "a\"<b>\xef\xbf\xbd");
	assert_int_equal(json_integer_value(json_object_get(pool, "leased")), 1);
	assert_int_equal(json_integer_value(json_object_get(pool, "max_size")), 4);
	assert_int_equal(json_array_size(json_object_get(pool, "holders")), 1);
	assert_true(json_is_null(json_object_get(pool, "last_open_failure")));
	breaker = json_object_get(pool, "breaker");
	assert_string_equal(json_string_value(json_object_get(breaker, "state")), "closed");
	assert_int_equal(json_integer_value(json_object_get(breaker, "opened")), 0);
	assert_true(json_is_null(json_object_get(breaker, "last_error")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(pool, "settings"), "acquire_timeout")),
		"5s");
	json_decref(root);
	weir_tx_end(&tx);
	weir_service_put(fixture->service, db);
}

static void tells_how_far_a_migration_is(void **state)
{
	struct service_fixture *fixture = *state;
	const struct weir_db_migration running = {.size = sizeof running,
	                                          .phase = WEIR_DB_MIGRATION_RUNNING,
	                                          .version = "007",
	                                          .what = "up",
	                                          .step = 2,
	                                          .steps = 5,
	                                          .statement = 3,
	                                          .permille = -1};
	struct weir_db *db;
	json_t *root;
	json_t *pool;
	json_t *migration;

	service_add_sqlite(fixture, "users", NULL);
	db = weir_service_get(fixture->service, "users", NULL);
	root = pools_of(fixture->service);
	pool = json_array_get(json_object_get(root, "pools"), 0);
	assert_true(json_is_null(json_object_get(pool, "migration")));
	json_decref(root);
	weir_db_note_migration(db, &running, NULL);
	root = pools_of(fixture->service);
	pool = json_array_get(json_object_get(root, "pools"), 0);
	migration = json_object_get(pool, "migration");
	assert_string_equal(json_string_value(json_object_get(migration, "version")), "007");
	assert_string_equal(json_string_value(json_object_get(migration, "what")), "up");
	assert_int_equal(json_integer_value(json_object_get(migration, "step")), 2);
	assert_int_equal(json_integer_value(json_object_get(migration, "steps")), 5);
	assert_int_equal(json_integer_value(json_object_get(migration, "statement")), 3);
	assert_int_equal(json_integer_value(json_object_get(migration, "permille")), -1);
	json_decref(root);
	weir_service_put(fixture->service, db);
}

/* The holder is named, and whoever waits for it shows. */
static void tells_who_holds_and_how_long_others_wait(void **state)
{
	struct service_fixture *fixture = *state;
	struct waiter waiter = {0};
	struct weir_tx held[4] = {{0}};
	json_int_t waited_ns = 0;
	json_t *root;
	json_t *pool;

	service_add_sqlite(fixture, "users", "acquire_timeout=30s");
	waiter.db = weir_service_get(fixture->service, "users", NULL);
	assert_int_equal(pthread_setname_np(pthread_self(), "a \"holder\""), 0);
	for (int i = 0; i < 4; i++)
		assert_code(weir_read_begin(waiter.db, NULL, &held[i], NULL), WEIR_OK);
	root = pools_of(fixture->service);
	pool = json_array_get(json_object_get(root, "pools"), 0);
	assert_int_equal(json_integer_value(json_object_get(pool, "oldest_waiter_ns")), 0);
	assert_string_equal(json_string_value(json_object_get(
							json_array_get(json_object_get(pool, "holders"), 0), "thread_name")),
	                    "a \"holder\"");
	json_decref(root);
	unit_start(&waiter.thread, read_once, &waiter);
	while (waited_ns < WEIR_MILLISECONDS(2)) { /* ends: it waits for 30 s */
		root = pools_of(fixture->service);
		pool = json_array_get(json_object_get(root, "pools"), 0);
		waited_ns = json_integer_value(json_object_get(pool, "oldest_waiter_ns"));
		assert_in_range(waited_ns, 0, WEIR_SECONDS(30));
		json_decref(root);
	}
	for (int i = 0; i < 4; i++)
		weir_tx_end(&held[i]);
	unit_join(&waiter.thread);
	assert_code(waiter.code, WEIR_OK);
	root = pools_of(fixture->service);
	pool = json_array_get(json_object_get(root, "pools"), 0);
	assert_int_equal(json_integer_value(json_object_get(pool, "oldest_waiter_ns")), 0);
	json_decref(root);
	weir_service_put(fixture->service, waiter.db);
}

static bool refuse(void *arg, const char *bytes, size_t length)
{
	(void)arg;
	(void)bytes;
	(void)length;
	return false;
}

static void says_when_the_writer_gives_up(void **state)
{
	struct service_fixture *fixture = *state;
	const struct weir_writer writer = {refuse, NULL};
	const struct weir_writer none = {NULL, NULL};
	struct weir_health health = {.size = 1};

	assert_code(weir_service_write_pools(fixture->service, &writer, NULL), WEIR_ERR_IO);
	assert_code(weir_service_write_pools(fixture->service, &none, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_read_health(fixture->service, &health), WEIR_ERR_BAD_ARGUMENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(tells_busy_from_broken),
		SERVICE_TEST(writes_json),
		SERVICE_TEST(tells_how_far_a_migration_is),
		SERVICE_TEST(tells_who_holds_and_how_long_others_wait),
		SERVICE_TEST(says_when_the_writer_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
