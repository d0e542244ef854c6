/* SPDX-License-Identifier: BSD-2-Clause
 *
 * SQLite's driver, with calls that fail on request: what no file system of a test
 * machine can be made to do at the right moment.
 */
#ifndef WEIR_TESTS_DB_FAULT_H
#define WEIR_TESTS_DB_FAULT_H

#include <weir/driver.h>

enum db_fault {
	DB_FAULT_OPEN_WRITER,
	DB_FAULT_OPEN_AIDE,
	DB_FAULT_OPEN_READER,
	DB_FAULT_BEGIN,
	DB_FAULT_COMMIT,
	DB_FAULT_COMMIT_DONE, /* it is committed, and then said to have failed */
	DB_FAULT_ROLLBACK,
	DB_FAULT_SAVEPOINT,
	DB_FAULT_RELEASE,
	DB_FAULT_UNDO,
	DB_FAULT_SNAPSHOT,
	DB_FAULT_CHECKPOINT,
	DB_FAULT_WARNING, /* there is something to warn of */
	DB_FAULTS
};

const struct weir_driver *db_faulty_driver(void);

/* The next so many calls fail, with that code. */
void db_fail_next(enum db_fault fault, int calls, enum weir_code code);

/* Before the next such call, in its thread, this is done; then it is made as ever. */
void db_before_next(enum db_fault fault, void (*then)(void *arg), void *arg);

/* Nothing fails any more. */
void db_heal(void);

#endif
