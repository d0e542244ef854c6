/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The wal-index: what the connections of a WAL database share in its -shm file.
 * Numbers are in the byte order of the machine. Reads memory only.
 */
#ifndef WEIR_CLI_DOCTOR_SHM_H
#define WEIR_CLI_DOCTOR_SHM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHM_PREFIX_SIZE 136 /* two copies of the header, marks, lock bytes */
#define SHM_MARKS 5
#define SHM_MARK_UNUSED UINT32_MAX
#define SHM_VERSION 3007000

/* Bytes of the file whose locks mean something. */
#define SHM_BYTE_WRITE 120
#define SHM_BYTE_CHECKPOINT 121
#define SHM_BYTE_RECOVER 122
#define SHM_BYTE_READ 123    /* the first of SHM_MARKS */
#define SHM_BYTE_PRESENT 128 /* every connection holds it, shared */

enum shm_state {
	SHM_GOOD = 0,
	SHM_SHORT = 1, /* not even a header */
	SHM_BLANK = 2, /* nobody has filled it in yet */
	SHM_TORN = 3,  /* the two copies differ, or the checksum does */
	SHM_NEWER = 4, /* of a version that is not known here */
};

struct shm_index {
	uint32_t version;
	uint32_t page_size;
	uint32_t frames; /* of the log, that are committed */
	uint32_t pages;  /* of the database, after the last of them */
	uint8_t salt[8]; /* as they are in the log's header */
	uint32_t backfilled;
	uint32_t backfill_attempted;
	uint32_t marks[SHM_MARKS]; /* frames that readers see, or SHM_MARK_UNUSED */
};

enum shm_state shm_parse(const uint8_t *bytes, size_t length, struct shm_index *index);

#endif
