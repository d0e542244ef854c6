/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Linux back end when a system call fails.
 */
#include <errno.h>
#include <stdlib.h>

#include "testing.h"
#include "unit_check.h"
#include "unit_child.h"
#include "unit_fault.h"

#define BYTES 100000

/* Pages of address space that this process has. */
static long count_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	char text[64] = "";

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof text, file));
	assert_int_equal(fclose(file), 0);
	return strtol(text, NULL, 10);
}

static void memory_that_a_fork_would_not_wipe_is_given_back(void **state)
{
	static const enum unit_fault faults[] = {UNIT_FAULT_MMAP, UNIT_FAULT_MADVISE};

	(void)state;
	(void)count_pages(); /* stdio's own buffer */
	const long before = count_pages();

	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		unit_fault_arm(faults[i], 1, 1, ENOMEM);
		assert_null(wp_alloc_wiped(BYTES));
		assert_int_equal(unit_fault_disarm(), 1);
		assert_int_equal(count_pages(), before);
	}
	char *const memory = wp_alloc_wiped(BYTES);

	assert_non_null(memory);
	assert_int_equal(memory[BYTES - 1], 0);
	wp_free_wiped(memory, BYTES);
	wp_free_wiped(NULL, BYTES);
	assert_int_equal(count_pages(), before);
}

static void a_barrier_short_of_memory_is_tried_again(void **state)
{
	(void)state;
	assert_true(wp_barrier_heavy_ready());
	unit_fault_arm(UNIT_FAULT_BARRIER, 1, 3, ENOMEM);
	wp_barrier_heavy();
	assert_int_equal(unit_fault_disarm(), 3);
	unit_fault_arm(UNIT_FAULT_BARRIER, 1, 1, EINTR);
	wp_barrier_heavy();
	assert_int_equal(unit_fault_disarm(), 1);
}

static void run_a_barrier(void *argument)
{
	(void)argument;
	unit_fault_arm(UNIT_FAULT_BARRIER, 1, 1, EPERM);
	wp_barrier_heavy();
}

/* To go on would mean that a waiter could sleep beside an idle slot. */
static void a_barrier_that_is_forbidden_ends_the_process(void **state)
{
	(void)state;
	assert_true(unit_child_aborts(run_a_barrier, NULL));
}

static void a_system_without_the_barrier_is_noticed(void **state)
{
	(void)state;
	unit_fault_arm(UNIT_FAULT_BARRIER, 1, 1, ENOSYS);
	assert_false(wp_barrier_heavy_ready());
	assert_int_equal(unit_fault_disarm(), 1);
	assert_true(wp_barrier_heavy_ready());
}

static void an_unknown_processor_counts_as_the_first(void **state)
{
	(void)state;
	unit_fault_arm(UNIT_FAULT_CPU, 1, 1, ENOSYS);
	assert_int_equal(wp_cpu(), 0);
	assert_int_equal(unit_fault_disarm(), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_a_fork_would_not_wipe_is_given_back),
		cmocka_unit_test(a_barrier_short_of_memory_is_tried_again),
		cmocka_unit_test(a_barrier_that_is_forbidden_ends_the_process),
		cmocka_unit_test(a_system_without_the_barrier_is_noticed),
		cmocka_unit_test(an_unknown_processor_counts_as_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
