/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The dump: what it says, from a signal handler too, while everything changes beneath
 * it.
 */
#include "service_fixture.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static int hold(struct weir_tx *tx, void *arg)
{
	struct service_fixture *fixture = arg;
	struct service_text text;

	assert_code(weir_tx_exec(tx, "INSERT INTO visit VALUES (1)", NULL, 0, NULL, NULL), WEIR_OK);
	service_dump_text(fixture->service, &text);
	assert_non_null(strstr(text.bytes, "gate held at "));
	assert_non_null(strstr(text.bytes, "INSERT INTO visit"));
	return 0;
}

static void says_who_holds_what(void **state)
{
	struct service_fixture *fixture = *state;
	struct service_text text;
	struct weir_tx tx = {0};
	struct weir_db *db;

	service_add_sqlite(fixture, "users", NULL);
	service_add_stub(fixture, "remote", NULL);
	db = weir_service_get(fixture->service, "users", NULL);
	assert_code(weir_db_exec(db, "CREATE TABLE visit (id INTEGER)", NULL, 0, NULL, NULL), WEIR_OK);
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_code(weir_tx_exec(&tx, "SELECT count(*) FROM visit", NULL, 0, NULL, NULL), WEIR_OK);
	service_dump_text(fixture->service, &text);
	assert_non_null(strstr(text.bytes, "db users driver sqlite running users=1"));
	assert_non_null(strstr(text.bytes, "db remote driver stub running users=0"));
	assert_non_null(strstr(text.bytes, "leased"));
	assert_non_null(strstr(text.bytes, "service_dump_test.c"));
	assert_non_null(strstr(text.bytes, "(service_dump_t"));
	assert_non_null(strstr(text.bytes, "sql: SELECT count(*) FROM visit"));
	assert_non_null(strstr(text.bytes, "gate free"));
	assert_non_null(strstr(text.bytes, "breaker=closed"));
	assert_non_null(strstr(text.bytes, " oldest reader slot "));
	weir_tx_end(&tx);
	assert_code(weir_db_run(db, hold, fixture, NULL, NULL, NULL), WEIR_OK);
	weir_service_put(fixture->service, db);
}

static void says_how_far_a_migration_is(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_db_migration migration = {.size = sizeof migration,
	                                      .phase = WEIR_DB_MIGRATION_RUNNING,
	                                      .step = 2,
	                                      .steps = 5,
	                                      .statement = 3};
	struct service_text text;
	struct weir_db *db;

	service_add_sqlite(fixture, "users", NULL);
	db = weir_service_get(fixture->service, "users", NULL);
	service_dump_text(fixture->service, &text);
	assert_null(strstr(text.bytes, "migration"));
	weir_db_note_migration(db, &migration, NULL);
	service_dump_text(fixture->service, &text);
	assert_non_null(strstr(text.bytes, "  migration step=2 steps=5 statement=3"));
	migration.phase = WEIR_DB_MIGRATION_APPLIED;
	weir_db_note_migration(db, &migration, NULL);
	service_dump_text(fixture->service, &text);
	assert_null(strstr(text.bytes, "migration"));
	weir_service_put(fixture->service, db);
}

struct reader {
	struct weir_db *db;
	struct unit_thread thread;
	enum weir_code code;
};

static void read_once(void *arg)
{
	struct reader *reader = arg;
	struct weir_tx tx = {0};

	reader->code = weir_read_begin(reader->db, NULL, &tx, NULL);
	weir_tx_end(&tx);
}

static void says_who_waits(void **state)
{
	struct service_fixture *fixture = *state;
	struct service_text text;
	struct weir_tx tx = {0};
	struct reader reader = {0};
	struct weir_config config;

	service_sqlite_config(fixture, &config, "one", "acquire_timeout=30s");
	config.max_size = 1;
	assert_code(weir_service_add(fixture->service, weir_sqlite_driver(), NULL, &config, NULL),
	            WEIR_OK);
	reader.db = weir_service_get(fixture->service, "one", NULL);
	assert_code(weir_read_begin(reader.db, NULL, &tx, NULL), WEIR_OK);
	unit_start(&reader.thread, read_once, &reader);
	do {
		service_dump_text(fixture->service, &text);
	} while (strstr(text.bytes, "waiting for ") == NULL);
	service_dump_text(fixture->service, &text); /* the count comes before the list */
	assert_non_null(strstr(text.bytes, "waiters=1"));
	weir_tx_end(&tx);
	unit_join(&reader.thread);
	assert_code(reader.code, WEIR_OK);
	service_dump_text(fixture->service, &text);
	assert_null(strstr(text.bytes, "waiting for "));
	weir_service_put(fixture->service, reader.db);
}

