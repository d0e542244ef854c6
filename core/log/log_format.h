/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines as text: logfmt and JSON.
 */
#ifndef WEIR_CORE_LOG_FORMAT_H
#define WEIR_CORE_LOG_FORMAT_H

#include "log_queue.h"

#define WEIR__LOG_OUTPUT_MAX 8192

/* Properties of an event, from the table in weir/log.h. */
struct weir__log_kind {
	const char *name;
	enum weir_log_level level;
	uint32_t per_second;
};
const struct weir__log_kind *weir__log_kind(enum weir_log_event event);

/* Write line to out with its line feed; returns the length, at most size - 1. */
size_t weir__log_format(const struct weir__log_line *line, enum weir_log_format format, char *out,
                        size_t size);

#endif
