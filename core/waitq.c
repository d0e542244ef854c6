/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The queue of waiters. The protocol is in waitq.h.
 */
#include "waitq.h"

#include "probe.h"
#include "turn.h"

void weir__waitq_init(struct weir__waitq *q, bool strict, bool fence, int64_t now_ns)
{
	q->strict = strict;
	q->fence = fence;
	wp_store_rlx_32(&q->turn, WEIR__TURN_FIRST);
	wp_store_rlx_64(&q->tick_ns[0], (uint64_t)now_ns);
}

void weir__waitq_free(struct weir__waitq *q)
{
	while (q->chunks != NULL) {
		struct weir__waiter_chunk *chunk = q->chunks;

		q->chunks = chunk->next;
		wp_free(chunk);
	}
	q->stock = NULL;
}

/* Recompute wake from the fields it summarises, after a change under the lock. */
static void update_wake(struct weir__waitq *q, uint32_t phase) WP_REQUIRES(q->lock)
{
	const uint32_t closed = wp_load_rlx_32(&q->wake) & WEIR__WAKE_CLOSED;
	uint32_t wake = closed | q->length << WEIR__WAKE_COUNT_SHIFT;

	if (q->length > 0)
		wake |= phase;
	if (q->overdue > 0)
		wake |= WEIR__WAKE_OVERDUE;
	wp_store_rlx_32(&q->wake, wake); /* W1: ordered by the unlock that follows */
}

static uint32_t phase_of(const struct weir__waitq *q)
{
	return wp_load_rlx_32(&q->wake) & WEIR__WAKE_PHASE;
}

static void begin_tick(struct weir__waitq *q, int64_t now_ns) WP_REQUIRES(q->lock)
{
	const uint32_t next = wp_load_rlx_32(&q->tick) + 1;

	wp_store_rlx_64(&q->tick_ns[next % WEIR__TICKS], (uint64_t)now_ns);
	wp_store_rel_32(&q->tick, next); /* T1 */
}

void weir__waitq_tick(struct weir__waitq *q, int64_t now_ns)
{
	weir__lock(&q->lock);
	begin_tick(q, now_ns);
	weir__unlock(&q->lock);
}

/* Add a chunk to the stock. Called without the lock, which allocating could
 * hold for long. */
static bool grow_stock(struct weir__waitq *q)
{
	struct weir__waiter_chunk *chunk =
		(struct weir__waiter_chunk *)wp_alloc(WEIR__CACHE_LINE, sizeof *chunk);

	if (chunk == NULL)
		return false;
	for (int i = 0; i + 1 < WEIR__CHUNK_WAITERS; i++)
		chunk->waiters[i].next = &chunk->waiters[i + 1];
	weir__lock(&q->lock);
	chunk->next = q->chunks;
	q->chunks = chunk;
	wp_store_rel_64(&q->shown_chunks, (uint64_t)(uintptr_t)chunk); /* T3 */
	chunk->waiters[WEIR__CHUNK_WAITERS - 1].next = q->stock;
	q->stock = &chunk->waiters[0];
	weir__unlock(&q->lock);
	return true;
}

static void link_tail(struct weir__waitq *q, struct weir__waiter *waiter) WP_REQUIRES(q->lock)
{
	waiter->prev = q->tail;
	waiter->next = NULL;
	if (q->tail != NULL)
		q->tail->next = waiter;
	else
		q->head = waiter;
	q->tail = waiter;
	q->length++;
}

/* Take waiter out of the queue, whoever asked for it. */
static void unlink_waiter(struct weir__waitq *q, struct weir__waiter *waiter) WP_REQUIRES(q->lock)
{
	if (waiter->prev != NULL)
		waiter->prev->next = waiter->next;
	else
		q->head = waiter->next;
	if (waiter->next != NULL)
		waiter->next->prev = waiter->prev;
	else
		q->tail = waiter->prev;
	q->length--;
	wp_hint_write(&waiter->shown_ns, 0);
	if (waiter->overdue)
		q->overdue--;
	update_wake(q, phase_of(q));
}

