/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Whether weir uses the SQLite that the program links, and no second one.
 */
#include <weir/sqlite.h>
#include <weir/weir.h>

#include <dlfcn.h>
#include <stdio.h>

const char *sqlite3_libversion(void);

int main(void)
{
	struct weir_db *db = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	bool works = weir_db_open(&db, weir_sqlite_driver(), "sqlite:own_sqlite.db", &err) == WEIR_OK &&
	             weir_db_exec(db, "CREATE TABLE t(x)", NULL, 0, NULL, &err) == WEIR_OK;

	if (!works)
		(void)fprintf(stderr, "%s\n", err.message);
	/* The shared library must not have come along by another way. */
	if (dlopen("libsqlite3.so.0", RTLD_NOLOAD | RTLD_LAZY) != NULL) {
		(void)fprintf(stderr, "a second SQLite is loaded beside %s\n", sqlite3_libversion());
		works = false;
	}
	weir_db_destroy(db);
	return works ? 0 : 1;
}
