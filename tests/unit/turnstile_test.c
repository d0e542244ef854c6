/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The turnstile's word after every step, order, deadlines, and what becomes of the
 * dead. Handles of one process are to each other as processes are.
 */
#include "unit_child.h"
#include "unit_pool.h"
#include "unit_thread.h"
#include "unit_turnstile.h"

#define HANDLES 5

struct waiter {
	struct unit_thread thread;
	struct weir__turnstile *turnstile;
	int64_t deadline_ns;
	enum weir__pass pass;
	_Atomic uint32_t *order; /* counts those who passed */
	uint32_t place;
};

static void wait_and_leave(void *argument)
{
	struct waiter *waiter = argument;

	waiter->pass = weir__turnstile_enter(waiter->turnstile, waiter->deadline_ns);
	if (waiter->pass != WEIR__PASS_ENTERED)
		return;
	if (waiter->order != NULL)
		waiter->place = atomic_fetch_add(waiter->order, 1);
	weir__turnstile_leave(waiter->turnstile);
}

static void start_waiter(struct waiter *waiter, struct weir__turnstile *turnstile,
                         int64_t deadline_ns, _Atomic uint32_t *order)
{
	waiter->turnstile = turnstile;
	waiter->deadline_ns = deadline_ns;
	waiter->order = order;
	unit_start(&waiter->thread, wait_and_leave, waiter);
}

static int64_t soon(void)
{
	return wp_now() + UNIT_PATIENCE_NS;
}

/* As after a kill: the system gives the life byte back, and the word stays. */
static void die(struct weir__turnstile *turnstile)
{
	weir__pass_give_life(turnstile, turnstile->slot);
}

/* Free what the dead left in this process. */
static void bury(struct weir__turnstile *turnstile)
{
	turnstile->slot = WEIR__PASS_SLOTS; /* it may be another's by now */
	weir__turnstile_close(turnstile);
}

/* A slot that nobody has stands in line before all others. */
static void add_dead_waiter(struct weir__turnstile *turnstile, uint32_t slot)
{
	const uint64_t word = unit_turnstile_word(turnstile);

	wp_store_rlx_64(&turnstile->page->slots[slot].ticket, 0);
	assert_true(wp_cas_acqrel_64(&turnstile->page->word, word, word | UINT64_C(1) << slot));
}

static void the_word_names_the_owner(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);

	assert_int_equal(unit_turnstile_word(one), 0);
	for (uint64_t round = 0; round < 300; round++) { /* TURN overflows */
		struct weir__turnstile *const who = round % 2 == 0 ? one : two;

		assert_int_equal(weir__turnstile_enter(who, 0), WEIR__PASS_ENTERED);
		assert_int_equal(unit_turnstile_owner(one), who->slot + 1);
		assert_int_equal(unit_turnstile_word(one) & WEIR__PASS_WAITS, 0);
		weir__turnstile_leave(who);
		assert_int_equal(unit_turnstile_owner(one), 0);
		assert_int_equal(unit_turnstile_word(one) >> WEIR__PASS_TURN_SHIFT, (2 * round + 2) % 256);
	}
	weir__turnstile_leave(one); /* of who does not own: nothing */
	assert_int_equal(unit_turnstile_word(one), unit_turnstile_word(two));
	assert_int_equal(weir__turnstile_processes(one), 2);
	weir__turnstile_close(two);
	assert_int_equal(weir__turnstile_processes(one), 1);
	weir__turnstile_close(one);
	weir__turnstile_close(NULL);
}

