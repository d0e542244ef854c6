/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory that is put back before each run, and names for it.
 *
 * Allocating moves a mark on. What is freed stays where it is, filled with a
 * pattern, and is never given out again in the same run: whoever touches it is
 * found out.
 */
#include <string.h>

#include "explore_engine.h"

#define BLOCKS_MAX 256
#define NAMES_MAX 96

/* Before each block, so that freeing knows its size. */
#define HEAD_BYTES 64

struct name {
	const char *address;
	size_t size;
	const char *text;
	uint32_t index;
};

static _Alignas(4096) unsigned char arena[XP_ARENA_BYTES];
static unsigned char remembered[XP_ARENA_BYTES];

/* What of the arena is in use, and was when it was remembered. */
static size_t used;
static size_t used_remembered;
static size_t used_highest;
static uint32_t freed_count;
static struct {
	const unsigned char *begin;
	size_t bytes;
} freed[BLOCKS_MAX];
static struct name names[NAMES_MAX];
static uint32_t names_count;

void *xp_arena_alloc(size_t alignment, size_t bytes)
{
	const size_t align = alignment < HEAD_BYTES ? HEAD_BYTES : alignment;
	const size_t begin = (used + HEAD_BYTES + align - 1) / align * align;

	if (begin + bytes > XP_ARENA_BYTES)
		return NULL;
	memcpy(&arena[begin - sizeof bytes], &bytes, sizeof bytes);
	used = begin + bytes;
	if (used > used_highest)
		used_highest = used;
	return &arena[begin];
}

size_t xp_arena_size(const void *memory)
{
	size_t bytes;

	memcpy(&bytes, (const unsigned char *)memory - sizeof bytes, sizeof bytes);
	return bytes;
}

void xp_arena_free(void *memory)
{
	unsigned char *begin = (unsigned char *)memory;

	if (memory == NULL)
		return;
	if (xp_arena_freed(memory))
		xp_fail("memory is freed twice");
	if (freed_count == BLOCKS_MAX)
		xp_fail("more than %d blocks are freed", BLOCKS_MAX);
	freed[freed_count].begin = begin;
	freed[freed_count].bytes = xp_arena_size(memory);
	memset(begin, 0xdd, freed[freed_count].bytes);
	freed_count++;
}

bool xp_arena_freed(const void *address)
{
	const unsigned char *at = (const unsigned char *)address;

	for (uint32_t i = 0; i < freed_count; i++) {
		if (at >= freed[i].begin && at < freed[i].begin + freed[i].bytes)
			return true;
	}
	return false;
}

bool xp_freed(const void *address)
{
	return xp_arena_freed(address);
}

bool xp_arena_has(const void *address)
{
	const unsigned char *at = (const unsigned char *)address;

	return at >= arena && at < arena + XP_ARENA_BYTES;
}

size_t xp_arena_offset(const void *address)
{
	return (size_t)((const unsigned char *)address - arena);
}

void xp_arena_reset(void)
{
	memset(arena, 0, used_highest);
	used = 0;
	used_remembered = 0;
	used_highest = 0;
	freed_count = 0;
	names_count = 0;
}

void xp_arena_remember(void)
{
	used_remembered = used;
	memcpy(remembered, arena, used);
}

void xp_arena_restore(void)
{
	memcpy(arena, remembered, used_remembered);
	/* What runs allocate is zero, as wp_alloc promises. */
	if (used_highest > used_remembered)
		memset(&arena[used_remembered], 0, used_highest - used_remembered);
	used = used_remembered;
	used_highest = used_remembered;
	freed_count = 0;
}

void xp_name(const void *address, size_t size, const char *text, uint32_t index)
{
	if (names_count < NAMES_MAX)
		names[names_count++] = (struct name){(const char *)address, size, text, index};
}

const char *xp_arena_name(const void *address, char *text, size_t size)
{
	const char *at = (const char *)address;

	for (uint32_t i = names_count; i-- > 0;) {
		if (at >= names[i].address && at < names[i].address + names[i].size) {
			(void)snprintf(text, size, "%s %u+%zu", names[i].text, names[i].index,
			               (size_t)(at - names[i].address));
			return text;
		}
	}
	(void)snprintf(text, size, "arena+%zu", (size_t)((const unsigned char *)address - arena));
	return text;
}
