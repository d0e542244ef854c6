/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database file of the SQL scenarios. See sql_file.h.
 */
#include "sql_file.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql_conn.h"

#define NAME "weir-bench.db"

/* One statement makes all rows. The values are of one size, which is what
 * counts; updates keep it. */
static const char fill_sql[] =
	"BEGIN;"
	"CREATE TABLE kv(id INTEGER PRIMARY KEY, value BLOB NOT NULL);"
	"WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 100000)"
	" INSERT INTO kv SELECT id, randomblob(100) FROM ids;"
	"COMMIT;";
_Static_assert(BENCH_SQL_ROWS == 100000 && BENCH_SQL_VALUE_BYTES == 100,
               "fill_sql makes as many rows, of as many bytes");

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

/* Open, run sql, close: with the last connection the WAL goes too. */
static enum weir_code run_alone(const struct bench_sql_file *file, const char *sql,
                                struct weir_error *err)
{
	sqlite3 *db = NULL;
	enum weir_code code = bench_sql_open(&db, file->path, BENCH_SQL_NOMUTEX, &settings, err);
	int rc;

	if (code != WEIR_OK)
		return code;
	rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
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

enum weir_code bench_sql_file_make(struct bench_sql_file *file, const char *dir,
                                   struct weir_error *err)
{
	enum weir_code code;

	if (!bench_sql_file_name(file, dir))
		return weir_fail(err, WEIR_ERR_BAD_ARGUMENT, "bench.sql", 0,
		                 "the path of --dir is too long");
	bench_sql_file_remove(file);
	code = run_alone(file, fill_sql, err);
	if (code != WEIR_OK)
		bench_sql_file_remove(file);
	return code;
}

enum weir_code bench_sql_file_settle(const struct bench_sql_file *file, struct weir_error *err)
{
	return run_alone(file, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

double bench_sql_file_bytes(const char *path)
{
	struct stat there;

	return stat(path, &there) == 0 ? (double)there.st_size : 0.0;
}
