/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The pools on the stub driver, which several fields have.
 */
#ifndef BENCH_FIELD_STUB_H
#define BENCH_FIELD_STUB_H

#include "field.h"
#include "pool_under_test.h"

/* As weir's own default. */
#define BENCH_OPEN_TIMEOUT_NS INT64_C(5000000000)

size_t bench_stub_count(void);
const struct pool_under_test *bench_stub_pool(size_t index);
struct bench_contender bench_stub_contender(size_t index);

/* As the left_out of struct bench_field. */
const char *bench_stub_left_out(size_t index, const struct bench_selection *selection);

#endif
