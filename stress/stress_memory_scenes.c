/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What `weir-stress memory` does while memory is refused: everything of weir's that
 * allocates.
 */
#include "stress_memory.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

/* ---- what may fail ---- */

/* How weir says that there was no memory, no thread or no file: for a connection
 * OPEN_FAILED, whose message has the reason; for a writer WRITER_DOWN, likewise. */
static bool says_so(enum weir_code code)
{
	static const enum weir_code codes[] = {
		WEIR_ERR_NO_MEMORY, WEIR_ERR_NO_THREAD,   WEIR_ERR_OPEN_FAILED,
		WEIR_ERR_IO,        WEIR_ERR_WRITER_DOWN,
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		if (codes[i] == code)
			return true;
	}
	return false;
}

/* After a call of weir's: true if it is to be made again. It may fail once, for want of
 * memory, and only if something was refused. */
bool memory_again(struct memory_trial *trial, const char *call, enum weir_code code,
                  const struct weir_error *err)
{
	if (code == WEIR_OK)
		return false;
	trial->failed++;
	if (!atomic_load(trial->struck) || (trial->recovers && trial->failed > 1))
		book_complain(trial->book, "%s fails, and should not: %s: %s", call, weir_error_name(code),
		              err->message);
	else if (!says_so(code) || err->message[0] == '\0')
		book_complain(trial->book, "%s does not say what is wrong: %s: %s", call,
		              weir_error_name(code), err->message);
	return trial->recovers && trial->failed == 1;
}

/* ---- configurations ---- */

static void configure_by_text(struct memory_trial *trial)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	enum weir_code code;

	weir_config_init(&config, driver);
	do {
		code = weir_config_apply_url(&config, driver, "sqlite:a.db?max_size=3", NULL, &err);
	} while (memory_again(trial, "apply_url", code, &err));
	do {
		code = weir_config_apply_pairs(&config, driver, "min_idle=2 name=x", NULL, &err);
	} while (memory_again(trial, "apply_pairs", code, &err));
	do {
		code = weir_config_apply_env(&config, driver, "WEIR_NO_SUCH_", NULL, &err);
	} while (memory_again(trial, "apply_env", code, &err));
	if (trial->recovers && (config.max_size != 3 || config.min_idle != 2))
		book_complain(trial->book, "a setting was not taken");
}

static void configure_by_file(struct memory_trial *trial)
{
	static const char text[] = "[weir]\nmax_size = 5\n";
	const struct weir_driver *const driver = weir_sqlite_driver();
	struct folder_bytes file = {.length = sizeof text - 1, .there = true};
	uint8_t bytes[sizeof text];
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	char path[FOLDER_PATH];
	enum weir_code code;

	memcpy(bytes, text, sizeof text);
	file.bytes = bytes;
	(void)snprintf(path, sizeof path, "%.4000s/weir.ini", trial->folder);
	if (!folder_write(path, &file))
		book_complain(trial->book, "the file could not be written");
	weir_config_init(&config, driver);
	do {
		code = weir_config_apply_ini(&config, driver, path, "weir", NULL, &err);
	} while (memory_again(trial, "apply_ini", code, &err));
	if (code == WEIR_OK ? config.max_size != 5 : config.max_size == 5)
		book_complain(trial->book, "max_size is %" PRId64, config.max_size);
}

/* ---- pools ---- */

static struct weir_stub *make_server(const struct memory_trial *trial)
{
	struct weir_stub *stub = weir_stub_create();

	return stub == NULL && trial->recovers ? weir_stub_create() : stub;
}

static bool acquire(struct memory_trial *trial, struct weir_pool *pool, struct weir_lease *lease)
{
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	do {
		code = weir_acquire_from(pool, lease, WEIR_SECONDS(10), WEIR_HERE, &err);
	} while (memory_again(trial, "acquire", code, &err));
	return code == WEIR_OK;
}

/* One that has to wait, in vain. */
static void acquire_late(struct memory_trial *trial, struct weir_pool *pool)
{
	struct weir_lease lease = WEIR_LEASE_EMPTY;
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	do {
		code = weir_acquire_from(pool, &lease, WEIR_MICROSECONDS(200), WEIR_HERE, &err);
	} while (code != WEIR_ERR_ACQUIRE_TIMEOUT && memory_again(trial, "acquire", code, &err));
	if (code == WEIR_OK) {
		book_complain(trial->book, "a third lease of two connections");
		weir_lease_end(&lease);
	}
}

