/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Histories as files: what was written is read back, and what is no history, or
 * only a part of one, is refused with its line. And recording itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "forged_history.h"

static struct forged forged;
static char path[64];

static int begin(void **state)
{
	int file;

	(void)state;
	forge_anew(&forged);
	(void)snprintf(path, sizeof path, "/tmp/weir-history-XXXXXX");
	file = mkstemp(path);
	return file < 0 ? -1 : close(file);
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

static void fill(void)
{
	struct stress_origin *const origin = &forged.history.origin;
	struct stress_event *event;

	(void)snprintf(origin->scenario, sizeof origin->scenario, "strict");
	(void)snprintf(origin->settings, sizeof origin->settings, "max_size=4 fairness=fifo");
	origin->seed = UINT64_MAX;
	origin->seconds = 0.1;
	origin->threads = 7;
	origin->round = 3;
	origin->found_count = 2;
	(void)snprintf(origin->found[0], STRESS_FOUND_TEXT, "slot 2 has two owners, callers 3 and 5");
	(void)snprintf(origin->found[1], STRESS_FOUND_TEXT, "and more");
	forged.history.complete_from_ns = 12;
	event = forge(&forged, 3, STRESS_OP_ACQUIRE, 100, 120);
	event->place = 2;
	event->what = UINT32_MAX;
	event->detail = UINT64_MAX;
	forge(&forged, 4, STRESS_OP_TRY, 110, 115)->outcome = WEIR_ERR_EXHAUSTED;
	(void)forge(&forged, 3, STRESS_OP_RELEASE, 130, STRESS_PENDING);
}

static void what_was_written_is_read_back(void **state)
{
	struct stress_history read;
	char why[128];

	(void)state;
	fill();
	assert_true(stress_history_write(&forged.history, path));
	if (!stress_history_read(&read, path, why, sizeof why))
		fail_msg("refused: %s", why);
	assert_memory_equal(&read.origin, &forged.history.origin, sizeof read.origin);
	assert_int_equal(read.complete_from_ns, 12);
	assert_int_equal(read.count, 3);
	assert_memory_equal(read.events, forged.events, 3 * sizeof read.events[0]);
	stress_history_free(&read);
}

/* A file with every line, in order, but that one of them is another, and what the
 * reason for its refusal begins with and says. */
static void bad_files_are_refused_with_their_line(void **state)
{
	static const char *const lines[] = {
		"weir-history 1", "scenario strict", "seed 42", "op 3 acquire 100 120 2 17 94110 OK",
		"end 1",
	};
	static const struct {
		int at;
		const char *line; /* NULL: the file ends before it */
		const char *why;
	} bad[] = {
		{0, NULL, "line 0: the file is empty"},
		{0, "weir-history 2", "line 1: this is no history"},
		{0, "{\"verdict\": 1}", "line 1: this is no history"},
		{1, "scenario", "line 2: a line is a name and a value"},
		{1, "scenario 0123456789012345678901234567890123456789",
	     "line 2: the name of the scenario"},
		{1, "seed 1", "it does not say which scenario"},
		{2, "seed -1", "line 3: the seed is no number"},
		{2, "seconds 0", "line 3: seconds must be"},
		{2, "seconds 1x", "line 3: seconds must be"},
		{2, "threads 4294967296", "line 3: threads is no number"},
		{2, "round x", "line 3: the round is no number"},
		{2, "complete-from -", "line 3: complete-from is no time"},
		{2, "colour blue", "line 3: there is no such name"},
		{3, "op 3 acquire 100 120 2 17 94110", "line 4: an operation has eight fields"},
		{3, "op 3 acquire 100 120 2 17 94110 OK OK", "line 4: an operation has eight fields"},
		{3, "op 3 steal 100 120 2 17 94110 OK", "line 4: there is no such operation"},
		{3, "op 3 acquire 100 120 2 17 94110 FINE", "line 4: there is no such outcome"},
		{3, "op x acquire 100 120 2 17 94110 OK", "line 4: a field is no number"},
		{3, "op 3 acquire 100 99999999999999999999 2 17 94110 OK", "line 4: a field is no number"},
		{3, "op 3 acquire 100 90 2 17 94110 OK", "line 4: an operation returned before"},
		{4, NULL, "line 4: the file was cut"},
		{4, "end 2", "line 5: operations are missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		FILE *const file = fopen(path, "w");
		struct stress_history read;
		char why[128];

		assert_non_null(file);
		for (int at = 0; at < 5; at++) {
			if (at == bad[i].at && bad[i].line == NULL)
				break;
			(void)fprintf(file, "%s\n", at == bad[i].at ? bad[i].line : lines[at]);
		}
		assert_int_equal(fclose(file), 0);
		assert_false(stress_history_read(&read, path, why, sizeof why));
		if (strstr(why, bad[i].why) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", bad[i].why, why);
		stress_history_free(&read);
	}
}

/* Whatever a file is cut to, it is not taken for a whole one. */
static void every_cut_is_noticed(void **state)
{
	(void)state;
	fill();
	for (long length = 0;; length++) {
		struct stress_history read;
		char why[128];
		FILE *file;

		assert_true(stress_history_write(&forged.history, path));
		file = fopen(path, "r");
		assert_non_null(file);
		assert_int_equal(fseek(file, 0, SEEK_END), 0);
		if (length == ftell(file)) {
			assert_int_equal(fclose(file), 0);
			break;
		}
		assert_int_equal(fclose(file), 0);
		assert_int_equal(truncate(path, length), 0);
		assert_false(stress_history_read(&read, path, why, sizeof why));
		stress_history_free(&read);
	}
}

static void a_file_that_is_not_there_is_refused(void **state)
{
	struct stress_history read;
	char why[128];

	(void)state;
	assert_false(stress_history_read(&read, "/nowhere/at/all", why, sizeof why));
	assert_string_equal(why, "No such file or directory");
	assert_false(stress_history_write(&forged.history, "/nowhere/at/all"));
	stress_history_free(&read);
}

static void a_ring_keeps_the_newest_and_says_from_when_on(void **state)
{
	struct stress_recorder recorders[2];
	struct stress_history history = {0};

	(void)state;
	stress_recorders_init(recorders, 2, 128);
	for (uint32_t i = 0; i < 10; i++)
		stress_record_end(stress_record_begin(&recorders[0], STRESS_OP_TRY), WEIR_ERR_EXHAUSTED);
	assert_true(stress_history_gather(&history, recorders, 2));
	assert_int_equal(history.count, 10);
	assert_int_equal(history.complete_from_ns, 0);
	for (uint32_t i = 0; i < 200; i++)
		stress_record_end(stress_record_begin(&recorders[1], STRESS_OP_OTHER), WEIR_OK);
	(void)stress_record_begin(&recorders[0], STRESS_OP_ACQUIRE);
	assert_true(stress_history_gather(&history, recorders, 2));
	assert_int_equal(history.count, 11 + 128);
	for (uint32_t i = 1; i < history.count; i++)
		assert_true(history.events[i].invoked_ns >= history.events[i - 1].invoked_ns);
	/* The oldest that thread 2 has left is the 73rd. */
	assert_true(history.complete_from_ns >= recorders[1].events[72].returned_ns);
	assert_int_equal(history.events[history.count - 1].returned_ns, STRESS_PENDING);
	stress_recorders_forget(recorders, 2, true);
	assert_null(stress_record_begin(&recorders[0], STRESS_OP_TRY));
	stress_recorders_forget(recorders, 2, false);
	assert_non_null(stress_record_begin(&recorders[0], STRESS_OP_TRY));
	stress_recorders_forget(recorders, 2, false);
	assert_true(stress_history_gather(&history, recorders, 2));
	assert_int_equal(history.count, 0);
	stress_history_free(&history);
	stress_recorders_free(recorders, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_read_back, begin, end),
		cmocka_unit_test_setup_teardown(bad_files_are_refused_with_their_line, begin, end),
		cmocka_unit_test_setup_teardown(every_cut_is_noticed, begin, end),
		cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(a_ring_keeps_the_newest_and_says_from_when_on, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
