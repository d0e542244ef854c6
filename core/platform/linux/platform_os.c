/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The Linux back end of platform_os.h.
 */
#include "platform_os.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

_Thread_local uint64_t wp_thread_words[WP_THREAD_WORDS];

static enum wp_wait futex_wait(wp_u32 *word, int operation, uint32_t expected, uint32_t bits,
                               int64_t deadline_ns)
{
	const struct timespec deadline = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_SECOND),
		.tv_nsec = (long)(deadline_ns % NS_PER_SECOND),
	};
	const struct timespec *until = deadline_ns == INT64_MAX ? NULL : &deadline;

	/* WAIT_BITSET takes an absolute deadline on the monotonic clock; plain
	 * WAIT takes a duration, which drifts with every early return. */
	const long rc = syscall(SYS_futex, &word->word, operation, expected, until, NULL, bits);

	return rc == -1 && errno == ETIMEDOUT ? WP_WAIT_TIMEOUT : WP_WAIT_WOKEN;
}

enum wp_wait wp_futex_wait(wp_u32 *word, uint32_t expected, int64_t deadline_ns)
{
	return futex_wait(word, FUTEX_WAIT_BITSET_PRIVATE, expected, FUTEX_BITSET_MATCH_ANY,
	                  deadline_ns);
}

enum wp_wait wp_futex_wait_bits(wp_u32 *word, uint32_t expected, uint32_t bits, int64_t deadline_ns)
{
	return futex_wait(word, FUTEX_WAIT_BITSET_PRIVATE, expected, bits, deadline_ns);
}

void wp_futex_wake_bits(wp_u32 *word, uint32_t bits)
{
	(void)syscall(SYS_futex, &word->word, FUTEX_WAKE_BITSET_PRIVATE, INT32_MAX, NULL, NULL, bits);
}

enum wp_wait wp_futex_wait_shared(wp_u32 *word, uint32_t expected, int64_t deadline_ns)
{
	return futex_wait(word, FUTEX_WAIT_BITSET, expected, FUTEX_BITSET_MATCH_ANY, deadline_ns);
}

void wp_futex_wake(wp_u32 *word, int count)
{
	(void)syscall(SYS_futex, &word->word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void wp_futex_wake_shared(wp_u32 *word, int count)
{
	(void)syscall(SYS_futex, &word->word, FUTEX_WAKE, count, NULL, NULL, 0);
}

bool wp_barrier_heavy_ready(void)
{
	/* Asked each time: a forked child must register for itself. */
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void wp_barrier_heavy(void)
{
	while (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
		/* Short of memory the kernel may ask for another try. Any other
		 * failure means that it was forbidden after it had been registered,
		 * and then a waiter could sleep beside an idle slot for ever. */
		if (errno != ENOMEM && errno != EINTR)
			abort();
	}
}

int64_t wp_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

uint32_t wp_thread_id(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

uint32_t wp_cpu(void)
{
	const int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (uint32_t)cpu;
}

void *wp_alloc(size_t alignment, size_t bytes)
{
	const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
	void *memory = aligned_alloc(alignment, rounded);

	if (memory != NULL)
		memset(memory, 0, rounded);
	return memory;
}

void wp_free(void *memory)
{
	free(memory);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

/* The leak checker does not look into mapped memory unless it is told to: what a pool has
 * would count as lost when the process ends while a helper, with the last pointer, is
 * still on its way out. */
static void show_to_leak_checker(void *memory, size_t bytes, bool shown)
{
#if defined(__SANITIZE_ADDRESS__)
	if (shown)
		__lsan_register_root_region(memory, bytes);
	else
		__lsan_unregister_root_region(memory, bytes);
#else
	(void)memory;
	(void)bytes;
	(void)shown;
#endif
}

void *wp_alloc_wiped(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (madvise(memory, bytes, MADV_WIPEONFORK) == 0) {
		show_to_leak_checker(memory, bytes, true);
		return memory;
	}
	(void)munmap(memory, bytes);
	return NULL;
}

void wp_free_wiped(void *memory, size_t bytes)
{
	if (memory == NULL)
		return;
	show_to_leak_checker(memory, bytes, false);
	(void)munmap(memory, bytes);
}

void wp_yield(void)
{
	(void)sched_yield();
}
