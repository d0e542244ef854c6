/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-micro: what an uncontended lease costs, beside the floor under it: one
 * `lock cmpxchg` that claims a word nobody else wants, and the plain store that
 * releases it. No pool that keeps slots in shared words can do with less.
 *
 * Each loop is a function of its own that the compiler may not merge with its
 * surroundings, and runs a batch for each question to the framework. Repetitions
 * of all benchmarks are shuffled into each other, and the ratios come from the
 * medians of one run: absolute figures differ from machine to machine, and from
 * minute to minute.
 */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <weir/weir.h>

#include "source.h"
#include "variant.h"

namespace
{

constexpr int batch = 1000;
constexpr unsigned threads_max = 8;
/* More than threads, so that nobody waits: this measures the lease alone. */
constexpr unsigned conns = 10;
constexpr int64_t timeout_ns = 5000000000;
constexpr double ratio_target = 2.0;

struct alignas(128) padded_word {
	std::atomic<uint32_t> state{0};
};

[[noreturn]] void give_up(const char *what)
{
	std::fprintf(stderr, "weir-micro: %s\n", what);
	std::exit(1);
}

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

/* The processor time of each repetition, by benchmark and number of threads.
 * Processor time, because another process that interrupts a repetition then
 * stays out of it. */
class ratio_reporter : public benchmark::BenchmarkReporter
{
  public:
	bool ReportContext(const Context &) override
	{
		return true;
	}
	void ReportRuns(const std::vector<Run> &runs) override
	{
		for (const Run &run : runs) {
			if (run.error_occurred)
				give_up(run.error_message.c_str());
			if (run.run_type == Run::RT_Iteration)
				times[{run.run_name.function_name, run.threads}].push_back(
					run.GetAdjustedCPUTime());
		}
	}
	void print(const std::vector<std::string> &names) const;

  private:
	double median(const std::string &name, int64_t threads) const;

	std::map<std::pair<std::string, int64_t>, std::vector<double>> times;
};

double ratio_reporter::median(const std::string &name, int64_t threads) const
{
	const auto found = times.find({name, threads});

	if (found == times.end())
		return 0.0;
	std::vector<double> sorted = found->second;
	std::sort(sorted.begin(), sorted.end());
	return (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2.0;
}

void print_time(double ns)
{
	if (ns > 0.0)
		std::printf(" %10.2f", ns);
	else
		std::printf(" %10s", "-");
}

/* One line for each number of threads: the times, and weir's over the floor's. */
void ratio_reporter::print(const std::vector<std::string> &names) const
{
	if (times.empty())
		return; /* only listed, or filtered away */
	std::printf("processor ns for acquire + release, median\n%-8s", "threads");
	for (const std::string &name : names)
		std::printf(" %10s", name.c_str());
	std::printf(" %10s\n", "weir/floor");
	for (int64_t threads = 1; threads <= threads_max; threads *= 2) {
		const double floor_ns = median(names[0], threads);
		const double weir_ns = median(names[1], threads);

		std::printf("%-8lld", static_cast<long long>(threads));
		for (const std::string &name : names)
			print_time(median(name, threads));
		if (floor_ns > 0.0 && weir_ns > 0.0)
			std::printf(" %10.2f\n", weir_ns / floor_ns);
		else
			std::printf(" %10s\n", "-");
	}
	if (median(names[0], 1) > 0.0 && median(names[1], 1) > 0.0)
		std::printf("target: at most %.1f with 1 thread: %s\n", ratio_target,
		            median(names[1], 1) <= ratio_target * median(names[0], 1) ? "met" : "not met");
}

void register_all(const shared_pool &weir, const shared_pool &mutex_lifo,
                  const shared_pool &ck_ring, std::array<padded_word, threads_max> &words)
{
	/* A producer of ck_ring waits for the one before it. Where that one may have
	 * lost its processor, a repetition would take minutes. */
	const int at_once = std::min<int>(threads_max, benchmark::CPUInfo::Get().num_cpus);
	const auto add = [](const char *name, int threads, auto loop) {
		benchmark::RegisterBenchmark(name, [loop](benchmark::State &state) {
			while (state.KeepRunningBatch(batch))
				loop(static_cast<unsigned>(state.thread_index()));
		})->ThreadRange(1, threads);
	};

	add("floor", threads_max,
	    [&words](unsigned thread) { floor_loop(words[thread].state, batch); });
	add("weir", threads_max,
	    [&weir](unsigned) { weir_loop(static_cast<weir_pool *>(weir.pool), batch); });
	add("mutex-lifo", threads_max,
	    [&mutex_lifo](unsigned thread) { variant_loop(mutex_lifo, thread, batch); });
	add("ck-ring", at_once, [&ck_ring](unsigned thread) { variant_loop(ck_ring, thread, batch); });
}

} // namespace

int main(int argc, char **argv)
{
	/* The framework's own flags, first, so that the user's win. */
	std::vector<std::string> defaults = {
		argv[0],
		"--benchmark_repetitions=9",
		"--benchmark_min_time=0.02",
		"--benchmark_enable_random_interleaving=true",
	};
	std::vector<char *> arguments;

	for (std::string &text : defaults)
		arguments.push_back(text.data());
	arguments.insert(arguments.end(), argv + 1, argv + argc);
	int count = static_cast<int>(arguments.size());
	benchmark::Initialize(&count, arguments.data());
	if (benchmark::ReportUnrecognizedArguments(count, arguments.data()))
		return 2;

	std::array<padded_word, threads_max> words;
	const shared_pool weir(bench_variant_weir);
	const shared_pool mutex_lifo(bench_variant_mutex_lifo);
	const shared_pool ck_ring(bench_variant_ck_ring);
	ratio_reporter reporter;

	register_all(weir, mutex_lifo, ck_ring, words);
	benchmark::RunSpecifiedBenchmarks(&reporter);
	benchmark::Shutdown();
	reporter.print({"floor", "weir", "mutex-lifo", "ck-ring"});
	return std::fflush(stdout) == 0 ? 0 : 1;
}
