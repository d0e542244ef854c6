/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Three databases under one service, and a page that shows what they do: two files of
 * SQLite's, and a pretended server that goes away from time to time.
 *
 *     service [SECONDS [PORT]]
 *
 * Runs for SECONDS (10), or until Ctrl-C, with the page at http://127.0.0.1:PORT/ (a
 * port that is free), /metrics and /healthz beside it. Send it SIGUSR1 for a dump.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <weir/http.h>
#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

#define WORKERS 12

static atomic_bool stopping;

static void stop(int number)
{
	(void)number;
	atomic_store(&stopping, true);
}

static int fail(const char *what, const struct weir_error *err)
{
	(void)fprintf(stderr, "service: %s: %s\n", what, err->message);
	return 1;
}

static void pause_for(int64_t ns)
{
	const struct timespec time = {.tv_sec = 0, .tv_nsec = (long)ns};

	(void)nanosleep(&time, NULL);
}

/* One visit: a write that shares its transaction with others', and a read. */
static void visit(struct weir_db *db, unsigned *seed)
{
	struct weir_sql_value who = weir_int64((int64_t)(*seed % 1000));
	WEIR_SCOPED_TX(tx);

	(void)!weir_db_exec(db, "INSERT INTO visit VALUES (?)", &who, 1, NULL, NULL);
	if (weir_read_begin(db, NULL, &tx, NULL) != WEIR_OK)
		return;
	(void)!weir_tx_exec(&tx, "SELECT count(*) FROM visit WHERE who = ?", &who, 1, NULL, NULL);
	pause_for(WEIR_MICROSECONDS(200) + (int64_t)(*seed % 8) * WEIR_MICROSECONDS(300));
}

static void *work(void *arg)
{
	static const char *const names[] = {"visits", "orders", "remote"};
	struct weir_service *service = arg;
	unsigned seed = (unsigned)(uintptr_t)&seed;

	while (!atomic_load(&stopping)) {
		seed = seed * 1103515245 + 12345;
		struct weir_db *db = weir_service_get(service, names[seed / 65536 % 3], NULL);

		if (db == NULL)
			break; /* it is being drained */
		visit(db, &seed);
		weir_service_put(service, db);
	}
	return NULL;
}

/* The two files, as an INI file would have them, and the pretended server. */
static enum weir_code add_databases(struct weir_service *service, const char *folder,
                                    struct weir_stub *server, struct weir_error *err)
{
	static const char *const names[] = {"visits", "orders"};
	struct weir_config config;
	enum weir_code code = WEIR_OK;

	for (size_t i = 0; i < 2 && code == WEIR_OK; i++) {
		weir_config_init(&config, weir_sqlite_driver());
		(void)snprintf(config.name, sizeof config.name, "%s", names[i]);
		(void)snprintf(config.path, sizeof config.path, "%s/%s.db", folder, names[i]);
		config.max_size = 4;
		config.min_idle = 2;
		code = weir_service_add(service, weir_sqlite_driver(), NULL, &config, err);
	}
	if (code != WEIR_OK)
		return code;
	weir_config_init(&config, weir_stub_engine_driver());
	(void)snprintf(config.name, sizeof config.name, "remote");
	config.max_size = 4;
	config.leak_after = WEIR_SECONDS(5);
	/* Each use finds out whether the server is still there: see its outages on the page. */
	config.validate_on_acquire = 1;
	return weir_service_add(service, weir_stub_engine_driver(), server, &config, err);
}

static enum weir_code make_table(struct weir_service *service, const char *name,
                                 struct weir_error *err)
{
	struct weir_db *db = weir_service_get(service, name, err);
	enum weir_code code;

	if (db == NULL)
		return err->code;
	code = weir_db_exec(db, "CREATE TABLE visit (who INTEGER)", NULL, 0, NULL, err);
	weir_service_put(service, db);
	return code;
}

/* Work, until it is time; then let everything come back. */
static int run(struct weir_service *service, int seconds, struct weir_error *err)
{
	struct weir_verdict verdict = {.size = sizeof verdict};
	pthread_t workers[WORKERS];
	int started = 0;

	while (started < WORKERS && pthread_create(&workers[started], NULL, work, service) == 0)
		started++;
	for (int i = 0; i < seconds * 10 && !atomic_load(&stopping); i++)
		pause_for(WEIR_MILLISECONDS(100));
	atomic_store(&stopping, true);
	for (int i = 0; i < started; i++)
		(void)pthread_join(workers[i], NULL);
	if (weir_service_drain(service, weir_deadline_in(WEIR_SECONDS(5)), &verdict, err) != WEIR_OK)
		return fail("drain", err);
	(void)printf("%u databases drained in %lld us, %u leases late\n", verdict.databases,
	             (long long)(verdict.took_ns / 1000), verdict.late);
	return 0;
}

static int serve(struct weir_service *service, int seconds, uint16_t port, struct weir_error *err)
{
	const struct weir_http_options options = {.size = sizeof options, .port = port};
	struct weir_http *http = NULL;
	int result;

	if (make_table(service, "visits", err) != WEIR_OK ||
	    make_table(service, "orders", err) != WEIR_OK)
		return fail("table", err);
	if (weir_service_start(service, WEIR_WARM_FILL, weir_deadline_in(WEIR_SECONDS(5)), err) !=
	    WEIR_OK)
		return fail("start", err);
	if (weir_http_start(&http, service, &options, err) != WEIR_OK)
		return fail("page", err);
	(void)printf("http://127.0.0.1:%u/ for %d s; kill -USR1 %d for a dump\n",
	             (unsigned)weir_http_port(http), seconds, (int)getpid());
	(void)fflush(stdout);
	result = run(service, seconds, err);
	weir_http_stop(http);
	return result;
}

static void remove_folder(const char *folder)
{
	static const char *const files[] = {"visits.db",      "visits.db-wal", "visits.db-shm",
	                                    "visits.db-weir", "orders.db",     "orders.db-wal",
	                                    "orders.db-shm",  "orders.db-weir"};
	char path[256];

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

int main(int argc, char **argv)
{
	const int seconds = argc > 1 ? atoi(argv[1]) : 10;
	const int port = argc > 2 ? atoi(argv[2]) : 0;
	const struct weir_stub_script outages = {.up_ns = WEIR_SECONDS(6),
	                                         .down_ns = WEIR_SECONDS(2),
	                                         .open_latency_ns = WEIR_MILLISECONDS(2)};
	struct weir_service_options options = {.size = sizeof options, .dump_signal = SIGUSR1};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_service *service = NULL;
	struct weir_stub *server = weir_stub_create();
	char folder[] = "/tmp/weir-example-XXXXXX";
	int result;

	if (seconds < 1 || port < 0 || port > 65535 || server == NULL || mkdtemp(folder) == NULL) {
		(void)fprintf(stderr, "usage: service [SECONDS [PORT]]\n");
		return 2;
	}
	(void)signal(SIGINT, stop);
	(void)signal(SIGTERM, stop);
	(void)!weir_log_create(&options.log, NULL, NULL);
	if (weir_service_create(&service, &options, &err) != WEIR_OK ||
	    add_databases(service, folder, server, &err) != WEIR_OK) {
		result = fail("databases", &err);
	} else {
		weir_stub_set(server, &outages);
		result = serve(service, seconds, (uint16_t)port, &err);
	}
	weir_service_destroy(service);
	weir_log_destroy(options.log);
	(void)!weir_stub_drain(server, weir_deadline_in(WEIR_SECONDS(5)));
	weir_stub_destroy(server);
	remove_folder(folder);
	return result;
}
