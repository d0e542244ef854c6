/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is an INI file, NUL bytes and all. Its section [pool] is read, and then
 * the lines before the first section.
 */
#include "fuzz_check.h"
#include "fuzz_config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ini {
	const char *path;
	const char *section;
};

static enum weir_code apply(struct weir_config *config, const struct weir_driver *driver,
                            const struct weir_fault_sink *sink, struct weir_error *err, void *arg)
{
	const struct ini *ini = arg;

	return weir_config_apply_ini(config, driver, ini->path, ini->section, sink, err);
}

static int lines_of(const uint8_t *data, size_t size)
{
	int lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

/* A fault may also name the section that was asked for: it is put behind the file. */
static void check_section(const uint8_t *data, size_t size, const char *section)
{
	const size_t length = size + strlen(section);
	char *input = malloc(length + 1);
	char path[32];

	if (input == NULL)
		abort();
	memcpy(input, data, size);
	memcpy(input + size, section, strlen(section));

	const int fd = fuzz_config_file(input, size, path);
	struct ini ini = {path, section};

	fuzz_config_check(&(struct fuzz_source){
		.apply = apply,
		.arg = &ini,
		.name = path,
		.input = input,
		.length = length,
		.lines_max = lines_of(data, size),
	});
	(void)close(fd);
	free(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nothing[1] = {0};

	data = size > 0 ? data : nothing; /* memcpy wants an address, whatever the size */
	check_section(data, size, "pool");
	check_section(data, size, "");
	return 0;
}
