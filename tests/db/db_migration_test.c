/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What migrations need of a db: the statements that were prepared on it, that a change of
 * the schema is told to its connections, and that it tells how far a migration is.
 */
#include "db_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

/* ---- what it is made of ---- */

static void a_db_tells_its_driver_and_configuration(void **state)
{
	const struct db_fixture *const fixture = *state;
	struct weir_db *const db = db_make(*state, "name=users");

	assert_ptr_equal(weir_db_driver(db), weir_sqlite_driver());
	assert_string_equal(weir_db_config(db)->name, "users");
	assert_string_equal(weir_db_config(db)->path, fixture->path);
	assert_int_equal(weir_db_config(db)->max_size, 4);
	db_end(db);
}

/* ---- a changed schema ---- */

/* Columns of "SELECT * FROM t" before the first row is asked for. */
static uint32_t columns_at_once(struct weir_tx *tx)
{
	struct weir_rows rows = {0};
	uint32_t columns;

	assert_code(weir_tx_query(tx, "SELECT * FROM t", NULL, 0, &rows, NULL), WEIR_OK);
	columns = rows.columns;
	weir_rows_end(&rows);
	return columns;
}

static uint32_t columns_read(struct weir_db *db)
{
	struct weir_tx tx = {0};
	uint32_t columns;

	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	columns = columns_at_once(&tx);
	weir_tx_end(&tx);
	return columns;
}

static void a_changed_schema_is_seen_before_the_first_row(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=1");

	db_exec(db, "CREATE TABLE t (a)");
	assert_int_equal(columns_read(db), 1);
	assert_int_equal(columns_read(db), 1); /* found prepared */
	db_exec(db, "ALTER TABLE t ADD COLUMN b");
	weir_db_schema_changed(db);
	assert_int_equal(columns_read(db), 2);

	const struct weir_db_stats stats = db_stats(db);

	assert_int_equal(columns_read(db), 2);
	assert_int_equal(db_stats(db).statement_hits, stats.statement_hits + 1);
	db_end(db);
}

