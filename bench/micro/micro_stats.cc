/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A snapshot of a pool's figures, by the size of the pool: its counters are in the
 * slots, so that leases need no shared one, and whoever reads them adds them up.
 * The floor is one pass over as many cache lines.
 */
#include <atomic>
#include <memory>

#include <weir/stub.h>
#include <weir/weir.h>

#include "micro.h"

namespace
{

using micro::give_up;

struct alignas(64) line {
	std::atomic<uint64_t> count{0};
};

void run_lines(benchmark::State &state)
{
	const auto size = static_cast<size_t>(state.range(0));
	const std::unique_ptr<line[]> lines(new line[size]);

	for ([[maybe_unused]] auto round : state) {
		uint64_t sum = 0;

		for (size_t i = 0; i < size; i++)
			sum += lines[i].count.load(std::memory_order_relaxed);
		benchmark::DoNotOptimize(sum);
	}
}

void run_pool(benchmark::State &state)
{
	const weir_driver *const driver = weir_stub_prompt_driver();
	weir_error err = WEIR_ERROR_INIT;
	weir_pool_stats stats = {};
	weir_pool *pool = nullptr;
	weir_config config;

	weir_config_init(&config, driver);
	config.max_size = state.range(0);
	config.min_idle = state.range(0);
	if (weir_pool_create(&pool, driver, nullptr, &config, &err) != WEIR_OK)
		give_up("a pool could not be made", err);
	stats.size = sizeof(stats);
	for ([[maybe_unused]] auto round : state) {
		if (weir_pool_read_stats(pool, &stats) != WEIR_OK)
			give_up("a pool did not tell its figures");
		benchmark::DoNotOptimize(stats);
	}
	weir_pool_destroy(pool);
}

} // namespace

micro::family micro::register_stats()
{
	benchmark::RegisterBenchmark("stats/lines", run_lines)->RangeMultiplier(16)->Range(4, 4096);
	benchmark::RegisterBenchmark("stats/pool", run_pool)->RangeMultiplier(16)->Range(4, 4096);
	return {"stats",           "a snapshot of a pool's figures, by connections",
	        axis::size,        false,
	        {"lines", "pool"}, 0.0};
}
