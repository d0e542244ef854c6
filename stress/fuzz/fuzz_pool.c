/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is a sequence of calls on a pool over the stub driver, on one thread.
 * A model of what must hold is kept beside the pool and compared after each call:
 * which leases are held and which are copies of one that is over, how many
 * connections there are and why others were closed, what each call must answer.
 *
 * The input: four digits for the settings, then letters: a try, b acquire, c release,
 * d discard, e cancel, f copy, g maintain, h set, i script, j close, k destroy and
 * make anew, l end. A digit follows, mostly for the lease.
 */
#include "fuzz_check.h"

#include <stdlib.h>
#include <string.h>

#include <weir/lease.h>
#include <weir/pool.h>
#include <weir/stub.h>

#define LEASES 10
#define CALLS_MAX 400

/* What a variable is, in the model. */
enum variable {
	EMPTY,    /* never used, or its acquire failed */
	HELD,     /* it holds a lease */
	RELEASED, /* its lease was returned through it */
	STALE,    /* its lease was returned through a copy */
};

struct world {
	struct weir_pool *pool;
	struct weir_stub *stub;
	struct weir_lease leases[LEASES];
	enum variable variables[LEASES];
	uint32_t lease_of[LEASES]; /* a number that copies share */
	uint32_t next_lease;
	uint32_t held; /* leases, not variables */
	uint32_t max_size;
	bool bare;
	bool closed;
	uint64_t acquires;
};

/* ---- the model against the figures ---- */

static struct weir_stub_counts counts_of(const struct world *world)
{
	struct weir_stub_counts counts;

	weir_stub_read(world->stub, &counts);
	return counts;
}

static void check_figures(const struct world *world)
{
	struct weir_pool_stats stats = {.size = sizeof(stats)};
	const struct weir_stub_counts counts = counts_of(world);
	uint64_t closes = 0;

	FUZZ_CHECK(weir_pool_read_stats(world->pool, &stats) == WEIR_OK);
	for (int i = 0; i < WEIR_CLOSE_REASONS; i++)
		closes += stats.closed[i];
	FUZZ_CHECK(stats.leased == world->held && stats.acquires == world->acquires);
	FUZZ_CHECK(stats.leased + stats.idle <= stats.max_size && stats.max_size == world->max_size);
	FUZZ_CHECK(stats.opening == 0 && stats.waiters == 0);
	FUZZ_CHECK(stats.opens == closes + stats.leased + stats.idle);
	FUZZ_CHECK(!world->closed || stats.idle == 0);
	FUZZ_CHECK(counts.misuses == 0 && counts.hanging == 0);
	FUZZ_CHECK(counts.live == stats.leased + stats.idle);
}

static void check_leases(const struct world *world)
{
	for (uint32_t i = 0; i < LEASES; i++) {
		FUZZ_CHECK(world->variables[i] != HELD || weir_lease_held(&world->leases[i]));
		FUZZ_CHECK(world->variables[i] != EMPTY || !weir_lease_held(&world->leases[i]));
		for (uint32_t j = 0; j < i; j++) {
			if (world->variables[i] == HELD && world->variables[j] == HELD)
				FUZZ_CHECK((world->leases[i].conn == world->leases[j].conn) ==
				           (world->lease_of[i] == world->lease_of[j]));
		}
	}
}

/* ---- a pool ---- */

static void make(struct world *world, struct fuzz_input *in)
{
	static const uint32_t sizes[] = {1, 2, 3, 4, 8, 70};
	struct weir_config config;

	weir_config_init(&config, weir_stub_prompt_driver());
	world->bare = fuzz_digit(in, 2) != 0;
	world->max_size = sizes[fuzz_digit(in, 6)];
	config.max_size = world->max_size;
	config.min_idle = fuzz_digit(in, world->max_size < 4 ? world->max_size : 4);

	const uint32_t how = fuzz_digit(in, 16);

	config.validate_on_acquire = (how & 1) != 0;
	config.fairness = (how & 2) != 0 ? WEIR_FAIRNESS_FIFO : WEIR_FAIRNESS_BOUNDED;
	config.wake_barrier = (how & 4) != 0 ? WEIR_WAKE_FENCE : WEIR_WAKE_AUTO;
	config.max_waiters = (how & 8) != 0 ? 0 : 10;
	world->closed = false;
	world->acquires = 0;
	FUZZ_CHECK(weir_pool_create(&world->pool,
	                            world->bare ? weir_stub_bare_driver() : weir_stub_prompt_driver(),
	                            world->stub, &config, NULL) == WEIR_OK);
	FUZZ_CHECK(counts_of(world).live == (uint64_t)config.min_idle);
}

