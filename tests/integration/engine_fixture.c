/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See engine_fixture.h.
 */
#include "engine_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int make_engine_fixture(void **state)
{
	const int rc = make_fixture(state);
	sqlite3 *const db = open_foreign(*state);

	run_foreign(db, "PRAGMA journal_mode=WAL; CREATE TABLE t (x INTEGER NOT NULL)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return rc;
}

const struct weir_engine *engine(void)
{
	return weir_sqlite_driver()->engine;
}

void begin_now(void *writer, enum weir_durability durability)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (engine()->begin(writer, durability, soon(), &err) != WEIR_OK)
		fail_msg("begin: %s", err.message);
}

void commit_now(void *writer)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (engine()->commit(writer, &err) != WEIR_OK)
		fail_msg("commit: %s", err.message);
}

void roll_back_now(void *writer)
{
	struct weir_error err = WEIR_ERROR_INIT;

	if (engine()->rollback(writer, &err) != WEIR_OK)
		fail_msg("rollback: %s", err.message);
}

void write_now(const struct fixture *fixture, void *writer, const char *sql)
{
	begin_now(writer, WEIR_DURABILITY_DEFAULT);
	run(fixture, writer, sql);
	commit_now(writer);
}

struct weir_checkpoint_result checkpoint_now(void *writer, void *aide)
{
	struct weir_checkpoint_result result = {.size = sizeof(result)};
	struct weir_error err = WEIR_ERROR_INIT;

	if (engine()->checkpoint(writer, aide, soon(), &result, &err) != WEIR_OK)
		fail_msg("checkpoint: %s", err.message);
	return result;
}

#define SHM_LOCKS 120 /* the byte of the first of them, in -shm */
#define SHM_LOCKS_COUNT 8

/* In a child: a process is not told of its own locks, and would lose those of
 * SQLite on that file when it closes it. */
static int look_at_locks(const char *path)
{
	const int fd = open(path, O_RDWR | O_CLOEXEC);
	int found = 0;

	for (int i = 0; i < SHM_LOCKS_COUNT && fd >= 0; i++) {
		struct flock lock = {
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHM_LOCKS + i, .l_len = 1};

		if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
			found |= 1 << i;
	}
	return found;
}

unsigned locks_of(const struct fixture *fixture)
{
	char path[160];
	int status = 0;

	(void)snprintf(path, sizeof(path), "%s-shm", fixture->path);
	assert_int_equal(access(path, R_OK), 0);

	const pid_t child = fork();

	if (child == 0)
		_exit(look_at_locks(path));
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return (unsigned)WEXITSTATUS(status);
}
