/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Ctrl-C without a signal handler: SIGINT and SIGTERM stay blocked in every
 * thread, and the main thread collects them where it sleeps anyway.
 */
#ifndef BENCH_CANCEL_H
#define BENCH_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

/* Call first, before any thread is started. */
void bench_cancel_prepare(void);

/* Sleep for ns; true, at once, if the user asked to stop. One request is
 * reported once. */
bool bench_cancel_wait(int64_t ns);

#endif
