/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A run of `weir-bench migrate`: fill, measure idle, rehearse, go up, count.
 */
#include "migration_bench.h"

#include <stdlib.h>
#include <string.h>

#include <weir/sqlite.h>

#include "monotonic.h"

#define WHERE "bench.migrate"

/* What people do: quick, long to read, long to write, and what SQLite cannot alter. */
static const struct weir_migration_source sources[BENCH_MIGRATION_STEPS] = {
	{.version = "1", .name = "add_column", .up = {.sql = "ALTER TABLE item ADD COLUMN note TEXT;"}},
	{.version = "2",
     .name = "create_index",
     .up = {.sql = "CREATE INDEX item_part ON item (part);"}},
	{.version = "3",
     .name = "update_part",
     .up = {.sql = "UPDATE item SET note = 'old'"
                   " WHERE id <= (SELECT max(id) / 20 FROM item);"}},
	{.version = "4",
     .name = "rebuild_table",
     .up = {.sql = "CREATE TABLE entry_new (id INTEGER PRIMARY KEY,"
                   " amount INTEGER NOT NULL CHECK (amount >= 0), name TEXT NOT NULL);\n"
                   "INSERT INTO entry_new SELECT id, amount, name FROM entry;\n"
                   "DROP TABLE entry;\n"
                   "ALTER TABLE entry_new RENAME TO entry;\n"
                   "CREATE INDEX entry_name ON entry (name);"}},
};

struct run {
	const struct bench_migration_options *options;
	struct bench_migration_progress *progress;
	struct bench_migration_result *result;
	struct bench_migration_file file;
	struct bench_migration_load *load;
	struct weir_db *db;
	struct weir_migrations *set;
};

static enum weir_code stopped(struct weir_error *err)
{
	return weir_fail(err, WEIR_ERR_DRIVER_CANCELLED, WHERE, 0, "stopped");
}

static bool watch(void *arg, const struct weir_migrate_progress *progress)
{
	return bench_migration_progress_tell(arg, progress->percent);
}

/* Nobody gives up: how long they wait is the question. */
static enum weir_code open_db(struct run *run, struct weir_error *err)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	const struct weir_db_options options = {.size = sizeof options, .log = weir_log_silent()};
	struct weir_config *const config = malloc(sizeof *config);
	enum weir_code code;

	if (config == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a configuration");
	weir_config_init(config, driver);
	(void)snprintf(config->scheme, sizeof config->scheme, "%s", driver->name);
	(void)snprintf(config->path, sizeof config->path, "%s", run->file.path);
	config->max_size = (int64_t)run->options->readers + 2;
	config->min_idle = (int64_t)run->options->readers;
	config->write_timeout = WEIR_HOUR_NS;
	config->acquire_timeout = WEIR_SECONDS(60);
	code = weir_db_create(&run->db, driver, config, &options, err);
	free(config);
	return code;
}

static struct weir_migrate_options migrate_options(const struct run *run)
{
	return (struct weir_migrate_options){.size = sizeof(struct weir_migrate_options),
	                                     .on_progress = watch,
	                                     .progress_arg = run->progress};
}

static void take_steps(struct run *run, const struct weir_migrate_report *report, bool foretold)
{
	struct bench_migration_result *const result = run->result;
	const struct weir_migrate_row *rows;
	const size_t count = weir_migrate_rows(report, &rows);

	for (size_t i = 0; i < count && i < BENCH_MIGRATION_STEPS; i++) {
		struct bench_migration_step *const step = &result->steps[i];

		(void)snprintf(step->version, sizeof step->version, "%s", rows[i].version);
		(void)snprintf(step->name, sizeof step->name, "%s", rows[i].name);
		*(foretold ? &step->foretold_ns : &step->blocked_ns) = rows[i].blocked_ns;
		result->steps_count = i + 1;
	}
}

static enum weir_code rehearse(struct run *run, struct weir_error *err)
{
	const struct weir_rehearse_options wishes = {.size = sizeof wishes, .no_down = true};
	const struct weir_migrate_options options = migrate_options(run);
	struct weir_migrate_report *report = NULL;
	const int64_t begun = bench_now();
	enum weir_code code;

