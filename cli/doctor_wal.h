/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The write-ahead log: its header, and a walk over its frames that checks every
 * checksum. Reads a descriptor by position; changes nothing.
 */
#ifndef WEIR_CLI_DOCTOR_WAL_H
#define WEIR_CLI_DOCTOR_WAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAL_HEADER_SIZE 32
#define WAL_FRAME_HEADER_SIZE 24
#define WAL_VERSION 3007000

enum wal_state {
	WAL_GOOD = 0,
	WAL_EMPTY = 1,   /* no byte: nothing was written since it was made */
	WAL_SHORT = 2,   /* less than a header */
	WAL_FOREIGN = 3, /* something else is in it */
	WAL_DAMAGED = 4, /* the header's checksum is wrong: SQLite ignores the log */
	WAL_NEWER = 5,   /* of a version that is not known here */
};

struct wal_sum {
	uint32_t first;
	uint32_t second;
};

struct wal_header {
	uint32_t version;
	uint32_t page_size;
	uint32_t sequence; /* how often it began anew */
	uint8_t salt[8];
	struct wal_sum sum;
	bool big_endian; /* how the checksums read the bytes */
};

struct wal_walk {
	uint32_t valid;     /* frames with the right salt and checksum */
	uint32_t committed; /* those up to the last commit: what SQLite would use */
	uint32_t commits;
	uint32_t pages;      /* of the database after that commit; 0: no commit */
	uint32_t first_page; /* the last committed frame of page 1; 0: none */
	bool bounded;        /* the walk ended at its bound, not at the end of what is valid */
};

enum wal_state wal_header_parse(const uint8_t *bytes, size_t length, struct wal_header *header);

/* Walk over at most frames_max frames; false if reading failed or without memory. */
bool wal_walk(int fd, const struct wal_header *header, uint32_t frames_max, struct wal_walk *walk);

/* Where the page of a frame (1 is the first) begins. */
int64_t wal_page_offset(const struct wal_header *header, uint32_t frame);

/* Take length bytes, a multiple of eight, into the checksum. */
void wal_sum_add(struct wal_sum *sum, bool big_endian, const uint8_t *bytes, size_t length);

bool wal_native_is_big(void);

#endif
