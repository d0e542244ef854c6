/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Migrations while memory is refused.
 */
#include "stress_memory.h"

#include <stdio.h>
#include <stdlib.h>

#include <weir/migrate.h>
#include <weir/schema.h>
#include <weir/sqlite.h>

/* A table that children refer to, with what a rebuild has to make again; and a step
 * outside a transaction. */
static const struct weir_migration_source sources[] = {
	{.version = "1",
     .name = "tables",
     .up = {.sql = "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);"
                   "CREATE TABLE c (p REFERENCES p); CREATE INDEX p_a ON p (a);"
                   "CREATE VIEW v AS SELECT a FROM p;"
                   "CREATE TRIGGER t AFTER INSERT ON p BEGIN DELETE FROM c; END;"}},
	{.version = "2", .name = "outside", .up = {.sql = "VACUUM", .no_transaction = true}},
};

static bool go_up(struct memory_trial *trial, struct weir_db *db, const struct weir_migrations *set)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_migrate_report *report = NULL;
	enum weir_code code;

	do {
		code = weir_migrate_up(db, set, NULL, NULL, &report, &err);
		weir_migrate_report_free(report);
		report = NULL;
	} while (memory_again(trial, "migrate_up", code, &err));
	if (code != WEIR_OK)
		return false;
	do {
		code = weir_migrate_verify(db, set, NULL, &report, &err);
		weir_migrate_report_free(report);
		report = NULL;
	} while (memory_again(trial, "migrate_verify", code, &err));
	return true;
}

static void rebuild(struct memory_trial *trial, struct weir_db *db)
{
	const struct weir_schema_rebuild request = {
		.size = sizeof request,
		.table = "p",
		.sql = "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL)"};
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;
	char *script = NULL;

	do {
		code = weir_migrate_rebuild(db, &request, &script, &err);
		free(script);
		script = NULL;
	} while (memory_again(trial, "migrate_rebuild", code, &err));
}

void memory_migrate(struct memory_trial *trial)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	struct weir_migrations *set = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	char url[FOLDER_PATH + 64];
	enum weir_code code;

	(void)snprintf(url, sizeof url, "sqlite://%s/migrated.db?keeper=manual&max_size=2",
	               trial->folder);
	do {
		code = weir_db_open(&db, driver, url, &err);
	} while (memory_again(trial, "db_open", code, &err));
	do {
		code = weir_migrations_make(&set, sources, sizeof sources / sizeof sources[0], &err);
	} while (memory_again(trial, "migrations_make", code, &err));
	if (db != NULL && set != NULL && go_up(trial, db, set))
		rebuild(trial, db);
	weir_migrations_free(set);
	weir_db_destroy(db);
}
