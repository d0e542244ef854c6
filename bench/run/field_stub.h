/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the fields on the stub driver have in common.
 */
#ifndef BENCH_FIELD_STUB_H
#define BENCH_FIELD_STUB_H

#include "field.h"

/* As weir's own default. */
#define BENCH_OPEN_TIMEOUT_NS INT64_C(5000000000)

struct bench_contender bench_stub_contender(size_t index);

/* As the left_out of struct bench_field. */
const char *bench_stub_left_out(size_t index, const struct bench_selection *selection);

/* How a run goes on whose pool could not be made: another project's is no reason to
 * lose everybody else's figures. */
enum bench_outcome bench_stub_failed(size_t index);

#endif
