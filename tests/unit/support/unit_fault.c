/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See unit_fault.h.
 */
#include "unit_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static struct {
	_Atomic bool armed;
	_Atomic int fault; /* enum unit_fault; a helper of a pool that is gone may still look */
	uint32_t first;
	uint32_t last;
	int error;
	void (*then)(void *argument); /* NULL: the call fails */
	void *argument;
	_Atomic uint32_t calls;
	_Atomic uint32_t struck;
} plan;

static void arm(enum unit_fault fault, uint32_t nth, uint32_t calls)
{
	atomic_store(&plan.fault, (int)fault);
	plan.first = nth;
	plan.last = calls > UINT32_MAX - nth ? UINT32_MAX : nth + calls - 1;
	atomic_store(&plan.calls, 0);
	atomic_store(&plan.struck, 0);
	atomic_store(&plan.armed, true);
}

void unit_fault_arm(enum unit_fault fault, uint32_t nth, uint32_t calls, int error)
{
	plan.error = error;
	plan.then = NULL;
	arm(fault, nth, calls);
}

void unit_fault_interrupt(enum unit_fault fault, uint32_t nth, void (*then)(void *argument),
                          void *argument)
{
	plan.then = then;
	plan.argument = argument;
	arm(fault, nth, 1);
}

uint32_t unit_fault_struck(void)
{
	return atomic_load(&plan.struck);
}

uint32_t unit_fault_disarm(void)
{
	atomic_store(&plan.armed, false);
	return atomic_load(&plan.struck);
}

/* Whether this call is to fail; errno is set then. */
static bool strikes(enum unit_fault fault)
{
	uint32_t call;

	if (!atomic_load(&plan.armed) || atomic_load(&plan.fault) != (int)fault)
		return false;
	call = atomic_fetch_add(&plan.calls, 1) + 1;
	if (call < plan.first || call > plan.last)
		return false;
	atomic_fetch_add(&plan.struck, 1);
	if (plan.then != NULL) {
		plan.then(plan.argument);
		return false;
	}
	errno = plan.error;
	return true;
}

/* ---- what the linker puts in the place of the real calls ---- */

void *__real_wp_alloc(size_t alignment, size_t bytes);
void *__wrap_wp_alloc(size_t alignment, size_t bytes);

void *__wrap_wp_alloc(size_t alignment, size_t bytes)
{
	return strikes(UNIT_FAULT_ALLOC) ? NULL : __real_wp_alloc(alignment, bytes);
}

void *__real_wp_alloc_wiped(size_t bytes);
void *__wrap_wp_alloc_wiped(size_t bytes);

void *__wrap_wp_alloc_wiped(size_t bytes)
{
	return strikes(UNIT_FAULT_WIPED) ? NULL : __real_wp_alloc_wiped(bytes);
}

int64_t __real_wp_now(void);
int64_t __wrap_wp_now(void);

int64_t __wrap_wp_now(void)
{
	(void)strikes(UNIT_FAULT_NOW);
	return __real_wp_now();
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
	return strikes(UNIT_FAULT_STRDUP) ? NULL : __real_strdup(text);
}

typedef void *(*thread_body)(void *argument);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_body body,
                          void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_body body,
                          void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, thread_body body,
                          void *argument)
{
	if (strikes(UNIT_FAULT_THREAD))
		return plan.error;
	return __real_pthread_create(thread, attributes, body, argument);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

long __wrap_syscall(long number, ...)
{
	long arguments[6];
	va_list list;

	if (number == SYS_membarrier && strikes(UNIT_FAULT_BARRIER))
		return -1;
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
	                      arguments[4], arguments[5]);
}

int __real_sched_getcpu(void);
int __wrap_sched_getcpu(void);

int __wrap_sched_getcpu(void)
{
	return strikes(UNIT_FAULT_CPU) ? -1 : __real_sched_getcpu();
}

void *__real_mmap(void *where, size_t bytes, int rights, int flags, int fd, off_t offset);
void *__wrap_mmap(void *where, size_t bytes, int rights, int flags, int fd, off_t offset);

void *__wrap_mmap(void *where, size_t bytes, int rights, int flags, int fd, off_t offset)
{
	if (strikes(UNIT_FAULT_MMAP))
		return MAP_FAILED;
	return __real_mmap(where, bytes, rights, flags, fd, offset);
}

int __real_madvise(void *where, size_t bytes, int advice);
int __wrap_madvise(void *where, size_t bytes, int advice);

int __wrap_madvise(void *where, size_t bytes, int advice)
{
	return strikes(UNIT_FAULT_MADVISE) ? -1 : __real_madvise(where, bytes, advice);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list list;

	if (strikes(UNIT_FAULT_OPEN))
		return -1;
	va_start(list, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(list, mode_t);
	va_end(list);
	return __real_open(path, flags, mode);
}

int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);

int __wrap_fstat(int fd, struct stat *status)
{
	return strikes(UNIT_FAULT_FSTAT) ? -1 : __real_fstat(fd, status);
}

ssize_t __real_pwrite(int fd, const void *bytes, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t count, off_t offset);

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	const int before = errno;

	if (!strikes(UNIT_FAULT_PWRITE))
		return __real_pwrite(fd, bytes, count, offset);
	if (plan.error != 0)
		return -1;
	errno = before; /* a short write is no error, and says nothing */
	return __real_pwrite(fd, bytes, count - 1, offset);
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

int __wrap_fcntl(int fd, int command, ...)
{
	va_list list;
	void *argument;

	if (strikes(UNIT_FAULT_FCNTL))
		return -1;
	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	return __real_fcntl(fd, command, argument);
}

int __real_fchown(int fd, uid_t owner, gid_t group);
int __wrap_fchown(int fd, uid_t owner, gid_t group);

int __wrap_fchown(int fd, uid_t owner, gid_t group)
{
	return strikes(UNIT_FAULT_FCHOWN) ? -1 : __real_fchown(fd, owner, group);
}