static void they_pass_in_the_order_of_arrival(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	static const uint32_t arrivals[][HANDLES] = {{1, 2, 3, 4}, {4, 3, 2, 1}, {3, 1, 4, 2}};
	struct weir__turnstile *handles[HANDLES];

	for (int i = 0; i < HANDLES; i++)
		handles[i] = unit_turnstile(sidecar);
	for (size_t a = 0; a < sizeof arrivals / sizeof arrivals[0]; a++) {
		struct waiter waiters[HANDLES] = {{.place = 0}};
		_Atomic uint32_t order = 0;
		uint64_t waits = 0;

		assert_int_equal(weir__turnstile_enter(handles[0], 0), WEIR__PASS_ENTERED);
		for (int i = 0; i + 1 < HANDLES; i++) {
			struct weir__turnstile *const who = handles[arrivals[a][i]];

			start_waiter(&waiters[i], who, INT64_MAX, &order);
			waits |= UINT64_C(1) << who->slot;
			unit_turnstile_await(who, waits);
		}
		weir__turnstile_leave(handles[0]);
		for (uint32_t i = 0; i + 1 < HANDLES; i++) {
			unit_join(&waiters[i].thread);
			assert_int_equal(waiters[i].pass, WEIR__PASS_ENTERED);
			assert_int_equal(waiters[i].place, i);
		}
		assert_int_equal(unit_turnstile_owner(handles[0]), 0);
	}
	for (int i = 0; i < HANDLES; i++)
		weir__turnstile_close(handles[i]);
}

static void a_deadline_ends_the_wait(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	static const int64_t waits_ns[] = {-1, 0, WEIR_MILLISECONDS(3), WEIR_MILLISECONDS(25)};
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);

	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	for (size_t i = 0; i < sizeof waits_ns / sizeof waits_ns[0]; i++) {
		const int64_t deadline_ns = wp_now() + waits_ns[i];

		assert_int_equal(weir__turnstile_enter(two, deadline_ns), WEIR__PASS_TIMED_OUT);
		assert_true(wp_now() >= deadline_ns);
		assert_int_equal(unit_turnstile_word(one) & WEIR__PASS_WAITS, 0);
		assert_int_equal(unit_turnstile_owner(one), one->slot + 1);
	}
	weir__turnstile_leave(one);
	assert_int_equal(weir__turnstile_enter(two, 0), WEIR__PASS_ENTERED);
	weir__turnstile_leave(two);
	weir__turnstile_close(two);
	weir__turnstile_close(one);
}

/* Also when every wait is too short for the regular look, and by one look, however
 * many of the dead stand in line before. */
static void a_dead_owner_is_passed(void **state)
{
	const struct unit_sidecar *const sidecar = *state;

	for (int round = 0; round < 4; round++) {
		struct weir__turnstile *dead = unit_turnstile(sidecar);
		struct weir__turnstile *heir = unit_turnstile(sidecar);
		const int64_t deadline_ns = round % 2 == 0 ? INT64_MAX : 0;

		heir->stall_ns = INT64_MAX;
		if (round >= 2) {
			add_dead_waiter(dead, 30);
			add_dead_waiter(dead, 31);
		}
		assert_int_equal(weir__turnstile_enter(dead, 0), WEIR__PASS_ENTERED);
		die(dead);
		assert_int_equal(weir__turnstile_enter(heir, deadline_ns), WEIR__PASS_ENTERED);
		assert_int_equal(unit_turnstile_owner(heir), heir->slot + 1);
		weir__turnstile_leave(heir);
		bury(dead);
		weir__turnstile_close(heir);
	}
}

static void a_dead_owner_is_followed_by_the_first_that_lives(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *dead = unit_turnstile(sidecar);
	struct weir__turnstile *handles[3];
	struct waiter waiters[3] = {{.place = 0}};
	_Atomic uint32_t order = 0;
	uint64_t waits = 0;

	assert_int_equal(weir__turnstile_enter(dead, 0), WEIR__PASS_ENTERED);
	for (int i = 0; i < 3; i++) {
		handles[i] = unit_turnstile(sidecar);
		start_waiter(&waiters[i], handles[i], soon(), &order);
		waits |= UINT64_C(1) << handles[i]->slot;
		unit_turnstile_await(dead, waits);
	}
	add_dead_waiter(dead, 30);
	add_dead_waiter(dead, 47);
	die(dead);
	for (uint32_t i = 0; i < 3; i++) {
		unit_join(&waiters[i].thread);
		assert_int_equal(waiters[i].pass, WEIR__PASS_ENTERED);
		assert_int_equal(waiters[i].place, i);
	}
	assert_int_equal(unit_turnstile_word(handles[0]) & WEIR__PASS_WAITS, 0);
	for (int i = 0; i < 3; i++)
		weir__turnstile_close(handles[i]);
	bury(dead);
}

