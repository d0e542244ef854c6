/* SPDX-License-Identifier: BSD-2-Clause
 *
 * From a release to the woken waiter running, beside a bare futex wake that does
 * the same. The waiter is parked each time, and there is no other: what is
 * measured is the way from one thread to the other, not a queue.
 *
 * weir is asked to hand over at every release (fairness=fifo). By default it may
 * leave a connection to the thread that is about to come back for it, for part
 * of the fairness window: that is "bounded", a choice rather than a cost.
 */
#include <atomic>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "micro.h"
#include "parked_pair.h"
#include "plain_pool.h"
#include "source.h"
#include "variant.h"

namespace
{

using micro::give_up;
using micro::now_ns;
using micro::parked_pair;
using micro::plain_pool;

constexpr int64_t timeout_ns = 60000000000;

/* The one connection of a baseline: held by the measuring thread while the other
 * waits for it, and taken over. */
class contested
{
  public:
	explicit contested(const pool_under_test &kind) : variant(kind)
	{
		char problem[200] = "";
		pool_setup setup = {};

		if (source == nullptr)
			give_up("no memory");
		setup.size = sizeof(setup);
		setup.threads = 2;
		setup.conns_min = 1;
		setup.conns_max = 1;
		setup.acquire_timeout_ns = timeout_ns;
		setup.open_timeout_ns = timeout_ns;
		setup.source = bench_source_for_pool(source);
		if (variant.create(&pool, &setup, problem, sizeof(problem)) != 0)
			give_up(problem);
	}
	~contested()
	{
		variant.destroy(pool);
		bench_source_destroy(source);
	}
	contested(const contested &) = delete;
	contested &operator=(const contested &) = delete;

	void acquire(unsigned thread, pool_lease &lease) const
	{
		if (variant.acquire(pool, thread, &lease) != 0)
			give_up("a pool gave no lease within a minute");
	}
	void release(unsigned thread, pool_lease &lease) const
	{
		variant.release(pool, thread, &lease);
	}

  private:
	const pool_under_test &variant;
	void *pool = nullptr;
	bench_source *const source = bench_source_create(0, 0);
};

void measure(benchmark::State &state, parked_pair &pair, const std::function<void()> &take,
             const std::function<void()> &let_go)
{
	for ([[maybe_unused]] auto round : state) {
		take();
		pair.arm();

		const int64_t begin_ns = now_ns();

		let_go();
		state.SetIterationTime(static_cast<double>(pair.finish() - begin_ns) / 1e9);
	}
}

void run_futex(benchmark::State &state)
{
	std::atomic<uint32_t> word{0};
	parked_pair pair([&word](parked_pair &self) {
		while (word.load(std::memory_order_acquire) == 0)
			(void)syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
		self.woken();
		word.store(0, std::memory_order_release);
	});

	measure(
		state, pair, [] {},
		[&word] {
			word.store(1, std::memory_order_release);
			(void)syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
		});
}

void run_baseline(benchmark::State &state, const pool_under_test &kind)
{
	const contested pool(kind);
	pool_lease mine = {};
	parked_pair pair([&pool](parked_pair &self) {
		pool_lease lease = {};

		pool.acquire(1, lease);
		self.woken();
		pool.release(1, lease);
	});

	measure(
		state, pair, [&pool, &mine] { pool.acquire(0, mine); },
		[&pool, &mine] { pool.release(0, mine); });
}

void run_weir(benchmark::State &state, const char *settings)
{
	const plain_pool pool(settings);
	weir_lease mine = {};
	parked_pair pair([&pool](parked_pair &self) {
		weir_lease lease = {};

		pool.acquire(lease);
		self.woken();
		pool.release(lease);
	});

	measure(
		state, pair, [&pool, &mine] { pool.acquire(mine); },
		[&pool, &mine] { pool.release(mine); });
}

} // namespace

micro::family micro::register_handoff()
{
	const auto add = [](const char *name, auto run) {
		benchmark::RegisterBenchmark(name, run)->UseManualTime();
	};

	add("handoff/futex", run_futex);
	add("handoff/weir",
	    [](benchmark::State &state) { run_weir(state, "max_size=1 min_idle=1 fairness=fifo"); });
	add("handoff/bounded",
	    [](benchmark::State &state) { run_weir(state, "max_size=1 min_idle=1"); });
	add("handoff/mutex-lifo",
	    [](benchmark::State &state) { run_baseline(state, bench_variant_mutex_lifo); });
	add("handoff/fifo-handoff",
	    [](benchmark::State &state) { run_baseline(state, bench_variant_fifo_handoff); });
	return {"handoff",
	        "from a release to the parked waiter running",
	        axis::none,
	        true,
	        {"futex", "weir", "bounded", "mutex-lifo", "fifo-handoff"},
	        0.0};
}
