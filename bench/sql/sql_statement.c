/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The values that a statement's marks are given. See sql_statement.h.
 */
#include "sql_statement.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monotonic.h"
#include "quantity.h"

#define WHOLE_MAX INT64_C(1000000000000)
#define EXPONENT_MIN 0.01
#define EXPONENT_MAX 10.0
#define PART_MAX 128

/* ---- reading ---- */

static bool read_whole(const char **at, int64_t *whole)
{
	const bool negative = **at == '-';
	double number;
	const char *const end = bench_read_number(*at + negative, &number);

	if (end == NULL || number > (double)WHOLE_MAX || number != floor(number))
		return false;
	*whole = (int64_t)(negative ? -number : number);
	/* The first point of ".." is no decimal point. */
	*at = end[-1] == '.' ? end - 1 : end;
	return true;
}

static bool read_range(struct bench_parameter *parameter, const char **at)
{
	if (!read_whole(at, &parameter->low) || strncmp(*at, "..", 2) != 0)
		return false;
	*at += 2;
	return read_whole(at, &parameter->high) && parameter->low <= parameter->high &&
	       parameter->high - parameter->low < UINT32_MAX;
}

static bool read_uniform(struct bench_parameter *parameter, const char *at)
{
	return read_range(parameter, &at) && *at == '\0';
}

/* The area under x^-s up to x, but for a constant, and the x of an area. */
static double zipf_area(double x, double s)
{
	const double log_x = log(x);
	const double power = (1.0 - s) * log_x;

	return fabs(power) < 1e-8 ? log_x * (1.0 + power / 2.0) : expm1(power) / (1.0 - s);
}

static double zipf_place(double area, double s)
{
	const double power = fmax(area * (1.0 - s), -1.0);

	return exp(fabs(power) < 1e-8 ? area * (1.0 - power / 2.0) : log1p(power) / (1.0 - s));
}

static bool read_zipf(struct bench_parameter *parameter, const char *at)
{
	const char *end;

	if (!read_range(parameter, &at) || *at != ':')
		return false;
	end = bench_read_number(at + 1, &parameter->exponent);
	if (end == NULL || *end != '\0' || parameter->exponent < EXPONENT_MIN ||
	    parameter->exponent > EXPONENT_MAX)
		return false;
	parameter->zipf_first = zipf_area(1.5, parameter->exponent) - 1.0;
	parameter->zipf_low = parameter->zipf_first;
	parameter->zipf_high =
		zipf_area((double)(parameter->high - parameter->low) + 1.5, parameter->exponent);
	return true;
}

static bool read_sequence(struct bench_parameter *parameter, const char *at)
{
	return read_whole(&at, &parameter->low) && *at == '\0';
}

static bool read_real(struct bench_parameter *parameter, const char *at)
{
	const char *const dots = strstr(at, "..");
	char low[PART_MAX];
	const char *end;

	if (dots == NULL)
		return false;
	(void)snprintf(low, sizeof(low), "%.*s", (int)(dots - at), at);
	end = bench_read_number(low, &parameter->from);
	if (end == NULL || *end != '\0')
		return false;
	end = bench_read_number(dots + 2, &parameter->to);
	return end != NULL && *end == '\0' && parameter->from <= parameter->to;
}

static bool read_bytes(struct bench_parameter *parameter, const char *at)
{
	int64_t bytes;

	if (!read_whole(&at, &bytes) || *at != '\0' || bytes < 1 || bytes > BENCH_PARAMETER_BYTES_MAX)
		return false;
	parameter->bytes = (unsigned)bytes;
	return true;
}

static bool read_text(struct bench_parameter *parameter, const char *at)
{
	return snprintf(parameter->text, sizeof(parameter->text), "%s", at) <
	       (int)sizeof(parameter->text);
}

static bool read_null(struct bench_parameter *parameter, const char *at)
{
	(void)parameter;
	return *at == '\0';
}

static const struct {
	const char *word;
	enum bench_parameter_kind kind;
	bool (*read)(struct bench_parameter *parameter, const char *at);
} kinds[] = {
	{"uniform:", BENCH_PARAMETER_UNIFORM, read_uniform},
	{"zipf:", BENCH_PARAMETER_ZIPF, read_zipf},
	{"sequence:", BENCH_PARAMETER_SEQUENCE, read_sequence},
	{"real:", BENCH_PARAMETER_REAL, read_real},
	{"bytes:", BENCH_PARAMETER_BYTES, read_bytes},
	{"text:", BENCH_PARAMETER_TEXT, read_text},
	{"null", BENCH_PARAMETER_NULL, read_null},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool read_parameter(struct bench_parameter *parameter, const char *text)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const size_t length = strlen(kinds[i].word);

		*parameter = (struct bench_parameter){.kind = kinds[i].kind};
		if (strncmp(text, kinds[i].word, length) == 0)
			return kinds[i].read(parameter, text + length);
	}
	return false;
}

