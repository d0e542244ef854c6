/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Who holds which byte of a file. Asks the kernel; takes no lock and gives none up
 * but those that this process itself has on the file (it has none).
 */
#ifndef WEIR_CLI_DOCTOR_LOCKS_H
#define WEIR_CLI_DOCTOR_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bytes of the database file itself. */
#define DB_BYTE_PENDING 0x40000000
#define DB_BYTE_RESERVED (DB_BYTE_PENDING + 1)
#define DB_BYTE_SHARED (DB_BYTE_PENDING + 2)
#define DB_SHARED_BYTES 510

#define LOCK_HOLDERS_MAX 8

struct lock_holder {
	pid_t pid; /* -1: the kernel does not name one (an OFD lock) */
	bool exclusive;
	char command[32]; /* "?" if it cannot be read */
};

struct lock_holders {
	size_t count; /* all of them; the first LOCK_HOLDERS_MAX are listed */
	struct lock_holder list[LOCK_HOLDERS_MAX];
};

/* Find who has a lock on any of length bytes from byte; fd -1: nobody. False if the
 * kernel does not say. */
bool lock_holders_of(int fd, int64_t byte, int64_t length, struct lock_holders *holders);

/* "pid 12 (app), pid 13 (app)", terminated. */
void lock_holders_text(const struct lock_holders *holders, char *text, size_t text_size);

#endif