/* The writer does not know of what another process has changed, either. */
static void the_writer_sees_it_too(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	sqlite3 *const foreign = db_foreign(*state);
	struct weir_tx tx = {0};

	db_exec(db, "CREATE TABLE t (a)");
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_int_equal(columns_at_once(&tx), 1);
	weir_tx_end(&tx);
	db_foreign_exec(foreign, "ALTER TABLE t ADD COLUMN b");
	weir_db_schema_changed(db);
	assert_code(weir_write_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_int_equal(columns_at_once(&tx), 2);
	weir_tx_end(&tx);
	assert_int_equal(sqlite3_close(foreign), SQLITE_OK);
	db_end(db);
}

/* A read that goes on over the change may go on with what it has prepared. */
static void what_goes_on_meanwhile_ends_as_it_began(void **state)
{
	struct weir_db *const db = db_make(*state, "max_size=1");
	struct weir_rows rows = {0};
	struct weir_tx tx = {0};
	enum weir_code code = WEIR_OK;

	db_exec(db, "CREATE TABLE t (a)");
	db_exec(db, "INSERT INTO t VALUES (1), (2)");
	assert_code(weir_read_begin(db, NULL, &tx, NULL), WEIR_OK);
	assert_code(weir_tx_query(&tx, "SELECT * FROM t", NULL, 0, &rows, NULL), WEIR_OK);
	assert_true(weir_rows_next(&rows, &code, NULL));
	db_exec(db, "ALTER TABLE t ADD COLUMN b");
	weir_db_schema_changed(db);
	assert_true(weir_rows_next(&rows, &code, NULL));
	assert_false(weir_rows_next(&rows, &code, NULL));
	assert_code(code, WEIR_OK);
	weir_tx_end(&tx);
	assert_int_equal(columns_read(db), 2);
	db_end(db);
}

/* ---- the statements ---- */

struct texts {
	char all[512];
	uint32_t count;
	uint32_t stop_after;
};

static bool note_text(void *arg, const char *sql)
{
	struct texts *const texts = arg;
	const size_t used = strlen(texts->all);

	(void)snprintf(texts->all + used, sizeof texts->all - used, "%s;", sql);
	return ++texts->count != texts->stop_after;
}

static void statements_are_remembered_from_every_connection(void **state)
{
	struct weir_db *const db = db_make(*state, "statement_cache=0");
	struct texts texts = {.count = 0};

	db_exec(db, "CREATE TABLE t (a)");
	db_exec(db, "INSERT INTO t VALUES (1)");
	db_exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(db_number(db, "SELECT a FROM t"), 1);
	assert_code(weir_db_exec(db, "SELECT nonsense", NULL, 0, NULL, NULL), WEIR_ERR_DRIVER_SQL);
	assert_code(weir_db_statements(db, note_text, &texts, NULL), WEIR_OK);
	assert_string_equal(texts.all, "CREATE TABLE t (a);INSERT INTO t VALUES (1);SELECT a FROM t;");
	texts = (struct texts){.stop_after = 1};
	assert_code(weir_db_statements(db, note_text, &texts, NULL), WEIR_OK);
	assert_string_equal(texts.all, "CREATE TABLE t (a);");
	assert_code(weir_db_statements(NULL, note_text, &texts, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_statements(db, NULL, &texts, NULL), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
}

static void as_many_are_remembered_as_the_setting_says(void **state)
{
	struct weir_db *db = db_make(*state, "statement_record=1");
	struct texts texts = {.count = 0};

	db_exec(db, "CREATE TABLE t (a)");
	db_exec(db, "DROP TABLE t");
	assert_code(weir_db_statements(db, note_text, &texts, NULL), WEIR_OK);
	assert_string_equal(texts.all, "CREATE TABLE t (a);");
	assert_code(weir_db_set(db, "statement_record", "2", NULL), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
	db = db_make(*state, "statement_record=0");
	texts = (struct texts){.count = 0};
	db_exec(db, "CREATE TABLE t (a)");
	assert_code(weir_db_statements(db, note_text, &texts, NULL), WEIR_OK);
	assert_int_equal(texts.count, 0);
	db_end(db);
}

/* ---- how far it is ---- */

static struct weir_db_migration running(const char *version)
{
	struct weir_db_migration migration = {
		.size = sizeof migration,
		.phase = WEIR_DB_MIGRATION_RUNNING,
		.what = "up",
		.step = 2,
		.steps = 5,
		.statement = 3,
		.permille = 250,
		.elapsed_ns = WEIR_SECONDS(2),
	};

	(void)snprintf(migration.version, sizeof migration.version, "%s", version);
	return migration;
}

static void what_was_noted_last_is_read(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_db_migration noted = running("007");
	struct weir_db_migration read = {.size = sizeof read, .step = 9};

	assert_code(weir_db_read_migration(db, &read), WEIR_OK);
	assert_int_equal(read.phase, WEIR_DB_MIGRATION_NONE);
	assert_int_equal(read.step, 0);
	assert_int_equal(read.size, sizeof read);
	weir_db_note_migration(db, &noted, NULL);
	assert_code(weir_db_read_migration(db, &read), WEIR_OK);
	assert_memory_equal(&read, &noted, sizeof read);
	/* Texts that do not end are cut. */
	memset(noted.version, 'x', sizeof noted.version);
	weir_db_note_migration(db, &noted, NULL);
	assert_code(weir_db_read_migration(db, &read), WEIR_OK);
	assert_int_equal(strlen(read.version), sizeof read.version - 1);
	/* What cannot be right changes nothing. */
	noted.size = 8;
	noted.step = 4;
	weir_db_note_migration(db, &noted, NULL);
	weir_db_note_migration(db, NULL, NULL);
	weir_db_note_migration(NULL, &noted, NULL);
	assert_code(weir_db_read_migration(db, &read), WEIR_OK);
	assert_int_equal(read.step, 2);
	read.size = 8;
	assert_code(weir_db_read_migration(db, &read), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_read_migration(db, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_db_read_migration(NULL, &read), WEIR_ERR_BAD_ARGUMENT);
	db_end(db);
}

static struct weir_metrics figures_of(struct weir_db *db)
{
	const struct weir_metrics_source source = {.db = db};
	struct weir_metrics metrics = {.size = sizeof metrics};

	assert_code(weir_metrics_read(&source, &metrics), WEIR_OK);
	return metrics;
}

static void figures_show_it_while_it_runs(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	struct weir_db_migration noted = running("007");
	struct weir_metrics metrics = figures_of(db);

	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_RUNNING], 0);
	weir_db_note_migration(db, &noted, NULL);
	metrics = figures_of(db);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_RUNNING], 1);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_STEP], 2);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_STEPS], 5);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_PROGRESS], 250);
	noted.permille = -1;
	weir_db_note_migration(db, &noted, NULL);
	metrics = figures_of(db);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_PROGRESS], 0);
	noted.phase = WEIR_DB_MIGRATION_APPLIED;
	weir_db_note_migration(db, &noted, NULL);
	weir_db_note_migration(db, &noted, NULL); /* the same one */
	metrics = figures_of(db);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_RUNNING], 0);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATION_STEP], 0);
	assert_int_equal(metrics.values[WEIR_METRIC_MIGRATIONS_APPLIED], 1);
	db_end(db);
}

