/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The disk of `weir-stress powercut`: what is synced survives a cut, and what is not
 * does as the mercy says.
 */
#include "unit_check.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress_power_disk.h"

static struct disk disk;
static char folder[FOLDER_PATH];
static char path[FOLDER_PATH];
static char log_path[FOLDER_PATH];
static uint64_t draws;

static int set_up(void **state)
{
	(void)state;
	draws = 42;
	if (!folder_make(folder_default(), "disk", folder))
		return -1;
	(void)snprintf(path, sizeof path, "%.4000s/test.db", folder);
	(void)snprintf(log_path, sizeof log_path, "%.4000s/test.db-wal", folder);
	return disk_load(&disk, path) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	disk_free(&disk);
	folder_remove(folder);
	return 0;
}

#define DISK_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* ---- what SQLite would call ---- */

static void note(enum shim_call call, const char *file, int64_t offset, int amount,
                 const void *bytes)
{
	const bool is_log = strcmp(file, log_path) == 0;
	const struct shim_event event = {
		.call = call,
		.file = is_log ? SHIM_WAL : SHIM_DATABASE,
		.path = file,
		.offset = offset,
		.amount = amount,
		.flags = call == SHIM_OPEN ? SQLITE_OPEN_CREATE : 0,
		.bytes = bytes,
	};

	disk_note(&disk, &event);
}

static void make(const char *file)
{
	note(SHIM_OPEN, file, 0, 0, NULL);
}

static void fill(const char *file, int64_t offset, int amount, char with)
{
	static char bytes[8192];

	memset(bytes, with, sizeof bytes);
	note(SHIM_WRITE, file, offset, amount, bytes);
}

static void sync_it(const char *file)
{
	note(SHIM_SYNC, file, 0, 0, NULL);
}

static void cut(enum disk_mercy mercy)
{
	assert_true(disk_cut(&disk, mercy, &draws));
	assert_false(disk.out_of_room);
}

/* A file that is there for certain, with so many bytes of 'a'. */
static void make_synced(int amount)
{
	make(path);
	make(log_path);
	fill(path, 0, amount, 'a');
	sync_it(path);
	sync_it(log_path); /* and the folder */
}

/* The file after a cut; the text is the caller's to free. */
static struct folder_bytes read_it(const char *file)
{
	struct folder_bytes bytes;

	assert_true(folder_read(file, &bytes));
	return bytes;
}

static void assert_file(const char *file, size_t length, char first, char last)
{
	struct folder_bytes bytes = read_it(file);

	assert_true(bytes.there);
	assert_int_equal(bytes.length, length);
	assert_int_equal(bytes.bytes[0], first);
	assert_int_equal(bytes.bytes[length - 1], last);
	free(bytes.bytes);
}

/* The next life: all that is there is synced. */
static void boot(void)
{
	disk_free(&disk);
	assert_true(disk_load(&disk, path));
}

static void start_over(void)
{
	folder_empty(folder);
	boot();
}

/* ---- tests ---- */

static void what_is_synced_survives(void **state)
{
	(void)state;
	make_synced(100);
	cut(DISK_NONE);
	assert_file(path, 100, 'a', 'a');
}

static void what_is_not_synced_is_lost_or_not(void **state)
{
	(void)state;
	make_synced(100);
	fill(path, 50, 100, 'b');
	cut(DISK_NONE);
	assert_file(path, 100, 'a', 'a');
	boot();
	fill(path, 50, 100, 'b');
	cut(DISK_ALL);
	assert_file(path, 150, 'a', 'b');
}

static void a_lying_sync_does_nothing(void **state)
{
	(void)state;
	make_synced(100);
	disk.lies = true;
	fill(path, 50, 100, 'b');
	sync_it(path);
	cut(DISK_NONE);
	assert_file(path, 100, 'a', 'a');
}

static void a_truncation_is_a_change_like_others(void **state)
{
	(void)state;
	make_synced(100);
	note(SHIM_TRUNCATE, path, 10, 0, NULL);
	cut(DISK_NONE);
	assert_file(path, 100, 'a', 'a');
	boot();
	note(SHIM_TRUNCATE, path, 10, 0, NULL);
	sync_it(path);
	cut(DISK_NONE);
	assert_file(path, 10, 'a', 'a');
}

static void a_new_file_needs_its_folder_synced(void **state)
{
	struct folder_bytes bytes;

	(void)state;
	make(path);
	fill(path, 0, 100, 'a');
	sync_it(path);
	cut(DISK_NONE);
	bytes = read_it(path);
	assert_false(bytes.there);
}

static void a_removal_is_sure_only_when_the_folder_is_synced(void **state)
{
	const struct shim_event removal = {
		.call = SHIM_DELETE, .file = SHIM_DATABASE, .path = path, .flags = 1};
	struct folder_bytes bytes;

	(void)state;
	make_synced(100);
	note(SHIM_DELETE, path, 0, 0, NULL);
	cut(DISK_NONE);
	assert_file(path, 100, 'a', 'a');
	boot();
	disk_note(&disk, &removal);
	cut(DISK_NONE);
	bytes = read_it(path);
	assert_false(bytes.there);
}

/* Over many cuts a write of two sectors is seen whole, lost, and in either half. */
static void writes_are_torn_at_sectors(void **state)
{
	uint32_t seen = 0;

	for (int i = 0; i < 400; i++) {
		struct folder_bytes bytes;

		start_over();
		make_synced(1024);
		fill(path, 0, 1024, 'b');
		cut(i % 2 == 0 ? DISK_SECTORS : DISK_TORN);
		bytes = read_it(path);
		for (size_t k = 0; k < 1024; k++)
			assert_int_equal(bytes.bytes[k], bytes.bytes[k / 512 * 512]);
		seen |= 1U << ((bytes.bytes[0] == 'b') + 2 * (bytes.bytes[512] == 'b'));
		free(bytes.bytes);
	}
	(void)state;
	assert_int_equal(seen, 0xf);
}

/* Later writes may be there without earlier ones, and earlier without later. */
static void writes_get_there_in_any_order(void **state)
{
	uint32_t seen = 0;

	for (int i = 0; i < 400; i++) {
		struct folder_bytes bytes;

		start_over();
		make_synced(1024);
		fill(path, 0, 512, 'b');
		fill(path, 512, 512, 'b');
		cut(DISK_SOME);
		bytes = read_it(path);
		seen |= 1U << ((bytes.bytes[0] == 'b') + 2 * (bytes.bytes[512] == 'b'));
		free(bytes.bytes);
	}
	(void)state;
	assert_int_equal(seen, 0xf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_TEST(what_is_synced_survives),
		DISK_TEST(what_is_not_synced_is_lost_or_not),
		DISK_TEST(a_lying_sync_does_nothing),
		DISK_TEST(a_truncation_is_a_change_like_others),
		DISK_TEST(a_new_file_needs_its_folder_synced),
		DISK_TEST(a_removal_is_sure_only_when_the_folder_is_synced),
		DISK_TEST(writes_are_torn_at_sectors),
		DISK_TEST(writes_get_there_in_any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
