/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See catalog_fixture.h.
 */
#include "catalog_fixture.h"

static void run_one(struct catalog_db *made, void *stmt)
{
	const struct weir_sql *const sql = made->session.sql;
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_sql_step step = WEIR_STEP_ROW;

	while (stmt != NULL && step == WEIR_STEP_ROW)
		assert_code(sql->step(stmt, &step, &err), WEIR_OK);
	sql->finalize(stmt);
}

void catalog_run(struct catalog_db *made, const char *script)
{
	const char *const end = script + strlen(script);

	while (script < end) {
		struct weir_error err = WEIR_ERROR_INIT;
		void *stmt = NULL;
		size_t tail = 0;
		const enum weir_code code = made->session.sql->prepare(made->session.conn, script,
		                                                       strlen(script), &stmt, &tail, &err);

		if (code != WEIR_OK)
			fail_msg("%s: %s", err.message, script);
		run_one(made, stmt);
		script += tail;
	}
}

void catalog_hold(struct catalog_db *made)
{
	struct weir_error err = WEIR_ERROR_INIT;

	memset(&made->tx, 0, sizeof made->tx);
	assert_code(weir_write_begin(made->db, NULL, &made->tx, &err), WEIR_OK);
	assert_code(weir__session_init(&made->session, made->db, &made->tx, &err), WEIR_OK);
}

void catalog_let_go(struct catalog_db *made)
{
	assert_code(weir_write_commit(&made->tx, NULL, NULL), WEIR_OK);
}

void catalog_open(struct catalog_db *made, const char *script)
{
	struct weir_error err = WEIR_ERROR_INIT;

	memset(made, 0, sizeof *made);
	assert_code(weir_db_open(&made->db, weir_sqlite_driver(), "sqlite::memory:", &err), WEIR_OK);
	catalog_hold(made);
	catalog_run(made, script);
}

void catalog_close(struct catalog_db *made)
{
	weir_tx_end(&made->tx);
	assert_code(weir_db_close(made->db, NULL), WEIR_OK);
	weir_db_destroy(made->db);
}

void catalog_of(struct weir__catalog *catalog, const char *script)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct catalog_db made;

	catalog_open(&made, script);
	assert_code(weir__catalog_read(&made.session, CATALOG_HISTORY, catalog, &err), WEIR_OK);
	catalog_close(&made);
}

const struct weir_migrate_finding *catalog_finding(const struct weir_migrate_report *report,
                                                   const char *rule, const char *part)
{
	const struct weir_migrate_finding *findings;
	const struct weir_migrate_finding *found = NULL;
	const size_t count = weir_migrate_findings(report, &findings);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(findings[i].rule, rule) != 0 ||
		    (strstr(findings[i].text, part) == NULL && strstr(findings[i].sql, part) == NULL))
			continue;
		if (found != NULL)
			fail_msg("two findings: %s; %s", found->text, findings[i].text);
		found = &findings[i];
	}
	return found;
}

size_t catalog_findings(const struct weir_migrate_report *report)
{
	const struct weir_migrate_finding *findings;

	return weir_migrate_findings(report, &findings);
}

static bool sink(void *arg, const char *bytes, size_t length)
{
	struct catalog_sink *const into = arg;

	if (into->length + length > into->room || into->length + length >= sizeof into->text)
		return false;
	memcpy(into->text + into->length, bytes, length);
	into->length += length;
	into->text[into->length] = '\0';
	return true;
}

struct weir_writer catalog_writer(struct catalog_sink *into)
{
	const struct weir_writer writer = {sink, into};

	into->length = 0;
	into->text[0] = '\0';
	into->room = sizeof into->text;
	return writer;
}
