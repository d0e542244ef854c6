/* SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: probe_scene FILE
 *
 * Passes every static probe at least once, for a tracer to look at: a lease that is
 * handed to a waiter, a write and a checkpoint. FILE is a new SQLite database.
 */
#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static int complain(const char *what, const struct weir_error *err)
{
	(void)fprintf(stderr, "%s: %s\n", what, err->message);
	return 1;
}

static void *wait_for_lease(void *argument)
{
	struct weir_pool *pool = argument;
	struct weir_lease lease = {0};

	if (weir_acquire_for(pool, &lease, WEIR_SECONDS(30), NULL) != WEIR_OK)
		return NULL;
	weir_lease_end(&lease);
	return argument;
}

static uint32_t count_waiters(struct weir_pool *pool)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	return weir_pool_read_stats(pool, &stats) == WEIR_OK ? stats.waiters : 0;
}

static int hand_off(struct weir_pool *pool, struct weir_error *err)
{
	struct weir_lease lease = {0};
	pthread_t thread;
	void *result = NULL;

	if (weir_acquire(pool, &lease, err) != WEIR_OK)
		return complain("acquire", err);
	if (pthread_create(&thread, NULL, wait_for_lease, pool) != 0)
		return 1;
	while (count_waiters(pool) == 0) /* ends: the thread queues, since there is one slot */
		(void)sched_yield();
	weir_lease_end(&lease);
	(void)pthread_join(thread, &result);
	return result == NULL;
}

static int use_pool(void)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_stub *stub = weir_stub_create();
	struct weir_config config;
	struct weir_pool *pool = NULL;
	int failed = 1;

	weir_config_init(&config, weir_stub_prompt_driver());
	(void)snprintf(config.name, sizeof config.name, "scene-pool");
	config.max_size = 1;
	config.fairness = WEIR_FAIRNESS_FIFO;
	if (weir_pool_create(&pool, weir_stub_prompt_driver(), stub, &config, &err) == WEIR_OK)
		failed = hand_off(pool, &err);
	else
		(void)complain("pool", &err);
	weir_pool_destroy(pool);
	weir_stub_destroy(stub);
	return failed;
}

static int create_table(struct weir_tx *tx, void *unused)
{
	(void)unused;
	return weir_tx_exec(tx, "CREATE TABLE t (x INTEGER)", NULL, 0, NULL, NULL) != WEIR_OK;
}

static int use_db(const char *path)
{
	const struct weir_driver *driver = weir_sqlite_driver();
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_config config;
	struct weir_db *db = NULL;
	int failed = 0;

	weir_config_init(&config, driver);
	(void)snprintf(config.name, sizeof config.name, "scene-db");
	(void)snprintf(config.path, sizeof config.path, "%s", path);
	if (weir_db_create(&db, driver, &config, NULL, &err) != WEIR_OK)
		return complain("db", &err);
	if (weir_db_run(db, create_table, NULL, NULL, NULL, &err) != WEIR_OK ||
	    weir_db_checkpoint(db, NULL, &err) != WEIR_OK)
		failed = complain("write", &err);
	if (weir_db_close(db, &err) != WEIR_OK)
		failed = complain("close", &err);
	weir_db_destroy(db);
	return failed;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: probe_scene FILE\n");
		return 2;
	}
	return use_pool() != 0 || use_db(argv[1]) != 0;
}
