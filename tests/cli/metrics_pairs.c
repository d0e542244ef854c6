/* SPDX-License-Identifier: BSD-2-Clause
 *
 * usage: metrics_pairs on|off PAIRS
 *
 * So many leases of a pool with histograms, or without, by one thread that does not wait:
 * for metrics_cost_test.sh, which counts instructions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/stub.h>
#include <weir/weir.h>

int main(int argc, char **argv)
{
	const struct weir_driver *driver = weir_stub_bare_driver();
	struct weir_pool *pool = NULL;
	struct weir_lease lease = {0};
	struct weir_config config;
	long pairs;

	if (argc != 3 || (strcmp(argv[1], "on") != 0 && strcmp(argv[1], "off") != 0))
		return 2;
	pairs = strtol(argv[2], NULL, 10);
	weir_config_init(&config, driver);
	config.max_size = 1;
	config.min_idle = 1;
	config.metrics = strcmp(argv[1], "on") == 0;
	if (weir_pool_create(&pool, driver, NULL, &config, NULL) != WEIR_OK)
		return 1;
	for (long i = 0; i < pairs; i++)
		if (weir_acquire(pool, &lease, NULL) != WEIR_OK || weir_release(&lease, NULL) != WEIR_OK)
			return 1;
	weir_pool_destroy(pool);
	return 0;
}
