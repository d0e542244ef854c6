/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A lease that cannot outlive its block: threads count visits in one SQLite
 * database through a pool of two connections.
 *
 * usage: scoped_lease FILE
 */
#include <weir/sqlite.h>
#include <weir/weir.h>

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>

#define THREADS 4
#define VISITS 25

/* Every return gives the connection back; nothing has to be remembered. */
static bool execute(struct weir_pool *pool, const char *sql)
{
	WEIR_SCOPED_LEASE(lease);
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_acquire(pool, &lease, &err) != WEIR_OK) {
		(void)fprintf(stderr, "no connection: %s\n", err.message);
		return false;
	}

	struct sqlite3 *db = weir_sqlite_handle(&lease);

	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		(void)fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
		return false;
	}
	return true;
}

static void *visit(void *argument)
{
	struct weir_pool *pool = argument;

	for (int i = 0; i < VISITS; i++) {
		if (!execute(pool, "UPDATE visits SET n = n + 1"))
			return NULL;
	}
	return argument;
}

static bool visit_from_threads(struct weir_pool *pool)
{
	pthread_t threads[THREADS];
	int started = 0;
	bool done = true;

	while (started < THREADS && pthread_create(&threads[started], NULL, visit, pool) == 0)
		started++;
	for (int i = 0; i < started; i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		done = done && result != NULL;
	}
	return done && started == THREADS;
}

static int print_first_column(void *unused, int columns, char **values, char **names)
{
	(void)unused;
	(void)columns;
	(void)names;
	(void)printf("%s visits\n", values[0]);
	return 0;
}

static bool print_total(struct weir_pool *pool)
{
	WEIR_SCOPED_LEASE(lease);
	const char *sql = "SELECT n FROM visits";

	return weir_acquire(pool, &lease, NULL) == WEIR_OK &&
	       sqlite3_exec(weir_sqlite_handle(&lease), sql, print_first_column, NULL, NULL) ==
	           SQLITE_OK;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: %s FILE\n", argv[0]);
		return 2;
	}

	struct weir_pool *pool = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;

	weir_config_init(&config, weir_sqlite_driver());
	config.max_size = 2;
	(void)snprintf(config.path, sizeof config.path, "%s", argv[1]);
	if (weir_pool_create(&pool, weir_sqlite_driver(), NULL, &config, &err) != WEIR_OK) {
		(void)fprintf(stderr, "%s\n", err.message);
		return 1;
	}

	const bool done = execute(pool, "DROP TABLE IF EXISTS visits;"
	                                "CREATE TABLE visits(n INTEGER);"
	                                "INSERT INTO visits VALUES (0)") &&
	                  visit_from_threads(pool) && print_total(pool);

	weir_pool_destroy(pool);
	return done ? 0 : 1;
}
