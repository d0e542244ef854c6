/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the histograms of waits and uses cost a lease that does not wait: one lease in many
 * of a slot reads a clock twice and counts. The floor is the same lease of a pool that
 * keeps none.
 */
#include <algorithm>

#include <weir/stub.h>
#include <weir/weir.h>

#include "micro.h"

namespace
{

using micro::batch;
using micro::give_up;

/* More than threads, so that nobody waits. */
constexpr int conns = 10;
constexpr int threads_max = 8;
constexpr double ratio_target = 1.1;

class pool_of_its_own
{
  public:
	explicit pool_of_its_own(bool metrics)
	{
		const weir_driver *const driver = weir_stub_bare_driver();
		weir_error err = WEIR_ERROR_INIT;
		weir_config config;

		weir_config_init(&config, driver);
		config.max_size = conns;
		config.min_idle = conns;
		config.metrics = metrics ? 1 : 0;
		if (weir_pool_create(&pool, driver, nullptr, &config, &err) != WEIR_OK)
			give_up("a pool could not be made", err);
	}
	~pool_of_its_own()
	{
		weir_pool_destroy(pool);
	}
	pool_of_its_own(const pool_of_its_own &) = delete;
	pool_of_its_own &operator=(const pool_of_its_own &) = delete;

	weir_pool *pool = nullptr;
};

__attribute__((noinline)) void lease_loop(weir_pool *pool)
{
	weir_lease lease = {};

	for (int i = 0; i < batch; i++)
		if (weir_acquire(pool, &lease, nullptr) != WEIR_OK ||
		    weir_release(&lease, nullptr) != WEIR_OK)
			give_up("weir gave no lease, or refused one that it gave");
}

void add(const char *name, const pool_of_its_own &of, int threads)
{
	benchmark::RegisterBenchmark(name, [&of](benchmark::State &state) {
		while (state.KeepRunningBatch(batch))
			lease_loop(of.pool);
	})->ThreadRange(1, threads);
}

} // namespace

micro::family micro::register_metrics()
{
	static const pool_of_its_own off(false);
	static const pool_of_its_own on(true);
	const int at_once = std::min<int>(threads_max, benchmark::CPUInfo::Get().num_cpus);

	add("metrics/off", off, at_once);
	add("metrics/on", on, at_once);
	return {"metrics",     "acquire and release, with histograms and without",
	        axis::threads, false,
	        {"off", "on"}, ratio_target};
}
