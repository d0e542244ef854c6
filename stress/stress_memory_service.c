/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A log and a service while memory is refused.
 */
#include "stress_memory.h"

#include <stdio.h>
#include <string.h>

#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

static bool write_file(const struct memory_trial *trial, const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL)
		return false;
	(void)fprintf(file, "[ledger]\nurl = sqlite://%s?statement_cache=2\nmin_idle = 1\n",
	              trial->path);
	return fclose(file) == 0;
}

static struct weir_log *make_log(struct memory_trial *trial, const char *path)
{
	const struct weir_log_options options = {
		.size = sizeof options, .level = WEIR_LOG_INFO, .path = path};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_log *log = NULL;
	enum weir_code code;

	do {
		code = weir_log_create(&log, &options, &err);
	} while (memory_again(trial, "log_create", code, &err));
	return log;
}

static void read_file(struct memory_trial *trial, struct weir_service *service, const char *path)
{
	const struct weir_driver *const drivers[] = {weir_sqlite_driver()};
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	for (int round = 0; round < 2; round++) {
		do {
			code = weir_service_reload_ini(service, path, drivers, 1, NULL, &err);
		} while (memory_again(trial, "reload_ini", code, &err));
	}
}

static bool take(void *arg, const char *bytes, size_t length)
{
	(void)arg;
	(void)bytes;
	(void)length;
	return true;
}

static void look_at(struct memory_trial *trial, struct weir_service *service)
{
	const struct weir_writer writer = {take, NULL};
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	do {
		code = weir_service_write_metrics(service, WEIR_METRICS_JSON, &writer, &err);
	} while (memory_again(trial, "write_metrics", code, &err));
	do {
		code = weir_service_write_pools(service, &writer, &err);
	} while (memory_again(trial, "write_pools", code, &err));
}

static void use_service(struct memory_trial *trial, struct weir_service *service)
{
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	do {
		code = weir_service_start(service, WEIR_WARM_BACKGROUND, weir_now(), &err);
	} while (memory_again(trial, "service_start", code, &err));
	(void)weir_service_tick(service, weir_now());
	do {
		code = weir_service_suspend(service, NULL, &err);
	} while (memory_again(trial, "service_suspend", code, &err));
	do {
		code = weir_service_drain(service, weir_deadline_in(WEIR_SECONDS(10)), NULL, &err);
	} while (memory_again(trial, "service_drain", code, &err));
}

/* A db over a server that is none: its statements take memory, too. */
void memory_stub(struct memory_trial *trial)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_db *db = NULL;
	enum weir_code code;

	do {
		code = weir_db_open(&db, weir_stub_engine_driver(), "stub:?keeper=manual", &err);
	} while (memory_again(trial, "db_open", code, &err));
	if (db == NULL)
		return;
	do {
		code = weir_db_exec(db, "UPDATE x", NULL, 0, NULL, &err);
	} while (memory_again(trial, "db_exec", code, &err));
	weir_db_destroy(db);
}

void memory_service(struct memory_trial *trial)
{
	/* By hand: a keeper thread takes its memory when it comes to it. */
	struct weir_service_options options = {.size = sizeof options, .manual = true};
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_service *service = NULL;
	char ini[FOLDER_PATH + 16];
	char lines[FOLDER_PATH + 16];
	enum weir_code code;

	(void)snprintf(ini, sizeof ini, "%s/weir.ini", trial->folder);
	(void)snprintf(lines, sizeof lines, "%s/weir.log", trial->folder);
	if (!write_file(trial, ini))
		return;
	options.log = make_log(trial, lines);
	do {
		code = weir_service_create(&service, &options, &err);
	} while (memory_again(trial, "service_create", code, &err));
	if (service != NULL) {
		read_file(trial, service, ini);
		look_at(trial, service);
		use_service(trial, service);
	}
	weir_service_destroy(service);
	weir_log_destroy(options.log);
}
