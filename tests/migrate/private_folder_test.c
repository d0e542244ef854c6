/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Private folders: one maker each, and swept away only if no process holds them.
 */
#include "db_fixture.h"

#include "private_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const files[] = {"a", "b", NULL};

static void name(const struct db_fixture *fixture, const char *end, char path[256])
{
	(void)snprintf(path, 256, "%s/%s", fixture->folder, end);
}

static void put(const char *folder, const char *end)
{
	char path[320];
	int file;

	(void)snprintf(path, sizeof path, "%s/%s", folder, end);
	file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	assert_int_equal(close(file), 0);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool begins(const void *arg, const char *entry)
{
	return strncmp(entry, arg, strlen(arg)) == 0;
}

static void a_name_has_one_maker(void **state)
{
	struct db_fixture *const fixture = *state;
	char path[256];
	int lock;
	int second;
	struct stat there;

	name(fixture, "own", path);
	assert_int_equal(weir__folder_make(path, &lock), WEIR__FOLDER_MADE);
	assert_int_equal(stat(path, &there), 0);
	assert_int_equal(there.st_mode & 0777, 0700);
	assert_int_equal(weir__folder_make(path, &second), WEIR__FOLDER_TAKEN);
	assert_int_equal(close(lock), 0);
	assert_int_equal(weir__folder_make("/dev/null/x", &second), WEIR__FOLDER_FAILED);
	assert_int_equal(errno, ENOTDIR);
}

/* To try the next name would never end. */
static void one_that_cannot_be_locked_is_not_left(void **state)
{
	struct db_fixture *const fixture = *state;
	struct rlimit before;
	char path[256];
	int lock;
	enum weir__folder_made made;
	int problem;

	name(fixture, "own", path);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, before.rlim_max}), 0);
	made = weir__folder_make(path, &lock);
	problem = errno;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(made, WEIR__FOLDER_FAILED);
	assert_int_equal(problem, EMFILE);
	assert_false(is_there(path));
}

static void what_somebody_holds_is_not_swept(void **state)
{
	struct db_fixture *const fixture = *state;
	char held[256];
	char left[256];
	char other[256];
	int lock;
	int second;

	name(fixture, "own-1", held);
	name(fixture, "own-2", left);
	name(fixture, "other", other);
	assert_int_equal(weir__folder_make(held, &lock), WEIR__FOLDER_MADE);
	assert_int_equal(weir__folder_make(left, &second), WEIR__FOLDER_MADE);
	put(held, "a");
	put(left, "a");
	assert_int_equal(close(second), 0);
	assert_int_equal(mkdir(other, 0700), 0);
	weir__folder_sweep(fixture->folder, begins, "own", files);
	assert_true(is_there(held));
	assert_false(is_there(left));
	assert_true(is_there(other));
	assert_true(weir__folder_remove(held, files));
	assert_int_equal(close(lock), 0);
}

static void the_lock_ends_with_its_process(void **state)
{
	struct db_fixture *const fixture = *state;
	char path[256];
	int status;
	pid_t child;

	name(fixture, "own", path);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int lock;

		if (weir__folder_make(path, &lock) == WEIR__FOLDER_MADE)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_true(is_there(path));
	weir__folder_sweep(fixture->folder, begins, "own", files);
	assert_false(is_there(path));
}

static void what_else_is_in_it_stays(void **state)
{
	struct db_fixture *const fixture = *state;
	char path[256];
	char other[320];

	name(fixture, "own", path);
	assert_int_equal(mkdir(path, 0700), 0);
	put(path, "a");
	put(path, "precious");
	(void)snprintf(other, sizeof other, "%s/precious", path);
	weir__folder_sweep(fixture->folder, begins, "own", files);
	assert_true(is_there(other));
	assert_false(weir__folder_remove(path, files));
	assert_int_equal(errno, ENOTEMPTY);
	assert_int_equal(unlink(other), 0);
	assert_true(weir__folder_remove(path, files));
	assert_false(weir__folder_remove(path, files));
}

/* A link that has the name leads to somebody else's folder. */
static void a_link_is_not_followed(void **state)
{
	struct db_fixture *const fixture = *state;
	char path[256];
	char link[256];
	char file[320];

	name(fixture, "theirs", path);
	name(fixture, "own", link);
	assert_int_equal(mkdir(path, 0700), 0);
	put(path, "a");
	(void)snprintf(file, sizeof file, "%s/a", path);
	assert_int_equal(symlink(path, link), 0);
	weir__folder_sweep(fixture->folder, begins, "own", files);
	weir__folder_sweep("/dev/null/x", begins, "own", files);
	assert_true(is_there(file));
	assert_int_equal(unlink(file), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DB_TEST(a_name_has_one_maker),           DB_TEST(what_somebody_holds_is_not_swept),
		DB_TEST(the_lock_ends_with_its_process), DB_TEST(what_else_is_in_it_stays),
		DB_TEST(a_link_is_not_followed),         DB_TEST(one_that_cannot_be_locked_is_not_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
