/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A service's life: created, started in three ways, stopped; in a forked child.
 */
#include "service_fixture.h"

#include "unit_child.h"

#include <string.h>

static void warms_up_until_filled(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_db_stats stats = {.size = sizeof stats};
	struct weir_db *db;

	service_add_stub(fixture, "remote", "min_idle=3&idle_timeout=0");
	db = weir_service_get(fixture->service, "remote", NULL);
	assert_code(weir_db_read_stats(db, &stats), WEIR_OK);
	assert_int_equal(stats.readers.idle, 0);
	assert_code(weir_service_start(fixture->service, WEIR_WARM_FILL,
	                               weir_deadline_in(WEIR_SECONDS(10)), NULL),
	            WEIR_OK);
	assert_code(weir_db_read_stats(db, &stats), WEIR_OK);
	assert_int_equal(stats.readers.idle, 3);
	weir_service_put(fixture->service, db);
}

static void says_why_it_is_not_filled(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	const struct weir_stub_script down = {.fail_opens = UINT32_MAX};

	service_add_stub(fixture, "remote", "min_idle=2");
	weir_stub_set(fixture->stub, &down);
	assert_code(weir_service_start(fixture->service, WEIR_WARM_BACKGROUND, weir_now(), NULL),
	            WEIR_OK);
	assert_code(weir_service_start(fixture->service, WEIR_WARM_FAIL_FAST,
	                               weir_deadline_in(WEIR_SECONDS(10)), &err),
	            WEIR_ERR_OPEN_FAILED);
	assert_non_null(strstr(err.message, "remote: 0 of 2"));
	assert_code(weir_service_start(fixture->service, WEIR_WARM_FILL,
	                               weir_deadline_in(WEIR_MILLISECONDS(30)), &err),
	            WEIR_ERR_ACQUIRE_TIMEOUT);
	assert_code(weir_service_start(fixture->service, (enum weir_warm)7, weir_now(), &err),
	            WEIR_ERR_BAD_ARGUMENT);
}

static void refuses_bad_options(void **state)
{
	struct weir_service_options options = {.size = 1};
	struct weir_service *service;

	(void)state;
	assert_code(weir_service_create(NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_create(&service, &options, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_null(service);
	weir_service_destroy(NULL);
	weir_service_dump(NULL, 2);
}

struct found {
	struct service_fixture *fixture;
	enum weir_code get;
	enum weir_code create;
};

static void in_child(void *arg)
{
	struct found *found = arg;
	struct weir_service *service = found->fixture->service;
	struct weir_service *own;
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_service_get(service, "remote", &err) == NULL)
		found->get = err.code;
	weir_service_destroy(service);
	weir_service_dump(service, 2);
	found->create = weir_service_create(&own, NULL, NULL);
	weir_service_destroy(own);
}

static void is_the_parents_in_a_child(void **state)
{
	struct found *found = unit_shared(sizeof *found);

	found->fixture = *state;
	found->create = WEIR_ERR_USAGE;
	service_add_stub(found->fixture, "remote", NULL);
	assert_true(unit_child_ends(in_child, found));
	assert_code(found->get, WEIR_ERR_FORKED);
	assert_code(found->create, WEIR_OK);
	unit_shared_free(found, sizeof *found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(warms_up_until_filled),
		SERVICE_TEST(says_why_it_is_not_filled),
		SERVICE_TEST(refuses_bad_options),
		SERVICE_TEST(is_the_parents_in_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
