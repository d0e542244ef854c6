/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A weir_db's life, its settings and its figures.
 *
 * Opening goes from the writer outwards: it makes what readers need to be there
 * (SQLite's -wal and -shm). Closing goes the other way, and the writer is last,
 * since with the last connection SQLite would end the log.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config_internal.h"
#include "db_internal.h"
#include "driver_check.h"
#include "error_internal.h"
#include "gate_internal.h"
#include "statement_record.h"
#include "thread_end.h"

#define LINE_MAX_ 512
#define FIELDS_MAX 6

enum weir_code weir__db_check(const struct weir_db *db, const char *where, struct weir_error *err)
{
	if (db == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, where, 0, "db is NULL");
	if (!weir__db_ours(db))
		return weir_fail(err, WEIR_ERR_FORKED, where, 0,
		                 "the db was opened before fork: open one in the child");
	if (wp_load_acq_32(&db->closing) != 0)
		return weir_fail(err, WEIR_ERR_CLOSED, where, 0, "%s: the db is closed", db->config.name);
	return WEIR_OK;
}

void weir__db_say(struct weir_db *db, enum weir_log_event event, const struct weir__field *fields,
                  size_t count, const char *format, ...)
{
	struct weir__field all[FIELDS_MAX + 2];
	char message[LINE_MAX_];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(message, sizeof message, format, args);
	va_end(args);
	all[0] = weir__text_field(WEIR__ATTR_POOL, db->config.name);
	all[1] = weir__text_field("message", message);
	for (size_t i = 0; i < count && i < FIELDS_MAX; i++)
		all[i + 2] = fields[i];
	(void)wp_add_rlx_64(&db->warnings, 1);
	weir__log(db->options.log, event, all, count + 2);
}

/* ---- creation ---- */

/* Jobs that nobody waits for: the keeper leads them. */
static void on_unattended(void *arg)
{
	weir__keeper_call((struct weir_db *)arg);
}

static enum weir_code make_gate(struct weir_db *db, struct weir_error *err)
{
	struct weir_gate_config config;

	memset(&config, 0, sizeof config);
	config.size = (uint32_t)sizeof config;
	config.length_max = (uint32_t)db->config.max_writers_waiting;
	config.ageing_ns = db->config.bulk_ageing;
	config.unattended = on_unattended;
	config.arg = db;

	const enum weir_code code = weir_gate_create(&db->gate, &config, err);

	if (code != WEIR_OK)
		return code;
	db->gate->name = db->config.name;
	return weir_gate_create(&db->equals, NULL, err);
}

static enum weir_code open_connections(struct weir_db *db, struct weir_error *err)
{
	const struct weir_time deadline = weir_deadline_in(db->config.open_timeout);
	const bool is_private = db->engine->is_private != NULL && db->engine->is_private(&db->config);
	enum weir_code code = weir__db_conn_open(db, WEIR_ROLE_WRITER, deadline, &db->writer, err);

	if (code != WEIR_OK)
		return code;
	weir__bump(&db->writer_opens);
	if (is_private)
		return WEIR_OK;
	if (db->engine->checkpoint != NULL)
		code = weir__db_conn_open(db, WEIR_ROLE_AIDE, deadline, &db->aide, err);
	return code == WEIR_OK ? weir__db_open_readers(db, err) : code;
}

static bool make_record(struct weir_db *db)
{
	if (db->config.statement_record == 0)
		return true;
	db->record = weir__record_make((uint32_t)db->config.statement_record);
	return db->record != NULL;
}

static enum weir_code build(struct weir_db *db, struct weir_error *err)
{
	const size_t slots = weir__pool_places(&db->config);
	enum weir_code code;

	for (int id = 0; id < WEIR_SETTINGS_COUNT; id++)
		wp_store_rlx_64(&db->settings[id],
		                (uint64_t)*weir_config_value(&db->config, (enum weir_setting_id)id));
	db->refused = (wp_u32 *)wp_alloc(WEIR__CACHE_LINE, slots * sizeof *db->refused);
	db->counts =
		(struct weir__db_counts *)wp_alloc(WEIR__CACHE_LINE, (slots + 1) * sizeof *db->counts);
	db->watched = (struct weir__watched *)wp_alloc(WEIR__CACHE_LINE, slots * sizeof *db->watched);
	if (db->refused == NULL || db->counts == NULL || db->watched == NULL ||
	    !weir__db_histograms_make(db) || !make_record(db))
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "db.create", 0, "no memory for the db");
	code = make_gate(db, err);
	if (code == WEIR_OK)
		code = open_connections(db, err);
	if (code == WEIR_OK) {
		db->magic = WEIR__DB_MAGIC;
		code = weir__keeper_start(db, err);
	}
	return code;
}

