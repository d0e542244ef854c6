/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A database file in a folder of its own, and handles of its turnstile, for tests
 * that may look inside. The file is never a real database: nothing opens it.
 */
#ifndef WEIR_UNIT_TURNSTILE_H
#define WEIR_UNIT_TURNSTILE_H

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testing.h"
#include "unit_check.h"

struct unit_sidecar {
	char folder[40];
	char database[64];
	char path[72]; /* of the sidecar; it is not there yet */
};

static inline void unit_sidecar_make(struct unit_sidecar *sidecar)
{
	(void)snprintf(sidecar->folder, sizeof sidecar->folder, "/tmp/weir-turnstile-XXXXXX");
	assert_non_null(mkdtemp(sidecar->folder));
	(void)snprintf(sidecar->database, sizeof sidecar->database, "%s/test.db", sidecar->folder);
	(void)snprintf(sidecar->path, sizeof sidecar->path, "%s-weir", sidecar->database);

	const int fd = open(sidecar->database, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
}

static inline void unit_sidecar_drop(const struct unit_sidecar *sidecar)
{
	if (unlink(sidecar->path) != 0)
		(void)rmdir(sidecar->path);
	assert_int_equal(unlink(sidecar->database), 0);
	assert_int_equal(rmdir(sidecar->folder), 0);
}

static inline struct weir__turnstile *unit_turnstile(const struct unit_sidecar *sidecar)
{
	struct weir_error err = WEIR_ERROR_INIT;
	struct weir__turnstile *turnstile = NULL;

	if (weir__turnstile_open(&turnstile, sidecar->database, &err) != WEIR_OK)
		fail_msg("open: %s", err.message);
	return turnstile;
}

static inline uint64_t unit_turnstile_word(const struct weir__turnstile *turnstile)
{
	return wp_load_acq_64(&turnstile->page->word);
}

/* OWNER: slot + 1, or 0. */
static inline uint32_t unit_turnstile_owner(const struct weir__turnstile *turnstile)
{
	return (uint32_t)(unit_turnstile_word(turnstile) >> WEIR__PASS_OWNER_SHIFT & 0xff);
}

/* Wait until exactly these slots stand in line. */
static inline void unit_turnstile_await(const struct weir__turnstile *turnstile, uint64_t waits)
{
	while ((unit_turnstile_word(turnstile) & WEIR__PASS_WAITS) != waits)
		(void)sched_yield(); /* ends: or the test's time limit does */
}

#endif
