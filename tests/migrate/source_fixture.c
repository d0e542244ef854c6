/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See source_fixture.h.
 */
#include "source_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int source_set_up(void **state)
{
	struct source_fixture *const fixture = calloc(1, sizeof *fixture);

	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/weir_source_XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	*state = fixture;
	return 0;
}

static int take_away(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

int source_tear_down(void **state)
{
	struct source_fixture *const fixture = *state;

	weir_migrations_free(fixture->set);
	assert_int_equal(nftw(fixture->folder, take_away, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(fixture);
	return 0;
}

static void path_of(const struct source_fixture *fixture, const char *name, char path[512])
{
	assert_in_range(snprintf(path, 512, "%s/%s", fixture->folder, name), 1, 511);
}

void source_put_bytes(const struct source_fixture *fixture, const char *name, const void *bytes,
                      size_t length)
{
	char path[512];
	FILE *file;

	path_of(fixture, name, path);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

void source_put(const struct source_fixture *fixture, const char *name, const char *text)
{
	source_put_bytes(fixture, name, text, strlen(text));
}

void source_take(const struct source_fixture *fixture, const char *name)
{
	char path[512];

	path_of(fixture, name, path);
	assert_int_equal(remove(path), 0);
}

char *source_text(const char *path)
{
	FILE *const file = fopen(path, "rb");
	char *const text = calloc(1, 65536);

	assert_non_null(file);
	assert_non_null(text);
	assert_in_range(fread(text, 1, 65536, file), 0, 65535);
	assert_int_equal(fclose(file), 0);
	return text;
}

static enum weir_code try_read(struct source_fixture *fixture, enum weir_migrate_format format,
                               struct weir_error *err)
{
	const struct weir_migrations_options options = {.size = (uint32_t)sizeof options,
	                                                .format = format};

	weir_migrations_free(fixture->set);
	fixture->set = NULL;
	return weir_migrations_read(&fixture->set, fixture->folder, &options, err);
}

const struct weir_migrations *source_read(struct source_fixture *fixture,
                                          enum weir_migrate_format format, size_t count)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (try_read(fixture, format, &err) != WEIR_OK)
		fail_msg("%s", err.message);
	assert_int_equal(weir_migrations_count(fixture->set), count);
	return fixture->set;
}

void source_refused(struct source_fixture *fixture, enum weir_migrate_format format,
                    const char *part, const char *other)
{
	struct weir_error err = WEIR_ERROR_INIT;

	assert_code(try_read(fixture, format, &err), WEIR_ERR_MIGRATE_SOURCE);
	assert_null(fixture->set);
	assert_has(err.message, part);
	assert_has(err.message, other);
}

void source_all_refused(struct source_fixture *fixture, enum weir_migrate_format format,
                        const struct source_bad *bad, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		source_put(fixture, bad[i].name, bad[i].text);
		source_refused(fixture, format, bad[i].part, bad[i].other);
		source_take(fixture, bad[i].name);
	}
}

void source_is(const struct weir__step *step, const char *sql, uint32_t line, bool no_transaction)
{
	assert_int_equal(step->there, sql != NULL);
	if (sql == NULL)
		return;
	assert_string_equal(step->sql, sql);
	assert_int_equal(step->length, strlen(sql));
	assert_int_equal(step->line, line);
	assert_int_equal(step->no_transaction, no_transaction);
	assert_int_not_equal(step->path[0], '\0');
}
