/* SPDX-License-Identifier: BSD-2-Clause
 *
 * JSON strings. What is no UTF-8 is written as U+FFFD, byte by byte.
 */
#ifndef WEIR_CORE_JSON_TEXT_H
#define WEIR_CORE_JSON_TEXT_H

#include "text_buffer.h"

/* Add text as a JSON string, with its quotes; NULL as null. Async-signal-safe but
 * for weir__text_add, which it does not use. */
void weir__json_string(struct weir__text *out, const char *text);

#endif