/* Free what is there; nobody uses it. */
static void dismantle(struct weir_db *db)
{
	weir__keeper_stop(db);
	weir_pool_destroy(db->readers);
	weir__db_conn_close(db->aide);
	weir__db_conn_close(db->writer);
	weir__tickets_sweep(db);
	weir_gate_destroy(db->equals);
	weir_gate_destroy(db->gate);
	wp_free(db->refused);
	wp_free(db->counts);
	wp_free(db->watched);
	weir__db_histograms_free(db);
	weir__record_free(db->record);
	wp_free_wiped(db, sizeof *db);
}

enum weir_code weir_db_create(struct weir_db **out, const struct weir_driver *driver,
                              const struct weir_config *config,
                              const struct weir_db_options *options, struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	struct weir_db *db;
	enum weir_code code;

	if (out == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "db.create", 0, "db is NULL");
	*out = NULL;
	code = weir__driver_check_engine(driver, "db.create", err);
	if (code != WEIR_OK)
		return code;
	if (options != NULL && options->size < sizeof *options)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "db.create", 0,
		                 "options: set size to sizeof(struct weir_db_options)");
	db = (struct weir_db *)wp_alloc_wiped(sizeof *db);
	if (db == NULL)
		return weir_fail(err, WEIR_ERR_NO_MEMORY, "db.create", 0, "no memory for the db");
	db->driver = driver;
	db->engine = driver->engine;
	db->sql = driver->sql;
	if (options != NULL)
		db->options = *options;
	weir__keeper_init(db);
	code = weir__config_adopt(&db->config, config, driver, "db.create", err);
	if (code == WEIR_OK)
		code = weir_config_check(&db->config, driver, NULL, err);
	if (code == WEIR_OK)
		code = build(db, err);
	if (code != WEIR_OK) {
		dismantle(db);
		return code;
	}
	*out = db;
	return WEIR_OK;
}

enum weir_code weir_db_open(struct weir_db **db, const struct weir_driver *driver, const char *url,
                            struct weir_error *err)
{
	struct weir_config config;
	enum weir_code code;

	if (db == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "db.open", 0, "db is NULL");
	*db = NULL;
	code = weir__driver_check_engine(driver, "db.open", err);
	if (code != WEIR_OK)
		return code;
	weir_config_init(&config, driver);
	code = weir_config_apply_url(&config, driver, url, NULL, err);
	return code != WEIR_OK ? code : weir_db_create(db, driver, &config, NULL, err);
}

/* ---- the end ---- */

enum weir_code weir_db_close_until(struct weir_db *db, struct weir_time deadline,
                                   struct weir_error *err)
{
	WEIR__CANCEL_DEFERRED;
	enum weir_code code = WEIR_OK;

	if (db == NULL)
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "db.close", 0, "db is NULL");
	if (!weir__db_ours(db))
		return weir_fail(err, WEIR_ERR_FORKED, "db.close", 0,
		                 "only the parent process may close this db");
	if (weir_gate_is_mine(db->gate))
		return weir_fail(err, WEIR_ERR_REENTRANT, "db.close", 0, "%s",
		                 weir_error_text(WEIR_ERR_REENTRANT));
	wp_store_rel_32(&db->closing, 1);
	weir__db_unsuspend(db);
	code = weir_gate_close(db->gate, deadline, err);
	/* Readers too are given their time, and told to go, whatever the writer does. */
	if (db->readers != NULL) {
		struct weir_error *reader_err = code == WEIR_OK ? err : NULL;
		const enum weir_code reader_code = weir_pool_close_until(db->readers, deadline, reader_err);

		if (code == WEIR_OK)
			code = reader_code;
		(void)!weir_gate_close(db->equals, deadline, NULL);
	}
	if (code == WEIR_OK)
		weir__keeper_stop(db);
	return code;
}

enum weir_code weir_db_close(struct weir_db *db, struct weir_error *err)
{
	const int64_t timeout_ns =
		db == NULL || !weir__db_ours(db) ? 0 : weir__db_setting(db, WEIR_SET_close_timeout);

	return weir_db_close_until(db, weir_deadline_in(timeout_ns), err);
}

void weir_db_destroy(struct weir_db *db)
{
	WEIR__CANCEL_DEFERRED;
	const struct weir_time at_once = {0};

	if (db == NULL || !weir__db_ours(db))
		return;
	/* A callback of the housekeeping would wait for itself. */
	if (!weir_gate_is_mine(db->gate) && wp_load_rlx_32(&db->keeping) != wp_thread_id()) {
		(void)wp_xchg_full_32(&db->closing, 1); /* U2 */
		weir__upkeep_await(db);                 /* the db's own work is nobody's */
	}
	if (weir_db_close_until(db, at_once, NULL) != WEIR_OK)
		return; /* somebody is still in there: leaked rather than freed beneath them */
	dismantle(db);
}

