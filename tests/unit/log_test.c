/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The log: what lines look like, what is dropped, suppressed and counted, and sinks that
 * fail, block, or call back.
 */
#include "testing.h"
#include "unit_check.h"
#include "unit_child.h"
#include "unit_thread.h"

#include <string.h>
#include <unistd.h>

#define EVENT WEIR_LOG_SERVICE_EVENT /* 100 a second */

struct kept {
	char text[32768];
	_Atomic uint32_t lines;
	_Atomic bool fails;
	_Atomic bool blocks;
	struct weir_log *log;
	bool flushed;
};

static bool keep(void *arg, enum weir_log_level level, const char *line, size_t length)
{
	struct kept *kept = arg;

	(void)level;
	while (kept->blocks)
		(void)usleep(1000);
	if (kept->fails)
		return false;
	if (strlen(kept->text) + length < sizeof kept->text)
		(void)strncat(kept->text, line, length);
	kept->flushed = weir_log_flush(kept->log, weir_deadline_in(0));
	kept->lines++;
	return true;
}

static struct weir_log *make(struct kept *kept, enum weir_log_format format, bool manual,
                             uint32_t capacity)
{
	const struct weir_log_options options = {.size = sizeof options,
	                                         .level = WEIR_LOG_INFO,
	                                         .format = format,
	                                         .sink = keep,
	                                         .sink_arg = kept,
	                                         .capacity = capacity,
	                                         .manual = manual};

	assert_code(weir_log_create(&kept->log, &options, NULL), WEIR_OK);
	return kept->log;
}

static void say(struct weir_log *log, const char *message)
{
	const struct weir__field fields[] = {
		weir__text_field("message", message),
		weir__int_field("weir.count", -7),
		weir__seconds_field("weir.age", 1500000000),
		weir__text_field("weir.none", NULL),
	};

	weir__log(log, EVENT, fields, 4);
}

static struct weir_log_stats stats_of(struct weir_log *log)
{
	struct weir_log_stats stats = {.size = sizeof stats};

	assert_code(weir_log_read_stats(log, &stats), WEIR_OK);
	return stats;
}

static void lines_are_logfmt(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, true, 0);

	(void)state;
	say(log, "all is \"well\"");
	say(log, "plain");
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	assert_non_null(strstr(kept.text, "Z level=info event=weir.service.state "
	                                  "message=\"all is \\\"well\\\"\" weir.count=-7 "
	                                  "weir.age=1.500000000 weir.none=\"\"\n"));
	assert_non_null(strstr(kept.text, " message=plain "));
	assert_int_equal(memcmp(kept.text, "ts=20", 5), 0);
	assert_false(kept.flushed); /* from the sink it would wait for itself */
	assert_int_equal(stats_of(log).written, 2);
	weir_log_destroy(log);
}

static void lines_are_json(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_JSON, true, 0);

	(void)state;
	say(log, "a \"b\" \x01\xff");
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	assert_non_null(strstr(kept.text, "\"level\":\"info\",\"event\":\"weir.service.state\","
	                                  "\"message\":\"a \\\"b\\\" \\u0001\xef\xbf\xbd\","
	                                  "\"weir.count\":-7,\"weir.age\":1.500000000,"
	                                  "\"weir.none\":null}\n"));
	weir_log_destroy(log);
}

static void long_texts_are_cut_not_the_line(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_JSON, true, 0);
	char text[4096];

	(void)state;
	memset(text, '\x01', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	say(log, text);
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	assert_non_null(strstr(kept.text, "\"weir.none\":null}\n"));
	weir_log_destroy(log);
}

static void a_full_queue_drops_and_says_so(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, true, 8);

	(void)state;
	for (int i = 0; i < 20; i++)
		say(log, "again");
	assert_int_equal(stats_of(log).dropped, 12);
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	assert_non_null(strstr(kept.text, "level=warn event=weir.log.dropped weir.log.dropped=12\n"));
	assert_int_equal(kept.lines, 9);
	say(log, "room again");
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	assert_int_equal(kept.lines, 10);
	weir_log_destroy(log);
}

static void more_than_the_rate_is_suppressed(void **state)
{
	struct weir__log_rate rate = {0};
	uint64_t suppressed = 0;
	uint32_t passed = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		passed += weir__log_rate_pass(&rate, WEIR_SECONDS(5), 3, &suppressed);
	assert_int_equal(passed, 3);
	assert_true(weir__log_rate_pass(&rate, WEIR_SECONDS(6), 3, &suppressed));
	assert_int_equal(suppressed, 7);
	assert_true(weir__log_rate_pass(&rate, WEIR_SECONDS(6), 3, &suppressed));
	assert_int_equal(suppressed, 0);
}

static void levels_are_heeded(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, true, 0);

	(void)state;
	weir_log_set_level(log, WEIR_LOG_WARN);
	say(log, "no");
	weir_log_set_level(log, WEIR_LOG_INFO);
	say(log, "yes");
	weir_log_set_level(log, (enum weir_log_level)9);
	weir_log_destroy(log); /* writes what is queued */
	assert_int_equal(kept.lines, 1);
	say(weir_log_silent(), "nobody hears this");
	weir_log_destroy(weir_log_silent());
	weir_log_destroy(NULL);
}

