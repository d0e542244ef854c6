/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Entering and leaving the gate, beside a mutex: what a fair queue with deadlines
 * costs where nobody waits, and where all do. A contended mutex serves whoever
 * comes back first, so from two threads on it is no like for like: it shows the
 * price of taking turns.
 */
#include <memory>
#include <mutex>

#include <weir/gate.h>
#include <weir/weir.h>

#include "micro.h"

namespace
{

using micro::give_up;

constexpr int threads_max = 4;

void run_mutex(benchmark::State &state)
{
	static std::mutex mutex;

	for ([[maybe_unused]] auto round : state)
		benchmark::DoNotOptimize(std::lock_guard<std::mutex>(mutex));
}

weir_gate *shared_gate()
{
	static const std::unique_ptr<weir_gate, void (*)(weir_gate *)> gate(
		[] {
			weir_error err = WEIR_ERROR_INIT;
			weir_gate *made = nullptr;

			if (weir_gate_create(&made, nullptr, &err) != WEIR_OK)
				give_up("a gate could not be made", err);
			return made;
		}(),
		weir_gate_destroy);

	return gate.get();
}

void enter_and_leave(weir_gate *gate)
{
	weir_gate_request request = {};
	weir_gate_entry *entry = nullptr;
	weir_error err = WEIR_ERROR_INIT;

	request.kind = WEIR_GATE_EXCLUSIVE;
	request.deadline = weir_deadline_in(WEIR_SECONDS(60));
	request.waits = true;
	if (weir_gate_queue(gate, &request, &entry, &err) != WEIR_OK)
		give_up("the gate refused an entry", err);
	if (weir_gate_wait(entry, request.deadline) != WEIR_GATE_HELD)
		give_up("the gate was not free within a minute");
	weir_gate_leave(gate, nullptr, 0);
	if (weir_gate_collect(entry, &err) != WEIR_OK)
		give_up("an entry could not be collected", err);
}

void run_gate(benchmark::State &state)
{
	weir_gate *const gate = shared_gate();

	for ([[maybe_unused]] auto round : state)
		enter_and_leave(gate);
}

} // namespace

micro::family micro::register_gate()
{
	benchmark::RegisterBenchmark("gate/mutex", run_mutex)
		->ThreadRange(1, threads_max)
		->UseRealTime();
	benchmark::RegisterBenchmark("gate/weir", run_gate)->ThreadRange(1, threads_max)->UseRealTime();
	return {"gate", "enter and leave the gate", axis::threads, true, {"mutex", "weir"}, 0.0};
}