/* Destroyed with leases out, which then come back to nothing that is left. */
static void unmake(struct world *world)
{
	weir_pool_destroy(world->pool);
	world->pool = NULL;
	for (uint32_t i = 0; i < LEASES; i++) {
		/* One variable of each lease; then its copies must not be touched. */
		if (world->variables[i] != HELD)
			continue;
		FUZZ_CHECK(weir_release(&world->leases[i], NULL) == WEIR_OK);
		for (uint32_t j = 0; j < LEASES; j++) {
			if (world->variables[j] == HELD && world->lease_of[j] == world->lease_of[i])
				world->variables[j] = EMPTY;
		}
	}
	world->held = 0;
	memset(world->leases, 0, sizeof(world->leases));
	memset(world->variables, 0, sizeof(world->variables));
	FUZZ_CHECK(counts_of(world).live == 0 && counts_of(world).misuses == 0);
	weir_stub_set(world->stub, NULL);
}

/* ---- calls ---- */

/* Whether the breaker lets no connection be opened, or few. */
static bool may_not_open(const struct world *world)
{
	struct weir_pool_stats stats = {.size = sizeof stats};

	FUZZ_CHECK(weir_pool_read_stats(world->pool, &stats) == WEIR_OK);
	return stats.breaker != WEIR_BREAKER_CLOSED;
}

static void acquire(struct world *world, uint32_t at, int64_t timeout_ns)
{
	const uint64_t failures = counts_of(world).open_failures;
	struct weir_error err = WEIR_ERROR_INIT;
	enum weir_code code;

	if (world->variables[at] == HELD)
		return; /* against the rules: the lease would be lost */
	memset(&world->leases[at], 0, sizeof(world->leases[at]));
	code = weir_acquire_for(world->pool, &world->leases[at], timeout_ns, &err);
	FUZZ_CHECK(err.code == code);
	world->variables[at] = code == WEIR_OK ? HELD : EMPTY;
	if (code == WEIR_OK) {
		FUZZ_CHECK(!world->closed);
		world->lease_of[at] = ++world->next_lease;
		world->held++;
		world->acquires++;
		return;
	}
	FUZZ_CHECK((code == WEIR_ERR_CLOSED) == world->closed);
	if (code == WEIR_ERR_ACQUIRE_TIMEOUT) /* what is short may pass at any time */
		FUZZ_CHECK(timeout_ns > 0 || counts_of(world).open_failures > failures);
	else if (code == WEIR_ERR_EXHAUSTED)
		FUZZ_CHECK(world->held == world->max_size || may_not_open(world) ||
		           counts_of(world).open_failures > failures);
	else if (code == WEIR_ERR_OPEN_FAILED)
		FUZZ_CHECK(counts_of(world).open_failures > failures);
	else if (code == WEIR_ERR_UNAVAILABLE)
		FUZZ_CHECK(counts_of(world).live == 0 && failures > 0);
	else
		FUZZ_CHECK(code == WEIR_ERR_CLOSED || code == WEIR_ERR_HEALTH);
}

/* What returning that variable must answer. */
static bool answers(const struct world *world, uint32_t at, enum weir_code code)
{
	switch (world->variables[at]) {
	case EMPTY:
		return code == WEIR_ERR_BAD_ARGUMENT;
	case RELEASED:
		return code == WEIR_ERR_DOUBLE_RELEASE;
	case STALE:
		return code == WEIR_ERR_DOUBLE_RELEASE || code == WEIR_ERR_STALE_HANDLE;
	default:
		return code == WEIR_OK;
	}
}

static void give_back(struct world *world, uint32_t at, bool discards)
{
	struct weir_error err = WEIR_ERROR_INIT;
	const enum weir_code code = discards ? weir_discard(&world->leases[at], &err)
	                                     : weir_release(&world->leases[at], &err);

	FUZZ_CHECK(answers(world, at, code) && err.code == code);
	if (code != WEIR_OK)
		return;
	world->held--;
	for (uint32_t i = 0; i < LEASES; i++) {
		if (i != at && world->variables[i] == HELD && world->lease_of[i] == world->lease_of[at])
			world->variables[i] = STALE;
	}
	world->variables[at] = RELEASED;
}

static void try_to_cancel(struct world *world, uint32_t at)
{
	const enum weir_code code = weir_cancel(&world->leases[at], NULL);

	/* The stub heeds no cancel. */
	FUZZ_CHECK(code == (world->variables[at] == EMPTY ? WEIR_ERR_BAD_ARGUMENT
	                                                  : WEIR_ERR_DRIVER_UNSUPPORTED));
}

static void copy(struct world *world, uint32_t from, uint32_t to)
{
	if (world->variables[to] == HELD)
		return;
	world->leases[to] = world->leases[from];
	world->variables[to] = world->variables[from];
	world->lease_of[to] = world->lease_of[from];
}

