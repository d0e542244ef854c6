/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Programs for weir-bench to talk to: shell scripts in a folder that goes with the
 * test. Each writes the id of its process to the file pids there.
 */
#ifndef WEIR_TESTS_FAKE_PEER_H
#define WEIR_TESTS_FAKE_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cancel.h"
#include "peer_child.h"

#define PATIENCE_NS INT64_C(20000000000)
#define HELLO                                                                                      \
	"echo '{\"protocol\":1,\"pool\":\"fake\",\"version\":\"1.2\",\"runtime\":\"sh\","              \
	"\"warm_s\":0.5,\"extra_work\":\"coughs\",\"abilities\":[\"grows\",\"sings\"]}'\n"

static char folder[64];

static inline int enter_folder(void **state)
{
	(void)state;
	bench_cancel_prepare();
	(void)snprintf(folder, sizeof(folder), "/tmp/weir-peer-test-XXXXXX");
	return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static inline int leave_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return chdir("/") != 0 || system(command) != 0;
}

static inline const char *write_script(const char *body)
{
	static char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/fake", folder);
	(void)unlink("orders");
	(void)unlink("pids");
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file, "#!/bin/sh\necho $$ >>pids\n%s", body);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static inline struct bench_peer_child *start(const char *body, int64_t patience_ns)
{
	char problem[300] = "";
	struct bench_peer_child *const child =
		bench_peer_child_start(write_script(body), patience_ns, problem, sizeof(problem));

	if (child == NULL)
		fail_msg("it did not start: %s", problem);
	return child;
}

#endif
