/* SPDX-License-Identifier: BSD-2-Clause
 *
 * When callers begin their operations. See arrival.h.
 */
#include "arrival.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quantity.h"

#define GAP_NS_MAX INT64_C(60000000000)
#define PER_S_MIN 0.01
#define PER_S_MAX 1e6

static const char allowed[] =
	"closed, once, every:TIME (1ns to 60s), or steady:N/s or poisson:N/s with N from 0.01 to "
	"1000000";

static bool read_rate(struct bench_arrival *arrival, const char *at)
{
	const char *const end = bench_read_number(at, &arrival->per_s);

	return end != NULL && strcmp(end, "/s") == 0 && arrival->per_s >= PER_S_MIN &&
	       arrival->per_s <= PER_S_MAX;
}

static bool read_gap(struct bench_arrival *arrival, const char *at)
{
	const char *const end = bench_read_duration(at, GAP_NS_MAX, &arrival->gap_ns);

	return end != NULL && *end == '\0';
}

static bool read_nothing(struct bench_arrival *arrival, const char *at)
{
	(void)arrival;
	return *at == '\0';
}

static const struct {
	const char *word;
	enum bench_arrival_kind kind;
	bool (*read)(struct bench_arrival *arrival, const char *at);
} kinds[] = {
	{"closed", BENCH_ARRIVAL_CLOSED, read_nothing}, {"every:", BENCH_ARRIVAL_EVERY, read_gap},
	{"steady:", BENCH_ARRIVAL_STEADY, read_rate},   {"poisson:", BENCH_ARRIVAL_POISSON, read_rate},
	{"once", BENCH_ARRIVAL_ONCE, read_nothing},
};

bool bench_arrival_parse(struct bench_arrival *arrival, const char *text, char *problem,
                         size_t problem_size)
{
	struct bench_arrival read = {0};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const size_t length = strlen(kinds[i].word);

		if (strncmp(text, kinds[i].word, length) != 0 || strlen(text) >= sizeof(read.text))
			continue;
		read.kind = kinds[i].kind;
		if (!kinds[i].read(&read, text + length))
			break;
		(void)snprintf(read.text, sizeof(read.text), "%s", text);
		*arrival = read;
		return true;
	}
	(void)snprintf(problem, problem_size, "%s", allowed);
	return false;
}

bool bench_arrival_open(const struct bench_arrival *arrival)
{
	return arrival->kind >= BENCH_ARRIVAL_STEADY;
}

/* Exponential with mean 1; a draw is never 0, whose logarithm is none. */
static double draw_gap(struct bench_random *random)
{
	return -log(((double)bench_random_u32(random) + 0.5) / 4294967296.0);
}

void bench_dues_begin(struct bench_dues *dues, const struct bench_arrival *arrival,
                      struct bench_random random, unsigned index, unsigned count)
{
	dues->kind = arrival->kind;
	dues->random = random;
	dues->sum = dues->kind == BENCH_ARRIVAL_POISSON ? draw_gap(&dues->random)
	                                                : (double)index / count;
}

/*
 * The rate is a + 2ct at t seconds, so a sum of at + ct² operations is due by t.
 * Solved for t in the form that has no difference of nearly equal numbers, and
 * that holds for c = 0, too.
 */
int64_t bench_dues_next(struct bench_dues *dues)
{
	const double a = dues->from_per_s;
	const double c = (dues->to_per_s - a) / (2.0 * dues->length_s);
	const double inside = a * a + 4.0 * c * dues->sum;
	double t;

	if (inside < 0.0 || (a <= 0.0 && dues->to_per_s <= 0.0))
		return INT64_MAX;
	t = dues->sum > 0.0 ? 2.0 * dues->sum / (a + sqrt(inside)) : 0.0;
	if (t >= dues->length_s)
		return INT64_MAX;
	dues->sum += dues->kind == BENCH_ARRIVAL_POISSON ? draw_gap(&dues->random) : 1.0;
	return dues->begin_ns + (int64_t)(t * 1e9);
}
