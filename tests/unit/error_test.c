/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Codes, their hierarchy, and the detail of a failure in structs of every size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/error.h>
#include <weir/version.h>

static const enum weir_code codes[] = {
#define CODE(name, ...) WEIR_ERR_##name,
	WEIR_ERROR_LIST(CODE)
#undef CODE
};

#define CODES_COUNT (sizeof(codes) / sizeof(codes[0]))

/* Programs store codes and switch on them: a value once given stays. */
static void test_values_are_pinned(void **state)
{
	(void)state;
	assert_int_equal(WEIR_OK, 0);
	assert_int_equal(WEIR_ERR_POOL, 0x0100);
	assert_int_equal(WEIR_ERR_CLOSE_TIMEOUT, 0x0108);
	assert_int_equal(WEIR_ERR_BAD_ARGUMENT, 0x0204);
	assert_int_equal(WEIR_ERR_CONFIG_CONFLICT, 0x0304);
	assert_int_equal(WEIR_ERR_DRIVER_SQL, 0x0406);
	assert_int_equal(WEIR_ERR_INDETERMINATE, 0x0503);
	assert_int_equal(WEIR_ERR_MIGRATE, 0x0600);
	assert_int_equal(WEIR_ERR_IO, 0x0703);
}

static void test_list_is_ordered_and_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODES_COUNT; i++) {
		const enum weir_code category = (enum weir_code)((unsigned)codes[i] & ~0xffU);

		assert_true(i == 0 || codes[i] > codes[i - 1]);
		assert_non_null(weir_error_name(codes[i]));
		assert_true(strlen(weir_error_text(codes[i])) > 5);
		assert_non_null(weir_error_name(category));
		assert_true(weir_error_is(codes[i], category));
	}
	assert_string_equal(weir_error_name(WEIR_ERR_ACQUIRE_TIMEOUT), "ACQUIRE_TIMEOUT");
	assert_string_equal(weir_error_name(WEIR_OK), "OK");
	assert_non_null(weir_error_text(WEIR_OK));
}

static void test_unknown_codes(void **state)
{
	const enum weir_code unknown[] = {(enum weir_code)1, (enum weir_code)0x01ff,
	                                  (enum weir_code)0x7fffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_null(weir_error_name(unknown[i]));
		assert_null(weir_error_text(unknown[i]));
		assert_int_equal(weir_error_retry(unknown[i]), WEIR_RETRY_NO);
	}
	/* A code of a later release still lies in its category. */
	assert_true(weir_error_is((enum weir_code)0x01ff, WEIR_ERR_POOL));
}

static void test_membership(void **state)
{
	(void)state;
	assert_true(weir_error_is(WEIR_ERR_EXHAUSTED, WEIR_ERR_POOL));
	assert_true(weir_error_is(WEIR_ERR_EXHAUSTED, WEIR_ERR_EXHAUSTED));
	assert_true(weir_error_is(WEIR_ERR_POOL, WEIR_ERR_POOL));
	assert_false(weir_error_is(WEIR_ERR_POOL, WEIR_ERR_EXHAUSTED));
	assert_false(weir_error_is(WEIR_ERR_EXHAUSTED, WEIR_ERR_CLOSED));
	assert_false(weir_error_is(WEIR_ERR_EXHAUSTED, WEIR_ERR_USAGE));
	assert_false(weir_error_is(WEIR_OK, WEIR_ERR_POOL));
	assert_false(weir_error_is(WEIR_OK, WEIR_OK));
	assert_false(weir_error_is(WEIR_ERR_POOL, WEIR_OK));
}

static void test_retry(void **state)
{
	(void)state;
	assert_int_equal(weir_error_retry(WEIR_ERR_ACQUIRE_TIMEOUT), WEIR_RETRY_LATER);
	assert_int_equal(weir_error_retry(WEIR_ERR_CLOSED), WEIR_RETRY_NO);
	assert_int_equal(weir_error_retry(WEIR_ERR_INDETERMINATE), WEIR_RETRY_UNSURE);
	assert_int_equal(weir_error_retry(WEIR_OK), WEIR_RETRY_NO);
}

static void test_reason_names(void **state)
{
	(void)state;
	assert_string_equal(weir_wait_reason_name(WEIR_WAIT_NONE), "none");
	assert_string_equal(weir_wait_reason_name(WEIR_WAIT_LEASED), "leased");
	assert_string_equal(weir_wait_reason_name(WEIR_WAIT_CLOSED), "closed");
	assert_string_equal(weir_wait_reason_name((enum weir_wait_reason)99), "unknown");
	assert_string_equal(weir_wait_reason_name((enum weir_wait_reason) - 1), "unknown");
}

static void test_init_forms_agree(void **state)
{
	const struct weir_error declared = WEIR_ERROR_INIT;
	struct weir_error prepared;

	(void)state;
	memset(&prepared, 0xa5, sizeof(prepared));
	weir_error_init(&prepared);
	assert_int_equal(prepared.size, sizeof(prepared));
	assert_memory_equal(&declared, &prepared, sizeof(declared));
}

