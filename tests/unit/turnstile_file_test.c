/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The sidecar file: how it is made, with whose rights, which files are refused, and
 * the bytes that say who is alive.
 */
#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "unit_child.h"
#include "unit_pool.h"
#include "unit_thread.h"
#include "unit_turnstile.h"

static enum weir_code try_open(const char *database, struct weir_error *err)
{
	struct weir__turnstile *turnstile = NULL;

	weir_error_init(err);
	const enum weir_code code = weir__turnstile_open(&turnstile, database, err);

	if (code != WEIR_OK)
		assert_null(turnstile);
	weir__turnstile_close(turnstile);
	return code;
}

static uint32_t count_descriptors(void)
{
	uint32_t count = 0;
	DIR *const folder = opendir("/proc/self/fd");

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	assert_int_equal(closedir(folder), 0);
	return count;
}

static void write_file(const char *path, const void *bytes, size_t length)
{
	const int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(close(fd), 0);
}

static void it_has_the_rights_of_the_database(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	static const mode_t modes[] = {0600, 0640, 0660, 0666, 0644};
	const mode_t before = umask(077);

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		struct stat status;

		assert_int_equal(chmod(sidecar->database, modes[i]), 0);
		weir__turnstile_close(unit_turnstile(sidecar));
		assert_int_equal(stat(sidecar->path, &status), 0); /* close leaves it */
		assert_int_equal(status.st_mode & 07777, modes[i]);
		assert_int_equal(status.st_size, WEIR__PASS_LENGTH);
		assert_true(status.st_blocks > 0); /* no hole */
		assert_int_equal(status.st_uid, getuid());
		assert_int_equal(unlink(sidecar->path), 0);
	}
	(void)umask(before);
}

/* Only root may give files away. */
static void it_has_the_owner_of_the_database(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct stat status;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(sidecar->database, 4711, 4712), 0);
	weir__turnstile_close(unit_turnstile(sidecar));
	assert_int_equal(stat(sidecar->path, &status), 0);
	assert_int_equal(status.st_uid, 4711);
	assert_int_equal(status.st_gid, 4712);
}

