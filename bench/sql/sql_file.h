/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The database file of the SQL scenarios: made before, removed after.
 */
#ifndef BENCH_SQL_FILE_H
#define BENCH_SQL_FILE_H

#include <weir/error.h>

#include "sql_statement.h"

#define BENCH_SQL_PATH_MAX 4096

struct bench_sql_file {
	char path[BENCH_SQL_PATH_MAX];
	char wal[BENCH_SQL_PATH_MAX];
};

/* Name the file in dir; false if the path would be too long. */
bool bench_sql_file_name(struct bench_sql_file *file, const char *dir);

/* Name the file and make it in dir with a scenario's script, in one transaction; one
 * left by an earlier run is replaced. */
enum weir_code bench_sql_file_make(struct bench_sql_file *file, const char *dir, const char *script,
                                   struct weir_error *err);

/* Whether the statements can run there, and do what they say of themselves. */
enum weir_code bench_sql_file_check(const struct bench_sql_file *file,
                                    const struct bench_statement *statements, unsigned count,
                                    struct weir_error *err);

/* Move everything into the database and empty the WAL, so that each variant
 * begins alike. Nobody else has the file open. */
enum weir_code bench_sql_file_settle(const struct bench_sql_file *file, struct weir_error *err);

/* The size of a file now; 0 if there is none. */
double bench_sql_file_bytes(const char *path);

/* Remove the file and what SQLite keeps beside it. */
void bench_sql_file_remove(const struct bench_sql_file *file);

#endif
