/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-micro: runs the families and prints a table for each. See micro.h.
 */
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include "micro.h"

namespace micro
{

void give_up(const char *what)
{
	(void)std::fprintf(stderr, "weir-micro: %s\n", what);
	std::exit(1);
}

void give_up(const char *what, const weir_error &err)
{
	char text[2048];

	(void)weir_error_describe(&err, text, sizeof(text));
	(void)std::fprintf(stderr, "weir-micro: %s: %s\n", what, text);
	std::exit(1);
}

} // namespace micro

namespace
{

using micro::axis;
using micro::family;

/* The time of each repetition, by <family>/<column> and by threads or size. The
 * framework's own reporter runs too where the user asked for its output. */
class medians : public benchmark::BenchmarkReporter
{
  public:
	explicit medians(const std::vector<family> &all) : families(all)
	{
	}

	bool ReportContext(const Context &) override
	{
		return true;
	}

	void ReportRuns(const std::vector<Run> &runs) override
	{
		for (const Run &run : runs) {
			if (run.error_occurred)
				micro::give_up(run.error_message.c_str());
			if (run.run_type != Run::RT_Iteration)
				continue;
			const std::string &name = run.run_name.function_name;
			const family *const of = find(name);

			if (of == nullptr)
				continue;
			times[{name, place(*of, run)}].push_back(of->wall ? run.GetAdjustedRealTime()
			                                                  : run.GetAdjustedCPUTime());
		}
	}

	bool has(const family &of) const
	{
		return !places(of).empty();
	}

	std::set<int64_t> places(const family &of) const
	{
		std::set<int64_t> found;

		for (const auto &[key, values] : times)
			if (find(key.first) == &of)
				found.insert(key.second);
		return found;
	}

	/* 0: not measured. */
	double median(const family &of, const std::string &column, int64_t at) const
	{
		const auto found = times.find({std::string(of.name) + "/" + column, at});

		if (found == times.end())
			return 0.0;
		std::vector<double> sorted = found->second;
		std::sort(sorted.begin(), sorted.end());
		return (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2.0;
	}

  private:
	const family *find(const std::string &name) const
	{
		for (const family &of : families)
			if (name.compare(0, name.find('/'), of.name) == 0)
				return &of;
		return nullptr;
	}

	static int64_t place(const family &of, const Run &run)
	{
		if (of.along == axis::threads)
			return run.threads;
		if (of.along == axis::size && !run.run_name.args.empty())
			return std::strtoll(run.run_name.args.c_str(), nullptr, 10);
		return 0;
	}

	const std::vector<family> &families;
	std::map<std::pair<std::string, int64_t>, std::vector<double>> times;
};

void print_time(double ns, int width)
{
	if (ns > 0.0)
		(void)std::printf(ns < 100.0 ? " %*.2f" : " %*.0f", width, ns);
	else
		(void)std::printf(" %*s", width, "-");
}

int width_of(const std::string &column)
{
	return std::max(10, static_cast<int>(column.size()));
}

/* One row for each number of threads or size: the times, and the second column
 * over the floor. */
void print(const family &of, const medians &times)
{
	static const char *const heads[] = {"", "threads", "size"};
	const std::string ratio = of.columns[1] + "/" + of.columns[0];

	(void)std::printf("%s: %s (%s ns, median)\n%-8s", of.name, of.question,
	                  of.wall ? "wall" : "processor", heads[static_cast<int>(of.along)]);
	for (const std::string &column : of.columns)
		(void)std::printf(" %*s", width_of(column), column.c_str());
	(void)std::printf(" %*s\n", width_of(ratio), ratio.c_str());
	for (const int64_t at : times.places(of)) {
		const double floor_ns = times.median(of, of.columns[0], at);
		const double own_ns = times.median(of, of.columns[1], at);

		if (of.along == axis::none)
			(void)std::printf("%-8s", "");
		else
			(void)std::printf("%-8lld", static_cast<long long>(at));
		for (const std::string &column : of.columns)
			print_time(times.median(of, column, at), width_of(column));
		if (floor_ns > 0.0 && own_ns > 0.0)
			(void)std::printf(" %*.2f\n", width_of(ratio), own_ns / floor_ns);
		else
			(void)std::printf(" %*s\n", width_of(ratio), "-");
	}
}

void judge(const family &of, const medians &times)
{
	const int64_t first = *times.places(of).begin();
	const double floor_ns = times.median(of, of.columns[0], first);
	const double own_ns = times.median(of, of.columns[1], first);

	if (of.target <= 0.0 || floor_ns <= 0.0 || own_ns <= 0.0)
		return;
	(void)std::printf("target: at most %.1f%s: %s\n", of.target,
	                  of.along == axis::threads ? " with 1 thread" : "",
	                  own_ns <= of.target * floor_ns ? "met" : "not met");
}

const char help[] = "usage: weir-micro [options]\n"
					"\n"
					"Measures each primitive of weir beside the floor under it: the least that\n"
					"anything of that kind can cost. Two minutes; the machine should be idle.\n"
					"\n"
					"  --benchmark_filter=REGEX   only these, as in ^lease/ or ^gate/\n"
					"  --benchmark_list_tests     names them\n"
					"  --benchmark_out=FILE --benchmark_out_format=json\n"
					"                             every repetition, for weir-bench compare\n"
					"  --help                     this text\n"
					"\n"
					"The other options of google-benchmark are accepted, too. Exit codes: 0 done,\n"
					"1 failed, 2 wrong use.\n";

bool asks_for_help(int argc, char **argv)
{
	return std::any_of(argv + 1, argv + argc, [](const char *argument) {
		return std::string(argument) == "--help" || std::string(argument) == "-h";
	});
}

/* The framework's own flags, first, so that the user's win. */
bool initialize(int argc, char **argv, std::vector<std::string> &defaults)
{
	std::vector<char *> arguments;

	defaults = {
		argv[0],
		"--benchmark_repetitions=9",
		"--benchmark_min_time=0.02",
		"--benchmark_enable_random_interleaving=true",
	};
	for (std::string &text : defaults)
		arguments.push_back(text.data());
	arguments.insert(arguments.end(), argv + 1, argv + argc);
	int count = static_cast<int>(arguments.size());
	benchmark::Initialize(&count, arguments.data());
	return !benchmark::ReportUnrecognizedArguments(count, arguments.data());
}

} // namespace

int main(int argc, char **argv)
{
	std::vector<std::string> defaults;
	bool first = true;

	if (asks_for_help(argc, argv)) {
		(void)std::fputs(help, stdout);
		return 0;
	}
	if (!initialize(argc, argv, defaults))
		return 2;

	const std::vector<family> families = {
		micro::register_lease(),  micro::register_handoff(), micro::register_park(),
		micro::register_gate(),   micro::register_group(),   micro::register_statement(),
		micro::register_config(), micro::register_stats(),   micro::register_metrics(),
	};
	medians times(families);

	benchmark::RunSpecifiedBenchmarks(&times);
	benchmark::Shutdown();
	for (const family &of : families) {
		if (!times.has(of))
			continue; /* only listed, or filtered away */
		(void)std::printf("%s", first ? "" : "\n");
		print(of, times);
		judge(of, times);
		first = false;
	}
	return std::fflush(stdout) == 0 ? 0 : 1;
}
