/* SPDX-License-Identifier: BSD-2-Clause
 *
 * See stress_memory_wrap.h.
 *
 * The names that the linker wants (__wrap_malloc, __real_malloc) are given as labels.
 */
#include "stress_memory_wrap.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Where the program begins, as the linker knows it. */
extern const char program_start[] __asm__("__executable_start");

static _Atomic bool tracking;
static _Atomic int64_t live;
static _Atomic bool armed;
static _Atomic bool struck;
static _Atomic bool refuses_on;
static _Atomic uint64_t refused_at;
static _Atomic uint64_t calls;

static pthread_mutex_t sites_lock = PTHREAD_MUTEX_INITIALIZER;
static struct memory_site sites[MEMORY_SITES_MAX]; /* (sites_lock) */
static size_t sites_count;

/* ---- control ---- */

bool memory_reaches_weir(void)
{
	return STRESS_WRAPS_WEIR != 0;
}

void memory_track(void)
{
	atomic_store(&tracking, true);
}

int64_t memory_live(void)
{
	return atomic_load(&live);
}

void memory_arm(uint64_t at, bool sticky)
{
	atomic_store(&calls, 0);
	atomic_store(&struck, false);
	atomic_store(&refused_at, at);
	atomic_store(&refuses_on, sticky);
	atomic_store(&armed, true);
}

uint64_t memory_disarm(void)
{
	atomic_store(&armed, false);
	return atomic_load(&calls);
}

const _Atomic bool *memory_struck(void)
{
	return &struck;
}

size_t memory_sites(const struct memory_site **out)
{
	*out = sites;
	return sites_count;
}

static void note_site(const char *what, const void *from)
{
	const uintptr_t at = (uintptr_t)from - (uintptr_t)program_start;
	size_t i = 0;

	(void)pthread_mutex_lock(&sites_lock);
	while (i < sites_count && sites[i].at != at)
		i++;
	if (i == sites_count && i < MEMORY_SITES_MAX)
		sites[sites_count++] = (struct memory_site){.at = at, .what = what};
	if (i < MEMORY_SITES_MAX)
		sites[i].refused++;
	(void)pthread_mutex_unlock(&sites_lock);
}

/* Whether a call is to be refused. */
static bool refuses(const char *what, const void *from)
{
	const uint64_t at = atomic_load(&refused_at);
	uint64_t call;

	if (!atomic_load(&armed))
		return false;
	call = atomic_fetch_add(&calls, 1) + 1;
	if (at == 0 || call < at || (call > at && !atomic_load(&refuses_on)))
		return false;
	atomic_store(&struck, true);
	note_site(what, from);
	errno = ENOMEM;
	return true;
}

static void *count(void *memory)
{
	if (memory != NULL && atomic_load(&tracking))
		(void)atomic_fetch_add(&live, 1);
	return memory;
}

static void uncount(void)
{
	if (atomic_load(&tracking))
		(void)atomic_fetch_sub(&live, 1);
}

/* ---- the C library ---- */

void *real_malloc(size_t bytes) __asm__("__real_malloc");
void *wrap_malloc(size_t bytes) __asm__("__wrap_malloc");

void *wrap_malloc(size_t bytes)
{
	if (refuses("malloc", __builtin_return_address(0)))
		return NULL;
	return count(real_malloc(bytes));
}

void *real_calloc(size_t count, size_t bytes) __asm__("__real_calloc");
void *wrap_calloc(size_t count, size_t bytes) __asm__("__wrap_calloc");

void *wrap_calloc(size_t items, size_t bytes)
{
	if (refuses("calloc", __builtin_return_address(0)))
		return NULL;
	return count(real_calloc(items, bytes));
}

void *real_realloc(void *memory, size_t bytes) __asm__("__real_realloc");
void *wrap_realloc(void *memory, size_t bytes) __asm__("__wrap_realloc");

void *wrap_realloc(void *memory, size_t bytes)
{
	if (refuses("realloc", __builtin_return_address(0)))
		return NULL;
	return memory == NULL ? count(real_malloc(bytes)) : real_realloc(memory, bytes);
}

