/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Pairs and triples of the operations of a pool. The pool is put together by hand over
 * a pretended driver; who has a connection writes plain data of it, and the field of
 * the slot that names it stands for itself.
 */
#include <string.h>

#include "pool_internal.h"
#include "relacy_case.h"

enum pool_operation {
	ACQUIRE, /* wait for ever; use; release */
	TWICE,   /* the same twice: the second begins with the slot of the first */
	TRY,
	TIMED,       /* as ACQUIRE, until a deadline */
	RELEASE,     /* a lease that the thread has from the start */
	KEEP,        /* the same; it is known to come back, so it may keep its turn */
	DISCARD,     /* a lease that the thread has from the start */
	CANCEL,      /* the lease that thread 0 has from the start */
	CANCEL_LATE, /* the same, once CANCEL_NEXT is done, of which it knows nothing */
	CLOSE,
	DESTROY,
	HOLD_AGAIN,  /* release, acquire, and see that the second was asked to stop */
	CANCEL_NEXT, /* that second lease */
	TICK,
	DUMP, /* who holds what since when; then release a lease from the start */
};

/* Flags; slots in the lowest byte. */
#define SLOTS 0xffu
#define STRICT 0x100u
#define FENCE 0x200u
#define RESET 0x400u
#define EMPTY 0x800u       /* no connections at first */
#define OPEN_FAILS 0x1000u /* the first open does */
#define SPREAD 0x2000u     /* each thread on its own processor */
#define CLOSES 0x4000u     /* CLOSED is an answer */
#define GROWS 0x8000u      /* the stock of waiters is empty at first */

#define CONNS 2

struct pretended_conn {
	int data;
	int owners;
	bool open;
	weir__slot *slot;
};

static struct {
	weir_pool *pool;
	pretended_conn conns[CONNS];
	weir_lease leases[MACHINE_THREADS];
	weir_lease first_lease; /* a copy of thread 0's, for CANCEL */
	weir_lease next_lease;
	wp_u32 next_ready;
	wp_u32 cancellers_done;
	bool next_was_asked;
	bool open_fails;
	bool closed; /* close has returned */
	bool destroyed;
	int64_t begin_ns;
	unsigned flags;
} world;

/* ---- the driver ---- */

static enum weir_code open_conn(const struct weir_open_request *request, void **conn,
                                struct weir_error *)
{
	pretended_conn *opened = &world.conns[request->slot];

	MACHINE_CHECK(!opened->open && !world.closed);
	if (world.open_fails) {
		world.open_fails = false;
		return WEIR_ERR_DRIVER_OPEN;
	}
	machine_write(&opened->data);
	machine_write(&opened->slot->conn);
	opened->open = true;
	*conn = opened;
	return WEIR_OK;
}

static void close_conn(void *conn)
{
	pretended_conn *closed = (pretended_conn *)conn;

	MACHINE_CHECK(closed->open && closed->owners == 0);
	machine_write(&closed->data);
	machine_write(&closed->slot->conn);
	closed->open = false;
}

static enum weir_code reset_conn(void *conn, struct weir_time, struct weir_error *)
{
	machine_write(&((pretended_conn *)conn)->data);
	return WEIR_OK;
}

/* ---- the world ---- */

