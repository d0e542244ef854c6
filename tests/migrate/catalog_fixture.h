/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Databases in memory whose schema is given as a script, and what is to be found in
 * reports about them.
 */
#ifndef WEIR_TESTS_CATALOG_FIXTURE_H
#define WEIR_TESTS_CATALOG_FIXTURE_H

#include "unit_check.h"

#include <string.h>

#include <weir/sqlite.h>
#include <weir/weir.h>

#include "catalog.h"

#define CATALOG_HISTORY "weir_schema_history"

struct catalog_db {
	struct weir_db *db;
	struct weir_tx tx; /* a write lease, while it is held */
	struct weir__session session;
};

/* A private database, with the lease held; run a script on it; end both. */
void catalog_open(struct catalog_db *made, const char *script);
void catalog_run(struct catalog_db *made, const char *script);
void catalog_close(struct catalog_db *made);

/* Commit, so that the database is free for others; and take it again. */
void catalog_let_go(struct catalog_db *made);
void catalog_hold(struct catalog_db *made);

/* The catalog of a database made by script. */
void catalog_of(struct weir__catalog *catalog, const char *script);

/* The only finding of that rule whose text or SQL has the part; NULL: there is none. */
const struct weir_migrate_finding *catalog_finding(const struct weir_migrate_report *report,
                                                   const char *rule, const char *part);
size_t catalog_findings(const struct weir_migrate_report *report);

/* A writer into text. */
struct catalog_sink {
	char text[16384];
	size_t length;
	size_t room; /* the writer gives up beyond */
};
struct weir_writer catalog_writer(struct catalog_sink *sink);

#endif
