/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Calibrated processor work. See work.h.
 */
#include "work.h"

#include "monotonic.h"

#define CALIBRATE_ROUNDS 12
#define CALIBRATE_LINKS UINT64_C(1000000)

/* noinline: the loop must be the same code when it is calibrated and when it
 * is used. The empty asm makes each link needed by itself: clang would fold several
 * into one. */
__attribute__((noinline)) void bench_work_run(uint64_t links)
{
	uint64_t x = links;

	for (uint64_t i = 0; i < links; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		__asm__ volatile("" : "+r"(x));
	}
}

double bench_work_calibrate(void)
{
	int64_t best_ns = INT64_MAX;

	/* The fastest round is the one that nothing interrupted. */
	for (int round = 0; round < CALIBRATE_ROUNDS; round++) {
		const int64_t start = bench_now();
		int64_t took;

		bench_work_run(CALIBRATE_LINKS);
		took = bench_now() - start;
		if (took < best_ns)
			best_ns = took;
	}
	return (double)CALIBRATE_LINKS * 1000.0 / (double)best_ns;
}