static void make_pool(void)
{
	weir_pool *pool = (weir_pool *)wp_alloc_wiped(sizeof *pool);
	const uint32_t slots = world.flags & SLOTS;
	uint32_t way = WEIR__WAY_OPEN;

	way |= (world.flags & STRICT) != 0 ? WEIR__WAY_STRICT : 0;
	way |= (world.flags & FENCE) != 0 ? WEIR__WAY_FENCE : 0;
	way |= (world.flags & RESET) != 0 ? WEIR__WAY_RESET : 0;
	MACHINE_CHECK(weir__ring_init(&pool->ring, slots));
	weir__waitq_init(&pool->q, (world.flags & STRICT) != 0, (world.flags & FENCE) != 0, wp_now());
	pool->id = 1;
	pool->magic = WEIR__POOL_MAGIC;
	wp_store_rlx_32(&pool->way, way);
	wp_store_rlx_32(&pool->refs, 1);
	wp_store_rlx_32(&pool->empties, slots);
	wp_store_rlx_64(&pool->settings[WEIR_SET_fairness_window], WEIR_MILLISECONDS(1));
	wp_store_rlx_64(&pool->settings[WEIR_SET_max_waiters], 100);
	wp_store_rlx_64(&pool->settings[WEIR_SET_open_timeout], WEIR_SECONDS(5));
	wp_store_rlx_64(&pool->settings[WEIR_SET_validate_timeout], WEIR_SECONDS(1));
	/* Failures are not counted: a waiter that looks now and then would never stop. */
	pool->config.max_opening = slots;
	weir__breaker_init(pool);
	pool->ops.flags = WEIR_DRIVER_OPEN_HONOURS_DEADLINE | WEIR_DRIVER_HEEDS_CANCEL;
	pool->ops.open = open_conn;
	pool->ops.close = close_conn;
	pool->ops.reset = (world.flags & RESET) != 0 ? reset_conn : NULL;
	world.pool = pool;
}

/* The stock of waiters is not of interest, but in one case: it makes all longer. */
static void fill_stock(void)
{
	weir__waiter *waiter = NULL;

	MACHINE_CHECK(weir__waitq_enter(&world.pool->q, wp_now(), 1, false, &waiter) == WEIR__ENTERED);
	MACHINE_CHECK(weir__waitq_cancel(&world.pool->q, waiter));
	weir__waitq_retire(&world.pool->q, waiter);
}

/* Put a connection into a slot, in that state. */
static void fill(uint32_t index, enum weir__state state, uint32_t generation)
{
	weir__slot *slot = weir__pool_slot(world.pool, index);

	world.conns[index].open = true;
	slot->conn = &world.conns[index];
	wp_store_rlx_64(&slot->since, weir__since_make(1, wp_load_rlx_32(&world.pool->q.tick)));
	wp_store_rlx_64(&slot->word, weir__word_make(state, generation));
	(void)wp_add_full_32(&world.pool->empties, UINT32_MAX);
	weir__pool_ref(world.pool);
}

static bool begins_with_lease(int operation)
{
	return operation == RELEASE || operation == KEEP || operation == DISCARD ||
	       operation == HOLD_AGAIN || operation == DUMP;
}

static void make(const relacy_case *it)
{
	uint32_t next = 0;

	memset((void *)&world, 0, sizeof world);
	world.flags = it->flags;
	world.begin_ns = wp_now();
	world.open_fails = (it->flags & OPEN_FAILS) != 0;
	if ((it->flags & SPREAD) != 0)
		machine_own_processors();
	make_pool();
	if ((it->flags & GROWS) == 0)
		fill_stock();
	for (uint32_t i = 0; i < (it->flags & SLOTS); i++)
		world.conns[i].slot = weir__pool_slot(world.pool, i);
	for (int i = 0; i < it->threads; i++) {
		if (!begins_with_lease(it->operation[i]))
			continue;
		fill(next, WEIR__LEASED, UINT32_MAX);
		world.leases[i] = {world.pool, &world.conns[next], next, UINT32_MAX};
		next++;
	}
	world.first_lease = world.leases[0];
	while (next < (it->flags & SLOTS) && (it->flags & EMPTY) == 0)
		fill(next++, WEIR__IDLE, UINT32_MAX);
}

/* ---- the operations ---- */

static void use(const weir_lease *lease)
{
	pretended_conn *conn = (pretended_conn *)lease->conn;

	machine_read(&conn->slot->conn);
	machine_write(&conn->data);
	MACHINE_CHECK(conn->open && ++conn->owners == 1);
	machine_pause();
	--conn->owners;
}