	bench_migration_progress_begin(run->progress, "rehearsing");
	bench_migration_load_phase(run->load, BENCH_MIGRATION_BETWEEN);
	code = weir_migrate_rehearse(run->db, run->set, NULL, &options, &wishes, &report, err);
	run->result->rehearsal_ns = bench_now() - begun;
	run->result->copy_ns = weir_migrate_figure(report, "copy_ns");
	run->result->bytes = (double)weir_migrate_figure(report, "bytes");
	run->result->foretold_ns = weir_migrate_figure(report, "blocked_ns") +
	                           weir_migrate_figure(report, "checkpoint_ns");
	take_steps(run, report, true);
	weir_migrate_report_free(report);
	return code;
}

static enum weir_code go_up(struct run *run, struct weir_error *err)
{
	const struct weir_migrate_options options = migrate_options(run);
	struct weir_migrate_report *report = NULL;
	struct bench_migration_neighbours neighbours;
	enum weir_code code;
	int64_t begun;

	bench_migration_progress_begin(run->progress, "migrating");
	bench_migration_neighbours_begin(&neighbours);
	bench_migration_load_phase(run->load, BENCH_MIGRATION_UP);
	begun = bench_now();
	code = weir_migrate_up(run->db, run->set, NULL, &options, &report, err);
	run->result->up_ns = bench_now() - begun;
	run->result->others = bench_migration_neighbours_end(&neighbours);
	bench_migration_load_phase(run->load, BENCH_MIGRATION_BETWEEN);
	take_steps(run, report, false);
	weir_migrate_report_free(report);
	return code;
}

static int take_sum(struct weir_rows *row, void *arg)
{
	struct weir_sql_value value = weir_null();

	if (weir_rows_value(row, 0, &value, NULL) != WEIR_OK)
		return 1;
	*(uint64_t *)arg = (uint64_t)value.as.int64;
	return 0;
}

static enum weir_code run_beside_load(struct run *run, struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	bench_migration_progress_begin(run->progress, "measuring reads beside nothing");
	if (!bench_migration_progress_sleep(run->progress, run->options->seconds_idle))
		code = stopped(err);
	if (code == WEIR_OK)
		code = rehearse(run, err);
	if (code == WEIR_OK)
		code = go_up(run, err);
	return code;
}

static enum weir_code run_on_db(struct run *run, struct weir_error *err)
{
	enum weir_code code =
		weir_migrations_make(&run->set, sources, sizeof sources / sizeof sources[0], err);

	if (code != WEIR_OK)
		return code;
	run->load = bench_migration_load_start(run->db, run->file.items, run->options, err);
	if (run->load == NULL)
		return WEIR_ERR_NO_THREAD;
	code = run_beside_load(run, err);
	bench_migration_load_end(run->load, run->result);
	if (code == WEIR_OK)
		code = weir_db_query(run->db, "SELECT coalesce(sum(n), 0) FROM counter", NULL, 0, take_sum,
		                     &run->result->writes_found, err);
	return code;
}

enum weir_code bench_migration_run(const struct bench_migration_options *options,
                                   struct bench_migration_progress *progress,
                                   struct bench_migration_result *result, struct weir_error *err)
{
	struct run *const run = calloc(1, sizeof *run);
	enum weir_code code;

	if (run == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for a run");
	run->options = options;
	run->progress = progress;
	run->result = result;
	/* Otherwise each allocation of up's, and of every reader's, takes one mutex. */
	code = weir_sqlite_drop_memory_statistics(err);
	if (code == WEIR_OK)
		code = bench_migration_file_make(&run->file, options, progress, err);
	if (code == WEIR_OK)
		code = open_db(run, err);
	if (code == WEIR_OK)
		code = run_on_db(run, err);
	weir_migrations_free(run->set);
	weir_db_destroy(run->db);
	bench_migration_file_remove(&run->file);
	bench_migration_progress_clear(progress);
	free(run);
	return code;
}
