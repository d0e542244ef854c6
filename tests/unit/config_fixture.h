/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the tests of the configuration share: a driver with a setting of each
 * type, a log of faults, and random text.
 */
#ifndef WEIR_TESTS_CONFIG_FIXTURE_H
#define WEIR_TESTS_CONFIG_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <weir/driver.h>

static const struct weir_setting fixture_settings[] = {
	{"page_cache", WEIR_SETTING_SIZE, 0, INT64_C(1) << 30, 1 << 20, true, NULL, "a size"},
	{"journal", WEIR_SETTING_CHOICE, 0, 2, 1, false, "off|wal|memory", "a choice"},
	{"busy_timeout", WEIR_SETTING_DURATION, 0, WEIR_HOUR_NS, 0, false, NULL, "a duration"},
};

static const struct weir_driver fixture_driver = {
	.abi = WEIR_DRIVER_ABI,
	.size = sizeof(struct weir_driver),
	.name = "sqlite",
	.settings_count = sizeof(fixture_settings) / sizeof(fixture_settings[0]),
	.settings = fixture_settings,
};

#define FAULTS_MAX 64
#define FAULT_TEXT_MAX 1100

/* Copies of faults, because their strings die with the sink's call. */
struct logged_fault {
	enum weir_code code;
	int line;
	char source[FAULT_TEXT_MAX];
	char setting[FAULT_TEXT_MAX];
	char value[FAULT_TEXT_MAX];
	char allowed[FAULT_TEXT_MAX];
	char hint[FAULT_TEXT_MAX];
	char message[FAULT_TEXT_MAX];
};

struct fault_log {
	size_t count; /* of all faults; the first FAULTS_MAX are kept */
	struct logged_fault faults[FAULTS_MAX];
};

static inline void log_fault(const struct weir_fault *fault, void *user)
{
	struct fault_log *log = user;

	for (const char *at = fault->message; *at != '\0'; at++) {
		assert_true((unsigned char)*at >= ' ');
		assert_int_not_equal(*at, 0x7f);
	}
	if (log->count++ >= FAULTS_MAX)
		return;

	struct logged_fault *kept = &log->faults[log->count - 1];

	kept->code = fault->code;
	kept->line = fault->line;
	(void)snprintf(kept->source, FAULT_TEXT_MAX, "%s", fault->source);
	(void)snprintf(kept->setting, FAULT_TEXT_MAX, "%s", fault->setting);
	(void)snprintf(kept->value, FAULT_TEXT_MAX, "%s", fault->value);
	(void)snprintf(kept->allowed, FAULT_TEXT_MAX, "%s", fault->allowed);
	(void)snprintf(kept->hint, FAULT_TEXT_MAX, "%s", fault->hint);
	(void)snprintf(kept->message, FAULT_TEXT_MAX, "%s", fault->message);
}

static inline void forget_faults(struct fault_log *log)
{
	log->count = 0;
}

static inline struct weir_fault_sink sink_into(struct fault_log *log)
{
	forget_faults(log);
	return (struct weir_fault_sink){log_fault, log};
}

/* A seed that the test prints; WEIR_TEST_SEED runs an old one again. */
static inline uint64_t fixture_seed(void)
{
	const char *wanted = getenv("WEIR_TEST_SEED");
	const uint64_t seed = wanted != NULL ? strtoull(wanted, NULL, 0) : (uint64_t)time(NULL);

	print_message("seed: WEIR_TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed != 0 ? seed : 1;
}

static inline uint64_t fixture_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Fill text with random bytes and random ones of pieces, which are what the
 * reader under test looks for; less than size bytes, terminated. */
static inline void random_text(uint64_t *state, const char *const *pieces, size_t pieces_count,
                               char *text, size_t size)
{
	const size_t wanted = fixture_random(state) % size;
	size_t length = 0;

	while (length < wanted) {
		char piece[64];

		if (fixture_random(state) % 4 == 0)
			(void)snprintf(piece, sizeof(piece), "%c", (char)(1 + fixture_random(state) % 255));
		else
			(void)snprintf(piece, sizeof(piece), "%s",
			               pieces[fixture_random(state) % pieces_count]);

		const size_t piece_length = strlen(piece);

		if (length + piece_length >= size)
			break;
		memcpy(text + length, piece, piece_length);
		length += piece_length;
	}
	text[length] = '\0';
}

#endif
