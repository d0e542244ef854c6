/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A second thread that waits. See parked_pair.h.
 */
#include "parked_pair.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace micro
{

int64_t now_ns()
{
	return std::chrono::duration_cast<std::chrono::nanoseconds>(
			   std::chrono::steady_clock::now().time_since_epoch())
	    .count();
}

parked_pair::parked_pair(std::function<void(parked_pair &)> wait_once) : wait(std::move(wait_once))
{
	thread = std::thread([this] { main(); });
	while (tid.load(std::memory_order_acquire) == 0)
		(void)sched_yield();
}

parked_pair::~parked_pair()
{
	stop.store(true, std::memory_order_release);
	armed.fetch_add(1, std::memory_order_release);
	thread.join();
}

void parked_pair::main()
{
	unsigned round = 0;

	tid.store(static_cast<int>(syscall(SYS_gettid)), std::memory_order_release);
	for (;;) {
		/* Yields rather than sleeps: a thread that sleeps here would look parked. */
		while (armed.load(std::memory_order_acquire) == round)
			(void)sched_yield();
		if (stop.load(std::memory_order_acquire))
			return;
		round++;
		wait(*this);
		over.store(round, std::memory_order_release);
	}
}

/* Its state in /proc: S once it has left the processor to wait. */
bool parked_pair::sleeps() const
{
	char path[64];
	char text[512];
	std::FILE *file;
	size_t length;
	const char *end;

	(void)std::snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
	                    tid.load(std::memory_order_relaxed));
	file = std::fopen(path, "re");
	if (file == nullptr)
		return false;
	length = std::fread(text, 1, sizeof(text) - 1, file);
	(void)std::fclose(file);
	text[length] = '\0';
	end = std::strrchr(text, ')');
	return end != nullptr && end[1] == ' ' && end[2] == 'S';
}

void parked_pair::arm()
{
	woken_ns.store(0, std::memory_order_relaxed);
	armed.fetch_add(1, std::memory_order_release);
	while (!sleeps())
		(void)sched_yield();
}

int64_t parked_pair::finish()
{
	const unsigned round = armed.load(std::memory_order_relaxed);

	while (over.load(std::memory_order_acquire) != round)
		(void)sched_yield();
	return woken_ns.load(std::memory_order_acquire);
}

} // namespace micro
