/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A program that knows weir only as it is installed.
 */
#include <weir/migrate.h>
#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

#include <stdio.h>
#include <string.h>

static bool leases(const struct weir_driver *driver, const char *url)
{
	struct weir_pool *pool = NULL;
	struct weir_lease lease = {0};
	struct weir_error err = WEIR_ERROR_INIT;
	const bool leased = weir_pool_open_url(&pool, driver, url, &err) == WEIR_OK &&
	                    weir_acquire(pool, &lease, &err) == WEIR_OK &&
	                    weir_release(&lease, &err) == WEIR_OK;

	if (!leased)
		(void)fprintf(stderr, "%s: %s\n", url, err.message);
	weir_pool_destroy(pool);
	return leased;
}

static bool migrates(const char *url)
{
	static const struct weir_migration_source source = {
		.version = "1", .name = "t", .up = {.sql = "CREATE TABLE t(x)"}};
	struct weir_db *db = NULL;
	struct weir_migrations *set = NULL;
	struct weir_error err = WEIR_ERROR_INIT;
	const bool migrated = weir_db_open(&db, weir_sqlite_driver(), url, &err) == WEIR_OK &&
	                      weir_migrations_make(&set, &source, 1, &err) == WEIR_OK &&
	                      weir_migrate_up(db, set, NULL, NULL, NULL, &err) == WEIR_OK;

	if (!migrated)
		(void)fprintf(stderr, "%s: %s\n", url, err.message);
	weir_migrations_free(set);
	weir_db_destroy(db);
	return migrated;
}

int main(void)
{
	const bool works = strcmp(weir_version(), WEIR_VERSION_STRING) == 0 &&
	                   leases(weir_stub_driver(), "stub:") &&
	                   leases(weir_sqlite_driver(), "sqlite:consumer.db") &&
	                   migrates("sqlite:consumer.db");

	return works ? 0 : 1;
}
