/* SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: exposition FOLDER
 *
 * Put a SQLite database in FOLDER and a stub beside it under some load, and write the
 * figures of both, as Prometheus' text, to stdout while it lasts. For promtool_test.sh.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/metrics.h>
#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

#define WORKERS 3
#define WRITES 140 /* of a slot's leases that did not wait, one in 128 is timed */

struct load {
	struct weir_db *db;
	struct weir_pool *pool;
	_Atomic uint32_t wrong;
};

static void need(bool good, const char *what)
{
	if (!good) {
		(void)fprintf(stderr, "exposition: %s\n", what);
		exit(1);
	}
}

static void *work(void *arg)
{
	struct load *const load = arg;

	for (int i = 0; i < WRITES; i++) {
		struct weir_lease lease = {0};

		if (weir_db_exec(load->db, "INSERT INTO t VALUES (1)", NULL, 0, NULL, NULL) != WEIR_OK)
			load->wrong++;
		if (weir_acquire(load->pool, &lease, NULL) != WEIR_OK ||
		    weir_release(&lease, NULL) != WEIR_OK)
			load->wrong++;
	}
	return NULL;
}

static bool put(void *arg, const char *bytes, size_t length)
{
	(void)arg;
	return fwrite(bytes, 1, length, stdout) == length;
}

/* A name that has to be escaped, and one that is no UTF-8. */
static struct weir_db *make_db(const char *folder)
{
	const struct weir_driver *const driver = weir_sqlite_driver();
	struct weir_config config;
	struct weir_db *db = NULL;
	char url[512];

	(void)snprintf(url, sizeof url, "sqlite://%s/exposition.db?max_size=2", folder);
	weir_config_init(&config, driver);
	need(weir_config_apply_url(&config, driver, url, NULL, NULL) == WEIR_OK, "the URL");
	(void)snprintf(config.name, sizeof config.name, "a \"b\" \\ \n{}");
	need(weir_db_create(&db, driver, &config, NULL, NULL) == WEIR_OK, "the database");
	need(weir_db_exec(db, "CREATE TABLE t (x)", NULL, 0, NULL, NULL) == WEIR_OK, "the table");
	return db;
}

static struct weir_pool *make_pool(struct weir_stub *stub)
{
	const struct weir_driver *const driver = weir_stub_prompt_driver();
	struct weir_config config;
	struct weir_pool *pool = NULL;

	weir_config_init(&config, driver);
	need(weir_config_apply_pairs(&config, driver, "max_size=2 min_idle=1", NULL, NULL) == WEIR_OK,
	     "the settings");
	(void)snprintf(config.name, sizeof config.name, "stub \xff");
	need(weir_pool_create(&pool, driver, stub, &config, NULL) == WEIR_OK, "the pool");
	return pool;
}

int main(int argc, char **argv)
{
	const struct weir_writer writer = {.write = put};
	struct weir_stub *stub = weir_stub_create();
	pthread_t workers[WORKERS];
	struct load load = {0};

	need(argc == 2 && stub != NULL, "give a folder");
	load.db = make_db(argv[1]);
	load.pool = make_pool(stub);
	(void)work(&load); /* no histogram is empty then */
	for (int i = 0; i < WORKERS; i++)
		need(pthread_create(&workers[i], NULL, work, &load) == 0, "a thread");

	const struct weir_metrics_source sources[] = {{.db = load.db}, {.pool = load.pool}};

	need(weir_metrics_write(sources, 2, WEIR_METRICS_PROMETHEUS, &writer, NULL) == WEIR_OK,
	     "the figures");
	for (int i = 0; i < WORKERS; i++)
		need(pthread_join(workers[i], NULL) == 0, "a join");
	need(load.wrong == 0, "a write or an acquire failed");
	need(weir_pool_close(load.pool, NULL) == WEIR_OK, "the end of the pool");
	weir_pool_destroy(load.pool);
	weir_stub_destroy(stub);
	need(weir_db_close_until(load.db, weir_deadline_in(WEIR_SECONDS(30)), NULL) == WEIR_OK,
	     "the end of the database");
	weir_db_destroy(load.db);
	need(fflush(stdout) == 0, "the output");
	return 0;
}