static void maintain(struct world *world)
{
	const enum weir_code code = weir_pool_maintain(world->pool, NULL);

	FUZZ_CHECK(world->closed ? code == WEIR_ERR_CLOSED
	                         : code == WEIR_OK || code == WEIR_ERR_OPEN_FAILED);
}

static void set(struct world *world, uint32_t choice)
{
	static const struct {
		const char *name;
		const char *value;
		enum weir_code code;
	} sets[] = {
		{"validate_on_acquire", "on", WEIR_OK},
		{"validate_on_acquire", "off", WEIR_OK},
		{"idle_timeout", "1ns", WEIR_OK},
		{"idle_timeout", "0", WEIR_OK},
		{"max_lifetime", "2ns", WEIR_OK},
		{"max_lifetime", "0", WEIR_OK},
		{"min_idle", "0", WEIR_OK},
		{"min_idle", "1", WEIR_OK},
		{"max_waiters", "0", WEIR_OK},
		{"max_size", "5", WEIR_ERR_BAD_ARGUMENT},
		{"max_sise", "5", WEIR_ERR_CONFIG_UNKNOWN},
		{"min_idle", "65536", WEIR_ERR_CONFIG_CONFLICT},
		{"min_idle", "-1", WEIR_ERR_CONFIG_VALUE},
	};
	const size_t i = choice % (sizeof(sets) / sizeof(sets[0]));
	const enum weir_code code = weir_pool_set(world->pool, sets[i].name, sets[i].value, NULL);

	/* A timeout may also contradict the one that was set before. */
	FUZZ_CHECK(code == sets[i].code ||
	           (sets[i].code == WEIR_OK && code == WEIR_ERR_CONFIG_CONFLICT));
}

static void script(struct world *world, uint32_t choice)
{
	const struct weir_stub_script scripts[] = {
		{.size = sizeof(scripts[0])},
		{.size = sizeof(scripts[0]), .fail_opens = 1},
		{.size = sizeof(scripts[0]), .fail_opens = UINT32_MAX},
		{.size = sizeof(scripts[0]), .fail_validates = 1},
		{.size = sizeof(scripts[0]), .fail_validates = UINT32_MAX, .fail_opens = 2},
		{.size = sizeof(scripts[0]), .fail_resets = 2},
		{.size = sizeof(scripts[0]), .break_after_uses = 2},
		{.size = sizeof(scripts[0]), .fail_resets = UINT32_MAX, .fail_opens = 1},
	};

	weir_stub_set(world->stub, &scripts[choice % 8]);
}

static void close_now(struct world *world)
{
	const struct weir_time at_once = {0};
	const enum weir_code code = weir_pool_close_until(world->pool, at_once, NULL);

	world->closed = true;
	FUZZ_CHECK(code == (world->held == 0 ? WEIR_OK : WEIR_ERR_CLOSE_TIMEOUT));
}

static void call(struct world *world, struct fuzz_input *in)
{
	static const int64_t timeouts[] = {0, 1, 1000, 20000, WEIR_TIMEOUT_SETTING};
	const uint32_t what = fuzz_letter(in, 12);
	const uint32_t at = fuzz_digit(in, what == 7 ? 16 : LEASES);
	const bool would_wait = world->held == world->max_size;

	switch (what) {
	case 0:
		acquire(world, at, 0);
		break;
	case 1: /* the setting is five seconds: not where nobody can return one */
		acquire(world, at, timeouts[(at + world->next_lease) % (would_wait ? 4 : 5)]);
		break;
	case 2:
	case 3:
		give_back(world, at, what == 3);
		break;
	case 4:
		try_to_cancel(world, at);
		break;
	case 5:
		copy(world, at, fuzz_digit(in, LEASES));
		break;
	case 6:
		maintain(world);
		break;
	case 7:
		set(world, at);
		break;
	case 8:
		script(world, at);
		break;
	case 9:
		close_now(world);
		break;
	case 10:
		unmake(world);
		make(world, in);
		break;
	default: /* weir_lease_end forgives what is stale, and empties it */
		if (world->variables[at] == HELD)
			give_back(world, at, false);
		weir_lease_end(&world->leases[at]);
		if (world->variables[at] == STALE)
			world->variables[at] = RELEASED;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct world world;

	memset(&world, 0, sizeof(world));
	world.stub = weir_stub_create();
	FUZZ_CHECK(world.stub != NULL);
	make(&world, &in);
	for (int left = CALLS_MAX; left > 0 && in.left > 0; left--) {
		call(&world, &in);
		check_figures(&world);
		check_leases(&world);
	}
	unmake(&world);
	weir_stub_destroy(world.stub);
	return 0;
}
