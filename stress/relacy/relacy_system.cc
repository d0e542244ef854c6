/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The machine's system: sleeping and waking, clock, memory, threads.
 */
#include "relacy_inside.h"

#define ARENA_BYTES (512 * 1024)
#define BLOCKS 32
#define BEGIN_NS INT64_C(1000000000)

/* How often in one execution a thread's wait may end at its deadline while others can
 * still run, and for no reason. More adds waits of the same kind, and a search over
 * all choices would never end. */
#define EARLY_TIMEOUTS 2
#define SPURIOUS_WAKES 1

struct thread {
	bool ended;
	bool parked;
	bool early; /* Relacy may end this wait at its deadline */
	bool late;  /* this wait was ended at its deadline because nothing else could run */
	const wp_u32 *word;
	uint32_t bits;
	int64_t deadline_ns;
	int timeouts;
	int spurious;
	uint64_t storage[WP_THREAD_WORDS];
};

struct owned_block {
	block is;
	rl::var_data *life;
};

static thread threads[MACHINE_THREADS];
static int threads_count;
static int64_t now_ns;
static bool own_processors;
static bool watching;

alignas(4096) static char arena[ARENA_BYTES];
static size_t arena_used;
static owned_block blocks[BLOCKS];
static int blocks_count;

void system_begin(int count)
{
	memset(threads, 0, sizeof threads);
	memset(arena, 0, arena_used);
	threads_count = count;
	now_ns = BEGIN_NS;
	own_processors = false;
	watching = false;
	arena_used = 0;
	blocks_count = 0;
}

void machine_begin(int count, void (*unseen)(void *data))
{
	system_begin(count);
	words_begin(unseen);
}

void machine_end(void)
{
	words_end();
	for (int i = 0; i < blocks_count; i++)
		rl::ctx().var_dtor(blocks[i].life);
	blocks_count = 0;
}

void machine_fail(const char *what, const wp_place &place)
{
	rl::ctx().fail_test(what, rl::test_result_user_assert_failed, info_of(place));
	abort(); /* fail_test does not return */
}

/* core's own assertions end in abort (linked with --wrap=abort). */
extern "C" [[noreturn]] void __real_abort(void);
extern "C" [[noreturn]] void __wrap_abort(void);

extern "C" void __wrap_abort(void)
{
	if (rl::is_ctx() && rl::ctx().threadx_ != NULL)
		machine_fail("an invariant of core, see above");
	__real_abort();
}

int machine_thread(void)
{
	return rl::ctx().threadx_->index_;
}

void machine_pause(const wp_place &)
{
	rl::ctx().sched();
}

void machine_own_processors(void)
{
	own_processors = true;
}

/* ---- sleeping ---- */

static bool can_run(const thread &it)
{
	return !it.ended && (!it.parked || it.early);
}

/* Nothing can run: the wait with the earliest deadline ends there, if there is one. */
static void end_a_wait(void)
{
	thread *first = NULL;

	for (int i = 0; i < threads_count; i++) {
		if (can_run(threads[i]))
			return;
		if (threads[i].parked && threads[i].deadline_ns != INT64_MAX &&
		    (first == NULL || threads[i].deadline_ns < first->deadline_ns))
			first = &threads[i];
	}
	if (first == NULL)
		return; /* a deadlock, as Relacy is about to find */
	first->late = true;
	first->parked = false;
	if (first != &threads[machine_thread()])
		rl::ctx().unpark_thread((int)(first - threads), false, rl::debug_info());
}

static wp_wait time_out(thread *mine, const rl::debug_info &info)
{
	if (now_ns < mine->deadline_ns)
		now_ns = mine->deadline_ns;
	note(info, "the wait ends at its deadline", mine->word, 0);
	return WP_WAIT_TIMEOUT;
}

