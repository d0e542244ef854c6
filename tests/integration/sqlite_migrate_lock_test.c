/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The lock of migrations outside a transaction: whom it keeps out, and what ends it.
 */
#include "script_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct weir_schema *schema(void)
{
	return weir_sqlite_driver()->schema;
}

/* At once, or not at all. */
static enum weir_code try_lock(const struct weir_config *config, void **held,
                               struct weir_error *err)
{
	return schema()->lock(config, (struct weir_time){0}, held, err);
}

static void *lock(const struct weir_config *config)
{
	struct weir_error err = WEIR_ERROR_INIT;
	void *held = NULL;

	if (try_lock(config, &held, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_non_null(held);
	return held;
}

static void assert_shut(const struct weir_config *config)
{
	void *held = NULL;

	assert_code(try_lock(config, &held, NULL), WEIR_ERR_DRIVER_BUSY);
	assert_null(held);
}

static void one_at_a_time_has_it(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	const struct weir_config *const config = weir_db_config(db);
	void *held;

	db_exec(db, "CREATE TABLE t (v)");
	held = lock(config);
	assert_shut(config);
	db_exec(db, "INSERT INTO t VALUES (1)");
	schema()->unlock(held);
	held = lock(config);
	schema()->unlock(held);
	schema()->unlock(NULL);
	db_end(db);
}

/* Its sidecar is made by the first transaction. */
static void it_holds_before_anybody_has_written(void **state)
{
	const struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(*state, NULL);
	const struct weir_config *const config = weir_db_config(db);
	char sidecar[160];
	void *held;

	(void)snprintf(sidecar, sizeof sidecar, "%s-weir", fixture->path);
	assert_int_equal(access(sidecar, F_OK), -1);
	held = lock(config);
	assert_shut(config);
	db_exec(db, "CREATE TABLE t (v)");
	assert_shut(config);
	schema()->unlock(held);
	db_end(db);
}

static void a_link_to_the_database_is_no_way_around_it(void **state)
{
	const struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_config *const config = malloc(sizeof *config);
	char link[160];
	void *held;

	assert_non_null(config);
	*config = *weir_db_config(db);
	(void)snprintf(link, sizeof link, "%s/link", fixture->folder);
	assert_int_equal(symlink(fixture->path, link), 0);
	(void)snprintf(config->path, sizeof config->path, "%s", link);
	db_exec(db, "CREATE TABLE t (v)");
	held = lock(weir_db_config(db));
	assert_shut(config);
	schema()->unlock(held);
	held = lock(config);
	assert_shut(weir_db_config(db));
	schema()->unlock(held);
	assert_int_equal(unlink(link), 0);
	free(config);
	db_end(db);
}

/* A child has the descriptor as long as it lives. */
static void a_forked_child_does_not_keep_it(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	const struct weir_config *const config = weir_db_config(db);
	void *held = lock(config);
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	assert_shut(config);
	schema()->unlock(held);
	held = lock(config);
	schema()->unlock(held);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	db_end(db);
}

static void without_a_descriptor_nothing_is_promised(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct rlimit before;
	void *held = NULL;
	enum weir_code code;

	db_exec(db, "CREATE TABLE t (v)");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, before.rlim_max}), 0);
	code = try_lock(weir_db_config(db), &held, NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_code(code, WEIR_ERR_IO);
	assert_null(held);
	db_end(db);
}

static void a_database_in_memory_needs_none(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	void *held = NULL;

	(void)state;
	if (weir_db_open(&db, weir_sqlite_driver(), "sqlite::memory:", &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_code(try_lock(weir_db_config(db), &held, NULL), WEIR_OK);
	assert_null(held);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(one_at_a_time_has_it),
		DB_TEST(it_holds_before_anybody_has_written),
		DB_TEST(a_link_to_the_database_is_no_way_around_it),
		DB_TEST(a_forked_child_does_not_keep_it),
		DB_TEST(without_a_descriptor_nothing_is_promised),
		DB_TEST(a_database_in_memory_needs_none),
	};

	return cmocka_run_group_tests_name("sqlite_migrate_lock", tests, NULL, NULL);
}
