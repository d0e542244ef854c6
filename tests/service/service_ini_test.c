/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Databases from a file, and the file read again: all or nothing.
 */
#include "service_fixture.h"

#include <string.h>

#define USERS "[users]\nurl = sqlite://%s/users.db?max_size=4\n"
#define ORDERS "[orders]\nurl = sqlite://%s/orders.db\nmax_size = 2\n"

struct faults {
	char text[4096];
	int count;
};

static void note(const struct weir_fault *fault, void *user)
{
	struct faults *faults = user;

	faults->count++;
	(void)strncat(faults->text, fault->message, sizeof faults->text - strlen(faults->text) - 2);
	(void)strncat(faults->text, "\n", 2);
}

static bool is_there(struct service_fixture *fixture, const char *name)
{
	struct weir_db *db = weir_service_get(fixture->service, name, NULL);

	weir_service_put(fixture->service, db);
	return db != NULL;
}

static void adds_every_section(void **state)
{
	struct service_fixture *fixture = *state;

	service_write_file(fixture, USERS ORDERS "[remote]\nurl = stub:\n");
	assert_code(service_read_file(fixture, false, NULL, NULL), WEIR_OK);
	assert_true(is_there(fixture, "users"));
	assert_true(is_there(fixture, "orders"));
	assert_true(is_there(fixture, "remote"));
	/* A second time every name is taken. */
	assert_code(service_read_file(fixture, false, NULL, NULL), WEIR_ERR_CONFIG_CONFLICT);
}

static void reports_every_fault_and_adds_nothing(void **state)
{
	struct service_fixture *fixture = *state;
	struct faults faults = {"", 0};
	const struct weir_fault_sink sink = {note, &faults};
	struct weir_error err = WEIR_ERROR_INIT;

	service_write_file(fixture, "stray = 1\n" USERS "max_siz = 9\n"
	                            "[orders]\nmax_size = 2\n"
	                            "[audit]\nurl = sqlit:/tmp/x\n"
	                            "[users]\nurl = stub:\n"
	                            "[good]\nurl = stub:\n");
	assert_int_not_equal(service_read_file(fixture, false, &sink, &err), WEIR_OK);
	assert_int_equal(faults.count, 6); /* the second [users] gives its url again */
	assert_non_null(strstr(faults.text, ":1: stray stands before"));
	assert_non_null(strstr(faults.text, "did you mean max_size"));
	assert_non_null(strstr(faults.text, "[orders] has no url"));
	assert_non_null(strstr(faults.text, "did you mean sqlite"));
	assert_non_null(strstr(faults.text, "was there before, in line 2"));
	assert_false(is_there(fixture, "good"));
	assert_false(is_there(fixture, "users"));
}

static void refuses_bad_calls(void **state)
{
	struct service_fixture *fixture = *state;
	const struct weir_driver *drivers[] = {weir_sqlite_driver()};

	assert_code(weir_service_add_ini(fixture->service, "/none/of/this.ini", drivers, 1, NULL, NULL),
	            WEIR_ERR_IO);
	assert_code(weir_service_add_ini(fixture->service, NULL, drivers, 1, NULL, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_add_ini(fixture->service, fixture->file, drivers, 0, NULL, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_service_add_ini(NULL, fixture->file, drivers, 1, NULL, NULL),
	            WEIR_ERR_BAD_ARGUMENT);
}

/* One whose database cannot be opened leaves none behind. */
static void opens_all_or_none(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_error err = WEIR_ERROR_INIT;

	service_write_file(fixture, USERS "[lost]\nurl = sqlite:///none/of/this/lost.db\n");
	assert_int_not_equal(service_read_file(fixture, false, NULL, &err), WEIR_OK);
	assert_non_null(strstr(err.message, "[lost]"));
	assert_false(is_there(fixture, "users"));
}

static void reads_again_what_changed(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_db *users;
	struct weir_db *orders;
	struct weir_db *after;
	struct weir_tx tx = {0};

	service_write_file(fixture, USERS ORDERS);
	assert_code(service_read_file(fixture, true, NULL, NULL), WEIR_OK);
	service_add_stub(fixture, "by-code", NULL);
	users = weir_service_get(fixture->service, "users", NULL);
	orders = weir_service_get(fixture->service, "orders", NULL);

	/* users: a setting that can be changed in place; orders: one that cannot. */
	service_write_file(fixture, USERS "acquire_timeout = 1ms\nwhen_down = wait\n"
	                                  "[orders]\nurl = sqlite://%s/orders.db\nmax_size = 3\n"
	                                  "[new]\nurl = stub:\n");
	assert_code(service_read_file(fixture, true, NULL, NULL), WEIR_OK);
	after = weir_service_get(fixture->service, "users", NULL);
	assert_ptr_equal(after, users);
	weir_service_put(fixture->service, after);
	after = weir_service_get(fixture->service, "orders", NULL);
	assert_ptr_not_equal(after, orders);
	weir_service_put(fixture->service, after);
	assert_true(is_there(fixture, "new"));
	assert_true(is_there(fixture, "by-code"));
	assert_code(weir_service_suspend(fixture->service, "users", NULL), WEIR_OK);
	assert_code(weir_read_begin(users, NULL, &tx, NULL), WEIR_ERR_ACQUIRE_TIMEOUT);
	weir_service_put(fixture->service, users);
	weir_service_put(fixture->service, orders);

	/* A file with a fault changes nothing; then two sections go. */
	service_write_file(fixture, "[users]\nurl = sqlite://%s/users.db\nmax_size = 0\n");
	assert_int_not_equal(service_read_file(fixture, true, NULL, NULL), WEIR_OK);
	assert_true(is_there(fixture, "orders"));
	service_write_file(fixture, USERS);
	assert_code(service_read_file(fixture, true, NULL, NULL), WEIR_OK);
	assert_true(is_there(fixture, "users"));
	assert_true(is_there(fixture, "by-code"));
	assert_false(is_there(fixture, "orders"));
	assert_false(is_there(fixture, "new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(adds_every_section),       SERVICE_TEST(reports_every_fault_and_adds_nothing),
		SERVICE_TEST(refuses_bad_calls),        SERVICE_TEST(opens_all_or_none),
		SERVICE_TEST(reads_again_what_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