static void test_fail_overwrites_everything(void **state)
{
	struct weir_error err;

	(void)state;
	memset(&err, 0xa5, sizeof(err));
	err.size = sizeof(err);
	assert_int_equal(weir_fail(&err, WEIR_ERR_DRIVER_OPEN, "here", 14, "%s: %d", "x", 7),
	                 WEIR_ERR_DRIVER_OPEN);
	assert_int_equal(err.size, sizeof(err));
	assert_int_equal(err.code, WEIR_ERR_DRIVER_OPEN);
	assert_int_equal(err.driver_code, 14);
	assert_string_equal(err.where, "here");
	assert_string_equal(err.message, "x: 7");
	assert_int_equal(err.reason, WEIR_WAIT_NONE);
	assert_int_equal(err.holders_count, 0);
	assert_int_equal(err.last_open_message[0], 0);
	assert_null(err.holders[WEIR_ERROR_HOLDERS_MAX - 1].site);
}

static void test_fail_accepts_null(void **state)
{
	(void)state;
	assert_int_equal(weir_fail(NULL, WEIR_ERR_IO, "here", 0, "%s", "text"), WEIR_ERR_IO);
}

static void test_fail_may_quote_its_own_message(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	(void)weir_fail(&err, WEIR_ERR_DRIVER, "inner", 0, "disk gone");
	(void)weir_fail(&err, WEIR_ERR_OPEN_FAILED, "outer", 0, "open: %s", err.message);
	assert_string_equal(err.message, "open: disk gone");
}

static void test_long_message_is_cut(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	char longer[2 * WEIR_ERROR_MESSAGE_MAX];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	(void)weir_fail(&err, WEIR_ERR_IO, "here", 0, "%s", longer);
	assert_int_equal(strlen(err.message), WEIR_ERROR_MESSAGE_MAX - 1);
}

/* A caller of every age, with guard bytes behind what it knows. */
static void test_every_size(void **state)
{
	const size_t longest = sizeof(struct weir_error) + 64;
	char text[1024];

	(void)state;
	for (size_t size = 0; size <= longest; size++) {
		unsigned char *memory = malloc(longest + 16);
		struct weir_error *err = (struct weir_error *)(void *)memory;
		const uint32_t claimed = (uint32_t)size;

		assert_non_null(memory);
		memset(memory, 0xa5, longest + 16);
		memcpy(memory, &claimed, sizeof(claimed));
		assert_int_equal(weir_fail(err, WEIR_ERR_IO, "here", 5, "disk"), WEIR_ERR_IO);
		assert_memory_equal(memory, &claimed, sizeof(claimed));
		for (size_t i = size < 8 ? 4 : size; i < longest + 16; i++)
			assert_int_equal(memory[i], 0xa5);
		if (size >= 8)
			assert_int_equal(err->code, WEIR_ERR_IO);
		if (size >= offsetof(struct weir_error, message))
			assert_string_equal(err->where, "here");
		if (size > offsetof(struct weir_error, message))
			assert_true(memchr(err->message, '\0', size - offsetof(struct weir_error, message)) !=
			            NULL);
		if (size > sizeof(struct weir_error))
			assert_int_equal(memory[size - 1], 0);

		const size_t length = weir_error_describe(err, text, sizeof(text));

		assert_int_equal(length > 0, size >= 8);
		assert_int_equal(length, strlen(text));
		free(memory);
	}
}

/* A pointer that the size cuts in half must not become half a pointer. */
static void test_cut_pointer_is_left_null(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	err.size = (uint32_t)(offsetof(struct weir_error, where) + sizeof(void *) / 2);
	(void)weir_fail(&err, WEIR_ERR_IO, "here", 5, "disk");
	assert_null(err.where);
}

