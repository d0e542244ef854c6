/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Reading a write-ahead log.
 */
#include "doctor_wal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_header.h"

#define MAGIC 0x377f0682U /* and 1 where the checksums are big-endian */

bool wal_native_is_big(void)
{
	const uint16_t one = 1;
	uint8_t first;

	memcpy(&first, &one, 1);
	return first == 0;
}

static uint32_t read_le32(const uint8_t *bytes)
{
	return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 |
	       (uint32_t)bytes[0];
}

void wal_sum_add(struct wal_sum *sum, bool big_endian, const uint8_t *bytes, size_t length)
{
	uint32_t (*const word)(const uint8_t *) = big_endian ? read_be32 : read_le32;

	for (size_t i = 0; i + 8 <= length; i += 8) {
		sum->first += word(bytes + i) + sum->second;
		sum->second += word(bytes + i + 4) + sum->first;
	}
}

static bool is_page_size(uint32_t size)
{
	return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

enum wal_state wal_header_parse(const uint8_t *bytes, size_t length, struct wal_header *header)
{
	memset(header, 0, sizeof(*header));
	if (length == 0)
		return WAL_EMPTY;
	if (length < WAL_HEADER_SIZE)
		return WAL_SHORT;
	if ((read_be32(bytes) & ~1U) != MAGIC)
		return WAL_FOREIGN;
	header->big_endian = (read_be32(bytes) & 1) != 0;
	header->version = read_be32(bytes + 4);
	header->page_size = read_be32(bytes + 8);
	header->sequence = read_be32(bytes + 12);
	memcpy(header->salt, bytes + 16, sizeof(header->salt));
	if (header->version != WAL_VERSION)
		return WAL_NEWER;
	wal_sum_add(&header->sum, header->big_endian, bytes, WAL_HEADER_SIZE - 8);
	if (header->sum.first != read_be32(bytes + 24) || header->sum.second != read_be32(bytes + 28) ||
	    !is_page_size(header->page_size))
		return WAL_DAMAGED;
	return WAL_GOOD;
}

int64_t wal_page_offset(const struct wal_header *header, uint32_t frame)
{
	const int64_t size = WAL_FRAME_HEADER_SIZE + (int64_t)header->page_size;

	return WAL_HEADER_SIZE + (int64_t)(frame - 1) * size + WAL_FRAME_HEADER_SIZE;
}

/* Whether the frame continues the log; sum goes on over it if it does. */
static bool frame_is_valid(const struct wal_header *header, const uint8_t *frame,
                           struct wal_sum *sum)
{
	struct wal_sum next = *sum;

	if (read_be32(frame) == 0 || memcmp(frame + 8, header->salt, sizeof(header->salt)) != 0)
		return false;
	wal_sum_add(&next, header->big_endian, frame, 8);
	wal_sum_add(&next, header->big_endian, frame + WAL_FRAME_HEADER_SIZE, header->page_size);
	if (next.first != read_be32(frame + 16) || next.second != read_be32(frame + 20))
		return false;
	*sum = next;
	return true;
}

bool wal_walk(int fd, const struct wal_header *header, uint32_t frames_max, struct wal_walk *walk)
{
	const size_t size = WAL_FRAME_HEADER_SIZE + header->page_size;
	uint8_t *frame = malloc(size);
	struct wal_sum sum = header->sum;
	uint32_t first_page = 0;
	ssize_t got = 0;

	memset(walk, 0, sizeof(*walk));
	if (frame == NULL)
		return false;
	while (walk->valid < frames_max) {
		got = pread(fd, frame, size,
		            wal_page_offset(header, walk->valid + 1) - WAL_FRAME_HEADER_SIZE);
		if (got != (ssize_t)size || !frame_is_valid(header, frame, &sum))
			break;
		walk->valid++;
		if (read_be32(frame) == 1)
			first_page = walk->valid;
		if (read_be32(frame + 4) == 0)
			continue;
		walk->committed = walk->valid;
		walk->commits++;
		walk->pages = read_be32(frame + 4);
		walk->first_page = first_page;
	}
	walk->bounded = walk->valid == frames_max;
	free(frame);
	return got >= 0;
}