void *real_aligned_alloc(size_t alignment, size_t bytes) __asm__("__real_aligned_alloc");
void *wrap_aligned_alloc(size_t alignment, size_t bytes) __asm__("__wrap_aligned_alloc");

void *wrap_aligned_alloc(size_t alignment, size_t bytes)
{
	if (refuses("aligned_alloc", __builtin_return_address(0)))
		return NULL;
	return count(real_aligned_alloc(alignment, bytes));
}

char *real_strdup(const char *text) __asm__("__real_strdup");
char *wrap_strdup(const char *text) __asm__("__wrap_strdup");

char *wrap_strdup(const char *text)
{
	if (refuses("strdup", __builtin_return_address(0)))
		return NULL;
	return count(real_strdup(text));
}

void real_free(void *memory) __asm__("__real_free");
void wrap_free(void *memory) __asm__("__wrap_free");

void wrap_free(void *memory)
{
	if (memory != NULL)
		uncount();
	real_free(memory);
}

/* ---- the system ---- */

void *real_mmap(void *address, size_t bytes, int access, int flags, int file,
                off_t offset) __asm__("__real_mmap");
void *wrap_mmap(void *address, size_t bytes, int access, int flags, int file,
                off_t offset) __asm__("__wrap_mmap");

void *wrap_mmap(void *address, size_t bytes, int access, int flags, int file, off_t offset)
{
	void *memory;

	if (refuses("mmap", __builtin_return_address(0)))
		return MAP_FAILED;
	memory = real_mmap(address, bytes, access, flags, file, offset);
	(void)count(memory != MAP_FAILED ? memory : NULL);
	return memory;
}

int real_munmap(void *memory, size_t bytes) __asm__("__real_munmap");
int wrap_munmap(void *memory, size_t bytes) __asm__("__wrap_munmap");

int wrap_munmap(void *memory, size_t bytes)
{
	uncount();
	return real_munmap(memory, bytes);
}

FILE *real_fopen(const char *path, const char *mode) __asm__("__real_fopen");
FILE *wrap_fopen(const char *path, const char *mode) __asm__("__wrap_fopen");

FILE *wrap_fopen(const char *path, const char *mode)
{
	if (refuses("fopen", __builtin_return_address(0)))
		return NULL;
	return count(real_fopen(path, mode));
}

int real_fclose(FILE *file) __asm__("__real_fclose");
int wrap_fclose(FILE *file) __asm__("__wrap_fclose");

int wrap_fclose(FILE *file)
{
	uncount();
	return real_fclose(file);
}

int real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                        void *arg) __asm__("__real_pthread_create");
int wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                        void *arg) __asm__("__wrap_pthread_create");

int wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                        void *arg)
{
	if (refuses("pthread_create", __builtin_return_address(0)))
		return EAGAIN;
	return real_pthread_create(thread, attributes, run, arg);
}

/* ---- weir's own two ---- */

/* Seen here, too, so that their callers are known, and not only they. */

#if STRESS_WRAPS_WEIR
void *real_wp_alloc(size_t alignment, size_t bytes) __asm__("__real_wp_alloc");
void *wrap_wp_alloc(size_t alignment, size_t bytes) __asm__("__wrap_wp_alloc");

void *wrap_wp_alloc(size_t alignment, size_t bytes)
{
	if (refuses("wp_alloc", __builtin_return_address(0)))
		return NULL;
	return real_wp_alloc(alignment, bytes);
}

void *real_wp_alloc_wiped(size_t bytes) __asm__("__real_wp_alloc_wiped");
void *wrap_wp_alloc_wiped(size_t bytes) __asm__("__wrap_wp_alloc_wiped");

void *wrap_wp_alloc_wiped(size_t bytes)
{
	if (refuses("wp_alloc_wiped", __builtin_return_address(0)))
		return NULL;
	return real_wp_alloc_wiped(bytes);
}
#endif
