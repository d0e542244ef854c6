/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The input is a file of a folder of migrations: its name, a line feed, its text. It
 * is read in each format, and what is read has to be the same with other line ends.
 */
#include "fuzz_check.h"
#include "fuzz_folder.h"

#include <weir/migrate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MOST 64

static void put(const char *path, const char *text, size_t length)
{
	FILE *const file = fopen(path, "wb");

	FUZZ_CHECK(file != NULL);
	FUZZ_CHECK(length == 0 || fwrite(text, 1, length, file) == length);
	FUZZ_CHECK(fclose(file) == 0);
}

static enum weir_code read_as(const char *path, enum weir_migrate_format format,
                              struct weir_migrations **set)
{
	const struct weir_migrations_options options = {.size = (uint32_t)sizeof options,
	                                                .format = format};
	struct weir_error err = WEIR_ERROR_INIT;
	char folder[128];
	enum weir_code code;

	(void)snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = '\0';
	code = weir_migrations_read(set, folder, &options, &err);
	FUZZ_CHECK(code == WEIR_OK || code == WEIR_ERR_MIGRATE_SOURCE);
	FUZZ_CHECK((code == WEIR_OK) == (*set != NULL));
	FUZZ_CHECK(code == WEIR_OK || (err.code == code && err.message[0] != '\0'));
	return code;
}

static bool count(void *arg, const char *bytes, size_t length)
{
	(void)bytes;
	*(size_t *)arg += length;
	return true;
}

/* One file yields one migration at most, whose words are of the kind they should be. */
static void check_set(const struct weir_migrations *set)
{
	struct weir_migration migration;
	struct weir_error err = WEIR_ERROR_INIT;
	size_t bytes = 0;
	const struct weir_writer writer = {count, &bytes};
	const enum weir_code code = weir_migrate_embed(set, "app", &writer, &err);

	FUZZ_CHECK(code == WEIR_OK || code == WEIR_ERR_MIGRATE_SOURCE);
	FUZZ_CHECK((code == WEIR_OK) == (bytes > 0));
	FUZZ_CHECK(weir_migrations_count(set) <= 1);
	if (!weir_migrations_at(set, 0, &migration))
		return;
	FUZZ_CHECK(migration.version[0] != '\0');
	FUZZ_CHECK(strspn(migration.version, "0123456789") == strlen(migration.version));
	FUZZ_CHECK(strlen(migration.version) < WEIR_MIGRATE_VERSION_MAX);
	FUZZ_CHECK(strlen(migration.name) < WEIR_MIGRATE_NAME_MAX);
	FUZZ_CHECK(strlen(migration.tag) < WEIR_MIGRATE_TAG_MAX);
	FUZZ_CHECK(strspn(migration.checksum, "0123456789abcdef") == WEIR_MIGRATE_CHECKSUM_MAX - 1);
	FUZZ_CHECK(migration.has_up || migration.has_down);
}

static void check_same(const struct weir_migrations *one, const struct weir_migrations *other)
{
	struct weir_migration left;
	struct weir_migration right;

	FUZZ_CHECK(weir_migrations_count(one) == weir_migrations_count(other));
	FUZZ_CHECK(weir_migrations_format(one) == weir_migrations_format(other));
	if (!weir_migrations_at(one, 0, &left) || !weir_migrations_at(other, 0, &right))
		return;
	FUZZ_CHECK(strcmp(left.version, right.version) == 0 && strcmp(left.name, right.name) == 0);
	FUZZ_CHECK(strcmp(left.tag, right.tag) == 0 && strcmp(left.checksum, right.checksum) == 0);
	FUZZ_CHECK(left.has_up == right.has_up && left.has_down == right.has_down);
	FUZZ_CHECK(left.no_transaction == right.no_transaction);
}

/* Each LF as CR LF. */
static char *with_carriages(const char *text, size_t length, size_t *made)
{
	char *const other = malloc(2 * length + 1);

	FUZZ_CHECK(other != NULL);
	*made = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			other[(*made)++] = '\r';
		other[(*made)++] = text[i];
	}
	return other;
}

static void check_format(const char *path, enum weir_migrate_format format, const char *text,
                         size_t length)
{
	struct weir_migrations *set = NULL;
	struct weir_migrations *other_set = NULL;
	size_t other_length;
	char *other;
	enum weir_code code;

	put(path, text, length);
	code = read_as(path, format, &set);
	if (code == WEIR_OK)
		check_set(set);
	if (length > 0 && memchr(text, '\r', length) == NULL) {
		other = with_carriages(text, length, &other_length);
		put(path, other, other_length);
		free(other);
		FUZZ_CHECK(read_as(path, format, &other_set) == code);
		if (code == WEIR_OK)
			check_same(set, other_set);
	}
	weir_migrations_free(set);
	weir_migrations_free(other_set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *const end = size > 0 ? memchr(data, '\n', size) : NULL;
	const size_t length = end == NULL ? size : (size_t)(end - data);
	const size_t begin = end == NULL ? size : length + 1;
	char name[NAME_MOST + 1] = "1_a.sql";
	char path[128];

	if (length > NAME_MOST)
		return 0;
	for (size_t i = 0; i < length; i++)
		name[i] = data[i] == '/' || data[i] == '\0' ? '_' : (char)data[i];
	if (length > 0)
		name[length] = '\0';
	if (name[0] == '.') /* such files are passed over, and would not be removed */
		name[0] = '_';
	(void)snprintf(path, sizeof path, "%s", fuzz_folder_file(name));
	for (int format = WEIR_MIGRATE_DETECT; format <= (int)WEIR_MIGRATE_GOOSE; format++)
		check_format(path, (enum weir_migrate_format)format,
		             size > 0 ? (const char *)data + begin : "", size - begin);
	fuzz_folder_empty();
	return 0;
}