static void a_grant_to_the_dead_goes_on(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);

	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	add_dead_waiter(one, 40);
	weir__turnstile_leave(one);
	assert_int_equal(unit_turnstile_owner(one), 41);
	assert_int_equal(weir__turnstile_enter(two, soon()), WEIR__PASS_ENTERED);
	weir__turnstile_leave(two);
	assert_int_equal(unit_turnstile_owner(one), 0);
	weir__turnstile_close(two);
	weir__turnstile_close(one);
}

/* Whatever its dead user was doing. */
static void a_slot_is_clean_when_it_is_taken(void **state)
{
	const struct unit_sidecar *const sidecar = *state;

	for (int owns = 0; owns < 2; owns++) {
		struct weir__turnstile *one = unit_turnstile(sidecar);

		assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
		add_dead_waiter(one, 1);
		if (owns == 1)
			weir__turnstile_leave(one);
		assert_int_equal(unit_turnstile_owner(one), owns == 1 ? 2 : one->slot + 1);

		struct weir__turnstile *two = unit_turnstile(sidecar);

		assert_int_equal(two->slot, 1);
		assert_int_equal(unit_turnstile_word(one) & WEIR__PASS_WAITS, 0);
		assert_int_equal(unit_turnstile_owner(one), owns == 1 ? 0 : one->slot + 1);
		weir__turnstile_close(two);
		weir__turnstile_close(one);
	}
}

static void closing_lets_the_next_in(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);
	struct waiter waiter = {.place = 0};

	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	start_waiter(&waiter, two, soon(), NULL);
	unit_turnstile_await(one, UINT64_C(1) << two->slot);
	weir__turnstile_close(one);
	unit_join(&waiter.thread);
	assert_int_equal(waiter.pass, WEIR__PASS_ENTERED);
	weir__turnstile_close(two);
}

static void a_waiter_that_was_taken_out_comes_back(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);
	const uint64_t bit = UINT64_C(1) << two->slot;
	struct waiter waiter = {.place = 0};

	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	start_waiter(&waiter, two, soon(), NULL);
	for (int i = 0; i < 3; i++) {
		unit_turnstile_await(one, bit);
		const uint64_t word = unit_turnstile_word(one);

		assert_true(wp_cas_acqrel_64(&one->page->word, word, word & ~bit));
	}
	unit_turnstile_await(one, bit);
	weir__turnstile_leave(one);
	unit_join(&waiter.thread);
	assert_int_equal(waiter.pass, WEIR__PASS_ENTERED);
	weir__turnstile_close(two);
	weir__turnstile_close(one);
}

static void an_owner_that_is_no_slot_breaks_it(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	static const uint64_t owners[] = {WEIR__PASS_SLOTS + 1, 0x80, 0xff};
	struct weir__turnstile *one = unit_turnstile(sidecar);

	for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
		wp_store_rel_64(&one->page->word, owners[i] << WEIR__PASS_OWNER_SHIFT);
		assert_int_equal(weir__turnstile_enter(one, INT64_MAX), WEIR__PASS_BROKEN);
		assert_int_equal(unit_turnstile_word(one), owners[i] << WEIR__PASS_OWNER_SHIFT);
		weir__turnstile_leave(one);
	}
	wp_store_rel_64(&one->page->word, 0);
	weir__turnstile_close(one);
}

