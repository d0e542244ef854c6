/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The one door into core for white-box tests and micro-benchmarks. Whatever it
 * shows may change with any commit; nothing that is installed includes it.
 */
#ifndef WEIR_CORE_TESTING_H
#define WEIR_CORE_TESTING_H

#include "dump_text.h"
#include "gate_internal.h"
#include "histogram_internal.h"
#include "json_text.h"
#include "log_internal.h"
#include "log_mask.h"
#include "log_rate.h"
#include "pool_internal.h"
#include "statement_record.h"
#include "db_internal.h"
#include "turn.h"
#include "turnstile_file.h"

#endif