static void use_pool(struct memory_trial *trial, struct weir_pool *pool, int64_t size)
{
	struct weir_lease leases[2] = {WEIR_LEASE_EMPTY, WEIR_LEASE_EMPTY};
	struct weir_error err = WEIR_ERROR_INIT;
	bool both = true;
	enum weir_code code;

	for (int i = 0; i < 2; i++)
		both = acquire(trial, pool, &leases[i]) && both;
	if (both && size == 2)
		acquire_late(trial, pool);
	if (weir_lease_held(&leases[0]) && weir_discard(&leases[0], &err) != WEIR_OK)
		book_complain(trial->book, "discard fails: %s", err.message);
	do {
		code = weir_pool_maintain(pool, &err);
	} while (memory_again(trial, "maintain", code, &err));
	(void)acquire(trial, pool, &leases[0]);
	for (int i = 0; i < 2; i++)
		weir_lease_end(&leases[i]);
}

static void pool_of(struct memory_trial *trial, const struct weir_driver *driver, int64_t size)
{
	struct weir_stub *const stub = make_server(trial);
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	struct weir_pool *pool = NULL;
	enum weir_code code;

	if (stub == NULL)
		return;
	weir_config_init(&config, driver);
	config.max_size = size;
	config.min_idle = 2;
	do {
		code = weir_pool_create(&pool, driver, stub, &config, &err);
		if ((code == WEIR_OK) != (pool != NULL))
			book_complain(trial->book, "pool_create gives a pool and an error, or neither");
	} while (memory_again(trial, "pool_create", code, &err));
	if (pool != NULL) {
		use_pool(trial, pool, size);
		if (weir_pool_close(pool, &err) != WEIR_OK)
			book_complain(trial->book, "the pool does not close: %s", err.message);
		weir_pool_destroy(pool);
	}
	if (!weir_stub_drain(stub, weir_deadline_in(WEIR_SECONDS(10))))
		book_complain(trial->book, "connections are left");
	weir_stub_destroy(stub);
}

static void pool_with_helpers(struct memory_trial *trial)
{
	pool_of(trial, weir_stub_driver(), 2);
}

static void pool_without_helpers(struct memory_trial *trial)
{
	pool_of(trial, weir_stub_prompt_driver(), 2);
}

/* With hints which slots are free. */
static void large_pool(struct memory_trial *trial)
{
	pool_of(trial, weir_stub_prompt_driver(), 300);
}

/* ---- gates ---- */

#define ENTRIES 40 /* more than a gate makes at a time */

static void use_gate(struct memory_trial *trial, struct weir_gate *gate)
{
	const struct weir_gate_request request = {
		.kind = WEIR_GATE_JOB, .deadline = {WEIR_TIME_NEVER_NS}, .site = WEIR_HERE};
	struct weir_gate_entry *entries[ENTRIES] = {NULL};
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	for (int i = 0; i < ENTRIES; i++) {
		do {
			code = weir_gate_queue(gate, &request, &entries[i], &err);
		} while (memory_again(trial, "gate_queue", code, &err));
	}
	for (int i = 0; i < ENTRIES; i++) {
		if (entries[i] != NULL && !weir_gate_abandon(entries[i]))
			book_complain(trial->book, "an entry that is queued cannot be abandoned");
	}
}

static void gate(struct memory_trial *trial)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_gate *made = NULL;
	enum weir_code code;

	do {
		code = weir_gate_create(&made, NULL, &err);
	} while (memory_again(trial, "gate_create", code, &err));
	if (made == NULL)
		return;
	use_gate(trial, made);
	if (weir_gate_close(made, weir_deadline_in(0), &err) != WEIR_OK)
		book_complain(trial->book, "the gate does not close: %s", err.message);
	weir_gate_destroy(made);
}

/* ---- databases ---- */

static void database_with(struct memory_trial *trial, bool keeper)
{
	struct work work = {
		.book = trial->book,
		.path = trial->path,
		.settings = "synchronous=full",
		.keeper = keeper,
		.struck = trial->struck,
		.recovers = trial->recovers,
	};

	work_brief(&work);
	trial->failed += work.failures;
	/* SQLite out of memory in the middle of a commit: nobody knows. */
	if (work.failures > 0 && !says_so(work.code) &&
	    !(trial->sqlite && work.code == WEIR_ERR_INDETERMINATE))
		book_complain(trial->book, "weir_db does not say what is wrong: %s",
		              weir_error_name(work.code));
	work_close(&work);
}

static void database(struct memory_trial *trial)
{
	database_with(trial, false);
}

static void database_with_keeper(struct memory_trial *trial)
{
	database_with(trial, true);
}

/* Two readings of one text at once: the second statement has no place in the cache. */
static enum weir_code read_twice(struct weir_tx *tx, const char *sql, struct weir_error *err)
{
	struct weir_rows rows[2] = {{0}, {0}};
	enum weir_code code = WEIR_OK;

