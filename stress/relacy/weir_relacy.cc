/* SPDX-License-Identifier: BSD-2-Clause
 *
 * weir-relacy: the protocol sources under Relacy. See README.md beside it.
 */
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "relacy_engine.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_INTERRUPTED 8

#define SECONDS_DEFAULT 50.0
#define BOUND_DEFAULT 2 /* of --mode bound */
#define BOUND_MAX 9     /* without --mode: as far as the time goes */

/* The part of a case's time that is for the bounded search, without --mode. */
#define BOUND_PART 0.6

static const char usage[] =
	"usage: weir-relacy list\n"
	"       weir-relacy run [CASE...] [--mode random|bound|full] [--bound N] [--seed N]\n"
	"                       [--iterations N] [--seconds S] [--replay STATE]\n"
	"       weir-relacy --help\n"
	"\n"
	"Runs weir's protocol sources under Relacy, which gives loads any value that the C11\n"
	"memory model allows. Each case is two or three threads that carry out one operation.\n"
	"\n"
	"  CASE           its name, or a prefix of some names; all of them if none is given\n"
	"  --mode         random: draw executions; bound: all with --bound switches away from a\n"
	"                 thread that could go on; full: all. Without it: the bounds from 0 up,\n"
	"                 as far as 0.6 of the case's time goes, then random.\n"
	"  --bound N      of --mode bound; default 2\n"
	"  --seed N       of the first random execution, 1 and up; default 1\n"
	"  --iterations N at most so many executions a case\n"
	"  --seconds S    for all cases together; default 50\n"
	"  --replay STATE repeat one execution of one case, with the same --mode and --bound, and\n"
	"                 print what happened in it\n"
	"\n"
	"A line a case: verdict, name, then for each search its mode, \"complete\" or \"cut\"\n"
	"(random is never complete) and the executions. Wrong programs are among the cases,\n"
	"which must be \"refuted\". The last line: N passed, N failed.\n"
	"Exit: 0 passed, 1 failed, 2 usage, 8 interrupted.\n";

static const struct case_list *const lists[] = {
	&litmus_case_list, &word_case_list, &waitq_case_list,
	&pool_case_list,   &gate_case_list, &turnstile_case_list,
};

struct options {
	std::vector<const char *> names;
	int mode = -1;
	unsigned bound = BOUND_DEFAULT;
	uint64_t seed = 1;
	uint64_t iterations = 0;
	double seconds = SECONDS_DEFAULT;
	const char *replay = "";
};

static const char *const mode_names[] = {"random", "bound", "full"};

static void on_interrupt(int)
{
	search_interrupt();
}

/* ---- the command line ---- */

static bool read_number(const char *text, uint64_t *number)
{
	char *end = NULL;

	*number = std::strtoull(text, &end, 10);
	return end != text && *end == '\0' && text[0] != '-';
}

static bool read_mode(const char *text, int *mode)
{
	for (int i = 0; i < 3; i++) {
		if (std::strcmp(text, mode_names[i]) == 0) {
			*mode = i;
			return true;
		}
	}
	return false;
}

static bool read_option(const char *name, const char *value, options *to)
{
	uint64_t number = 0;
	char *end = NULL;

	if (std::strcmp(name, "--mode") == 0)
		return read_mode(value, &to->mode);
	if (std::strcmp(name, "--replay") == 0) {
		to->replay = value;
		return value[0] != '\0';
	}
	if (std::strcmp(name, "--seconds") == 0) {
		to->seconds = std::strtod(value, &end);
		return end != value && *end == '\0' && to->seconds > 0;
	}
	if (!read_number(value, &number))
		return false;
	if (std::strcmp(name, "--bound") == 0)
		to->bound = (unsigned)number;
	else if (std::strcmp(name, "--iterations") == 0)
		to->iterations = number;
	else if (std::strcmp(name, "--seed") == 0 && number > 0)
		to->seed = number;
	else
		return false;
	return true;
}

static bool read_options(int argc, char **argv, options *to)
{
	for (int i = 2; i < argc; i++) {
		if (argv[i][0] != '-') {
			to->names.push_back(argv[i]);
			continue;
		}
		if (i + 1 == argc || !read_option(argv[i], argv[i + 1], to)) {
			std::fprintf(stderr, "weir-relacy: %s: not understood; see --help\n", argv[i]);
			return false;
		}
		i++;
	}
	return true;
}

static std::vector<const relacy_case *> choose(const char *prefix)
{
	std::vector<const relacy_case *> chosen;

	for (const case_list *list : lists) {
		for (size_t i = 0; i < list->count; i++) {
			if (std::strcmp(list->cases[i].name, prefix) == 0)
				return {&list->cases[i]};
			if (std::strncmp(list->cases[i].name, prefix, std::strlen(prefix)) == 0)
				chosen.push_back(&list->cases[i]);
		}
	}
	return chosen;
}

/* ---- running ---- */

static double seconds_now(void)
{
	return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
	    .count();
}

