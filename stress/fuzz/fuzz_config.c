/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See fuzz_config.h.
 */
#include "fuzz_config.h"

#include "fuzz_check.h"
#include "fuzz_config_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir/sqlite.h>
#include <weir/stub.h>

/* The smallest config that is one, as weir/config.h lays it out. */
#define SIZE_LEAST (offsetof(struct weir_config, acquire_timeout) + sizeof(int64_t))

struct watch {
	const struct fuzz_source *source;
	char *decoded; /* the input without its percent escapes */
	size_t decoded_length;
	unsigned count;
	enum weir_code first;
};

/* ---- faults ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* What is no escape of a byte but NUL stays as it is. */
static void decode(struct watch *watch)
{
	const char *from = watch->source->input;
	const char *const end = from + watch->source->length;
	char *to = malloc(watch->source->length + 1);

	if (to == NULL)
		abort();
	watch->decoded = to;
	while (from < end) {
		const int high = *from == '%' && end - from > 2 ? hex_digit(from[1]) : -1;
		const int low = high >= 0 ? hex_digit(from[2]) : -1;

		if (low >= 0 && high + low > 0) {
			*to++ = (char)(high << 4 | low);
			from += 3;
		} else {
			*to++ = *from++;
		}
	}
	watch->decoded_length = (size_t)(to - watch->decoded);
}

static bool is_in(const char *text, size_t length, const char *part)
{
	return memmem(text, length, part, strlen(part)) != NULL;
}

static bool is_of_input(const struct watch *watch, const char *part)
{
	return *part == '\0' || is_in(watch->source->input, watch->source->length, part) ||
	       is_in(watch->decoded, watch->decoded_length, part);
}

static bool is_part_of_url(const char *setting)
{
	static const char *const words[] = {"url", "scheme", "authority", "path", "query"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(setting, words[i]) == 0)
			return true;
	}
	return false;
}

static void check_message(const struct weir_fault *fault)
{
	FUZZ_CHECK(strncmp(fault->message, fault->source, strlen(fault->source)) == 0);
	for (const char *at = fault->message; *at != '\0'; at++)
		FUZZ_CHECK((unsigned char)*at >= ' ' && *at != 0x7f);
}

static void on_fault(const struct weir_fault *fault, void *user)
{
	struct watch *watch = user;

	if (watch->count++ == 0)
		watch->first = fault->code;
	FUZZ_CHECK(weir_error_is(fault->code, WEIR_ERR_CONFIG));
	FUZZ_CHECK(strcmp(fault->source, watch->source->name) == 0);
	FUZZ_CHECK(fault->line >= 0 && fault->line <= watch->source->lines_max);
	FUZZ_CHECK(is_part_of_url(fault->setting) || is_of_input(watch, fault->setting));
	FUZZ_CHECK(is_of_input(watch, fault->value));
	FUZZ_CHECK(fault->allowed != NULL && fault->hint != NULL);
	check_message(fault);
}

/* ---- what was accepted ---- */

static void check_same(struct weir_config *got, struct weir_config *want,
                       const struct weir_driver *driver)
{
	size_t count = 0;

	(void)weir_driver_settings(driver, &count);
	for (int id = 0; id < WEIR_SETTINGS_COUNT; id++)
		FUZZ_CHECK(*weir_config_value(got, (enum weir_setting_id)id) ==
		           *weir_config_value(want, (enum weir_setting_id)id));
	FUZZ_CHECK(memcmp(got->driver_values, want->driver_values,
	                  count * sizeof(got->driver_values[0])) == 0);
}

static void check_url(struct weir_config *config, const struct weir_driver *driver)
{
	struct weir_config again;
	char *url = fuzz_config_as_url(config, driver);

	weir_config_init(&again, driver);
	FUZZ_CHECK(weir_config_apply_url(&again, driver, url, NULL, NULL) == WEIR_OK);
	check_same(&again, config, driver);
	FUZZ_CHECK(strcmp(again.name, config->name) == 0);
	FUZZ_CHECK(config->scheme[0] == '\0' || strcmp(again.scheme, config->scheme) == 0);
	FUZZ_CHECK(strcmp(again.authority, config->authority) == 0);
	FUZZ_CHECK(strcmp(again.path, config->path) == 0);
	free(url);
}

static void check_lines(struct weir_config *config, const struct weir_driver *driver)
{
	struct weir_config again;
	char path[32];
	char *text = fuzz_config_as_lines(config, driver);
	const int fd = fuzz_config_file(text, strlen(text), path);

	weir_config_init(&again, driver);
	FUZZ_CHECK(weir_config_apply_ini(&again, driver, path, "", NULL, NULL) == WEIR_OK);
	check_same(&again, config, driver);
	weir_config_init(&again, driver);
	FUZZ_CHECK(weir_config_apply_pairs(&again, driver, text, NULL, NULL) == WEIR_OK);
	check_same(&again, config, driver);
	free(text);
	(void)close(fd);
}

/* ---- the result ---- */

static enum weir_code apply(struct watch *watch, struct weir_config *config,
                            const struct weir_driver *driver)
{
	const struct fuzz_source *source = watch->source;
	const struct weir_fault_sink sink = {on_fault, watch};
	struct weir_error err = WEIR_ERROR_INIT;

	watch->count = 0;
	watch->first = WEIR_OK;
	const enum weir_code code = source->apply(config, driver, &sink, &err, source->arg);

	FUZZ_CHECK(code == watch->first && err.code == code);
	FUZZ_CHECK(memchr(err.message, '\0', sizeof(err.message)) != NULL);
	return code;
}

/* A caller that knows less of the struct: what lies past its size is not there. */
static void apply_short(struct watch *watch, const struct weir_driver *driver)
{
	const size_t room = sizeof(struct weir_config) - SIZE_LEAST;
	const size_t size = SIZE_LEAST + watch->source->length * 8 % (room + 8);
	struct weir_config *config = malloc(size);
	struct weir_config *before = malloc(size);

	if (config == NULL || before == NULL)
		abort();
	weir_config_init_sized(config, (uint32_t)size, driver);
	memcpy(before, config, size);
	if (apply(watch, config, driver) != WEIR_OK)
		FUZZ_CHECK(memcmp(config, before, size) == 0);
	FUZZ_CHECK(config->size == size);
	free(before);
	free(config);
}

static void apply_whole(struct watch *watch, const struct weir_driver *driver)
{
	struct weir_config config;
	struct weir_config before;

	weir_config_init(&config, driver);
	memcpy(&before, &config, sizeof(before));
	if (apply(watch, &config, driver) != WEIR_OK) {
		FUZZ_CHECK(memcmp(&config, &before, sizeof(before)) == 0);
		return;
	}
	check_url(&config, driver);
	check_lines(&config, driver);
}

void fuzz_config_check(const struct fuzz_source *source)
{
	const struct weir_driver *const drivers[] = {NULL, weir_stub_driver(), weir_sqlite_driver()};
	struct watch watch = {.source = source};

	decode(&watch);
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		apply_whole(&watch, drivers[i]);
	apply_short(&watch, weir_stub_driver());
	free(watch.decoded);
}