/* The life byte cannot be asked about: a wait without a deadline must not hang. */
static void a_lost_descriptor_breaks_it(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);

	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	assert_int_equal(close(two->fd), 0);
	two->fd = -1;
	assert_int_equal(weir__turnstile_enter(two, INT64_MAX), WEIR__PASS_BROKEN);
	assert_int_equal(unit_turnstile_word(one) & WEIR__PASS_WAITS, 0);
	bury(two);
	weir__turnstile_leave(one);
	weir__turnstile_close(one);
}

/* Closing any descriptor of the file drops this process's process bytes. */
static void drop_process_bytes(const struct unit_sidecar *sidecar)
{
	const int fd = open(sidecar->path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static void an_owner_whose_process_is_gone_is_passed_in_time(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);
	struct weir__turnstile *three = unit_turnstile(sidecar);

	two->look_ns = WEIR_MILLISECONDS(1);
	two->stall_ns = WEIR_MILLISECONDS(5);
	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	assert_int_equal(weir__turnstile_enter(two, wp_now() + WEIR_MILLISECONDS(50)),
	                 WEIR__PASS_TIMED_OUT);
	assert_int_equal(unit_turnstile_owner(one), one->slot + 1);

	drop_process_bytes(sidecar);
	assert_int_equal(weir__turnstile_enter(two, soon()), WEIR__PASS_ENTERED);
	weir__turnstile_leave(one); /* it lived after all: nothing */
	assert_int_equal(unit_turnstile_owner(one), two->slot + 1);
	assert_int_equal(weir__turnstile_enter(three, 0), WEIR__PASS_TIMED_OUT);
	weir__turnstile_leave(two);
	assert_int_equal(unit_turnstile_owner(one), 0);
	weir__turnstile_close(three);
	weir__turnstile_close(two);
	weir__turnstile_close(one);
}

/* Short waits add up: what was seen of the owner is kept. */
static void short_waits_find_the_stall_too(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);
	enum weir__pass pass = WEIR__PASS_TIMED_OUT;

	two->stall_ns = WEIR_MILLISECONDS(20);
	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	drop_process_bytes(sidecar);
	while (pass == WEIR__PASS_TIMED_OUT) /* ends: or the test's time limit does */
		pass = weir__turnstile_enter(two, wp_now() + WEIR_MILLISECONDS(1));
	assert_int_equal(pass, WEIR__PASS_ENTERED);
	weir__turnstile_close(two);
	weir__turnstile_close(one);
}

#define ROUNDS 3000

struct worker {
	struct unit_thread thread;
	struct weir__turnstile *turnstile;
	_Atomic uint32_t *inside;
	_Atomic uint32_t *count; /* relaxed load and store: loses some if two are in */
	uint32_t wrong;
};

/* Some leave in time, some give up. */
static void work(void *argument)
{
	struct worker *worker = argument;

	for (int round = 0; round < ROUNDS; round++) { /* ends: every deadline does */
		const int64_t deadline_ns = round % 7 == 0 ? wp_now() : soon();

		if (weir__turnstile_enter(worker->turnstile, deadline_ns) != WEIR__PASS_ENTERED) {
			worker->wrong += round % 7 != 0;
			round--;
			continue;
		}
		worker->wrong += atomic_exchange_explicit(worker->inside, 1, memory_order_relaxed) != 0;
		const uint32_t count = atomic_load_explicit(worker->count, memory_order_relaxed);

		if (round % 64 == 0)
			(void)sched_yield();
		atomic_store_explicit(worker->count, count + 1, memory_order_relaxed);
		atomic_store_explicit(worker->inside, 0, memory_order_relaxed);
		weir__turnstile_leave(worker->turnstile);
	}
}

