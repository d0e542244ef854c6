/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Broken references: which are a migration's fault, and that none is missed.
 */
#include "migrate_fixture.h"

#include <string.h>

/* Where keys are not enforced nobody notices that one cannot be. */
static void a_key_that_never_fitted_does_not_matter(void **state)
{
	const struct scripts scripts[] = {
		{"CREATE TABLE p (id INTEGER); CREATE TABLE k (id INTEGER PRIMARY KEY)", NULL},
		{"INSERT INTO c VALUES (2, 1); INSERT INTO k VALUES (1)", NULL},
		{"INSERT INTO Q VALUES (3, 2);", NULL},
		{"CREATE TABLE d (k REFERENCES p (id))", NULL},
		{NULL, NULL}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, "foreign_keys=false");

	must_up(db, set, "1");
	db_exec(db, "CREATE TABLE c (p REFERENCES p (id), k REFERENCES k)");
	db_exec(db, "INSERT INTO c VALUES (1, NULL)");
	assert_int_equal(must_up(db, set, "2"), 1);
	/* One row to nothing, of a table whose name is written in another way then. */
	db_exec(db, "CREATE TABLE q (x, k REFERENCES k)");
	db_exec(db, "INSERT INTO q VALUES (1, 9)");
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_KEYS, "2 rows of q");
	db_exec(db, "INSERT INTO k VALUES (2)");
	assert_int_equal(must_up(db, set, "3"), 1);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_KEYS, "leaves d with a foreign key that fits no");
	db_end(db);
	weir_migrations_free(set);
}

/* Rebuilt with its name and its parent's in capitals. */
static void names_are_compared_without_regard_to_case(void **state)
{
	const struct scripts scripts[] = {
		{"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);\n"
	     "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)",
	     NULL},
		{"CREATE TABLE n (p REFERENCES P, x); INSERT INTO n SELECT p, 1 FROM c;\n"
	     "DROP TABLE c; ALTER TABLE n RENAME TO C;",
	     NULL},
		{NULL, NULL}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, "foreign_keys=false");

	must_up(db, set, "1");
	db_exec(db, "INSERT INTO c VALUES (7)");
	assert_int_equal(must_up(db, set, NULL), 1);
	db_end(db);
	weir_migrations_free(set);
}

#define FAMILY                                                                                     \
	"CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p REFERENCES p);"                    \
	"INSERT INTO p VALUES (1), (2); INSERT INTO c VALUES (1), (2)"

/* Whatever it is called in the end. */
static void a_rename_hides_nothing(void **state)
{
	static const char *const scripts[] = {
		"DELETE FROM p WHERE id = 1; ALTER TABLE p RENAME TO q",
		"INSERT INTO c VALUES (9); ALTER TABLE c RENAME TO d",
		"DELETE FROM p WHERE id = 1; ALTER TABLE p RENAME TO q; CREATE TABLE p (x)",
		"INSERT INTO c VALUES (9); ALTER TABLE c RENAME TO d; CREATE TABLE c (x)",
		"INSERT INTO c VALUES (9); ALTER TABLE c RENAME TO d; ALTER TABLE p RENAME TO q",
	};

	for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		const struct scripts both[] = {{FAMILY, NULL}, {scripts[i], NULL}, {NULL, NULL}};
		struct weir_migrations *const set = set_of(both);
		struct weir_db *const db = db_make(*state, "foreign_keys=false");

		must_up(db, set, "1");
		fail_up(db, set, NULL, WEIR_ERR_MIGRATE_KEYS, "there were 0");
		db_end(db);
		remove_database(*state);
		weir_migrations_free(set);
	}
}

/* What pointed to nothing under the old name does so under the new one. */
static void a_rename_is_no_fault_by_itself(void **state)
{
	const struct scripts scripts[] = {{FAMILY, NULL},
	                                  {"ALTER TABLE c RENAME TO d", NULL},
	                                  {"ALTER TABLE p RENAME TO q", NULL},
	                                  {"INSERT INTO d VALUES (8); ALTER TABLE d RENAME TO e", NULL},
	                                  {NULL, NULL}};
	struct weir_migrations *const set = set_of(scripts);
	struct weir_db *const db = db_make(*state, "foreign_keys=false");

	must_up(db, set, "1");
	db_exec(db, "INSERT INTO c VALUES (7)");
	assert_int_equal(must_up(db, set, "3"), 2);
	fail_up(db, set, NULL, WEIR_ERR_MIGRATE_KEYS, "there were 1");
	db_end(db);
	weir_migrations_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_key_that_never_fitted_does_not_matter),
		DB_TEST(names_are_compared_without_regard_to_case),
		DB_TEST(a_rename_hides_nothing),
		DB_TEST(a_rename_is_no_fault_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
