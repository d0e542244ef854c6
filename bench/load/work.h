/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Calibrated processor work: a chain of dependent multiplications, so that "1 us
 * of work" inside a measured loop needs no clock and touches no memory.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include <stdint.h>

/* Links of the chain in a microsecond of this processor, measured now; takes
 * about 30 ms. */
double bench_work_calibrate(void);

/* Run links links of the chain. */
void bench_work_run(uint64_t links);

#endif