/* The bound is part of what a state means. */
static void say_replay(const search &what, const std::string &state)
{
	const std::string bound = what.mode == SEARCH_BOUND ? " --bound " + std::to_string(what.bound)
	                                                    : "";

	std::printf("\nreplay: weir-relacy run %s --mode %s%s --replay '%s'\n\n", what.it->name,
	            mode_names[what.mode], bound.c_str(), state.c_str());
}

/* One search; false if it failed. Adds to line what became of it. */
static bool run_search(const search &what, std::string *line, bool *complete)
{
	const found result = search_run(what);
	char text[96];

	if (what.mode == SEARCH_BOUND)
		std::snprintf(text, sizeof text, "  bound %u %s %llu", what.bound,
		              result.complete ? "complete" : "cut", (unsigned long long)result.iterations);
	else
		std::snprintf(text, sizeof text, "  %s %s %llu", mode_names[what.mode],
		              result.complete ? "complete" : "cut", (unsigned long long)result.iterations);
	*line += text;
	*complete = result.complete;
	if (result.failed && !what.it->wrong)
		say_replay(what, result.replay);
	return !result.failed;
}

/* All bounds from 0 up that fit; line names the last that was complete, and the one
 * that was cut. */
static bool run_bounds(search what, double until, std::string *line)
{
	std::string last;
	bool complete = true;

	for (what.bound = 0; complete && what.bound <= BOUND_MAX; what.bound++) {
		std::string text;

		what.seconds = until - seconds_now();
		if (what.seconds <= 0 || search_interrupted())
			break;
		const bool passed = run_search(what, &text, &complete);

		if (!passed || !complete) {
			*line += last + text;
			return passed;
		}
		last = text;
	}
	*line += last;
	return true;
}

static bool run_case(const relacy_case *it, const options &given, double seconds)
{
	search what = {it, SEARCH_RANDOM, given.bound, given.seed, given.iterations, seconds, ""};
	const double begin = seconds_now();
	std::string line;
	bool complete = false;
	bool passed = true;

	if (given.mode >= 0) {
		what.mode = (search_mode)given.mode;
		passed = run_search(what, &line, &complete);
	} else {
		what.mode = SEARCH_BOUND;
		passed = run_bounds(what, begin + seconds * BOUND_PART, &line);
		what.mode = SEARCH_RANDOM;
		what.seconds = begin + seconds - seconds_now();
		if (passed && what.seconds > 0 && !search_interrupted())
			passed = run_search(what, &line, &complete);
	}
	if (it->wrong) {
		line += passed ? "  not refuted" : "  refuted";
		passed = !passed;
	}
	std::printf("%s  %-28s%s\n", passed ? "passed" : "FAILED", it->name, line.c_str());
	std::fflush(stdout);
	return passed;
}

static int replay(const std::vector<const relacy_case *> &chosen, const options &given)
{
	search what = {chosen[0], SEARCH_RANDOM, given.bound, 1, 0, 0, given.replay};

	if (chosen.size() != 1 || given.mode < 0) {
		std::fputs("weir-relacy: --replay needs one case and its --mode\n", stderr);
		return EXIT_USAGE;
	}
	what.mode = (search_mode)given.mode;
	const bool failed = search_run(what).failed;

	std::printf("%d passed, %d failed\n", failed ? 0 : 1, failed ? 1 : 0);
	return failed ? EXIT_FAILED : 0;
}

static int run(const options &given)
{
	std::vector<const relacy_case *> chosen;
	int failed = 0;
	size_t done = 0;

	for (const char *name : given.names.empty() ? std::vector<const char *>{""} : given.names) {
		const std::vector<const relacy_case *> more = choose(name);

		if (more.empty()) {
			std::fprintf(stderr, "weir-relacy: no case is called %s; see list\n", name);
			return EXIT_USAGE;
		}
		chosen.insert(chosen.end(), more.begin(), more.end());
	}
	if (given.replay[0] != '\0')
		return replay(chosen, given);

	const double end = seconds_now() + given.seconds;

	for (; done < chosen.size() && !search_interrupted(); done++) {
		const double left = end - seconds_now();

		failed += !run_case(chosen[done], given, left / (double)(chosen.size() - done));
	}
	std::printf("%zu passed, %d failed\n", done - (size_t)failed, failed);
	if (search_interrupted())
		return EXIT_INTERRUPTED;
	return failed == 0 ? 0 : EXIT_FAILED;
}

static int list(void)
{
	for (const case_list *one : lists) {
		for (size_t i = 0; i < one->count; i++)
			std::printf("%-28s %d threads\n", one->cases[i].name, one->cases[i].threads);
	}
	return 0;
}

int main(int argc, char **argv)
{
	options given;

	(void)std::signal(SIGINT, on_interrupt);
	(void)std::signal(SIGTERM, on_interrupt);
	if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
		std::fputs(usage, stdout);
		return 0;
	}
	if (argc == 2 && std::strcmp(argv[1], "list") == 0)
		return list();
	if (argc >= 2 && std::strcmp(argv[1], "run") == 0)
		return read_options(argc, argv, &given) ? run(given) : EXIT_USAGE;
	std::fputs(usage, stderr);
	return EXIT_USAGE;
}
