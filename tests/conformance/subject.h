/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the conformance suites need to know of a driver. A new driver joins by
 * one row in subject.c.
 */
#ifndef WEIR_TESTS_SUBJECT_H
#define WEIR_TESTS_SUBJECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above to be there first. */
#include <cmocka.h>

#include <weir/weir.h>

struct subject;

/* A fresh database, or what the driver takes for one. */
struct place {
	const struct subject *subject;
	const struct weir_driver *driver;
	struct weir_config config;
	void *driver_data;
	char folder[64]; /* of its own, or "" */
};

struct subject {
	const char *name;
	const struct weir_driver *(*driver)(void);
	/* Fill the rest of a place whose config has the driver's defaults. */
	void (*arrange)(struct place *place);
	/* From now on opens fail, with this in driver_code. NULL: cannot be done. */
	void (*make_unreachable)(struct place *place);
	int32_t unreachable_code;
	/* From now on connections that are open are broken. NULL: cannot be done. */
	void (*sever)(struct place *place);
	/* Take everything back; every connection was closed. */
	void (*clear_away)(struct place *place);
};

/* Run the cases on every subject, only on those with SQL if so asked: each case
 * between arrange_place and clear_place with a struct place as its state, unless
 * it brings its own set-up. Returns what main should. */
int run_on_subjects(const struct CMUnitTest *cases, size_t count, bool with_sql);

int arrange_place(void **state); /* a subject before, its place after */
int clear_place(void **state);

/* Open a connection, with time enough unless told otherwise. */
enum weir_code open_until(struct place *place, struct weir_time deadline, void **conn,
                          struct weir_error *err);
void *open_one(struct place *place);

/* Descriptors this process has open, and files in a folder ("": none). */
size_t count_descriptors(void);
size_t count_files(const char *folder);

/* Far enough in the future for a busy machine, near enough for a test to end. */
struct weir_time soon(void);

/* A deadline that has passed. */
struct weir_time past(void);

#endif
