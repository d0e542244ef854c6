/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A program that knows weir only as it is installed.
 */
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

int main(void)
{
	const bool works = strcmp(weir_version(), WEIR_VERSION_STRING) == 0 &&
	                   leases(weir_stub_driver(), "stub:") &&
	                   leases(weir_sqlite_driver(), "sqlite:consumer.db");

	return works ? 0 : 1;
}
