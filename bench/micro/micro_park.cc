/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parking and waking in turn: two threads of which one waits while the other goes.
 * A step is one park and one wake; the floor is two threads that do it on a bare
 * futex.
 */
#include <atomic>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "micro.h"
#include "plain_pool.h"

namespace
{

constexpr char settings[] = "max_size=1 min_idle=1 fairness=fifo";

void wait_for(std::atomic<uint32_t> &turn, uint32_t mine)
{
	for (uint32_t seen = turn.load(std::memory_order_acquire); seen != mine;
	     seen = turn.load(std::memory_order_acquire))
		(void)syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}

void pass_to(std::atomic<uint32_t> &turn, uint32_t other)
{
	turn.store(other, std::memory_order_release);
	(void)syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

/* Both threads of a run do as many steps, so each finds the other there. */
void run_futex(benchmark::State &state)
{
	static std::atomic<uint32_t> turn{0};
	const auto mine = static_cast<uint32_t>(state.thread_index());

	for ([[maybe_unused]] auto step : state) {
		wait_for(turn, mine);
		pass_to(turn, 1 - mine);
	}
}

/* Two pools of one connection each, as two semaphores: who has taken one gives the
 * other's back, so that the threads go strictly in turn. At rest the second is
 * taken. */
class two_semaphores
{
  public:
	two_semaphores()
	{
		pools[1].acquire(leases[1]);
	}
	~two_semaphores()
	{
		pools[1].release(leases[1]);
	}

	void step(int mine)
	{
		const int other = 1 - mine;
		weir_lease taken = {};

		/* The other thread reads leases[mine] until it has released it, which is
		 * what this one waits for. */
		pools[mine].acquire(taken);
		leases[mine] = taken;
		pools[other].release(leases[other]);
	}

  private:
	micro::plain_pool pools[2] = {micro::plain_pool(settings), micro::plain_pool(settings)};
	weir_lease leases[2] = {};
};

void run_weir(benchmark::State &state)
{
	static two_semaphores semaphores;

	for ([[maybe_unused]] auto step : state)
		semaphores.step(state.thread_index());
}

} // namespace

micro::family micro::register_park()
{
	const auto add = [](const char *name, auto run) {
		benchmark::RegisterBenchmark(name, run)->Threads(2)->UseRealTime();
	};

	add("park/futex", run_futex);
	add("park/weir", run_weir);
	return {"park",
	        "two threads that park and wake each other in turn",
	        axis::none,
	        true,
	        {"futex", "weir"},
	        0.0};
}
