/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A process of `weir-stress kill`: sixteen threads that write, two that read and
 * have the log copied, until somebody kills it.
 */
#include "stress_kill.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/sqlite.h>
#include <weir/weir.h>

#include "stress_random.h"

#define READERS 2

/* Exit statuses beside 0. */
enum { FINDING_COMPLAINT = 10, FINDING_START = 11 };

struct caller {
	const struct kill_child *child;
	struct weir_db *db;
	pthread_t thread;
	uint64_t random;
	struct kill_write write;
};

static bool shall_stop(const struct kill_child *child)
{
	return atomic_load_explicit(&child->ledger->stop[child->process], memory_order_relaxed) ||
	       atomic_load_explicit(&child->ledger->complained, memory_order_relaxed);
}

static void *write_on(void *arg)
{
	struct caller *const caller = arg;

	while (!shall_stop(caller->child))
		kill_write_one(caller->db, &caller->write, &caller->random);
	return NULL;
}

/* ---- reading ---- */

struct seen {
	int64_t count;
	int64_t last;    /* as the tally has it */
	int64_t entries; /* rows that are there */
	int64_t newest;  /* the last of them */
};

static enum weir_code look(struct weir_tx *tx, uint32_t writer, struct seen *seen,
                           struct weir_error *err)
{
	const struct weir_sql_value who = weir_int64(writer);
	int64_t *const fields[] = {&seen->count, &seen->last, &seen->entries, &seen->newest};
	struct weir_rows rows;
	enum weir_code code = weir_tx_query(
		tx,
		"SELECT count, last, (SELECT count(*) FROM entry e WHERE e.writer = t.writer), "
		"(SELECT ifnull(max(n), 0) FROM entry e WHERE e.writer = t.writer) "
		"FROM tally t WHERE writer = ?",
		&who, 1, &rows, err);

	if (code != WEIR_OK)
		return code;
	if (weir_rows_next(&rows, &code, err)) {
		for (uint32_t i = 0; i < 4 && code == WEIR_OK; i++) {
			struct weir_sql_value value;

			code = weir_rows_value(&rows, i, &value, err);
			*fields[i] = code == WEIR_OK ? value.as.int64 : 0;
		}
	}
	weir_rows_end(&rows);
	return code;
}

/* A read that begins now sees all that was acknowledged before, and no half of
 * anything. */
static void read_once(struct caller *caller)
{
	const struct kill_plan *const plan = caller->child->plan;
	struct kill_ledger *const ledger = caller->child->ledger;
	const uint32_t writer = stress_random_below(&caller->random, plan->processes * KILL_WRITERS);
	const struct weir_read_options options = {.size = sizeof options, .snapshot = true};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	struct kill_book before;
	struct seen seen = {0};
	enum weir_code code;

	(void)kill_read_book(&ledger->writers[writer], &before);
	code = weir_read_begin(caller->db, &options, &tx, &err);
	if (code == WEIR_OK)
		code = look(&tx, writer, &seen, &err);
	weir_tx_end(&tx);
	if (code != WEIR_OK) {
		kill_complain(ledger, "a read failed: %s: %s", weir_error_name(code), err.message);
		return;
	}
	atomic_fetch_add_explicit(&ledger->reads, 1, memory_order_relaxed);
	if (plan->lie != KILL_LIE_NONE)
		return; /* the audit alone is on trial */
	if (seen.last != seen.newest)
		kill_complain(ledger,
		              "a reader saw half a write of writer %" PRIu32 ": tally up to %" PRId64
		              ", rows up to %" PRId64,
		              writer, seen.last, seen.newest);
	if ((uint64_t)seen.last < before.last || (uint64_t)seen.count < before.count)
		kill_complain(ledger,
		              "a reader did not see write %" PRIu64 " of writer %" PRIu32
		              ", acknowledged before; it saw up to %" PRId64,
		              before.last, writer, seen.last);
}

static void checkpoint_once(struct caller *caller)
{
	struct kill_ledger *const ledger = caller->child->ledger;
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = weir_db_checkpoint(caller->db, NULL, &err);

	if (code == WEIR_OK)
		atomic_fetch_add_explicit(&ledger->checkpoints, 1, memory_order_relaxed);
	else if (code != WEIR_ERR_DRIVER_BUSY)
		kill_complain(ledger, "a checkpoint failed: %s: %s", weir_error_name(code), err.message);
}

