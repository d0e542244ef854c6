/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histories and other tools' tables: made beside weir, and read through it.
 */
#ifndef WEIR_TESTS_HISTORY_FIXTURE_H
#define WEIR_TESTS_HISTORY_FIXTURE_H

#include "migrate_fixture.h"

#include "critical.h"

/* The tables as these tools make them on SQLite. */
#define GOLANG_TABLE                                                                               \
	"CREATE TABLE schema_migrations (version uint64,dirty bool);"                                  \
	"CREATE UNIQUE INDEX version_unique ON schema_migrations (version);"
#define DBMATE_TABLE                                                                               \
	"create table if not exists \"schema_migrations\" (version varchar(128) primary key);"
#define GOOSE_TABLE                                                                                \
	"CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT " \
	"NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));"              \
	"INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1);"

/* Run a script of SQL on the file, as another program would. */
void beside(const struct db_fixture *fixture, const char *sql);

/* body in a critical section of default options. */
typedef enum weir_code (*section_body)(void *arg, const struct weir__session *session,
                                       struct weir_error *err);
enum weir_code in_section(struct weir_db *db, section_body body, void *arg, bool commit,
                          struct weir_error *err);

/* The set of a folder with these files, by name and text, up to a NULL; the folder is gone
 * again behind it. */
struct weir_migrations *set_of_files(const struct db_fixture *fixture,
                                     const char *const (*files)[2]);

/* Versions with their states, as "1 applied, 2 pending"; of the rows that are done with a
 * star. */
const char *states_of(const struct weir_migrate_report *report);

/* The finding of that rule, or NULL. */
const struct weir_migrate_finding *finding_of(const struct weir_migrate_report *report,
                                              const char *rule);

/* The states that weir_migrate_status tells, which must work. */
const char *status_of(struct weir_db *db, const struct weir_migrations *set);

void assert_says(const struct weir_error *err, const char *part);

#endif
