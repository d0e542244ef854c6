/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See db_fault.h. What the driver is asked for comes with a connection of
 * SQLite's and nothing of a test's, so the faults are the process's.
 */
#include "db_fault.h"

#include <stdatomic.h>
#include <stdio.h>

#include <weir/engine.h>
#include <weir/sqlite.h>

static struct {
	_Atomic int left;
	_Atomic int code;
	void (*then)(void *arg); /* under no lock: a test sets it while nobody calls */
	void *arg;
} faults[DB_FAULTS];

void db_fail_next(enum db_fault fault, int calls, enum weir_code code)
{
	atomic_store(&faults[fault].code, (int)code);
	atomic_store(&faults[fault].left, calls);
}

void db_before_next(enum db_fault fault, void (*then)(void *arg), void *arg)
{
	faults[fault].then = then;
	faults[fault].arg = arg;
}

void db_heal(void)
{
	for (int i = 0; i < DB_FAULTS; i++) {
		atomic_store(&faults[i].left, 0);
		faults[i].then = NULL;
	}
}

/* Why the call fails, or OK. */
static enum weir_code look(enum db_fault fault, struct weir_error *err)
{
	void (*const then)(void *arg) = faults[fault].then;
	int left = atomic_load(&faults[fault].left);

	if (then != NULL) {
		faults[fault].then = NULL;
		then(faults[fault].arg);
	}
	while (left > 0 && !atomic_compare_exchange_weak(&faults[fault].left, &left, left - 1))
		continue;
	if (left <= 0)
		return WEIR_OK;
	return weir_fail(err, (enum weir_code)atomic_load(&faults[fault].code), "test.fault", 4711,
	                 "the test wants it to fail");
}

static const struct weir_engine *real(void)
{
	return weir_sqlite_driver()->engine;
}

static enum weir_code open_conn(const struct weir_open_request *request, void **conn,
                                struct weir_error *err)
{
	static const enum db_fault by_role[] = {
		[WEIR_ROLE_ANY] = DB_FAULT_OPEN_READER,
		[WEIR_ROLE_READER] = DB_FAULT_OPEN_READER,
		[WEIR_ROLE_WRITER] = DB_FAULT_OPEN_WRITER,
		[WEIR_ROLE_AIDE] = DB_FAULT_OPEN_AIDE,
	};
	const enum weir_code code = look(by_role[request->role], err);

	return code != WEIR_OK ? code : weir_sqlite_driver()->open(request, conn, err);
}

static enum weir_code begin(void *conn, enum weir_durability durability, struct weir_time deadline,
                            struct weir_error *err)
{
	const enum weir_code code = look(DB_FAULT_BEGIN, err);

	return code != WEIR_OK ? code : real()->begin(conn, durability, deadline, err);
}

static enum weir_code rollback(void *conn, struct weir_error *err)
{
	const enum weir_code code = real()->rollback(conn, err);
	const enum weir_code wanted = look(DB_FAULT_ROLLBACK, err);

	return wanted != WEIR_OK ? wanted : code;
}

static enum weir_code commit(void *conn, struct weir_error *err)
{
	enum weir_code code = look(DB_FAULT_COMMIT, err);

	if (code != WEIR_OK) {
		(void)!real()->rollback(conn, NULL);
		return code;
	}
	code = real()->commit(conn, err);
	return code != WEIR_OK ? code : look(DB_FAULT_COMMIT_DONE, err);
}

static enum weir_code savepoint(void *conn, struct weir_error *err)
{
	const enum weir_code code = look(DB_FAULT_SAVEPOINT, err);

	return code != WEIR_OK ? code : real()->savepoint(conn, err);
}

static enum weir_code savepoint_release(void *conn, struct weir_error *err)
{
	const enum weir_code code = look(DB_FAULT_RELEASE, err);

	return code != WEIR_OK ? code : real()->savepoint_release(conn, err);
}

static enum weir_code savepoint_undo(void *conn, struct weir_error *err)
{
	const enum weir_code code = look(DB_FAULT_UNDO, err);

	return code != WEIR_OK ? code : real()->savepoint_undo(conn, err);
}

static enum weir_code snapshot_begin(void *conn, struct weir_error *err)
{
	const enum weir_code code = look(DB_FAULT_SNAPSHOT, err);

	return code != WEIR_OK ? code : real()->snapshot_begin(conn, err);
}

static enum weir_code checkpoint(void *writer, void *aide, struct weir_time deadline,
                                 struct weir_checkpoint_result *result, struct weir_error *err)
{
	const enum weir_code code = look(DB_FAULT_CHECKPOINT, err);

	return code != WEIR_OK ? code : real()->checkpoint(writer, aide, deadline, result, err);
}

static bool warning(void *writer, char *text, size_t text_size)
{
	if (look(DB_FAULT_WARNING, NULL) == WEIR_OK)
		return real()->warning(writer, text, text_size);
	(void)snprintf(text, text_size, "the test has a warning");
	return true;
}

const struct weir_driver *db_faulty_driver(void)
{
	static struct weir_engine engine;
	static struct weir_driver driver;

	engine = *real();
	engine.begin = begin;
	engine.commit = commit;
	engine.rollback = rollback;
	engine.savepoint = savepoint;
	engine.savepoint_release = savepoint_release;
	engine.savepoint_undo = savepoint_undo;
	engine.snapshot_begin = snapshot_begin;
	engine.checkpoint = checkpoint;
	engine.warning = warning;
	driver = *weir_sqlite_driver();
	driver.open = open_conn;
	driver.engine = &engine;
	return &driver;
}
