/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See fuzz_config_text.h.
 */
#include "fuzz_config_text.h"

#include "fuzz_check.h"
#include "fuzz_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <weir/driver.h>

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
#define VALUE_MAX 64

static void put_escaped(FILE *stream, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr(PLAIN, *text) != NULL)
			(void)fputc(*text, stream);
		else
			(void)fprintf(stream, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

/* Every setting as before, name, "=", value; before is another one from the second on. */
static void put_settings(FILE *stream, const struct weir_config *config,
                         const struct weir_driver *driver, const char *first, const char *next)
{
	struct weir_config copy = *config;
	const struct weir_setting *table = weir_settings(NULL);
	const char *before = first;
	char value[VALUE_MAX];
	size_t count = 0;

	for (int id = 0; id < WEIR_SETTINGS_COUNT; id++) {
		FUZZ_CHECK(weir_setting_format(&table[id],
		                               *weir_config_value(&copy, (enum weir_setting_id)id), value,
		                               sizeof(value)) < sizeof(value));
		(void)fprintf(stream, "%s%s=%s", before, table[id].name, value);
		before = next;
	}
	table = weir_driver_settings(driver, &count);
	for (size_t i = 0; i < count; i++) {
		(void)weir_setting_format(&table[i], copy.driver_values[i], value, sizeof(value));
		(void)fprintf(stream, "%s%s=%s", before, table[i].name, value);
	}
}

char *fuzz_config_as_url(const struct weir_config *config, const struct weir_driver *driver)
{
	const bool has_authority = config->authority[0] != '\0' || strncmp(config->path, "//", 2) == 0;
	const char *scheme = config->scheme;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (*scheme == '\0')
		scheme = driver != NULL ? driver->name : "any";
	FUZZ_CHECK(out != NULL);
	(void)fprintf(out, "%s:%s", scheme, has_authority ? "//" : "");
	put_escaped(out, config->authority);
	put_escaped(out, config->path);
	put_settings(out, config, driver, "?", "&");
	if (config->name[0] != '\0') {
		(void)fputs("&name=", out);
		put_escaped(out, config->name);
	}
	(void)fclose(out);
	return text;
}

char *fuzz_config_as_lines(const struct weir_config *config, const struct weir_driver *driver)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	FUZZ_CHECK(out != NULL);
	put_settings(out, config, driver, "", "\n");
	(void)fclose(out);
	return text;
}

int fuzz_config_file(const char *text, size_t length, char path[32])
{
	const int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0);
	FUZZ_CHECK(write(fd, text, length) == (ssize_t)length);
	(void)snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}