/* Memory that was never initialised is left alone. */
static void test_absurd_size_counts_as_null(void **state)
{
	struct weir_error err;
	char text[64] = "before";

	(void)state;
	memset(&err, 0xa5, sizeof(err));
	assert_int_equal(weir_fail(&err, WEIR_ERR_IO, "here", 0, "x"), WEIR_ERR_IO);
	assert_int_equal((unsigned)err.code, 0xa5a5a5a5U);
	assert_int_equal(weir_error_describe(&err, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void fill_timeout(struct weir_error *err)
{
	weir_error_init(err);
	(void)weir_fail(err, WEIR_ERR_ACQUIRE_TIMEOUT, "weir_acquire", 0, "orders: no lease in 250ms");
	err->reason = WEIR_WAIT_LEASED;
	err->queue_length = 3;
	err->queued_ns = 249000000;
	err->open_ns = 1500;
	err->last_open_code = WEIR_ERR_DRIVER_OPEN;
	err->last_open_driver_code = 14;
	err->last_open_age_ns = INT64_C(90) * 1000000000;
	(void)snprintf(err->last_open_message, sizeof(err->last_open_message), "no such file");
	err->holders_total = 10;
	err->holders_count = 2;
	err->holders[0] = (struct weir_holder){3, 4711, "main.c:42", 1200000000, 1300000000};
	err->holders[1] = (struct weir_holder){1, 4712, NULL, 5, 7};
}

static void test_describe_timeout(void **state)
{
	struct weir_error err;
	char text[1024];

	(void)state;
	fill_timeout(&err);

	const size_t length = weir_error_describe(&err, text, sizeof(text));

	assert_int_equal(length, strlen(text));
	assert_string_equal(text,
	                    "ACQUIRE_TIMEOUT in weir_acquire: orders: no lease in 250ms\n"
	                    "  reason: every connection was leased (leased)\n"
	                    "  time spent: queued 249 ms, opening 1.5 us, validating 0 ns\n"
	                    "  others in the queue: 3\n"
	                    "  last open error: 1.5 m ago, DRIVER_OPEN: no such file (driver code 14)\n"
	                    "  leases out: 10; the longest held:\n"
	                    "    slot 3, thread 4711, held for 1.2 s to 1.3 s, since main.c:42\n"
	                    "    slot 1, thread 4712, held for 5 ns to 7 ns, since an unknown place");
}

static void test_describe_short_forms(void **state)
{
	struct weir_error err = WEIR_ERROR_INIT;
	char text[256];

	(void)state;
	(void)weir_fail(&err, WEIR_ERR_DRIVER_BUSY, "sqlite.step", 5, "%s", "");
	(void)weir_error_describe(&err, text, sizeof(text));
	assert_string_equal(
		text, "DRIVER_BUSY in sqlite.step: the database is locked by someone else (driver code 5)");
	(void)weir_fail(&err, (enum weir_code)0x01ee, NULL, 0, "later news");
	(void)weir_error_describe(&err, text, sizeof(text));
	assert_string_equal(text, "code 0x01ee: later news");
	weir_error_init(&err);
	(void)weir_error_describe(&err, text, sizeof(text));
	assert_string_equal(text, "OK: the call succeeded");
}

static void test_describe_counts_like_snprintf(void **state)
{
	struct weir_error err;
	char whole[1024];
	char cut[1024];

	(void)state;
	fill_timeout(&err);

	const size_t length = weir_error_describe(&err, whole, sizeof(whole));

	assert_int_equal(weir_error_describe(&err, NULL, 0), length);
	for (size_t size = 1; size <= length + 1; size++) {
		memset(cut, 0x5a, sizeof(cut));
		assert_int_equal(weir_error_describe(&err, cut, size), length);
		assert_int_equal(strlen(cut), size - 1);
		assert_memory_equal(cut, whole, size - 1);
		assert_int_equal(cut[size], 0x5a);
	}
	assert_int_equal(weir_error_describe(NULL, cut, sizeof(cut)), 0);
	assert_string_equal(cut, "");
}

/* What a broken writer left in the counts must not lead past the array. */
static void test_describe_distrusts_counts(void **state)
{
	struct weir_error err;
	char text[4096];

	(void)state;
	fill_timeout(&err);
	err.holders_count = UINT32_MAX;
	(void)weir_error_describe(&err, text, sizeof(text));
	assert_non_null(strstr(text, "main.c:42"));

	err.size = (uint32_t)(offsetof(struct weir_error, holders) + sizeof(struct weir_holder) + 3);
	(void)weir_error_describe(&err, text, sizeof(text));
	assert_non_null(strstr(text, "slot 3"));
	assert_null(strstr(text, "slot 1"));
	assert_null(strstr(text, "slot 0"));
}

static void test_version_matches_header(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(weir_version(), WEIR_VERSION_STRING);
	(void)snprintf(text, sizeof(text), "%d.%d.%d", WEIR_VERSION_MAJOR, WEIR_VERSION_MINOR,
	               WEIR_VERSION_PATCH);
	assert_string_equal(weir_version(), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_pinned),
		cmocka_unit_test(test_list_is_ordered_and_complete),
		cmocka_unit_test(test_unknown_codes),
		cmocka_unit_test(test_membership),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_reason_names),
		cmocka_unit_test(test_init_forms_agree),
		cmocka_unit_test(test_fail_overwrites_everything),
		cmocka_unit_test(test_fail_accepts_null),
		cmocka_unit_test(test_fail_may_quote_its_own_message),
		cmocka_unit_test(test_long_message_is_cut),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_cut_pointer_is_left_null),
		cmocka_unit_test(test_absurd_size_counts_as_null),
		cmocka_unit_test(test_describe_timeout),
		cmocka_unit_test(test_describe_short_forms),
		cmocka_unit_test(test_describe_counts_like_snprintf),
		cmocka_unit_test(test_describe_distrusts_counts),
		cmocka_unit_test(test_version_matches_header),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