static void rights_that_somebody_chose_stay(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct stat status;

	weir__turnstile_close(unit_turnstile(sidecar));
	assert_int_equal(chmod(sidecar->path, 0640), 0);
	weir__turnstile_close(unit_turnstile(sidecar));
	assert_int_equal(stat(sidecar->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
}

static void a_descriptor_does_not_outlive_exec(void **state)
{
	struct weir__turnstile *turnstile = unit_turnstile(*state);

	assert_true((fcntl(turnstile->fd, F_GETFD) & FD_CLOEXEC) != 0);
	weir__turnstile_close(turnstile);
}

struct content {
	const char *what;
	struct weir__pass_header header;
	size_t length;
	const char *message; /* NULL: it is taken */
};

#define WHOLE_HEADER                                                                               \
	{                                                                                              \
		.magic = WEIR__PASS_MAGIC, .version = WEIR__PASS_VERSION, .slots = WEIR__PASS_SLOTS,       \
		.length = WEIR__PASS_LENGTH                                                                \
	}

static const struct content contents[] = {
	{"empty: its maker came no further", {.version = 0}, 0, NULL},
	{"zero: its maker came no further", {.version = 0}, WEIR__PASS_LENGTH, NULL},
	{"whole", WHOLE_HEADER, WEIR__PASS_LENGTH, NULL},
	{"longer", WHOLE_HEADER, WEIR__PASS_LENGTH + 100, NULL},
	{"shorter than a header", WHOLE_HEADER, 17, "too short"},
	{"shorter than its slots", WHOLE_HEADER, WEIR__PASS_LENGTH - 1, "too short"},
	{"zero and short", {.version = 0}, 100, "no turnstile"},
	{"a database", {.magic = "SQLite f"}, WEIR__PASS_LENGTH, "no turnstile"},
	{"of the next version",
     {.magic = WEIR__PASS_MAGIC,
      .version = WEIR__PASS_VERSION + 1,
      .slots = WEIR__PASS_SLOTS,
      .length = WEIR__PASS_LENGTH},
     WEIR__PASS_LENGTH,
     "another version"},
	{"of more slots",
     {.magic = WEIR__PASS_MAGIC,
      .version = WEIR__PASS_VERSION,
      .slots = WEIR__PASS_SLOTS + 1,
      .length = WEIR__PASS_LENGTH},
     WEIR__PASS_LENGTH,
     "another version"},
};

static void only_what_it_made_is_taken(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	const uint32_t descriptors = count_descriptors();

	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
		const struct content *const content = &contents[i];
		unsigned char bytes[2 * WEIR__PASS_LENGTH] = {0};
		unsigned char after[2 * WEIR__PASS_LENGTH] = {0};
		struct weir_error err;

		memcpy(bytes, &content->header, sizeof content->header);
		write_file(sidecar->path, bytes, content->length);
		const enum weir_code code = try_open(sidecar->database, &err);
		const int fd = open(sidecar->path, O_RDONLY | O_CLOEXEC);
		const ssize_t length = read(fd, after, sizeof after);

		assert_int_equal(close(fd), 0);
		if (content->message == NULL) {
			assert_code(code, WEIR_OK);
			assert_int_equal(length,
			                 content->length == 0 ? WEIR__PASS_LENGTH : (ssize_t)content->length);
			assert_memory_equal(after, WEIR__PASS_MAGIC, 8);
		} else {
			assert_code(code, WEIR_ERR_IO);
			assert_has(err.message, content->message);
			assert_has(err.message, sidecar->path);
			assert_int_equal(length, (ssize_t)content->length);
			assert_memory_equal(after, bytes, content->length);
		}
		assert_int_equal(unlink(sidecar->path), 0);
	}
	assert_int_equal(count_descriptors(), descriptors);
}

static void make_folder(const struct unit_sidecar *sidecar)
{
	assert_int_equal(mkdir(sidecar->path, 0700), 0);
}

static void make_link(const struct unit_sidecar *sidecar)
{
	assert_int_equal(symlink(sidecar->database, sidecar->path), 0);
}

static void make_second_name(const struct unit_sidecar *sidecar)
{
	assert_int_equal(link(sidecar->database, sidecar->path), 0);
}

static void make_pipe(const struct unit_sidecar *sidecar)
{
	assert_int_equal(mkfifo(sidecar->path, 0600), 0);
}

/* A second name of the database itself above all: writing to it would be the end. */
static void only_a_plain_file_is_opened(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	static void (*const makers[])(const struct unit_sidecar *) = {make_folder, make_link,
	                                                              make_second_name, make_pipe};
	const uint32_t descriptors = count_descriptors();

	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
		struct weir_error err;
		struct stat status;

		makers[i](sidecar);
		assert_code(try_open(sidecar->database, &err), WEIR_ERR_IO);
		assert_has(err.message, sidecar->path);
		assert_int_equal(stat(sidecar->database, &status), 0);
		assert_int_equal(status.st_size, 0);
		assert_true(unlink(sidecar->path) == 0 || rmdir(sidecar->path) == 0);
	}
	assert_int_equal(count_descriptors(), descriptors);
}

static void a_place_without_a_database_is_refused(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	char longest[2 * PATH_MAX];
	struct weir_error err;
	char other[128];

	(void)snprintf(other, sizeof other, "%s/none.db", sidecar->folder);
	assert_code(try_open(other, &err), WEIR_ERR_IO);
	assert_has(err.message, "none.db");
	assert_int_equal(access(strcat(other, "-weir"), F_OK), -1);

	memset(longest, 'x', sizeof longest - 1);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	assert_code(try_open(longest, &err), WEIR_ERR_IO);
}

static void there_is_room_for_so_many(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *handles[WEIR__PASS_SLOTS];
	struct weir_error err;

	for (uint32_t i = 0; i < WEIR__PASS_SLOTS; i++) {
		handles[i] = unit_turnstile(sidecar);
		assert_int_equal(handles[i]->slot, i);
	}
	assert_int_equal(weir__turnstile_processes(handles[0]), WEIR__PASS_SLOTS);
	assert_code(try_open(sidecar->database, &err), WEIR_ERR_IO);
	assert_has(err.message, "as many processes");
	/* The last slot serves as the first does. */
	assert_int_equal(weir__turnstile_enter(handles[WEIR__PASS_SLOTS - 1], 0), WEIR__PASS_ENTERED);
	assert_int_equal(weir__turnstile_enter(handles[0], 0), WEIR__PASS_TIMED_OUT);
	weir__turnstile_leave(handles[WEIR__PASS_SLOTS - 1]);

	weir__turnstile_close(handles[17]);
	handles[17] = unit_turnstile(sidecar);
	assert_int_equal(handles[17]->slot, 17);
	for (uint32_t i = 0; i < WEIR__PASS_SLOTS; i++)
		weir__turnstile_close(handles[i]);
}

