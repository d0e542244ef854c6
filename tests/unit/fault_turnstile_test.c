/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The turnstile when a system call fails: whoever opens it is told what failed and
 * goes without, keeping nothing; whoever waits in it is let go.
 */
#include <dirent.h>
#include <errno.h>

#include "unit_fault.h"
#include "unit_pool.h"
#include "unit_turnstile.h"

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

static enum weir_code try_open(const struct unit_sidecar *sidecar, struct weir_error *err)
{
	struct weir__turnstile *turnstile = NULL;

	weir_error_init(err);
	const enum weir_code code = weir__turnstile_open(&turnstile, sidecar->database, err);

	assert_true((code == WEIR_OK) == (turnstile != NULL));
	weir__turnstile_close(turnstile);
	return code;
}

/* The error of an open whose nth call fails, or of one whose calls fail from the nth
 * on, if nth is negative. */
struct refusal {
	enum unit_fault fault;
	int nth;
	int error;
	enum weir_code code;
	const char *text;
};

static const struct refusal refusals[] = {
	{UNIT_FAULT_ALLOC, 1, ENOMEM, WEIR_ERR_NO_MEMORY, "memory"},
	{UNIT_FAULT_WIPED, 1, ENOMEM, WEIR_ERR_NO_MEMORY, "fork"},
	{UNIT_FAULT_OPEN, 1, EACCES, WEIR_ERR_IO, "open: Permission denied"},
	{UNIT_FAULT_FSTAT, -1, EIO, WEIR_ERR_IO, "cannot be read"},
	{UNIT_FAULT_FSTAT, 3, EIO, WEIR_ERR_IO, "cannot be read"},
	{UNIT_FAULT_FCNTL, 1, EBADF, WEIR_ERR_IO, "lock: Bad file descriptor"},
	{UNIT_FAULT_FCNTL, 3, EBADF, WEIR_ERR_IO, "lock: Bad file descriptor"},
	{UNIT_FAULT_PWRITE, 1, EIO, WEIR_ERR_IO, "write: Input/output error"},
	{UNIT_FAULT_PWRITE, 1, 0, WEIR_ERR_IO, "write: No space left"},
	{UNIT_FAULT_PWRITE, 2, 0, WEIR_ERR_IO, "write: No space left"},
	{UNIT_FAULT_MMAP, 2, ENOMEM, WEIR_ERR_IO, "map: Cannot allocate memory"},
	{UNIT_FAULT_MADVISE, 2, EINVAL, WEIR_ERR_IO, "madvise: Invalid argument"},
};

static void an_open_that_fails_says_where_and_keeps_nothing(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	const uint32_t descriptors = count_descriptors();

	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		const struct refusal *const refusal = &refusals[i];
		struct weir_error err;

		(void)unlink(sidecar->path);
		unit_fault_arm(refusal->fault, (uint32_t)abs(refusal->nth),
		               refusal->nth < 0 ? UINT32_MAX : 1, refusal->error);
		const enum weir_code code = try_open(sidecar, &err);

		if (unit_fault_disarm() == 0 || code != refusal->code)
			fail_msg("case %zu: code %d: %s", i, (int)code, err.message);
		assert_has(err.message, refusal->text);
		assert_int_equal(count_descriptors(), descriptors);
		/* What is left of the file is no hindrance. */
		assert_code(try_open(sidecar, &err), WEIR_OK);
		assert_int_equal(count_descriptors(), descriptors);
	}
}

/* A signal, or another process that makes and deletes the file. */
static void what_passes_is_tried_again(void **state)
{
	static const struct refusal passing[] = {
		{UNIT_FAULT_OPEN, 1, EINTR, WEIR_OK, NULL},
		{UNIT_FAULT_OPEN, 2, EEXIST, WEIR_OK, NULL},
		{UNIT_FAULT_FCNTL, 1, EINTR, WEIR_OK, NULL},
		{UNIT_FAULT_FCNTL, 1, EAGAIN, WEIR_OK, NULL}, /* the file is being made */
		{UNIT_FAULT_FCNTL, 1, EACCES, WEIR_OK, NULL},
		{UNIT_FAULT_FCNTL, 3, ENOLCK, WEIR_OK, NULL}, /* the next slot will do */
		{UNIT_FAULT_FCNTL, 3, ENOMEM, WEIR_OK, NULL},
		{UNIT_FAULT_FCNTL, 3, EACCES, WEIR_OK, NULL},
	};
	const struct unit_sidecar *const sidecar = *state;

	for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
		struct weir_error err;

		(void)unlink(sidecar->path);
		unit_fault_arm(passing[i].fault, (uint32_t)passing[i].nth, 1, passing[i].error);
		assert_code(try_open(sidecar, &err), WEIR_OK);
		assert_int_equal(unit_fault_disarm(), 1);
	}
}

