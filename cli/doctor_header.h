/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The first hundred bytes of an SQLite database file. Reads memory only.
 */
#ifndef WEIR_CLI_DOCTOR_HEADER_H
#define WEIR_CLI_DOCTOR_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DB_HEADER_SIZE 100

enum db_header_state {
	DB_HEADER_GOOD = 0,
	DB_HEADER_FOREIGN = 1, /* not SQLite's, or encrypted */
	DB_HEADER_SHORT = 2,   /* begins as one, and ends */
	DB_HEADER_DAMAGED = 3, /* begins as one; the page size is none */
};

struct db_header {
	uint32_t page_size;    /* bytes */
	uint8_t write_version; /* 1: rollback journal, 2: WAL; more is newer than known */
	uint8_t read_version;
	uint32_t change_counter;
	uint32_t pages; /* of the database; to be trusted if counters_agree */
	uint32_t free_pages;
	uint32_t schema_format;
	uint32_t version_valid_for;
	uint32_t library_version; /* of the SQLite that wrote it last */
	bool counters_agree;
};

enum db_header_state db_header_parse(const uint8_t *bytes, size_t length, struct db_header *header);

/* Four bytes, the most significant first. */
uint32_t read_be32(const uint8_t *bytes);

#endif
