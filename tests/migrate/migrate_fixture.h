/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Sets of migrations in short form, over the folder and db of db_fixture.h.
 */
#ifndef WEIR_TESTS_MIGRATE_FIXTURE_H
#define WEIR_TESTS_MIGRATE_FIXTURE_H

#include "db_fixture.h"

#include <weir/migrate.h>

/* Migrations 1, 2, … of up and down scripts; up NULL ends the list, down may be NULL. */
struct scripts {
	const char *up;
	const char *down;
};
struct weir_migrations *set_of(const struct scripts *scripts);

/* Three tables that refer to each other, an index, a view and a trigger, in five steps
 * that can all be undone. */
extern const struct scripts library[];
#define LIBRARY_COUNT 5

/* The folders beside the tests, in the four formats, and the set of one. */
#define FOLDERS_COUNT 4
extern const char *const folders[FOLDERS_COUNT];
struct weir_migrations *folder_set(const char *name);

/* The fixture's database, and what is beside it. */
void remove_database(const struct db_fixture *fixture);

/* Go up or down, which must succeed; migrations done. */
size_t must_up(struct weir_db *db, const struct weir_migrations *set, const char *target);
size_t must_down(struct weir_db *db, const struct weir_migrations *set, const char *target);

/* Go up, which must fail with code, and say part. */
void fail_up(struct weir_db *db, const struct weir_migrations *set,
             const struct weir_migrate_options *options, enum weir_code code, const char *part);

/* What is in the file, as text: schema and rows of all tables. free it. */
char *contents(const struct db_fixture *fixture);
char *contents_but_history(const struct db_fixture *fixture);

/* A folder below the fixture's, with the name; and a file in it. */
void make_folder(const struct db_fixture *fixture, const char *name, char path[256]);
void put_script(const char *folder, const char *name, const char *text);
void drop_folder(const char *path); /* with the files in it */

#endif
