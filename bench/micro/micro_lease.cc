/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What an uncontended lease costs, beside the floor under it: one `lock cmpxchg`
 * that claims a word nobody else wants, and the plain store that releases it. No
 * pool that keeps slots in shared words can do with less.
 *
 * Each loop is a function of its own that the compiler may not merge with its
 * surroundings.
 */
#include <algorithm>
#include <array>
#include <atomic>

#include <weir/weir.h>

#include "micro.h"
#include "source.h"
#include "variant.h"

namespace
{

using micro::batch;
using micro::give_up;

constexpr unsigned threads_max = 8;
/* More than threads, so that nobody waits: this measures the lease alone. */
constexpr unsigned conns = 10;
constexpr int64_t timeout_ns = 5000000000;
constexpr double ratio_target = 2.0;

struct alignas(128) padded_word {
	std::atomic<uint32_t> state{0};
};

/* One pool of a variant, for all benchmarks of the run. */
class shared_pool
{
  public:
	explicit shared_pool(const pool_under_test &kind) : variant(kind)
	{
		char problem[200] = "";
		pool_setup setup = {};

		if (source == nullptr)
			give_up("no memory");
		setup.size = sizeof(setup);
		setup.threads = threads_max;
		setup.conns_min = conns;
		setup.conns_max = conns;
		setup.acquire_timeout_ns = timeout_ns;
		setup.open_timeout_ns = timeout_ns;
		setup.source = bench_source_for_pool(source);
		if (variant.create(&pool, &setup, problem, sizeof(problem)) != 0)
			give_up(problem);
	}
	~shared_pool()
	{
		variant.destroy(pool);
		bench_source_destroy(source);
	}
	shared_pool(const shared_pool &) = delete;
	shared_pool &operator=(const shared_pool &) = delete;

	const pool_under_test &variant;
	void *pool = nullptr;

  private:
	bench_source *const source = bench_source_create(0, 0);
};

__attribute__((noinline)) void floor_loop(std::atomic<uint32_t> &state, int count)
{
	for (int i = 0; i < count; i++) {
		uint32_t idle = 0;

		if (!state.compare_exchange_strong(idle, 1, std::memory_order_acquire,
		                                   std::memory_order_relaxed))
			give_up("a word that nobody else uses was taken");
		state.store(0, std::memory_order_release);
	}
}

__attribute__((noinline)) void weir_loop(weir_pool *pool, int count)
{
	weir_lease lease = {};

	for (int i = 0; i < count; i++)
		if (weir_acquire(pool, &lease, nullptr) != WEIR_OK ||
		    weir_release(&lease, nullptr) != WEIR_OK)
			give_up("weir gave no lease, or refused one that it gave");
}

__attribute__((noinline)) void variant_loop(const shared_pool &shared, unsigned thread, int count)
{
	pool_lease lease = {};

	for (int i = 0; i < count; i++) {
		if (shared.variant.acquire(shared.pool, thread, &lease) != 0)
			give_up("a baseline gave no lease");
		shared.variant.release(shared.pool, thread, &lease);
	}
}

template <typename loop_type> void add(const char *name, int threads, loop_type loop)
{
	benchmark::RegisterBenchmark(name, [loop](benchmark::State &state) {
		while (state.KeepRunningBatch(batch))
			loop(static_cast<unsigned>(state.thread_index()));
	})->ThreadRange(1, threads);
}

} // namespace

micro::family micro::register_lease()
{
	static std::array<padded_word, threads_max> words;
	static const shared_pool weir(bench_variant_weir);
	static const shared_pool mutex_lifo(bench_variant_mutex_lifo);
	static const shared_pool ck_ring(bench_variant_ck_ring);
	/* A producer of ck_ring waits for the one before it. Where that one may have
	 * lost its processor, a repetition would take minutes. */
	const int at_once = std::min<int>(threads_max, benchmark::CPUInfo::Get().num_cpus);

	add("lease/floor", threads_max, [](unsigned at) { floor_loop(words[at].state, batch); });
	add("lease/weir", threads_max,
	    [](unsigned) { weir_loop(static_cast<weir_pool *>(weir.pool), batch); });
	add("lease/mutex-lifo", threads_max, [](unsigned at) { variant_loop(mutex_lifo, at, batch); });
	add("lease/ck-ring", at_once, [](unsigned at) { variant_loop(ck_ring, at, batch); });
	return {"lease", "acquire and release, when nobody waits",   axis::threads,
	        false,   {"floor", "weir", "mutex-lifo", "ck-ring"}, ratio_target};
}