/* A code that is not OK must be this one, or what the case's flags say. */
static void acquire(struct weir_time deadline, bool tries, enum weir_code allowed)
{
	weir_lease lease = {};
	const enum weir_code code = tries ? weir_try_acquire(world.pool, &lease, NULL)
	                                  : weir_acquire_until(world.pool, &lease, deadline, NULL);

	if (code == WEIR_OK) {
		use(&lease);
		MACHINE_CHECK(weir_release(&lease, NULL) == WEIR_OK);
		return;
	}
	MACHINE_CHECK(code == allowed || (code == WEIR_ERR_CLOSED && (world.flags & CLOSES) != 0) ||
	              (code == WEIR_ERR_OPEN_FAILED && (world.flags & OPEN_FAILS) != 0));
}

static void cancel(void)
{
	const enum weir_code code = weir_cancel(&world.first_lease, NULL);

	MACHINE_CHECK(code == WEIR_OK || code == WEIR_ERR_STALE_HANDLE);
	(void)wp_add_full_32(&world.cancellers_done, 1);
}

static void hold_again(weir_lease *lease)
{
	MACHINE_CHECK(weir_release(lease, NULL) == WEIR_OK);
	MACHINE_CHECK(weir_acquire_from(world.pool, lease, WEIR_TIMEOUT_NEVER, "", NULL) == WEIR_OK);
	MACHINE_CHECK(!weir__cancel_asked(weir__pool_slot(world.pool, lease->slot)));
	world.next_lease = *lease;
	wp_store_rel_32(&world.next_ready, 1);
	while (wp_load_acq_32(&world.cancellers_done) < 2) /* ends: both come here */
		wp_yield();
	MACHINE_CHECK(weir__cancel_asked(weir__pool_slot(world.pool, lease->slot)));
	MACHINE_CHECK(weir_release(lease, NULL) == WEIR_OK);
}

static void cancel_next(void)
{
	while (wp_load_acq_32(&world.next_ready) == 0) /* ends: hold_again gets there */
		wp_yield();
	MACHINE_CHECK(weir_cancel(&world.next_lease, NULL) == WEIR_OK);
	world.next_was_asked = true;
	(void)wp_add_full_32(&world.cancellers_done, 1);
}

static void cancel_late(void)
{
	while (!world.next_was_asked) /* ends: cancel_next gets there */
		wp_yield();
	cancel();
}

static void release(weir_lease *lease, bool comes_back)
{
	if (comes_back)
		weir__pool_seat(world.pool)->returns = true;
	use(lease);
	MACHINE_CHECK(weir_release(lease, NULL) == WEIR_OK);
}

/* T2: a lease that is as old as the pool was not held for longer. */
static void dump(weir_lease *lease)
{
	struct weir_error err = WEIR_ERROR_INIT;

	weir__diagnose_holders(world.pool, &err);
	MACHINE_CHECK(err.holders_count == 1);
	MACHINE_CHECK(err.holders[0].held_ns_min <= wp_now() - world.begin_ns);
	release(lease, false);
}

