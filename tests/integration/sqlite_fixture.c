/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See sqlite_fixture.h.
 */
#include "sqlite_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int make_fixture(void **state)
{
	struct fixture *const fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->driver = weir_sqlite_driver();
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/weir-sqlite-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	/* Open to a process that has given up its rights. */
	assert_int_equal(chmod(fixture->folder, 0777), 0);
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/test.db", fixture->folder);
	weir_config_init(&fixture->config, fixture->driver);
	(void)snprintf(fixture->config.path, sizeof(fixture->config.path), "%s", fixture->path);
	*state = fixture;
	return 0;
}

static void empty_folder(const char *path)
{
	DIR *const folder = opendir(path);

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			assert_int_equal(unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR), 0);
	}
	closedir(folder);
}

int drop_fixture(void **state)
{
	struct fixture *const fixture = *state;

	empty_folder(fixture->folder);
	assert_int_equal(rmdir(fixture->folder), 0);
	free(fixture);
	return 0;
}

struct weir_time soon(void)
{
	return weir_deadline_in(WEIR_SECONDS(30));
}

struct weir_time past(void)
{
	return (struct weir_time){weir_now().ns - 1};
}

enum weir_code open_until(const struct fixture *fixture, struct weir_time deadline, void **conn,
                          struct weir_error *err)
{
	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &fixture->config,
		.deadline = deadline,
	};

	return fixture->driver->open(&request, conn, err);
}

void *open_one(const struct fixture *fixture)
{
	return open_role(fixture, WEIR_ROLE_ANY);
}

enum weir_code try_open_role(const struct fixture *fixture, enum weir_role role, void **conn,
                             struct weir_error *err)
{
	const struct weir_open_request request = {
		.size = sizeof(request),
		.config = &fixture->config,
		.deadline = soon(),
		.role = role,
	};

	return fixture->driver->open(&request, conn, err);
}

void *open_role(const struct fixture *fixture, enum weir_role role)
{
	struct weir_error err = WEIR_ERROR_INIT;
	void *conn = NULL;

	if (try_open_role(fixture, role, &conn, &err) != WEIR_OK)
		fail_msg("open: %s", err.message);
	return conn;
}

void reset(const struct fixture *fixture, void *conn)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (fixture->driver->reset(conn, soon(), &err) != WEIR_OK)
		fail_msg("reset: %s", err.message);
}

void set(struct fixture *fixture, const char *name, const char *value)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (weir_config_apply_setting(&fixture->config, fixture->driver, name, value, NULL, &err) !=
	    WEIR_OK)
		fail_msg("%s=%s: %s", name, value, err.message);
}

enum weir_code try_run(const struct fixture *fixture, void *conn, const char *sql,
                       struct weir_error *err)
{
	const struct weir_sql *const ops = fixture->driver->sql;
	enum weir_sql_step result = WEIR_STEP_ROW;
	void *stmt = NULL;
	size_t tail = 0;
	enum weir_code code = ops->prepare(conn, sql, strlen(sql), &stmt, &tail, err);

	while (code == WEIR_OK && result == WEIR_STEP_ROW)
		code = ops->step(stmt, &result, err);
	ops->finalize(stmt);
	return code;
}

void run(const struct fixture *fixture, void *conn, const char *sql)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (try_run(fixture, conn, sql, &err) != WEIR_OK)
		fail_msg("%s: %s", sql, err.message);
}

int64_t ask(const struct fixture *fixture, void *conn, const char *sql)
{
	const struct weir_sql *const ops = fixture->driver->sql;
	struct weir_sql_value value = {.type = WEIR_SQL_NULL};
	enum weir_sql_step result = WEIR_STEP_DONE;
	void *stmt = NULL;
	size_t tail = 0;

	assert_int_equal(ops->prepare(conn, sql, strlen(sql), &stmt, &tail, NULL), WEIR_OK);
	assert_int_equal(ops->step(stmt, &result, NULL), WEIR_OK);
	assert_int_equal(result, WEIR_STEP_ROW);
	assert_int_equal(ops->column(stmt, 0, &value, NULL), WEIR_OK);
	ops->finalize(stmt);
	assert_int_equal(value.type, WEIR_SQL_INT64);
	return value.as.int64;
}

/* By way of a lease, as a holder gets it; the pool never opens anything. */
sqlite3 *handle_of(void *conn)
{
	struct weir_config config;
	struct weir_lease lease = {.conn = conn};

	weir_config_init(&config, weir_sqlite_driver());
	(void)snprintf(config.path, sizeof(config.path), "nothing.db");
	assert_int_equal(weir_pool_create(&lease.pool, weir_sqlite_driver(), NULL, &config, NULL),
	                 WEIR_OK);

	sqlite3 *const db = weir_sqlite_handle(&lease);

	weir_pool_destroy(lease.pool);
	return db;
}

sqlite3 *open_foreign(const struct fixture *fixture)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	return db;
}

void run_foreign(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

void write_file(const struct fixture *fixture, const char *name, const void *bytes, size_t length)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);

	FILE *const file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

size_t count_descriptors(void)
{
	return contents_of("/proc/self/fd").files;
}

struct contents contents_of(const char *path)
{
	struct contents contents = {0};
	DIR *const folder = opendir(path);

	assert_non_null(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		struct stat status;

		contents.files++;
		if (fstatat(dirfd(folder), entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode))
			contents.bytes += (size_t)status.st_size;
	}
	closedir(folder);
	return contents;
}
