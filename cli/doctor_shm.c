/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Parsing the beginning of a -shm file.
 */
#include "doctor_shm.h"

#include <string.h>

#include "doctor_wal.h"

#define COPY_SIZE 48 /* of the header; the last eight bytes are its checksum */

static uint32_t native32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static bool sum_is_right(const uint8_t *copy)
{
	struct wal_sum sum = {0, 0};

	wal_sum_add(&sum, wal_native_is_big(), copy, COPY_SIZE - 8);
	return sum.first == native32(copy + 40) && sum.second == native32(copy + 44);
}

enum shm_state shm_parse(const uint8_t *bytes, size_t length, struct shm_index *index)
{
	static const uint8_t blank[COPY_SIZE];
	uint16_t page_size;

	memset(index, 0, sizeof(*index));
	if (length < SHM_PREFIX_SIZE)
		return SHM_SHORT;
	if (memcmp(bytes, blank, COPY_SIZE) == 0 || bytes[12] == 0)
		return SHM_BLANK;
	index->version = native32(bytes);
	memcpy(&page_size, bytes + 14, sizeof(page_size));
	index->page_size = (page_size & 0xfe00U) + ((page_size & 1U) << 16);
	index->frames = native32(bytes + 16);
	index->pages = native32(bytes + 20);
	memcpy(index->salt, bytes + 32, sizeof(index->salt));
	index->backfilled = native32(bytes + 96);
	for (size_t i = 0; i < SHM_MARKS; i++)
		index->marks[i] = native32(bytes + 100 + 4 * i);
	index->backfill_attempted = native32(bytes + 128);
	if (index->version != SHM_VERSION)
		return SHM_NEWER;
	if (memcmp(bytes, bytes + COPY_SIZE, COPY_SIZE) != 0 || !sum_is_right(bytes))
		return SHM_TORN;
	return SHM_GOOD;
}
