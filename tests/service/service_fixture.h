/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A folder and a service for each test, and databases in short form.
 */
#ifndef WEIR_TESTS_SERVICE_FIXTURE_H
#define WEIR_TESTS_SERVICE_FIXTURE_H

#include "unit_check.h"
#include "unit_thread.h"

#include <weir/sqlite.h>
#include <weir/stub.h>
#include <weir/weir.h>

struct service_fixture {
	char folder[64];
	char file[128]; /* an INI file in it, not there yet */
	struct weir_stub *stub;
	struct weir_service *service; /* manual */
};

int service_set_up(void **state);
int service_tear_down(void **state);
#define SERVICE_TEST(test) cmocka_unit_test_setup_teardown(test, service_set_up, service_tear_down)

/* A configuration of that name: a file of the folder, or the stub. settings as in a
 * URL's query; NULL: none. */
void service_sqlite_config(struct service_fixture *fixture, struct weir_config *config,
                           const char *name, const char *settings);
void service_stub_config(struct weir_config *config, const char *name, const char *settings);

/* Add one; it must succeed. */
void service_add_sqlite(struct service_fixture *fixture, const char *name, const char *settings);
void service_add_stub(struct service_fixture *fixture, const char *name, const char *settings);

/* Write the INI file; each "%s" of text is the folder. */
void service_write_file(struct service_fixture *fixture, const char *text);
enum weir_code service_read_file(struct service_fixture *fixture, bool again,
                                 const struct weir_fault_sink *sink, struct weir_error *err);

/* A text that a weir_writer fills. */
struct service_text {
	char bytes[65536];
	size_t length;
	struct weir_writer writer;
};
void service_text_init(struct service_text *text);

/* What a dump says. */
void service_dump_text(struct weir_service *service, struct service_text *text);

#endif
