/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What a contender is: which comparisons its figures take part in.
 */
#ifndef BENCH_STANDING_H
#define BENCH_STANDING_H

enum bench_standing {
	BENCH_STANDING_WEIR = 0,
	BENCH_STANDING_BASELINE = 1, /* what people write by hand */
	BENCH_STANDING_PEER = 2,     /* another project's pool */
	BENCH_STANDING_USER = 3,     /* loaded with --pool-so */
	BENCH_STANDING_LIMIT = 4,    /* no pool: what none can pass */
};

/* The word for it in JSON. Static storage. */
const char *bench_standing_name(enum bench_standing standing);

#endif