	for (int i = 0; i < 2 && code == WEIR_OK; i++) {
		code = weir_tx_query(tx, sql, NULL, 0, &rows[i], err);
		if (code == WEIR_OK)
			(void)weir_rows_next(&rows[i], &code, err);
	}
	for (int i = 0; i < 2; i++)
		weir_rows_end(&rows[i]);
	return code;
}

static void use_statements(struct memory_trial *trial, struct weir_db *db)
{
	static const char *const texts[] = {"SELECT 1", "SELECT 2", "SELECT 3"};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_tx tx = {0};
	enum weir_code code;

	do {
		code = weir_read_begin(db, NULL, &tx, &err);
	} while (memory_again(trial, "read_begin", code, &err));
	for (size_t i = 0; i < 3 && code == WEIR_OK; i++) {
		do {
			code = read_twice(&tx, texts[i], &err);
		} while (memory_again(trial, "query", code, &err));
	}
	weir_tx_end(&tx);
}

static void statements(struct memory_trial *trial)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char url[FOLDER_PATH + 64];
	enum weir_code code;

	(void)snprintf(url, sizeof url, "sqlite://%s?statement_cache=2&keeper=manual", trial->path);
	do {
		code = weir_db_open(&db, weir_sqlite_driver(), url, &err);
	} while (memory_again(trial, "db_open", code, &err));
	if (db == NULL)
		return;
	use_statements(trial, db);
	if (weir_db_close(db, &err) != WEIR_OK)
		book_complain(trial->book, "the db does not close: %s", err.message);
	weir_db_destroy(db);
}

/* ---- keepers ---- */

/* Long enough for a keeper on a busy machine. */
#define KEEPER_LOOKS 4000
#define KEEPER_LOOK_NS WEIR_MILLISECONDS(5)

static int end_thread(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	pthread_exit(NULL);
	return 0;
}

static int do_nothing(struct weir_tx *tx, void *arg)
{
	(void)tx;
	(void)arg;
	return 0;
}

/* Nobody waits for the ticket, so that the keeper does the job. */
static void have_kept(struct memory_trial *trial, struct weir_db *db,
                      int (*job)(struct weir_tx *tx, void *arg), enum weir_code expected)
{
	const struct timespec look = {.tv_nsec = (long)KEEPER_LOOK_NS};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_ticket *ticket = NULL;
	enum weir_code code;

	do {
		code = weir_db_submit(db, job, NULL, NULL, &ticket, &err);
	} while (memory_again(trial, "submit", code, &err));
	if (ticket == NULL)
		return;
	for (int looks = 0; looks < KEEPER_LOOKS && !weir_ticket_poll(ticket); looks++)
		(void)nanosleep(&look, NULL);
	if (!weir_ticket_poll(ticket)) {
		book_complain(trial->book, "no keeper does the job");
		weir_ticket_discard(ticket);
		return;
	}
	code = weir_ticket_collect(ticket, weir_deadline_in(0), NULL, &err);
	if (code != expected && !says_so(code))
		book_complain(trial->book, "a job of the keeper's ends with %s", weir_error_name(code));
	trial->failed += code != expected;
}

/* A job ends the keeper's thread, and there may be no other to take its place. */
static void keeper_that_is_ended(struct memory_trial *trial)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char url[FOLDER_PATH + 64];
	enum weir_code code;

	(void)snprintf(url, sizeof url, "sqlite://%s", trial->path);
	do {
		code = weir_db_open(&db, weir_sqlite_driver(), url, &err);
	} while (memory_again(trial, "db_open", code, &err));
	if (db == NULL)
		return;
	have_kept(trial, db, end_thread, WEIR_ERR_JOB_FAILED);
	have_kept(trial, db, do_nothing, WEIR_OK);
	if (weir_db_close(db, &err) != WEIR_OK)
		book_complain(trial->book, "the db does not close: %s", err.message);
	weir_db_destroy(db);
}

static const struct memory_scene scenes[] = {
	{"configuration by text", configure_by_text, false},
	{"configuration by file", configure_by_file, false},
	{"pool", pool_without_helpers, false},
	{"large pool", large_pool, false},
	{"pool with helpers", pool_with_helpers, false},
	{"gate", gate, false},
	{"statements", statements, false},
	{"database", database, false},
	{"database with a keeper", database_with_keeper, false},
	{"keeper that is ended", keeper_that_is_ended, false},
	{"log and service", memory_service, false},
	{"migrations", memory_migrate, false},
	{"stub's statements", memory_stub, false},
	{"SQLite beneath a database", database, true},
};

const struct memory_scene *memory_scenes(size_t *count)
{
	*count = sizeof scenes / sizeof scenes[0];
	return scenes;
}
