/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The turnstile between real processes: order, fairness, exclusion, and what a kill
 * at any moment leaves behind. The children write what they see to shared memory;
 * only the parent judges.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "unit_child.h"
#include "unit_pool.h"
#include "unit_thread.h"
#include "unit_turnstile.h"

#define CHILDREN 5
#define LIVES 1024 /* children in one test, dead ones included */

/* Shared by all processes of a test. */
struct board {
	_Atomic uint32_t inside; /* number of the life that is in, 0: nobody */
	_Atomic uint32_t count;  /* loaded and stored by whoever is in */
	_Atomic uint32_t order;
	_Atomic uint32_t ready;
	_Atomic bool go;
	_Atomic bool stop;
	_Atomic uint32_t wrong;
	_Atomic uint32_t fork;          /* process id of a child's child */
	_Atomic bool doomed[LIVES];     /* set before the kill */
	_Atomic uint32_t passes[LIVES]; /* entries of a life */
	_Atomic uint32_t places[LIVES];
	_Atomic uint32_t slots[LIVES];
};

struct world {
	struct unit_sidecar sidecar;
	struct board *board;
	uint32_t lives; /* begun so far; numbers are from 1 */
};

static void nap(int64_t ns)
{
	const struct timespec pause = {.tv_sec = 0, .tv_nsec = ns};

	(void)nanosleep(&pause, NULL);
}

/* The child's own open: it may not assert. */
static struct weir__turnstile *open_in_child(const struct world *world)
{
	struct weir__turnstile *turnstile = NULL;

	if (weir__turnstile_open(&turnstile, world->sidecar.database, NULL) != WEIR_OK) {
		atomic_fetch_add(&world->board->wrong, 1);
		_exit(1);
	}
	return turnstile;
}

/* Begin a child that runs body; its number is in world->lives. */
static pid_t begin(struct world *world, void (*body)(const struct world *world, uint32_t life))
{
	const uint32_t life = ++world->lives;

	assert_true(life < LIVES);
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child != 0)
		return child;
	/* Twice as long as anything here may take: no orphans after a failure. */
	(void)alarm(100);
	body(world, life);
	_exit(0);
}

