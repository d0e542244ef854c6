/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A driver of another release is refused, or used as far as it goes, and nothing
 * past its size is read: behind each struct here comes a page that cannot be. What
 * a pool refuses besides is in pool_test.c, what a weir_db does in db_test.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <weir/pool.h>
#include <weir/stub.h>

#include "unit_check.h"

struct guarded {
	void *memory;
	size_t size;
};

/* The first size bytes of driver, which says so, before a page that is not there. */
static const struct weir_driver *guard(struct guarded *guarded, const struct weir_driver *driver,
                                       uint32_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct weir_driver cut = *driver;
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(memory, MAP_FAILED);
	assert_int_equal(mprotect(memory + page, page, PROT_NONE), 0);
	*guarded = (struct guarded){memory, 2 * page};
	cut.size = size;
	return memcpy(memory + page - size, &cut, size);
}

static void give_back(const struct guarded *guarded)
{
	assert_int_equal(munmap(guarded->memory, guarded->size), 0);
}

/* Sizes that end before what is looked at. */
static const uint32_t too_short[] = {
	8,
	offsetof(struct weir_driver, flags),
	offsetof(struct weir_driver, settings),
	offsetof(struct weir_driver, open),
	offsetof(struct weir_driver, close),
};

static void a_pool_reads_no_driver_past_its_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof too_short / sizeof too_short[0]; i++) {
		struct guarded guarded;
		const struct weir_driver *driver = guard(&guarded, weir_stub_driver(), too_short[i]);
		struct weir_pool *pool = NULL;

		assert_code(weir_pool_create(&pool, driver, NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
		assert_code(weir_pool_open_url(&pool, driver, "stub:", NULL), WEIR_ERR_BAD_ARGUMENT);
		assert_null(pool);
		give_back(&guarded);
	}
}

/* A configuration needs the name, and takes the settings if they are there. */
static void a_configuration_reads_no_driver_past_its_size(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof too_short / sizeof too_short[0]; i++) {
		const bool named = too_short[i] >= offsetof(struct weir_driver, flags);
		const enum weir_code wanted = named ? WEIR_OK : WEIR_ERR_BAD_ARGUMENT;
		struct guarded guarded;
		const struct weir_driver *driver = guard(&guarded, weir_stub_driver(), too_short[i]);
		struct weir_config config;
		size_t count = 0;

		weir_config_init(&config, driver);
		assert_code(weir_config_apply_url(&config, driver, "stub:?max_size=3", NULL, NULL), wanted);
		assert_code(weir_config_check(&config, driver, NULL, NULL), wanted);
		(void)weir_driver_settings(driver, &count);
		assert_int_equal(count > 0, too_short[i] >= offsetof(struct weir_driver, open));
		give_back(&guarded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_reads_no_driver_past_its_size),
		cmocka_unit_test(a_configuration_reads_no_driver_past_its_size),
	};

	return cmocka_run_group_tests_name("driver_check", tests, NULL, NULL);
}
