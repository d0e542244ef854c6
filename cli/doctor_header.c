/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parsing the header of an SQLite database file.
 */
#include "doctor_header.h"

#include <string.h>

static const char magic[16] = "SQLite format 3";

uint32_t read_be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       (uint32_t)bytes[3];
}

/* Two bytes, in which 1 stands for what they have no room for. */
static uint32_t page_size_of(const uint8_t *bytes)
{
	const uint32_t size = (uint32_t)bytes[0] << 8 | (uint32_t)bytes[1];

	return size == 1 ? 65536 : size;
}

enum db_header_state db_header_parse(const uint8_t *bytes, size_t length, struct db_header *header)
{
	const size_t magic_length = length < sizeof(magic) ? length : sizeof(magic);

	memset(header, 0, sizeof(*header));
	if (magic_length == 0 || memcmp(bytes, magic, magic_length) != 0)
		return DB_HEADER_FOREIGN;
	if (length < DB_HEADER_SIZE)
		return DB_HEADER_SHORT;
	header->page_size = page_size_of(bytes + 16);
	header->write_version = bytes[18];
	header->read_version = bytes[19];
	header->change_counter = read_be32(bytes + 24);
	header->pages = read_be32(bytes + 28);
	header->free_pages = read_be32(bytes + 36);
	header->schema_format = read_be32(bytes + 44);
	header->version_valid_for = read_be32(bytes + 92);
	header->library_version = read_be32(bytes + 96);
	header->counters_agree = header->change_counter == header->version_valid_for &&
	                         header->pages > 0;
	if (header->page_size < 512 || (header->page_size & (header->page_size - 1)) != 0)
		return DB_HEADER_DAMAGED;
	return DB_HEADER_GOOD;
}