/* Under the lock: queue a waiter from the stock. */
static struct weir__waiter *queue_up(struct weir__waitq *q, int64_t now_ns, bool patient)
	WP_REQUIRES(q->lock)
{
	struct weir__waiter *waiter = q->stock;
	const uint32_t phase = phase_of(q);

	q->stock = waiter->next;
	waiter->grant = WEIR__GRANT_NONE;
	waiter->since_ns = now_ns;
	wp_hint_write(&waiter->shown_ns, (uint64_t)now_ns);
	waiter->cpu = wp_cpu();
	waiter->overdue = q->strict;
	waiter->patient = patient;
	waiter->first = q->length == 0;
	wp_store_rlx_32(&waiter->state, WEIR__WAITER_WAITING);
	link_tail(q, waiter);
	if (q->strict)
		q->overdue++;
	if (phase == WEIR__WAKE_NONE)
		q->arming++;
	update_wake(q, phase == WEIR__WAKE_NONE ? WEIR__WAKE_ARMING : phase);
	begin_tick(q, now_ns);
	wp_store_rlx_64(&q->waits, wp_load_rlx_64(&q->waits) + 1);
	return waiter;
}

/* W2: run the barrier for the arming of that number, and say so if it still is
 * the current one: a barrier that ran before the word was NONE again proves
 * nothing about the releases since. */
static void arm(struct weir__waitq *q, uint32_t arming)
{
	if (q->fence)
		wp_fence_full();
	else
		wp_barrier_heavy();
	weir__lock(&q->lock);
	if (phase_of(q) == WEIR__WAKE_ARMING && q->arming == arming)
		update_wake(q, WEIR__WAKE_ARMED);
	wp_store_rlx_64(&q->barriers, wp_load_rlx_64(&q->barriers) + 1);
	weir__unlock(&q->lock);
}

enum weir__enter weir__waitq_enter(struct weir__waitq *q, int64_t now_ns, uint32_t length_max,
                                   bool patient, struct weir__waiter **waiter)
{
	enum weir__enter refused = WEIR__ENTERED;

	weir__lock(&q->lock);
	while (q->stock == NULL) { /* ends: each round adds to the stock or returns */
		weir__unlock(&q->lock);
		if (!grow_stock(q))
			return WEIR__ENTER_NO_MEMORY;
		weir__lock(&q->lock);
	}
	if ((wp_load_rlx_32(&q->wake) & WEIR__WAKE_CLOSED) != 0)
		refused = WEIR__ENTER_CLOSED;
	else if (q->length >= length_max)
		refused = WEIR__ENTER_FULL;
	if (refused != WEIR__ENTERED) {
		weir__unlock(&q->lock);
		return refused;
	}
	*waiter = queue_up(q, now_ns, patient);
	const bool armed = phase_of(q) == WEIR__WAKE_ARMED;
	const uint32_t arming = q->arming;

	(*waiter)->scans = !armed || q->overdue > 0 ||
	                   wp_load_rlx_64(&q->waits) % WEIR__SCAN_EVERY == 0; /* Q5 */

	weir__unlock(&q->lock); /* W1 */
	if (!armed)
		arm(q, arming);
	return WEIR__ENTERED;
}

bool weir__waitq_park(struct weir__waiter *waiter, int64_t deadline_ns)
{
	(void)wp_cas_acq_32(&waiter->state, WEIR__WAITER_WAITING, WEIR__WAITER_PARKED); /* G3 */
	while (!weir__waitq_granted(waiter)) { /* ends: by a grant or the deadline */
		if (wp_futex_wait(&waiter->state, WEIR__WAITER_PARKED, deadline_ns) == WP_WAIT_TIMEOUT)
			return weir__waitq_granted(waiter);
	}
	return true;
}

void weir__waitq_mark_overdue(struct weir__waitq *q, struct weir__waiter *waiter)
{
	weir__lock(&q->lock);
	if (!weir__waitq_granted(waiter) && !waiter->overdue) {
		waiter->overdue = true;
		q->overdue++;
		update_wake(q, phase_of(q));
	}
	weir__unlock(&q->lock); /* W1 */
}

bool weir__waitq_cancel(struct weir__waitq *q, struct weir__waiter *waiter)
{
	weir__lock(&q->lock);
	const bool granted = weir__waitq_granted(waiter);

	if (!granted)
		unlink_waiter(q, waiter);
	weir__unlock(&q->lock);
	return !granted;
}

void weir__waitq_retire(struct weir__waitq *q, struct weir__waiter *waiter)
{
	weir__lock(&q->lock);
	wp_store_rlx_32(&waiter->state, WEIR__WAITER_FREE);
	waiter->next = q->stock;
	q->stock = waiter;
	weir__unlock(&q->lock);
}