static void a_sink_that_fails_is_counted(void **state)
{
	struct kept kept = {.fails = true};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, false, 0);

	(void)state;
	say(log, "lost");
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	assert_int_equal(stats_of(log).failed, 1);
	assert_int_equal(stats_of(log).written, 0);
	weir_log_destroy(log);
}

static void a_sink_that_blocks_keeps_nobody(void **state)
{
	struct kept kept = {.blocks = true};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, false, 8);

	(void)state;
	for (int i = 0; i < 50; i++)
		say(log, "anyone?"); /* would never end if one of them waited */
	assert_false(weir_log_flush(log, weir_deadline_in(WEIR_MILLISECONDS(20))));
	assert_true(stats_of(log).dropped >= 50 - 9);
	kept.blocks = false;
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	weir_log_destroy(log);
}

struct talker {
	struct weir_log *log;
	struct unit_thread thread;
};

#define TALKERS 8
#define TALK 4000

static void talk(void *arg)
{
	struct talker *talker = arg;

	for (int i = 0; i < TALK; i++)
		say(talker->log, "word");
}

static void nothing_is_lost_uncounted(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, false, 64);
	struct talker talkers[TALKERS];
	struct weir_log_stats stats;

	(void)state;
	for (int i = 0; i < TALKERS; i++) {
		talkers[i].log = log;
		unit_start(&talkers[i].thread, talk, &talkers[i]);
	}
	for (int i = 0; i < TALKERS; i++)
		unit_join(&talkers[i].thread);
	assert_true(weir_log_flush(log, weir_deadline_in(WEIR_SECONDS(10))));
	(void)usleep(20000); /* a line that tells of drops may come last */
	stats = stats_of(log);
	assert_true(stats.written + stats.dropped + stats.suppressed >= TALKERS * TALK);
	assert_true(stats.suppressed > 0);
	weir_log_destroy(log);
}

static void a_file_is_appended_to(void **state)
{
	char path[] = "/tmp/weir-log-XXXXXX";
	const int fd = mkstemp(path);
	const struct weir_log_options options = {.size = sizeof options, .path = path, .manual = true};
	struct weir_log *log;
	char text[512] = "";

	(void)state;
	assert_true(fd >= 0);
	assert_true(write(fd, "before\n", 7) == 7);
	assert_code(weir_log_create(&log, &options, NULL), WEIR_OK);
	say(log, "after");
	weir_log_destroy(log);
	assert_true(pread(fd, text, sizeof text - 1, 0) > 7);
	assert_non_null(strstr(text, "before\nts="));
	assert_non_null(strstr(text, "message=after"));
	(void)close(fd);
	(void)unlink(path);
}

static void bad_options_are_refused(void **state)
{
	const struct weir_log_options options[] = {
		{.size = 3},
		{.size = sizeof options[0], .level = (enum weir_log_level)9},
		{.size = sizeof options[0], .format = (enum weir_log_format)2},
		{.size = sizeof options[0], .sink = keep, .path = "/tmp/x"},
		{.size = sizeof options[0], .capacity = UINT32_MAX},
	};
	const struct weir_log_options nowhere = {.size = sizeof nowhere, .path = "/none/of/this"};
	struct weir_log_stats stats = {.size = 1};
	struct weir_log *log;
	struct weir_error err = WEIR_ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		assert_code(weir_log_create(&log, &options[i], NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_log_create(NULL, NULL, NULL), WEIR_ERR_BAD_ARGUMENT);
	assert_code(weir_log_create(&log, &nowhere, &err), WEIR_ERR_IO);
	assert_non_null(strstr(err.message, "/none/of/this"));
	assert_null(log);
	assert_code(weir_log_create(&log, NULL, NULL), WEIR_OK);
	assert_code(weir_log_read_stats(log, &stats), WEIR_ERR_BAD_ARGUMENT);
	weir_log_destroy(log);
	assert_false(weir_log_flush(NULL, weir_now()));
}

static void speak_in_child(void *arg)
{
	say(arg, "from the child");
	(void)weir_log_flush(arg, weir_deadline_in(0));
	weir_log_destroy(arg);
}

static void a_child_says_nothing(void **state)
{
	struct kept kept = {0};
	struct weir_log *log = make(&kept, WEIR_LOG_LOGFMT, false, 0);

	(void)state;
	assert_true(unit_child_ends(speak_in_child, log));
	assert_int_equal(kept.lines, 0);
	weir_log_destroy(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_logfmt),
		cmocka_unit_test(lines_are_json),
		cmocka_unit_test(long_texts_are_cut_not_the_line),
		cmocka_unit_test(a_full_queue_drops_and_says_so),
		cmocka_unit_test(more_than_the_rate_is_suppressed),
		cmocka_unit_test(levels_are_heeded),
		cmocka_unit_test(a_sink_that_fails_is_counted),
		cmocka_unit_test(a_sink_that_blocks_keeps_nobody),
		cmocka_unit_test(nothing_is_lost_uncounted),
		cmocka_unit_test(a_file_is_appended_to),
		cmocka_unit_test(bad_options_are_refused),
		cmocka_unit_test(a_child_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