static void *read_on(void *arg)
{
	struct caller *const caller = arg;

	while (!shall_stop(caller->child)) {
		if (stress_random_percent(&caller->random, 2))
			checkpoint_once(caller);
		else
			read_once(caller);
	}
	return NULL;
}

/* ---- the process ---- */

/* Lines are counted by the log's thread, which dies with the process. */
static bool count_line(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	struct kill_ledger *const ledger = arg;

	(void)level;
	(void)line;
	(void)length;
	atomic_fetch_add_explicit(&ledger->reports, 1, memory_order_relaxed);
	return true;
}

static struct weir_log *open_log(const struct kill_child *child)
{
	const struct weir_log_options options = {
		.size = sizeof options,
		.level = WEIR_LOG_WARN,
		.sink = count_line,
		.sink_arg = child->ledger,
	};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_log *log = NULL;

	if (weir_log_create(&log, &options, &err) != WEIR_OK)
		kill_complain(child->ledger, "a process could not make its log: %s", err.message);
	return log;
}

static struct weir_db *open_db(const struct kill_child *child, struct weir_log *log)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	const struct weir_db_options options = {.size = sizeof options, .log = log};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	struct weir_db *db = NULL;
	char pairs[256];

	weir_config_init(&config, driver);
	(void)snprintf(config.path, sizeof config.path, "%s", child->plan->path);
	/* Timeouts that a busy machine does not reach: they are not on trial. */
	(void)snprintf(pairs, sizeof pairs,
	               "max_size=3 open_timeout=60s acquire_timeout=60s write_timeout=60s "
	               "busy_timeout=60s wal_ceiling=%" PRIu32 " group_max=%" PRIu32 " read_pin=%s",
	               child->wal_ceiling, child->group_max, child->read_pin ? "on" : "off");
	if (weir_config_apply_pairs(&config, driver, pairs, NULL, &err) != WEIR_OK ||
	    weir_db_create(&db, driver, &config, &options, &err) != WEIR_OK)
		kill_complain(child->ledger, "a process could not open the database: %s", err.message);
	return db;
}

/* False if the callers could not all be started; those that were go on until
 * they see the complaint. */
static bool start(const struct kill_child *child, struct weir_db *db, struct caller *callers)
{
	for (uint32_t i = 0; i < KILL_WRITERS + READERS; i++) {
		struct caller *const caller = &callers[i];

		caller->child = child;
		caller->db = db;
		caller->random = stress_random_init(child->seed, i);
		caller->write.ledger = child->ledger;
		caller->write.writer = child->process * KILL_WRITERS + i;
		caller->write.lie = child->plan->lie;
		if (pthread_create(&caller->thread, NULL, i < KILL_WRITERS ? write_on : read_on, caller) !=
		    0) {
			kill_complain(child->ledger, "thread %" PRIu32 " could not be started", i);
			return false;
		}
	}
	return true;
}

/* Join, close, destroy: what a program does that ends in good order. */
static int end(const struct kill_child *child, struct weir_db *db, const struct caller *callers)
{
	struct weir_error err = WEIR_ERROR_INIT;

	for (uint32_t i = 0; i < KILL_WRITERS + READERS; i++)
		(void)pthread_join(callers[i].thread, NULL);
	if (weir_db_close(db, &err) != WEIR_OK)
		kill_complain(child->ledger, "the database did not close: %s", err.message);
	weir_db_destroy(db);
	return atomic_load(&child->ledger->complained) ? FINDING_COMPLAINT : 0;
}

int kill_process(const struct kill_child *child)
{
	struct caller *const callers = calloc(KILL_WRITERS + READERS, sizeof *callers);
	struct weir_log *const log = callers != NULL ? open_log(child) : NULL;
	struct weir_db *const db = log != NULL ? open_db(child, log) : NULL;

	if (db == NULL || !start(child, db, callers))
		return FINDING_START; /* its threads end with it */
	const int finding = end(child, db, callers);

	weir_log_destroy(log);
	return finding;
}