/* Who may not give files away gives at least the group. */
static void without_the_right_to_the_owner_the_group_is_set(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir_error err;
	struct stat status;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(sidecar->database, 4711, 4712), 0);
	unit_fault_arm(UNIT_FAULT_FCHOWN, 1, 1, EPERM);
	assert_code(try_open(sidecar, &err), WEIR_OK);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_int_equal(stat(sidecar->path, &status), 0);
	assert_int_equal(status.st_uid, 0);
	assert_int_equal(status.st_gid, 4712);
}

/* Slots that the system says nothing about may be somebody's. */
static void who_cannot_be_asked_counts_as_there(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *turnstile = unit_turnstile(sidecar);

	assert_int_equal(weir__turnstile_processes(turnstile), 1);
	unit_fault_arm(UNIT_FAULT_FCNTL, 1, UINT32_MAX, ENOLCK);
	assert_int_equal(weir__turnstile_processes(turnstile), WEIR__PASS_SLOTS);
	assert_int_equal(unit_fault_disarm(), WEIR__PASS_SLOTS - 1);
	weir__turnstile_close(turnstile);
}

static void leave(void *argument)
{
	weir__turnstile_leave(argument);
}

/* An owner without its process is about to be passed by, and leaves at that moment:
 * the turnstile changes hands once. */
static void an_owner_that_leaves_as_it_is_passed_is_passed_once(void **state)
{
	const struct unit_sidecar *const sidecar = *state;
	struct weir__turnstile *owner = unit_turnstile(sidecar);
	struct weir__turnstile *waiter = unit_turnstile(sidecar);
	struct flock gone = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1};
	uint64_t word;

	gone.l_start = WEIR__PASS_BYTE_PROCESS + (off_t)owner->slot;
	waiter->look_ns = 1;
	waiter->stall_ns = 0;
	assert_int_equal(weir__turnstile_enter(owner, 0), WEIR__PASS_ENTERED);
	word = unit_turnstile_word(owner);
	assert_int_equal(fcntl(owner->fd, F_SETLK, &gone), 0);
	/* The waiter marks its process, asks for the owner's life, then for its process. */
	unit_fault_interrupt(UNIT_FAULT_FCNTL, 3, leave, owner);
	assert_int_equal(weir__turnstile_enter(waiter, INT64_MAX), WEIR__PASS_ENTERED);
	assert_int_equal(unit_fault_disarm(), 1);
	assert_int_equal(unit_turnstile_owner(waiter), waiter->slot + 1);
	assert_int_equal((uint8_t)(unit_turnstile_word(waiter) >> 56), (uint8_t)((word >> 56) + 1));
	weir__turnstile_leave(waiter);
	assert_int_equal(unit_turnstile_owner(waiter), 0);
	weir__turnstile_close(waiter);
	weir__turnstile_close(owner);
}

static int set_up(void **state)
{
	static struct unit_sidecar sidecar;

	unit_sidecar_make(&sidecar);
	*state = &sidecar;
	return 0;
}

static int tear_down(void **state)
{
	(void)unit_fault_disarm();
	unit_sidecar_drop(*state);
	return 0;
}

#define SIDECAR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIDECAR_TEST(an_open_that_fails_says_where_and_keeps_nothing),
		SIDECAR_TEST(what_passes_is_tried_again),
		SIDECAR_TEST(without_the_right_to_the_owner_the_group_is_set),
		SIDECAR_TEST(who_cannot_be_asked_counts_as_there),
		SIDECAR_TEST(an_owner_that_leaves_as_it_is_passed_is_passed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
