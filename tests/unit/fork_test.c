/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a fork leaves of a pool: in the child nothing but an error, in the parent
 * everything.
 */
#include <sched.h>
#include <string.h>

#include "unit_check.h"
#include "unit_child.h"
#include "unit_pool.h"
#include "unit_thread.h"

/* What the child found, for the parent to judge. */
struct findings {
	enum weir_code acquire;
	enum weir_code try_acquire;
	enum weir_code release;
	enum weir_code release_copy;
	enum weir_code discard;
	enum weir_code stats;
	enum weir_code set;
	enum weir_code maintain;
	enum weir_code close;
	bool lease_ended;
	bool own_pool_works;
	uint64_t closes;
};

struct inheritance {
	struct weir_stub *stub;
	struct weir_pool *pool;
	struct weir_lease lease;
	struct findings *found;
};

static bool own_pool_works(void)
{
	struct weir_pool *pool = NULL;
	struct weir_lease lease = {0};
	struct weir_lease again = {0};
	bool works;

	if (weir_pool_open_url(&pool, weir_stub_prompt_driver(), "stub:?max_size=1", NULL) != WEIR_OK)
		return false;
	works = weir_acquire(pool, &lease, NULL) == WEIR_OK &&
	        weir_acquire_for(pool, &again, 1000, NULL) == WEIR_ERR_ACQUIRE_TIMEOUT &&
	        weir_release(&lease, NULL) == WEIR_OK && weir_acquire(pool, &again, NULL) == WEIR_OK &&
	        weir_release(&again, NULL) == WEIR_OK && weir_pool_close(pool, NULL) == WEIR_OK;
	weir_pool_destroy(pool);
	return works;
}

static void live_as_child(void *argument)
{
	struct inheritance *mine = argument;
	struct findings *found = mine->found;
	struct weir_pool_stats stats = {.size = sizeof stats};
	struct weir_stub_counts counts;
	struct weir_lease lease = {0};
	struct weir_lease copy = mine->lease;

	found->acquire = weir_acquire(mine->pool, &lease, NULL);
	found->try_acquire = weir_try_acquire(mine->pool, &lease, NULL);
	found->release = weir_release(&mine->lease, NULL);
	found->release_copy = weir_release(&copy, NULL);
	found->discard = weir_discard(&copy, NULL);
	found->stats = weir_pool_read_stats(mine->pool, &stats);
	found->set = weir_pool_set(mine->pool, "max_waiters", "1", NULL);
	found->maintain = weir_pool_maintain(mine->pool, NULL);
	found->close = weir_pool_close(mine->pool, NULL);
	found->own_pool_works = own_pool_works();
	/* The inherited pool stays refused after the child has made one. */
	if (weir_acquire(mine->pool, &lease, NULL) != WEIR_ERR_FORKED)
		found->own_pool_works = false;
	weir_pool_destroy(mine->pool);
	weir_lease_end(&copy);
	found->lease_ended = !weir_lease_held(&copy);
	weir_stub_read(mine->stub, &counts);
	found->closes = counts.closes;
}

static void check_findings(const struct findings *found)
{
	assert_code(found->acquire, WEIR_ERR_FORKED);
	assert_code(found->try_acquire, WEIR_ERR_FORKED);
	assert_code(found->release, WEIR_ERR_FORKED);
	assert_code(found->release_copy, WEIR_ERR_FORKED);
	assert_code(found->discard, WEIR_ERR_FORKED);
	assert_code(found->stats, WEIR_ERR_FORKED);
	assert_code(found->set, WEIR_ERR_FORKED);
	assert_code(found->maintain, WEIR_ERR_FORKED);
	assert_code(found->close, WEIR_ERR_FORKED);
	assert_true(found->lease_ended);
	assert_true(found->own_pool_works);
	assert_int_equal(found->closes, 0);
}

static const char *const settings[] = {
	"max_size=3 min_idle=1",
	"max_size=3 min_idle=1 wake_barrier=fence",
	"max_size=3 min_idle=1 fairness=fifo validate_on_acquire=on",
	"max_size=40 min_idle=1",
};

#define SETTINGS_COUNT (sizeof settings / sizeof settings[0])

static void a_child_is_refused_and_the_parent_goes_on(void **state)
{
	const struct weir_driver *const drivers[] = {weir_stub_prompt_driver(), weir_stub_driver()};

	(void)state;
	for (size_t s = 0; s < 2 * SETTINGS_COUNT; s++) {
		struct inheritance mine = {.stub = unit_stub(NULL)};
		struct weir_lease copy;

		mine.pool = unit_pool(drivers[s % 2], mine.stub, settings[s / 2]);
		mine.lease = unit_acquire(mine.pool);
		mine.found = unit_shared(sizeof *mine.found);
		assert_non_null(mine.found);
		copy = mine.lease;
		assert_true(unit_child_ends(live_as_child, &mine));
		check_findings(mine.found);

		assert_true(unit_counts(mine.stub).live >= 1);
		unit_release(&copy);
		mine.lease = unit_acquire(mine.pool);
		unit_release(&mine.lease);
		unit_shared_free(mine.found, sizeof *mine.found);
		unit_pool_end(mine.pool, mine.stub);
	}
}

