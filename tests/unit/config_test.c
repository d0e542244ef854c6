/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What all sources share: settings by name, pairs, and that a fault changes
 * nothing; with structs of callers older than the library.
 */
#include "config_fixture.h"

static struct weir_config config;
static struct weir_config before;
static struct fault_log faults;
static struct weir_fault_sink sink;
static struct weir_error err;

static int set_up(void **state)
{
	(void)state;
	weir_config_init(&config, &fixture_driver);
	before = config;
	sink = sink_into(&faults);
	weir_error_init(&err);
	return 0;
}

static enum weir_code apply_pairs(const char *pairs)
{
	return weir_config_apply_pairs(&config, &fixture_driver, pairs, &sink, &err);
}

static void test_setting_by_name(void **state)
{
	(void)state;
	assert_int_equal(
		weir_config_apply_setting(&config, &fixture_driver, "max_size", "8", &sink, &err), WEIR_OK);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(config.origin[WEIR_SET_max_size], WEIR_ORIGIN_CODE);
	assert_int_equal(
		weir_config_apply_setting(&config, &fixture_driver, "journal", "memory", &sink, &err),
		WEIR_OK);
	assert_int_equal(config.driver_values[1], 2);
	assert_int_equal(config.driver_origin[1], WEIR_ORIGIN_CODE);
	assert_int_equal(weir_config_apply_setting(&config, &fixture_driver, "url",
	                                           "sqlite:a.db?min_idle=2", &sink, &err),
	                 WEIR_OK);
	assert_string_equal(config.path, "a.db");
	assert_int_equal(config.min_idle, 2);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(faults.count, 0);
}

static void test_pairs(void **state)
{
	(void)state;
	assert_int_equal(apply_pairs(" max_size=8,acquire_timeout=250ms;\n\tpage_cache=4MiB ;;, "
	                             "name=orders fairness=fifo"),
	                 WEIR_OK);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(config.acquire_timeout, 250000000);
	assert_int_equal(config.driver_values[0], 4 << 20);
	assert_int_equal(config.fairness, WEIR_FAIRNESS_FIFO);
	assert_string_equal(config.name, "orders");
	assert_int_equal(config.origin[WEIR_SET_max_size], WEIR_ORIGIN_PAIR);
	assert_int_equal(config.origin[WEIR_SET_min_idle], WEIR_ORIGIN_DEFAULT);
	assert_int_equal(err.code, WEIR_OK);
	assert_int_equal(apply_pairs(""), WEIR_OK);
	assert_int_equal(apply_pairs(" ,; \t"), WEIR_OK);
}

