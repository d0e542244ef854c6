/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The parsers of `weir doctor` on bytes that SQLite does not write on this machine:
 * the other byte order, sizes at the edge, versions to come, torn headers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor_header.h"
#include "doctor_shm.h"
#include "doctor_wal.h"

static void put32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void test_header(void **state)
{
	uint8_t bytes[DB_HEADER_SIZE] = "SQLite format 3";
	struct db_header header;

	(void)state;
	bytes[17] = 1; /* 65536 */
	bytes[18] = bytes[19] = 2;
	put32(bytes + 24, 7);
	put32(bytes + 28, 12);
	put32(bytes + 36, 3);
	put32(bytes + 92, 7);
	put32(bytes + 96, 3040001);
	assert_int_equal(db_header_parse(bytes, sizeof(bytes), &header), DB_HEADER_GOOD);
	assert_int_equal(header.page_size, 65536);
	assert_int_equal(header.pages, 12);
	assert_int_equal(header.free_pages, 3);
	assert_int_equal(header.library_version, 3040001);
	assert_true(header.counters_agree);
	put32(bytes + 92, 6);
	assert_int_equal(db_header_parse(bytes, sizeof(bytes), &header), DB_HEADER_GOOD);
	assert_false(header.counters_agree);
	bytes[16] = 3; /* no power of two */
	assert_int_equal(db_header_parse(bytes, sizeof(bytes), &header), DB_HEADER_DAMAGED);
	assert_int_equal(db_header_parse(bytes, 99, &header), DB_HEADER_SHORT);
	assert_int_equal(db_header_parse(bytes, 5, &header), DB_HEADER_SHORT);
	assert_int_equal(db_header_parse(bytes, 0, &header), DB_HEADER_FOREIGN);
	bytes[0] = 's';
	assert_int_equal(db_header_parse(bytes, sizeof(bytes), &header), DB_HEADER_FOREIGN);
}

#define PAGE 512
#define FRAME (WAL_FRAME_HEADER_SIZE + PAGE)

/* A log of frames, each a commit of its page, in that byte order of checksums. */
static void make_log(uint8_t *bytes, bool big, uint32_t frames)
{
	struct wal_sum sum = {0, 0};

	put32(bytes, 0x377f0682U + (big ? 1 : 0));
	put32(bytes + 4, WAL_VERSION);
	put32(bytes + 8, PAGE);
	put32(bytes + 16, 0x01020304);
	put32(bytes + 20, 0x05060708);
	wal_sum_add(&sum, big, bytes, 24);
	put32(bytes + 24, sum.first);
	put32(bytes + 28, sum.second);
	for (uint32_t i = 0; i < frames; i++) {
		uint8_t *frame = bytes + WAL_HEADER_SIZE + i * FRAME;

		put32(frame, i + 1);
		put32(frame + 4, i + 1);
		memcpy(frame + 8, bytes + 16, 8);
		memset(frame + WAL_FRAME_HEADER_SIZE, (int)i + 1, PAGE);
		wal_sum_add(&sum, big, frame, 8);
		wal_sum_add(&sum, big, frame + WAL_FRAME_HEADER_SIZE, PAGE);
		put32(frame + 16, sum.first);
		put32(frame + 20, sum.second);
	}
}

static void walk(const uint8_t *bytes, size_t length, uint32_t frames_max, struct wal_walk *out)
{
	const int file = memfd_create("log", MFD_CLOEXEC);
	struct wal_header header;

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, length), length);
	assert_int_equal(wal_header_parse(bytes, length, &header), WAL_GOOD);
	assert_true(wal_walk(file, &header, frames_max, out));
	assert_int_equal(close(file), 0);
}

static void test_log(void **state)
{
	static uint8_t bytes[WAL_HEADER_SIZE + 3 * FRAME];
	struct wal_walk result;

	(void)state;
	for (int big = 0; big < 2; big++) {
		make_log(bytes, big != 0, 3);
		walk(bytes, sizeof(bytes), 100, &result);
		assert_int_equal(result.valid, 3);
		assert_int_equal(result.committed, 3);
		assert_int_equal(result.commits, 3);
		assert_int_equal(result.pages, 3);
		assert_int_equal(result.first_page, 1);
		assert_false(result.bounded);
		walk(bytes, sizeof(bytes), 2, &result);
		assert_int_equal(result.valid, 2);
		assert_true(result.bounded);
		walk(bytes, sizeof(bytes) - 1, 100, &result); /* the last is not whole */
		assert_int_equal(result.valid, 2);
		bytes[WAL_HEADER_SIZE + FRAME + 100] ^= 1;
		walk(bytes, sizeof(bytes), 100, &result);
		assert_int_equal(result.valid, 1);
		bytes[WAL_HEADER_SIZE + 8] ^= 1; /* another salt: of an earlier round */
		walk(bytes, sizeof(bytes), 100, &result);
		assert_int_equal(result.valid, 0);
	}
}

