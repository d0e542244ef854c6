/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A connection of weir_db: the driver's, and the statements kept prepared on it.
 * The readers' pool leases these; the writer is one.
 */
#ifndef WEIR_CORE_DB_CONN_H
#define WEIR_CORE_DB_CONN_H

#include <weir/db.h>
#include <weir/db_schema.h>

#include "platform_os.h"
#include "statements.h"

struct weir__db_conn {
	void *conn; /* the driver's */
	const struct weir_driver *driver;
	struct weir__statements statements;
	bool snapshot; /* holder: a read transaction of weir_db's is open */
	bool begun;    /* writer: a transaction of weir_db's was */
	bool failed;   /* holder: failure is that of the first statement that failed */
	struct weir_error failure;
	struct weir_error later; /* holder: of a statement that failed after it */
};

/* What a struct weir_tx is. */
enum weir__tx_kind {
	WEIR__TX_NONE = 0,
	WEIR__TX_READ = 1,
	WEIR__TX_JOB = 2,
	WEIR__TX_WRITE = 3,
	WEIR__TX_MAINTAIN = 4,
	WEIR__TX_SOLO_READ = 5, /* of a private database: a read with the gate held */
};

#endif