static void test_every_fault_is_reported(void **state)
{
	(void)state;
	assert_int_equal(apply_pairs("max_size=0 max_szie=3 fairness=fair min_idle loud=yes =5 "
	                             "min_idle=3 min_idle=4 page_cache=1 acquire_timeout=5s"),
	                 WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 8);
	assert_string_equal(faults.faults[0].message,
	                    "pairs: max_size cannot be \"0\"; allowed: 1 to 65536");
	assert_string_equal(faults.faults[1].message,
	                    "pairs: there is no setting \"max_szie\"; did you mean max_size?");
	assert_string_equal(faults.faults[2].message,
	                    "pairs: fairness cannot be \"fair\"; allowed: bounded or fifo");
	assert_string_equal(faults.faults[3].message,
	                    "pairs: \"min_idle\" is not a pair; allowed: name=value, without spaces");
	assert_string_equal(faults.faults[4].message, "pairs: there is no setting \"loud\"");
	assert_string_equal(faults.faults[5].message,
	                    "pairs: \"=5\" is not a pair; allowed: name=value, without spaces");
	assert_string_equal(faults.faults[6].message, "pairs: min_idle is given more than once");
	assert_string_equal(faults.faults[7].message,
	                    "pairs: page_cache cannot be \"1\"; allowed: 0 to 1GiB, as in 64MiB");
	assert_int_equal(err.code, WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(err.where, "config.pairs");
	assert_string_equal(err.message, "8 faults, the first: pairs: max_size cannot be \"0\"; "
	                                 "allowed: 1 to 65536");
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_fault_has_its_parts(void **state)
{
	(void)state;
	assert_int_equal(apply_pairs("max_size=65537"), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.faults[0].code, WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(faults.faults[0].source, "pairs");
	assert_int_equal(faults.faults[0].line, 0);
	assert_string_equal(faults.faults[0].setting, "max_size");
	assert_string_equal(faults.faults[0].value, "65537");
	assert_string_equal(faults.faults[0].allowed, "1 to 65536");
	assert_string_equal(faults.faults[0].hint, "");
	assert_string_equal(err.message, faults.faults[0].message);

	forget_faults(&faults);
	assert_int_equal(apply_pairs("pagecache=1MiB"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_string_equal(faults.faults[0].setting, "pagecache");
	assert_string_equal(faults.faults[0].value, "1MiB");
	assert_string_equal(faults.faults[0].hint, "did you mean page_cache?");
}

static void test_works_without_sink_and_error(void **state)
{
	const struct weir_fault_sink deaf = {NULL, NULL};

	(void)state;
	assert_int_equal(weir_config_apply_pairs(&config, NULL, "max_size=0", NULL, NULL),
	                 WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(weir_config_apply_pairs(&config, NULL, "max_size=0", &deaf, &err),
	                 WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(err.message, "pairs: max_size cannot be \"0\"; allowed: 1 to 65536");
}

/* Settings beside a URL win, in whichever order the two stand. */
static void test_settings_override_the_url_beside_them(void **state)
{
	static const char *const orders[] = {
		"url=sqlite:a.db?max_size=3&min_idle=1&name=u max_size=8 name=n",
		"name=n max_size=8 url=sqlite:a.db?max_size=3&min_idle=1&name=u",
	};

	for (size_t i = 0; i < 2; i++) {
		(void)set_up(state);
		assert_int_equal(apply_pairs(orders[i]), WEIR_OK);
		assert_int_equal(config.max_size, 8);
		assert_int_equal(config.min_idle, 1);
		assert_string_equal(config.name, "n");
		assert_string_equal(config.path, "a.db");
		assert_int_equal(config.origin[WEIR_SET_min_idle], WEIR_ORIGIN_PAIR);
	}
	/* A value that loses is still read: it would be wrong when it no longer loses. */
	assert_int_equal(apply_pairs("max_size=8 url=sqlite:a.db?max_size=0"), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(apply_pairs("url=sqlite:a url=sqlite:b"), WEIR_ERR_CONFIG_SYNTAX);
	assert_int_equal(apply_pairs("name=a name=b"), WEIR_ERR_CONFIG_SYNTAX);
}

static void test_pool_name(void **state)
{
	char pairs[200];

	(void)state;
	(void)snprintf(pairs, sizeof(pairs), "name=%063d", 7);
	assert_int_equal(apply_pairs(pairs), WEIR_OK);
	assert_int_equal(strlen(config.name), 63);
	(void)snprintf(pairs, sizeof(pairs), "name=%064d", 7);
	assert_int_equal(apply_pairs(pairs), WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(faults.faults[0].message,
	                    "pairs: name is 64 bytes long; at most 63 are kept");
	assert_int_equal(apply_pairs("name=a\033b"), WEIR_ERR_CONFIG_VALUE);
}

static void test_bad_arguments(void **state)
{
	struct weir_driver other = fixture_driver;

	(void)state;
	assert_int_equal(weir_config_apply_pairs(NULL, NULL, "", &sink, &err), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(apply_pairs(NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_setting(&config, NULL, NULL, "1", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_setting(&config, NULL, "max_size", NULL, &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_setting(&config, NULL, "", "", &sink, &err),
	                 WEIR_ERR_CONFIG_UNKNOWN);
	other.abi = 99;
	assert_int_equal(weir_config_apply_pairs(&config, &other, "", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	config.size = 0;
	assert_int_equal(apply_pairs(""), WEIR_ERR_BAD_ARGUMENT);
	assert_non_null(strstr(err.message, "weir_config_init"));
	assert_int_equal(weir_config_apply_setting(&config, NULL, "max_size", "1", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	config.size = sizeof(config) + 8;
	assert_int_equal(apply_pairs(""), WEIR_ERR_BAD_ARGUMENT);
}

/* Nothing past the size of an older caller's struct is read or written, and a
 * setting that lies there is one that caller does not have. */
static void test_shorter_struct(void **state)
{
	const uint32_t size = (uint32_t)offsetof(struct weir_config, max_size);

	(void)state;
	memset(&config, 0xa5, sizeof(config));
	weir_config_init_sized(&config, size, &fixture_driver);
	assert_int_equal(apply_pairs("acquire_timeout=1s page_cache=2MiB"), WEIR_OK);
	assert_int_equal(config.acquire_timeout, WEIR_SECONDS(1));
	assert_int_equal(config.driver_values[0], 2 << 20);
	assert_int_equal(config.size, size);
	assert_int_equal(apply_pairs("max_size=8"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(apply_pairs("max_sise=8"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_string_equal(faults.faults[1].hint, "");
	assert_int_equal(weir_config_check(&config, &fixture_driver, &sink, &err), WEIR_OK);
	for (size_t i = size; i < sizeof(config); i++)
		assert_int_equal(((unsigned char *)&config)[i], 0xa5);
}

/* Input goes into messages; it must not move a terminal's cursor from there. */
static void test_messages_are_printable(void **state)
{
	char longer[4000];

	(void)state;
	assert_int_equal(apply_pairs("fairness=\033[2J max\177size=1"), WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(faults.faults[0].value, "\033[2J");
	assert_string_equal(faults.faults[0].message,
	                    "pairs: fairness cannot be \"?[2J\"; allowed: bounded or fifo");
	assert_string_equal(faults.faults[1].message,
	                    "pairs: there is no setting \"max?size\"; did you mean max_size?");

	memset(longer, 'x', sizeof(longer));
	longer[8] = '=';
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(apply_pairs(longer), WEIR_ERR_CONFIG_UNKNOWN);
	longer[8] = 'x';
	longer[3000] = '=';
	assert_int_equal(apply_pairs(longer), WEIR_ERR_CONFIG_UNKNOWN);
	memcpy(longer, "fairness=", 9);
	assert_int_equal(apply_pairs(longer), WEIR_ERR_CONFIG_VALUE);
	assert_true(strlen(err.message) < WEIR_ERROR_MESSAGE_MAX);
}

static void test_random_pairs(void **state)
{
	static const char *const pieces[] = {
		"max_size",  "min_idle", "page_cache", "journal", "name", "url", "=", "=", "=",  "8",
		"250ms",     "4MiB",     " ",          ",",       ";",    "\n",  "%", "?", "&",  "wal",
		"sqlite:x?", "fifo",     "fairness",   "://",     "#",    "0",   "1", "-", "\t",
	};
	uint64_t random = fixture_seed();

	(void)state;
	for (int i = 0; i < 30000; i++) {
		char text[200];

		random_text(&random, pieces, sizeof(pieces) / sizeof(pieces[0]), text, sizeof(text));
		before = config;
		forget_faults(&faults);

		const enum weir_code code = apply_pairs(text);

		assert_int_equal(code == WEIR_OK, faults.count == 0);
		if (code != WEIR_OK) {
			assert_memory_equal(&config, &before, sizeof(config));
			assert_int_equal(code, faults.faults[0].code);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_setting_by_name, set_up),
		cmocka_unit_test_setup(test_pairs, set_up),
		cmocka_unit_test_setup(test_every_fault_is_reported, set_up),
		cmocka_unit_test_setup(test_fault_has_its_parts, set_up),
		cmocka_unit_test_setup(test_works_without_sink_and_error, set_up),
		cmocka_unit_test_setup(test_settings_override_the_url_beside_them, set_up),
		cmocka_unit_test_setup(test_pool_name, set_up),
		cmocka_unit_test_setup(test_bad_arguments, set_up),
		cmocka_unit_test_setup(test_shorter_struct, set_up),
		cmocka_unit_test_setup(test_messages_are_printable, set_up),
		cmocka_unit_test_setup(test_random_pairs, set_up),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
