/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Configuration from INI files: lines, sections, and files that are none.
 */
#include "config_fixture.h"

#include <ini.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static struct weir_config config;
static struct weir_config before;
static struct fault_log faults;
static struct weir_fault_sink sink;
static struct weir_error err;
static char path[64];
static int memory_file; /* behind path: no disk is needed to read it */

static int make_file(void **state)
{
	(void)state;
	memory_file = memfd_create("weir-ini", MFD_CLOEXEC);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", memory_file);
	return memory_file < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return close(memory_file);
}

static int set_up(void **state)
{
	(void)state;
	weir_config_init(&config, &fixture_driver);
	before = config;
	sink = sink_into(&faults);
	weir_error_init(&err);
	return 0;
}

static void write_bytes(const char *bytes, size_t length)
{
	assert_int_equal(ftruncate(memory_file, 0), 0);
	assert_int_equal(pwrite(memory_file, bytes, length, 0), length);
}

static enum weir_code apply_file(const char *section)
{
	forget_faults(&faults);
	return weir_config_apply_ini(&config, &fixture_driver, path, section, &sink, &err);
}

static enum weir_code apply(const char *text, const char *section)
{
	write_bytes(text, strlen(text));
	return apply_file(section);
}

/* The message of a fault after "<path>:<line>: ", with that line checked. */
static const char *message_of(size_t index, int line)
{
	char prefix[100];

	assert_true(index < faults.count);
	assert_int_equal(faults.faults[index].line, line);
	assert_string_equal(faults.faults[index].source, path);
	if (line > 0)
		(void)snprintf(prefix, sizeof(prefix), "%s:%d: ", path, line);
	else
		(void)snprintf(prefix, sizeof(prefix), "%s: ", path);
	assert_memory_equal(faults.faults[index].message, prefix, strlen(prefix));
	return faults.faults[index].message + strlen(prefix);
}

static const char good[] = "; comment\n"
						   "max_waiters = 7\n"
						   "\n"
						   "[billing]\n"
						   "max_size = 3\n"
						   "[orders]\n"
						   "  url = sqlite:///a.db?max_size=2&min_idle=1\n"
						   "max_size=8 ; eight\r\n"
						   "\tpage_cache : 4MiB\n"
						   "# comment\n"
						   "[empty]\n"
						   "[orders]\n"
						   "fairness = fifo";

static void test_section(void **state)
{
	(void)state;
	assert_int_equal(apply(good, "orders"), WEIR_OK);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(config.min_idle, 1);
	assert_int_equal(config.driver_values[0], 4 << 20);
	assert_int_equal(config.fairness, WEIR_FAIRNESS_FIFO);
	assert_int_equal(config.max_waiters, 10000);
	assert_string_equal(config.path, "/a.db");
	assert_string_equal(config.name, "orders");
	assert_int_equal(config.origin[WEIR_SET_max_size], WEIR_ORIGIN_INI);

	assert_int_equal(apply(good, "billing"), WEIR_OK);
	assert_int_equal(config.max_size, 3);
	assert_string_equal(config.name, "billing");
	assert_int_equal(apply(good, "empty"), WEIR_OK);
}

static void test_lines_before_the_first_section(void **state)
{
	(void)state;
	assert_int_equal(apply(good, ""), WEIR_OK);
	assert_int_equal(config.max_waiters, 7);
	assert_int_equal(config.max_size, 10);
	assert_string_equal(config.name, "");
	assert_int_equal(apply("", ""), WEIR_OK);
	assert_int_equal(apply("[a]\nmax_size = 8\n[b]\n", ""), WEIR_ERR_CONFIG_UNKNOWN);
	assert_string_equal(message_of(0, 0),
	                    "there is no setting before the first section; allowed: [a], [b]");
}

