/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Searching the executions of one case with Relacy.
 */
#include <chrono>
#include <csignal>

#include "relacy_inside.h"

#include "relacy_engine.h"

/* Steps after which an execution counts as one that does not end. */
#define STEPS_MAX 20000

/* Executions between two looks at the clock. */
#define LOOK_EVERY 16

using steady = std::chrono::steady_clock;

static const relacy_case *current;
static uint64_t executions;
static uint64_t executions_max;
static steady::time_point stop_at;
static volatile std::sig_atomic_t interrupted;

static bool is_over(void)
{
	if (interrupted != 0 || executions == executions_max)
		return true;
	return executions % LOOK_EVERY == LOOK_EVERY - 1 && steady::now() >= stop_at;
}

template <int count> static void mark_unseen(void *data)
{
	auto *of = static_cast<rl::atomic_data_impl<count> *>(static_cast<rl::atomic_data *>(data));
	auto &record = of->history_[of->current_index_ % rl::atomic_history_size];

	for (int i = 0; i < count; i++)
		record.first_seen_order_[i] = (rl::timestamp_t)-1;
}

template <int count> struct suite : rl::test_suite<suite<count>, count> {
	void before()
	{
		RL_UNTIL(is_over());
		executions++;
		machine_begin(count, &mark_unseen<count>);
		current->family->before(current);
	}

	void thread(unsigned index)
	{
		machine_thread_begins();
		current->family->thread(current, (int)index);
		machine_thread_ended();
	}

	void after()
	{
		machine_threads_ended();
		current->family->after(current);
		machine_end();
	}
};

template <int count>
static rl::test_result_e run(rl::test_params &params, rl::ostringstream &state, bool again)
{
	switch (params.search_type) {
	case rl::sched_bound:
		return rl::run_test<suite<count>, rl::context_bound_scheduler<count>>(params, state, again);
	case rl::sched_full:
		return rl::run_test<suite<count>, rl::full_search_scheduler<count>>(params, state, again);
	default:
		return rl::run_test<suite<count>, rl::random_scheduler<count>>(params, state, again);
	}
}

static rl::test_result_e run_threads(rl::test_params &params, rl::ostringstream &state, bool again)
{
	return current->threads == 2 ? run<2>(params, state, again) : run<3>(params, state, again);
}

/* Run one execution again, for its report; true if it failed. */
static bool report(rl::test_params &params, const std::string &state)
{
	rl::ostringstream unused;

	params.initial_state = state.c_str();
	params.collect_history = true;
	executions_max = executions + 1;
	stop_at = steady::time_point::max();
	const rl::test_result_e outcome = run_threads(params, unused, true);

	std::cout << std::flush;
	return outcome != rl::test_result_success && outcome != rl::test_result_until_condition_hit;
}

found search_run(const search &what)
{
	static const rl::scheduler_type_e types[] = {rl::sched_random, rl::sched_bound, rl::sched_full};
	std::ostream nowhere(NULL);
	rl::test_params params;
	rl::ostringstream state;
	found result = {};

	current = what.it;
	executions = 0;
	executions_max = what.iterations == 0 ? UINT64_MAX : what.iterations;
	stop_at = steady::now() + std::chrono::duration_cast<steady::duration>(
								  std::chrono::duration<double>(what.seconds));
	params.search_type = types[what.mode];
	params.context_bound = what.bound;
	params.iteration_count = UINT64_MAX;
	params.execution_depth_limit = STEPS_MAX;
	params.progress_stream = &nowhere;
	if (!what.replay.empty()) {
		result.failed = report(params, what.replay);
		result.iterations = 1;
		return result;
	}
	if (what.mode == SEARCH_RANDOM)
		params.initial_state = std::to_string(what.seed).c_str();

	const rl::test_result_e outcome = run_threads(params, state, false);

	result.iterations = executions;
	result.complete = outcome == rl::test_result_success;
	result.failed = !result.complete && outcome != rl::test_result_until_condition_hit;
	if (result.failed) {
		result.replay = state.str().c_str();
		if (!what.it->wrong)
			(void)report(params, result.replay);
	}
	return result;
}

void search_interrupt(void)
{
	interrupted = 1;
}

bool search_interrupted(void)
{
	return interrupted != 0;
}
