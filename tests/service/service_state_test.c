/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Suspended, set, drained: who gets what, and who is named as late.
 */
#include "service_fixture.h"

#include <string.h>
#include <unistd.h>

static int nothing(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 0;
}

static void suspends_reads_and_writes(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_ticket *ticket;
	struct weir_db *db;
	struct weir_tx tx = {0};
	struct weir_tx out = {0};

	service_add_sqlite(fixture, "users", NULL);
	db = weir_service_get(fixture->service, "users", NULL);
	assert_code(weir_read_begin(db, NULL, &out, NULL), WEIR_OK);
	assert_code(weir_service_suspend(fixture->service, NULL, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &tx, &err), WEIR_ERR_SUSPENDED);
	assert_int_equal(err.reason, WEIR_WAIT_SUSPENDED);
	assert_code(weir_db_run(db, nothing, NULL, NULL, NULL, &err), WEIR_ERR_SUSPENDED);
	assert_code(weir_write_begin(db, NULL, &tx, &err), WEIR_ERR_SUSPENDED);
	assert_code(weir_db_submit(db, nothing, NULL, NULL, &ticket, &err), WEIR_ERR_SUSPENDED);
	assert_code(weir_db_maintain(db, nothing, NULL, NULL, &err), WEIR_ERR_SUSPENDED);
	/* What is out goes on. */
	assert_code(weir_tx_exec(&out, "SELECT 1", NULL, 0, NULL, NULL), WEIR_OK);
	weir_tx_end(&out);
	assert_code(weir_service_resume(fixture->service, "users", NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	weir_tx_end(&tx);
	assert_code(weir_db_run(db, nothing, NULL, NULL, NULL, NULL), WEIR_OK);
	weir_service_put(fixture->service, db);
	assert_code(weir_service_suspend(fixture->service, "none", &err), WEIR_ERR_CONFIG_UNKNOWN);
}

struct call {
	struct weir_db *db;
	bool writes;
	struct unit_thread thread;
	enum weir_code code;
	struct weir_error err;
};

static void call(void *arg)
{
	struct call *self = arg;
	struct weir_tx tx = {0};

	weir_error_init(&self->err);
	self->code = self->writes ? weir_write_begin(self->db, NULL, &tx, &self->err)
	                          : weir_read_begin(self->db, NULL, &tx, &self->err);
	weir_tx_end(&tx);
}

/* Two callers that wait while it is suspended, until end is done. */
static void wait_for(struct service_fixture *fixture, const char *settings,
                     enum weir_code (*end)(struct weir_service *), enum weir_code read,
                     enum weir_code write)
{
	struct call calls[2] = {{.writes = false}, {.writes = true}};

	service_add_sqlite(fixture, "users", settings);
	assert_code(weir_service_suspend(fixture->service, "users", NULL), WEIR_OK);
	for (int i = 0; i < 2; i++) {
		calls[i].db = weir_service_get(fixture->service, "users", NULL);
		unit_start(&calls[i].thread, call, &calls[i]);
	}
	(void)usleep(20000);
	if (end != NULL)
		(void)!end(fixture->service);
	for (int i = 0; i < 2; i++) {
		unit_join(&calls[i].thread);
		weir_service_put(fixture->service, calls[i].db);
	}
	assert_code(calls[0].code, read);
	assert_code(calls[1].code, write);
}

static enum weir_code resume(struct weir_service *service)
{
	return weir_service_resume(service, NULL, NULL);
}

static enum weir_code drain(struct weir_service *service)
{
	return weir_service_drain(service, weir_deadline_in(WEIR_SECONDS(10)), NULL, NULL);
}

static void waiters_go_on_with_resume(void **state)
{
	wait_for(*state, "when_down=wait", resume, WEIR_OK, WEIR_OK);
}

static void waiters_end_with_close(void **state)
{
	wait_for(*state, "when_down=wait&acquire_timeout=30s&write_timeout=30s", drain, WEIR_ERR_CLOSED,
	         WEIR_ERR_CLOSED);
}

static void waiters_end_at_their_deadline(void **state)
{
	wait_for(*state, "when_down=wait&acquire_timeout=50ms&write_timeout=50ms", NULL,
	         WEIR_ERR_ACQUIRE_TIMEOUT, WEIR_ERR_SUSPENDED);
}

static void sets_what_is_changeable(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;

	service_add_sqlite(fixture, "users", NULL);
	assert_code(weir_service_set(fixture->service, "users", "acquire_timeout", "7ms", NULL),
	            WEIR_OK);
	assert_code(weir_service_set(fixture->service, "users", "max_size", "7", &err),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_set(fixture->service, "users", "acquire_timeot", "7ms", &err),
	            WEIR_ERR_CONFIG_UNKNOWN);
	assert_code(weir_service_set(fixture->service, "user", "acquire_timeout", "7ms", &err),
	            WEIR_ERR_CONFIG_UNKNOWN);
	assert_code(weir_service_set(fixture->service, NULL, "acquire_timeout", "7ms", &err),
	            WEIR_ERR_BAD_ARGUMENT);
}

static void drains_and_names_the_late(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_verdict verdict = {.size = sizeof verdict};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	struct weir_db *db;

	service_add_sqlite(fixture, "users", NULL);
	service_add_stub(fixture, "remote", NULL);
	db = weir_service_get(fixture->service, "users", NULL);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_code(weir_service_drain(fixture->service, weir_deadline_in(WEIR_MILLISECONDS(20)),
	                               &verdict, &err),
	            WEIR_ERR_CLOSE_TIMEOUT);
	assert_int_equal(verdict.databases, 2);
	assert_int_equal(verdict.clean, 1);
	assert_int_equal(verdict.late, 1);
	assert_string_equal(verdict.late_holders[0].database, "users");
	assert_non_null(strstr(verdict.late_holders[0].holder.site, "service_state_test.c"));
	assert_non_null(strstr(err.message, "users"));
	assert_null(weir_service_get(fixture->service, "users", &err));
	assert_code(err.code, WEIR_ERR_CLOSED);
	weir_tx_end(&tx);
	weir_service_put(fixture->service, db);
	assert_code(
		weir_service_drain(fixture->service, weir_deadline_in(WEIR_SECONDS(10)), &verdict, NULL),
		WEIR_OK);
	assert_int_equal(verdict.clean, 2);
	assert_int_equal(verdict.late, 0);
}

struct drained {
	struct weir_service *service;
	enum weir_code code;
};

static int drain_inside(struct weir_tx *tx, void *arg)
{
	struct drained *drained = arg;

	(void)tx;
	drained->code = weir_service_drain(drained->service, weir_now(), NULL, NULL);
	return 0;
}

static void refuses_to_wait_for_itself(void **state)
{
	struct service_fixture *fixture = *state;
	struct drained drained = {fixture->service, WEIR_OK};
	struct weir_db *db;

	service_add_sqlite(fixture, "users", NULL);
	db = weir_service_get(fixture->service, "users", NULL);
	assert_code(weir_db_run(db, drain_inside, &drained, NULL, NULL, NULL), WEIR_OK);
	assert_code(drained.code, WEIR_ERR_REENTRANT);
	weir_service_put(fixture->service, db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(suspends_reads_and_writes),  SERVICE_TEST(waiters_go_on_with_resume),
		SERVICE_TEST(waiters_end_with_close),     SERVICE_TEST(waiters_end_at_their_deadline),
		SERVICE_TEST(sets_what_is_changeable),    SERVICE_TEST(drains_and_names_the_late),
		SERVICE_TEST(refuses_to_wait_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
