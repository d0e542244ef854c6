/* SPDX-License-Identifier: BSD-2-Clause
 *
 * `weir-bench check-pool`: find the mistakes in somebody's pool before measuring
 * it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance.h"
#include "plugin.h"
#include "run_command.h"

/* Nothing in a check takes a second, on any machine that is up. */
#define PATIENCE_NS INT64_C(20000000000)

static const char help[] =
	"usage: weir-bench check-pool FILE.so\n"
	"\n"
	"Loads a pool as --pool-so does and checks that it does what pool_under_test.h asks:\n"
	"no connection has two owners, an acquire times out when all are out and wakes up\n"
	"when one is returned, a create that fails leaves nothing, and it grows and heals if\n"
	"it claims to. Exit codes: 0 it passed, 1 it did not, 2 it cannot be loaded.\n";

static const char *const verdicts[] = {
	[BENCH_CONFORMS] = "passed",
	[BENCH_CONFORMS_NOT] = "FAILED",
	[BENCH_CONFORMANCE_SKIPPED] = "not claimed",
	[BENCH_CONFORMANCE_HANGS] = "HANGS",
};

static int check(const struct pool_under_test *pool)
{
	size_t count;
	const struct bench_conformance_check *const checks = bench_conformance_checks(&count);
	enum bench_conformance_result result = BENCH_CONFORMS;
	int exit_code = BENCH_EXIT_DONE;

	for (size_t i = 0; i < count && result != BENCH_CONFORMANCE_HANGS; i++) {
		char problem[BENCH_CONFORMANCE_PROBLEM_MAX];

		/* Before it runs: a pool may take the process with it. */
		(void)printf("%-13s %s: ", checks[i].name, checks[i].doc);
		(void)fflush(stdout);
		result = bench_conformance_run(pool, &checks[i], PATIENCE_NS, problem);
		(void)printf("%s\n", verdicts[result]);
		if (result != BENCH_CONFORMS && result != BENCH_CONFORMANCE_SKIPPED) {
			(void)printf("%-13s %s\n", "", problem);
			exit_code = BENCH_EXIT_FAILED;
		}
	}
	if (result == BENCH_CONFORMANCE_HANGS)
		(void)fprintf(stderr, "weir-bench: threads are still in %s: nothing more can be checked\n",
		              pool->name);
	return fflush(stdout) == 0 ? exit_code : BENCH_EXIT_FAILED;
}

int bench_command_check_pool(int argc, char **argv)
{
	static const struct option known_flags[] = {{"help", no_argument, NULL, 'h'},
	                                            {NULL, 0, NULL, 0}};
	char problem[1024];
	struct pool_under_test *pool;
	int exit_code = BENCH_EXIT_DONE;
	int flag;

	optind = 1;
	opterr = 0;
	flag = getopt_long(argc, argv, "", known_flags, NULL);
	if (flag == 'h') {
		(void)fputs(help, stdout);
		return BENCH_EXIT_DONE;
	}
	if (flag != -1 || argc != optind + 1) {
		(void)fprintf(stderr, "weir-bench: check-pool takes one shared object; see weir-bench "
		                      "check-pool --help\n");
		return BENCH_EXIT_USAGE;
	}
	pool = bench_plugin_load(argv[optind], problem, sizeof(problem));
	if (pool == NULL) {
		(void)fprintf(stderr, "weir-bench: \"%s\": %s\n", argv[optind], problem);
		return BENCH_EXIT_USAGE;
	}
	if (bench_pool_leases(pool))
		exit_code = check(pool);
	else
		(void)fprintf(stderr, "weir-bench: %s has no acquire and release: nothing to check\n",
		              pool->name);
	free(pool);
	return exit_code;
}
