/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a rehearsal looks at once the migrations have run on the copy.
 */
#include "rehearsal.h"

#include "text.h"

#define WHERE "migrate.rehearse"
#define VALUE_MAX 128 /* of a value that is shown */
#define VALUES_MAX 8

static enum weir_code told(bool found, struct weir_error *err)
{
	return found ? WEIR_OK : weir_fail(err, WEIR_ERR_NO_MEMORY, WHERE, 0, "no memory for findings");
}

static enum weir_code check_storage(struct weir__rehearsal *rehearsal,
                                    const struct weir__session *session, struct weir_error *err)
{
	struct weir_error problem = WEIR_ERROR_INIT;
	const enum weir_code code = session->schema->integrity(session->conn, &problem);

	if (code == WEIR_OK)
		return WEIR_OK;
	if (code != WEIR_ERR_DRIVER)
		return weir_fail(err, code, WHERE, problem.driver_code, "%s", problem.message);
	return told(weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "integrity", "", "",
	                              "the copy's storage is not sound: %s", problem.message),
	            err);
}

/* ---- invariants ---- */

/* The first values of the row that is there, for people. */
static enum weir_code show_row(struct weir_rows *rows, struct weir__text *text,
                               struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	for (uint32_t i = 0; code == WEIR_OK && i < rows->columns && i < VALUES_MAX; i++) {
		struct weir_sql_value value;
		char shown[VALUE_MAX];

		code = weir_rows_value(rows, i, &value, err);
		if (code != WEIR_OK)
			break;
		weir__value_text(&value, shown, sizeof shown);
		weir__text_printf(text, "%s%s", i == 0 ? "" : ", ",
		                  value.type == WEIR_SQL_NULL ? "NULL" : shown);
	}
	return code;
}

/* OK with *row empty: it holds. A query that cannot be run is a finding, too: nobody
 * knows then whether it holds. */
static enum weir_code check_invariant(struct weir__rehearsal *rehearsal, struct weir_tx *tx,
                                      const char *sql, struct weir_error *err)
{
	struct weir_error problem = WEIR_ERROR_INIT;
	struct weir_rows rows = {0};
	struct weir__text row = {0};
	bool found = true;
	bool broken = false;
	enum weir_code code = weir_tx_query(tx, sql, NULL, 0, &rows, &problem);

	if (code == WEIR_OK && weir_rows_next(&rows, &code, &problem)) {
		broken = true;
		code = show_row(&rows, &row, &problem);
	}
	weir_rows_end(&rows);
	if (code == WEIR_ERR_DRIVER_SQL) {
		found = weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "invariant", "", sql,
		                          "an invariant cannot be looked at: %s", problem.message);
		code = WEIR_OK;
	} else if (code == WEIR_OK && broken) {
		found = weir__report_find(rehearsal->report, WEIR_MIGRATE_FAILURE, "invariant", "", sql,
		                          "an invariant does not hold: the first row is %s",
		                          row.bytes == NULL ? "" : row.bytes);
	} else if (code != WEIR_OK) {
		(void)weir_fail(err, code, WHERE, problem.driver_code, "%s", problem.message);
	}
	weir__text_free(&row);
	return code == WEIR_OK ? told(found, err) : code;
}

/* ---- all of it ---- */

static enum weir_code check_copy(struct weir__rehearsal *rehearsal, struct weir_tx *tx,
                                 struct weir_error *err)
{
	const struct weir_rehearse_options *const wishes = &rehearsal->wishes;
	struct weir__session session;
	enum weir_code code = weir__session_init(&session, rehearsal->copy.db, tx, err);

	if (code == WEIR_OK)
		code = check_storage(rehearsal, &session, err);
	for (size_t i = 0; code == WEIR_OK && i < wishes->invariants_count; i++)
		code = check_invariant(rehearsal, tx, wishes->invariants[i], err);
	return code;
}

enum weir_code weir__rehearsal_check(struct weir__rehearsal *rehearsal, struct weir_error *err)
{
	const struct weir_read_options options = {.size = sizeof options, .expected_long = true};
	struct weir_tx tx = {0};
	enum weir_code code = weir__rehearsal_tell(rehearsal, "checking", err);

	if (code != WEIR_OK)
		return code;
	code = weir_read_begin(rehearsal->copy.db, &options, &tx, err);
	if (code == WEIR_OK)
		code = check_copy(rehearsal, &tx, err);
	weir_tx_end(&tx);
	if (code != WEIR_OK)
		return code;
	return told(weir__rehearsal_references_compare(rehearsal) &&
	                weir__rehearsal_counts_compare(rehearsal) &&
	                weir__rehearsal_probes_compare(rehearsal),
	            err);
}