static void end(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void kill_child(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Wait until a number on the board has come to least; fails after a time in which
 * anything that works is done. */
static void await(const _Atomic uint32_t *number, uint32_t least)
{
	const int64_t deadline_ns = wp_now() + UNIT_PATIENCE_NS;

	while (atomic_load(number) < least) {
		assert_true(wp_now() < deadline_ns);
		nap(200000);
	}
}

static void pass_in_order(const struct world *world, uint32_t life)
{
	struct board *const board = world->board;
	struct weir__turnstile *const turnstile = open_in_child(world);

	atomic_store(&board->slots[life], turnstile->slot);
	atomic_fetch_add(&board->ready, 1);
	if (weir__turnstile_enter(turnstile, INT64_MAX) != WEIR__PASS_ENTERED)
		atomic_fetch_add(&board->wrong, 1);
	atomic_store(&board->places[life], atomic_fetch_add(&board->order, 1));
	weir__turnstile_leave(turnstile);
	weir__turnstile_close(turnstile);
}

static void processes_pass_in_the_order_of_arrival(void **state)
{
	struct world *const world = *state;
	struct board *const board = world->board;
	struct weir__turnstile *const turnstile = unit_turnstile(&world->sidecar);
	pid_t children[CHILDREN];
	uint64_t waits = 0;

	assert_int_equal(weir__turnstile_enter(turnstile, 0), WEIR__PASS_ENTERED);
	for (uint32_t i = 0; i < CHILDREN; i++) {
		children[i] = begin(world, pass_in_order);
		await(&board->ready, i + 1);
		waits |= UINT64_C(1) << atomic_load(&board->slots[world->lives]);
		unit_turnstile_await(turnstile, waits);
	}
	assert_int_equal(weir__turnstile_processes(turnstile), CHILDREN + 1);
	weir__turnstile_leave(turnstile);
	for (uint32_t i = 0; i < CHILDREN; i++) {
		end(children[i]);
		assert_int_equal(atomic_load(&board->places[i + 1]), i);
	}
	assert_int_equal(atomic_load(&board->wrong), 0);
	assert_int_equal(weir__turnstile_processes(turnstile), 1);
	weir__turnstile_close(turnstile);
}

/* Whoever is in puts down its number; another's is wrong, unless that was killed. */
static void use(struct board *board, uint32_t life, int64_t hold_ns)
{
	const uint32_t before = atomic_exchange_explicit(&board->inside, life, memory_order_relaxed);
	const uint32_t count = atomic_load_explicit(&board->count, memory_order_relaxed);

	if (before != 0 && !atomic_load(&board->doomed[before]))
		atomic_fetch_add(&board->wrong, 1);
	if (hold_ns > 0)
		nap(hold_ns);
	atomic_store_explicit(&board->count, count + 1, memory_order_relaxed);
	if (atomic_exchange_explicit(&board->inside, 0, memory_order_relaxed) != life &&
	    !atomic_load(&board->doomed[life]))
		atomic_fetch_add(&board->wrong, 1);
}

static void pass_again_and_again(const struct world *world, uint32_t life)
{
	struct board *const board = world->board;
	struct weir__turnstile *const turnstile = open_in_child(world);
	uint64_t random = life;

	atomic_fetch_add(&board->ready, 1);
	while (!atomic_load(&board->go))
		nap(100000); /* ends: the parent says so */
	while (!atomic_load(&board->stop)) {
		if (weir__turnstile_enter(turnstile, wp_now() + UNIT_PATIENCE_NS) != WEIR__PASS_ENTERED) {
			atomic_fetch_add(&board->wrong, 1);
			break;
		}
		use(board, life, (int64_t)(unit_random(&random) % 4) * 20000);
		atomic_fetch_add(&board->passes[life], 1);
		weir__turnstile_leave(turnstile);
	}
	weir__turnstile_close(turnstile);
}

#define FAIR_PASSES 4000

static void processes_pass_equally_often(void **state)
{
	struct world *const world = *state;
	struct board *const board = world->board;
	pid_t children[CHILDREN];
	uint32_t sum = 0;

	for (uint32_t i = 0; i < CHILDREN; i++)
		children[i] = begin(world, pass_again_and_again);
	await(&board->ready, CHILDREN);
	atomic_store(&board->go, true);
	await(&board->count, FAIR_PASSES);
	atomic_store(&board->stop, true);
	for (uint32_t i = 0; i < CHILDREN; i++)
		end(children[i]);
	for (uint32_t life = 1; life <= CHILDREN; life++) {
		const uint32_t passes = atomic_load(&board->passes[life]);

		assert_true(passes >= FAIR_PASSES / CHILDREN / 2);
		sum += passes;
	}
	assert_int_equal(sum, atomic_load(&board->count)); /* none was lost */
	assert_int_equal(atomic_load(&board->wrong), 0);
}

#define KILLS 200

/* At any moment: in, in line, half way through open. All others go on. */
static void a_kill_stops_nobody_else(void **state)
{
	struct world *const world = *state;
	struct board *const board = world->board;
	uint64_t random = unit_seed();
	pid_t children[CHILDREN];
	uint32_t lives[CHILDREN];
	uint32_t in = 0;

	atomic_store(&board->go, true);
	for (uint32_t i = 0; i < CHILDREN; i++) {
		children[i] = begin(world, pass_again_and_again);
		lives[i] = world->lives;
	}
	for (int round = 0; round < KILLS; round++) {
		const uint32_t victim = (uint32_t)(unit_random(&random) % CHILDREN);
		uint32_t seen[CHILDREN];

		nap((int64_t)(unit_random(&random) % 3000000));
		atomic_store(&board->doomed[lives[victim]], true);
		kill_child(children[victim]);
		in += atomic_load(&board->inside) == lives[victim];
		children[victim] = begin(world, pass_again_and_again);
		lives[victim] = world->lives;
		for (uint32_t i = 0; i < CHILDREN; i++)
			seen[i] = atomic_load(&board->passes[lives[i]]);
		for (uint32_t i = 0; i < CHILDREN; i++)
			await(&board->passes[lives[i]], seen[i] + 1);
		assert_int_equal(atomic_load(&board->wrong), 0);
	}
	atomic_store(&board->stop, true);
	for (uint32_t i = 0; i < CHILDREN; i++)
		end(children[i]);
	assert_int_equal(atomic_load(&board->wrong), 0);
	assert_true(in > 0); /* or it has not tested what it is for */

	struct weir__turnstile *const turnstile = unit_turnstile(&world->sidecar);

	assert_int_equal(weir__turnstile_enter(turnstile, wp_now() + UNIT_PATIENCE_NS),
	                 WEIR__PASS_ENTERED);
	assert_int_equal(weir__turnstile_processes(turnstile), 1);
	weir__turnstile_leave(turnstile);
	weir__turnstile_close(turnstile);
}

static void open_at_once(const struct world *world, uint32_t life)
{
	struct board *const board = world->board;

	atomic_fetch_add(&board->ready, 1);
	while (!atomic_load(&board->go))
		wp_spin_hint(); /* ends: the parent says so */
	struct weir__turnstile *const turnstile = open_in_child(world);

	atomic_store(&board->slots[life], turnstile->slot);
	atomic_fetch_add(&board->order, 1);
	while (!atomic_load(&board->stop))
		nap(100000); /* ends: the parent says so */
	weir__turnstile_close(turnstile);
}

static void many_make_the_file_at_once(void **state)
{
	struct world *const world = *state;
	struct board *const board = world->board;

	for (int round = 0; round < 30; round++) {
		const uint32_t first = world->lives + 1;
		pid_t children[CHILDREN];
		uint64_t slots = 0;

		(void)unlink(world->sidecar.path);
		atomic_store(&board->ready, 0);
		atomic_store(&board->order, 0);
		atomic_store(&board->go, false);
		atomic_store(&board->stop, false);
		for (uint32_t i = 0; i < CHILDREN; i++)
			children[i] = begin(world, open_at_once);
		await(&board->ready, CHILDREN);
		atomic_store(&board->go, true);
		await(&board->order, CHILDREN);
		struct weir__turnstile *const turnstile = unit_turnstile(&world->sidecar);

		assert_int_equal(weir__turnstile_processes(turnstile), CHILDREN + 1);
		atomic_store(&board->stop, true);
		for (uint32_t i = 0; i < CHILDREN; i++) {
			end(children[i]);
			slots |= UINT64_C(1) << atomic_load(&board->slots[first + i]);
		}
		assert_int_equal(__builtin_popcountll(slots), CHILDREN); /* each has its own */
		assert_int_equal(atomic_load(&board->wrong), 0);
		weir__turnstile_close(turnstile);
	}
}

static void own_and_fork(const struct world *world, uint32_t life)
{
	struct weir__turnstile *const turnstile = open_in_child(world);

	(void)life;
	if (weir__turnstile_enter(turnstile, 0) != WEIR__PASS_ENTERED)
		atomic_fetch_add(&world->board->wrong, 1);
	const pid_t child = fork();

	if (child == 0) {
		(void)alarm(100);
		for (;;) /* ends: by a kill */
			(void)pause();
	}
	atomic_store(&world->board->fork, (uint32_t)child);
	for (;;) /* ends: by a kill */
		(void)pause();
}

/* A child without exec keeps the killed owner's life byte, but not its process. */
static void an_owner_that_lives_on_in_a_child_is_passed(void **state)
{
	struct world *const world = *state;
	struct weir__turnstile *const turnstile = unit_turnstile(&world->sidecar);
	const pid_t owner = begin(world, own_and_fork);

	turnstile->stall_ns = WEIR_MILLISECONDS(100);
	await(&world->board->fork, 1);
	assert_int_equal(weir__turnstile_enter(turnstile, wp_now() + 3 * turnstile->stall_ns),
	                 WEIR__PASS_TIMED_OUT); /* as long as it lives */
	kill_child(owner);
	assert_int_equal(weir__turnstile_processes(turnstile), 2);
	assert_int_equal(weir__turnstile_enter(turnstile, wp_now() + UNIT_PATIENCE_NS),
	                 WEIR__PASS_ENTERED);
	assert_int_equal(atomic_load(&world->board->wrong), 0);
	assert_int_equal(kill((pid_t)atomic_load(&world->board->fork), SIGKILL), 0);
	weir__turnstile_leave(turnstile);
	weir__turnstile_close(turnstile);
}

static void own_until_told(const struct world *world, uint32_t life)
{
	struct board *const board = world->board;
	struct weir__turnstile *const turnstile = open_in_child(world);

	(void)life;
	if (weir__turnstile_enter(turnstile, 0) != WEIR__PASS_ENTERED)
		atomic_fetch_add(&board->wrong, 1);
	atomic_store(&board->ready, 1);
	while (!atomic_load(&board->stop))
		nap(100000); /* ends: the parent says so */
	weir__turnstile_leave(turnstile);
	weir__turnstile_close(turnstile);
}

/* A stopped process holds what it held: the database's lock among it. */
static void an_owner_that_is_stopped_is_not_passed(void **state)
{
	struct world *const world = *state;
	struct weir__turnstile *const turnstile = unit_turnstile(&world->sidecar);
	const pid_t owner = begin(world, own_until_told);

	turnstile->stall_ns = WEIR_MILLISECONDS(50);
	await(&world->board->ready, 1);
	assert_int_equal(kill(owner, SIGSTOP), 0);
	assert_int_equal(weir__turnstile_enter(turnstile, wp_now() + 4 * turnstile->stall_ns),
	                 WEIR__PASS_TIMED_OUT);
	assert_int_equal(kill(owner, SIGCONT), 0);
	atomic_store(&world->board->stop, true);
	assert_int_equal(weir__turnstile_enter(turnstile, INT64_MAX), WEIR__PASS_ENTERED);
	end(owner);
	assert_int_equal(atomic_load(&world->board->wrong), 0);
	weir__turnstile_leave(turnstile);
	weir__turnstile_close(turnstile);
}

static int make_world(void **state)
{
	static struct world world;

	memset(&world, 0, sizeof world);
	unit_sidecar_make(&world.sidecar);
	world.board = unit_shared(sizeof *world.board);
	assert_non_null(world.board);
	*state = &world;
	return 0;
}

static int drop_world(void **state)
{
	struct world *const world = *state;

	atomic_store(&world->board->go, true); /* for children of a test that failed */
	atomic_store(&world->board->stop, true);
	unit_shared_free(world->board, sizeof *world->board);
	unit_sidecar_drop(&world->sidecar);
	return 0;
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(processes_pass_in_the_order_of_arrival),
		WORLD_TEST(processes_pass_equally_often),
		WORLD_TEST(a_kill_stops_nobody_else),
		WORLD_TEST(many_make_the_file_at_once),
		WORLD_TEST(an_owner_that_lives_on_in_a_child_is_passed),
		WORLD_TEST(an_owner_that_is_stopped_is_not_passed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
