/* SPDX-License-Identifier: BSD-2-Clause
 *
 * Races on plain memory, by vector clocks.
 *
 * Total store order hides whether a word was written with rel or rlx: the machine
 * gives both the same. What the C memory model promises is followed here instead: a
 * thread has a clock of what happened before it, a rel store carries it, an acq load
 * takes it over; and two accesses to plain memory, one of them a write, of which
 * neither happened before the other, end the run. So an order that is too weak is
 * found although x86 would have been kind.
 *
 * The accesses come from the compiler: in the build weir-explore-races core and the
 * cases are compiled with -fsanitize=thread, and linked with the functions below in
 * place of that sanitizer's library. Each remembers, for each eight bytes, the last
 * accesses to them.
 */
#include <string.h>

#include "explore_run.h"

#define WORDS 2048 /* entries of the table of words; a power of two */
#define BYTES_PER_SHADOW 8
#define SHADOWS 8192
#define CELLS 6
#define PROBES_MAX 64

typedef uint32_t clock_of[XP_THREADS_MAX];

struct word_clock {
	const void *word;
	uint64_t run;
	clock_of clock;
};

struct cell {
	uint32_t when;
	uint8_t thread;
	uint8_t mask;
	bool writes;
};

struct shadow {
	uintptr_t place;
	uint64_t run;
	uint32_t next;
	struct cell cells[CELLS];
};

static clock_of clocks[XP_THREADS_MAX];
static clock_of unfenced[XP_THREADS_MAX]; /* read by rlx loads, not taken over yet */
static clock_of fenced[XP_THREADS_MAX];   /* what rlx stores publish, after a fence */
static struct word_clock words[WORDS];
static struct shadow shadows[SHADOWS];
static uint64_t run;

static void join(uint32_t *into, const uint32_t *from)
{
	for (int i = 0; i < XP_THREADS_MAX; i++) {
		if (from[i] > into[i])
			into[i] = from[i];
	}
}

static uint32_t hash_of(uintptr_t value)
{
	return (uint32_t)((value * UINT64_C(0x9e3779b97f4a7c15)) >> 40);
}

static struct word_clock *find_word(const void *word)
{
	uint32_t at = hash_of((uintptr_t)word);

	for (int probe = 0; probe < PROBES_MAX; probe++, at++) {
		struct word_clock *entry = &words[at % WORDS];

		if (entry->run == run && entry->word == word)
			return entry;
		if (entry->run != run) {
			entry->word = word;
			entry->run = run;
			memset(entry->clock, 0, sizeof entry->clock);
			return entry;
		}
	}
	xp_fail("more shared words than the table of clocks holds");
}

void xp_race_begin(void)
{
	run++;
	memset(clocks, 0, sizeof clocks);
	memset(unfenced, 0, sizeof unfenced);
	memset(fenced, 0, sizeof fenced);
	for (int i = 0; i < XP_THREADS_MAX; i++)
		clocks[i][i] = 1;
}

/* What the thread does from now on is later than what it has published. */
static void tick(uint32_t thread)
{
	clocks[thread][thread]++;
}

void xp_race_spawn(uint32_t parent, uint32_t child)
{
	join(clocks[child], clocks[parent]);
	tick(parent);
}

void xp_race_publish(struct xp_pending *pending)
{
	const uint32_t self = xp.self->number;
	const bool releases = pending->order == XP_REL || pending->order == XP_ACQREL;

	memcpy(pending->clock, releases ? clocks[self] : fenced[self], sizeof(clock_of));
	if (releases)
		tick(self);
}

void xp_race_arrive(const struct xp_pending *pending)
{
	memcpy(find_word(pending->word)->clock, pending->clock, sizeof(clock_of));
}

void xp_race_load(const void *word, enum xp_order order)
{
	const uint32_t self = xp.self->number;

	join(order == XP_RLX ? unfenced[self] : clocks[self], find_word(word)->clock);
}

void xp_race_fence(void)
{
	const uint32_t self = xp.self->number;

	join(clocks[self], unfenced[self]);
	memcpy(fenced[self], clocks[self], sizeof(clock_of));
	tick(self);
}

void xp_race_exchange(const void *word, enum xp_order order)
{
	const uint32_t self = xp.self->number;
	struct word_clock *entry = find_word(word);

	if (order == XP_FULL)
		xp_race_fence();
	xp_race_load(word, order == XP_RLX || order == XP_REL ? XP_RLX : XP_ACQ);
	if (order == XP_RLX || order == XP_ACQ) {
		join(entry->clock, fenced[self]);
	} else {
		join(entry->clock, clocks[self]);
		tick(self);
	}
	if (order == XP_FULL)
		xp_race_fence();
}