static void one_is_in_at_a_time(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct worker workers[HANDLES];
	_Atomic uint32_t inside = 0;
	_Atomic uint32_t count = 0;

	for (int i = 0; i < HANDLES; i++) {
		workers[i].turnstile = unit_turnstile(sidecar);
		workers[i].inside = &inside;
		workers[i].count = &count;
		workers[i].wrong = 0;
	}
	for (int i = 0; i < HANDLES; i++)
		unit_start(&workers[i].thread, work, &workers[i]);
	for (int i = 0; i < HANDLES; i++) {
		unit_join(&workers[i].thread);
		assert_int_equal(workers[i].wrong, 0);
	}
	assert_int_equal(atomic_load(&count), HANDLES * ROUNDS);
	assert_int_equal(unit_turnstile_word(workers[0].turnstile) & WEIR__PASS_WAITS, 0);
	assert_int_equal(unit_turnstile_owner(workers[0].turnstile), 0);
	for (int i = 0; i < HANDLES; i++)
		weir__turnstile_close(workers[i].turnstile);
}

struct inheritance {
	struct weir__turnstile *turnstile;
	enum weir__pass *pass; /* shared with the child */
};

static void live_as_child(void *argument)
{
	const struct inheritance *mine = argument;

	*mine->pass = weir__turnstile_enter(mine->turnstile, INT64_MAX);
	weir__turnstile_leave(mine->turnstile);
	if (weir__turnstile_processes(mine->turnstile) != 0)
		*mine->pass = WEIR__PASS_ENTERED;
	weir__turnstile_close(mine->turnstile);
}

static void a_child_goes_without_and_the_parent_goes_on(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);
	struct inheritance mine = {one, unit_shared(sizeof *mine.pass)};

	assert_non_null(mine.pass);
	assert_int_equal(weir__turnstile_enter(one, 0), WEIR__PASS_ENTERED);
	assert_true(unit_child_ends(live_as_child, &mine));
	assert_int_equal(*mine.pass, WEIR__PASS_BROKEN);
	assert_int_equal(unit_turnstile_owner(one), one->slot + 1);
	assert_int_equal(weir__turnstile_enter(two, 0), WEIR__PASS_TIMED_OUT);
	assert_int_equal(weir__turnstile_processes(two), 2);
	weir__turnstile_leave(one);
	assert_int_equal(weir__turnstile_enter(two, 0), WEIR__PASS_ENTERED);
	unit_shared_free(mine.pass, sizeof *mine.pass);
	weir__turnstile_close(two);
	weir__turnstile_close(one);
}

static int make_sidecar(void **state)
{
	static struct unit_sidecar sidecar;

	unit_sidecar_make(&sidecar);
	*state = &sidecar;
	return 0;
}

static int drop_sidecar(void **state)
{
	unit_sidecar_drop(*state);
	return 0;
}

#define SIDECAR_TEST(test) cmocka_unit_test_setup_teardown(test, make_sidecar, drop_sidecar)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDECAR_TEST(the_word_names_the_owner),
		SIDECAR_TEST(they_pass_in_the_order_of_arrival),
		SIDECAR_TEST(a_deadline_ends_the_wait),
		SIDECAR_TEST(a_dead_owner_is_passed),
		SIDECAR_TEST(a_dead_owner_is_followed_by_the_first_that_lives),
		SIDECAR_TEST(a_grant_to_the_dead_goes_on),
		SIDECAR_TEST(a_slot_is_clean_when_it_is_taken),
		SIDECAR_TEST(closing_lets_the_next_in),
		SIDECAR_TEST(a_waiter_that_was_taken_out_comes_back),
		SIDECAR_TEST(an_owner_that_is_no_slot_breaks_it),
		SIDECAR_TEST(a_lost_descriptor_breaks_it),
		SIDECAR_TEST(an_owner_whose_process_is_gone_is_passed_in_time),
		SIDECAR_TEST(short_waits_find_the_stall_too),
		SIDECAR_TEST(one_is_in_at_a_time),
		SIDECAR_TEST(a_child_goes_without_and_the_parent_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
