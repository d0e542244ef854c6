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

#include <weir/db.h>
#include <weir/pool.h>
#include <weir/schema.h>
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

/* ---- the schema face, which a driver may do without ---- */

static void never_called(void)
{
	fail_msg("a check calls nothing");
}

/* One that has a function in each place. */
static struct weir_schema whole_schema(void)
{
	void (*const function)(void) = never_called;
	struct weir_schema schema = {.abi = WEIR_SCHEMA_ABI, .size = sizeof schema};

	for (size_t at = offsetof(struct weir_schema, script_begin); at < sizeof schema;
	     at += sizeof function)
		memcpy((char *)&schema + at, &function, sizeof function);
	return schema;
}

static enum weir_code open_with(const struct weir_schema *schema)
{
	struct weir_driver driver = *weir_stub_engine_driver();
	struct weir_db *db = NULL;

	driver.schema = schema;

	const enum weir_code code = weir_db_open(&db, &driver, "stub:", NULL);

	weir_db_destroy(db);
	return code;
}

static void a_schema_face_lacks_no_function_but_the_last_two(void **state)
{
	struct weir_schema schema = whole_schema();

	(void)state;
	assert_code(open_with(NULL), WEIR_OK);
	assert_code(open_with(&schema), WEIR_OK);
	for (size_t at = offsetof(struct weir_schema, script_begin);
	     at <= offsetof(struct weir_schema, facts); at += sizeof(void *)) {
		memset((char *)&schema + at, 0, sizeof(void *));
		assert_code(open_with(&schema), WEIR_ERR_BAD_ARGUMENT);
		schema = whole_schema();
	}
	schema.copy = NULL;
	schema.rebuild = NULL;
	assert_code(open_with(&schema), WEIR_OK);
}

static void a_schema_face_of_another_release_is_refused(void **state)
{
	struct weir_schema schema = whole_schema();

	(void)state;
	schema.abi++;
	assert_code(open_with(&schema), WEIR_ERR_BAD_ARGUMENT);
	schema = whole_schema();
	schema.size = offsetof(struct weir_schema, rebuild);
	assert_code(open_with(&schema), WEIR_ERR_BAD_ARGUMENT);
}

/* One that ends before the pointer is not asked for it. */
static void a_driver_from_before_it_has_none(void **state)
{
	struct guarded guarded;
	const struct weir_driver *const driver =
		guard(&guarded, weir_stub_engine_driver(), offsetof(struct weir_driver, schema));
	struct weir_db *db = NULL;

	(void)state;
	assert_code(weir_db_open(&db, driver, "stub:", NULL), WEIR_OK);
	weir_db_destroy(db);
	give_back(&guarded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pool_reads_no_driver_past_its_size),
		cmocka_unit_test(a_configuration_reads_no_driver_past_its_size),
		cmocka_unit_test(a_schema_face_lacks_no_function_but_the_last_two),
		cmocka_unit_test(a_schema_face_of_another_release_is_refused),
		cmocka_unit_test(a_driver_from_before_it_has_none),
	};

	return cmocka_run_group_tests_name("driver_check", tests, NULL, NULL);
}
