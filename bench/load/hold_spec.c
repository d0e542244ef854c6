/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a caller does while it holds a lease. See hold_spec.h.
 */
#include "hold_spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "monotonic.h"
#include "quantity.h"
#include "work.h"

#define HOLD_NS_MAX INT64_C(10000000000)
#define PERCENT_ALL 100.0
/* Three thirds written with two digits are meant to be a whole. */
#define PERCENT_SLACK 0.05

static const char *const kinds[] = {
	[BENCH_HOLD_WORK] = "work",
	[BENCH_HOLD_SLEEP] = "sleep",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Read "work:2us"; NULL, with a problem, if it is not one. */
static const char *read_part(const char *at, struct bench_hold_part *part, char *problem,
                             size_t problem_size)
{
	for (size_t kind = 0; kind < COUNT(kinds); kind++) {
		const size_t length = strlen(kinds[kind]);
		const char *end;

		if (strncmp(at, kinds[kind], length) != 0 || at[length] != ':')
			continue;
		part->kind = (enum bench_hold_kind)kind;
		end = bench_read_duration(at + length + 1, HOLD_NS_MAX, &part->ns);
		if (end == NULL)
			(void)snprintf(problem, problem_size,
			               "\"%s\" needs a duration from 1ns to 10s, as in %s:2us", at,
			               kinds[kind]);
		return end;
	}
	(void)snprintf(problem, problem_size,
	               "\"%s\" is not none, work:TIME, sleep:TIME or mix:SHARE%%work:TIME,…", at);
	return NULL;
}

/* Read the parts of "mix:", each a share and a hold. */
static bool read_mix(const char *at, struct bench_hold *hold, char *problem, size_t problem_size)
{
	double total = 0.0;

	for (;;) {
		struct bench_hold_part *part = &hold->parts[hold->parts_count];
		double share;
		const char *end;

		if (hold->parts_count == BENCH_HOLD_PARTS_MAX) {
			(void)snprintf(problem, problem_size, "a mix has at most %d parts",
			               BENCH_HOLD_PARTS_MAX);
			return false;
		}
		end = bench_read_number(at, &share);
		if (end == NULL || *end != '%' || share <= 0.0) {
			(void)snprintf(problem, problem_size, "\"%s\" needs a share first, as in 95%%work:1us",
			               at);
			return false;
		}
		at = read_part(end + 1, part, problem, problem_size);
		if (at == NULL)
			return false;
		total += share;
		part->below = total >= PERCENT_ALL ? UINT32_MAX
		                                   : (uint32_t)(total / PERCENT_ALL * (double)UINT32_MAX);
		hold->parts_count++;
		if (*at == '\0')
			break;
		at++;
	}
	if (total < PERCENT_ALL - PERCENT_SLACK || total > PERCENT_ALL + PERCENT_SLACK) {
		(void)snprintf(problem, problem_size, "the shares add up to %g %%, not 100 %%", total);
		return false;
	}
	return true;
}

bool bench_hold_parse(struct bench_hold *hold, const char *text, char *problem, size_t problem_size)
{
	struct bench_hold read = {0};

	if (strlen(text) >= sizeof(read.text)) {
		(void)snprintf(problem, problem_size, "a hold is written with less than %zu characters",
		               sizeof(read.text));
		return false;
	}
	(void)snprintf(read.text, sizeof(read.text), "%s", text);
	if (strncmp(text, "mix:", 4) == 0) {
		if (!read_mix(text + 4, &read, problem, problem_size))
			return false;
	} else if (strcmp(text, "none") != 0) {
		const char *end = read_part(text, &read.parts[0], problem, problem_size);

		if (end == NULL)
			return false;
		if (*end != '\0') {
			(void)snprintf(problem, problem_size,
			               "\"%s\" is left over; several holds need mix:", end);
			return false;
		}
		read.parts_count = 1;
	}
	*hold = read;
	return true;
}

void bench_hold_calibrate(struct bench_hold *hold, double links_per_us)
{
	for (unsigned i = 0; i < hold->parts_count; i++)
		if (hold->parts[i].kind == BENCH_HOLD_WORK)
			hold->parts[i].links = (uint64_t)(links_per_us * (double)hold->parts[i].ns / 1e3 + 0.5);
}

bool bench_hold_sleeps(const struct bench_hold *hold)
{
	for (unsigned i = 0; i < hold->parts_count; i++)
		if (hold->parts[i].kind == BENCH_HOLD_SLEEP)
			return true;
	return false;
}

void bench_hold_part_run(const struct bench_hold_part *part)
{
	struct timespec left;

	if (part->kind == BENCH_HOLD_WORK) {
		bench_work_run(part->links);
		return;
	}
	left = bench_timespec(part->ns);
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}
