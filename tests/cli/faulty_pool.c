/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A shared object for --pool-so with the fault that the environment variable FAULT
 * names: what weir-bench has to refuse, and what a check has to find.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool_under_test.h"

static int refuse_create(void **pool, const struct pool_setup *setup, char *problem,
                         size_t problem_size)
{
	(void)setup;
	*pool = NULL;
	(void)snprintf(problem, problem_size, "the moon is full");
	return -1;
}

static void no_destroy(void *pool)
{
	(void)pool;
}

static int no_acquire(void *pool, unsigned thread, struct pool_lease *lease)
{
	(void)pool;
	(void)thread;
	(void)lease;
	return -1;
}

static void no_release(void *pool, unsigned thread, struct pool_lease *lease)
{
	(void)pool;
	(void)thread;
	lease->conn = NULL;
}

static enum pool_outcome no_execute(void *pool, unsigned thread,
                                    const struct pool_statement *statement,
                                    const struct pool_value *values, unsigned values_count)
{
	(void)pool;
	(void)thread;
	(void)statement;
	(void)values;
	(void)values_count;
	return POOL_FAILED;
}

static struct pool_under_test faulty = {
	.size = sizeof(faulty),
	.version = POOL_UNDER_TEST_VERSION,
	.name = "faulty",
	.doc = "a pool with a fault",
	.create = refuse_create,
	.destroy = no_destroy,
	.acquire = no_acquire,
	.release = no_release,
};

const struct pool_under_test *pool_under_test_entry(void)
{
	const char *const fault = getenv("FAULT") != NULL ? getenv("FAULT") : "";

	if (strcmp(fault, "null") == 0)
		return NULL;
	if (strcmp(fault, "size") == 0)
		faulty.size = 8;
	if (strcmp(fault, "version") == 0)
		faulty.version = POOL_UNDER_TEST_VERSION + 1;
	if (strcmp(fault, "unnamed") == 0)
		faulty.name = NULL;
	if (strcmp(fault, "long") == 0)
		faulty.name = "a-name-of-thirty-two-characters-";
	if (strcmp(fault, "comma") == 0)
		faulty.name = "a,b";
	if (strcmp(fault, "taken") == 0)
		faulty.name = "sem-cas";
	if (strcmp(fault, "taken-sql") == 0)
		faulty.name = "raw-1";
	if (strcmp(fault, "doc") == 0)
		faulty.doc = "two\nlines";
	if (strcmp(fault, "create") == 0)
		faulty.create = NULL;
	if (strcmp(fault, "release") == 0)
		faulty.release = NULL;
	if (strcmp(fault, "useless") == 0 || strcmp(fault, "execute-only") == 0) {
		faulty.acquire = NULL;
		faulty.release = NULL;
	}
	if (strcmp(fault, "execute-only") == 0)
		faulty.execute = no_execute;
	/* A table of before there was execute, with rubbish behind it. */
	if (strcmp(fault, "short") == 0) {
		faulty.size = offsetof(struct pool_under_test, execute);
		faulty.execute = no_execute;
		faulty.acquire = NULL;
		faulty.release = NULL;
	}
	return &faulty;
}