static void life_bytes_tell_the_living(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);

	assert_int_equal(weir__pass_take_life(one, two->slot), WEIR__PASS_ALIVE);
	assert_int_equal(weir__pass_take_life(one, one->slot), WEIR__PASS_ALIVE);
	assert_int_equal(weir__pass_take_life(two, one->slot), WEIR__PASS_ALIVE);
	assert_int_equal(weir__pass_take_life(one, 20), WEIR__PASS_DEAD);
	assert_int_equal(weir__pass_take_life(two, 20), WEIR__PASS_ALIVE); /* one has it */
	weir__pass_give_life(one, 20);
	assert_int_equal(weir__pass_take_life(two, 20), WEIR__PASS_DEAD);
	weir__pass_give_life(two, 20);
	assert_true(weir__pass_process_lives(one, two->slot));
	assert_false(weir__pass_process_lives(one, 20));
	weir__turnstile_close(two);
	assert_int_equal(weir__pass_take_life(one, 1), WEIR__PASS_DEAD);
	/* Closing one handle has dropped the process bytes of all; a wait renews them. */
	assert_false(weir__pass_process_lives(one, one->slot));
	weir__pass_mark_process(one);
	assert_true(weir__pass_process_lives(one, one->slot));
	weir__turnstile_close(one);
}

/* What a child inherits keeps the life byte, so close gives it back by name. */
static void close_in_a_child(void *argument)
{
	const int *const ends = argument;
	char byte;

	(void)!read(ends[0], &byte, 1); /* ends: the parent closes the other end */
}

static void closing_ends_a_life_that_a_child_shares(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct weir__turnstile *two = unit_turnstile(sidecar);
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)close(ends[1]);
		close_in_a_child(ends);
		_exit(0);
	}
	const uint32_t slot = two->slot;

	weir__turnstile_close(two);
	assert_int_equal(weir__pass_take_life(one, slot), WEIR__PASS_DEAD);
	weir__pass_give_life(one, slot);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	weir__turnstile_close(one);
}

struct closer {
	struct weir__turnstile *turnstile;
	int ends[4]; /* of two pipes: to the parent, to the child */
};

static void close_and_live_on(const struct closer *closer)
{
	char byte = 0;

	weir__turnstile_close(closer->turnstile);
	(void)close(closer->ends[3]);
	(void)!write(closer->ends[1], &byte, 1);
	(void)!read(closer->ends[2], &byte, 1); /* ends: the parent closes the other end */
}

/* So a child that has closed its handle does not keep a killed parent alive. */
static void a_child_that_closed_shares_no_life(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *one = unit_turnstile(sidecar);
	struct closer closer = {.turnstile = unit_turnstile(sidecar)};
	char byte;

	assert_int_equal(pipe2(closer.ends, O_CLOEXEC), 0);
	assert_int_equal(pipe2(closer.ends + 2, O_CLOEXEC), 0);
	const pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		close_and_live_on(&closer);
		_exit(0);
	}
	assert_int_equal(read(closer.ends[0], &byte, 1), 1);
	assert_int_equal(weir__pass_take_life(one, closer.turnstile->slot), WEIR__PASS_ALIVE);
	/* What a kill does: nothing is given back by name. */
	assert_int_equal(munmap(closer.turnstile->page, WEIR__PASS_LENGTH), 0);
	assert_int_equal(close(closer.turnstile->fd), 0);
	assert_int_equal(weir__pass_take_life(one, closer.turnstile->slot), WEIR__PASS_DEAD);
	weir__pass_give_life(one, closer.turnstile->slot);
	for (int i = 3; i >= 0; i--)
		assert_int_equal(close(closer.ends[i]), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	closer.turnstile->slot = WEIR__PASS_SLOTS;
	closer.turnstile->page = NULL;
	closer.turnstile->fd = -1;
	weir__turnstile_close(closer.turnstile);
	weir__turnstile_close(one);
}