static void run(const relacy_case *it, int index)
{
	weir_lease *lease = &world.leases[index];

	switch ((enum pool_operation)it->operation[index]) {
	case ACQUIRE:
		acquire({INT64_MAX}, false, WEIR_OK);
		break;
	case TWICE:
		acquire({INT64_MAX}, false, WEIR_OK);
		acquire({INT64_MAX}, false, WEIR_OK);
		break;
	case TRY:
		acquire({0}, true, WEIR_ERR_EXHAUSTED);
		break;
	case TIMED:
		acquire({wp_now() + 1000}, false, WEIR_ERR_ACQUIRE_TIMEOUT);
		break;
	case RELEASE:
		release(lease, false);
		break;
	case KEEP:
		release(lease, true);
		break;
	case DISCARD:
		use(lease);
		MACHINE_CHECK(weir_discard(lease, NULL) == WEIR_OK);
		break;
	case CANCEL:
		cancel();
		break;
	case CANCEL_LATE:
		cancel_late();
		break;
	case CLOSE:
		MACHINE_CHECK(weir_pool_close_until(world.pool, {INT64_MAX}, NULL) == WEIR_OK);
		world.closed = true;
		break;
	case DESTROY:
		weir_pool_destroy(world.pool);
		world.destroyed = true;
		break;
	case HOLD_AGAIN:
		hold_again(lease);
		break;
	case CANCEL_NEXT:
		cancel_next();
		break;
	case TICK:
		weir__waitq_tick(&world.pool->q, wp_now());
		break;
	case DUMP:
		dump(lease);
		break;
	}
}

/* What every execution must leave. */
static void check(const relacy_case *it)
{
	uint32_t empties = 0;

	if (world.destroyed) {
		for (int i = 0; i < CONNS; i++)
			MACHINE_CHECK(!world.conns[i].open);
		return;
	}
	for (uint32_t i = 0; i < (it->flags & SLOTS); i++) {
		const weir__state state =
			weir__word_state(wp_load_rlx_64(&weir__pool_slot(world.pool, i)->word));

		MACHINE_CHECK(state == WEIR__IDLE || state == WEIR__EMPTY);
		MACHINE_CHECK((state == WEIR__IDLE) == world.conns[i].open);
		empties += state == WEIR__EMPTY;
	}
	MACHINE_CHECK(wp_load_rlx_32(&world.pool->empties) == empties);
	MACHINE_CHECK(wp_load_rlx_32(&world.pool->refs) == 1 + (it->flags & SLOTS) - empties);
	MACHINE_CHECK((weir__wake_read(&world.pool->q) & ~WEIR__WAKE_CLOSED) == WEIR__WAKE_NONE);
	weir_pool_destroy(world.pool);
}

static const case_family family = {make, run, check};

