/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database file of the SQL scenarios. See sql_file.h.
 */
#include "sql_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql_conn.h"

#define NAME "weir-bench.db"

void bench_sql_file_remove(const struct bench_sql_file *file)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal", "-weir"};
	char path[BENCH_SQL_PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", file->path, suffixes[i]);
		(void)unlink(path);
	}
}

/* What the file is made with; no scenario's own. */
static const struct bench_sql_settings settings = {.cache_kib = 8192};

/* With the last connection the WAL goes too. */
static enum weir_code close_alone(sqlite3 *db, int rc, struct weir_error *err)
{
	enum weir_code code = WEIR_OK;

	if (rc != SQLITE_OK)
		code = weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", rc,
		                 "cannot prepare the database: %s", sqlite3_errmsg(db));
	(void)sqlite3_close(db);
	return code;
}

bool bench_sql_file_name(struct bench_sql_file *file, const char *dir)
{
	const int length = snprintf(file->wal, sizeof(file->wal), "%s/" NAME "-wal", dir);

	(void)snprintf(file->path, sizeof(file->path), "%s/" NAME, dir);
	return length < (int)sizeof(file->wal);
}

static enum weir_code run_script(const struct bench_sql_file *file, const char *script,
                                 struct weir_error *err)
{
	sqlite3 *db = NULL;
	enum weir_code code = bench_sql_open(&db, file->path, BENCH_SQL_NOMUTEX, &settings, err);
	int rc;

	if (code != WEIR_OK)
		return code;
	rc = sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, script, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return close_alone(db, rc, err);
}

enum weir_code bench_sql_file_make(struct bench_sql_file *file, const char *dir, const char *script,
                                   struct weir_error *err)
{
	enum weir_code code;

	if (!bench_sql_file_name(file, dir))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "bench.sql", 0,
		                 "the path of --dir is too long");
	bench_sql_file_remove(file);
	code = run_script(file, script, err);
	if (code != WEIR_OK)
		bench_sql_file_remove(file);
	return code;
}

enum weir_code bench_sql_file_settle(const struct bench_sql_file *file, struct weir_error *err)
{
	sqlite3 *db = NULL;
	enum weir_code code = bench_sql_open(&db, file->path, BENCH_SQL_NOMUTEX, &settings, err);

	if (code != WEIR_OK)
		return code;
	return close_alone(db, sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL),
	                   err);
}

/* A statement's text and what it says of itself against what SQLite says. */
static enum weir_code check_statement(sqlite3 *db, const struct bench_statement *statement,
                                      struct weir_error *err)
{
	sqlite3_stmt *stmt = NULL;
	const char *tail = "";
	const int rc = sqlite3_prepare_v2(db, statement->call.sql, -1, &stmt, &tail);
	const bool reads = stmt != NULL && sqlite3_stmt_readonly(stmt) != 0;
	const int marks = stmt != NULL ? sqlite3_bind_parameter_count(stmt) : 0;
	enum weir_code code = WEIR_OK;

	(void)sqlite3_finalize(stmt);
	if (rc != SQLITE_OK)
		code = weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", rc, "[statement %s]: %s",
		                 statement->name, sqlite3_errmsg(db));
	else if (stmt == NULL || tail[strspn(tail, " \t\n\r;")] != '\0')
		code = weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", 0,
		                 "[statement %s]: sql has to be one statement", statement->name);
	else if (reads == (statement->call.writes != 0))
		code = weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", 0,
		                 "[statement %s]: kind = %s, but SQLite says that it %s", statement->name,
		                 reads ? "write" : "read", reads ? "only reads" : "writes");
	else if (marks != (int)statement->parameters_count)
		code = weir_fail(err, WEIR_ERR_DRIVER_SQL, "bench.sql", 0,
		                 "[statement %s]: sql has %d marks, and there are %u parameters",
		                 statement->name, marks, statement->parameters_count);
	return code;
}

enum weir_code bench_sql_file_check(const struct bench_sql_file *file,
                                    const struct bench_statement *statements, unsigned count,
                                    struct weir_error *err)
{
	sqlite3 *db = NULL;
	enum weir_code code = bench_sql_open(&db, file->path, BENCH_SQL_NOMUTEX, &settings, err);

	for (unsigned i = 0; i < count && code == WEIR_OK; i++)
		code = check_statement(db, &statements[i], err);
	(void)sqlite3_close(db);
	return code;
}

double bench_sql_file_bytes(const char *path)
{
	struct stat there;

	return stat(path, &there) == 0 ? (double)there.st_size : 0.0;
}