static void fork_again(void *argument)
{
	struct inheritance *mine = argument;

	if (!unit_child_ends(live_as_child, mine))
		mine->found->own_pool_works = false;
}

static void a_grandchild_is_refused_too(void **state)
{
	struct inheritance mine = {.stub = unit_stub(NULL)};

	(void)state;
	mine.pool = unit_pool_prompt(mine.stub, "max_size=2");
	mine.lease = unit_acquire(mine.pool);
	mine.found = unit_shared(sizeof *mine.found);
	assert_non_null(mine.found);
	assert_true(unit_child_ends(fork_again, &mine));
	check_findings(mine.found);
	unit_release(&mine.lease);
	unit_shared_free(mine.found, sizeof *mine.found);
	unit_pool_end(mine.pool, mine.stub);
}

/* A scoped lease of the parent ends in the child's copy of the stack, too. */
static void leave_the_scope(void *argument)
{
	const struct inheritance *mine = argument;
	WEIR_SCOPED_LEASE(lease);

	lease = mine->lease;
	weir_pool_destroy(mine->pool);
}

static void a_scoped_lease_may_end_in_a_child_without_a_pool(void **state)
{
	struct inheritance mine = {.stub = unit_stub(NULL)};

	(void)state;
	mine.pool = unit_pool_prompt(mine.stub, "max_size=1");
	mine.lease = unit_acquire(mine.pool);
	assert_true(unit_child_ends(leave_the_scope, &mine));
	unit_release(&mine.lease);
	unit_pool_end(mine.pool, mine.stub);
}

struct hammer {
	struct unit_thread thread;
	struct weir_pool *pool;
	_Atomic bool stop;
	_Atomic uint64_t leases;
	_Atomic uint64_t wrong;
};

static void hammer(void *argument)
{
	struct hammer *h = argument;

	while (!atomic_load_explicit(&h->stop, memory_order_relaxed)) {
		struct weir_lease lease = {0};

		if (weir_acquire_for(h->pool, &lease, UNIT_PATIENCE_NS, NULL) != WEIR_OK ||
		    weir_release(&lease, NULL) != WEIR_OK)
			atomic_fetch_add(&h->wrong, 1);
		atomic_fetch_add_explicit(&h->leases, 1, memory_order_relaxed);
	}
}

/* Until they allocate nothing any more: the allocator of a sanitizer knows nothing
 * of forks, and a child inherits its lock as it is. */
static void let_them_warm_up(struct hammer *hammers, int count)
{
	for (int i = 0; i < count; i++) {
		while (atomic_load(&hammers[i].leases) < 1000) /* ends: they go on for ever */
			(void)sched_yield();
	}
}

/* Whatever locks other threads hold at the moment of the fork. */
static void forks_under_load_leave_child_and_parent_working(void **state)
{
	struct inheritance mine = {.stub = unit_stub(NULL)};
	struct hammer hammers[3] = {{.wrong = 0}};

	(void)state;
	mine.pool = unit_pool_prompt(mine.stub, "max_size=2");
	mine.found = unit_shared(sizeof *mine.found);
	assert_non_null(mine.found);
	for (int i = 0; i < 3; i++) {
		hammers[i].pool = mine.pool;
		unit_start(&hammers[i].thread, hammer, &hammers[i]);
	}
	let_them_warm_up(hammers, 3);
	for (int round = 0; round < 20; round++) {
		mine.lease = unit_acquire(mine.pool);
		memset(mine.found, 0, sizeof *mine.found);
		struct weir_lease copy = mine.lease;

		assert_true(unit_child_ends(live_as_child, &mine));
		check_findings(mine.found);
		unit_release(&copy);
	}
	for (int i = 0; i < 3; i++) {
		atomic_store(&hammers[i].stop, true);
		unit_join(&hammers[i].thread);
		assert_int_equal(atomic_load(&hammers[i].wrong), 0);
	}
	unit_shared_free(mine.found, sizeof *mine.found);
	unit_pool_end(mine.pool, mine.stub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_is_refused_and_the_parent_goes_on),
		cmocka_unit_test(a_grandchild_is_refused_too),
		cmocka_unit_test(a_scoped_lease_may_end_in_a_child_without_a_pool),
		cmocka_unit_test(forks_under_load_leave_child_and_parent_working),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
