/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The writer of a weir_db, held by a job of weir_db_maintain, and the calls of
 * weir/schema.h on it in short form.
 */
#ifndef WEIR_TESTS_SCRIPT_FIXTURE_H
#define WEIR_TESTS_SCRIPT_FIXTURE_H

#include "db_fixture.h"

#include <weir/schema.h>

struct held {
	struct weir_db *db;
	struct weir_tx *tx;
	const struct weir_sql *sql;
	const struct weir_engine *engine;
	const struct weir_schema *schema;
	void *conn;
	void *arg;
};

/* Run body with the writer; what it leaves is the driver's to tidy up. */
void held_maintain(struct weir_db *db, void (*body)(struct held *held), void *arg);

/* What a tx that is held anyway gives. */
struct held held_of(struct weir_db *db, struct weir_tx *tx);

/* All statements of a text, up to the first that fails. */
enum weir_code held_try(struct held *held, const char *sql, struct weir_error *err);
void held_run(struct held *held, const char *sql);
int64_t held_number(struct held *held, const char *sql);

void held_begin(struct held *held, const struct weir_script_guard *guard);
void held_end(struct held *held);

/* The same around the transaction that weir begins. */
void held_begin_txn(struct held *held);
void held_commit_txn(struct held *held);

#endif