bool bench_parameters_parse(struct bench_statement *statement, const char *text, char *problem,
                            size_t problem_size)
{
	struct bench_parameter read[BENCH_PARAMETERS_MAX];
	unsigned count = 0;

	for (const char *at = text;;) {
		const size_t length = strcspn(at, ",");
		char part[PART_MAX];

		if (count == BENCH_PARAMETERS_MAX) {
			(void)snprintf(problem, problem_size, "a statement has at most %d parameters",
			               BENCH_PARAMETERS_MAX);
			return false;
		}
		(void)snprintf(part, sizeof(part), "%.*s", (int)(length < PART_MAX ? length : 0), at);
		if (!read_parameter(&read[count], part)) {
			(void)snprintf(problem, problem_size,
			               "\"%s\" is none of uniform:1..100, zipf:1..100:1.1, sequence:1, "
			               "real:0..1, bytes:100 (1 to %d), text:WORDS (less than %d), null",
			               part, BENCH_PARAMETER_BYTES_MAX, BENCH_PARAMETER_TEXT_MAX);
			return false;
		}
		count++;
		at += length;
		if (*at == '\0')
			break;
		at += 1 + strspn(at + 1, " \t");
	}
	memcpy(statement->parameters, read, count * sizeof(read[0]));
	statement->parameters_count = count;
	return true;
}

/* ---- drawing ---- */

bool bench_values_make(struct bench_values *values, const struct bench_statement *statements,
                       unsigned count)
{
	static _Atomic uint64_t callers;
	const uint64_t origin[2] = {(uint64_t)bench_now(), atomic_fetch_add(&callers, 1)};
	size_t stride = sizeof(uint64_t) + sizeof(origin);

	for (unsigned i = 0; i < count; i++)
		for (unsigned at = 0; at < statements[i].parameters_count; at++)
			if (statements[i].parameters[at].bytes > stride)
				stride = statements[i].parameters[at].bytes;
	*values = (struct bench_values){
		.bytes = calloc(BENCH_PARAMETERS_MAX, stride),
		.stride = stride,
	};
	for (unsigned at = 0; at < BENCH_PARAMETERS_MAX && values->bytes != NULL; at++)
		memcpy(values->bytes + at * stride + sizeof(uint64_t), origin, sizeof(origin));
	return values->bytes != NULL;
}

void bench_values_free(struct bench_values *values)
{
	free(values->bytes);
	values->bytes = NULL;
}

static int64_t draw_uniform(const struct bench_parameter *parameter, struct bench_random *random)
{
	const uint32_t count = (uint32_t)(parameter->high - parameter->low) + 1;

	return parameter->low + (int64_t)bench_random_below(random, count);
}

static double draw_share(struct bench_random *random)
{
	return ((double)bench_random_u32(random) + 0.5) / 4294967296.0;
}

/*
 * A place under the curve x^-s is drawn, and the bar that it lies in; where a bar
 * is lower than the curve the draw is repeated. A few draws at most, whatever the
 * range.
 */
static int64_t draw_zipf(const struct bench_parameter *parameter, struct bench_random *random)
{
	const double s = parameter->exponent;
	const double last = (double)(parameter->high - parameter->low) + 1.0;

	for (;;) {
		const double area = parameter->zipf_low +
		                    draw_share(random) * (parameter->zipf_high - parameter->zipf_low);
		const double bar = fmin(fmax(floor(zipf_place(area, s) + 0.5), 1.0), last);

		if (area >= zipf_area(bar + 0.5, s) - pow(bar, -s))
			return parameter->low + (int64_t)bar - 1;
	}
}

static int64_t draw_sequence(const struct bench_parameter *parameter)
{
	static _Atomic int64_t drawn;

	return parameter->low + atomic_fetch_add_explicit(&drawn, 1, memory_order_relaxed);
}

static const unsigned char *next_bytes(unsigned char *bytes)
{
	uint64_t version;

	memcpy(&version, bytes, sizeof(version));
	version++;
	memcpy(bytes, &version, sizeof(version));
	return bytes;
}

static void draw_value(struct pool_value *value, const struct bench_parameter *parameter,
                       unsigned char *bytes, struct bench_random *random)
{
	switch (parameter->kind) {
	case BENCH_PARAMETER_NULL:
		value->type = POOL_VALUE_NULL;
		return;
	case BENCH_PARAMETER_UNIFORM:
		value->type = POOL_VALUE_INT64;
		value->as.int64 = draw_uniform(parameter, random);
		return;
	case BENCH_PARAMETER_ZIPF:
		value->type = POOL_VALUE_INT64;
		value->as.int64 = draw_zipf(parameter, random);
		return;
	case BENCH_PARAMETER_SEQUENCE:
		value->type = POOL_VALUE_INT64;
		value->as.int64 = draw_sequence(parameter);
		return;
	case BENCH_PARAMETER_REAL:
		value->type = POOL_VALUE_REAL;
		value->as.real = parameter->from + draw_share(random) * (parameter->to - parameter->from);
		return;
	case BENCH_PARAMETER_BYTES:
		value->type = POOL_VALUE_BLOB;
		value->as.data = next_bytes(bytes);
		value->length = parameter->bytes;
		return;
	case BENCH_PARAMETER_TEXT:
		value->type = POOL_VALUE_TEXT;
		value->as.data = parameter->text;
		value->length = strlen(parameter->text);
		return;
	}
}

void bench_values_draw(struct bench_values *values, const struct bench_statement *statement,
                       struct bench_random *random)
{
	for (unsigned i = 0; i < statement->parameters_count; i++)
		draw_value(&values->values[i], &statement->parameters[i],
		           values->bytes + i * values->stride, random);
}
