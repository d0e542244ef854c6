/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Storing a whole struct weir_error in the caller's, which may be smaller.
 */
#ifndef WEIR_CORE_ERROR_INTERNAL_H
#define WEIR_CORE_ERROR_INTERNAL_H

#include <weir/error.h>

/*
 * Overwrite err (NULL: do nothing) with detail as far as err->size reaches, and
 * return detail's code. For whoever fills more than weir_fail does: writing
 * err's later fields directly would pass the end of an older caller's struct.
 * detail must not be err; its size is ignored.
 */
enum weir_code weir__error_store(struct weir_error *err, const struct weir_error *detail);

#endif