/* Frames without a commit behind them are valid, and are not used. */
static void test_log_without_commit(void **state)
{
	static uint8_t bytes[WAL_HEADER_SIZE + FRAME];
	struct wal_header header;
	struct wal_walk result;
	uint8_t *frame = bytes + WAL_HEADER_SIZE;

	(void)state;
	make_log(bytes, false, 0);
	assert_int_equal(wal_header_parse(bytes, sizeof(bytes), &header), WAL_GOOD);
	put32(frame, 1);
	memcpy(frame + 8, bytes + 16, 8);
	wal_sum_add(&header.sum, false, frame, 8);
	wal_sum_add(&header.sum, false, frame + WAL_FRAME_HEADER_SIZE, PAGE);
	put32(frame + 16, header.sum.first);
	put32(frame + 20, header.sum.second);
	walk(bytes, sizeof(bytes), 100, &result);
	assert_int_equal(result.valid, 1);
	assert_int_equal(result.committed, 0);
	assert_int_equal(result.first_page, 0);
}

static void test_log_header(void **state)
{
	uint8_t bytes[WAL_HEADER_SIZE];
	struct wal_header header;

	(void)state;
	make_log(bytes, true, 0);
	assert_int_equal(wal_header_parse(bytes, 0, &header), WAL_EMPTY);
	assert_int_equal(wal_header_parse(bytes, 31, &header), WAL_SHORT);
	bytes[31] ^= 1;
	assert_int_equal(wal_header_parse(bytes, 32, &header), WAL_DAMAGED);
	put32(bytes + 4, WAL_VERSION + 1);
	assert_int_equal(wal_header_parse(bytes, 32, &header), WAL_NEWER);
	bytes[0] ^= 1;
	assert_int_equal(wal_header_parse(bytes, 32, &header), WAL_FOREIGN);
}

static void test_index(void **state)
{
	uint8_t bytes[SHM_PREFIX_SIZE] = {0};
	const uint32_t version = SHM_VERSION;
	const uint32_t frames = 9;
	const uint16_t page_size = 1; /* 65536 */
	struct wal_sum sum = {0, 0};
	struct shm_index index;

	(void)state;
	assert_int_equal(shm_parse(bytes, SHM_PREFIX_SIZE - 1, &index), SHM_SHORT);
	assert_int_equal(shm_parse(bytes, sizeof(bytes), &index), SHM_BLANK);
	memcpy(bytes, &version, 4);
	bytes[12] = 1;
	memcpy(bytes + 14, &page_size, 2);
	memcpy(bytes + 16, &frames, 4);
	wal_sum_add(&sum, wal_native_is_big(), bytes, 40);
	memcpy(bytes + 40, &sum, 8);
	assert_int_equal(shm_parse(bytes, sizeof(bytes), &index), SHM_TORN); /* one copy alone */
	memcpy(bytes + 48, bytes, 48);
	memcpy(bytes + 96, &frames, 4);
	memset(bytes + 104, 0xff, 4);
	assert_int_equal(shm_parse(bytes, sizeof(bytes), &index), SHM_GOOD);
	assert_int_equal(index.frames, 9);
	assert_int_equal(index.backfilled, 9);
	assert_int_equal(index.page_size, 65536);
	assert_true(index.marks[1] == SHM_MARK_UNUSED);
	bytes[16] ^= 1; /* both copies the same, and the checksum not theirs */
	bytes[64] ^= 1;
	assert_int_equal(shm_parse(bytes, sizeof(bytes), &index), SHM_TORN);
	bytes[0] ^= 1;
	assert_int_equal(shm_parse(bytes, sizeof(bytes), &index), SHM_NEWER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_log_without_commit),
		cmocka_unit_test(test_log_header),
		cmocka_unit_test(test_index),
	};

	return cmocka_run_group_tests_name("doctor_formats", tests, NULL, NULL);
}
