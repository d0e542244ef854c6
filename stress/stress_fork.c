/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Forks under load. The child finds the parent's pool refused, whatever its
 * threads were doing when it forked, and a pool of its own working; the parent
 * notices nothing.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress_disturb.h"
#include "stress_random.h"
#include "stress_world.h"

/* What the child did not find as it should be; 0: all was well. */
enum finding {
	FINDING_NONE = 0,
	FINDING_ACQUIRE = 10,
	FINDING_TRY = 11,
	FINDING_RELEASE = 12,
	FINDING_CLOSE = 13,
	FINDING_SERVER = 14,
	FINDING_POOL = 15,
	FINDING_LEASE = 16,
	FINDING_RETURN = 17,
};

static enum finding use_own_pool(const struct weir_config *config)
{
	struct weir_stub *stub = weir_stub_create();
	struct weir_pool *pool = NULL;
	struct weir_lease lease = {0};

	if (stub == NULL)
		return FINDING_SERVER;
	if (weir_pool_create(&pool, weir_stub_prompt_driver(), stub, config, NULL) != WEIR_OK)
		return FINDING_POOL;
	if (weir_acquire(pool, &lease, NULL) != WEIR_OK)
		return FINDING_LEASE;
	if (weir_release(&lease, NULL) != WEIR_OK || weir_pool_close(pool, NULL) != WEIR_OK)
		return FINDING_RETURN;
	weir_pool_destroy(pool);
	weir_stub_destroy(stub);
	return FINDING_NONE;
}

static enum finding live_as_child(struct weir_pool *inherited, struct weir_lease *lease,
                                  const struct weir_config *config)
{
	struct weir_lease other = {0};

	if (weir_acquire(inherited, &other, NULL) != WEIR_ERR_FORKED)
		return FINDING_ACQUIRE;
	if (weir_try_acquire(inherited, &other, NULL) != WEIR_ERR_FORKED)
		return FINDING_TRY;
	if (lease->conn != NULL && weir_release(lease, NULL) != WEIR_ERR_FORKED)
		return FINDING_RELEASE;
	if (weir_pool_close(inherited, NULL) != WEIR_ERR_FORKED)
		return FINDING_CLOSE;
	weir_pool_destroy(inherited);
	return use_own_pool(config);
}

/* The child's exit status, or -1 when it had to be killed. */
static int await_child(pid_t child)
{
	const int64_t until_ns = weir_now().ns + STRESS_MARGIN_NS;
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) { /* ends: the child or its time does */
		if (weir_now().ns > until_ns) {
			(void)kill(child, SIGKILL);
			(void)waitpid(child, &status, 0);
			return -1;
		}
		stress_sleep(WEIR_MICROSECONDS(200));
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void stress_disturb_fork(struct stress_world *world)
{
	struct weir_config config;
	struct weir_lease lease = {0};
	pid_t child;
	int status;

	if (!stress_random_percent(&world->random, 20))
		return;
	weir_config_init(&config, weir_stub_prompt_driver());
	if (stress_acquire(world, &lease, 0, NULL) == WEIR_OK)
		world->got_besides++;
	child = fork();
	if (child == 0)
		_exit((int)live_as_child(world->pool, &lease, &config));
	world->rounds++;
	status = child < 0 ? 0 : await_child(child);
	if (status != 0)
		stress_broken(world, "a forked child ended with finding %d (-1: it hung or crashed)",
		              status);
	if (lease.conn != NULL && stress_release(world, &lease, NULL) != WEIR_OK)
		stress_broken(world, "the parent could not release its lease after a fork");
}