wp_wait wp_sleep(const wp_u32 *word, uint32_t expected, uint32_t bits, int64_t deadline_ns,
                 const wp_place &place)
{
	const rl::debug_info info = info_of(place);
	thread *mine = &threads[machine_thread()];
	rl::context &c = rl::ctx();

	c.sched();
	if (word_newest(word, info) != expected) {
		note(info, "no wait: the word has changed", word, expected);
		word_see_newest(word, info);
		return WP_WAIT_WOKEN;
	}
	mine->word = word;
	mine->bits = bits;
	mine->deadline_ns = deadline_ns;
	if (deadline_ns <= now_ns)
		return time_out(mine, info);
	note(info, "waits while it is", word, expected);
	mine->parked = true;
	mine->late = false;
	mine->early = deadline_ns != INT64_MAX && mine->timeouts < EARLY_TIMEOUTS;
	end_a_wait();
	if (mine->late)
		return time_out(mine, info);
	const rl::unpark_reason reason =
		c.park_current_thread(mine->early, mine->spurious < SPURIOUS_WAKES, false, info);

	mine->parked = false;
	if (mine->late)
		return time_out(mine, info);
	if (reason == rl::unpark_reason_timeout) {
		mine->timeouts++;
		return time_out(mine, info);
	}
	if (reason == rl::unpark_reason_spurious)
		mine->spurious++;
	/* A stale look after the wake would only lead back to here. */
	word_see_newest(word, info);
	return WP_WAIT_WOKEN;
}

void wp_rouse(const wp_u32 *word, int count, uint32_t bits, const wp_place &place)
{
	const rl::debug_info info = info_of(place);
	rl::context &c = rl::ctx();

	c.sched();
	note(info, "wake", word, (uint64_t)count);
	for (; count > 0; count--) {
		int found[MACHINE_THREADS];
		int found_count = 0;

		for (int i = 0; i < threads_count; i++) {
			if (threads[i].parked && threads[i].word == word && (threads[i].bits & bits) != 0)
				found[found_count++] = i;
		}
		if (found_count == 0)
			return;
		const int next =
			found_count == 1 ? found[0] : found[c.rand((unsigned)found_count, rl::sched_type_user)];

		threads[next].parked = false;
		c.unpark_thread(next, false, info);
	}
}

void machine_thread_begins(void)
{
	watching = true;
}

void machine_threads_ended(void)
{
	watching = false;
}

void machine_thread_ended(void)
{
	threads[machine_thread()].ended = true;
	end_a_wait();
}

void wp_yield(void)
{
	rl::ctx().yield(1, rl::debug_info());
}

/* ---- clock and threads ---- */

int64_t wp_now(void)
{
	return now_ns;
}

uint32_t wp_thread_id(void)
{
	return (uint32_t)machine_thread() + 1;
}

uint32_t wp_cpu(void)
{
	return own_processors ? (uint32_t)machine_thread() : 0;
}

uint64_t *wp_thread_storage(void)
{
	return threads[machine_thread()].storage;
}

/* ---- memory ---- */

block *block_of(const void *address)
{
	const char *at = (const char *)address;

	for (int i = 0; i < blocks_count; i++) {
		if (at >= blocks[i].is.begin && at < blocks[i].is.end)
			return &blocks[i].is;
	}
	return NULL;
}

bool is_watched(const void *address)
{
	const char *at = (const char *)address;

	return watching && at >= arena && at < arena + arena_used;
}

/* Of the block's allocation and release, accesses are ordered as reads are of writes. */
void block_touch(block *in, const rl::debug_info &info)
{
	owned_block *owned = (owned_block *)in;

	if (in->freed)
		rl::ctx().fail_test("", rl::test_result_access_to_freed_memory, info);
	if (!owned->life->load(*rl::ctx().threadx_))
		rl::ctx().fail_test("memory that was not handed over in order", rl::test_result_data_race,
		                    info);
}

void *wp_alloc(size_t alignment, size_t bytes)
{
	const size_t begin = (arena_used + alignment - 1) / alignment * alignment;

	if (begin + bytes > ARENA_BYTES || blocks_count == BLOCKS)
		machine_fail("the case takes more memory than the machine has");
	owned_block *owned = &blocks[blocks_count++];

	arena_used = begin + bytes;
	owned->is.begin = arena + begin;
	owned->is.end = arena + arena_used;
	owned->is.freed = false;
	owned->life = rl::ctx().var_ctor();
	(void)owned->life->store(*rl::ctx().threadx_);
	return arena + begin;
}

void wp_free(void *memory)
{
	if (memory == NULL)
		return;
	owned_block *owned = (owned_block *)block_of(memory);

	if (owned == NULL || owned->is.freed)
		rl::ctx().fail_test("", rl::test_result_double_free, rl::debug_info());
	if (!owned->life->store(*rl::ctx().threadx_))
		rl::ctx().fail_test("memory is freed beside an access that is not ordered before",
		                    rl::test_result_data_race, rl::debug_info("wp_free", "", 0));
	owned->is.freed = true;
}

void *wp_alloc_wiped(size_t bytes)
{
	return wp_alloc(4096, bytes);
}

void wp_free_wiped(void *memory, size_t)
{
	wp_free(memory);
}
