/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Names: found, unknown, taken, replaced, removed, and what is held goes on.
 */
#include "service_fixture.h"

#include <string.h>

static void finds_by_name(void **state)
{
	struct service_fixture *fixture = *state;
	const char *names[] = {"users", "orders", "audit", "sessions"};

	for (size_t i = 0; i < 4; i++)
		service_add_sqlite(fixture, names[i], NULL);
	for (size_t i = 0; i < 4; i++) {
		struct weir_db *db = weir_service_get(fixture->service, names[i], NULL);

		assert_non_null(db);
		assert_code(weir_db_exec(db, "CREATE TABLE visit (id INTEGER)", NULL, 0, NULL, NULL),
		            WEIR_OK);
		weir_service_put(fixture->service, db);
	}
}

static void says_what_is_wrong_with_a_name(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;

	service_add_stub(fixture, "users", NULL);
	assert_null(weir_service_get(fixture->service, "usres", &err));
	assert_code(err.code, WEIR_ERR_CONFIG_UNKNOWN);
	assert_non_null(strstr(err.message, "did you mean \"users\""));
	assert_null(weir_service_get(fixture->service, NULL, &err));
	assert_code(err.code, WEIR_ERR_BAD_ARGUMENT);
	assert_null(weir_service_get(NULL, "users", &err));
	assert_code(err.code, WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_remove(fixture->service, "none", &err), WEIR_ERR_CONFIG_UNKNOWN);
	assert_code(weir_service_remove(fixture->service, NULL, &err), WEIR_ERR_BAD_ARGUMENT);
}

static void refuses_a_name_that_is_taken(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_config config;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_stub_counts counts;

	service_add_stub(fixture, "users", NULL);
	service_stub_config(&config, "users", NULL);
	assert_code(
		weir_service_add(fixture->service, weir_stub_engine_driver(), fixture->stub, &config, &err),
		WEIR_ERR_CONFIG_CONFLICT);
	assert_non_null(strstr(err.message, "users"));
	config.name[0] = '\0';
	assert_code(
		weir_service_add(fixture->service, weir_stub_engine_driver(), fixture->stub, &config, &err),
		WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_replace(fixture->service, weir_stub_engine_driver(), fixture->stub,
	                                 &config, &err),
	            WEIR_ERR_BAD_ARGUMENT);
	service_stub_config(&config, "nobody", NULL);
	assert_code(weir_service_replace(fixture->service, weir_stub_engine_driver(), fixture->stub,
	                                 &config, &err),
	            WEIR_ERR_CONFIG_UNKNOWN);
	/* The code is the same for who wants no explanation. */
	service_sqlite_config(*state, &config, "lost", NULL);
	(void)strcpy(config.path, "/none/of/this/lost.db");
	const enum weir_code code =
		weir_service_add(fixture->service, weir_sqlite_driver(), NULL, &config, &err);

	assert_int_not_equal(code, WEIR_OK);
	assert_code(weir_service_add(fixture->service, weir_sqlite_driver(), NULL, &config, NULL),
	            code);
	assert_code(weir_service_add(fixture->service, NULL, NULL, &config, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	/* The one that was opened in vain is closed. */
	weir_stub_read(fixture->stub, &counts);
	assert_int_equal(counts.live, 1);
}

static void what_is_held_outlives_its_name(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_db *old;
	struct weir_db *new;
	struct weir_config config;
	struct weir_stub_counts counts;

	service_add_stub(fixture, "users", NULL);
	old = weir_service_get(fixture->service, "users", NULL);
	service_stub_config(&config, "users", "acquire_timeout=1s");
	assert_code(weir_service_replace(fixture->service, weir_stub_engine_driver(), fixture->stub,
	                                 &config, NULL),
	            WEIR_OK);
	(void)weir_service_tick(fixture->service, weir_now());
	new = weir_service_get(fixture->service, "users", NULL);
	assert_non_null(new);
	assert_ptr_not_equal(old, new);
	assert_code(weir_db_exec(old, "UPDATE x", NULL, 0, NULL, NULL), WEIR_OK);
	weir_service_put(fixture->service, old);
	(void)weir_service_tick(fixture->service, weir_now());
	weir_stub_read(fixture->stub, &counts);
	assert_int_equal(counts.live, 1); /* the new one's writer */
	assert_code(weir_service_remove(fixture->service, "users", NULL), WEIR_OK);
	assert_null(weir_service_get(fixture->service, "users", NULL));
	(void)weir_service_tick(fixture->service, weir_now());
	weir_stub_read(fixture->stub, &counts);
	assert_int_equal(counts.live, 1);
	assert_code(weir_db_exec(new, "UPDATE x", NULL, 0, NULL, NULL), WEIR_OK);
	weir_service_put(fixture->service, new);
	(void)weir_service_tick(fixture->service, weir_now());
	weir_stub_read(fixture->stub, &counts);
	assert_int_equal(counts.live, 0);
	assert_int_equal(counts.misuses, 0);
}

/* Put is forgiving of what is no db of a service's. */
static void put_takes_what_it_can(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_db *db;

	weir_service_put(NULL, NULL);
	weir_service_put(fixture->service, NULL);
	assert_code(weir_db_open(&db, weir_stub_engine_driver(), "stub:", NULL), WEIR_OK);
	weir_service_put(fixture->service, db);
	weir_db_destroy(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(finds_by_name),
		SERVICE_TEST(says_what_is_wrong_with_a_name),
		SERVICE_TEST(refuses_a_name_that_is_taken),
		SERVICE_TEST(what_is_held_outlives_its_name),
		SERVICE_TEST(put_takes_what_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