/* ---- the log ---- */

struct lines {
	char text[2048];
	uint32_t count;
};

static bool keep(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	struct lines *const lines = arg;
	const size_t used = strlen(lines->text);

	(void)length;
	assert_int_equal(level, WEIR_LOG_INFO);
	(void)snprintf(lines->text + used, sizeof lines->text - used, "%s", line);
	lines->count++;
	return true;
}

static struct weir_db *open_with(const struct db_fixture *fixture, struct weir_log *log)
{
	const struct weir_db_options options = {.size = sizeof options, .log = log};
	struct weir_config config;
	struct weir_db *db = NULL;
	char url[200];

	(void)snprintf(url, sizeof url, "sqlite://%s?max_size=2&name=users", fixture->path);
	weir_config_init(&config, fixture->driver);
	assert_code(weir_config_apply_url(&config, fixture->driver, url, NULL, NULL), WEIR_OK);
	assert_code(weir_db_create(&db, fixture->driver, &config, &options, NULL), WEIR_OK);
	return db;
}

static void each_change_of_phase_or_version_is_a_line(void **state)
{
	struct lines lines = {.count = 0};
	const struct weir_log_options options = {.size = sizeof options,
	                                         .level = WEIR_LOG_INFO,
	                                         .sink = keep,
	                                         .sink_arg = &lines,
	                                         .manual = true};
	struct weir_db_migration noted = running("007");
	struct weir_error why = WEIR_ERROR_INIT;
	struct weir_log *log = NULL;
	struct weir_db *db;

	assert_code(weir_log_create(&log, &options, NULL), WEIR_OK);
	db = open_with(*state, log);
	weir_db_note_migration(db, &noted, NULL);
	noted.statement++;
	weir_db_note_migration(db, &noted, NULL);
	noted.phase = WEIR_DB_MIGRATION_FAILED;
	(void)weir_fail(&why, WEIR_ERR_MIGRATE_SCRIPT, "migrate", 0, "line 3: no such table");
	weir_db_note_migration(db, &noted, &why);
	noted.phase = WEIR_DB_MIGRATION_NONE;
	weir_db_note_migration(db, &noted, NULL);
	(void)weir_log_flush(log, db_soon());
	assert_int_equal(lines.count, 2);
	assert_non_null(strstr(lines.text, "event=weir.migration.state"));
	assert_non_null(strstr(lines.text, "db.client.connection.pool.name=users"));
	assert_non_null(strstr(lines.text, "weir.migration.state=running"));
	assert_non_null(strstr(lines.text, "weir.migration.version=007"));
	assert_non_null(strstr(lines.text, "weir.migration.what=up"));
	assert_non_null(strstr(lines.text, "weir.migration.state=failed"));
	assert_non_null(strstr(lines.text, "line 3: no such table"));
	assert_int_equal(db_stats(db).warnings, 0);
	db_end(db);
	weir_log_destroy(log);
}

/* ---- a child ---- */

static int try_in_child(struct weir_db *db)
{
	struct weir_db_migration noted = running("007");
	struct texts texts = {.count = 0};

	weir_db_note_migration(db, &noted, NULL);
	if (weir_db_read_migration(db, &noted) != WEIR_ERR_FORKED)
		return 1;
	return weir_db_statements(db, note_text, &texts, NULL) != WEIR_ERR_FORKED;
}

static void a_child_has_none_of_it(void **state)
{
	struct weir_db *const db = db_make(*state, NULL);
	int status = 0;
	const pid_t child = fork();

	if (child == 0)
		_exit(try_in_child(db));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	db_end(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_db_tells_its_driver_and_configuration),
		DB_TEST(a_changed_schema_is_seen_before_the_first_row),
		DB_TEST(the_writer_sees_it_too),
		DB_TEST(what_goes_on_meanwhile_ends_as_it_began),
		DB_TEST(statements_are_remembered_from_every_connection),
		DB_TEST(as_many_are_remembered_as_the_setting_says),
		DB_TEST(what_was_noted_last_is_read),
		DB_TEST(figures_show_it_while_it_runs),
		DB_TEST(each_change_of_phase_or_version_is_a_line),
		DB_TEST(a_child_has_none_of_it),
	};

	return cmocka_run_group_tests_name("db_migration", tests, NULL, NULL);
}