/* Under the lock: take a waiter out and tell it. True if it must be woken. */
static bool grant_to(struct weir__waitq *q, struct weir__waiter *waiter, enum weir__grant grant,
                     uint32_t slot) WP_REQUIRES(q->lock)
{
	unlink_waiter(q, waiter);
	waiter->grant = grant;
	waiter->slot = slot;
	return wp_xchg_full_32(&waiter->state, WEIR__WAITER_GRANTED) == WEIR__WAITER_PARKED; /* G1 */
}

bool weir__waitq_grant(struct weir__waitq *q, enum weir__grant grant, uint32_t slot)
{
	bool sleeps = false;
	int64_t since_ns = 0;

	weir__lock(&q->lock);
	struct weir__waiter *waiter = q->head;

	if (waiter != NULL) {
		since_ns = waiter->since_ns;
		sleeps = grant_to(q, waiter, grant, slot);
		if (grant == WEIR__GRANT_LEASE)
			wp_store_rlx_64(&q->handoffs, wp_load_rlx_64(&q->handoffs) + 1);
	}
	weir__unlock(&q->lock);
	if (waiter != NULL && grant == WEIR__GRANT_LEASE)
		weir__probe_hand_off(q->name, slot, weir__probe_now() - since_ns);
	if (sleeps)
		wp_futex_wake(&waiter->state, 1); /* Q6: may reach a later user of the waiter */
	return waiter != NULL;
}

bool weir__waitq_refuse(struct weir__waitq *q, enum weir__grant grant, bool all)
{
	bool sleeps = false;

	weir__lock(&q->lock);
	struct weir__waiter *waiter = q->head;

	while (waiter != NULL && waiter->patient && !all)
		waiter = waiter->next;
	if (waiter != NULL)
		sleeps = grant_to(q, waiter, grant, 0);
	weir__unlock(&q->lock);
	if (sleeps)
		wp_futex_wake(&waiter->state, 1); /* Q6 */
	return waiter != NULL;
}

/* Under the lock: the first of the oldest that entered on that processor. */
static struct weir__waiter *find_near(const struct weir__waitq *q, uint32_t cpu)
	WP_REQUIRES(q->lock)
{
	struct weir__waiter *waiter = q->head;

	for (int seen = 1; waiter != NULL && waiter->cpu != cpu; seen++)
		waiter = seen < WEIR__NEAR ? waiter->next : NULL;
	return waiter;
}

enum weir__handed weir__waitq_hand_over(struct weir__waitq *q, uint32_t slot, int64_t window_ns,
                                        bool near)
{
	const int64_t now_ns = wp_now();
	const uint32_t cpu = near ? wp_cpu() : 0;
	bool sleeps = false;
	int64_t since_ns = 0;

	weir__lock(&q->lock);
	const bool waits = q->head != NULL;
	struct weir__waiter *waiter = q->head;

	if (waits && near && q->overdue == 0 && !weir__turn_late(now_ns - waiter->since_ns, window_ns))
		waiter = find_near(q, cpu);
	if (waiter != NULL) {
		since_ns = waiter->since_ns;
		wp_store_rlx_32(&q->turn,
		                weir__turn_steer(wp_load_rlx_32(&q->turn), now_ns - waiter->since_ns,
		                                 window_ns, q->length));
		sleeps = grant_to(q, waiter, WEIR__GRANT_LEASE, slot);
		wp_store_rlx_64(&q->handoffs, wp_load_rlx_64(&q->handoffs) + 1);
	}
	weir__unlock(&q->lock);
	if (waiter != NULL)
		weir__probe_hand_off(q->name, slot, now_ns - since_ns);
	if (sleeps)
		wp_futex_wake(&waiter->state, 1); /* Q6 */
	if (waiter != NULL)
		return WEIR__HANDED;
	return waits ? WEIR__HANDED_DECLINED : WEIR__HANDED_NONE;
}

void weir__waitq_close(struct weir__waitq *q)
{
	weir__lock(&q->lock);
	wp_store_rlx_32(&q->wake, wp_load_rlx_32(&q->wake) | WEIR__WAKE_CLOSED);
	weir__unlock(&q->lock);
	/* No release may go on believing that nobody is interested. */
	if (q->fence)
		wp_fence_full();
	else
		wp_barrier_heavy();
	while (weir__waitq_grant(q, WEIR__GRANT_CLOSED, 0)) /* ends: nobody can enter */
		continue;
}