void xp_race_edge_release(const void *word)
{
	if (!xp.limits.races)
		return;
	join(find_word(word)->clock, clocks[xp.self->number]);
	tick(xp.self->number);
}

void xp_race_edge_acquire(const void *word)
{
	if (xp.limits.races)
		join(clocks[xp.self->number], find_word(word)->clock);
}

/* ---- plain accesses ---- */

static struct shadow *find_shadow(uintptr_t place)
{
	uint32_t at = hash_of(place);

	for (int probe = 0; probe < PROBES_MAX; probe++, at++) {
		struct shadow *shadow = &shadows[at % SHADOWS];

		if (shadow->run == run && shadow->place == place)
			return shadow;
		if (shadow->run != run) {
			memset(shadow, 0, sizeof *shadow);
			shadow->place = place;
			shadow->run = run;
			return shadow;
		}
	}
	xp_fail("more plain memory is used than the table of accesses holds");
}

static void report(const struct cell *other, const void *address, bool writes, const void *code)
{
	extern const char __executable_start[];
	char name[64];

	xp_fail("a race on %s: thread %u %s it, thread %u %s it, in no order "
	        "(addr2line -e weir-explore-races %#zx)",
	        xp_arena_name(address, name, sizeof name), other->thread,
	        other->writes ? "writes" : "reads", xp.self->number, writes ? "writes" : "reads",
	        (size_t)((const char *)code - __executable_start));
}

static void note(uintptr_t place, uint8_t mask, bool writes, const void *code)
{
	const uint8_t self = (uint8_t)xp.self->number;
	struct shadow *shadow = find_shadow(place);
	struct cell *free_cell = NULL;

	for (int i = 0; i < CELLS; i++) {
		struct cell *cell = &shadow->cells[i];

		if (cell->mask == 0) {
			free_cell = free_cell != NULL ? free_cell : cell;
			continue;
		}
		if (cell->thread == self) {
			/* The later access of the same kind says as much. */
			if (cell->mask == mask && cell->writes == writes)
				free_cell = cell;
			continue;
		}
		if ((cell->mask & mask) == 0 || (!cell->writes && !writes))
			continue;
		if (cell->when > clocks[self][cell->thread])
			report(cell, (const void *)(place + (uint32_t)__builtin_ctz(mask)), writes, code);
	}
	if (free_cell == NULL)
		free_cell = &shadow->cells[shadow->next++ % CELLS];
	free_cell->when = clocks[self][self];
	free_cell->thread = self;
	free_cell->mask = mask;
	free_cell->writes = writes;
}

static void access_memory(const void *address, size_t size, bool writes, const void *code)
{
	uintptr_t at = (uintptr_t)address;
	const uintptr_t end = at + size;

	if (!xp.exploring || !xp_arena_has(address))
		return;
	if (xp_arena_freed(address))
		xp_fail("freed memory is used");
	while (at < end) { /* ends: each round goes on to the next place */
		const uintptr_t place = at / BYTES_PER_SHADOW * BYTES_PER_SHADOW;
		const uintptr_t next = place + BYTES_PER_SHADOW < end ? place + BYTES_PER_SHADOW : end;
		const uint32_t bits = ((1U << (next - at)) - 1) << (at - place);

		note(place, (uint8_t)bits, writes, code);
		at = next;
	}
}

#define CALLER __builtin_return_address(0)

void xp_race_free(const void *block, size_t bytes)
{
	if (!xp_arena_freed(block))
		access_memory(block, bytes, true, CALLER);
}

/* ---- what the compiler calls ---- */

static bool instrumented;

bool xp_races_looked_for(void)
{
	return instrumented;
}

#define ACCESSES(size)                                                                             \
	void __tsan_read##size(void *address);                                                         \
	void __tsan_write##size(void *address);                                                        \
	void __tsan_unaligned_read##size(void *address);                                               \
	void __tsan_unaligned_write##size(void *address);                                              \
	void __tsan_read##size(void *address)                                                          \
	{                                                                                              \
		access_memory(address, size, false, CALLER);                                               \
	}                                                                                              \
	void __tsan_write##size(void *address)                                                         \
	{                                                                                              \
		access_memory(address, size, true, CALLER);                                                \
	}                                                                                              \
	void __tsan_unaligned_read##size(void *address)                                                \
	{                                                                                              \
		access_memory(address, size, false, CALLER);                                               \
	}                                                                                              \
	void __tsan_unaligned_write##size(void *address)                                               \
	{                                                                                              \
		access_memory(address, size, true, CALLER);                                                \
	}

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size);

void __tsan_init(void)
{
	instrumented = true;
}

void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *address, size_t size)
{
	access_memory(address, size, false, CALLER);
}

void __tsan_write_range(void *address, size_t size)
{
	access_memory(address, size, true, CALLER);
}