static const relacy_case cases[] = {
	{"pool/acquire+acquire", &family, 2, {ACQUIRE, ACQUIRE, 0}, 1, false},
	{"pool/acquire+acquire-fifo", &family, 2, {ACQUIRE, ACQUIRE, 0}, 1 | STRICT, false},
	{"pool/acquire+acquire-grow", &family, 2, {ACQUIRE, ACQUIRE, 0}, 1 | STRICT | GROWS, false},
	{"pool/acquire+release", &family, 2, {ACQUIRE, RELEASE, 0}, 1, false},
	{"pool/acquire+release-fifo", &family, 2, {ACQUIRE, RELEASE, 0}, 1 | STRICT, false},
	{"pool/acquire+release-fence", &family, 2, {ACQUIRE, RELEASE, 0}, 1 | FENCE | STRICT, false},
	{"pool/acquire+release-reset", &family, 2, {ACQUIRE, RELEASE, 0}, 1 | RESET | SPREAD, false},
	{"pool/acquire+keep", &family, 2, {ACQUIRE, KEEP, 0}, 1, false},
	{"pool/timed+keep", &family, 2, {TIMED, KEEP, 0}, 1, false},
	{"pool/twice+try", &family, 2, {TWICE, TRY, 0}, 1, false},
	{"pool/twice+acquire-fifo", &family, 2, {TWICE, ACQUIRE, 0}, 1 | STRICT, false},
	{"pool/twice+close", &family, 2, {TWICE, CLOSE, 0}, 1 | CLOSES, false},
	{"pool/acquire+try", &family, 2, {ACQUIRE, TRY, 0}, 1, false},
	{"pool/acquire+timed-fifo", &family, 2, {ACQUIRE, TIMED, 0}, 1 | STRICT, false},
	{"pool/acquire+discard", &family, 2, {ACQUIRE, DISCARD, 0}, 1, false},
	{"pool/acquire+discard-fifo", &family, 2, {ACQUIRE, DISCARD, 0}, 1 | STRICT, false},
	{"pool/acquire+close", &family, 2, {ACQUIRE, CLOSE, 0}, 1 | CLOSES, false},
	{"pool/try+release", &family, 2, {TRY, RELEASE, 0}, 1, false},
	{"pool/try+close", &family, 2, {TRY, CLOSE, 0}, 1 | CLOSES, false},
	{"pool/try+try", &family, 2, {TRY, TRY, 0}, 1, false},
	{"pool/try+timed", &family, 2, {TRY, TIMED, 0}, 1, false},
	{"pool/try+discard", &family, 2, {TRY, DISCARD, 0}, 1, false},
	{"pool/timed+timed-fifo", &family, 2, {TIMED, TIMED, 0}, 1 | STRICT, false},
	{"pool/timed+close", &family, 2, {TIMED, CLOSE, 0}, 1 | CLOSES, false},
	{"pool/cancel+release", &family, 2, {RELEASE, CANCEL, 0}, 1, false},
	{"pool/cancel+discard", &family, 2, {DISCARD, CANCEL, 0}, 1, false},
	{"pool/timed+release", &family, 2, {TIMED, RELEASE, 0}, 1, false},
	{"pool/timed+release-fifo", &family, 2, {TIMED, RELEASE, 0}, 1 | STRICT, false},
	{"pool/timed+discard-fifo", &family, 2, {TIMED, DISCARD, 0}, 1 | STRICT, false},
	{"pool/release+close", &family, 2, {RELEASE, CLOSE, 0}, 1, false},
	{"pool/discard+close", &family, 2, {DISCARD, CLOSE, 0}, 1, false},
	{"pool/open+open", &family, 2, {ACQUIRE, ACQUIRE, 0}, 1 | EMPTY | STRICT, false},
	{"pool/open+open-fails", &family, 2, {ACQUIRE, TRY, 0}, 1 | EMPTY | OPEN_FAILS, false},
	{"pool/open+close", &family, 2, {ACQUIRE, CLOSE, 0}, 1 | EMPTY | CLOSES, false},
	{"pool/tick+dump", &family, 2, {TICK, DUMP, 0}, 1, false},
	{"pool/discard+destroy", &family, 2, {DISCARD, DESTROY, 0}, 1, false},
	/* Against destroy's contract: the release looks at wake once it has published. */
	{"pool/release+destroy", &family, 2, {RELEASE, DESTROY, 0}, 1, true},
	{"pool/acquire-three-fifo", &family, 3, {ACQUIRE, ACQUIRE, RELEASE}, 1 | STRICT, false},
	{"pool/acquire-three", &family, 3, {ACQUIRE, TRY, RELEASE}, 1, false},
	{"pool/acquire+timed+release", &family, 3, {ACQUIRE, TIMED, RELEASE}, 1 | STRICT, false},
	{"pool/acquire+timed+discard", &family, 3, {ACQUIRE, TIMED, DISCARD}, 1 | STRICT, false},
	{"pool/two-slots", &family, 3, {ACQUIRE, RELEASE, DISCARD}, 2 | STRICT, false},
	{"pool/acquire+release+close", &family, 3, {ACQUIRE, RELEASE, CLOSE}, 1 | CLOSES, false},
	{"pool/cancel+release+acquire", &family, 3, {RELEASE, CANCEL, ACQUIRE}, 1 | STRICT, false},
	{"pool/cancel+cancel+hold", &family, 3, {HOLD_AGAIN, CANCEL, CANCEL_NEXT}, 1, false},
	{"pool/cancel-late+hold", &family, 3, {HOLD_AGAIN, CANCEL_LATE, CANCEL_NEXT}, 1, false},
};

const struct case_list pool_case_list = {cases, sizeof cases / sizeof cases[0]};
