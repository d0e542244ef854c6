/* SPDX-License-Identifier: BSD-2-Clause
 *
 * With weir: threads share one SQLite database through weir_db. No retries, no
 * BEGIN, no connection of one's own. Compare visits_busy_timeout.c.
 *
 * usage: visits_gate FILE
 */
#include <weir/sqlite.h>
#include <weir/weir.h>

#include <pthread.h>
#include <stdio.h>

#define THREADS 8
#define VISITS 50

/* A write job: it shares a transaction with those beside it in the queue. */
static int add_visit(struct weir_tx *tx, void *unused)
{
	(void)unused;
	return weir_tx_exec(tx, "UPDATE visit SET n = n + 1", NULL, 0, NULL, NULL) != WEIR_OK;
}

static void *visit(void *argument)
{
	struct weir_db *db = argument;
	struct weir_error err = WEIR_ERROR_INIT;

	for (int i = 0; i < VISITS; i++) {
		/* Returns when the visit is on disk, or with the reason why it is not. */
		if (weir_db_run(db, add_visit, NULL, NULL, NULL, &err) != WEIR_OK) {
			(void)fprintf(stderr, "visit: %s\n", err.message);
			return NULL;
		}
	}
	return argument;
}

static int print_visits(struct weir_rows *row, void *unused)
{
	struct weir_sql_value n;

	(void)unused;
	if (weir_rows_value(row, 0, &n, NULL) != WEIR_OK)
		return 1;
	(void)printf("%lld visits\n", (long long)n.as.int64);
	return 0;
}

static int visit_from_threads(struct weir_db *db)
{
	pthread_t threads[THREADS];
	int started = 0;
	int failed = 0;

	while (started < THREADS && pthread_create(&threads[started], NULL, visit, db) == 0)
		started++;
	for (int i = 0; i < started; i++) {
		void *result = NULL;

		(void)pthread_join(threads[i], &result);
		failed += result == NULL;
	}
	return failed > 0 || started < THREADS;
}

int main(int argc, char **argv)
{
	const struct weir_driver *driver = weir_sqlite_driver();
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	struct weir_db *db = NULL;
	int failed = 1;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: visits_gate FILE\n");
		return 2;
	}
	weir_config_init(&config, driver);
	(void)snprintf(config.path, sizeof(config.path), "%s", argv[1]);
	if (weir_db_create(&db, driver, &config, NULL, &err) == WEIR_OK &&
	    weir_db_exec(db, "CREATE TABLE visit AS SELECT 0 AS n", NULL, 0, NULL, &err) == WEIR_OK) {
		failed = visit_from_threads(db);
		if (weir_db_query(db, "SELECT n FROM visit", NULL, 0, print_visits, NULL, &err) != WEIR_OK)
			failed = 1;
	}
	if (err.code != WEIR_OK)
		(void)fprintf(stderr, "%s\n", err.message);
	if (db != NULL && weir_db_close(db, &err) != WEIR_OK)
		(void)fprintf(stderr, "%s\n", err.message);
	weir_db_destroy(db);
	return failed;
}