/* A descriptor that holds the making byte, as a maker in mid-work does. */
static int hold_making_byte(const struct unit_sidecar *sidecar)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = WEIR__PASS_BYTE_MAKE, .l_len = 1};
	const int fd = open(sidecar->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &lock), 0);
	return fd;
}

struct opener {
	struct unit_thread thread;
	const struct unit_sidecar *sidecar;
	struct weir_error err;
	_Atomic bool done;
	enum weir_code code;
};

static void open_and_close(void *argument)
{
	struct opener *opener = argument;
	struct weir__turnstile *turnstile = NULL;

	opener->code = weir__turnstile_open(&turnstile, opener->sidecar->database, &opener->err);
	atomic_store(&opener->done, true);
	weir__turnstile_close(turnstile);
}

static void start_opener(struct opener *opener, const struct unit_sidecar *sidecar)
{
	opener->sidecar = sidecar;
	weir_error_init(&opener->err);
	unit_start(&opener->thread, open_and_close, opener);
}

static void others_wait_for_the_maker(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct opener opener = {.done = false};
	const int fd = hold_making_byte(sidecar);

	start_opener(&opener, sidecar);
	for (int i = 0; i < 100; i++) {
		assert_false(atomic_load(&opener.done));
		(void)sched_yield();
	}
	assert_int_equal(close(fd), 0);
	unit_join(&opener.thread);
	assert_code(opener.code, WEIR_OK);
}

static void but_not_for_ever(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct opener opener = {.done = false};
	const int fd = hold_making_byte(sidecar);

	start_opener(&opener, sidecar);
	unit_join(&opener.thread);
	assert_code(opener.code, WEIR_ERR_IO);
	assert_has(opener.err.message, "does not come to an end");
	assert_int_equal(close(fd), 0);
}

struct locked {
	const char *database;
	bool *held; /* shared with the child */
};

static void look_for_the_lock(void *argument)
{
	const struct locked *locked = argument;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	const int fd = open(locked->database, O_RDWR | O_CLOEXEC);

	*locked->held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK;
}

/* As the database's own locks would be lost, if its file were opened and closed. */
static void locks_on_the_database_stay(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	struct locked locked = {sidecar->database, unit_shared(sizeof *locked.held)};
	const int fd = open(sidecar->database, O_RDWR | O_CLOEXEC);

	assert_non_null(locked.held);
	assert_int_equal(fcntl(fd, F_SETLK, &lock), 0);
	struct weir__turnstile *turnstile = unit_turnstile(sidecar);

	assert_int_equal(weir__turnstile_enter(turnstile, 0), WEIR__PASS_ENTERED);
	weir__turnstile_leave(turnstile);
	weir__turnstile_close(turnstile);
	assert_true(unit_child_ends(look_for_the_lock, &locked));
	assert_true(*locked.held);
	assert_int_equal(close(fd), 0);
	assert_true(unit_child_ends(look_for_the_lock, &locked));
	assert_false(*locked.held);
	unit_shared_free(locked.held, sizeof *locked.held);
}

static int make_sidecar(void **state)
{
	static struct unit_sidecar sidecar;

	unit_sidecar_make(&sidecar);
	*state = &sidecar;
	return 0;
}

static int drop_sidecar(void **state)
{
	unit_sidecar_drop(*state);
	return 0;
}

#define SIDECAR_TEST(test) cmocka_unit_test_setup_teardown(test, make_sidecar, drop_sidecar)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDECAR_TEST(it_has_the_rights_of_the_database),
		SIDECAR_TEST(it_has_the_owner_of_the_database),
		SIDECAR_TEST(rights_that_somebody_chose_stay),
		SIDECAR_TEST(a_descriptor_does_not_outlive_exec),
		SIDECAR_TEST(only_what_it_made_is_taken),
		SIDECAR_TEST(only_a_plain_file_is_opened),
		SIDECAR_TEST(a_place_without_a_database_is_refused),
		SIDECAR_TEST(there_is_room_for_so_many),
		SIDECAR_TEST(life_bytes_tell_the_living),
		SIDECAR_TEST(closing_ends_a_life_that_a_child_shares),
		SIDECAR_TEST(a_child_that_closed_shares_no_life),
		SIDECAR_TEST(others_wait_for_the_maker),
		SIDECAR_TEST(but_not_for_ever),
		SIDECAR_TEST(locks_on_the_database_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