/* ---- settings and figures ---- */

/* Under the lock, before they take effect. */
static void say_changes(struct weir_db *db, struct weir_config *changed)
{
	size_t count;
	const struct weir_setting *settings = weir_settings(&count);
	char before[64];
	char after[64];

	for (size_t i = 0; i < count; i++) {
		const enum weir_setting_id id = (enum weir_setting_id)i;
		const int64_t value = *weir_config_value(changed, id);

		if (value == weir__db_setting(db, id))
			continue;
		(void)weir_setting_format(&settings[i], weir__db_setting(db, id), before, sizeof before);
		(void)weir_setting_format(&settings[i], value, after, sizeof after);
		const struct weir__field fields[] = {
			weir__text_field(WEIR__ATTR_POOL, db->config.name),
			weir__text_field("weir.setting.name", settings[i].name),
			weir__text_field("weir.setting.before", before),
			weir__text_field("weir.setting.after", after),
		};

		weir__log(db->options.log, WEIR_LOG_SETTING_EVENT, fields, 4);
	}
}

enum weir_code weir_db_set(struct weir_db *db, const char *name, const char *value,
                           struct weir_error *err)
{
	struct weir_config changed;
	enum weir_code code = weir__db_check(db, "db.set", err);

	if (code != WEIR_OK)
		return code;
	weir__lock(&db->set_lock);
	changed = db->config;
	for (int id = 0; id < WEIR_SETTINGS_COUNT; id++)
		*weir_config_value(&changed, (enum weir_setting_id)id) =
			weir__db_setting(db, (enum weir_setting_id)id);
	code = weir__config_change(&changed, db->driver, name, value, err);
	if (code == WEIR_OK && db->readers != NULL)
		code = weir_pool_set(db->readers, name, value, err);
	if (code == WEIR_OK)
		say_changes(db, &changed);
	for (int id = 0; id < WEIR_SETTINGS_COUNT && code == WEIR_OK; id++)
		wp_store_rlx_64(&db->settings[id],
		                (uint64_t)*weir_config_value(&changed, (enum weir_setting_id)id));
	weir__unlock(&db->set_lock);
	wp_store_rlx_32(&db->pool_wanted, 1);
	weir__keeper_call(db);
	return code;
}

/* Sum what each reader, and the writer, counted for itself. */
static void read_statements(const struct weir_db *db, struct weir_db_stats *stats)
{
	for (uint32_t i = 0; i <= weir__pool_places(&db->config); i++) {
		stats->statement_hits += wp_load_rlx_64(&db->counts[i].hits);
		stats->statement_misses += wp_load_rlx_64(&db->counts[i].misses);
	}
}

static void read_pools(struct weir_db *db, struct weir_db_stats *stats)
{
	stats->readers.size = (uint32_t)sizeof stats->readers;
	if (db->readers != NULL)
		(void)!weir_pool_read_stats(db->readers, &stats->readers);
	stats->gate.size = (uint32_t)sizeof stats->gate;
	(void)!weir_gate_read_stats(db->gate, &stats->gate);
}

enum weir_code weir_db_read_stats(struct weir_db *db, struct weir_db_stats *stats)
{
	if (db == NULL || stats == NULL || stats->size < sizeof *stats)
		return WEIR_ERR_BAD_ARGUMENT;
	if (!weir__db_ours(db))
		return WEIR_ERR_FORKED;

	const uint32_t size = stats->size;

	memset(stats, 0, sizeof *stats);
	stats->size = size;
	read_pools(db, stats);
	read_statements(db, stats);
	stats->commits = wp_load_rlx_64(&db->commits);
	for (int i = 0; i <= WEIR_INDETERMINATE; i++)
		stats->jobs[i] = wp_load_rlx_64(&db->outcomes[i]);
	stats->runs_again = wp_load_rlx_64(&db->runs_again);
	stats->savepoints = wp_load_rlx_64(&db->savepoints);
	stats->checkpoints = wp_load_rlx_64(&db->checkpoints);
	stats->checkpoint_failures = wp_load_rlx_64(&db->checkpoint_failures);
	stats->checkpoint_stall_ns_max = (int64_t)wp_load_rlx_64(&db->stall_ns_max);
	stats->checkpoint_stall_ns_sum = (int64_t)wp_load_rlx_64(&db->stall_ns_sum);
	stats->log_frames = (uint32_t)wp_load_rlx_64(&db->log_frames);
	stats->pinned = wp_load_rlx_32(&db->pinned);
	stats->sequence = wp_load_acq_64(&db->sequence);
	stats->writer_opens = wp_load_rlx_64(&db->writer_opens);
	stats->warnings = wp_load_rlx_64(&db->warnings);
	return WEIR_OK;
}