/* ---- while it changes ---- */

static struct weir_service *signalled;
static atomic_int null_fd;
static atomic_int dumps;

static void dump_here(int number)
{
	(void)number;
	weir_service_dump(signalled, atomic_load(&null_fd));
	(void)atomic_fetch_add(&dumps, 1);
}

struct churn {
	struct service_fixture *fixture;
	struct unit_thread thread;
	atomic_bool *stop;
};

/* Reads with more statements than the cache holds, so that texts come and go, and
 * raises the signal in the middle. */
static void churn_statements(void *arg)
{
	struct churn *churn = arg;
	char sql[64];

	for (unsigned i = 0; !atomic_load(churn->stop); i++) {
		struct weir_db *db = weir_service_get(churn->fixture->service, "users", NULL);
		struct weir_tx tx = {0};

		if (db == NULL)
			continue;
		if (weir_read_begin(db, NULL, &tx, NULL) == WEIR_OK) {
			(void)snprintf(sql, sizeof sql, "SELECT %u", i % 7);
			assert_code(weir_tx_exec(&tx, sql, NULL, 0, NULL, NULL), WEIR_OK);
			if (i % 16 == 0)
				(void)raise(SIGUSR2);
			weir_tx_end(&tx);
		}
		weir_service_put(churn->fixture->service, db);
	}
}

static void outlives_what_it_reads(void **state)
{
	struct service_fixture *fixture = *state;
	struct sigaction action = {.sa_handler = dump_here, .sa_flags = SA_RESTART};
	struct weir_config config;
	struct churn churns[2];
	atomic_bool stop = false;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	(void)close(pipes[0]); /* every dump ends in EPIPE, or is cut there */
	(void)signal(SIGPIPE, SIG_IGN);
	signalled = fixture->service;
	atomic_store(&null_fd, pipes[1]);
	assert_int_equal(sigaction(SIGUSR2, &action, NULL), 0);
	service_add_sqlite(fixture, "users", "statement_cache=3");
	service_sqlite_config(fixture, &config, "users", "statement_cache=3");
	for (size_t i = 0; i < 2; i++) {
		churns[i] = (struct churn){.fixture = fixture, .stop = &stop};
		unit_start(&churns[i].thread, churn_statements, &churns[i]);
	}
	for (int round = 0; round < 40; round++) {
		struct service_text text;

		assert_code(
			weir_service_replace(fixture->service, weir_sqlite_driver(), NULL, &config, NULL),
			WEIR_OK);
		(void)weir_service_tick(fixture->service, weir_now());
		service_dump_text(fixture->service, &text);
		assert_non_null(strstr(text.bytes, "db users"));
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < 2; i++)
		unit_join(&churns[i].thread);
	assert_true(atomic_load(&dumps) > 0);
	(void)close(pipes[1]);
}

static void comes_on_a_signal(void **state)
{
	struct service_fixture *fixture = *state;
	struct weir_service_options options = {
		.size = sizeof options, .manual = true, .dump_signal = SIGUSR1};
	struct weir_service *service;
	struct weir_service *second;
	struct weir_error err = WEIR_ERROR_INIT;
	char bytes[256] = "";
	int pipes[2];
	const int stderr_before = dup(STDERR_FILENO);

	(void)fixture;
	assert_code(weir_service_create(&service, &options, NULL), WEIR_OK);
	assert_code(weir_service_create(&second, &options, &err), WEIR_ERR_CONFIG_CONFLICT);
	assert_int_equal(pipe(pipes), 0);
	(void)dup2(pipes[1], STDERR_FILENO);
	(void)raise(SIGUSR1);
	(void)dup2(stderr_before, STDERR_FILENO);
	assert_true(read(pipes[0], bytes, sizeof bytes - 1) > 0);
	assert_non_null(strstr(bytes, "weir service of process"));
	weir_service_destroy(service);
	(void)raise(SIGUSR1); /* nobody's by now, and harmless */
	options.dump_signal = SIGKILL;
	assert_code(weir_service_create(&service, &options, &err), WEIR_ERR_BAD_ARGUMENT);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	(void)close(stderr_before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVICE_TEST(says_who_holds_what), SERVICE_TEST(says_how_far_a_migration_is),
		SERVICE_TEST(says_who_waits),      SERVICE_TEST(outlives_what_it_reads),
		SERVICE_TEST(comes_on_a_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
