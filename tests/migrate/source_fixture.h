/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A folder of scripts for each test, and what is read from it.
 */
#ifndef WEIR_TESTS_SOURCE_FIXTURE_H
#define WEIR_TESTS_SOURCE_FIXTURE_H

#include "unit_check.h"

#include <weir/weir.h>

#include "set.h"

#define SOURCE_COUNT(array) (sizeof(array) / sizeof(array)[0])

struct source_fixture {
	char folder[64];
	struct weir_migrations *set; /* what was read last */
};

int source_set_up(void **state);
int source_tear_down(void **state);
#define SOURCE_TEST(test) cmocka_unit_test_setup_teardown(test, source_set_up, source_tear_down)

/* Make a file, or write one anew; take one away. */
void source_put(const struct source_fixture *fixture, const char *name, const char *text);
void source_put_bytes(const struct source_fixture *fixture, const char *name, const void *bytes,
                      size_t length);
void source_take(const struct source_fixture *fixture, const char *name);

/* What is in a file; freed by the caller. */
char *source_text(const char *path);

/* Read the folder, which must succeed and yield count migrations. */
const struct weir_migrations *source_read(struct source_fixture *fixture,
                                          enum weir_migrate_format format, size_t count);

/* Read it, which must fail with MIGRATE_SOURCE and a message that has both parts. */
void source_refused(struct source_fixture *fixture, enum weir_migrate_format format,
                    const char *part, const char *other);

/* A file alone in the folder that must be refused. */
struct source_bad {
	const char *name;
	const char *text;
	const char *part; /* of the message */
	const char *other;
};
void source_all_refused(struct source_fixture *fixture, enum weir_migrate_format format,
                        const struct source_bad *bad, size_t count);

/* A section, its first line and its flag. sql NULL: it is not there. */
void source_is(const struct weir__step *step, const char *sql, uint32_t line, bool no_transaction);

#endif
