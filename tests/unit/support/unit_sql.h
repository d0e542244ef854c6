/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A made-up database behind weir/sql.h, which counts what is prepared and
 * finalized. Every statement has the same number of parameters, and two rows of
 * one column: how many rows are left. It fails on request.
 */
#ifndef WEIR_UNIT_SQL_H
#define WEIR_UNIT_SQL_H

#include <weir/sql.h>

#define UNIT_SQL_PARAMETERS 4

/* What to pass as connection; zero before the first use. */
struct unit_sql_conn {
	uint32_t prepared;
	uint32_t finalized;
	bool no_unbinding; /* binding NULL fails */
	enum weir_code prepare_fails;
	enum weir_code step_fails;
};

struct unit_sql_stmt {
	struct unit_sql_conn *conn;
	struct weir_sql_value bound[UNIT_SQL_PARAMETERS];
	uint32_t resets;
	uint32_t rows; /* that are left */
};

extern const struct weir_sql unit_sql;

#endif
