/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A benchmark of one's own for weir-bench gate: it prints the JSON form that the gate
 * reads. It does a fixed amount of work, so that its instructions can be counted, too.
 * No database is needed.
 *
 *   weir-bench gate --base-cmd './old/lease_bench' --new-cmd './new/lease_bench'
 */
#include <weir/stub.h>
#include <weir/weir.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REPETITIONS 5
#define LEASES_DEFAULT 200000

static double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Nanoseconds for each lease; negative on failure. */
static double measure(struct weir_pool *pool, long leases, struct weir_error *err)
{
	const double start = now_ns();

	for (long i = 0; i < leases; i++) {
		WEIR_SCOPED_LEASE(lease);

		if (weir_acquire(pool, &lease, err) != WEIR_OK)
			return -1.0;
	}
	return (now_ns() - start) / (double)leases;
}

/* Print a figure with all its repetitions: one number would hide the noise. */
static int print_figure(struct weir_pool *pool, long leases)
{
	struct weir_error err = WEIR_ERROR_INIT;

	(void)printf("{\"metrics\": [{\"scenario\": \"uncontended\", \"metric\": \"lease_time\","
	             " \"unit\": \"ns\", \"better\": \"lower\", \"values\": [");
	for (int i = 0; i < REPETITIONS; i++) {
		const double ns = measure(pool, leases, &err);

		if (ns < 0.0) {
			(void)fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		(void)printf("%s%.3f", i > 0 ? ", " : "", ns);
	}
	(void)printf("]}]}\n");
	return 0;
}

int main(int argc, char **argv)
{
	const long leases = argc > 1 ? strtol(argv[1], NULL, 10) : LEASES_DEFAULT;
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir_pool *pool = NULL;
	int failed;

	if (leases <= 0) {
		(void)fprintf(stderr, "usage: lease_bench [LEASES]\n");
		return 2;
	}
	if (weir_pool_open_url(&pool, weir_stub_driver(), "stub:?max_size=4", &err) != WEIR_OK) {
		(void)fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	failed = print_figure(pool, leases);
	weir_pool_destroy(pool);
	return failed;
}
