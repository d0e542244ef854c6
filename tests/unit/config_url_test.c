/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Configuration from URLs, good, bad and random.
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

static enum weir_code apply(const char *url)
{
	forget_faults(&faults);
	return weir_config_apply_url(&config, &fixture_driver, url, &sink, &err);
}

static void test_parts(void **state)
{
	static const struct {
		const char *url;
		const char *authority;
		const char *path;
	} cases[] = {
		{"sqlite:///var/lib/app.db", "", "/var/lib/app.db"},
		{"sqlite:relative/app.db", "", "relative/app.db"},
		{"sqlite:/var/app.db", "", "/var/app.db"},
		{"sqlite:", "", ""},
		{"sqlite://", "", ""},
		{"sqlite:?max_size=10", "", ""},
		{"sqlite://relative", "relative", ""},
		{"sqlite://host:5432/db", "host:5432", "/db"},
		{"sqlite://[::1]:5432/db", "[::1]:5432", "/db"},
		{"sqlite://u:p%40ss@h/db", "u:p@ss@h", "/db"},
		{"sqlite://a%2Fb/c%2fd", "a/b", "/c/d"},
		{"sqlite:a%20b%3Fc%23d%25e", "", "a b?c#d%e"},
		{"sqlite:%e2%82%ac", "", "\xe2\x82\xac"},
		{"sqlite:\xe2\x82\xac", "", "\xe2\x82\xac"},
		{"sqlite:C:\\x", "", "C:\\x"},
		{"SQLite:x", "", "x"},
		{"sqlite:a?", "", "a"},
		{"sqlite:a?&&", "", "a"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (apply(cases[i].url) != WEIR_OK)
			fail_msg("%s: %s", cases[i].url, err.message);
		assert_string_equal(config.scheme, "sqlite");
		assert_string_equal(config.authority, cases[i].authority);
		assert_string_equal(config.path, cases[i].path);
	}
}

static void test_query(void **state)
{
	(void)state;
	assert_int_equal(apply("sqlite:///a.db?max_size=8&acquire_timeout=250ms&journal=off&"
	                       "%6din_idle=%33&name=a%20b"),
	                 WEIR_OK);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(config.acquire_timeout, 250000000);
	assert_int_equal(config.driver_values[1], 0);
	assert_int_equal(config.min_idle, 3);
	assert_string_equal(config.name, "a b");
	assert_int_equal(config.origin[WEIR_SET_max_size], WEIR_ORIGIN_URL);
	assert_int_equal(config.driver_origin[1], WEIR_ORIGIN_URL);
	assert_int_equal(config.origin[WEIR_SET_max_lifetime], WEIR_ORIGIN_DEFAULT);
}

static void test_later_url_replaces_the_parts(void **state)
{
	(void)state;
	assert_int_equal(apply("sqlite://host/a?max_size=8"), WEIR_OK);
	assert_int_equal(apply("sqlite:b"), WEIR_OK);
	assert_string_equal(config.authority, "");
	assert_string_equal(config.path, "b");
	assert_int_equal(config.max_size, 8);
}

static void test_faults(void **state)
{
	static const struct {
		const char *url;
		enum weir_code code;
		const char *message;
	} cases[] = {
		{"", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the URL does not begin with a scheme; allowed: scheme://authority/path or "
	     "scheme:path"},
		{"app.db", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the URL does not begin with a scheme; allowed: scheme://authority/path or "
	     "scheme:path; did you mean sqlite:app.db?"},
		{"/var/app.db", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the URL does not begin with a scheme; allowed: scheme://authority/path or "
	     "scheme:path; did you mean sqlite:///var/app.db?"},
		{"./a:b", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the URL does not begin with a scheme; allowed: scheme://authority/path or "
	     "scheme:path; did you mean sqlite:./a:b?"},
		{"3com:x", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the URL does not begin with a scheme; allowed: scheme://authority/path or "
	     "scheme:path; did you mean sqlite:3com:x?"},
		{"sqlte:x", WEIR_ERR_CONFIG_VALUE,
	     "URL: \"sqlte\" is not the scheme of the driver; allowed: sqlite; did you mean sqlite?"},
		{"postgres://h/x", WEIR_ERR_CONFIG_VALUE,
	     "URL: \"postgres\" is not the scheme of the driver; allowed: sqlite"},
		{"a-scheme-that-is-far-too-long:x", WEIR_ERR_CONFIG_VALUE,
	     "URL: \"a-scheme-that-is-far-too-long\" is not the scheme of the driver; allowed: "
	     "sqlite"},
		{"sqlite:a%00b", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the path has \"%00\", which is a NUL byte; allowed: % and two hexadecimal digits, "
	     "not 00"},
		{"sqlite:a%zz", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the path has \"%zz\", which is no escape; allowed: % and two hexadecimal digits, "
	     "not 00"},
		{"sqlite:a%4", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the path has \"%4\", which is no escape; allowed: % and two hexadecimal digits, "
	     "not 00"},
		{"sqlite:a%", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the path has \"%\", which is no escape; allowed: % and two hexadecimal digits, "
	     "not 00"},
		{"sqlite://h%zz/a", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the authority has \"%zz\", which is no escape; allowed: % and two hexadecimal "
	     "digits, not 00"},
		{"sqlite:a?max_size=%zz", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the query has \"%zz\", which is no escape; allowed: % and two hexadecimal digits, "
	     "not 00"},
		{"sqlite:a?%00=1", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the query has \"%00\", which is a NUL byte; allowed: % and two hexadecimal digits, "
	     "not 00"},
		{"sqlite:a%0ab", WEIR_ERR_CONFIG_VALUE, "URL: path has a control character (0x0a)"},
		{"sqlite:a\033b", WEIR_ERR_CONFIG_VALUE, "URL: path has a control character (0x1b)"},
		{"sqlite://h\177/b", WEIR_ERR_CONFIG_VALUE,
	     "URL: authority has a control character (0x7f)"},
		{"sqlite:a.db ", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: byte 12 of the URL is a bare space; allowed: %20 for a space, %23 for \"#\""},
		{"sqlite:a#b", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: byte 9 of the URL is a bare \"#\"; allowed: %20 for a space, %23 for \"#\""},
		{"sqlite:a?max_size", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the query has \"max_size\" without a value; allowed: name=value"},
		{"sqlite:a?=8", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: the query has \"8\" without a name; allowed: name=value"},
		{"sqlite:a?max_size=", WEIR_ERR_CONFIG_VALUE,
	     "URL: max_size cannot be \"\"; allowed: 1 to 65536"},
		{"sqlite:a?max_size=8?", WEIR_ERR_CONFIG_VALUE,
	     "URL: max_size cannot be \"8?\"; allowed: 1 to 65536"},
		{"sqlite:a?max_size=8&max%5fsize=9", WEIR_ERR_CONFIG_SYNTAX,
	     "URL: max_size is given more than once"},
		{"sqlite:a?max-size=8", WEIR_ERR_CONFIG_UNKNOWN,
	     "URL: there is no setting \"max-size\"; did you mean max_size?"},
		{"sqlite:a?url=sqlite:b", WEIR_ERR_CONFIG_UNKNOWN, "URL: there is no setting \"url\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(apply(cases[i].url), cases[i].code);
		assert_int_equal(faults.count, 1);
		assert_string_equal(faults.faults[0].message, cases[i].message);
		assert_int_equal(faults.faults[0].code, cases[i].code);
		assert_memory_equal(&config, &before, sizeof(config));
	}
}

static void test_all_faults_of_one_url(void **state)
{
	(void)state;
	assert_int_equal(apply("postgres://h%zz/a%00?max_size=0&x&min_idle=2&journal=delete&foo=1"),
	                 WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 7);
	assert_memory_equal(&config, &before, sizeof(config));
}

/* A fault may be logged; the password in the URL must not be. */
static void test_faults_keep_the_password(void **state)
{
	static const char *const urls[] = {
		"sqlte://me:hunter2@host/db?max_size=0",
		"me:hunter2@host/db",
		"//me:hunter2@host/db",
		"sqlite://me:hunter2@%00/db",
		"sqlite://me:hunter2@\001/db",
	};
	char longer[600];

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		assert_int_not_equal(apply(urls[i]), WEIR_OK);
		for (size_t j = 0; j < faults.count; j++) {
			assert_null(strstr(faults.faults[j].message, "hunter2"));
			assert_null(strstr(faults.faults[j].value, "hunter2"));
			assert_null(strstr(faults.faults[j].hint, "hunter2"));
		}
	}
	(void)snprintf(longer, sizeof(longer), "sqlite://hunter2%0400d/db", 1);
	assert_int_equal(apply(longer), WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(faults.faults[0].value, "");
	assert_null(strstr(faults.faults[0].message, "hunter2"));
}

static void test_lengths(void **state)
{
	static char url[3 * WEIR_PATH_MAX];

	(void)state;
	(void)snprintf(url, sizeof(url), "sqlite:%0*d", WEIR_PATH_MAX - 1, 1);
	assert_int_equal(apply(url), WEIR_OK);
	assert_int_equal(strlen(config.path), WEIR_PATH_MAX - 1);
	(void)snprintf(url, sizeof(url), "sqlite:%0*d", WEIR_PATH_MAX, 1);
	assert_int_equal(apply(url), WEIR_ERR_CONFIG_VALUE);
	assert_string_equal(err.message, "URL: path is 4096 bytes long; at most 4095 are kept");
	/* What counts is the length after decoding. */
	(void)snprintf(url, sizeof(url), "sqlite:%0*d%%20%%20", WEIR_PATH_MAX - 3, 1);
	assert_int_equal(apply(url), WEIR_OK);
	(void)snprintf(url, sizeof(url), "sqlite://%0255d/x", 1);
	assert_int_equal(apply(url), WEIR_OK);
	(void)snprintf(url, sizeof(url), "sqlite://%0256d/x", 1);
	assert_int_equal(apply(url), WEIR_ERR_CONFIG_VALUE);
}

static void test_without_driver_any_scheme(void **state)
{
	char url[64];

	(void)state;
	weir_config_init(&config, NULL);
	assert_int_equal(weir_config_apply_url(&config, NULL, "Mine+x://h/p?max_size=3", &sink, &err),
	                 WEIR_OK);
	assert_string_equal(config.scheme, "mine+x");
	assert_int_equal(config.max_size, 3);
	assert_int_equal(weir_config_apply_url(&config, NULL, "mine:?page_cache=1MiB", &sink, &err),
	                 WEIR_ERR_CONFIG_UNKNOWN);
	(void)snprintf(url, sizeof(url), "abcdefghijklmno:x");
	assert_int_equal(weir_config_apply_url(&config, NULL, url, &sink, &err), WEIR_OK);
	(void)snprintf(url, sizeof(url), "abcdefghijklmnop:x");
	assert_int_equal(weir_config_apply_url(&config, NULL, url, &sink, &err), WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(weir_config_apply_url(&config, NULL, "a.db", &sink, &err),
	                 WEIR_ERR_CONFIG_SYNTAX);
}

static void test_bad_arguments(void **state)
{
	(void)state;
	assert_int_equal(apply(NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_url(NULL, NULL, "sqlite:x", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(err.code, WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(faults.count, 0);
}

static void test_random_urls(void **state)
{
	static const char *const pieces[] = {
		"sqlite:", "sqlite://", "/",     "?",        "&",  "=",   "%",    "%2", "%00",    "%41",
		"%zz",     "max_size",  "8",     "min_idle", "#",  " ",   "@",    ":",  "sqlte:", "journal",
		"wal",     "name",      "250ms", "a",        "..", "url", "\xff", "+",  "%0a",
	};
	uint64_t random = fixture_seed();

	(void)state;
	for (int i = 0; i < 50000; i++) {
		char text[300] = "sqlite:";
		const size_t begin = i % 2 == 0 ? strlen(text) : 0;

		random_text(&random, pieces, sizeof(pieces) / sizeof(pieces[0]), text + begin,
		            sizeof(text) - begin);
		before = config;

		const enum weir_code code = apply(text);

		assert_int_equal(code == WEIR_OK, faults.count == 0);
		if (code != WEIR_OK)
			assert_memory_equal(&config, &before, sizeof(config));
		else
			assert_string_equal(config.scheme, "sqlite");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_parts, set_up),
		cmocka_unit_test_setup(test_query, set_up),
		cmocka_unit_test_setup(test_later_url_replaces_the_parts, set_up),
		cmocka_unit_test_setup(test_faults, set_up),
		cmocka_unit_test_setup(test_all_faults_of_one_url, set_up),
		cmocka_unit_test_setup(test_faults_keep_the_password, set_up),
		cmocka_unit_test_setup(test_lengths, set_up),
		cmocka_unit_test_setup(test_without_driver_any_scheme, set_up),
		cmocka_unit_test_setup(test_bad_arguments, set_up),
		cmocka_unit_test_setup(test_random_urls, set_up),
	};

	return cmocka_run_group_tests_name("config_url", tests, NULL, NULL);
}
