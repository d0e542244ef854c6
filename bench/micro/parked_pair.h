/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A second thread that waits for what the measuring one lets go of. Whether it is
 * parked by now is read from the kernel: a waiter that still spins is woken for
 * nothing, and would make the floor look lower than it is.
 */
#ifndef BENCH_PARKED_PAIR_H
#define BENCH_PARKED_PAIR_H

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace micro
{

int64_t now_ns();

/* Runs wait() on a thread of its own, once for each arm(). */
class parked_pair
{
  public:
	/* wait: blocks until the measuring thread lets go, and undoes it after the
	 * moment it returned has been taken by woken(). */
	explicit parked_pair(std::function<void(parked_pair &)> wait);
	~parked_pair();
	parked_pair(const parked_pair &) = delete;
	parked_pair &operator=(const parked_pair &) = delete;

	/* Let the other thread begin to wait; returns once it sleeps in the kernel. */
	void arm();

	/* The other thread's: it runs again. */
	void woken()
	{
		woken_ns.store(now_ns(), std::memory_order_release);
	}

	/* When that was; waits for the round to end. */
	int64_t finish();

  private:
	void main();
	bool sleeps() const;

	std::function<void(parked_pair &)> wait;
	std::atomic<int64_t> woken_ns{0};
	std::atomic<unsigned> armed{0}; /* rounds asked for, and rounds over */
	std::atomic<unsigned> over{0};
	std::atomic<bool> stop{false};
	std::atomic<int> tid{0};
	std::thread thread;
};

} // namespace micro

#endif
