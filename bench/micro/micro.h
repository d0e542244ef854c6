/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-micro: what each primitive costs, beside the floor under it.
 *
 * A family is one question ("what does a lease cost?") with several answers that
 * do the same job, the floor among them: the least that anything of that kind
 * can cost. Repetitions of all benchmarks are shuffled into each other, and the
 * ratios come from the medians of one run: absolute figures differ from machine
 * to machine, and from minute to minute.
 */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include <weir/error.h>

namespace micro
{

/* What varies along the rows of a family's table. */
enum class axis { none, threads, size };

struct family {
	const char *name;
	const char *question;
	axis along;
	/* Wall time, where what is measured is another thread's waking; else the
	 * processor's, because another process that interrupts a repetition then
	 * stays out of it. */
	bool wall;
	std::vector<std::string> columns; /* the floor first */
	double target;                    /* the second over the floor, at most; 0: none */
};

/* Each registers its benchmarks, named <family>/<column>, and says what they are. */
family register_lease();
family register_handoff();
family register_park();
family register_gate();
family register_group();
family register_statement();
family register_config();
family register_stats();
family register_metrics();

[[noreturn]] void give_up(const char *what);
[[noreturn]] void give_up(const char *what, const weir_error &err);

/* Iterations that one question to the framework stands for. */
constexpr int batch = 1000;

} // namespace micro

#endif
