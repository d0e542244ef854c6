/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A statement of a SQL scenario, and the values that its marks are given at each
 * execution.
 *
 *   uniform:1..100000      a whole number, each as likely
 *   zipf:1..100000:1.1     the same, the low ones more often: the nth is 1/n^1.1
 *                          times as likely as the first
 *   sequence:1             1, 2, 3 …: none comes twice in a process
 *   real:0..1              a number
 *   bytes:100              so many bytes, others at every execution
 *   text:WORDS             always the same words
 *   null
 */
#ifndef BENCH_SQL_STATEMENT_H
#define BENCH_SQL_STATEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool_under_test.h"
#include "random.h"

#define BENCH_STATEMENTS_MAX 16
#define BENCH_PARAMETERS_MAX 8
#define BENCH_PARAMETER_BYTES_MAX 4096
#define BENCH_PARAMETER_TEXT_MAX 64
#define BENCH_STATEMENT_NAME_MAX 32

enum bench_parameter_kind {
	BENCH_PARAMETER_NULL = 0,
	BENCH_PARAMETER_UNIFORM,
	BENCH_PARAMETER_ZIPF,
	BENCH_PARAMETER_SEQUENCE,
	BENCH_PARAMETER_REAL,
	BENCH_PARAMETER_BYTES,
	BENCH_PARAMETER_TEXT,
};

struct bench_parameter {
	enum bench_parameter_kind kind;
	int64_t low;
	int64_t high;
	double from; /* REAL */
	double to;
	double exponent; /* ZIPF, and what is worked out from it once */
	double zipf_low;
	double zipf_high;
	double zipf_first;
	unsigned bytes;
	char text[BENCH_PARAMETER_TEXT_MAX];
};

struct bench_statement {
	struct pool_statement call; /* what pools are given; sql is owned */
	char name[BENCH_STATEMENT_NAME_MAX];
	unsigned line; /* of its section in the file */
	bool one_row;  /* a row has to be there, and is all that is read */
	unsigned parameters_count;
	struct bench_parameter parameters[BENCH_PARAMETERS_MAX];
};

/* Read "uniform:1..100000, bytes:100"; on failure *statement keeps its parameters
 * and problem says what is allowed. */
bool bench_parameters_parse(struct bench_statement *statement, const char *text, char *problem,
                            size_t problem_size);

/* What one caller draws into, from one execution to the next. */
struct bench_values {
	struct pool_value values[BENCH_PARAMETERS_MAX];
	unsigned char *bytes; /* [BENCH_PARAMETERS_MAX][BENCH_PARAMETER_BYTES_MAX] at most */
	size_t stride;        /* from those of one parameter to the next's */
};

/*
 * Room for the values of any of count statements; false without memory. Its bytes
 * begin with ones that no other caller, pool or repetition has: SQLite leaves a row
 * alone that is given the value it has, and the draws of all pools are the same,
 * so without this whoever comes second would be asked to change nothing.
 */
bool bench_values_make(struct bench_values *values, const struct bench_statement *statements,
                       unsigned count);
void bench_values_free(struct bench_values *values);

/* Draw the values of one execution. */
void bench_values_draw(struct bench_values *values, const struct bench_statement *statement,
                       struct bench_random *random);

#endif
