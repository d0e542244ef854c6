/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Lines for dumps: text built without snprintf, which a signal handler may not call.
 */
#ifndef WEIR_CORE_DUMP_TEXT_H
#define WEIR_CORE_DUMP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR__DUMP_LINE_MAX 512

/* One line; what does not fit is cut, and the line feed always fits. */
struct weir__dump_line {
	char bytes[WEIR__DUMP_LINE_MAX];
	size_t length;
};

/* Async-signal-safe, all of them. */
void weir__dump_begin(struct weir__dump_line *line);
/* NULL: nothing. Bytes that would not print are written as '?'. */
void weir__dump_add(struct weir__dump_line *line, const char *text);
void weir__dump_add_number(struct weir__dump_line *line, uint64_t number);
/* "1.234s", "5.6ms", "78us"; below 0: 0. */
void weir__dump_add_time(struct weir__dump_line *line, int64_t ns);
/* " name=" and the number. */
void weir__dump_add_named(struct weir__dump_line *line, const char *name, uint64_t number);
/* The name of a thread of this process as the kernel has it; nothing if it is gone. */
void weir__dump_add_thread(struct weir__dump_line *line, uint32_t thread);
/* End the line and write all of it to fd. False: fd takes no more. */
bool weir__dump_write(struct weir__dump_line *line, int fd);

#endif