static void test_name_in_the_section_wins(void **state)
{
	(void)state;
	assert_int_equal(apply("[orders]\nname = main\n", "orders"), WEIR_OK);
	assert_string_equal(config.name, "main");
	assert_int_equal(apply("[orders]\nurl = sqlite:x?name=other\n", "orders"), WEIR_OK);
	assert_string_equal(config.name, "other");
}

static void test_every_fault_with_its_line(void **state)
{
	(void)state;
	assert_int_equal(apply("[orders]\n"
	                       "max_size = 0\n"
	                       "  max_szie = 8\n"
	                       "what is this\n"
	                       "; comment\n"
	                       "= 5\n"
	                       "min_idle = 1\n"
	                       "min_idle = 2\n"
	                       "fairness =\n"
	                       "url = sqlite:%zz?foo=1\n"
	                       "[broken\n"
	                       "max_size = 0\n"
	                       "[orders]\n"
	                       "acquire_timeout = 5\n",
	                       "orders"),
	                 WEIR_ERR_CONFIG_VALUE);
	assert_int_equal(faults.count, 10);
	assert_string_equal(message_of(0, 2), "max_size cannot be \"0\"; allowed: 1 to 65536");
	assert_string_equal(message_of(1, 3),
	                    "there is no setting \"max_szie\"; did you mean max_size?");
	assert_string_equal(message_of(2, 4), "the line is no setting; allowed: name = value, "
	                                      "[section], or a comment after ; or #");
	(void)message_of(3, 6);
	assert_string_equal(message_of(4, 8), "min_idle is given more than once");
	assert_string_equal(message_of(5, 9), "fairness cannot be \"\"; allowed: bounded or fifo");
	(void)message_of(6, 10);
	assert_string_equal(message_of(7, 10), "there is no setting \"foo\"");
	assert_string_equal(message_of(8, 11), "the section header has no end; allowed: [name]");
	(void)message_of(9, 14);
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_missing_section(void **state)
{
	(void)state;
	assert_int_equal(apply("[orders]\n[billing]\n[orders]\nmax_size = 0\n", "order"),
	                 WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(faults.count, 1);
	assert_string_equal(message_of(0, 0), "there is no section [order]; allowed: [orders], "
	                                      "[billing]; did you mean orders?");
	assert_string_equal(faults.faults[0].value, "order");
	assert_int_equal(apply("", "orders"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_string_equal(message_of(0, 0),
	                    "there is no section [orders]; allowed: none, the file has no section");
}

static void test_many_sections(void **state)
{
	static char text[8192];
	size_t length = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		                           "[a-section-with-a-long-name-%d]\n", i);
	assert_int_equal(apply(text, "none"), WEIR_ERR_CONFIG_UNKNOWN);
	assert_int_equal(apply(text, "a-section-with-a-long-name-199"), WEIR_OK);
}

/* Other sections may be another program's, in another dialect. */
static void test_other_sections_are_not_judged(void **state)
{
	char text[600];

	(void)state;
	(void)snprintf(text, sizeof(text), "[theirs]\nno value\n%0400d\nmax_size=zero\n[ours]\n", 1);
	assert_int_equal(apply(text, "ours"), WEIR_OK);
}

static void test_long_lines(void **state)
{
	char text[600];

	(void)state;
	/* "url = sqlite:" is 13 bytes of the 197. */
	(void)snprintf(text, sizeof(text), "[a]\nurl = sqlite:%0184d\r\n", 1);
	assert_int_equal(apply(text, "a"), WEIR_OK);
	assert_int_equal(strlen(config.path), 184);
	before = config;
	(void)snprintf(text, sizeof(text), "[a]\nurl = sqlite:%0185d\nmax_size = 0\n", 1);
	assert_int_equal(apply(text, "a"), WEIR_ERR_CONFIG_SYNTAX);
	assert_int_equal(faults.count, 2);
	assert_string_equal(message_of(0, 2),
	                    "the line is too long; allowed: at most 197 bytes; settings of a long URL "
	                    "can have lines of their own");
	(void)message_of(1, 3);
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_long_section_names(void **state)
{
	char text[300];
	char name[101];

	(void)state;
	(void)snprintf(name, sizeof(name), "%049d", 1);
	(void)snprintf(text, sizeof(text), "[%s]\nmax_size = 8\n", name);
	assert_int_equal(apply(text, name), WEIR_OK);
	/* libinih would cut it, and a shorter name would match. */
	(void)snprintf(text, sizeof(text), "[%sx]\nmax_size = 9\n", name);
	assert_int_equal(apply(text, name), WEIR_ERR_CONFIG_SYNTAX);
	assert_string_equal(message_of(0, 1),
	                    "the name of the section is too long; allowed: at most 49 bytes");
	(void)snprintf(name, sizeof(name), "%0100d", 1);
	assert_int_equal(apply("[a]\n", name), WEIR_ERR_CONFIG_UNKNOWN);
}

static void test_byte_order_mark(void **state)
{
	(void)state;
	assert_int_equal(apply("\xef\xbb\xbf[a]\nmax_size = 8\n", "a"), WEIR_OK);
	assert_int_equal(config.max_size, 8);
	assert_int_equal(apply("\xef\xbb\xbfmax_size = 9\n", ""), WEIR_OK);
	assert_int_equal(config.max_size, 9);
}

static void expect_one_fault(enum weir_code code, const char *ending)
{
	assert_int_equal(faults.count, 1);
	assert_int_equal(faults.faults[0].code, code);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(faults.faults[0].message, ending));
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_files_that_cannot_be_read(void **state)
{
	(void)state;
	assert_int_equal(
		weir_config_apply_ini(&config, NULL, "/nonexistent/weir.ini", "a", &sink, &err),
		WEIR_ERR_IO);
	expect_one_fault(WEIR_ERR_IO, "/nonexistent/weir.ini: No such file");
	forget_faults(&faults);
	assert_int_equal(weir_config_apply_ini(&config, NULL, "/tmp", "a", &sink, &err), WEIR_ERR_IO);
	expect_one_fault(WEIR_ERR_IO, "/tmp: it is a directory");
	forget_faults(&faults);
	assert_int_equal(weir_config_apply_ini(&config, NULL, "", "a", &sink, &err), WEIR_ERR_IO);
	assert_int_equal(faults.count, 1);
	/* Unreadable for root too: it opens, and reading it fails. */
	forget_faults(&faults);
	assert_int_equal(weir_config_apply_ini(&config, NULL, "/proc/self/mem", "a", &sink, &err),
	                 WEIR_ERR_IO);
	expect_one_fault(WEIR_ERR_IO, "reading failed");
}

static void test_files_that_are_no_settings(void **state)
{
	static const char elf[] = "\177ELF\2\1\1\0\0\0";
	static char lines[1200000];

	(void)state;
	write_bytes(elf, sizeof(elf));
	assert_int_equal(apply_file("a"), WEIR_ERR_CONFIG_SYNTAX);
	expect_one_fault(WEIR_ERR_CONFIG_SYNTAX, ":1: this is not a file of settings");

	memset(lines, '\n', sizeof(lines));
	write_bytes(lines, sizeof(lines));
	assert_int_equal(apply_file("a"), WEIR_ERR_CONFIG_SYNTAX);
	expect_one_fault(WEIR_ERR_CONFIG_SYNTAX, "this is not a file of settings");

	memset(lines, 'x', sizeof(lines));
	write_bytes(lines, sizeof(lines));
	assert_int_equal(apply_file("a"), WEIR_ERR_CONFIG_SYNTAX);
	expect_one_fault(WEIR_ERR_CONFIG_SYNTAX, ":1: this is not a file of settings");

	forget_faults(&faults);
	assert_int_equal(weir_config_apply_ini(&config, NULL, "/dev/zero", "a", &sink, &err),
	                 WEIR_ERR_CONFIG_SYNTAX);
	expect_one_fault(WEIR_ERR_CONFIG_SYNTAX, "/dev/zero:1: this is not a file of settings");
}

/* The program may have changed libinih's global switches for its own files. */
static void test_names_without_value_stay_faults(void **state)
{
	(void)state;
	ini_allow_no_value = true;
	assert_int_equal(apply("[a]\nmax_size\n", "a"), WEIR_ERR_CONFIG_SYNTAX);
	ini_allow_no_value = false;
	assert_int_equal(faults.count, 1);
	(void)message_of(0, 2);
}

static void test_bad_arguments(void **state)
{
	(void)state;
	assert_int_equal(weir_config_apply_ini(&config, NULL, NULL, "a", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_ini(&config, NULL, path, NULL, &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
	assert_int_equal(weir_config_apply_ini(NULL, NULL, path, "a", &sink, &err),
	                 WEIR_ERR_BAD_ARGUMENT);
}

static void test_random_files(void **state)
{
	static const char *const pieces[] = {
		"[a]",
		"[",
		"]",
		"\n",
		"\n",
		"\n",
		"\r\n",
		"=",
		" ;",
		"#",
		":",
		" ",
		"\t",
		"[b",
		"8",
		"a",
		"max_size",
		"name",
		"url",
		"sqlite:x?",
		"min_idle = 3\n",
		"0123456789012345678901234567890123456789",
		"\xef\xbb\xbf",
	};
	uint64_t random = fixture_seed();

	(void)state;
	for (int i = 0; i < 5000; i++) {
		char text[700] = "[a]\n";
		const size_t begin = i % 2 == 0 ? strlen(text) : 0;

		random_text(&random, pieces, sizeof(pieces) / sizeof(pieces[0]), text + begin,
		            sizeof(text) - begin);
		before = config;
		write_bytes(text, strlen(text) + (i % 16 == 0 ? 1 : 0));

		const enum weir_code code = apply_file(i % 3 == 0 ? "" : "a");

		assert_int_equal(code == WEIR_OK, faults.count == 0);
		if (code != WEIR_OK)
			assert_memory_equal(&config, &before, sizeof(config));
	}
}

/* Reading a file is no cancellation point: it would stay open. */
static void *read_when_cancelled(void *reached)
{
	(void)pthread_cancel(pthread_self());
	*(enum weir_code *)reached = apply_file("");
	pthread_testcancel();
	return NULL;
}

static void test_cancelled_thread(void **state)
{
	enum weir_code code = WEIR_ERR_USAGE;
	pthread_t thread;
	void *result = NULL;

	(void)state;
	write_bytes("max_size = 3\n", 13);
	assert_int_equal(pthread_create(&thread, NULL, read_when_cancelled, &code), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(code, WEIR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_section, set_up),
		cmocka_unit_test_setup(test_lines_before_the_first_section, set_up),
		cmocka_unit_test_setup(test_name_in_the_section_wins, set_up),
		cmocka_unit_test_setup(test_every_fault_with_its_line, set_up),
		cmocka_unit_test_setup(test_missing_section, set_up),
		cmocka_unit_test_setup(test_many_sections, set_up),
		cmocka_unit_test_setup(test_other_sections_are_not_judged, set_up),
		cmocka_unit_test_setup(test_long_lines, set_up),
		cmocka_unit_test_setup(test_long_section_names, set_up),
		cmocka_unit_test_setup(test_byte_order_mark, set_up),
		cmocka_unit_test_setup(test_files_that_cannot_be_read, set_up),
		cmocka_unit_test_setup(test_files_that_are_no_settings, set_up),
		cmocka_unit_test_setup(test_names_without_value_stay_faults, set_up),
		cmocka_unit_test_setup(test_bad_arguments, set_up),
		cmocka_unit_test_setup(test_random_files, set_up),
		cmocka_unit_test_setup(test_cancelled_thread, set_up),
	};

	return cmocka_run_group_tests_name("config_ini", tests, make_file, remove_file);
}
