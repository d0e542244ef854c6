/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Before weir: threads share one SQLite database as most programs do it, each
 * with a connection of its own and a busy timeout. Compare visits_gate.c.
 *
 * usage: visits_busy_timeout FILE
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

#define THREADS 8
#define VISITS 50

/* BEGIN IMMEDIATE, not BEGIN: a transaction that reads first and writes later
 * fails with SQLITE_BUSY at once, whatever the timeout is. */
static int add_visit(sqlite3 *db)
{
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_exec(db, "UPDATE visit SET n = n + 1", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static int open_db(const char *path, sqlite3 **db)
{
	int rc = sqlite3_open(path, db);

	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(*db, 5000);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(*db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
	return rc;
}

static void *visit(void *path)
{
	sqlite3 *db = NULL;
	int rc = open_db(path, &db);

	for (int i = 0; i < VISITS && rc == SQLITE_OK; i++) {
		do
			rc = add_visit(db);
		while (rc == SQLITE_BUSY); /* "database is locked": again, at the end of no queue */
	}
	if (rc != SQLITE_OK)
		(void)fprintf(stderr, "visit: %s\n", sqlite3_errmsg(db));
	(void)sqlite3_close(db);
	return rc == SQLITE_OK ? path : NULL;
}

static int print_visits(void *unused, int columns, char **values, char **names)
{
	(void)unused;
	(void)columns;
	(void)names;
	(void)printf("%s visits\n", values[0]);
	return 0;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	sqlite3 *db = NULL;
	int started = 0;
	int failed = 0;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: visits_busy_timeout FILE\n");
		return 2;
	}
	if (open_db(argv[1], &db) != SQLITE_OK ||
	    sqlite3_exec(db, "CREATE TABLE visit AS SELECT 0 AS n", NULL, NULL, NULL) != SQLITE_OK) {
		(void)fprintf(stderr, "%s: %s\n", argv[1], sqlite3_errmsg(db));
		(void)sqlite3_close(db);
		return 1;
	}
	while (started < THREADS && pthread_create(&threads[started], NULL, visit, argv[1]) == 0)
		started++;
	for (int i = 0; i < started; i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		failed += result == NULL;
	}
	(void)sqlite3_exec(db, "SELECT n FROM visit", print_visits, NULL, NULL);
	(void)sqlite3_close(db);
	return failed > 0 || started < THREADS;
}
