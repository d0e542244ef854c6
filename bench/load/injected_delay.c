/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Slower on purpose. See injected_delay.h.
 */
#include "injected_delay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"
#include "work.h"

#define VARIABLE "WEIR_BENCH_DELAY"

#ifndef WEIR_BENCH_DELAY

bool bench_delay_prepare(double links_per_us, char *problem, size_t problem_size)
{
	(void)links_per_us;
	if (getenv(VARIABLE) == NULL)
		return true;
	(void)snprintf(problem, problem_size,
	               VARIABLE " is set, but this build cannot be slowed down: configure it with "
	                        "-D" VARIABLE "=ON");
	return false;
}

bool bench_delay_is_set(void)
{
	return false;
}

void bench_delay_stretch(struct bench_hold *hold)
{
	(void)hold;
}

#else

/* A reading of a thread's clock takes 0.2 us or more: one in 0.1 ms is below 1 %. */
#define WINDOW_NS INT64_C(100000)
#define FIRST_WINDOW 64
#define SHARE_MAX 100.0
#define DELAY_NS_MAX 1e9

/* Set before any thread is started, and not again. */
static struct {
	double share;
	double ns;
	double links_per_ns;
} injected;

bool bench_delay_prepare(double links_per_us, char *problem, size_t problem_size)
{
	const char *const text = getenv(VARIABLE);
	char *end = NULL;
	double number;

	injected.links_per_ns = links_per_us / 1e3;
	if (text == NULL)
		return true;
	number = strtod(text, &end);
	if (text[0] >= '0' && text[0] <= '9' && strcmp(end, "%") == 0 && number <= 100.0 * SHARE_MAX)
		injected.share = number / 100.0;
	else if (text[0] >= '0' && text[0] <= '9' && strcmp(end, "ns") == 0 && number <= DELAY_NS_MAX)
		injected.ns = number;
	else {
		(void)snprintf(problem, problem_size, VARIABLE " \"%s\": must be as 10%% or 150ns", text);
		return false;
	}
	return true;
}

bool bench_delay_is_set(void)
{
	return injected.share > 0.0 || injected.ns > 0.0;
}

void bench_delay_stretch(struct bench_hold *hold)
{
	for (unsigned i = 0; i < hold->parts_count; i++)
		if (hold->parts[i].kind == BENCH_HOLD_SLEEP)
			hold->parts[i].ns =
				(int64_t)((double)hold->parts[i].ns * (1.0 + injected.share) + injected.ns);
}

static int64_t thread_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * BENCH_NS_PER_S + now.tv_nsec;
}

struct bench_delay bench_delay_begin(void)
{
	return (struct bench_delay){
		.links = (uint64_t)(injected.ns * injected.links_per_ns + 0.5),
		.window = injected.share > 0.0 ? FIRST_WINDOW : UINT64_MAX,
		.cpu_ns = thread_ns(),
	};
}

/* What an operation takes without what was added to it, and so what to add. */
static void measure(struct bench_delay *delay)
{
	const int64_t now = thread_ns();
	const double took_ns = (double)(now - delay->cpu_ns) / (double)delay->ops;
	const double own_ns = took_ns - (double)delay->links / injected.links_per_ns;

	/* What was added once may have been far too much, if something slowed the first
	 * operations down. */
	if (own_ns > 0.0)
		delay->links = (uint64_t)(injected.share * own_ns * injected.links_per_ns + 0.5);
	else
		delay->links /= 2;
	if (now - delay->cpu_ns < WINDOW_NS && delay->window < UINT64_MAX / 2)
		delay->window *= 2;
	delay->ops = 0;
	delay->cpu_ns = now;
}

void bench_delay_run(struct bench_delay *delay)
{
	if (delay->links > 0)
		bench_work_run(delay->links);
	if (++delay->ops >= delay->window)
		measure(delay);
}

#endif
