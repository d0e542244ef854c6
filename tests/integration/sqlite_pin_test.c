/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The read pin: what it spares readers, and that it keeps neither the WAL from
 * being copied nor from beginning anew.
 */
#include "engine_fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>

#define COUNT "SELECT count(*) FROM t"

struct pair {
	const struct fixture *fixture;
	void *writer;
	void *aide;
};

static struct pair open_pair(void **state)
{
	const struct pair pair = {
		.fixture = *state,
		.writer = open_role(*state, WEIR_ROLE_WRITER),
		.aide = open_role(*state, WEIR_ROLE_AIDE),
	};

	(void)checkpoint_now(pair.writer, pair.aide); /* of the frame that opening left */
	return pair;
}

static void close_pair(const struct pair *pair)
{
	pair->fixture->driver->close(pair->aide);
	pair->fixture->driver->close(pair->writer);
}

/* A group, and the pin renewed behind it. */
static void write_and_pin(const struct pair *pair)
{
	write_now(pair->fixture, pair->writer, "INSERT INTO t VALUES (1)");
	engine()->pin(pair->aide);
}

static struct weir_checkpoint_result checkpoint_and_pin(const struct pair *pair)
{
	engine()->unpin(pair->aide);

	const struct weir_checkpoint_result result = checkpoint_now(pair->writer, pair->aide);

	engine()->pin(pair->aide);
	return result;
}

static void after_a_complete_copy_the_wal_begins_anew(void **state)
{
	const struct pair pair = open_pair(state);

	for (uint32_t i = 1; i < 10; i++) {
		for (uint32_t row = 0; row < i; row++)
			write_and_pin(&pair);

		const struct weir_checkpoint_result result = checkpoint_and_pin(&pair);

		assert_int_equal(result.frames, i); /* not those of the rounds before, too */
		assert_int_equal(result.copied, i);
		assert_int_equal(locks_of(pair.fixture), LOCK_MARK(0));
	}
	close_pair(&pair);
}

/* A pin that was not renewed since the copy sits on the mark of the database alone,
 * beside which nothing can be copied: it must have been let go. */
static void commits_behind_a_pin_are_copied_in_full(void **state)
{
	const struct pair pair = open_pair(state);

	write_and_pin(&pair);
	(void)checkpoint_and_pin(&pair);
	write_now(pair.fixture, pair.writer, "INSERT INTO t VALUES (1)");
	write_now(pair.fixture, pair.writer, "INSERT INTO t VALUES (1)");
	assert_int_equal(locks_of(pair.fixture), LOCK_MARK(0));

	struct weir_checkpoint_result result = checkpoint_and_pin(&pair);

	assert_int_equal(result.frames, 2);
	assert_int_equal(result.copied, 2);
	/* So that this can fail: a second pin, which nobody lets go. */
	void *const other = open_role(pair.fixture, WEIR_ROLE_AIDE);

	engine()->pin(other);
	write_and_pin(&pair);
	result = checkpoint_and_pin(&pair);
	assert_int_equal(result.frames, 1);
	assert_int_equal(result.copied, 0);
	engine()->unpin(other);
	result = checkpoint_and_pin(&pair);
	assert_int_equal(result.copied, 1);
	pair.fixture->driver->close(other);
	close_pair(&pair);
}

static void without_a_pin_no_mark_is_held(void **state)
{
	const struct pair pair = open_pair(state);

	assert_int_equal(locks_of(pair.fixture), 0);
	write_and_pin(&pair);
	assert_int_not_equal(locks_of(pair.fixture) & LOCK_MARKS, 0);
	engine()->unpin(pair.aide);
	assert_int_equal(locks_of(pair.fixture), 0);
	engine()->unpin(pair.aide);
	engine()->pin(pair.aide);
	engine()->pin(pair.aide);
	assert_int_not_equal(locks_of(pair.fixture) & LOCK_MARKS, 0);
	assert_int_equal(pair.fixture->driver->reset(pair.aide, soon(), NULL), WEIR_OK);
	assert_int_equal(locks_of(pair.fixture), 0);
	close_pair(&pair);
}

static void a_pin_holds_the_newest_snapshot(void **state)
{
	const struct pair pair = open_pair(state);

	for (int i = 1; i < 5; i++) {
		write_and_pin(&pair);
		write_now(pair.fixture, pair.writer, "INSERT INTO t VALUES (1)");
		assert_int_equal(ask(pair.fixture, pair.aide, COUNT), 2 * i - 1);
	}
	/* A change of the schema is no obstacle. */
	write_now(pair.fixture, pair.writer, "CREATE TABLE u (x)");
	engine()->pin(pair.aide);
	assert_int_equal(ask(pair.fixture, pair.aide, "SELECT count(*) FROM u"), 0);
	close_pair(&pair);
}

/* ---- what it is for ---- */

static atomic_uint locks_taken;

/* In the place of the system call that SQLite locks with. */
static int count_fcntl(int fd, int command, ...)
{
	va_list arguments;
	int result;

	va_start(arguments, command);
	if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) {
		atomic_fetch_add(&locks_taken, 1);
		result = fcntl(fd, command, va_arg(arguments, struct flock *));
	} else {
		result = fcntl(fd, command, va_arg(arguments, int));
	}
	va_end(arguments);
	return result;
}

static unsigned locks_of_a_read(const struct pair *pair, void *reader)
{
	atomic_store(&locks_taken, 0);
	(void)ask(pair->fixture, reader, COUNT);
	return atomic_load(&locks_taken);
}

static void reads_beside_a_pin_lock_nothing(void **state)
{
	sqlite3_vfs *const vfs = sqlite3_vfs_find(NULL);

	assert_int_equal(vfs->xSetSystemCall(vfs, "fcntl", (sqlite3_syscall_ptr)count_fcntl),
	                 SQLITE_OK);

	const struct pair pair = open_pair(state);
	void *const reader = open_role(pair.fixture, WEIR_ROLE_READER);

	(void)locks_of_a_read(&pair, reader); /* reads the schema, too */
	assert_int_equal(locks_of_a_read(&pair, reader), 2);
	for (int i = 0; i < 3; i++) {
		write_and_pin(&pair);
		assert_int_equal(locks_of_a_read(&pair, reader), 0);
		(void)checkpoint_and_pin(&pair);
		assert_int_equal(locks_of_a_read(&pair, reader), 0);
		engine()->unpin(pair.aide);
		assert_int_equal(locks_of_a_read(&pair, reader), 2);
	}
	pair.fixture->driver->close(reader);
	close_pair(&pair);
	assert_int_equal(vfs->xSetSystemCall(vfs, "fcntl", NULL), SQLITE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENGINE_TEST(after_a_complete_copy_the_wal_begins_anew),
		ENGINE_TEST(commits_behind_a_pin_are_copied_in_full),
		ENGINE_TEST(without_a_pin_no_mark_is_held),
		ENGINE_TEST(a_pin_holds_the_newest_snapshot),
		ENGINE_TEST(reads_beside_a_pin_lock_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
